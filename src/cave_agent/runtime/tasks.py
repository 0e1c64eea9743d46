"""Tasks that run code of cells without letting it end the event loop, which is the host's.

`SystemExit` and `KeyboardInterrupt` that leave a task also leave `run_forever`, and with it the
host's `asyncio.run`. So while cells run in a loop, the coroutines of their tasks are wrapped, and
the two go on as a `CellExit` that ends the task and whoever awaits it.
"""

import asyncio
import contextvars
import sys
import time
import traceback
from collections.abc import Callable, Coroutine
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any

from cave_agent.runtime import watchdog
from cave_agent.runtime.execution import (
    CellStopped,
    Execution,
    awaiting_cell,
    current_execution,
)
from cave_agent.runtime.responsible import make_task
from cave_agent.runtime.tracebacks import runtime_of


class CellExit(BaseException):
    """Stands for its `__cause__`, such as a `SystemExit`, outside of the task that it ended."""


class Guarded(Coroutine[Any, Any, Any]):
    """A coroutine of a cell that cannot end the event loop, nor outlive the stop of its cell.

    Args:
        coroutine: What it does.
        execution: The run of the cell that it belongs to.
        ends_with_cell: Whether it is stopped with the cell, like what the cell awaits.

    Attributes:
        execution: As above.
        ends_with_cell: As above.
    """

    def __init__(
        self,
        coroutine: Coroutine[Any, Any, Any],
        execution: Execution,
        *,
        ends_with_cell: bool = False,
    ) -> None:
        self._coroutine = coroutine
        self.execution = execution
        self.ends_with_cell = ends_with_cell

    def send(self, value: Any, /) -> Any:
        """Run it to its next pause."""
        return self._step(self._coroutine.send, value)

    def throw(self, error: Any, /, *rest: Any) -> Any:
        """Raise an exception where it pauses."""
        # The first stop is a cancellation, which code may catch to ignore it.
        if not (isinstance(error, asyncio.CancelledError) and self.execution.stops > 1):
            return self._step(self._coroutine.throw, error, *rest)
        pause = self._step(self._coroutine.throw, CellStopped())
        if self.execution.cells_awaited:
            return pause  # it waits for the end of cells that are stopped like itself
        # It caught even that and waits again; as it is not resumed any more, it has ended. Freed
        # later, outside of its loop, what it does about that might never end.
        with suppress(BaseException):
            self.close()
        self._coroutine = _nothing()
        self.close()
        _expect_stop()
        raise CellStopped

    def close(self) -> None:
        """End it."""
        self._coroutine.close()

    def __await__(self) -> Any:
        return self._coroutine.__await__()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._coroutine, name)

    def _step(self, step: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return step(*arguments)
        except (SystemExit, KeyboardInterrupt) as error:
            raise CellExit from error
        except CellStopped:
            _expect_stop()
            raise


class _TopLevel(Guarded):
    """The coroutine that the top level of a cell is."""

    def _step(self, step: Callable[..., Any], *arguments: Any) -> Any:
        """Take a step, and tell what the cell raised from what ends a coroutine."""
        try:
            return super()._step(step, *arguments)
        except GeneratorExit as error:
            raise CellExit from error
        except StopIteration as end:
            # At the top level of a cell, unlike in a function, Python 3.12 and newer do not tell a
            # `StopIteration` that the code raised from the end of the code.
            if end.__traceback__ and _reaches_into(end.__traceback__, self._coroutine):
                raise CellExit from end
            raise


class CellTask:
    """Runs the coroutine of a cell in a task of its own, in the cell's context.

    What a cell does to its task, as `asyncio.TaskGroup` and `asyncio.timeout` do, is then not done
    to the host's.

    Args:
        context: The cell's context.
        execution: The run of the cell.

    Attributes:
        has_waited: Whether the cell had anything to await.
    """

    has_waited = False
    _cleans_up_until = 0.0
    _next_stop: asyncio.TimerHandle | None = None

    def __init__(self, context: contextvars.Context, execution: Execution) -> None:
        self.context = context
        self._execution = execution
        self._task: asyncio.Task[Any] | None = None

    async def __aenter__(self) -> None:
        """Begin the cell."""

    async def __aexit__(self, kind: type[BaseException] | None, *error: object) -> None:
        """Where the cell was stopped, stop its tasks, too, and wait for their end."""
        try:
            if kind is not GeneratorExit and self._execution.is_being_stopped():
                await self._stop_tasks()
        finally:
            if self._next_stop is not None:
                self._next_stop.cancel()

    async def run(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Run it to its end; a cancellation of the caller's task stops it, whatever it catches."""
        top_level = _TopLevel(coroutine, self._execution)
        self._task = task = asyncio.Task(top_level, context=self.context)
        try:
            while not task.done():
                await self._wait_for({task})
        finally:
            self._task = None
        task.result()

    def stop(self) -> None:
        """Stop the cell, and its tasks, where they wait; runs in the event loop."""
        tasks = self._tasks()
        if self._task is not None:
            tasks.add(self._task)
        now = time.monotonic()
        if not tasks or now < self._cleans_up_until:
            return
        self._cleans_up_until = now + watchdog.CLEANUP_TIME / 2
        self._execution.stops += 1
        self._execution.stop_threads()
        for task in tasks:
            task.cancel()

    async def _stop_tasks(self) -> None:
        if self._next_stop is None:
            if self._execution.stop_reason is None:
                self._stop_until_it_ends()
            elif self._execution.stops == 0:  # what computed was interrupted
                self.stop()  # the watchdog goes on
        while tasks := self._tasks():
            await self._wait_for(tasks)

    def _tasks(self) -> "set[asyncio.Task[Any]]":
        """Return the tasks that end with the cell, without its own."""
        return {task for task in asyncio.all_tasks() if self._is_of_cell(task.get_coro())}

    def _is_of_cell(self, coroutine: object) -> bool:
        return (
            isinstance(coroutine, Guarded)
            and coroutine.ends_with_cell
            and coroutine.execution is self._execution
        )

    async def _wait_for(self, tasks: "set[asyncio.Task[Any]]") -> None:
        self.has_waited = True
        try:
            with awaiting_cell():
                await asyncio.wait(tasks)
        except (asyncio.CancelledError, CellStopped):
            if self._next_stop is None:
                self._stop_until_it_ends()

    def _stop_until_it_ends(self) -> None:
        self.stop()
        loop = asyncio.get_running_loop()
        self._next_stop = loop.call_later(watchdog.CLEANUP_TIME, self._stop_until_it_ends)


def end_with_cell() -> None:
    """Let the current task be stopped with the cell that it belongs to, whoever made it."""
    task = asyncio.current_task()
    coroutine = None if task is None else task.get_coro()
    if isinstance(coroutine, Guarded):
        coroutine.ends_with_cell = True


async def withdraw_cancellation(task: "asyncio.Task[Any]", count: int) -> None:
    """Undo what a cell that never waited did to its own task: nobody else can have done it.

    Args:
        task: The current task.
        count: How many cancellations it had before.
    """
    requested = task.cancelling()
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(0)
    if task.cancelling() > requested:  # one from outside has come meanwhile
        raise asyncio.CancelledError
    while task.cancelling() > count:
        task.uncancel()


async def _nothing() -> None:
    """Stand for a coroutine that was given up."""


def _expect_stop() -> None:
    """Keep the event loop from complaining that nobody asks the current task how it ended.

    Whoever would have asked is stopped, too.
    """
    task = asyncio.current_task()
    if task is not None:
        task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())


def _reaches_into(trace: TracebackType, coroutine: Any) -> bool:
    return any(frame.f_code is coroutine.cr_code for frame, _ in traceback.walk_tb(trace))


def unwrapped(error: BaseException) -> BaseException:
    """Return what ended a cell where it is wrapped, as it came by way of another task."""
    if isinstance(error, BaseExceptionGroup):
        ends: Any = error.subgroup((CellExit, CellStopped))
        while isinstance(ends, BaseExceptionGroup):
            ends = ends.exceptions[0]
        error = ends or error
    return error.__cause__ or error if isinstance(error, CellExit) else error


def _is_made_by_cell() -> bool:
    """Whether code of a cell makes a task, and not a library or the host in its own interest."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - there is no other way to it
    while frame is not None and str(frame.f_globals.get("__name__")).startswith("asyncio."):
        frame = frame.f_back
    return frame is not None and runtime_of(frame.f_code.co_filename) is not None


class _Factory:
    """Makes the tasks of one event loop while cells run in it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, host: Any) -> None:
        self._cells = 0
        self._loop = loop
        self._host = host

    def __enter__(self) -> None:
        if self._cells == 0:
            self._loop.set_task_factory(self)
        self._cells += 1

    def __exit__(self, *error: object) -> None:
        self._cells -= 1
        # The host may have set another one meanwhile.
        if self._cells == 0 and self._loop.get_task_factory() is self:
            self._loop.set_task_factory(self._host)

    def __call__(
        self, loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any
    ) -> "asyncio.Future[Any]":
        execution = current_execution()
        if execution is not None:
            coroutine = Guarded(coroutine, execution, ends_with_cell=_is_made_by_cell())
        made: asyncio.Future[Any] = make_task(self._host or _plain_task, loop, coroutine, **options)
        return made


def _plain_task(
    loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any
) -> "asyncio.Task[Any]":
    return asyncio.Task(coroutine, loop=loop, **options)


def guarded_tasks(loop: asyncio.AbstractEventLoop) -> _Factory:
    """Return a context manager that guards the tasks that cells start in a loop; it nests."""
    factory: Any = loop.get_task_factory()
    return factory if isinstance(factory, _Factory) else _Factory(loop, factory)
