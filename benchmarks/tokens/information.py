"""What share of the results a model has seen whole."""

import re
from collections.abc import Iterator
from typing import Any

from benchmarks.tokens.replay import TurnSeen

_ATOM = re.compile(r"\d+(?:\.\d+)?|[^\W\d_]+")


def seen_whole(turn: TurnSeen) -> int:
    """Return how many results of a turn stand whole in what the model was sent of it.

    A result is seen if all its leaves are found, each after the one before, and after the results
    before it. Words are compared without case, so that `True` is `true`, and numbers by value.
    """
    text = list(_atoms(turn.text))
    place = seen = 0
    for result in turn.results:
        end = place
        for leaf in _leaves(result):
            found = _find(text, list(_atoms(leaf)), end)
            if found is None:
                break
            end = found
        else:
            place = end
            seen += 1
    return seen


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _leaves(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _leaves(each)
    elif value is not None:
        yield str(value)


def _atoms(text: str) -> Iterator[str | float]:
    for match in _ATOM.finditer(text):
        atom = match[0]
        yield float(atom) if atom[0].isdigit() else atom.lower()


def _find(text: list[str | float], wanted: list[str | float], start: int) -> int | None:
    """Return the place after the first occurrence."""
    if not wanted:
        return start
    for place in range(start, len(text) - len(wanted) + 1):
        if text[place : place + len(wanted)] == wanted:
            return place + len(wanted)
    return None
