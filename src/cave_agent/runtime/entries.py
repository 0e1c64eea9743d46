"""Descriptions of many things within a budget of tokens."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, TypeAlias

MORE = "…"
"""Ends a text that says less than there is."""

HOW_TO_FIND = (
    f'`help(name)` tells what {MORE} leaves out, `find_tools("words")` finds what is not shown.'
)

_BYTES_PER_TOKEN = 3.5  # measured on stubs: 3.6 to 4.3


class Detail(IntEnum):
    """How much is told of a thing, from all to nothing."""

    FULL = 0
    """With the whole documentation, as `help` tells it."""
    BRIEF = 1
    """With first sentences: what a budget begins with."""
    SIGNATURE = 2
    """Without documentation."""
    SHORT = 3
    """Without types and default values."""
    NAME = 4
    """In a list of names."""
    COUNT = 5
    """As one of many."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to describe.

    Attributes:
        kind: What it is listed among.
        name: Its name.
        text: Returns its text with as much detail as is said; it is asked more than once.
    """

    kind: Literal["functions", "variables", "types"]
    name: str
    text: Callable[[Detail], str]

    def is_shortened(self, text: str) -> bool:
        """Whether even the brief text leaves out documentation; a digest does so by nature."""
        return self.kind != "variables" and f"{MORE}\n" in f"{text}\n"


Part: TypeAlias = str | Entry
"""What a section is put together from; a plain text is never cut."""


def fit(sections: Sequence[Sequence[Part]], budget: int | None = None) -> list[str]:
    """Return the text of each section, all of them together within a budget.

    What does not fit loses its documentation, then types and default values; then it is only
    named, at last only counted. What comes first keeps most. Where something is missing, one
    sentence says how to find it.

    Args:
        sections: What to describe.
        budget: Tokens, estimated; `None` for no limit.
    """
    entries = [part for section in sections for part in section if isinstance(part, Entry)]
    details = dict(zip(map(id, entries), _details(entries, budget), strict=True))
    texts: list[str] = []
    is_told = False
    for section in sections:
        text, is_cut = _section(section, details)
        if is_cut and not is_told:
            text, is_told = f"{text}\n{HOW_TO_FIND}", True
        texts.append(text)
    return texts


def is_told(part: Part, lines: Collection[str]) -> bool:
    """Whether a part stands in a text, with whatever detail.

    Args:
        part: The part.
        lines: The lines of the text.
    """
    if isinstance(part, str):
        return all(line in lines for line in part.splitlines())
    details = (Detail.BRIEF, Detail.SIGNATURE, Detail.SHORT)
    return bool(lines) and any(is_told(part.text(detail), lines) for detail in details)


def tokens(text: str) -> int:
    """Estimate the tokens of a description."""
    return int(len(text.encode(errors="replace")) / _BYTES_PER_TOKEN) + 1


def _details(entries: Sequence[Entry], budget: int | None) -> list[Detail]:
    """Return how much is told of each: what all can have, and of the first ones a step more."""
    if budget is None:
        return [Detail.BRIEF] * len(entries)
    better: list[int] = []
    for detail in tuple(Detail)[Detail.BRIEF :]:
        costs = [_cost(entry, detail) for entry in entries]
        room = budget - sum(costs)
        if room >= 0 or detail is Detail.COUNT:
            break
        better = costs
    details = [detail] * len(entries)
    for place, (cost, more) in enumerate(zip(costs, better, strict=False)):
        if more - cost <= room:
            room -= more - cost
            details[place] = Detail(detail - 1)
    return details


def _cost(entry: Entry, detail: Detail) -> int:
    if detail is Detail.COUNT:
        return 0
    return tokens(entry.name if detail is Detail.NAME else entry.text(detail))


def _section(section: Sequence[Part], details: dict[int, Detail]) -> tuple[str, bool]:
    """Return a section's text, and whether it leaves anything out."""
    lines: list[str] = []
    is_cut = False
    rest: dict[str, list[Entry]] = {}
    for part in section:
        if isinstance(part, str):
            lines.append(part)
        elif (detail := details[id(part)]) < Detail.NAME:
            text = part.text(detail)
            lines.append(text)
            is_cut = is_cut or detail > Detail.BRIEF or part.is_shortened(text)
        else:
            rest.setdefault(part.kind, []).append(part)
    for kind, entries in rest.items():
        lines.append(_named(kind, entries, details))
    return "\n".join(lines), is_cut or bool(rest)


def _named(kind: str, entries: Iterable[Entry], details: dict[int, Detail]) -> str:
    named = [entry.name for entry in entries if details[id(entry)] is Detail.NAME]
    counted = sum(details[id(entry)] is Detail.COUNT for entry in entries)
    if not named:
        return f"{counted:,} further {kind}."
    more = f" and {counted:,} more" if counted else ""
    return f"Further {kind}: {', '.join(named)}{more}."
