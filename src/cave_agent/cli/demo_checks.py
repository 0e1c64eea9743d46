"""What the host does with the objects that come out of the demo: it saves and checks them."""

import csv
import math
from collections.abc import Iterator, Mapping
from numbers import Real
from pathlib import Path
from typing import Any, NamedTuple

from cave_agent._extras import require
from cave_agent.cli import penguins
from cave_agent.results import AgentResponse
from cave_agent.runtime import PythonRuntime

CSV_NAME = "penguins.csv"
PNG_NAME = "penguins.png"

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TOLERANCE = 0.005  # a model may round


class Outcome(NamedTuple):
    """What the conversation left.

    Attributes:
        table: The DataFrame that went in.
        runtime: Where the cells ran.
        responses: The answers to the questions, in order.
    """

    table: Any
    runtime: PythonRuntime
    responses: list[AgentResponse]

    def get(self, name: str) -> Any:
        """Return an object of the runtime, `None` where it has no such name."""
        return self.runtime.retrieve(name) if name in self.runtime.names() else None


class Check(NamedTuple):
    """Something that must be so.

    Attributes:
        words: What it is, in a sentence.
        problem: What is different, where it is not so.
    """

    words: str
    problem: str = ""


def save(outcome: Outcome, directory: Path) -> None:
    """Write the DataFrame as CSV and the figure as PNG, where they came out."""
    directory.mkdir(parents=True, exist_ok=True)
    summary, figure = outcome.get("summary"), outcome.get("figure")
    (directory / CSV_NAME).unlink(missing_ok=True)
    (directory / PNG_NAME).unlink(missing_ok=True)
    if isinstance(summary, _dataframe_class()):
        summary.to_csv(directory / CSV_NAME)
    if isinstance(figure, _figure_class()):
        figure.savefig(directory / PNG_NAME, dpi=150)


def checks(outcome: Outcome, directory: Path) -> Iterator[Check]:
    """Yield what must be so; the right figures are worked out anew, without pandas.

    Args:
        outcome: What the conversation left.
        directory: Where `save` wrote.
    """
    yield _check(
        "`penguins` in the runtime is the very object that went in, not a copy",
        outcome.get("penguins") is outcome.table,
        "it is another object",
    )
    summary = outcome.get("summary")
    is_frame = isinstance(summary, _dataframe_class())
    yield _check(
        "`summary` came out as a pandas DataFrame", is_frame, f"it is {type(summary).__name__}"
    )
    if is_frame:
        yield from _summary_checks(summary)
        yield _written_check(summary, directory / CSV_NAME)
    pair = "flipper length and mass"
    right = {pair: penguins.correlation()}
    yield _numbers_check("`correlation`", {pair: outcome.get("correlation")}, right)
    figure = outcome.get("figure")
    is_figure = isinstance(figure, _figure_class())
    yield _check(
        "`figure` came out as a matplotlib Figure", is_figure, f"it is {type(figure).__name__}"
    )
    if is_figure:
        path = directory / PNG_NAME
        is_png = path.read_bytes().startswith(_PNG_SIGNATURE)
        yield _check(f"{path} is a PNG file", is_png, "it does not begin like one")
    heaviest = max(penguins.facts().items(), key=lambda item: item[1].mass_g)[0]
    yield _check(
        f"the first answer names {heaviest}, the heaviest species",
        heaviest in outcome.responses[0].content,
        f"it says: {outcome.responses[0].content}",
    )


def _summary_checks(summary: Any) -> Iterator[Check]:
    facts = penguins.facts()
    expected: dict[str, dict[str, float]] = {
        "birds": {species: fact.birds for species, fact in facts.items()},
        "mass_g": {species: fact.mass_g for species, fact in facts.items()},
        "flipper_mm": {species: fact.flipper_mm for species, fact in facts.items()},
        "mass_lb": {
            species: fact.mass_g / penguins.GRAMS_PER_POUND for species, fact in facts.items()
        },
    }
    for column, right in expected.items():
        found = dict(summary[column]) if column in summary.columns else {}
        yield _numbers_check(f"`summary.{column}`", found, right)


def _written_check(summary: Any, path: Path) -> Check:
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    problem = f"it has the columns {header} and {len(rows)} rows"
    is_whole = header[1:] == list(summary.columns) and len(rows) == len(summary)
    return _check(f"{path} holds it, with {len(rows)} rows", is_whole, problem)


def _numbers_check(name: str, found: Mapping[str, Any], right: Mapping[str, float]) -> Check:
    is_right = found.keys() == right.keys() and all(
        isinstance(number, Real) and math.isclose(number, right[key], rel_tol=_TOLERANCE)
        for key, number in found.items()
    )
    differs = f"it is {_in_words(found)} where {_in_words(right)} is right"
    return _check(f"{name} is right: {_in_words(right)}", is_right, differs)


def _in_words(numbers: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{key} {number:,.6g}" if isinstance(number, Real) else f"{key} {number!r}"
        for key, number in numbers.items()
    )


def _check(words: str, is_so: bool, problem: str) -> Check:  # noqa: FBT001 - what is checked
    return Check(words, "" if is_so else problem)


def _dataframe_class() -> Any:
    return require("pandas", extra="demo").DataFrame


def _figure_class() -> Any:
    return require("matplotlib.figure", extra="demo").Figure
