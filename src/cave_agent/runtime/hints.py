"""One line of advice for mistakes that models make again and again in cells."""

import inspect
import linecache
import re
import traceback
from types import CoroutineType

_IPYTHON = re.compile(r"(?:[^'\"#(]*[^'\"#(=!<>]=\s*)?[!%]")
"""A line, or what a line assigns, that is a shell command or a magic of IPython."""


def hint_for(error: BaseException) -> str | None:
    """Return what to do instead, where the exception is one of the well-known mistakes.

    Args:
        error: The exception that left a cell.
    """
    if isinstance(error, SyntaxError):
        return _for_syntax(error)
    if isinstance(error, RuntimeError) and "event loop" in str(error):
        return "An event loop runs here already: write `await main()` instead of asyncio.run(…)."
    if isinstance(error, AttributeError) and isinstance(error.obj, CoroutineType):
        return _must_be_awaited(error.obj.__name__)
    if isinstance(error, TypeError) and "not callable" in str(error) and _calls_answer(error):
        return (
            "`answer` is a variable here, which hides the function: reply in prose instead, or "
            "rename the variable."
        )
    if isinstance(error, TypeError) and "'coroutine' object" in str(error):
        return "An async function was called without await: write `await f(…)`."
    return None


def _calls_answer(error: BaseException) -> bool:
    """Whether it was raised in a line of a cell that calls `answer`."""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and "answer(" in (frames[-1].line or "")


def close_refused(error: BaseException) -> None:
    """Close what asyncio refused to run, which would be complained about again elsewhere.

    Args:
        error: The exception that left a cell.
    """
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if not str(frame.f_globals.get("__name__")).startswith("asyncio."):
            continue
        for value in frame.f_locals.values():
            if isinstance(value, CoroutineType) and is_not_started(value):
                value.close()


def is_not_started(coroutine: "CoroutineType[object, object, object]") -> bool:
    """Whether nobody has awaited a coroutine yet."""
    return inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED


def not_awaited(name: str, coroutine: "CoroutineType[object, object, object]") -> str:
    """Return the note for a variable that a cell left bound to a coroutine."""
    return f"Note: `{name}` is a coroutine. {_must_be_awaited(coroutine.__name__)}\n"


def _must_be_awaited(function: str) -> str:
    return f"`{function}` must be awaited: write `await …{function}(…)`."


def _for_syntax(error: SyntaxError) -> str | None:
    line = (error.text or linecache.getline(error.filename or "", error.lineno or 0)).strip()
    if _IPYTHON.match(line):
        return (
            f"`{line[:40]}` is IPython syntax and cells are plain Python: shell commands and "
            "magics do not exist here. Packages cannot be installed from a cell."
        )
    return None
