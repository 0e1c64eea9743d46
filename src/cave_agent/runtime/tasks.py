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
    """A coroutine of a cell that cannot end the event loop.

    Args:
        coroutine: What it does.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._coroutine = coroutine

    def send(self, value: Any, /) -> Any:
        """Run it to its next pause."""
        try:
            return self._coroutine.send(value)
        except (SystemExit, KeyboardInterrupt) as error:
            raise CellExit from error

    def throw(self, error: Any, /, *rest: Any) -> Any:
        """Raise an exception where it pauses."""
        try:
            return self._coroutine.throw(error, *rest)
        except (SystemExit, KeyboardInterrupt) as exit_error:
            raise CellExit from exit_error

    def close(self) -> None:
        """End it."""
        self._coroutine.close()

    def __await__(self) -> Any:
        return self._coroutine.__await__()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._coroutine, name)


class CellTask:
    """Runs the coroutine of a cell in a task of its own, in the cell's context.

    What a cell does to its task, as `asyncio.TaskGroup` and `asyncio.timeout` do, is then not done
    to the host's.

    Args:
        context: The cell's context.
    """

    _next_stop: asyncio.TimerHandle | None = None

    def __init__(self, context: contextvars.Context) -> None:
        self.context = context
        self._task: asyncio.Task[Any] | None = None
        self._stops = 0

    async def run(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Run it to its end; a cancellation of the caller's task stops it, whatever it catches."""
        stoppable = _Stoppable(coroutine, self)
        self._task = task = asyncio.Task(stoppable, context=self.context)
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
            self._stops += 1
            self._task.cancel()

    def _stop_until_it_ends(self) -> None:
        self.stop()
        loop = asyncio.get_running_loop()
        self._next_stop = loop.call_later(watchdog.CLEANUP_TIME, self._stop_until_it_ends)

    @property
    def stops_again(self) -> bool:
        """Whether the cell took its first stop for a cancellation that it may ignore."""
        return self._stops > 1


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


class _Stoppable(Guarded):
    def __init__(self, coroutine: Coroutine[Any, Any, Any], task: CellTask) -> None:
        super().__init__(coroutine)
        self._task = task

    def send(self, value: Any, /) -> Any:
        return self._told(super().send, value)

    def throw(self, error: Any, /, *rest: Any) -> Any:
        if not (isinstance(error, asyncio.CancelledError) and self._task.stops_again):
            return self._told(super().throw, error, *rest)
        pause = self._told(super().throw, CellStopped())
        execution = current_execution()
        if execution is not None and execution.cells_awaited:
            return pause  # it waits for the end of cells that are stopped like itself
        # It caught even that and waits again; as it is not resumed any more, it has ended.
        with suppress(BaseException):
            self.close()
        raise CellStopped

    def _told(self, step: Callable[..., Any], *arguments: Any) -> Any:
        """Take a step, and tell what the cell raised from what ends a coroutine."""
        try:
            return step(*arguments)
        except GeneratorExit as error:
            raise CellExit from error
        except StopIteration as end:
            # At the top level of a cell, unlike in a function, Python 3.12 and newer do not tell a
            # `StopIteration` that the code raised from the end of the code.
            if end.__traceback__ and _reaches_into(end.__traceback__, self._coroutine):
                raise CellExit from end
            raise


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
        if current_execution() is not None:
            coroutine = Guarded(coroutine)
        if self._host is not None:
            made: asyncio.Future[Any] = self._host(loop, coroutine, **options)
            return made
        return asyncio.Task(coroutine, loop=loop, **options)


def guarded_tasks(loop: asyncio.AbstractEventLoop) -> _Factory:
    """Return a context manager that guards the tasks that cells start in a loop; it nests."""
    factory: Any = loop.get_task_factory()
    return factory if isinstance(factory, _Factory) else _Factory(loop, factory)
