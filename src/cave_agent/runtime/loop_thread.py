"""A thread with an event loop of its own, in which a runtime's cells run one after the other."""

import asyncio
import concurrent.futures
import contextvars
import threading
import weakref
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class LoopThread:
    """One thread, always the same; it starts with the first call and ends with its owner.

    Args:
        name: The thread's name.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._starting = threading.Lock()
        self._stop_once: Callable[[], object] | None = None

    def is_current(self) -> bool:
        """Whether the calling code runs in this thread."""
        return threading.current_thread() is self._thread

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> "concurrent.futures.Future[T]":
        """Run a coroutine in the thread's event loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._started_loop())

    def close(self) -> None:
        """Let the thread end as soon as it is free."""
        if self._stop_once is not None:
            self._stop_once()

    def _started_loop(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                # Loop and thread keep the context that they are made in, and the caller's keeps
                # the agent that calls.
                nobody = contextvars.Context()
                self._loop = nobody.run(asyncio.new_event_loop)
                self._thread = threading.Thread(
                    target=_serve, args=(self._loop,), name=self._name, daemon=True
                )
                nobody.run(self._thread.start)
                # Stopped twice, the loop would not get to the end of its cleaning up.
                self._stop_once = finalizer = weakref.finalize(self, _stop, self._loop)
                finalizer.atexit = False
            return self._loop


def _stop(loop: asyncio.AbstractEventLoop) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(loop.stop)


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        served = runner.get_loop()
        while True:
            try:
                served.run_forever()
            except BaseException:  # noqa: BLE001, S112 - SystemExit in a task of a cell, or a stop
                continue  # that came late: the loop serves on, the task holds the exception
            return
