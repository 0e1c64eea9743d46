"""Scripts of skills, run as processes."""

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from cave_agent import SkillError
from cave_agent.runtime import PythonRuntime
from cave_agent.skills import ScriptResult, SkillDiscovery, SkillRegistry
from tests.runtime.cells import SOON, Mode, eventually
from tests.skills.conftest import WriteSkill

PYTHON = "import os, sys, time\n"


def result_of(
    write_skill: WriteSkill, name: str, text: str, *args: object, timeout: float = SOON
) -> ScriptResult:
    directory = write_skill("one", files={name: text}).parent
    if text.startswith("#!") and not name.endswith(".plain"):
        (directory / name).chmod(0o755)
    skills = SkillRegistry.of(runtime := PythonRuntime())
    skills.add([SkillDiscovery.from_file(directory / "SKILL.md")])
    with runtime:
        return skills.run_script("one", name, *args, timeout=timeout)


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("scripts/say.py", "import sys\nprint(*sys.argv[1:])"),
        ("scripts/say.sh", 'echo "$@"'),
        ("scripts/say.bash", 'echo "$@"'),
        ("scripts/say", '#!/bin/sh\necho "$@"'),
        ("scripts/say.plain", f"#!{sys.executable}\nimport sys\nprint(*sys.argv[1:])"),
        ("scripts/say.env.plain", '#!/usr/bin/env sh\necho "$@"'),
    ],
)
def test_each_kind_of_script_runs(write_skill: WriteSkill, name: str, text: str) -> None:
    result = result_of(write_skill, name, text, "a b", 1, 2.5, Path("x"), "$HOME; `ls`", "*")
    assert result.stdout == "a b 1 2.5 x $HOME; `ls` *\n"
    assert (result.stderr, result.exit_code, result.timed_out) == ("", 0, False)
    assert str(result) == repr(result) == result.stdout.rstrip()


def test_a_file_that_nothing_runs(write_skill: WriteSkill) -> None:
    with pytest.raises(SkillError, match=r"Nothing is known to run 'notes.md' with.* Read it"):
        result_of(write_skill, "notes.md", "# Notes")
    with pytest.raises(SkillError, match=r"'bad' could not be started: .*Mind its first line"):
        result_of(write_skill, "bad", "#!/no/such/interpreter\n")
    with pytest.raises(SkillError, match=r"could not be started: embedded null byte"):
        result_of(write_skill, "a.py", "", "a\0b")
    with pytest.raises(SkillError, match="An argument of type list cannot be given to a script"):
        result_of(write_skill, "a.py", "", ["a"])


def test_a_failure_is_told_with_what_it_said(write_skill: WriteSkill) -> None:
    text = f"{PYTHON}print('begun')\nprint('no good', file=sys.stderr)\nsys.exit(3)"
    result = result_of(write_skill, "fail.py", text)
    assert (result.exit_code, result.stdout, result.stderr) == (3, "begun\n", "no good\n")
    assert str(result) == "begun\n[stderr]\nno good\n[exit code 3]"
    assert str(result_of(write_skill, "none.py", "")) == "[no output, exit code 0]"


def test_where_it_runs_and_what_it_is_given(
    write_skill: WriteSkill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("PYTHONPATH", "/host/only")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    text = f"{PYTHON}print(os.getcwd(), repr(sys.stdin.read()))\nprint(sorted(os.environ))"
    result = result_of(write_skill, "scripts/where.py", text)
    directory = write_skill("one").parent
    assert result.stdout.splitlines()[0] == f"{directory} ''"
    assert "PATH" in result.stdout
    assert "LC_ALL" in result.stdout
    for name in ("OPENAI_API_KEY", "PYTHONPATH", "PYTEST_CURRENT_TEST"):
        assert name not in result.stdout


def test_it_can_import_what_stands_beside_it(write_skill: WriteSkill) -> None:
    write_skill("one", files={"scripts/helper.py": "WORD = 'helped'"})
    result = result_of(write_skill, "scripts/main.py", "import helper\nprint(helper.WORD)")
    assert result.stdout == "helped\n"


def test_head_and_tail_of_much_output_are_kept(write_skill: WriteSkill) -> None:
    text = f"{PYTHON}print('first')\nfor n in range(300_000): print(n)\nprint('last')"
    result = result_of(write_skill, "much.py", text, timeout=60)
    assert result.stdout.startswith("first\n0\n1\n")
    assert result.stdout.endswith("299999\nlast\n")
    assert 100_000 <= len(result.stdout) < 100_100
    assert "bytes left out …]" in result.stdout
    left_out = int(result.stdout.partition("[… ")[2].partition(" bytes")[0].replace(",", ""))
    whole = len("first\nlast\n") + sum(len(f"{n}\n") for n in range(300_000))
    assert left_out == whole - 100_000


def test_output_that_is_no_text_is_replaced(write_skill: WriteSkill) -> None:
    text = f"{PYTHON}sys.stdout.buffer.write(b'a\\xffb')"
    assert result_of(write_skill, "bytes.py", text).stdout == "a\ufffdb"


def test_the_time_limit_ends_the_whole_group(write_skill: WriteSkill) -> None:
    text = "sleep 600 &\necho $!\nsleep 600"
    started = time.monotonic()
    result = result_of(write_skill, "slow.sh", text, timeout=0.5)
    assert time.monotonic() - started < SOON
    assert (result.timed_out, result.exit_code) == (True, None)
    assert str(result).endswith("[stopped at the time limit]")
    assert eventually(lambda: not is_running(int(result.stdout)))


def test_what_it_left_running_ends_with_it(write_skill: WriteSkill) -> None:
    text = "sleep 600 &\necho $!"
    result = result_of(write_skill, "leave.sh", text)
    assert result.exit_code == 0
    assert eventually(lambda: not is_running(int(result.stdout)))


@pytest.mark.parametrize("mode", ["caller", "thread"])
def test_a_cell_that_is_stopped_takes_its_script_along(
    tmp_path: Path, write_skill: WriteSkill, mode: Mode
) -> None:
    note = tmp_path / "process"
    path = write_skill("one", files={"slow.sh": f"echo $$ > {note}\nsleep 600"})
    with PythonRuntime(run_in=mode) as runtime:
        SkillRegistry.of(runtime).add([SkillDiscovery.from_file(path)])
        code = "run_skill_script('one', 'slow.sh')"
        result = asyncio.run(runtime.execute(code, timeout=0.7))
    assert result.error is not None
    assert result.error.type == "TimeoutError"
    assert eventually(lambda: not is_running(int(note.read_text())))


def test_a_result_shows_itself_in_a_cell(write_skill: WriteSkill) -> None:
    path = write_skill("one", files={"fail.sh": "echo out; echo err >&2; exit 2"})
    SkillRegistry.of(runtime := PythonRuntime()).add([SkillDiscovery.from_file(path)])
    result = asyncio.run(runtime.execute("run_skill_script('one', 'fail.sh')"))
    assert result.stdout == "out\n[stderr]\nerr\n[exit code 2]\n"
    described = runtime.describe_functions()
    assert "def run_skill_script(skill: str, path: str, *args: object, timeout: float = 60.0)" in (
        described
    )
    assert "exit_code: int | None" in described


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), "soon", None])
def test_a_timeout_is_a_number_of_seconds(write_skill: WriteSkill, timeout: float) -> None:
    with pytest.raises(SkillError, match=r"timeout=.* is no time: use seconds above 0"):
        result_of(write_skill, "x.py", "print(1)", timeout=timeout)
