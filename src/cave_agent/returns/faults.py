"""What is wrong with a value, in words for the model."""

import inspect
import numbers
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from cave_agent import prompts
from cave_agent.runtime.execution import CellStopped
from cave_agent.runtime.resources import Function
from cave_agent.runtime.rich import one_line

if TYPE_CHECKING:
    from pydantic import ValidationError

OURS = "faults"
"""The type of error that our own validators raise, with their faults in its context."""

MOST_TOLD = 5
"""Faults of one object that are told; of the others, how many there are."""

MOST_LOOKED_AT = 1_000
"""Faults of one object that are looked at; of more, only the number is told."""

_MOST_CHARACTERS = 1_000
_NUMBERS = {"int": numbers.Integral, "float": numbers.Real}


class Findings(NamedTuple):
    """What a check of one object found.

    Attributes:
        faults: All that is wrong; empty where nothing is.
        left_out: What was not looked at; empty where all was.
    """

    faults: "list[Fault]"
    left_out: str = ""


class Fault(NamedTuple):
    """One thing that is wrong.

    Attributes:
        path: Where in the object it is, as code: `[3].price`; empty for the object itself.
        text: What it is.
    """

    path: str
    text: str

    def inside(self, path: str, value: Any, subject: str = "it") -> "Fault":
        """Return the same fault as one of the object that holds the value.

        Args:
            path: Where in that object the value is.
            value: What is wrong; it is shown unless the fault is deeper inside.
            subject: What to call the value.
        """
        if self.path or not path:
            return Fault(path + self.path, self.text)
        return Fault(path, f"{self.text} ({subject} is {shown(value)})")

    def __str__(self) -> str:
        return f"at {self.path}: {self.text}" if self.path else self.text


def faults_in(value: Any, error: "ValidationError") -> list[Fault]:
    """Return what pydantic found wrong with a value.

    Args:
        value: The value.
        error: What pydantic raised, for a tuple of that value alone.
    """
    count = error.error_count()
    if count > MOST_LOOKED_AT:  # to list a million takes seconds and a gigabyte
        return [Fault("", f"{count:,} values in it are wrong")]
    faults: list[Fault] = []
    for line in error.errors(include_url=False):
        path, is_key = _path(value, line["loc"][1:])
        if line["type"] == OURS:
            own = line["ctx"]["faults"]
        else:
            own = [Fault("", line["msg"] + _conversion(line["type"], line["input"]))]
        subject = "the key" if is_key else "it"
        faults.extend(fault.inside(path, line["input"], subject) for fault in own)
    return list(dict.fromkeys(faults))


def error_of(check: Callable[[Any], object], value: Any) -> Exception | None:
    """Call a function of the host with a value, and return what it raised.

    Only an `Exception` is a verdict on the value; anything else, such as a `KeyboardInterrupt`,
    is raised.
    """
    try:
        check(value)
    except Exception as error:  # noqa: BLE001 - whatever it raises is what is wrong
        return error
    return None


def raised(error: Exception) -> str:
    """Return the kind and the message of an exception; without one, the line that raised it."""
    try:
        text = prompts.shorten(str(error), _MOST_CHARACTERS)
    except CellStopped:
        raise
    except BaseException as failure:  # noqa: BLE001 - a cell's code may stand behind it
        text = f"(its message cannot be told, which raised {type(failure).__name__})"
    if not text:
        frames = traceback.extract_tb(error.__traceback__)
        text = (frames[-1].line if frames else None) or "(no message)"
    return f"{type(error).__name__}: {text}"


def require_plain_call(check: Callable[[Any], object]) -> None:
    """Refuse a check that a call with the object does not run: its verdict would never be heard.

    Raises:
        TypeError: It is an async function or a generator, or does not take one argument.
    """
    is_generator = inspect.isgeneratorfunction(check) or inspect.isasyncgenfunction(check)
    if Function(check, name="check").is_async or is_generator:
        message = (
            f"{one_line(check)} is an async function or a generator, which a call alone does not "
            "run: use a plain function to check an object."
        )
        raise TypeError(message)
    try:
        signature = inspect.signature(check)
    except (TypeError, ValueError):  # as some have that are written in C
        return
    try:
        signature.bind(None)
    except TypeError as error:
        message = (
            f"{one_line(check)} cannot be called with the object alone ({error}): use a function "
            "of one parameter to check an object."
        )
        raise TypeError(message) from error


def shown(value: Any) -> str:
    """Return a value's type and what it looks like, in a line."""
    return f"{type(value).__name__} {text_of(value)}"


def text_of(value: object, write: Callable[[object], str] = one_line) -> str:
    """Return the `repr` of a value as it is written, whatever the code of the value raises.

    That is a cell's code: a `SystemExit` there is none of the host's.
    """
    try:
        return write(value)
    except CellStopped:
        raise
    except BaseException as error:  # noqa: BLE001 - see above
        return f"<{type(value).__name__} object whose repr raised {type(error).__name__}>"


def listed(faults: Sequence[Fault]) -> str:
    """Return faults in one sentence; of many, the first."""
    more = len(faults) - MOST_TOLD
    texts = [str(fault) for fault in faults[:MOST_TOLD]]
    return "; ".join([*texts, *([f"and {more:,} more"] if more > 0 else [])])


def _conversion(error_type: str, value: object) -> str:
    """Return how a number of numpy becomes the one of Python that is wanted."""
    wanted = error_type.removesuffix("_type")
    is_bool = type(value).__name__.rstrip("_") == "bool"  # which numpy does not count as a number
    fits = is_bool if wanted == "bool" else isinstance(value, _NUMBERS.get(wanted, ()))
    return f": use {wanted}(…)" if fits and type(value).__module__ == "numpy" else ""


def _path(value: Any, steps: Iterable[int | str]) -> tuple[str, bool]:
    """Return as code where pydantic found something, and whether that is the key there.

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
            path, value = f"{path}[{text_of(step)}]", value[step]
    return path, is_key
