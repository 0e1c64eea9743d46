"""What the demo is about: the table, a function, the questions, and the right answers."""

import csv
import statistics
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, NamedTuple

from cave_agent._extras import require
from cave_agent.runtime import Function, PythonRuntime, Variable

# Texts have another type by default in each version of pandas, and the model is told the types.
_TEXTS = dict.fromkeys(["species", "island", "sex"], "string")

TABLE: Traversable = files("cave_agent.cli") / "data" / "penguins.csv"

QUESTIONS = (
    (
        "Which penguins are the heaviest? Make a DataFrame `summary`, indexed by species, with the "
        "columns `birds` (how many were weighed), `mass_g` and `flipper_mm` (the means). Leave "
        "`penguins` as it is."
    ),
    (
        "Our readers think in pounds. Add a column `mass_lb` to it, and tell me how much heavier "
        "the heaviest species is than the lightest."
    ),
    (
        "Now a picture: flipper length against body mass, a colour for each species, kept in "
        "`figure`. How closely do the two go together? Keep the coefficient in `correlation`."
    ),
)

GRAMS_PER_POUND = 453.59237

_UNITS = {
    "g": ("mass", 1.0),
    "kg": ("mass", 1_000.0),
    "lb": ("mass", GRAMS_PER_POUND),
    "mm": ("length", 1.0),
    "cm": ("length", 10.0),
    "in": ("length", 25.4),
}


def convert(value: float, unit: str, to: str) -> float:
    """Convert a mass or a length from one unit to another."""
    for name in (unit, to):
        if name not in _UNITS:
            message = f"unknown unit {name!r}; the units are {', '.join(_UNITS)}"
            raise ValueError(message)
    (kind, factor), (kind_to, factor_to) = _UNITS[unit], _UNITS[to]
    if kind != kind_to:
        message = f"{unit!r} is a {kind} and {to!r} a {kind_to}: they cannot be converted"
        raise ValueError(message)
    return value * factor / factor_to


def load_table() -> Any:
    """Return the table as a pandas DataFrame.

    Raises:
        MissingExtraError: pandas is not installed.
    """
    pandas = require("pandas", extra="demo")
    with TABLE.open(encoding="utf-8") as file:
        return pandas.read_csv(file, dtype=_TEXTS)


def make_runtime(penguins: Any) -> PythonRuntime:
    """Return a runtime that holds the table and the function."""
    return PythonRuntime(
        variables=[Variable("penguins", penguins, "One row for each bird; some lack measurements")],
        functions=[Function(convert)],
    )


class Facts(NamedTuple):
    """What is right about one species.

    Attributes:
        birds: How many were weighed.
        mass_g: Their mean body mass.
        flipper_mm: Their mean flipper length.
    """

    birds: int
    mass_g: float
    flipper_mm: float


def measured() -> list[tuple[str, float, float]]:
    """Return species, flipper length and mass of each bird that was measured; without pandas."""
    return [
        (bird["species"], float(bird["flipper_length_mm"]), float(bird["body_mass_g"]))
        for bird in csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines())
        if "NA" not in (bird["flipper_length_mm"], bird["body_mass_g"])
    ]


def facts() -> dict[str, Facts]:
    """Return what is right, worked out from the file without pandas."""
    birds = measured()
    return {
        species: Facts(
            birds=sum(bird[0] == species for bird in birds),
            mass_g=statistics.fmean(bird[2] for bird in birds if bird[0] == species),
            flipper_mm=statistics.fmean(bird[1] for bird in birds if bird[0] == species),
        )
        for species in sorted({bird[0] for bird in birds})
    }


def correlation() -> float:
    """Return how closely flipper length and mass go together, worked out without pandas."""
    birds = measured()
    return statistics.correlation([bird[1] for bird in birds], [bird[2] for bird in birds])
