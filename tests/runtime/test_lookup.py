"""`help` and `find_tools` in cells."""

import builtins
import gc
import weakref
from typing import Any, Literal, NoReturn

import pytest

from cave_agent import CaveAgent
from cave_agent.runtime import Function, PythonRuntime, Type, Variable
from cave_agent.security import FunctionRule, SecurityChecker
from cave_agent.skills import Skill
from cave_agent.testing import ScriptedModel
from tests.runtime.cells import error_of, run_ok


class Light:
    """A light that can be dimmed.

    It remembers its brightness.
    """

    def __init__(self, room: str) -> None:
        self.room = room

    def dim(self, percent: int) -> None:
        """Set the brightness.

        The change takes a second.
        """


def book_flight(flight_id: str, seat: Literal["aisle", "window"] = "aisle") -> bool:
    """Book a flight.

    Args:
        flight_id: As found by a search.

    Raises:
        ValueError: It is full.
    """
    return True


def make(**options: Any) -> PythonRuntime:
    return PythonRuntime(
        [Function(book_flight, "Trips")],
        [Variable("lamp", Light("Kitchen"), "It hangs in the kitchen", private=True)],
        [Type(Light)],
        **options,
    )


@pytest.fixture(params=["caller", "thread", "strict"])
def runtime(request: pytest.FixtureRequest) -> Any:
    if request.param == "strict":
        made = make(security_checker=SecurityChecker.strict())
    else:
        made = make(run_in=request.param)
    with made:
        yield made


def output_of(runtime: PythonRuntime, code: str) -> str:
    return run_ok(runtime, code).output


FLIGHT = '''\
def book_flight(flight_id: str, seat: Literal['aisle', 'window'] = 'aisle') -> bool:
 """Trips

 Book a flight.

 Args:
     flight_id: As found by a search.

 Raises:
     ValueError: It is full."""
'''
LIGHT = '''\
class Light:
 """A light that can be dimmed.

 It remembers its brightness."""
 def __init__(room: str)
 def dim(percent: int) -> None:
  """Set the brightness.

  The change takes a second."""
'''
DIM = '''\
def dim(percent: int) -> None:
 """Set the brightness.

 The change takes a second."""
'''


@pytest.mark.parametrize(
    ("subject", "told"),
    [
        ("book_flight", FLIGHT),
        ("'book_flight'", FLIGHT),
        ("Light", LIGHT),
        ("lamp", LIGHT),
        ("'lamp'", LIGHT),
        ("'lamp.dim'", DIM),
        ("'Light.dim'", DIM),
        ("lamp.dim", DIM),
        ("len", "def len(obj, /) # Return the number of items in a container.\n"),
        ("lambda x: x", "def function(x)\n"),
        ("", 'help(name) tells all about a function, a class or an object; find_tools("words") '),
        ("3", "class int:\n"),
        ("None", "class NoneType"),
        ("'nothing'", "There is no 'nothing' here. Nothing of 5 things fits 'nothing'"),
        ("'flights'", "There is no 'flights' here. def book_flight("),
        ("find_tools", "def find_tools(words: str) -> None # Print the functions, methods"),
    ],
)
def test_help_tells_everything(runtime: PythonRuntime, subject: str, told: str) -> None:
    text = output_of(runtime, f"help({subject})")
    assert text.startswith(told)
    if told.endswith('"""\n'):
        assert text == told


def test_help_for_what_cells_make_and_import() -> None:
    runtime = PythonRuntime()
    cell = 'class Made:\n    """Made here."""\n    def go(self, far): pass\nhelp(Made())'
    assert output_of(runtime, cell) == "class Made: # Made here.\n def go(far)\n"
    text = output_of(runtime, "import math\nhelp(math)")
    assert text.startswith("module math: This module")
    assert "acos, acosh" in text


class Lamp(Light):
    """It stands on a table."""

    def move(self, room: str) -> None:
        """Carry it."""


@pytest.fixture(params=[None, SecurityChecker.strict()], ids=["free", "strict"])
def untyped(request: pytest.FixtureRequest) -> PythonRuntime:
    variables = [Variable("table", Lamp("Hall")), Variable("lights", [Light("Kitchen")])]
    return PythonRuntime(variables=variables, security_checker=request.param)


def test_classes_of_variables_are_found_without_a_type(untyped: PythonRuntime) -> None:
    assert "def Light.dim(percent: int) -> None # Set the brightness. …" in output_of(
        untyped, "find_tools('dim brightness')"
    )
    assert output_of(untyped, "find_tools('carry')") == (
        "def Lamp.move(room: str) -> None # Carry it.\n"
    )
    assert output_of(untyped, "find_tools('stands')") == (
        "class Lamp(Light): # It stands on a table.\n"
    )
    for name in ("Light.dim", "Lamp.dim", "table.dim"):
        assert output_of(untyped, f"help('{name}')") == DIM
    assert output_of(untyped, "help('lights')") == output_of(untyped, "help(lights)")


def test_classes_that_cannot_be_named_are_no_error() -> None:
    class Meta(type):
        def __getattribute__(cls, name: str) -> NoReturn:
            raise RuntimeError(name)

    strange = type("Light of mine", (Light,), {})("Hall")
    kind: Any = type.__new__(Meta, "Odd", (), {})
    hostile = object.__new__(kind)
    runtime = PythonRuntime(variables=[Variable("x", strange), Variable("y", [hostile])])
    assert output_of(runtime, "find_tools('light')") == "x: Light of mine\n"
    assert output_of(runtime, "help('x.dim')") == DIM
    assert output_of(runtime, "help('Odd')").startswith("There is no 'Odd' here. ")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("mine", "def mine(far: int) -> None # Go."),
        ("lst", 'class list:\n """Built-in mutable sequence.'),
        ("lst.append", "def append(self, object, /) # Append object"),
        ("print", "def print("),
        ("find_tools", "def find_tools(words: str)"),
        ("display", "def display(*values"),
        ("math", "module math: "),
        ("math.sqrt", "def sqrt(x, /)"),
        ("thing.part", "class Part:"),
        ("thing.part.go", "def go()"),
        ("thing.gone", "There is no 'thing.gone' here. "),
        ("math.gone.x", "There is no 'math.gone.x' here. "),
        ("", "There is no '' here. "),
        ("a b", "There is no 'a b' here. "),
        (".", "There is no '.' here. "),
    ],
)
def test_help_for_the_name_of_anything_that_is_there(name: str, told: str) -> None:
    runtime = PythonRuntime()
    cell = """
import math
def mine(far: int) -> None:
    "Go."
lst = [1]
class Part:
    def go(self): ...
class Thing:
    def __init__(self): self.part = Part()
thing = Thing()
"""
    run_ok(runtime, cell)
    assert output_of(runtime, f"help({name!r})").startswith(told)


def test_help_is_bounded() -> None:
    def long() -> None: ...

    long.__doc__ = "Do it.\n\n" + "More of it. " * 10_000
    runtime = PythonRuntime([Function(long)])
    text = output_of(runtime, "help(long)")
    assert 8_000 < len(text) < 10_000
    assert text.startswith('def long() -> None:\n """Do it.\n\n More of it. More')
    assert text.endswith(' …"""\n')
    names = [f"method_{number}" for number in range(200)]
    names = [f"{name}_{letter}" for name in names for letter in "abc"]
    runtime.inject_type(Type(type("Huge", (), dict.fromkeys(names, long))))
    text = output_of(runtime, "help(Huge)")
    assert text.startswith("class Huge # method_0_a, method_0_b, ")
    assert len(text) < 11_000


class Hostile:
    @property
    def __doc__(self) -> NoReturn:  # type: ignore[override]
        raise RuntimeError

    @property  # type: ignore[misc]
    def __class__(self) -> NoReturn:  # type: ignore[override]
        raise RuntimeError


@pytest.mark.parametrize("subject", ["hostile", "kind", "kind()", "type", "object", "help"])
def test_help_never_fails(subject: str) -> None:
    kind = type("Kind", (), {"__call__": Hostile(), "__signature__": Hostile(), "x": Hostile()})
    runtime = PythonRuntime(variables=[Variable("hostile", Hostile()), Variable("kind", kind)])
    assert output_of(runtime, f"help({subject})")


def test_find_tools_searches_names_documentation_and_descriptions(runtime: PythonRuntime) -> None:
    def found(words: str) -> list[str]:
        return output_of(runtime, f"find_tools({words!r})").splitlines()

    line = (
        "def book_flight(flight_id: str, seat: Literal['aisle', 'window'] = 'aisle') -> bool "
        "# Trips. Book a flight. flight_id: As found by a search."
    )
    assert found("flights search") == [line]
    assert found("trips") == [line]
    assert found("takes second") == ["def Light.dim(percent: int) -> None # Set the brightness. …"]
    assert found("kitchen") == ["lamp: Light # It hangs in the kitchen"]
    assert found("dimmed")[0] == "class Light: # A light that can be dimmed. …"
    assert found("xyz") == ["Nothing of 5 things fits 'xyz': try other words."]


def test_find_tools_tells_the_best_twenty() -> None:
    tools = [Function(lambda: 1, "A number", name=f"number_{n}") for n in range(30)]
    *lines, more = output_of(PythonRuntime(tools), "find_tools('number')").splitlines()
    assert len(lines) == 20
    assert more == "and 10 more: use more words"


def test_what_a_skill_brings_is_found() -> None:
    cells = ["activate_skill('travel')", "find_tools('flight')"]
    model = ScriptedModel([*(f"```python\n{cell}\n```" for cell in cells), "Done."])
    skill = Skill("travel", "Travels.", functions=[Function(book_flight)])
    agent = CaveAgent(model, skills=[skill])
    agent.run_sync("Where to?")
    assert "def book_flight(" in model.requests[-1][-1]["content"]


def test_they_shadow_nothing_and_are_no_variables() -> None:
    runtime = PythonRuntime([Function(lambda: "mine", name="help")])
    assert output_of(runtime, "help()") == "'mine'\n"
    assert runtime.names() == ["help"]
    assert output_of(PythonRuntime(variables=[Variable("find_tools", 3)]), "find_tools") == "3\n"


def test_the_host_keeps_its_own_help(runtime: PythonRuntime) -> None:
    before = builtins.help
    output_of(runtime, "help(3)")
    assert builtins.help is before


def test_a_runtime_is_freed_all_the_same() -> None:
    runtime = make()
    assert output_of(runtime, "keep = [help, find_tools]\nhelp(lamp)")
    gone = weakref.ref(runtime)
    del runtime
    gc.collect()
    assert gone() is None


def test_rules_may_still_forbid_help() -> None:
    runtime = make(security_checker=SecurityChecker([FunctionRule({"help"})]))
    assert "help" in error_of(runtime, "help(lamp)")
