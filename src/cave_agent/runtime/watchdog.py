"""Stopping a cell, at its time limit or when its run is cancelled.

A cell that waits (for a task, a socket of the event loop) is stopped through the event loop, like a
cancelled task. Where the loop does not answer, code of the cell holds the thread; then an exception
is raised in that code: for a time limit in the main thread by a signal, which also ends blocking
system calls, else by the interpreter's asynchronous exceptions, which take effect at the next
bytecode. Neither can end a long call into C before it returns.
"""

import asyncio
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from cave_agent.runtime.execution import CellStopped, Execution, current_execution
from cave_agent.runtime.tracebacks import runtime_of

ANSWER_TIME = 0.05
"""Seconds within which a loop that is not held by a cell takes up a request."""

CLEANUP_TIME = 0.5
"""Seconds that a stopped cell has for its `finally` blocks before it is stopped again."""


class Watchdog:
    """Watches over one execution; made in the thread that runs the cell.

    Args:
        execution: What to stop.
        loop: The event loop that the cell runs in.
        stop_waiting: Called in the loop to stop a cell that waits there.
    """

    def __init__(
        self,
        execution: Execution,
        loop: asyncio.AbstractEventLoop,
        stop_waiting: Callable[[], object],
    ) -> None:
        self.execution = execution
        execution.watched = True
        self._loop = loop
        self._stop_waiting = stop_waiting
        self._by_signal = False
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._exception_pending = False

    @contextmanager
    def watching(self, limit: float | None) -> Iterator[None]:
        """Stop the execution when `limit` seconds are over, or sooner when `stop` is called."""
        if limit is not None:
            self._by_signal = _can_signal()
            if self._by_signal:
                _signals.add(self)
            self._start(limit)
        try:
            yield
        finally:
            self._end()
            if self._by_signal:
                _signals.remove(self)

    def stop(self, reason: str) -> None:
        """Stop the execution now. Any thread may call this."""
        self.execution.request_stop(reason)
        self._wake.set()
        self._start(None)

    @property
    def is_stopping(self) -> bool:
        """Whether the execution has been asked to end and has not ended yet."""
        return self.execution.stop_reason is not None and not self._ended.is_set()

    def _start(self, limit: float | None) -> None:
        with self._lock:
            if self._thread is not None or self._ended.is_set():
                return
            self._thread = threading.Thread(
                target=self._watch, args=(limit,), name="cave-agent-watchdog", daemon=True
            )
            self._thread.start()

    def _end(self) -> None:
        """Leave the thread alone; an exception that was aimed at the cell may still land here."""
        while True:
            try:
                self._stand_down()
            except CellStopped:
                continue
            return

    def _stand_down(self) -> None:
        with self._lock:
            self._ended.set()
            self.execution.watched = False  # what describes the cell's error may sleep
            self._wake.set()
            if self._exception_pending:
                _set_async_exception(self.execution.thread, None)
                self._exception_pending = False

    def _watch(self, limit: float | None) -> None:
        if not self._wake.wait(limit):
            reason = f"it ran longer than its time limit of {limit:g} s"
            self.execution.request_stop(reason, "TimeoutError")
        while not self._ended.is_set():
            answered = threading.Event()
            if not self._ask_loop(answered):
                return
            if answered.wait(ANSWER_TIME):
                self._ended.wait(CLEANUP_TIME)
            else:
                self._interrupt()

    def _ask_loop(self, answered: threading.Event) -> bool:
        nested = self.execution.nested_loop
        loop, stop_waiting = nested or (self._loop, self._stop_waiting)

        def answer() -> None:
            answered.set()
            if not self._ended.is_set():
                stop_waiting()

        try:
            loop.call_soon_threadsafe(answer)
        except RuntimeError:  # the loop is closed, so the cell is gone with it
            return nested is not None  # or goes on behind a nested one
        return True

    def _interrupt(self) -> None:
        with self._lock:
            thread = self.execution.thread
            if self._ended.is_set():
                return
            if self._by_signal:
                signal.pthread_kill(thread, signal.SIGALRM)
            elif self._runs_cell_code(sys._current_frames().get(thread)):  # noqa: SLF001
                self._exception_pending = True
                _set_async_exception(thread, CellStopped)

    def _runs_cell_code(self, frame: FrameType | None) -> bool:
        while frame is not None:
            if runtime_of(frame.f_code.co_filename) in self.execution.runtimes:
                return True
            frame = frame.f_back
        return False


class _Signals:
    """The main thread's alarm signal, shared by the watchdogs and the host's own handler."""

    def __init__(self) -> None:
        self._watchdogs: set[Watchdog] = set()
        self._host_handler: Any = None

    def add(self, watchdog: Watchdog) -> None:
        if not self._watchdogs:
            self._host_handler = signal.signal(signal.SIGALRM, self._handle)
        self._watchdogs.add(watchdog)

    def remove(self, watchdog: Watchdog) -> None:
        self._watchdogs.discard(watchdog)
        if not self._watchdogs:
            handler, self._host_handler = self._host_handler, None
            signal.signal(signal.SIGALRM, handler or signal.SIG_DFL)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        to_stop = {w.execution for w in self._watchdogs if w.is_stopping}
        execution = current_execution()
        if execution is not None and not to_stop.isdisjoint(execution.ancestry()):
            raise CellStopped
        if not to_stop and callable(self._host_handler):
            self._host_handler(number, frame)  # an alarm of the host's own


_signals = _Signals()


def _can_signal() -> bool:
    is_main_thread = threading.current_thread() is threading.main_thread()
    return is_main_thread and hasattr(signal, "pthread_kill")


def _set_async_exception(thread: int, exception: type[BaseException] | None) -> None:
    import ctypes  # noqa: PLC0415 - costs 10 ms and is needed by few

    argument: Any = None if exception is None else ctypes.py_object(exception)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), argument)
