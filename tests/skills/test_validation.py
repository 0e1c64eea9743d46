"""The verdicts of the strict policy, held against those of the reference implementation."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from cave_agent.skills import Diagnostic, Severity, SkillDiscovery

NAMES = [
    None,
    "a-skill",
    "A-Skill",
    "a skill",
    "a_skill",
    "-a",
    "a-",
    "a--b",
    "--A b-",
    "''",
    "' a-skill '",
    "été-ß9",
    "ﬁne",  # compatibility characters are normalised before they are judged
    "ɪ-ﬃ",
    "x" * 64,
    "x" * 65,
    "技能",
    "\n  - a",
    "\n  key: value",
    "1.0",
    "true",
    "²",
]
DESCRIPTIONS = [
    None,
    "Does things.",
    "x" * 1024,
    "x" * 1025,
    f"'{'x' * 1020}     '",
    "''",
    "'  '",
    "\n  - a",
    "\n  key: value",
    "|\n  several\n  lines",
    ">-\n  folded\n  lines",
    "'quoted: yes'",
    "plain: colon",
]
OTHERS = [
    "",
    "license: MIT\n",
    "license:\n  - MIT\n",
    "compatibility: " + "x" * 500 + "\n",
    "compatibility: " + "x" * 501 + "\n",
    "compatibility: ''\n",
    "compatibility:\n  - a\n",
    "compatibility:\n  a: b\n",
    "metadata:\n  author: me\n  version: 1.0\n",
    "metadata:\n  nested:\n    deep: yes\n",
    "metadata: text\n",
    "metadata:\n  - a\n",
    "allowed-tools: Bash(git:*) Read\n",
    "allowed-tools:\n  - Bash\n  - Read\n",
    "version: 1\nauthor: me\n",
    "disable-model-invocation: true\n",
    "name: again\n",
    "- no mapping\n",
    "\tlicense: MIT\n",
    "license: &a MIT\n",
    "license: !tag MIT\n",
    "license: 'open\n",
    "# a comment\n",
]


def corpus() -> Iterator[tuple[str, str]]:
    """Yield the directory's name and the text of skills, valid and broken."""
    for name, description in itertools.product(NAMES, DESCRIPTIONS):
        yield "a-skill", frontmatter(name, description)
    for name, other in itertools.product(NAMES, OTHERS):
        yield "a-skill", frontmatter(name, "Does things.", other)
    for description, other in itertools.product(DESCRIPTIONS, OTHERS):
        yield "a-skill", frontmatter("a-skill", description, other)
    for directory, name in itertools.product(["fine", "ﬁne", "Fine", "ɪ-ffi", "-", "x y"], NAMES):
        yield directory, frontmatter(name, "Does things.")
    text = frontmatter("a-skill", "Does things.")
    yield from (
        ("a-skill", broken)
        for broken in (
            "",
            "# Title\n",
            "\n" + text,
            text.replace("---\n", "", 1),
            text.removesuffix("---\nBody\n"),
            "---\n---\n",
            "---\ntext\n---\n",
            "---\n- a\n---\n",
            text.replace("\n", "\r\n"),
            text + "\n---\n\n---\n",
        )
    )


def frontmatter(name: str | None, description: str | None, other: str = "") -> str:
    lines = "" if name is None else f"name: {name}\n"
    lines += "" if description is None else f"description: {description}\n"
    return f"---\n{lines}{other}---\nBody\n"


def strict_errors(directory: Path) -> list[Diagnostic]:
    found = SkillDiscovery.from_directory(directory, strict=True).diagnostics
    return [finding for finding in found if finding.severity is Severity.ERROR]


PARSER_ERRORS = ("SKILL.md", "Invalid YAML")


def comparable(message: str) -> str:
    """Leave out what the two YAML parsers say in their own words."""
    start = "Invalid YAML in frontmatter:"
    return start if message.startswith(start) else message


def test_strict_verdicts_are_those_of_the_reference(tmp_path: Path) -> None:
    validator = pytest.importorskip("skills_ref.validator")
    verdicts = {"valid": 0, "invalid": 0}
    for number, (name, text) in enumerate(corpus()):
        directory = tmp_path / str(number) / name
        directory.mkdir(parents=True)
        (directory / "SKILL.md").write_bytes(text.encode())
        theirs = list(map(comparable, validator.validate(directory)))
        ours = [comparable(finding.message) for finding in strict_errors(directory)]
        if any(message.startswith(PARSER_ERRORS) for message in theirs):
            ours = ours[:1]  # it stops there; we go on, to tell all at once
        assert ours == theirs, text
        verdicts["invalid" if theirs else "valid"] += 1
    assert verdicts["valid"] > 50
    assert verdicts["invalid"] > 800


VALID = b"---\nname: a-skill\ndescription: Does things.\n---\n"


@pytest.mark.parametrize(
    ("data", "ours", "theirs"),
    [
        # It refuses YAML's flow style.
        (VALID.replace(b"---\n", b"---\nmetadata: {a: b}\n", 1), None, "Invalid YAML"),
        (VALID.replace(b"---\n", b"---\nallowed-tools: [Read]\n", 1), None, "Invalid YAML"),
        # Three dashes end the frontmatter wherever they stand.
        (VALID.replace(b"things", b"th---ings"), None, None),
        (VALID.replace(b"Does things.", b"'Does --- things'"), None, "Invalid YAML"),
        (VALID.removesuffix(b"---\n") + b"license: a---b\n", "not properly closed", None),
        # They need not have a line of their own at the beginning, either.
        (b"---name: a-skill\ndescription: Does things.\n---\n", "must start with", None),
        (b"----\n" + VALID[4:], "must start with", "Invalid YAML"),
        # It takes Unicode's separators for the ends of lines where a text has several lines.
        (VALID.replace(b"Does", "|\n  Does\u2028".encode()), None, "Invalid YAML"),
        (VALID.replace(b"Does", "Does\u2028all".encode()), None, None),
        # A byte order mark is no part of the text.
        (b"\xef\xbb\xbf" + VALID, None, "must start with"),
        # It raises an exception at bytes that are no UTF-8.
        (VALID.replace(b"things", b"caf\xe9"), "not encoded in UTF-8", UnicodeDecodeError),
    ],
)
def test_faults_of_the_reference_are_not_taken_over(
    tmp_path: Path, data: bytes, ours: str | None, theirs: str | type[Exception] | None
) -> None:
    directory = tmp_path / "a-skill"
    directory.mkdir()
    (directory / "SKILL.md").write_bytes(data)
    messages = [finding.message for finding in strict_errors(directory)]
    assert len(messages) == (0 if ours is None else 1)
    assert ours is None or ours in messages[0]
    validator = pytest.importorskip("skills_ref.validator")
    if isinstance(theirs, type):
        with pytest.raises(theirs):
            validator.validate(directory)
    else:
        told = validator.validate(directory)
        assert bool(told) == bool(theirs)
        assert theirs is None or theirs in told[0]


@pytest.mark.parametrize(
    ("directory", "declared", "name", "codes"),
    [
        ("a-skill", "a-skill", "a-skill", []),
        ("elsewhere", "a-skill", "a-skill", ["name-not-directory"]),
        ("a-skill", "A Skill", "a-skill", ["name-replaced"]),
        ("a-skill", "x" * 65, "a-skill", ["name-replaced"]),
        ("a-skill", "''", "a-skill", ["no-name", "name-replaced"]),
        ("a-skill", "{a: b}", "a-skill", ["no-name", "name-replaced"]),
        ("A Skill", "My Skill", "My Skill", ["name-not-directory"]),
        ("A Skill", "''", "A Skill", ["no-name", "name-replaced"]),
        ("a-skill", "' a-skill '", "a-skill", []),
        # The model can be told of these, and say them.
        (" ", "''", "unnamed", ["no-name", "name-replaced"]),
        ("\u202e", "''", "unnamed", ["no-name", "name-replaced"]),
        ("A\tB", "''", "A B", ["no-name", "name-replaced"]),
        ("A Skill", "My  \u200bSkill", "My Skill", ["name-replaced"]),
        ("A Skill", "X" * 20_000, "X" * 64, ["long-name", "name-replaced"]),
    ],
)
def test_the_lenient_policy_takes_the_best_name(
    tmp_path: Path, directory: str, declared: str, name: str, codes: list[str]
) -> None:
    (tmp_path / directory).mkdir()
    text = frontmatter(declared, "Does things.")
    (tmp_path / directory / "SKILL.md").write_text(text, encoding="utf-8")
    found = SkillDiscovery.from_directory(tmp_path)
    assert [skill.name for skill in found] == [name]
    assert {finding.severity for finding in found.diagnostics} <= {Severity.WARNING}
    assert set(codes) <= {finding.code for finding in found.diagnostics}
    assert bool(codes) == bool(found.diagnostics)


@pytest.mark.parametrize(
    ("written", "tools"),
    [
        ("Bash(git add *) Read", ("Bash(git add *)", "Read")),
        ("Bash(git:*), Read,Write", ("Bash(git:*)", "Read", "Write")),
        ("[Bash, 'Read Write']", ("Bash", "Read", "Write")),
        ("\n  - Bash(a, b)\n  - Read", ("Bash(a, b)", "Read")),
        ("''", ()),
        ("{a: b}", ()),
        ("Read Bash(git add", ("Read", "Bash(git add")),
        ("a(" * 30_000, ("a(" * 30_000,)),
    ],
)
def test_tools_come_in_several_forms(tmp_path: Path, written: str, tools: tuple[str, ...]) -> None:
    path = tmp_path / "SKILL.md"
    path.write_text(frontmatter("a", "b", f"allowed-tools: {written}\n"), encoding="utf-8")
    assert SkillDiscovery.from_file(path).allowed_tools == tools


def test_what_is_left_out_of_a_skill_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a" / "SKILL.md"
    path.parent.mkdir()
    more = "license: [MIT]\nmetadata: text\ncompatibility: [x]\nversion: 3\n"
    path.write_text(frontmatter("a", "b", more), encoding="utf-8")
    found = SkillDiscovery.from_directory(tmp_path)
    assert [(skill.license, skill.metadata, skill.compatibility) for skill in found] == [
        (None, {}, None)
    ]
    told = {finding.code: finding.line for finding in found.diagnostics}
    assert told == {"license": 4, "metadata": 5, "compatibility": 6}


def test_a_long_description_is_kept_and_told(tmp_path: Path) -> None:
    path = tmp_path / "a" / "SKILL.md"
    path.parent.mkdir()
    path.write_text(frontmatter("a", "x" * 2000), encoding="utf-8")
    found = SkillDiscovery.from_directory(tmp_path)
    assert len(found[0].description) == 2000
    assert [finding.code for finding in found.diagnostics] == ["long-description"]
