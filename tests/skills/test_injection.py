"""`injection.py`: what is wrong with it is told, and then nothing is injected."""

import asyncio
import signal
from pathlib import Path

import pytest

from cave_agent import SkillError
from cave_agent.runtime import Function, PythonRuntime, Variable
from cave_agent.skills import Skill, SkillDiscovery, SkillRegistry
from tests.runtime.cells import Mode
from tests.skills.conftest import WriteSkill

IMPORTS = "from cave_agent.runtime import Function, Type, Variable\n"


RAISES_ITS_NAME = f"""\
{IMPORTS}class V(Variable):
    name = property(lambda self: 1 / 0, lambda self, name: None)
__exports__ = [Variable("a"), V("b")]
"""
RAISES_ITS_HINTS = f"""\
{IMPORTS}class F:
    __name__ = "f"
    def __call__(self): ...
    @property
    def __annotations__(self): raise BaseException("no hints")
__exports__ = [Variable("a"), Function(F())]
"""


def skills_with(path: Path, runtime: PythonRuntime) -> SkillRegistry:
    skills = SkillRegistry.of(runtime)
    skills.add([SkillDiscovery.from_file(path)])
    return skills


@pytest.mark.parametrize(
    ("injection", "told"),
    [
        ("x = 1\n\n1 / 0", "line 3 raised ZeroDivisionError: division by zero"),
        ("def f():\n    raise SystemExit('no')\n\nf()", "line 2 raised SystemExit: no"),
        ("x = (", "line 1 raised SyntaxError: '(' was never closed"),
        ("import no_such_module", "line 1 raised ModuleNotFoundError: No module named"),
        ("x = 1", "must define the list __exports__, and there is none"),
        ("__exports__ = {'a': 1}", "must define the list __exports__, and it is dict"),
        (
            f"{IMPORTS}__exports__ = [Variable('a'), print]",
            "__exports__[1] in {path} is of type builtin_function_or_method: wrap it with Function",
        ),
        (f"{IMPORTS}__exports__ = [Variable('a'), Variable('a')]", "it exports 'a' twice"),
        (
            f"{IMPORTS}__exports__ = [Variable('b'), Variable('taken')]",
            "it exports a taken name: 'taken' was injected before, as a variable",
        ),
        (
            f"{IMPORTS}__exports__ = [Variable('b'), Variable('made')]",
            "it exports 'made', and there is a variable of that name. Assign it to another name",
        ),
        (f"{IMPORTS}__exports__ = [Variable('not a name')]", "raised ValueError: 'not a name' is"),
        (f"{IMPORTS}__exports__ = [Variable('activate_skill')]", "it exports a taken name"),
        ("\0", "raised"),
        ("raise BaseException('all')", "line 1 raised BaseException: all"),
        ("\nraise KeyboardInterrupt('mine')", "line 2 raised KeyboardInterrupt: mine"),
        ("import asyncio\nraise asyncio.CancelledError", "line 2 raised CancelledError: "),
        ("raise GeneratorExit", "line 1 raised GeneratorExit: "),
        (
            "class E(Exception):\n    def __str__(self): 1 / 0\nraise E",
            "line 3 raised E: <its message cannot be shown: str() raised ZeroDivisionError>",
        ),
        (
            "def __getattr__(name):\n    raise OSError(name)",
            "line 2 raised OSError: __exports__",
        ),
        (
            "class L(list):\n    def __iter__(self): raise BaseException('no')\n__exports__ = L()",
            "line 2 raised BaseException: no",
        ),
        (
            "class L:\n    @property\n    def __class__(self): 1 / 0\n__exports__ = L()",
            "line 3 raised ZeroDivisionError",
        ),
        (
            "class L:\n    @property\n    def __class__(self): 1 / 0\n__exports__ = [L()]",
            "line 3 raised ZeroDivisionError",
        ),
        (RAISES_ITS_NAME, "line 3 raised ZeroDivisionError"),
        (RAISES_ITS_HINTS, "line 6 raised BaseException: no hints"),
    ],
)
def test_what_fails_is_told_and_nothing_is_injected(
    write_skill: WriteSkill, injection: str, told: str
) -> None:
    path = write_skill("broken", "Body", injection=injection)
    runtime = PythonRuntime(variables=[Variable("taken", 1)])
    skills = skills_with(path, runtime)
    asyncio.run(runtime.execute("made = 2"))
    names, count = runtime.names(), runtime.injections
    with pytest.raises(SkillError, match="The skill 'broken' was not activated"):
        skills.activate("broken")
    result = asyncio.run(runtime.execute("activate_skill('broken')"))
    assert result.error is not None
    assert result.error.type == "SkillError"
    start = "The skill 'broken' was not activated, and nothing was injected: "
    assert result.error.message.startswith(start)
    assert told.format(path=path.parent / "injection.py") in result.error.message
    assert (runtime.names(), runtime.injections, runtime.told) == (names, count, "")
    assert skills.active == ()
    assert runtime.retrieve("made") == 2


def test_a_skill_can_be_activated_once_it_is_mended(write_skill: WriteSkill) -> None:
    path = write_skill("one", injection=f"{IMPORTS}__exports__ = [Variable('made', 1)]")
    runtime = PythonRuntime()
    skills = skills_with(path, runtime)
    asyncio.run(runtime.execute("made = 2"))
    with pytest.raises(SkillError, match="`del made`"):
        skills.activate("one")
    asyncio.run(runtime.execute("kept = made\ndel made"))
    skills.activate("one")
    assert (runtime.retrieve("made"), runtime.retrieve("kept")) == (1, 2)


def test_it_runs_as_a_module_of_its_own(write_skill: WriteSkill) -> None:
    injection = (
        f"{IMPORTS}import sys\nfrom pathlib import Path\n"
        "here = Path(__file__).parent.name\nself = sys.modules[__name__]\n"
        "def where() -> str:\n    return f'{here} {self.here} {__name__}'\n"
        "__exports__ = (Function(where),)"
    )
    runtime = PythonRuntime()
    skills_with(write_skill("a-skill", injection=injection), runtime).activate("a-skill")
    assert runtime.retrieve("where")().startswith("a-skill a-skill skill_")
    result = asyncio.run(runtime.execute("import inspect; print(inspect.getsource(where))"))
    assert result.stdout.startswith("def where() -> str:\n")


def test_a_class_that_is_known_already_can_be_exported(write_skill: WriteSkill) -> None:
    injection = (
        f"{IMPORTS}from decimal import Decimal\n"
        "def price() -> Decimal: return Decimal(3)\n"
        "__exports__ = [Function(price), Type(Decimal, include_schema=False)]"
    )
    runtime = PythonRuntime(variables=[])
    skills = skills_with(write_skill("one", injection=injection), runtime)
    asyncio.run(runtime.execute("from decimal import Decimal"))
    skills.activate("one")
    assert "class Decimal" in runtime.describe_types()


@pytest.mark.parametrize("mode", ["caller", "thread"])
def test_one_that_takes_too_long_is_stopped_with_its_cell(
    write_skill: WriteSkill, mode: Mode
) -> None:
    slow = f"{IMPORTS}import time\ntime.sleep(600)\n__exports__ = [Variable('x', 1)]"
    path = write_skill("one", injection=slow)
    with PythonRuntime(run_in=mode) as runtime:
        skills = skills_with(path, runtime)
        result = asyncio.run(runtime.execute("activate_skill('one')", timeout=0.3))
        assert result.error is not None
        assert result.error.type == "TimeoutError"
        assert (skills.active, runtime.told) == ((), "")
        write_skill("one", injection=slow.replace("600", "0"))
        skills.activate("one")
        assert runtime.retrieve("x") == 1


INTERRUPTED_LOOP = """\
import asyncio, signal
async def wait():
    signal.raise_signal(signal.SIGINT)
    await asyncio.sleep(60)
asyncio.run(wait())
"""
INTERRUPTED_AND_RAISED_AGAIN = """\
import signal
try:
    signal.raise_signal(signal.SIGINT)
except BaseException:
    raise
"""


@pytest.mark.parametrize(
    "injection",
    [
        "import signal\nsignal.raise_signal(signal.SIGINT)",
        INTERRUPTED_AND_RAISED_AGAIN,
        INTERRUPTED_LOOP,
    ],
)
def test_ctrl_c_interrupts(write_skill: WriteSkill, injection: str) -> None:
    skills = skills_with(write_skill("one", injection=injection), runtime := PythonRuntime())
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            skills.activate("one")
    finally:
        signal.signal(signal.SIGINT, before)
    assert (skills.active, runtime.told) == ((), "")


def test_nothing_to_export_is_fine(write_skill: WriteSkill) -> None:
    runtime = PythonRuntime()
    skills = skills_with(write_skill("one", "Body", injection="__exports__ = []"), runtime)
    assert "Body" in skills.activate("one")
    assert skills.active == ("one",)


def test_injection_that_is_a_link_out_is_not_run(tmp_path: Path, write_skill: WriteSkill) -> None:
    path = write_skill("one")
    outside = tmp_path / "outside.py"
    outside.write_text(f"{IMPORTS}__exports__ = [Variable('x')]", encoding="utf-8")
    (path.parent / "injection.py").symlink_to(outside)
    skills = skills_with(path, runtime := PythonRuntime())
    with pytest.raises(SkillError, match="leads out of the skill's directory"):
        skills.activate("one")
    assert "x" not in runtime.names()


def test_injection_that_leads_nowhere_is_told(write_skill: WriteSkill) -> None:
    path = write_skill("one")
    (path.parent / "injection.py").symlink_to("gone.py")
    skills = skills_with(path, runtime := PythonRuntime())
    with pytest.raises(SkillError, match=r"The skill 'one' was not activated.*cannot be opened"):
        skills.activate("one")
    assert runtime.told == ""


def test_names_of_the_functions_of_skills_must_be_free() -> None:
    runtime = PythonRuntime(functions=[Function(print, name="activate_skill")])
    with pytest.raises(ValueError, match="'activate_skill' was injected before, as a function"):
        SkillRegistry.of(runtime).add([Skill("one", "Does things.")])
