"""Who does what happens now: a cell, or the host on a cell's behalf.

The frames of the call tell it: the innermost one that is neither a library's nor of this machinery
is a cell's or the host's. Where there is none, as in the tasks and threads that libraries start,
whoever started them counts. Frames of their own stand for that at the bottom of threads and of
what pools run; tasks keep it in their contexts, next to the execution that they belong to, so that
a cell within, which is another execution, never takes it over.
"""

import asyncio
import importlib
import sys
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from concurrent.futures.thread import _WorkItem
from contextvars import ContextVar, copy_context
from functools import cache, wraps
from pathlib import Path
from types import CoroutineType, FrameType
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from cave_agent.runtime.execution import (
    Execution,
    enter_thread,
    is_context_of_thread,
    last_execution,
    run_as,
)
from cave_agent.runtime.tracebacks import runtime_of

T = TypeVar("T")

watched: "WeakValueDictionary[str, Any]" = WeakValueDictionary()
"""The guards of runtimes whose cells are watched, by the names of these runtimes."""

_host_acts_for: ContextVar[Execution | None] = ContextVar("cave_agent_host_acts", default=None)
"""The execution on whose behalf the host acts in the tasks of this context."""


def responsible_guard() -> Any:
    """Return the guard of the watched cell that acts now; `None` if another one or the host does.

    Code of cells and the host's counts before code of libraries that it calls.
    """
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - there is no other way to it
    while frame is not None:
        code = frame.f_code
        if code is _CALLBACK:
            break  # what is below it is the event loop
        if code.co_filename.startswith("<Cell "):
            return watched.get(runtime_of(code.co_filename) or "")
        if code in _HOST_CODE or not is_library_file(code.co_filename):
            return None
        if code is run_as.__code__:
            return _guard_of(last_execution())
        if code is _CALLS_BACK:
            break  # it has the context of the task of a pool that has ended
        if code is _POOL_TASK and is_context_of_thread():
            return None  # no cell ran when it was submitted: what the context says is left over
        frame = frame.f_back
    execution = last_execution()
    is_of_host = _host_acts_for.get() is execution and _is_in_a_task()
    return None if is_of_host else _guard_of(execution)


def _guard_of(execution: Execution | None) -> Any:
    return None if execution is None else watched.get(execution.runtime_name)


def _is_in_a_task() -> bool:
    """Whether a task takes a step; a callback has the context of whoever asked for it, too."""
    loop = asyncio._get_running_loop()  # noqa: SLF001 - it raises nothing where there is none
    return loop is not None and asyncio.current_task(loop) is not None


def entrance() -> Callable[..., Any]:
    """Return `run_as` for what is started now in another thread, or what is like it for the host.

    What the host starts on a cell's behalf belongs to the cell all the same, with what it prints.
    """
    return run_as if not watched or responsible_guard() is not None else _run_for_host


def _run_for_host(
    execution: Execution | None, function: Callable[..., T], /, *args: Any, **kwargs: Any
) -> T:
    enter_thread(execution)
    return function(*args, **kwargs)


def make_task(make: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
    """Make a task, which notes in its context whether the host or a cell starts it."""
    if not watched:
        return make(*args, **kwargs)
    starter = last_execution() if responsible_guard() is None else None
    context = copy_context()
    context.run(_host_acts_for.set, starter)
    return context.run(make, *args, **kwargs)


def on_behalf_of_host(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Call a function of the host's for a cell: what it does is the host's doing."""
    result = function(*args, **kwargs)
    return _awaited(result) if type(result) is CoroutineType else result


def doing_of_host(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return what cells get for a function of the host's; it leads them to no other one."""

    @wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        return on_behalf_of_host(function, *args, **kwargs)

    return called


async def _awaited(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return await coroutine


@cache
def _directories_of_libraries() -> tuple[str, ...]:
    import sysconfig  # noqa: PLC0415 - few need it

    paths = {*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix}
    return tuple(f"{Path(path).resolve()}/" for path in paths)


_PACKAGE = Path(__file__).resolve().parent.parent
_OURS = f"{_PACKAGE}/"
_MACHINERY = (f"{_PACKAGE / 'runtime'}/", f"{_PACKAGE / 'security'}/")


@cache
def is_library_file(filename: str) -> bool:
    """Whether a file of code belongs to Python, to an installed package, or is no file at all.

    What runs cells and checks them counts as such. The rest of this package is the host's: it runs
    agents, asks models and reads the files of skills, which the host gave.
    """
    if filename.startswith("<"):
        return True
    path = str(Path(filename).resolve())
    if path.startswith(_OURS):
        return path.startswith(_MACHINERY)
    return path.startswith(_directories_of_libraries())


_HOST_CODE = {
    on_behalf_of_host.__code__,
    _awaited.__code__,
    _run_for_host.__code__,
    # A module that is loaded reads what it needs, also where a library loads it late.
    importlib._bootstrap._find_and_load.__code__,  # type: ignore[attr-defined]  # noqa: SLF001
}
_POOL_TASK = _WorkItem.run.__code__
_CALLS_BACK = Future._invoke_callbacks.__code__  # type: ignore[attr-defined]  # noqa: SLF001
_CALLBACK = asyncio.events.Handle._run.__code__  # noqa: SLF001 - what is below it is the event loop
