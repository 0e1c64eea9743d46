"""The top of a SKILL.md, as `SkillDiscovery` reads it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cave_agent.skills import Severity, Skill, SkillDiscovery


@pytest.fixture(params=["libyaml", "pure"], autouse=True)
def _each_loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "pure":
        monkeypatch.delattr(yaml, "CBaseLoader", raising=False)
    elif not hasattr(yaml, "CBaseLoader"):
        pytest.skip("PyYAML was built without libyaml")


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:
        path = Path(made, "a-skill")
        path.mkdir()
        yield path


def load(directory: Path, data: bytes, *, strict: bool = False) -> tuple[Skill | None, list[str]]:
    """Return the skill, and the code of each diagnostic."""
    (directory / "SKILL.md").write_bytes(data)
    found = SkillDiscovery.from_directory(directory, strict=strict)
    return (found[0] if found else None), [finding.code for finding in found.diagnostics]


GOOD = b"name: a-skill\ndescription: Does things.\n"


@pytest.mark.parametrize(
    "data",
    [
        b"---\n" + GOOD + b"---\nBody",
        b"\xef\xbb\xbf---\n" + GOOD + b"---\nBody",
        (b"---\n" + GOOD + b"---\nBody").replace(b"\n", b"\r\n"),
        b"---  \n" + GOOD + b"--- \t\n\n\nBody\n\n",
    ],
    ids=["plain", "byte order mark", "CRLF", "blanks"],
)
def test_forms_of_the_fences(directory: Path, data: bytes) -> None:
    for strict in (False, True):
        skill, codes = load(directory, data, strict=strict)
        assert codes == []
        assert skill is not None
        assert (skill.name, skill.description) == ("a-skill", "Does things.")
        assert skill.body_content == "Body"


def test_dashes_that_are_no_fence(directory: Path) -> None:
    data = (
        b"---\nname: a-skill\ndescription: |\n  One --- two\n  ---\n  three\nlicense: ---x\n"
        b"---\n# Title\n\n---\n\nMore\n"
    )
    skill, codes = load(directory, data, strict=True)
    assert codes == []
    assert skill is not None
    assert skill.description == "One --- two\n---\nthree"
    assert skill.license == "---x"
    assert skill.body_content == "# Title\n\n---\n\nMore"


def test_the_end_of_the_file_closes_it(directory: Path) -> None:
    skill, codes = load(directory, b"---\n" + GOOD + b"---")
    assert codes == []
    assert skill is not None
    assert skill.body_content == ""
    skill, codes = load(directory, b"---\n" + GOOD)
    assert codes == ["frontmatter-not-closed"]
    assert skill is not None
    assert load(directory, b"---\n" + GOOD, strict=True) == (None, ["frontmatter-not-closed"])


def test_scalars_stay_text_and_flow_style_is_yaml(directory: Path) -> None:
    more = b'metadata: {version: 1.0, draft: no, date: 2026-01-02, tags: [a, "b"], empty: }\n'
    skill, codes = load(directory, b"---\n" + GOOD + more + b"---\n", strict=True)
    assert codes == []
    assert skill is not None
    assert skill.metadata == {
        "version": "1.0",
        "draft": "no",
        "date": "2026-01-02",
        "tags": ["a", "b"],
        "empty": "",
    }


@pytest.mark.parametrize(
    ("text", "description"),
    [
        ("Use when: asked", "Use when: asked"),
        ("It's for: you", "It's for: you"),
        (
            "Use when: asked\n  and also: then\n  at the end",
            "Use when: asked and also: then at the end",
        ),
        ("For these:", "For these:"),
        ("Use when: asked\r", "Use when: asked"),
    ],
)
def test_a_colon_in_a_value_is_mended(directory: Path, text: str, description: str) -> None:
    data = f"---\nname: a-skill\ndescription: {text}\nlicense: MIT\n---\n".encode()
    skill, codes = load(directory, data)
    assert codes == ["yaml"]
    assert skill is not None
    assert (skill.description, skill.license) == (description, "MIT")
    assert load(directory, data, strict=True) == (None, ["yaml"])


@pytest.mark.parametrize(
    ("data", "code", "line", "told"),
    [
        (b"", "no-frontmatter", 1, "SKILL.md must start with YAML frontmatter (---)"),
        (b"# Title\n---\n", "no-frontmatter", 1, "must start with"),
        (b"---- \nname: x\n---\n", "no-frontmatter", 1, "must start with"),
        (b"---\n- a\n- b\n---\n", "not-a-mapping", 2, "must be a YAML mapping"),
        (b"---\n---\n", "not-a-mapping", 2, "must be a YAML mapping"),
        (b"---\njust text\n---\n", "not-a-mapping", 2, "must be a YAML mapping"),
        (b"---\nname: x\n\tdescription: y\n---\n", "yaml", 3, "Invalid YAML in frontmatter: "),
        (b"---\nname: [x\n---\n", "yaml", 3, "Invalid YAML in frontmatter: "),
        (b"---\nname: x\na: &b c\n---\n", "yaml", 3, "anchors and aliases"),
        (b"---\na: *b\n---\n", "yaml", 2, "anchors and aliases"),
        (b"---\na: !!python/name:os.system x\n---\n", "yaml", 2, "tags (!)"),
        (b"---\nname: x\nlicense: a\nname: y\n---\n", "yaml", 4, "'name' stands there twice"),
        (b"---\n? [a]\n: b\n---\n", "yaml", 2, "name must be text"),
        (b"---\na: " + b"[" * 30 + b"]" * 30 + b"\n---\n", "yaml", 2, "too deep"),
        (b"---\nname: x\n...\n--- a\n---\n", "yaml", 4, "more than one document"),
        (b'---\nname: "\\U7FFFFFFF"\n---\n', "yaml", None, "Invalid YAML in frontmatter: "),
        (b'---\nname: "\\uD800"\n---\n', "yaml", 2, "Invalid YAML in frontmatter: "),
        (b"---\nname: a-skill\n---\n", "no-description", None, "Missing required field"),
        (b"---\nname: a\ndescription: ' '\n---\n", "no-description", 3, "non-empty string"),
        (b"---\nname: a\ndescription: [b]\n---\n", "no-description", 3, "non-empty string"),
        (b"---\n" + b"# x\n" * 20_000 + b"---\n", "frontmatter-too-long", 1, "65,536 bytes"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(
    directory: Path, data: bytes, code: str, line: int | None, told: str
) -> None:
    (directory / "SKILL.md").write_bytes(data)
    for strict in (False, True):
        found = SkillDiscovery.from_directory(directory, strict=strict)
        errors = [finding for finding in found.diagnostics if finding.severity is Severity.ERROR]
        (error,) = [finding for finding in errors if finding.code == code]
        assert found == []
        assert told in error.message
        assert line is None or error.line == line
        assert error.path == directory / "SKILL.md"
        with pytest.raises(SkillDiscovery.Error) as raised:
            SkillDiscovery.from_file(directory / "SKILL.md", strict=strict)
        assert str(error) in str(raised.value)


@pytest.mark.parametrize("character", ["\u2028", "\u2029", "\x85"])
@pytest.mark.parametrize("form", ["Does{}it: all", "'Does{}it'", "Does{}it", "|\n  Does{}it\n  x"])
def test_separators_of_unicode_end_no_line(directory: Path, character: str, form: str) -> None:
    value = form.format(character)
    data = f"---\nname: a-skill\ndescription: {value}\nlicense: MIT\n---\n".encode()
    skill, codes = load(directory, data)
    assert codes == (["yaml"] if ": " in form else [])
    assert skill is not None
    assert skill.description.startswith("Does it")
    assert skill.license == "MIT"


def test_long_frontmatter_is_read_to_its_end(directory: Path) -> None:
    for size in (*range(4080, 4110), 20_000, 60_000):
        padding = b"x" * (size - len(b"---\nlicense: \n" + GOOD))
        data = b"---\nlicense: " + padding + b"\n" + GOOD + b"---\nBody " + b"long " * 2000
        skill, codes = load(directory, data)
        assert codes == []
        assert skill is not None
        assert skill.license == padding.decode()
        assert skill.body_content.startswith("Body long")


def test_a_fence_at_the_edge_of_what_is_read_is_a_whole_line(directory: Path) -> None:
    # The first 4,096 bytes end behind three dashes, and the line goes on.
    start = b"---\n" + GOOD + b"license: |\n  "
    data = start + b"x" * (4096 - len(start) - 4) + b"\n---"
    assert len(data) == 4096
    assert load(directory, data + b"- no fence\n---\n")[1] == ["yaml"]
    assert load(directory, data + b"\nBody")[1] == []


def test_bytes_that_are_no_utf8_are_told(directory: Path) -> None:
    data = b"---\nname: a-skill\ndescription: caf\xe9\n---\n\xff body"
    skill, codes = load(directory, data)
    assert codes == ["encoding"]
    assert skill is not None
    assert (skill.description, skill.body_content) == ("caf\ufffd", "\ufffd body")
    assert load(directory, data, strict=True) == (None, ["encoding"])


def test_control_characters_are_blanks_and_told(directory: Path) -> None:
    data = b"---\nname: a-skill\ndescription: Does\x0bit: \x00all\n---\n"
    skill, codes = load(directory, data)
    assert codes == ["yaml"]
    assert skill is not None
    assert skill.description == "Does it:  all"
    assert load(directory, data, strict=True) == (None, ["yaml"])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_utf16_is_called_so(directory: Path, encoding: str) -> None:
    data = ("\ufeff" * (encoding != "utf-16") + f"---\n{GOOD.decode()}---\n").encode(encoding)
    (directory / "SKILL.md").write_bytes(data)
    (finding,) = SkillDiscovery.from_directory(directory).diagnostics
    assert (finding.severity, finding.code) == (Severity.ERROR, "encoding")
    assert "is encoded in UTF-16, not in UTF-8. Save it as UTF-8." in str(finding)


PIECES = [b"---", b"\n", b"\r\n", b": ", b"name", b"description", b"- ", b"'", b'"', b"|", b">"]
PIECES += [b"{", b"}", b"[", b"]", b"&a", b"*a", b"!t", b"#", b"%", b"  ", b"\t", b"\\", b"?"]
PIECES += [b"\xef\xbb\xbf", b"\xff", b"\x00", b"\xe2\x80\xa8", b"x", b"text", b"...", b"~", b"@"]


@settings(max_examples=150)
@given(
    data=st.one_of(
        st.binary(max_size=200),
        st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join),
        st.lists(st.sampled_from(PIECES), max_size=30).map(
            lambda pieces: b"---\n" + b"".join(pieces) + b"\n---\n"
        ),
        st.text(max_size=60).map(lambda text: f"---\nname: a\ndescription: {text}\n---\n".encode()),
    ),
    strict=st.booleans(),
)
def test_any_bytes_give_a_skill_or_say_why_not(directory: Path, data: bytes, strict: bool) -> None:
    (directory / "SKILL.md").write_bytes(data)
    found = SkillDiscovery.from_directory(directory, strict=strict)
    errors = [finding for finding in found.diagnostics if finding.severity is Severity.ERROR]
    assert (len(found), bool(errors)) in [(1, False), (0, True)]
    for skill in found:
        assert skill.name
        assert skill.description
        skill.body_content.encode()
        skill.description.encode()
    if strict:  # whatever passes the strict policy passes the lenient one
        assert len(SkillDiscovery.from_directory(directory)) >= len(found)


@settings(max_examples=60)
@given(
    fields=st.dictionaries(
        st.sampled_from(["license", "compatibility", "allowed-tools", "x"]),
        st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=40),
    ),
    description=st.text(
        st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=80
    ),
    body=st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=80),
)
def test_what_yaml_writes_is_read(
    directory: Path, fields: dict[str, str], description: str, body: str
) -> None:
    written = {"name": "a-skill", "description": description, **fields}
    text = yaml.safe_dump(written, allow_unicode=True, sort_keys=False)
    skill, codes = load(directory, f"---\n{text}---\n{body}".encode())
    assert codes == []
    assert skill is not None
    assert skill.description == description
    assert skill.license == fields.get("license")
    assert skill.body_content == body.strip()
