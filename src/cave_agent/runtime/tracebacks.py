"""Telling the model why a cell failed: its own lines, not the machinery's nor the libraries'."""

import linecache
import re
import sys
import textwrap
import traceback
from collections.abc import Iterator
from enum import Enum
from types import FrameType

from cave_agent.results import CellError
from cave_agent.runtime.hints import hint_for

_MOST_REPEATS = 3
_MOST_FRAMES = 20
_MOST_CHAINED = 5
_MOST_IN_GROUP = 5
_LONGEST_MESSAGE = 4_000
_CELL_FILE = re.compile(r"<Cell \d+ of (\w+)>")
_MACHINERY = (
    *(
        f"cave_agent.runtime.{module}"
        for module in ("audit", "cell_builtins", "execution", "guard", "responsible", "routing")
    ),
    "cave_agent.security",
)
"""What the names of modules begin with that cells call without writing so."""


class ErrorFeedbackMode(Enum):
    """How much of an error the model is told."""

    PLAIN = "plain"
    """The traceback through the cells' own frames, with their source lines."""
    MINIMAL = "minimal"
    """One line: the exception and where in the cell it was raised."""


class CellNames:
    """The file names that the cells of one runtime are compiled under.

    Args:
        runtime_name: Keeps the names of different runtimes apart.
    """

    def __init__(self, runtime_name: str) -> None:
        self._suffix = f" of {runtime_name}>"

    def of(self, cell: int) -> str:
        """Return the file name of a cell.

        Example:
            >>> CellNames("cells_1").of(3)
            '<Cell 3 of cells_1>'
        """
        return f"<Cell {cell}{self._suffix}"

    def are_of(self, filename: str) -> bool:
        """Whether a file name is that of a cell of this runtime."""
        return filename.endswith(self._suffix)

    def label(self, filename: str) -> str | None:
        """Return `Cell 3` for the file name of a cell of this runtime, `None` for any other."""
        return filename[1 : -len(self._suffix)] if self.are_of(filename) else None


def runtime_of(filename: str) -> str | None:
    """Return the name of the runtime that a file name of a cell belongs to; `None` for other files.

    Example:
        >>> runtime_of("<Cell 3 of cells_1>"), runtime_of("<string>")
        ('cells_1', None)
    """
    match = _CELL_FILE.fullmatch(filename)
    return match[1] if match else None


def place_in_cell() -> tuple[int | None, str]:
    """Return the line of the innermost running frame that lies in a cell, and its source."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - there is no other way to it
    while frame is not None:
        filename = frame.f_code.co_filename
        if runtime_of(filename) is not None:
            return frame.f_lineno, linecache.getline(filename, frame.f_lineno)
        frame = frame.f_back
    return None, ""


def leave_out_machinery(error: BaseException) -> None:
    """Take the frames that cells did not write out of the traceback of an exception.

    That goes for those behind it and in it, too; the first frame stays: it is the one that asks.
    """
    pending: list[BaseException | None] = [error]
    seen: set[int] = set()
    while pending:
        each = pending.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        place = each.__traceback__
        while place is not None:
            following = place.tb_next
            while following is not None and _is_machinery(following.tb_frame):
                following = following.tb_next
            if following is not place.tb_next:
                place.tb_next = following
            place = following
        pending += (each.__cause__, each.__context__)
        pending += each.exceptions if isinstance(each, BaseExceptionGroup) else ()


def _is_machinery(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).startswith(_MACHINERY)


def describe_error(error: BaseException, names: CellNames, mode: ErrorFeedbackMode) -> CellError:
    """Return what is told about an exception that left a cell.

    Args:
        error: The exception, with its traceback.
        names: The runtime's cell names: frames of other files are left out.
        mode: How much to tell.
    """
    try:
        return _described(error, names, mode)
    except Exception as failure:  # noqa: BLE001 - any exception class may be broken
        kind = type(error).__name__
        message = f"<it cannot be shown: looking at it raised {type(failure).__name__}>"
        return CellError(kind, message, f"{kind}: {message}")


def _described(error: BaseException, names: CellNames, mode: ErrorFeedbackMode) -> CellError:
    place = _place(error, names)
    last_lines = _exception_only(error, names)
    hint = hint_for(error)
    if mode is ErrorFeedbackMode.MINIMAL:
        where = f" ({place[0]}, line {place[1]})" if place else ""
        text = " ".join(_summary(error).splitlines()) + where
        if hint:
            text += f". {hint}"
    else:
        text = "".join(_lines(error, names, last_lines))
        if hint:
            text += f"\n{hint}"
    return CellError(type(error).__name__, _message(error), text, place[1] if place else None)


def _message(error: BaseException) -> str:
    try:
        return _shortened(str(error.msg if isinstance(error, SyntaxError) else error))
    except Exception as failure:  # noqa: BLE001 - any exception class may be broken
        return f"<its message cannot be shown: str() raised {type(failure).__name__}>"


def _summary(error: BaseException, depth: int = 0) -> str:
    text = f"{type(error).__name__}: {_message(error)}".rstrip(": ")
    if isinstance(error, BaseExceptionGroup) and depth < _MOST_CHAINED:
        members = error.exceptions[:_MOST_IN_GROUP]
        text += f" [{'; '.join(_summary(member, depth + 1) for member in members)}]"
    return text


def _shortened(text: str) -> str:
    if len(text) <= _LONGEST_MESSAGE:
        return text
    half = _LONGEST_MESSAGE // 2
    return f"{text[:half]} … {text[-half:]}"


def _place(error: BaseException, names: CellNames) -> tuple[str, int] | None:
    """Return the label and line of the innermost frame that lies in a cell."""
    if isinstance(error, SyntaxError) and (label := names.label(error.filename or "")):
        return label, error.lineno or 1
    place = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        if label := names.label(frame.f_code.co_filename):
            place = label, line
    return place


def _exception_only(error: BaseException, names: CellNames) -> str:
    """Return the exception's own lines (with notes, with the caret of a syntax error)."""
    # From the traceback come suggestions of names that are spelled nearly the same.
    formatted = traceback.TracebackException(
        type(error), error, error.__traceback__, limit=0, compact=True, lookup_lines=False
    )
    label = None
    if isinstance(error, SyntaxError):
        filename = error.filename or ""
        label = names.label(filename)
        if label and not formatted.text:  # of no other file: a cell may name any in its error
            formatted.text = linecache.getline(filename, error.lineno or 1)
    lines = []
    for line in formatted.format_exception_only():
        if isinstance(error, SyntaxError) and line.startswith('  File "'):
            lines.append(f"  {label}, line {error.lineno}\n" if label else line)
        else:
            lines.append(line)
    return _shortened("".join(lines).rstrip("\n"))


def _lines(
    error: BaseException, names: CellNames, last_lines: str, depth: int = 0
) -> Iterator[str]:
    """Yield the traceback, causes first, as Python orders them."""
    cause, joint = error.__cause__, "The above exception was the direct cause of the following:"
    if cause is None and not error.__suppress_context__:
        cause, joint = error.__context__, "While handling the above, another exception occurred:"
    if cause is not None and depth < _MOST_CHAINED:
        yield from _lines(cause, names, _exception_only(cause, names), depth + 1)
        yield f"\n\n{joint}\n\n"
    stack = list(_stack(error, names))
    if len(stack) > _MOST_FRAMES:
        half = _MOST_FRAMES // 2
        stack[half:-half] = [f"  … {len(stack) - _MOST_FRAMES:,} more frames …\n"]
    if stack:
        yield "Traceback (most recent call last):\n"
        yield from stack
    yield last_lines
    if isinstance(error, BaseExceptionGroup) and depth < _MOST_CHAINED:
        yield from _members(error, names, depth)


def _members(
    group: BaseExceptionGroup[BaseException], names: CellNames, depth: int
) -> Iterator[str]:
    """Yield the tracebacks of what a group holds, indented."""
    for number, error in enumerate(group.exceptions[:_MOST_IN_GROUP], start=1):
        yield f"\n  {number} of {len(group.exceptions)}:\n"
        text = "".join(_lines(error, names, _exception_only(error, names), depth + 1))
        yield textwrap.indent(text, "    ")
    if len(group.exceptions) > _MOST_IN_GROUP:
        yield "\n  …"


def _stack(error: BaseException, names: CellNames) -> Iterator[str]:
    """Yield the frames that lie in cells; what is below the last of them is told in one line."""
    previous, repeats = None, 0
    below: FrameType | None = None
    seen_cell = False
    for frame, line in traceback.walk_tb(error.__traceback__):
        code = frame.f_code
        label = names.label(code.co_filename)
        if label is None:
            if not _is_machinery(frame):
                below = frame if seen_cell else None
            continue
        seen_cell, below = True, None
        place = (code.co_filename, line, code.co_name)
        repeats = repeats + 1 if place == previous else 0
        previous = place
        if repeats < _MOST_REPEATS:
            source = linecache.getline(code.co_filename, line).strip()
            told = f"    {source}\n" if source else ""
            yield f"  {label}, line {line}, in {code.co_name}\n{told}"
        elif repeats == _MOST_REPEATS:
            yield "  … the same frame again and again …\n"
    if below is not None:
        module = below.f_globals.get("__name__", "?")
        yield f"  … raised in {module}.{below.f_code.co_qualname}\n"
