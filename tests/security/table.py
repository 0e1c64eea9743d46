"""Counts both corpora under each set of rules, for the page on security.

`python -m tests.security.table --write` puts the table into `docs/security.md`.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.security.corpus import BENIGN, ESCAPES, Benign, Cell, Escape
from tests.security.harness import ROOT, run_all
from tests.security.jobs import Job, Run, Status

PAGE = ROOT / "docs" / "security.md"
BEGIN = "<!-- security table: begin (make security-table) -->"
END = "<!-- security table: end -->"
ROWS = {
    "unprotected": "tests.security.runtimes:unprotected",
    "standard": "tests.security.runtimes:standard",
    "strict": "tests.security.runtimes:strict",
}
"""Each set of rules, and what makes a runtime with it."""

Measured = Mapping[str, Sequence[Run]]
"""The runs of both corpora, by set of rules."""


def measure(
    escapes: Sequence[Escape] = ESCAPES, rows: Mapping[str, str] = ROWS
) -> dict[str, list[Run]]:
    """Run the ordinary cells and the escapes under each set of rules."""
    cells: tuple[Cell, ...] = (*BENIGN, *escapes)
    runs = run_all([Job(factory, cell) for factory in rows.values() for cell in cells])
    return {
        row: runs[number * len(cells) : (number + 1) * len(cells)]
        for number, row in enumerate(rows)
    }


def benign(runs: Sequence[Run]) -> list[Run]:
    """Return the runs of ordinary cells."""
    return [run for run in runs if isinstance(run.job.cell, Benign)]


def escapes(runs: Sequence[Run]) -> list[Run]:
    """Return the runs of escapes."""
    return [run for run in runs if isinstance(run.job.cell, Escape)]


def refused(runs: Sequence[Run]) -> list[Run]:
    """Return the runs of ordinary cells that did not give the right result."""
    return [run for run in benign(runs) if not run.reached]


def let_through(runs: Sequence[Run]) -> list[Run]:
    """Return the runs of escapes that were not stopped."""
    return [run for run in escapes(runs) if not run.stopped]


def render(measured: Measured) -> str:
    """Return the table and the lists below it as Markdown."""
    parts = [_totals(measured), _techniques(measured)]
    for row, runs in measured.items():
        if row != "unprotected":
            parts.append(_refused(row, runs))
        if row == "strict":  # of the others, nobody expects that they stop much
            parts.append(_let_through(row, runs))
    return "\n\n".join(parts) + "\n"


def splice(page: str, table: str) -> str:
    """Return the page with the table between its two markers.

    Raises:
        ValueError: The page does not have the markers.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        message = f"The page needs these two lines, in this order:\n{BEGIN}\n{END}"
        raise ValueError(message)
    return f"{before}{BEGIN}\n\n{table}\n{END}{after}"


def _totals(measured: Measured) -> str:
    lines = [
        "| rules | ordinary cells that pass | escapes that are stopped |",
        "|---|---|---|",
    ]
    for row, runs in measured.items():
        ordinary, attacks = benign(runs), escapes(runs)
        passed = len(ordinary) - len(refused(runs))
        stopped = len(attacks) - len(let_through(runs))
        lines.append(f"| {row} | {passed} of {len(ordinary)} | {stopped} of {len(attacks)} |")
    return "\n".join(lines)


def _techniques(measured: Measured) -> str:
    lines = [
        "| escapes stopped, by technique | cells | " + " | ".join(measured) + " |",
        "|---" * (len(measured) + 2) + "|",
    ]
    for technique in _by_technique(escapes(next(iter(measured.values())))):
        groups = [_by_technique(escapes(runs))[technique] for runs in measured.values()]
        counts = [sum(run.stopped for run in group) for group in groups]
        lines.append(f"| {technique} | {len(groups[0])} | " + " | ".join(map(str, counts)) + " |")
    return "\n".join(lines)


def _refused(row: str, runs: Sequence[Run]) -> str:
    names = ", ".join(_name(run) for run in refused(runs))
    return f"Ordinary cells that `{row}` refuses: {names or 'none'}."


def _let_through(row: str, runs: Sequence[Run]) -> str:
    groups = _by_technique(let_through(runs))
    if not groups:
        return f"Escapes that `{row}` lets through: none."
    lines = [
        f"- {technique}: " + ", ".join(_name(run) for run in group)
        for technique, group in groups.items()
    ]
    return f"Escapes that `{row}` lets through:\n\n" + "\n".join(lines)


def _by_technique(runs: Sequence[Run]) -> dict[str, list[Run]]:
    groups: dict[str, list[Run]] = {}
    for run in runs:
        if isinstance(run.job.cell, Escape):
            groups.setdefault(run.job.cell.technique, []).append(run)
    return groups


def _name(run: Run) -> str:
    ended = "" if run.status == Status.COMPLETED else f" ({run.status})"
    return f"`{run.job.cell.name}`{ended}"


def main(arguments: Sequence[str], page: Path = PAGE) -> None:
    """Measure, and show the table or write it into the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.security.table", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"put the table into {page}")
    write = parser.parse_args(arguments).write
    if write and not page.exists():
        parser.error(f"{page} is not there: write the page first, with the two markers in it")
    table = render(measure())
    if write:
        page.write_text(splice(page.read_text(encoding="utf-8"), table), encoding="utf-8")
    else:
        sys.stdout.write(table)


if __name__ == "__main__":
    main(sys.argv[1:])
