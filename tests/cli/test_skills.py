"""`cave-agent skills`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cave_agent.cli.main import main

GOOD = "---\nname: good\ndescription: Does good things.\nlicense: MIT\n---\n# How\n"


@pytest.fixture(autouse=True)
def _skills() -> None:
    for name, text in (
        ("good", GOOD),
        ("lenient", GOOD.replace("name: good", "name: Lenient") + "\n<b>"),
        ("broken", "no frontmatter"),
    ):
        Path("skills", name).mkdir(parents=True)
        Path("skills", name, "SKILL.md").write_text(text, encoding="utf-8")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(["skills", *arguments])
    printed = capsys.readouterr()
    assert printed.err == ""
    return code, printed.out


def test_list_shows_what_agents_would_have(capsys: pytest.CaptureFixture[str]) -> None:
    code, text = run(capsys, "list", "skills")
    path = Path("skills").absolute()
    assert code == 1
    lines = text.splitlines()
    assert lines[:2] == ["good     Does good things.", "lenient  Does good things."]
    assert lines[2].startswith(f"{path}/broken/SKILL.md:1: error: SKILL.md must start with")
    assert "warning: Skill name 'Lenient' must be lowercase" in text
    assert run(capsys, "list", "skills/good") == (0, "good  Does good things.\n")


def test_validate_tells_every_problem_with_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    code, text = run(capsys, "validate", "skills")
    path = Path("skills").absolute()
    assert code == 1
    problems = [line.partition(" [")[0] for line in text.splitlines()]
    assert problems[0].startswith(f"{path}/broken/SKILL.md:1: error: SKILL.md must start with")
    assert problems[1].startswith(
        f"{path}/lenient/SKILL.md:2: error: Skill name 'Lenient' must be lowercase"
    )
    assert problems[2].startswith(f"{path}/lenient/SKILL.md:2: error: Directory name 'lenient'")
    assert problems[3] == "1 valid, 2 invalid"
    assert run(capsys, "validate", "skills/good") == (0, "1 valid, 0 invalid\n")


def test_skills_of_one_name_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    for place in ("a", "b", "c"):
        Path(place, "good").mkdir(parents=True)
        Path(place, "good", "SKILL.md").write_text(GOOD, encoding="utf-8")
    for action in ("list", "validate", "show"):
        code, text = run(capsys, action, ".")
        for place in ("b", "c"):
            file = Path(place, "good", "SKILL.md").absolute()
            told = f"{file}: warning: The skill 'good' is shadowed by another one: "
            assert f"{told}{Path('a', 'good', 'SKILL.md').absolute()}. " in text
        assert code == 1  # for the broken one


def test_show_prints_what_the_model_reads(capsys: pytest.CaptureFixture[str]) -> None:
    Path("skills/good/notes.md").write_text("Notes", encoding="utf-8")
    more = "---\nname: good\ndescription: Does good things.\ncompatibility: Needs git\n"
    more += "allowed-tools: Read, Write\ndisable-model-invocation: true\nmetadata:\n  author: me\n"
    Path("skills/good/SKILL.md").write_text(f"{more}---\n# How\n", encoding="utf-8")
    code, text = run(capsys, "show", "skills/good")
    assert code == 0
    assert text.startswith(
        "name: good\ndescription: Does good things.\ncompatibility: Needs git\n"
        "allowed tools: Read Write\nhidden from the model: yes\nmetadata, author: me\n\n"
        '<skill_content name="good">\n# How\n'
    )
    assert "<file>notes.md</file>" in text


@pytest.mark.parametrize("action", ["list", "validate", "show"])
def test_a_reader_that_leaves_early_is_fine(action: str) -> None:
    text = GOOD + "A line.\n" * 20_000
    Path("skills/good/SKILL.md").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "cave_agent", "skills", action, "skills"]
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(command, stdout=write_end, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write_end)
    assert (done.returncode, done.stderr) == (141, "")


def test_what_is_too_large_is_told_by_all_alike(capsys: pytest.CaptureFixture[str]) -> None:
    Path("skills/good/SKILL.md").write_text(GOOD + "x" * 1_000_000, encoding="utf-8")
    size = len(GOOD) + 1_000_000
    for action in ("list", "validate", "show"):
        code, text = run(capsys, action, "skills/good")
        assert code == 1
        assert f"error: SKILL.md has {size:,} bytes, over the limit of 1,000,000. Move" in text
    Path("skills/good/SKILL.md").write_text(GOOD + "x" * 900_000, encoding="utf-8")
    assert run(capsys, "validate", "skills/good") == (0, "1 valid, 0 invalid\n")
    assert "x" * 900_000 in run(capsys, "show", "skills/good")[1]


def test_nothing_steers_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    bad = 'description: "\\e[2JDoes good things."'
    text = GOOD.replace("description: Does good things.", bad) + "\x1b[31mred\a"
    Path("skills/good/SKILL.md").write_text(text, encoding="utf-8")
    for action in ("list", "show", "validate"):
        assert "\x1b" not in run(capsys, action, "skills/good")[1]
    assert "�[2JDoes good things." in run(capsys, "list", "skills/good")[1]


@pytest.mark.parametrize("action", ["list", "validate", "show"])
def test_without_skills_it_fails(capsys: pytest.CaptureFixture[str], action: str) -> None:
    Path("empty").mkdir()
    code, text = run(capsys, action, "empty")
    assert code == 1
    assert "There is no SKILL.md in this directory or below" in text
    assert main(["skills", action, "nowhere"]) == 1
    error = capsys.readouterr().err
    assert error == "cave-agent: There is no directory 'nowhere': give one that holds skills.\n"


def test_an_action_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["skills"])
    assert stopped.value.code == 2
    assert "the following arguments are required: action" in capsys.readouterr().err
