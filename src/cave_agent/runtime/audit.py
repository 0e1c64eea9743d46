"""What cells do to the world outside of their process, as the interpreter itself tells it.

Rules that read texts, and a guard that watches names, can be walked around by way of a library that
does the reading and calling for the cell. But Python raises an audit event where a file is opened,
a program started or a connection made, whoever asked for it. So a runtime whose rules refuse such
events is asked here, for code of its cells and of what they call. Code of the host decides for
itself: events that it causes, also when a cell called it, are its own.

An audit hook cannot be taken back, so it is set with the first runtime that needs it.
"""

import asyncio
import importlib
import sys
import sysconfig
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from types import CoroutineType
from typing import Any
from weakref import WeakValueDictionary

from cave_agent.runtime.execution import last_execution
from cave_agent.runtime.tracebacks import runtime_of

FAMILIES = frozenset(
    """
    open os shutil tempfile glob mmap fcntl socket urllib http ftplib imaplib poplib smtplib
    subprocess pty webbrowser ctypes sqlite3 pickle marshal resource syslog msvcrt winreg
    """.split()  # noqa: SIM905 - as a list it would fill a page
)
"""The first words of the events that rules are asked about."""

_LIBRARIES = tuple(
    {
        f"{Path(path).resolve()}/"
        for path in (
            *sysconfig.get_paths().values(),
            sys.prefix,
            sys.base_prefix,
            str(Path(__file__).parent.parent),
        )
    }
)

_watched: "WeakValueDictionary[str, Any]" = WeakValueDictionary()
_installed: list[bool] = []
_asking: ContextVar[bool] = ContextVar("cave_agent_asking", default=False)


def watch(runtime_name: str, guard: Any) -> None:
    """Ask a guard about what the cells of a runtime do.

    Args:
        runtime_name: The runtime.
        guard: Has a method `check_event`, which is given the event and its arguments.
    """
    _watched[runtime_name] = guard
    if not _installed:
        _installed.append(True)
        sys.addaudithook(_hook)


def on_behalf_of_host(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Call a function of the host's for a cell: what it does is the host's doing."""
    result = function(*args, **kwargs)
    return _awaited(result) if type(result) is CoroutineType else result


async def _awaited(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return await coroutine


@cache
def is_library_file(filename: str) -> bool:
    """Whether a file of code belongs to Python, to an installed package, or is no file at all."""
    return filename.startswith("<") or str(Path(filename).resolve()).startswith(_LIBRARIES)


_HOST_CODE = {
    on_behalf_of_host.__code__,
    _awaited.__code__,
    # A module that is loaded reads what it needs, also where a library loads it late.
    importlib._bootstrap._find_and_load.__code__,  # type: ignore[attr-defined]  # noqa: SLF001
}
_CALLBACK = asyncio.events.Handle._run.__code__  # noqa: SLF001 - what is below it is the event loop


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event.partition(".")[0] in FAMILIES and _watched and not _asking.get():
        token = _asking.set(True)
        try:
            guard = _responsible()
            if guard is not None:
                guard.check_event(event, arguments)
        finally:
            _asking.reset(token)


def _responsible() -> Any:
    """Return the guard of the runtime whose cell does what is told; `None` if the host does it."""
    frame = sys._getframe(2)  # noqa: SLF001
    while frame is not None:
        code = frame.f_code
        if code is _CALLBACK:
            break
        if code.co_filename.startswith("<Cell "):
            return _watched.get(runtime_of(code.co_filename) or "")
        if code in _HOST_CODE or not is_library_file(code.co_filename):
            return None
        frame = frame.f_back  # type: ignore[assignment]
    execution = last_execution()
    return None if execution is None else _watched.get(execution.runtime_name)
