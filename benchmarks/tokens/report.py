"""Shows what was measured, in a terminal and in the page that keeps it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table as Drawn

from benchmarks.tokens.counting import Part
from benchmarks.tokens.gold import GoldSet
from benchmarks.tokens.measure import (
    ANSWERS,
    ARMS,
    PARALLEL,
    PARALLEL_SCRIPT,
    SERIAL,
    SERIAL_SCRIPT,
    Measured,
)

PAGE = Path(__file__).parents[1] / "README.md"
BEGIN = "<!-- tokens: written by `make bench-tokens` -->"
END = "<!-- end of tokens -->"

TITLES = (
    "",
    "requests",
    "prompt",
    "completion",
    "total",
    "cached × 0.1",
    "seen whole",
    "or handed over",
    "fewer than (b)",
    "fewer than (c)",
)


@dataclass(frozen=True)
class Section:
    """A titled table with a sentence under it."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str


def sections(gold: GoldSet, measured: Mapping[str, Measured]) -> Iterator[Section]:
    """Yield the tables of a set: what each arm takes, and what for."""
    turns = sum(map(len, gold.conversations))
    title = f"{gold.title}: {turns} turns, {measured[SERIAL.name].results} results"
    if len(gold.conversations) > 1:
        title += f", {len(gold.conversations)} conversations"
    rows = [_row(arm.title, measured[arm.name], measured) for arm in ARMS]
    yield Section(title, TITLES, rows, _verdict(measured))
    parts = [[arm.title, *_parts(measured[arm.name])] for arm in ARMS]
    yield Section(f"{gold.title}: where the tokens go", ("", *Part), parts, "")


def draw(section: Section, console: Console) -> None:
    """Show a table in a terminal."""
    table = Drawn(title=section.title, caption=section.note or None, title_justify="left")
    for number, name in enumerate(section.header):
        table.add_column(name, justify="right" if number else "left", no_wrap=not number)
    for row in section.rows:
        table.add_row(*row)
    console.print(table)


def write(found: Sequence[Section]) -> None:
    """Put the tables between the marks of the page."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    text = "\n\n".join(_markdown(section) for section in found)
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def _markdown(section: Section) -> str:
    ruler = ["---"] + ["--:"] * (len(section.header) - 1)
    lines = [f"| {' | '.join(row)} |" for row in (section.header, ruler, *section.rows)]
    return "\n".join(
        [f"**{section.title}**", "", *lines, *(["", section.note] * bool(section.note))]
    )


def _row(title: str, found: Measured, measured: Mapping[str, Measured]) -> list[str]:
    counts = found.counts
    return [
        title,
        f"{counts.requests:,}",
        f"{counts.prompt:,}",
        f"{counts.completion:,}",
        f"{counts.total:,}",
        f"{counts.weighted:,.0f}",
        f"{found.share:.0%}",
        f"{found.share_with_objects:.0%}",
        _compared(found, measured[SERIAL.name]),
        _compared(found, measured[PARALLEL.name]),
    ]


def _compared(found: Measured, other: Measured) -> str:
    """Return how many tokens fewer it is, in brackets where less information was seen."""
    if found is other:
        return ""
    fewer = f"{_fewer(found, other):.0%} / {1 - found.counts.weighted / other.counts.weighted:.0%}"
    return fewer if found.share_with_objects == other.share_with_objects else f"({fewer})"


def _fewer(found: Measured, other: Measured) -> float:
    return 1 - found.counts.total / other.counts.total


def _parts(found: Measured) -> list[str]:
    return [f"{found.counts.parts[part]:,}" for part in Part]


def _verdict(measured: Mapping[str, Measured]) -> str:
    ours = measured[ANSWERS.name]
    best = ours.counts
    against = [_fewer(ours, measured[arm.name]) for arm in (SERIAL, PARALLEL)]
    script = [_fewer(ours, measured[arm.name]) for arm in (SERIAL_SCRIPT, PARALLEL_SCRIPT)]
    return (
        f"{ANSWERS.title}: {against[0]:.0%} fewer tokens than (b) and {against[1]:.0%} fewer than "
        f"(c), {script[0]:.0%} and {script[1]:.0%} if schemas count as OpenAI shows them. Its "
        f"requests begin with the whole request before in {best.reused} of {best.followed} cases."
    )
