"""Whether a variable that stood there before the query holds what the query asked for."""

import ast
import warnings
from collections.abc import Iterable
from typing import Any, NamedTuple

from cave_agent.returns.faults import text_of
from cave_agent.runtime.execution import CellStopped
from cave_agent.runtime.rich import bounded_repr


class Look(NamedTuple):
    """What an object looks like; another look shows that it was changed.

    Attributes:
        kind: The name of its class.
        length: Its length, if it has one.
        text: Its `repr`, bounded.
    """

    kind: str
    length: int | None
    text: str


def look_at(value: Any) -> Look:
    """Return what a value looks like now."""
    return Look(type(value).__name__, _length(value), text_of(value, bounded_repr))


def _length(value: Any) -> int | None:
    try:
        return len(value)
    except CellStopped:
        raise
    except BaseException:  # noqa: BLE001 - most objects have none, and some raise what they like
        return None


def is_stale(name: str, value: Any, before: Look, cells: Iterable[str]) -> bool:
    """Whether a variable holds only what it held before the query.

    It does not where a cell has assigned it, or where it looks different. An object that does not
    show all that is in it may have changed nevertheless, so that it is enough if a cell names it.

    Args:
        name: The variable.
        value: What it holds.
        before: What it looked like before the query.
        cells: The code of the cells that have succeeded since.
    """
    now = look_at(value)
    if now != before:
        return False
    names = [node for cell in cells for node in _names(cell) if node[0] == name]
    return not any(is_assigned for _, is_assigned in names) and (
        not names or _shows_all(value, now.text)
    )


def _shows_all(value: Any, text: str) -> bool:
    """Whether the text is all of the value, which is so for plain data that is not large."""
    try:
        return bool(ast.literal_eval(text) == value)
    except Exception:  # noqa: BLE001 - it is no literal, or compares as it likes
        return False


def _names(cell: str) -> Iterable[tuple[str, bool]]:
    """Yield the names in a cell, each with whether it is assigned there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python has warned of the code when the cell ran
        tree = ast.parse(cell)
    for node in ast.walk(tree):
        match node:
            case ast.Name(name, context):
                yield name, isinstance(context, ast.Store)
            case ast.alias(name, alias):
                yield alias or name, True
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name, True
            case ast.ClassDef(name=name):
                yield name, True
