"""The fields at the top of a SKILL.md: YAML between two lines of three dashes."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NoReturn, TypeAlias

from cave_agent.skills.diagnostics import Problem, Weight

Value: TypeAlias = str | list["Value"] | dict[str, "Value"]
"""What YAML gives here: a scalar is always text, so that `1.0` and `yes` stay what they are."""

_OPENING = re.compile(rb"(?:\xef\xbb\xbf)?---[ \t]*\r?\n")
_CLOSING = re.compile(rb"^---[ \t]*(?:\r?\n|\r?\Z)", re.MULTILINE)
_PLAIN_FIELD = re.compile(r"^(?P<key>[\w-]+):[ \t]+(?P<value>[^\s\"'|>\[{&*!%#@`].*)$")
# Lines end here by YAML 1.1, which the parsers hold to; by 1.2 these are characters as any other.
_NO_LINE_ENDS = str.maketrans("\x85\u2028\u2029", "   ")
# No parser takes these; who wrote them saw nothing of them.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_DEEPEST = 20
_FIRST_LINE = 2  # of the YAML: line 1 is the fence

NO_OPENING = Problem(
    "no-frontmatter",
    "SKILL.md must start with YAML frontmatter (---)",
    "Begin the file with a line of three dashes, then name: and description:, then a second such "
    "line.",
    Weight.FATAL,
    1,
)
NOT_CLOSED = Problem(
    "frontmatter-not-closed",
    "SKILL.md frontmatter not properly closed with ---",
    "Put a line of three dashes behind the last field.",
    line=1,
)
NO_MAPPING = Problem(
    "not-a-mapping",
    "SKILL.md frontmatter must be a YAML mapping",
    "Write fields, one on a line: name: … and description: ….",
    Weight.FATAL,
    _FIRST_LINE,
)
NOT_UTF8 = Problem(
    "encoding",
    "SKILL.md is not encoded in UTF-8",
    "Save it as UTF-8; bytes that are none were replaced.",
    line=1,
)


UTF16 = Problem(
    "encoding",
    "SKILL.md is encoded in UTF-16, not in UTF-8",
    "Save it as UTF-8.",
    Weight.FATAL,
    1,
)


class Fences(NamedTuple):
    """Where the parts of a file are, as offsets in bytes."""

    start: int
    end: int
    body: int
    closed: bool


@dataclass(slots=True)
class Frontmatter:
    """The fields of a file, and what is wrong with them.

    Attributes:
        fields: Name to value; empty where they cannot be read.
        lines: The line that each one stands on, counted from 1.
        problems: What is wrong; one of weight `FATAL` where the fields cannot be read.
    """

    fields: dict[str, Value] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def find_fences(data: bytes) -> Fences | None:
    r"""Find the two lines of dashes; `None` where the file does not begin with one.

    Args:
        data: A file, or enough of its beginning.

    Example:
        >>> find_fences(b"---\nname: a\n---\nText")
        Fences(start=4, end=12, body=16, closed=True)
    """
    opening = _OPENING.match(data)
    if opening is None:
        return None
    closing = _CLOSING.search(data, opening.end())
    if closing is None:
        return Fences(opening.end(), len(data), len(data), closed=False)
    return Fences(opening.end(), closing.start(), closing.end(), closed=True)


def parse(data: bytes) -> Frontmatter:
    r"""Read the fields; whatever the bytes are, it raises nothing.

    Args:
        data: A file, or its beginning up to the end of the frontmatter.

    Example:
        >>> parse(b"---\nname: pdf\ndescription: Use when: asked\n---\n").fields
        {'name': 'pdf', 'description': 'Use when: asked'}
    """
    fences = find_fences(data)
    if fences is None:
        is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        return Frontmatter(problems=[UTF16 if is_utf16 else NO_OPENING])
    problems = [] if fences.closed else [NOT_CLOSED]
    try:
        text = data[fences.start : fences.end].decode()
    except UnicodeDecodeError:
        problems.append(NOT_UTF8)
        text = data[fences.start : fences.end].decode(errors="replace")
    text = text.translate(_NO_LINE_ENDS)
    try:
        fields, lines = _load(text)
    except _YamlError as error:
        problems.append(_not_yaml(error, Weight.FATAL))
        quoted = _quote_colons(_CONTROLS.sub(" ", text))
        if quoted == text:
            return Frontmatter(problems=problems)
        try:
            fields, lines = _load(quoted)
        except _YamlError:
            return Frontmatter(problems=problems)
        problems[-1] = _not_yaml(error, Weight.RULE)
    if fields is None:
        return Frontmatter(problems=[*problems, NO_MAPPING])
    return Frontmatter(fields, lines, problems)


def _not_yaml(error: "_YamlError", weight: Weight) -> Problem:
    advice = "Put values that hold punctuation between quotes, and leave out control characters."
    return Problem("yaml", f"Invalid YAML in frontmatter: {error}", advice, weight, error.line)


def _quote_colons(text: str) -> str:
    """Put quotes around plain values with a colon in them, which YAML takes for a mapping."""
    lines: list[str] = []
    goes_on = False
    for line in text.split("\n"):
        if goes_on and line[:1] in (" ", "\t") and line.strip():
            lines[-1] = f"{lines[-1][:-1]} {_escaped(line.strip())}'"
            continue
        match = _PLAIN_FIELD.match(line.rstrip())
        goes_on = match is not None and (": " in match["value"] or match["value"].endswith(":"))
        quoted = f"{match['key']}: '{_escaped(match['value'])}'" if match and goes_on else line
        lines.append(quoted)
    return "\n".join(lines)


def _escaped(text: str) -> str:
    return text.replace("'", "''")


class _YamlError(ValueError):
    """The text is no YAML, or uses something that no skill needs."""

    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.line = None if line is None else line + _FIRST_LINE


def _refuse(reason: str, line: int) -> NoReturn:
    raise _YamlError(reason, line)


def _load(text: str) -> tuple[dict[str, Value] | None, dict[str, int]]:
    """Return the fields and their lines; `None` for YAML that is no mapping."""
    import yaml  # noqa: PLC0415 - only who reads skills needs it

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        return _Fields(yaml, yaml.parse(text, Loader=loader)).read()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = " ".join(filter(None, [error.problem, error.context]))
        raise _YamlError(message, None if mark is None else mark.line) from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        if isinstance(error, _YamlError):
            raise
        # The last two come from escapes and directives with absurd numbers.
        raise _YamlError(" ".join(str(error).split()), None) from error


class _Fields:
    """Builds the fields from YAML's events, and refuses what could do harm and nobody uses.

    Args:
        yaml: The module.
        events: What its parser yields.
    """

    def __init__(self, yaml: Any, events: Iterator[Any]) -> None:
        self._yaml = yaml
        self._events = events
        self._lines: dict[str, int] = {}

    def read(self) -> tuple[dict[str, Value] | None, dict[str, int]]:
        fields: Value | None = None
        for event in self._events:
            if isinstance(event, self._yaml.DocumentStartEvent):
                if fields is not None:
                    _refuse("more than one document", event.start_mark.line)
                fields = self._value(next(self._events), 0)
        return (fields, self._lines) if isinstance(fields, dict) else (None, {})

    def _value(self, event: Any, depth: int) -> Value:
        line = event.start_mark.line
        if isinstance(event, self._yaml.AliasEvent) or event.anchor is not None:
            _refuse("anchors and aliases (& and *) cannot be used", line)
        if event.tag is not None:
            _refuse("tags (!) cannot be used", line)
        if depth > _DEEPEST:
            _refuse("values within values go too deep", line)
        if isinstance(event, self._yaml.ScalarEvent):
            if _SURROGATE.search(event.value):
                _refuse("an escape stands for half a character", line)
            return str(event.value)
        if isinstance(event, self._yaml.SequenceStartEvent):
            return [self._value(item, depth + 1) for item in self._until_end()]
        return self._mapping(depth)

    def _mapping(self, depth: int) -> dict[str, Value]:
        mapping: dict[str, Value] = {}
        for event in self._until_end():
            key = self._value(event, depth + 1)
            line = event.start_mark.line
            if not isinstance(key, str):
                _refuse("a field's name must be text", line)
            if key in mapping:
                _refuse(f"the field {key!r} stands there twice", line)
            mapping[key] = self._value(next(self._events), depth + 1)
            if depth == 0:
                self._lines[key] = line + _FIRST_LINE
        return mapping

    def _until_end(self) -> Iterator[Any]:
        for event in self._events:
            if isinstance(event, self._yaml.CollectionEndEvent):
                return
            yield event
