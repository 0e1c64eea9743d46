"""Finding skills in directories."""

import errno
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cave_agent import CaveAgent, SkillError
from cave_agent.skills import Diagnostic, Severity, SkillDiscovery, SkillList
from cave_agent.testing import ScriptedModel
from tests.skills.conftest import WriteSkill


def names(found: SkillList) -> list[str]:
    return [skill.name for skill in found]


def codes(found: SkillList) -> list[str]:
    return [finding.code for finding in found.diagnostics]


def test_a_skill_from_a_file(write_skill: WriteSkill) -> None:
    more = (
        "license: MIT\ncompatibility: Needs git\nallowed-tools: Read\nunknown: kept out\n"
        "metadata:\n  author: me\ndisable-model-invocation: true\n"
    )
    path = write_skill("pdf-forms", "# Fill\n", description="Fills forms.", more=more)
    for given in (path, str(path), os.path.relpath(path)):
        skill = SkillDiscovery.from_file(given)
        assert (skill.name, skill.description) == ("pdf-forms", "Fills forms.")
        assert (skill.license, skill.compatibility) == ("MIT", "Needs git")
        assert (skill.metadata, skill.allowed_tools) == ({"author": "me"}, ("Read",))
        assert skill.hidden
        assert skill.location == path
        assert skill.directory == path.parent
        assert skill.body_content == "# Fill"


def test_only_the_fields_are_read_at_first(write_skill: WriteSkill) -> None:
    path = write_skill("one", "Old body", injection="raise SystemExit('it ran')")
    skill = SkillDiscovery.from_file(path)
    path.write_text(path.read_text(encoding="utf-8").replace("Old", "New"), encoding="utf-8")
    assert skill.body_content == "New body"
    path.unlink()
    assert skill.body_content == "New body"


def test_a_body_that_cannot_be_read_any_more_is_told(write_skill: WriteSkill) -> None:
    path = write_skill("one")
    gone, huge = SkillDiscovery.from_file(path), SkillDiscovery.from_file(path)
    path.write_text(path.read_text(encoding="utf-8") + "x" * 1_000_000, encoding="utf-8")
    with pytest.raises(SkillError, match="more than 1,000,000 bytes"):
        _ = huge.body_content
    path.unlink()
    with pytest.raises(SkillError, match=r"cannot be read any more .*put the file back"):
        _ = gone.body_content


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("nowhere/SKILL.md", "Missing required file: SKILL.md"),
        ("skills", "is a directory: give its SKILL.md, or use from_directory"),
    ],
)
def test_a_path_that_is_no_skill(
    tmp_path: Path, write_skill: WriteSkill, path: str, told: str
) -> None:
    write_skill("one")
    with pytest.raises(SkillDiscovery.Error, match=told):
        SkillDiscovery.from_file(tmp_path / path)
    with pytest.raises(SkillDiscovery.Error, match="There is no directory"):
        SkillDiscovery.from_directory(tmp_path / "nowhere")


def test_one_bad_file_does_not_harm_the_others(tmp_path: Path, write_skill: WriteSkill) -> None:
    write_skill("good")
    write_skill("bad").write_text("no skill", encoding="utf-8")
    write_skill("odd", more="compatibility: [x]\n")
    found = SkillDiscovery.from_directory(tmp_path)
    assert names(found) == ["good", "odd"]
    assert [(finding.severity, finding.code) for finding in found.diagnostics] == [
        (Severity.ERROR, "no-frontmatter"),
        (Severity.WARNING, "compatibility"),
    ]
    strict = SkillDiscovery.from_directory(tmp_path, strict=True)
    assert names(strict) == ["good"]


def test_a_diagnostic_says_where_what_and_what_to_do(write_skill: WriteSkill) -> None:
    path = write_skill("bad", more="compatibility: [x]\n")
    (finding,) = SkillDiscovery.from_directory(path.parent).diagnostics
    told = f"{path}:4: warning: Field 'compatibility' must be a string. Write it as one text."
    assert str(finding) == f"{told} [compatibility]"
    assert isinstance(finding, Diagnostic)


def test_the_nearest_come_first_and_sorted(tmp_path: Path, write_skill: WriteSkill) -> None:
    for name, inside in [("zeta", ""), ("beta", ""), ("alpha", "deep/er"), ("gamma", "deep")]:
        write_skill(name, inside=inside)
    write_skill("nested", inside="beta/more")  # belongs to the skill around it
    assert names(SkillDiscovery.from_directory(tmp_path)) == ["beta", "zeta", "gamma", "alpha"]
    assert names(SkillDiscovery.from_directory(tmp_path / "skills" / "beta")) == ["beta"]


def test_what_is_not_searched(tmp_path: Path, write_skill: WriteSkill) -> None:
    write_skill("one", inside=".git/hooks")
    write_skill("two", inside="node_modules")
    write_skill("three", inside=".claude/skills")
    write_skill("deep-enough", inside="b/c/d")
    write_skill("too-deep", inside="b/c/d/e/f")
    found = SkillDiscovery.from_directory(tmp_path)
    assert names(found) == ["three", "deep-enough"]
    assert codes(found) == ["too-deep"]
    assert "more than 6 levels" in found.diagnostics[0].message


def test_a_directory_without_skills_is_told(tmp_path: Path) -> None:
    found = SkillDiscovery.from_directory(tmp_path)
    assert found == []
    assert codes(found) == ["no-skills"]


def test_too_many_directories_end_the_search(tmp_path: Path, write_skill: WriteSkill) -> None:
    write_skill("near")
    for number in range(2000):
        (tmp_path / "skills" / "crowd" / str(number)).mkdir(parents=True)
    write_skill("far", inside="crowd/1999/below")
    found = SkillDiscovery.from_directory(tmp_path)
    assert names(found) == ["near"]
    assert codes(found) == ["too-many-directories"]


def test_a_link_that_leads_nowhere_hides_nothing(write_skill: WriteSkill) -> None:
    wanted = [f"skill-{letter}" for letter in "abcdefgh"]
    paths = [write_skill(name) for name in wanted]
    root = paths[0].parent.parent
    for directory in (root, paths[0].parent):
        (directory / "loop").symlink_to("loop")
    found = SkillDiscovery.from_directory(root)
    assert sorted(names(found)) == wanted
    assert codes(found) == ["unreadable", "unreadable"]


def test_links_are_followed_once(tmp_path: Path, write_skill: WriteSkill) -> None:
    write_skill("linked", inside="../elsewhere")
    root = tmp_path / "skills"
    (root / "a").symlink_to(tmp_path / "elsewhere")
    (root / "b").symlink_to(tmp_path / "elsewhere")
    (root / "cycle").symlink_to(root)
    (tmp_path / "elsewhere" / "up").symlink_to(tmp_path)
    (root / "broken").symlink_to(tmp_path / "nowhere")
    found = SkillDiscovery.from_directory(root)
    assert [skill.location for skill in found] == [root / "a" / "linked" / "SKILL.md"]
    assert codes(found) == []


def test_a_skill_that_a_link_leads_to_as_well_is_found_where_it_is(
    tmp_path: Path, write_skill: WriteSkill
) -> None:
    path = write_skill("plain", inside="group")
    root = tmp_path / "skills"
    (root / "a-link").symlink_to(path.parent)
    (root / "a-group").symlink_to(root / "group")
    (tmp_path / "outside").symlink_to(tmp_path)
    found = SkillDiscovery.from_directory(root)
    assert [skill.location for skill in found] == [path]
    assert codes(found) == []
    agent = CaveAgent(ScriptedModel([]), skills_dir=root)
    assert agent.skills.diagnostics == []
    # A link that is the only way is followed, and what is behind two of them is found once.
    write_skill("deep", inside="../elsewhere/in")
    (root / "one").symlink_to(tmp_path / "elsewhere" / "in")
    (root / "two").symlink_to(tmp_path / "elsewhere")
    found = SkillDiscovery.from_directory(root)
    assert [skill.location for skill in found] == [path, root / "one" / "deep" / "SKILL.md"]
    assert codes(found) == []


@pytest.mark.parametrize("spelling", ["skill.md", "Skill.md"])
def test_another_spelling_of_the_file(
    tmp_path: Path, write_skill: WriteSkill, spelling: str
) -> None:
    path = write_skill("one")
    path.rename(path.with_name(spelling))
    found = SkillDiscovery.from_directory(tmp_path)
    assert names(found) == ["one"]
    assert codes(found) == ["file-name"]
    # The reference knows one of them.
    assert len(SkillDiscovery.from_directory(tmp_path, strict=True)) == (spelling == "skill.md")
    write_skill("one", description="Has the right name.")
    (skill,) = SkillDiscovery.from_directory(tmp_path)
    assert skill.description == "Has the right name."


def test_what_is_no_file_does_not_stop_the_search(tmp_path: Path, write_skill: WriteSkill) -> None:
    write_skill("one")
    for name in ("pipe", "directory"):
        (tmp_path / "skills" / name).mkdir()
    os.mkfifo(tmp_path / "skills" / "pipe" / "SKILL.md")
    (tmp_path / "skills" / "directory" / "SKILL.md").mkdir()
    (tmp_path / "skills" / "one" / "link").symlink_to("SKILL.md")
    (tmp_path / "skills" / "gone").mkdir()
    (tmp_path / "skills" / "gone" / "SKILL.md").symlink_to("nowhere.md")
    found = SkillDiscovery.from_directory(tmp_path)
    assert names(found) == ["one"]
    assert [(finding.path.parent.name, finding.code) for finding in found.diagnostics] == [
        ("gone", "no-file"),
        ("pipe", "unreadable"),
    ]
    assert "cannot be read: it is no regular file" in found.diagnostics[1].message


def test_what_may_not_be_read_is_told(
    tmp_path: Path, write_skill: WriteSkill, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, directory = write_skill("file"), write_skill("directory").parent
    denied = PermissionError(errno.EACCES, "Permission denied")

    def deny(function: Callable[..., Any], path: Path) -> Callable[..., Any]:  # root may do all
        def deny_one(target: Any, *options: Any) -> Any:
            if os.fspath(target) == os.fspath(path):
                raise denied
            return function(target, *options)

        return deny_one

    monkeypatch.setattr(os, "open", deny(os.open, file))
    monkeypatch.setattr(os, "scandir", deny(os.scandir, directory))
    found = SkillDiscovery.from_directory(tmp_path)
    assert [(finding.path, finding.code) for finding in found.diagnostics] == [
        (file, "unreadable"),
        (directory, "unreadable"),
    ]
    assert all("Permission denied" in finding.message for finding in found.diagnostics)


def test_what_a_file_was_forgiven_stands_on_the_skill(write_skill: WriteSkill) -> None:
    path = write_skill("one", more="compatibility: [x]\n")
    skill = SkillDiscovery.from_file(path)
    assert [finding.code for finding in skill.diagnostics] == ["compatibility"]
    agent = CaveAgent(ScriptedModel([]), skills=[skill])
    assert agent.skills.diagnostics == list(skill.diagnostics)


def test_yaml_is_loaded_when_a_skill_is_read_only(write_skill: WriteSkill) -> None:
    program = (
        "import sys\nfrom cave_agent import CaveAgent\nfrom cave_agent.skills import *\n"
        "print('yaml' in sys.modules)\n"
        f"SkillDiscovery.from_file({str(write_skill('one'))!r})\nprint('yaml' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "True"]


def test_a_thousand_skills_are_found_fast(tmp_path: Path, write_skill: WriteSkill) -> None:
    for number in range(1000):
        write_skill(f"skill-{number}", "Some text.\n" * 500, description="Does this. " * 20)
    yaml = pytest.importorskip("yaml")
    before = time.process_time()
    found = SkillDiscovery.from_directory(tmp_path)
    seconds = time.process_time() - before
    assert len(found) == 1000
    # About 60 ms where nothing else runs; a loaded machine counts more for the same work.
    assert seconds < (0.5 if hasattr(yaml, "CBaseLoader") else 3)


@pytest.mark.parametrize("load", [SkillDiscovery.from_directory, SkillDiscovery.from_file])
def test_what_is_no_path_is_told(load: Callable[[Any], object]) -> None:
    for value in (5, None, b"skills", ["skills"]):
        with pytest.raises(TypeError, match="is no path: use a str or a Path"):
            load(value)
    for text in ("", "a\0b", "\ud800", "x" * 5000):
        with pytest.raises(SkillError):
            load(text)
