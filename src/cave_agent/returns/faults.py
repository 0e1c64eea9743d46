"""What is wrong with a value, in words for the model."""

import inspect
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from cave_agent import prompts
from cave_agent.runtime.resources import Function
from cave_agent.runtime.rich import one_line

if TYPE_CHECKING:
    from pydantic import ValidationError

OURS = "faults"
"""The type of error that our own validators raise, with their faults in its context."""

MOST_TOLD = 5
"""Faults of one object that are told; of the others, how many there are."""

_MOST_LOOKED_AT = 1_000
_MOST_CHARACTERS = 1_000


class Fault(NamedTuple):
    """One thing that is wrong.

    Attributes:
        path: Where in the object it is, as code: `[3].price`; empty for the object itself.
        text: What it is.
    """

    path: str
    text: str

    def __str__(self) -> str:
        return f"at {self.path}: {self.text}" if self.path else self.text


def faults_in(value: Any, error: "ValidationError") -> list[Fault]:
    """Return what pydantic found wrong with a value.

    Args:
        value: The value.
        error: What pydantic raised, for a tuple of that value alone.
    """
    count = error.error_count()
    if count > _MOST_LOOKED_AT:  # to list a million takes seconds and a gigabyte
        return [Fault("", f"{count:,} values in it are of the wrong type")]
    faults: list[Fault] = []
    for line in error.errors(include_url=False):
        path, key = _path(value, line["loc"][1:])
        if line["type"] == OURS:
            inner = line["ctx"]["faults"]
            faults.extend(Fault(path + fault.path, fault.text) for fault in inner)
            continue
        text = line["msg"]
        if path or key:
            subject = "the key" if key else "it"
            text += f" ({subject} is {shown(line['input'])})"
        faults.append(Fault(path, text))
    return list(dict.fromkeys(faults))


def fault_raised_by(check: Callable[[Any], object], value: Any) -> Fault | None:
    """Call a function of the host with a value, and return what it raised as a fault.

    Only an `Exception` is a verdict on the value; anything else, such as a `KeyboardInterrupt`,
    is raised.
    """
    try:
        check(value)
    except Exception as error:  # noqa: BLE001 - whatever it raises is what is wrong
        return Fault("", raised(error))
    return None


def raised(error: Exception) -> str:
    """Return the kind and the message of an exception; without one, the line that raised it."""
    text = prompts.shorten(str(error), _MOST_CHARACTERS)
    if not text:
        frames = traceback.extract_tb(error.__traceback__)
        text = (frames[-1].line if frames else None) or "(no message)"
    return f"{type(error).__name__}: {text}"


def require_plain_call(check: Callable[[Any], object]) -> None:
    """Refuse a check that would have to be awaited: its verdict would never be heard.

    Raises:
        TypeError: It is an async function.
    """
    if Function(check, name="check").is_async or inspect.isasyncgenfunction(check):
        message = f"{one_line(check)} is an async function: use a plain one to check an object."
        raise TypeError(message)


def shown(value: Any) -> str:
    """Return a value's type and what it looks like, in a line."""
    return f"{type(value).__name__} {one_line(value)}"


def listed(faults: Sequence[Fault]) -> str:
    """Return faults in one sentence; of many, the first."""
    more = len(faults) - MOST_TOLD
    texts = [str(fault) for fault in faults[:MOST_TOLD]]
    return "; ".join([*texts, *([f"and {more:,} more"] if more > 0 else [])])


def _path(value: Any, steps: Iterable[int | str]) -> tuple[str, bool]:
    """Return as code where pydantic stood, and whether it looked at the key there.

    Its own path also names the members of unions, which lead nowhere in the value.
    """
    path, is_key = "", False
    for step in steps:
        is_key = step == "[key]"
        if isinstance(value, Mapping):
            is_inside = step in value
        else:
            is_inside = isinstance(value, Sequence) and isinstance(step, int) and step < len(value)
        if is_inside:
            path, value = f"{path}[{one_line(step)}]", value[step]
    return path, is_key
