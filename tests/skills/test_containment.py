"""Reading a skill's files, and no others."""

import asyncio
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cave_agent import SkillError
from cave_agent.runtime import PythonRuntime
from cave_agent.skills import Skill, SkillDiscovery, SkillRegistry

SECRET = "the host's secret"


class Reader:
    """A skill `one`, with secrets around it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.directory = root / "skills" / "one"
        (self.directory / "references" / "deep").mkdir(parents=True)
        text = "---\nname: one\ndescription: Does things.\n---\n"
        (self.directory / "SKILL.md").write_text(text, encoding="utf-8")
        (self.directory / "references" / "a.md").write_text("A", encoding="utf-8")
        (self.directory / "references" / "deep" / "b.md").write_text("B", encoding="utf-8")
        for place in (root, root / "skills", root / "skills" / "one-more"):
            place.mkdir(exist_ok=True)
            (place / "secret").write_text(SECRET, encoding="utf-8")
        self.runtime = PythonRuntime()
        self.skills = SkillRegistry.of(self.runtime)
        self.skills.add([SkillDiscovery.from_file(self.directory / "SKILL.md")])

    def read(self, path: Any) -> str | bytes:
        return self.skills.read_resource("one", path)


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(tmp_path)


def test_files_of_the_skill_are_read(reader: Reader) -> None:
    for path in ("references/a.md", "./references//a.md", "references/./a.md"):
        assert reader.read(path) == "A"
    assert reader.read("references/deep/b.md") == "B"
    assert "name: one" in str(reader.read("SKILL.md"))
    (reader.directory / "logo").write_bytes(b"\x89PNG\xff")
    assert reader.read("logo") == b"\x89PNG\xff"


def test_a_path_may_be_a_path_object(reader: Reader) -> None:
    read = "from pathlib import Path\nread_skill_resource('one', Path('references', 'a.md'))"
    assert asyncio.run(reader.runtime.execute(read)).stdout == "'A'\n"
    (reader.directory / "say.py").write_text("print('said')", encoding="utf-8")
    run = "run_skill_script('one', Path('say.py'))"
    assert asyncio.run(reader.runtime.execute(run)).stdout == "said\n"
    for refused in (Path("../secret"), reader.root / "secret"):
        with pytest.raises(SkillError, match=f"^'{refused}' "):
            reader.read(refused)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/etc/passwd", "is absolute"),
        ("C:\\secret", "is absolute"),
        ("C:secret", "is absolute"),
        ("\\\\server\\share\\file", "is absolute"),
        ("\\secret", "is absolute"),
        ("../secret", "has '..' in it"),
        ("references/../../secret", "has '..' in it"),
        ("references\\..\\..\\secret", "has '..' in it"),
        ("..", "has '..' in it"),
        ("references/../references/a.md", "has '..' in it"),
        ("references/a.md\0.txt", "characters that no path has"),
        ("\ud800", "characters that no path has"),
        ("", "is no path"),
        (" ", "is no path"),
        (".", "leads out of the skill's directory"),
        ("references", "cannot be opened \\(it is no regular file"),
        ("nowhere.md", "cannot be opened \\(No such file"),
        ("SKILL.md/x", "cannot be opened"),
        ("x" * 5000, "cannot be opened"),
        ("~/secret", "cannot be opened"),
    ],
)
def test_paths_that_are_refused(reader: Reader, path: str, told: str) -> None:
    with pytest.raises(SkillError, match=told) as raised:
        reader.read(path)
    assert repr(path) in str(raised.value)
    assert "give the path of a file, relative to the skill's directory" in str(raised.value)
    with pytest.raises(SkillError, match=told):
        reader.skills.run_script("one", path)


def test_what_is_no_text_is_no_path(reader: Reader) -> None:
    with pytest.raises(SkillError, match="is no text"):
        reader.read(None)
    with pytest.raises(SkillError, match=r"There is no skill '\.\./one-more'"):
        reader.skills.read_resource("../one-more", "secret")


def test_links_that_lead_out_are_refused(reader: Reader) -> None:
    here = reader.directory
    (here / "inside").symlink_to("references/a.md")
    (here / "inside-directory").symlink_to(here / "references")
    (here / "file").symlink_to(reader.root / "secret")
    (here / "relative").symlink_to("../secret")
    (here / "directory").symlink_to(reader.root)
    (here / "sibling").symlink_to(reader.root / "skills" / "one-more")
    (here / "chain").symlink_to("relative")
    (here / "loop").symlink_to("loop")
    assert reader.read("inside") == "A"
    assert reader.read("inside-directory/deep/b.md") == "B"
    for path in ("file", "relative", "chain", "directory/secret", "sibling/secret"):
        with pytest.raises(SkillError, match="leads out of the skill's directory"):
            reader.read(path)
    with pytest.raises(SkillError):
        reader.read("loop")


def test_a_skill_that_is_linked_to_is_read(reader: Reader) -> None:
    link = reader.root / "linked"
    link.symlink_to(reader.directory)
    skills = SkillRegistry.of(PythonRuntime())
    with pytest.raises(SkillError, match="runtime of these skills is gone"):
        skills.add([SkillDiscovery.from_file(link / "SKILL.md")])
    runtime = PythonRuntime()
    skills = SkillRegistry.of(runtime)
    skills.add([SkillDiscovery.from_file(link / "SKILL.md")])
    assert skills.read_resource("one", "references/a.md") == "A"


def test_what_never_ends_is_refused(reader: Reader) -> None:
    os.mkfifo(reader.directory / "pipe")
    with pytest.raises(SkillError, match="it is no regular file"):
        reader.read("pipe")


@pytest.mark.parametrize("swapped", ["references", "references/deep", "references/deep/b.md"])
def test_what_is_swapped_for_a_link_after_the_check_leads_nowhere(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, swapped: str
) -> None:
    (reader.root / "bait" / "deep").mkdir(parents=True)
    (reader.root / "bait" / "deep" / "b.md").write_text(SECRET, encoding="utf-8")
    victim = reader.directory / swapped
    realpath = os.path.realpath

    def resolve_and_swap(path: Path) -> str:
        resolved = realpath(path)
        if resolved.endswith("b.md"):
            victim.rename(reader.directory / "away")
            victim.symlink_to(reader.root / "bait" / Path(swapped).relative_to("references"))
            assert (reader.directory / "references/deep/b.md").read_text() == SECRET
        return resolved

    monkeypatch.setattr(os.path, "realpath", resolve_and_swap)
    with pytest.raises(SkillError, match=r"'references/deep/b\.md' cannot be opened"):
        reader.read("references/deep/b.md")


def test_a_large_text_is_cut_with_a_note(reader: Reader) -> None:
    text = "é" * 600_000  # the limit falls between characters; with one byte more, within one
    (reader.directory / "even.txt").write_text(text, encoding="utf-8")
    (reader.directory / "odd.txt").write_text("x" + text, encoding="utf-8")
    for name, size in (("even.txt", 1_200_000), ("odd.txt", 1_200_001)):
        read = reader.read(name)
        assert isinstance(read, str)
        assert read.rstrip().endswith(
            f"[… {size - 1_000_000:,} more bytes are over the limit of 1,000,000 …]"
        )
        assert read.count("é") >= 499_999
        assert "\ufffd" not in read
    (reader.directory / "big.bin").write_bytes(b"\xff" * 1_000_001)
    with pytest.raises(SkillError, match=r"1,000,001 bytes, over the limit .* and is no text"):
        reader.read("big.bin")
    (reader.directory / "fits.bin").write_bytes(b"\xff" * 1_000_000)
    assert reader.read("fits.bin") == b"\xff" * 1_000_000


def test_a_skill_made_in_code_has_no_files(reader: Reader) -> None:
    reader.skills.add([Skill("made", "Made in code.")])
    with pytest.raises(SkillError, match="'made' was made in code and has no files"):
        reader.skills.read_resource("made", "a.md")
    with pytest.raises(SkillError, match="'made' was made in code and has no files"):
        reader.skills.run_script("made", "a.py")


@pytest.fixture(scope="module")
def shared_reader() -> Iterator[Reader]:
    with tempfile.TemporaryDirectory() as made:
        reader = Reader(Path(made))
        (reader.directory / "out").symlink_to(reader.root)
        (reader.directory / "up").symlink_to("..")
        (reader.directory / "in").symlink_to("references")
        yield reader


PARTS = ["..", ".", "", "/", "\\", "references", "a.md", "deep", "out", "up", "in", "secret"]
PARTS += ["one-more", "skills", "one", "~", "C:", "\0", " ", "...", "SKILL.md", "\ud800", "%2e%2e"]


@settings(max_examples=300)
@given(
    path=st.one_of(
        st.text(max_size=30),
        st.lists(st.sampled_from(PARTS), max_size=7).map("/".join),
        st.lists(st.sampled_from(PARTS), max_size=7).map("\\".join),
        st.lists(st.sampled_from(PARTS), max_size=7).map("".join),
    )
)
def test_no_path_leads_out(shared_reader: Reader, path: str) -> None:
    try:
        text = shared_reader.read(path)
    except SkillError:
        return
    assert text in ("A", "B") or "name: one" in str(text)
