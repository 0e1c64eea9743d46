"""Tasks that run code of cells without letting it end the event loop, which is the host's.

`SystemExit` and `KeyboardInterrupt` that leave a task also leave `run_forever`, and with it the
host's `asyncio.run`. So while cells run in a loop, the coroutines of their tasks are wrapped, and
the two go on as a `CellExit` that ends the task and whoever awaits it.
"""

import asyncio
import contextvars
import traceback
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any

from cave_agent.runtime import watchdog
from cave_agent.runtime.execution import CellStopped, Execution, current_execution


class CellExit(BaseException):
    """Stands for its `__cause__`, such as a `SystemExit`, outside of the task that it ended."""


class Guarded(Coroutine[Any, Any, Any]):
    """A coroutine of a cell that cannot end the event loop, nor outlive the stop of its cell.

    Args:
        coroutine: What it does.
        execution: The run of the cell that it belongs to.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, Any], execution: Execution) -> None:
        self._coroutine = coroutine
        self._execution = execution

    def send(self, value: Any, /) -> Any:
        """Run it to its next pause."""
        return self._step(self._coroutine.send, value)

    def throw(self, error: Any, /, *rest: Any) -> Any:
        """Raise an exception where it pauses."""
        # The first stop is a cancellation, which code may catch to ignore it.
        if not (isinstance(error, asyncio.CancelledError) and self._execution.stops > 1):
            return self._step(self._coroutine.throw, error, *rest)
        pause = self._step(self._coroutine.throw, CellStopped())
        if self._execution.cells_awaited:
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
    _next_stop: asyncio.TimerHandle | None = None

    def __init__(self, context: contextvars.Context, execution: Execution) -> None:
        self.context = context
        self._execution = execution
        self._task: asyncio.Task[Any] | None = None

    async def run(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Run it to its end; a cancellation of the caller's task stops it, whatever it catches."""
        self.has_waited = True
        top_level = _TopLevel(coroutine, self._execution)
        self._task = task = asyncio.Task(top_level, context=self.context)
        with _awaited_by(current_execution()):
            await self._end(task)
        task.result()

    async def _end(self, task: "asyncio.Task[Any]") -> None:
        try:
            while not task.done():
                try:
                    await asyncio.wait({task})
                except (asyncio.CancelledError, CellStopped):
                    if self._next_stop is None:
                        self._stop_until_it_ends()
        finally:
            self._task = None
            if self._next_stop is not None:
                self._next_stop.cancel()

    def stop(self) -> None:
        """Stop the cell where it waits; runs in the event loop."""
        if self._task is not None:
            self._execution.stops += 1
            self._execution.stop_threads()
            self._task.cancel()

    def _stop_until_it_ends(self) -> None:
        self.stop()
        loop = asyncio.get_running_loop()
        self._next_stop = loop.call_later(watchdog.CLEANUP_TIME, self._stop_until_it_ends)


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


@contextmanager
def _awaited_by(execution: Execution | None) -> Iterator[None]:
    if execution is None:
        yield
        return
    execution.cells_awaited += 1
    try:
        yield
    finally:
        execution.cells_awaited -= 1


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
            coroutine = Guarded(coroutine, execution)
        if self._host is not None:
            made: asyncio.Future[Any] = self._host(loop, coroutine, **options)
            return made
        return asyncio.Task(coroutine, loop=loop, **options)


def guarded_tasks(loop: asyncio.AbstractEventLoop) -> _Factory:
    """Return a context manager that guards the tasks that cells start in a loop; it nests."""
    factory: Any = loop.get_task_factory()
    return factory if isinstance(factory, _Factory) else _Factory(loop, factory)
