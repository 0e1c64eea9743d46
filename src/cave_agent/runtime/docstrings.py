"""What a docstring says, in the styles of Google, NumPy and Sphinx."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

_PARAMETERS = frozenset(
    {
        "args",
        "arguments",
        "attributes",
        "keyword args",
        "keyword arguments",
        "other parameters",
        "parameters",
        "params",
    }
)
_RESULTS = frozenset({"return", "returns", "yield", "yields"})
_ERRORS = frozenset({"raise", "raises"})
_OTHERS = frozenset({"example", "examples", "note", "notes", "see also", "warning", "warnings"})
_SECTIONS = _PARAMETERS | _RESULTS | _ERRORS | _OTHERS

_ENTRY = re.compile(
    r"""
    \*{0,2}(?P<name>\w+)
    (?:\ ?\([^()]*(?:\([^()]*\)[^()]*)*\))?     # its type
    \ ?:\ ?(?P<text>.*)
    """,
    re.VERBOSE,
)
_SPHINX = re.compile(r":(?P<kind>\w+)(?P<name> [^:]*)?: ?(?P<text>.*)")
_SENTENCE_END = re.compile(r"(?<!e\.g)(?<!i\.e)[.!?](?= [^a-z])")
_TYPE = re.compile(r"\A(?:str|int|float|bool|dict|list|tuple|set|bytes|None|\w+\[[^:]*\]): ")


@dataclass
class Doc:
    """A docstring in parts; each text is one line.

    Attributes:
        summary: Its first sentence.
        parameters: What it says of each parameter or attribute.
        returns: What it says of the result.
        has_more: Whether it says more than these, errors aside.
    """

    summary: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    returns: str = ""
    has_more: bool = False


def read_docstring(text: str) -> Doc:
    r"""Return what a docstring says.

    Example:
        >>> doc = read_docstring("Pay in.\n\nArgs:\n    cents: How much, above 0.")
        >>> doc.summary, doc.parameters
        ('Pay in.', {'cents': 'How much, above 0.'})
    """
    doc = Doc()
    for section in _sections(text.expandtabs().splitlines()):
        if section.title in _PARAMETERS:
            doc.parameters.update(_entries(section))
        elif section.title in _RESULTS:
            doc.returns = _result(section)
        elif section.title in _OTHERS:
            doc.has_more = True
        elif not section.title:
            _read_prose(doc, section.lines)
    return doc


def first_sentence(text: str) -> str:
    r"""Return the first sentence of a text, on one line.

    Example:
        >>> first_sentence("Look up\n a city, e.g. Oslo. It is cached.")
        'Look up a city, e.g. Oslo.'
    """
    line = " ".join(text.split())
    end = _SENTENCE_END.search(line)
    return line[: end.end()] if end else line


@dataclass
class _Section:
    """A section; what stands before the first title is one, too.

    Attributes:
        title: In lower case.
        lines: What stands below.
        is_underlined: Whether a line is drawn under the title, as in NumPy's style.
    """

    title: str = ""
    lines: list[str] = field(default_factory=list)
    is_underlined: bool = False


def _sections(lines: Sequence[str]) -> Iterator[_Section]:
    section = _Section()
    for number, line in enumerate(lines):
        title = line.strip().lower()
        is_underlined = _is_rule(lines[number + 1]) if number + 1 < len(lines) else False
        if title.removesuffix(":") in _SECTIONS and (title.endswith(":") or is_underlined):
            yield section
            section = _Section(title.removesuffix(":"), [], is_underlined)
        elif section.lines or not (section.is_underlined and _is_rule(line)):
            section.lines.append(line)
    yield section


def _is_rule(line: str) -> bool:
    return bool(line.strip()) and not line.strip(" -")


def _entries(section: _Section) -> dict[str, str]:
    """Return the text of each parameter of a section."""
    depth = min((_indent(line) for line in section.lines if line.strip()), default=0)
    entries: dict[str, list[str]] = {}
    current: list[str] = []
    for line in section.lines:
        plain = " ".join(line.split())
        if plain and _indent(line) == depth:
            entry = None if section.is_underlined else _ENTRY.match(plain)
            name = plain.partition(" :")[0] if entry is None else entry["name"]
            # In NumPy's style a type follows the colon, and the text stands below.
            current = [] if entry is None else [entry["text"]]
            entries[name.lstrip("*")] = current
        else:
            current.append(plain)
    return {name: text for name, texts in entries.items() if (text := _joined(texts))}


def _result(section: _Section) -> str:
    """Return what a section says of the result, without its type."""
    lines = [line for line in section.lines if line.strip()]
    has_type = section.is_underlined and len(lines) > 1 and _indent(lines[0]) < _indent(lines[1])
    return _TYPE.sub("", _joined(lines[1:] if has_type else lines))


def _read_prose(doc: Doc, lines: Sequence[str]) -> None:
    """Read what stands before the first section, with the fields of Sphinx in it."""
    prose: list[str] = []
    current: list[str] = prose
    fields: list[tuple[str, str, list[str]]] = []
    for line in lines:
        if line.startswith(":") and (found := _SPHINX.match(" ".join(line.split()))):
            current = [found["text"]]
            name = (found["name"] or "").rpartition(" ")[2]
            fields.append((found["kind"], name, current))
        else:
            current.append(line)
    for kind, name, texts in fields:
        if kind in ("param", "parameter", "arg", "ivar", "var"):
            doc.parameters[name] = _joined(texts)
        elif kind in _RESULTS:
            doc.returns = _joined(texts)
    text = "\n".join(prose).strip()
    paragraph = text.partition("\n\n")[0]
    doc.summary = first_sentence(paragraph)
    doc.has_more = doc.has_more or doc.summary != _joined(text.splitlines())


def _joined(lines: Iterable[str]) -> str:
    return " ".join(" ".join(lines).split())


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
