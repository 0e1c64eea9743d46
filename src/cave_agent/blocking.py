"""Running a coroutine to its end for code that does not await."""

import asyncio
import contextvars
import signal
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar, cast

from cave_agent.errors import AgentNestingError
from cave_agent.runtime.execution import (
    CellStopped,
    Execution,
    current_execution,
    last_execution,
)
from cave_agent.runtime.watchdog import Watchdog

T = TypeVar("T")


def run_blocking(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in an event loop of its own, in this thread, and return what it returns.

    A cell may do so although a loop runs in its thread: code that does not await holds that loop
    up in any case, so it is paused, and objects that are bound to the thread still work. What stops
    the cell stops the coroutine, also in a thread that the cell has started, and so does a Ctrl-C.

    Raises:
        AgentNestingError: An event loop runs here, and the caller is no cell.
    """
    paused = asyncio._get_running_loop()  # noqa: SLF001 - made for event loops that nest
    execution = current_execution()
    if execution is None:
        last = last_execution()
        if last is not None and last.is_being_stopped():  # a thread of it, which comes too late
            coroutine.close()
            raise CellStopped
        if paused is None:
            return asyncio.run(coroutine)
        coroutine.close()
        message = "An event loop runs in this thread already: write `await agent.run(…)`."
        raise AgentNestingError(message)
    if paused is None:
        stoppable = _stopped_in_thread(coroutine, execution)
    else:
        stoppable = _stopped_in_pause(coroutine, execution, paused)
    asyncio._set_running_loop(None)  # noqa: SLF001
    try:
        with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
            return runner.run(stoppable, context=contextvars.copy_context())
    except asyncio.CancelledError:
        if execution.is_being_stopped():
            raise CellStopped from None
        raise
    finally:
        asyncio._set_running_loop(paused)  # noqa: SLF001


async def _stopped_in_thread(coroutine: Coroutine[Any, Any, T], execution: Execution) -> T:
    """Run a coroutine in a thread of a cell, which is to end with the cell."""
    with execution.part_in_thread() as part:
        watchdog = Watchdog(part, asyncio.get_running_loop(), _this_task().cancel)

        def stop() -> None:
            watchdog.stop("the cell that started its thread was stopped")

        with watchdog.watching(None), execution.stops_too(stop):
            if execution.is_being_stopped():
                stop()
            return await coroutine


async def _stopped_in_pause(
    coroutine: Coroutine[Any, Any, T], execution: Execution, paused: asyncio.AbstractEventLoop
) -> T:
    """Run a coroutine in the thread of a cell, whose own loop is paused."""
    task = _this_task()
    with (
        _interrupted_with(paused, task),
        _stopped_through(asyncio.get_running_loop(), task, execution),
    ):
        return await coroutine


@contextmanager
def _interrupted_with(
    paused: asyncio.AbstractEventLoop, task: "asyncio.Task[Any]"
) -> Iterator[None]:
    """Let a Ctrl-C that cancels a task of the paused loop cancel the one that runs meanwhile.

    The first Ctrl-C under `asyncio.run` does no more than that, and the paused loop would come to
    it at the end only.
    """
    host_handler = signal.getsignal(signal.SIGINT)
    is_main_thread = threading.current_thread() is threading.main_thread()
    if not is_main_thread or not callable(host_handler):
        yield
        return
    loop = asyncio.get_running_loop()

    def interrupt(number: int, frame: FrameType | None) -> None:
        before = _cancellations(paused)
        host_handler(number, frame)
        if _cancellations(paused) > before:
            task.cancel()
            loop.call_soon_threadsafe(lambda: None)  # it may wait for something that takes long

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is interrupt:
            signal.signal(signal.SIGINT, host_handler)


def _cancellations(loop: asyncio.AbstractEventLoop) -> int:
    return sum(task.cancelling() for task in asyncio.all_tasks(loop))


@contextmanager
def _stopped_through(
    loop: asyncio.AbstractEventLoop, task: "asyncio.Task[Any]", execution: Execution
) -> Iterator[None]:
    """Let the watchdogs of the cells in this thread reach them through the loop that runs now."""
    here = [outer for outer in execution.ancestry() if outer.thread == threading.get_ident()]
    before = [outer.nested_loop for outer in here]
    for outer in here:
        outer.nested_loop = (loop, task.cancel)
    try:
        yield
    finally:
        for outer, found in zip(here, before, strict=True):
            outer.nested_loop = found


def _this_task() -> "asyncio.Task[Any]":
    return cast("asyncio.Task[Any]", asyncio.current_task())
