"""Writes the results as a Markdown table, and into the page that keeps them."""

import datetime as dt
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.catalog import FLOOR, OURS, ROWS, Row, SubjectPlan
from benchmarks.harness import ROUNDS, Results

PAGE = Path(__file__).with_name("README.md")
BEGIN = "<!-- results: written by `python -m benchmarks --write` -->"
END = "<!-- end of results -->"
DIGITS = ((100, 0), (10, 1), (0.1, 2))
"""Digits after the point, by the smallest figure that is shown so."""


def machine() -> str:
    """Return what a reader needs to compare, and nothing that names the machine."""
    kernel = ".".join(platform.release().split(".")[:2])
    python = f"{platform.python_implementation()} {platform.python_version()}"
    system = f"{platform.system()} {kernel}, {platform.machine()}"
    return f"{os.cpu_count()} cores, {system}, {python}, {dt.datetime.now(dt.UTC):%B %Y}"


def render(
    plans: Sequence[SubjectPlan], probes: Sequence[str], results: Mapping[str, Results]
) -> str:
    """Return the table and its notes.

    Args:
        plans: The columns.
        probes: The probes that ran.
        results: What was found, by the subject's name.
    """
    rows = [row for row in ROWS if row.probe in probes]
    titles = ["", *(f"{plan.name} {results[plan.name].version}".strip() for plan in plans)]
    if OURS in plans:
        titles.append("target")
    lines = [_line(titles), _line(["---"] + ["--:"] * (len(titles) - 1))]
    lines += [_line(_cells(row, plans, results)) for row in rows]
    head = (
        f"{machine()}. Medians of up to {ROUNDS} rounds ± the median distance from them; without ± "
        "a figure was measured once. × floor is the ratio to the floor, × ours to cave-agent."
    )
    notes = _notes(plans, rows, results)
    return "\n".join([head, "", *lines, *(["", *notes] if notes else [])]) + "\n"


def write(text: str) -> None:
    """Put the results between the marks of the page."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}", encoding="utf-8")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(row: Row, plans: Sequence[SubjectPlan], results: Mapping[str, Results]) -> list[str]:
    medians = {plan: results[plan.name].median(row.name) for plan in plans}
    cells = [row.title]
    for plan in plans:
        value = medians[plan]
        if value is None:
            cells.append("—")
            continue
        cell = _number(value)
        spread = results[plan.name].spread(row.name)
        if spread is not None and row.is_cost:
            cell += f" ± {spread:.0%}"
        base, of = (FLOOR, "floor") if plan is OURS else (OURS, "ours")
        reference = medians.get(base)
        if plan is not FLOOR and reference and row.is_cost:
            cell += f"<br>{_number(value / reference)} × {of}"
        cells.append(cell)
    if OURS in plans:
        cells.append(_verdict(row, medians[OURS], medians.get(FLOOR)))
    return cells


def _verdict(row: Row, value: float | None, floor: float | None) -> str:
    if row.target is None:
        return ""
    limit = row.target.limit * ((floor or 0.0) if row.target.of_floor else 1.0)
    if value is None or not limit:
        return str(row.target)
    return f"{row.target} {'✓' if value <= limit else '✗'}"


def _number(value: float) -> str:
    if not value:
        return "0"
    digits = next((digits for least, digits in DIGITS if abs(value) >= least), 4)
    return f"{value:,.{digits}f}"


def _notes(
    plans: Sequence[SubjectPlan], rows: Sequence[Row], results: Mapping[str, Results]
) -> list[str]:
    notes: list[str] = []
    for plan in plans:
        found = results[plan.name]
        notes += [
            f"- {plan.name}, {probe}: not measured: {found.missing[probe]}"
            for probe in dict.fromkeys(row.probe for row in rows)
            if probe in found.missing
        ]
        notes += [
            f"- {plan.name}, {row.title}: {found.notes[row.name]}."
            for row in rows
            if row.name in found.notes
        ]
    return notes
