"""One run of one cell, and the question which of them the calling code belongs to.

The answer stands in a context variable, so the tasks of a cell inherit it by themselves, and the
threads that it starts, and those of pools with each task, are given it (see `routing.py`).
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from cave_agent._lock import FairLock
from cave_agent.results import SecurityViolation
from cave_agent.runtime.capture import Capture
from cave_agent.runtime.tracebacks import ErrorFeedbackMode
from cave_agent.security.rule import Interruption

if TYPE_CHECKING:
    from cave_agent.runtime.changes.tracker import Before

P = ParamSpec("P")
T = TypeVar("T")


class CellStopped(Interruption):
    """Raised inside a cell to stop it; no `Exception`, so that `except Exception` lets it pass."""


class Execution:
    """One run of one cell.

    Args:
        runtime_name: The runtime that the cell belongs to.
        capture: Collects what it prints.
        feedback: How much is told of an error that leaves one of its threads.

    Attributes:
        parent: The execution whose code started this one (an agent that a cell awaits), if any.
        runtimes: Names of the runtimes whose cells are part of it: its own, and those of cells that
            its code runs.
        owner: On whose behalf the cell runs, such as an agent; see `own_cells`.
        thread: Identifier of the thread that the cell runs in.
        running: Whether the cell has not ended yet.
        stop_reason: Why the cell is being stopped, or `None`.
        stopped_by: The type of the error that a stopped cell ends with.
        watched: Whether a watchdog can stop the cell.
        nested_loop: The event loop that runs in the cell's thread in place of its own, and what
            stops the cell through it; see `blocking.py`.
        stops: How often it was stopped where it waits.
        violations: What the guard refused while the cell ran.
        cells_awaited: How many cells its code has started that wait and have not ended yet.
        answer: The reply with which the cell ends the turn, if it does: its text, and itself.
        before: The namespace as the cell found it; `None` before it is compiled.
    """

    nested_loop: tuple[asyncio.AbstractEventLoop, Callable[[], object]] | None = None
    stopped_by = "CancelledError"
    stops = 0
    violations: tuple[SecurityViolation, ...] = ()
    cells_awaited = 0
    answer: tuple[str, Any] | None = None
    before: "Before | None" = None

    def __init__(
        self,
        runtime_name: str,
        capture: Capture,
        feedback: ErrorFeedbackMode = ErrorFeedbackMode.PLAIN,
    ) -> None:
        self.runtime_name = runtime_name
        self.capture = capture
        self.feedback = feedback
        self.parent = current_execution()
        self.owner = _owner.get()
        self.runtimes = {runtime_name}
        for outer in self.parent.ancestry() if self.parent is not None else ():
            outer.runtimes.add(runtime_name)
        self.thread = threading.get_ident()
        self.running = True
        self.stop_reason: str | None = None
        self.watched = False
        self._sleepers: set[threading.Event] = set()
        self._stops: set[Callable[[], object]] = set()
        self._children: FairLock | None = None

    @property
    def children(self) -> FairLock:
        """The turns of cells of the same runtime that this one's code runs: one at a time."""
        if self._children is None:
            self._children = FairLock()
        return self._children

    def request_stop(self, reason: str, error_type: str = "CancelledError") -> None:
        """Ask the cell to end: a sleep in it ends at once, the watchdog sees to the rest."""
        if self.stop_reason is None:
            self.stop_reason, self.stopped_by = reason, error_type
        for wake in tuple(self._sleepers):
            wake.set()
        self.stop_threads()

    def stop_threads(self) -> None:
        """Stop what other threads do for the cell and can be told to stop."""
        for stop in tuple(self._stops):
            stop()

    @contextmanager
    def stops_too(self, stop: Callable[[], object]) -> Iterator[None]:
        """Have something of another thread stopped with the cell, or with one around it.

        Args:
            stop: Stops it; called in any thread.
        """
        around = list(self.ancestry())
        for execution in around:
            execution._stops.add(stop)  # noqa: SLF001 - its own class
        try:
            yield
        finally:
            for execution in around:
                execution._stops.discard(stop)  # noqa: SLF001

    @contextmanager
    def part_in_thread(self) -> "Iterator[Execution]":
        """Let the current context belong to a part of it, in this thread, to be stopped there."""
        part = Execution(self.runtime_name, self.capture, self.feedback)
        part.owner, part._children = self.owner, self.children
        enter(part)
        try:
            yield part
        finally:
            part.running = False
            enter(self)

    def sleep(self, seconds: float) -> bool:
        """Sleep as `time.sleep` does, but end with `CellStopped` when the cell is stopped.

        Returns:
            `False`, at once, where nothing will stop the calling thread: then sleep plainly.
        """
        watched = [execution for execution in self.ancestry() if execution.watched]
        if not watched or threading.get_ident() != self.thread or seconds < 0:
            return False
        wake = threading.Event()
        for execution in watched:
            execution._sleepers.add(wake)  # noqa: SLF001 - its own class
        try:
            stopped = any(execution.stop_reason is not None for execution in watched)
            if stopped or wake.wait(min(seconds, threading.TIMEOUT_MAX)):
                raise CellStopped
        finally:
            for execution in watched:
                execution._sleepers.discard(wake)  # noqa: SLF001
        return True

    def is_being_stopped(self) -> bool:
        """Whether this cell, or one whose code started it, was asked to end."""
        return any(outer.stop_reason is not None or outer.stops for outer in self.ancestry())

    def is_stopped_from_around(self) -> bool:
        """Whether not this cell is being stopped, but one whose code started it."""
        return self.stop_reason is None and any(
            outer.stop_reason is not None for outer in self.ancestry()
        )

    def ancestry(self) -> "Iterator[Execution]":
        """Yield this execution, then the one whose code started it, and so on outwards."""
        execution: Execution | None = self
        while execution is not None:
            yield execution
            execution = execution.parent


_owner: ContextVar[Any] = ContextVar("cave_agent_owner", default=None)
_thread: ContextVar[int | None] = ContextVar("cave_agent_thread", default=None)
_current: ContextVar[Execution | None] = ContextVar("cave_agent_execution", default=None)


def current_execution() -> Execution | None:
    """Return the execution that the calling code belongs to, while its cell runs."""
    execution = _current.get()
    return execution if execution is not None and execution.running else None


def last_execution() -> Execution | None:
    """Return the execution that the calling code belongs to, even if its cell has ended."""
    return _current.get()


@contextmanager
def awaiting_cell() -> Iterator[None]:
    """Note that the calling code waits for a cell, which takes its own time to end."""
    execution = last_execution()
    if execution is None:
        yield
        return
    execution.cells_awaited += 1
    try:
        yield
    finally:
        execution.cells_awaited -= 1


def enter(execution: Execution | None) -> None:
    """Make the current context one of this execution, or of the host."""
    _current.set(execution)


def own_cells(owner: object) -> None:
    """Let the cells that are run in the current context run on somebody's behalf."""
    _owner.set(owner)


def run_as(
    execution: Execution | None, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
) -> T:
    """Run a function in a thread that belongs to an execution, or to the host, from now on.

    It does so beyond the function, since the thread is not done then: it calls what waits for the
    end of a task, and tells an exception.
    """
    enter_thread(execution)
    return function(*args, **kwargs)


def enter_thread(execution: Execution | None) -> None:
    """Make a thread's own context one of this execution, or of the host, until it is again."""
    enter(execution)
    _thread.set(threading.get_ident())


def is_context_of_thread() -> bool:
    """Whether the current context is a thread's own, in which what was entered stays."""
    return _thread.get() == threading.get_ident()
