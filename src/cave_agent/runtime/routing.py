"""What is replaced in the process while cells run, so that they meet neither host nor each other.

`sys.stdout`, `sys.stderr` and `sys.stdin` become routers that look up, at each call, which cell the
calling code belongs to (see `execution.py`). Code of the host belongs to none and passes straight
through. Threads that a cell starts are made to belong to it, and so is what an exception in them
tells; a thread of a pool belongs to whoever submitted the task that it runs. Where cells are
watched (see `responsible.py`), so do the tasks of loops that their code runs. `time.sleep` in a
cell's own thread ends when the cell is stopped. After the last cell the host's own are back.

Not captured: what goes to the file descriptors past Python (subprocesses, C libraries), and threads
that are started through `_thread` itself. What a thread prints after its cell has ended goes to the
host's stream.
"""

import asyncio
import functools
import io
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeAlias

from cave_agent.results import Stream
from cave_agent.runtime import figures
from cave_agent.runtime.execution import CellStopped, current_execution, last_execution
from cave_agent.runtime.responsible import entrance
from cave_agent.runtime.tracebacks import CellNames, describe_error


class _Output(io.TextIOBase):
    """Stands in for `sys.stdout` or `sys.stderr`."""

    def __init__(self, name: Stream, host: Any) -> None:
        self._stream: Stream = name
        self._host = host

    def write(self, text: str, /) -> Any:
        execution = current_execution()
        if execution is None:
            # What it returns is the host's matter: many stand-ins for streams return nothing.
            return self._host.write(text) if self._host is not None else len(text)
        if not isinstance(text, str):
            message = f"write() argument must be str, not {type(text).__name__}"
            raise TypeError(message)
        execution.capture.write(text, self._stream)
        return len(text)

    def flush(self) -> None:
        execution = current_execution()
        if execution is not None:
            execution.capture.flush(self._stream)
        elif self._host is not None:
            self._host.flush()

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return current_execution() is None and self._host is not None and self._host.isatty()

    def fileno(self) -> int:
        if current_execution() is not None:
            message = "the output of a cell is captured and has no file descriptor"
            raise io.UnsupportedOperation(message)
        return int(self._host.fileno())

    def reconfigure(self, **options: Any) -> None:
        """Leave the host's stream as it is when a cell wants another encoding or buffering."""
        if current_execution() is None:
            self._host.reconfigure(**options)

    def close(self) -> None:
        """Stay open: neither a cell nor the collector may close the host's stream."""

    @property
    def encoding(self) -> str:  # type: ignore[override]  # read-only in practice
        return "utf-8" if self._host is None else str(getattr(self._host, "encoding", "utf-8"))

    @property
    def buffer(self) -> Any:
        if current_execution() is not None:
            return _Bytes(self)
        return self._host.buffer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._host, name)


class _Bytes(io.RawIOBase):
    """The `buffer` of a captured stream: bytes become text."""

    def __init__(self, text: _Output) -> None:
        self._text = text

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._text.write(bytes(data).decode("utf-8", "replace"))
        return len(data)


class _Input(io.TextIOBase):
    """Stands in for `sys.stdin`: a cell that reads fails at once instead of waiting for ever."""

    def __init__(self, host: Any) -> None:
        self._host = host

    def _source(self) -> Any:
        if current_execution() is not None:
            message = (
                "a cell cannot read input: nobody can type here. Use the variables that are "
                "given, or ask the user in a reply without code"
            )
            raise RuntimeError(message)
        return self._host

    def read(self, size: int | None = -1, /) -> str:
        return str(self._source().read(size))

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]  # typeshed's two forms
        return str(self._source().readline(size))

    def fileno(self) -> int:
        if current_execution() is not None:
            message = "a cell has no standard input"
            raise io.UnsupportedOperation(message)
        return int(self._host.fileno())

    def isatty(self) -> bool:
        return current_execution() is None and self._host.isatty()

    @property
    def buffer(self) -> Any:
        return self._source().buffer

    def close(self) -> None:
        """Stay open: `exit()` in a cell closes standard input, which is the host's."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._host, name)


def _starter(start: Callable[[threading.Thread], None]) -> Callable[[threading.Thread], None]:
    """Wrap `Thread.start`: a thread that a cell starts belongs to the cell, as its tasks do."""

    def start_as_caller(thread: threading.Thread) -> None:
        execution = current_execution()
        if execution is not None:
            thread.run = functools.partial(  # type: ignore[method-assign]
                entrance(), execution, _until_stopped, thread.run
            )
        start(thread)

    return start_as_caller


def _until_stopped(run: Callable[[], None]) -> None:
    """Run a thread of a cell; where it is stopped with its cell, that tells of it."""
    try:
        run()
    except (CellStopped, asyncio.CancelledError):
        execution = last_execution()
        if execution is None or not execution.is_being_stopped():
            raise


def _submitter(submit: Callable[..., Future[Any]]) -> Callable[..., Future[Any]]:
    """Wrap `submit` of thread pools, whose threads run tasks of cells and host in turn."""

    def submit_as_caller(pool: Any, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        execution = current_execution()
        future = submit(pool, entrance(), execution, function, *args, **kwargs)
        if execution is not None:
            future.add_done_callback(_expect_stop)
        return future

    return submit_as_caller


def _expect_stop(future: Future[Any]) -> None:
    """Let an event loop that awaits what was stopped with its cell take it for cancelled.

    Otherwise it complains where nobody asks for the exception, as who would have is stopped, too.
    """
    if not future.cancelled() and isinstance(
        future.exception(), CellStopped | asyncio.CancelledError
    ):
        future.cancelled = lambda: True  # type: ignore[method-assign]


def _thread_hook(hook: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Wrap `threading.excepthook`: what leaves a thread of a cell is told to the cell."""

    def tell(args: Any, /) -> None:
        execution = current_execution()
        if execution is None:
            hook(args)
        elif not issubclass(args.exc_type, SystemExit):
            error = describe_error(
                args.exc_value, CellNames(execution.runtime_name), execution.feedback
            )
            text = f"Exception in thread {args.thread.name}:\n{error.text}\n"
            execution.capture.write(text, "stderr")

    return tell


def _unraisable_hook(hook: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Wrap `sys.unraisablehook`: what stops a cell may hit a finalizer, and is raised again."""

    def tell(args: Any, /) -> None:
        if not issubclass(args.exc_type, CellStopped):
            hook(args)

    return tell


def _sleeper(sleep: Callable[[float], None]) -> Callable[[float], None]:
    """Wrap `time.sleep`: outside the main thread nothing else can end a sleep early."""

    def sleep_until_stopped(seconds: float, /) -> None:
        execution = current_execution()
        if execution is None or not execution.sleep(seconds):
            sleep(seconds)

    return sleep_until_stopped


_Values: TypeAlias = tuple[Any, Any, Any, Any, Any, Any, Any, Any, Any]
"""The values that are replaced together: `_found` and `_put_in_place` have their order."""


def _found() -> _Values:
    return (
        sys.stdin,
        sys.stdout,
        sys.stderr,
        sys.displayhook,
        threading.Thread.start,
        threading.excepthook,
        sys.unraisablehook,
        ThreadPoolExecutor.submit,
        time.sleep,
    )


def _put_in_place(values: _Values) -> None:
    (
        sys.stdin,
        sys.stdout,
        sys.stderr,
        hook,
        threading.Thread.start,  # type: ignore[method-assign]
        threading.excepthook,
        sys.unraisablehook,
        ThreadPoolExecutor.submit,  # type: ignore[method-assign]
        time.sleep,
    ) = values
    if sys.displayhook is not hook:
        sys.displayhook = hook


def _routing(host: _Values) -> _Values:
    """Return what stands in for the host's values while cells run."""
    stdin, stdout, stderr, hook, *others = host
    start, thread_hook, unraisable_hook, submit, sleep = others
    streams = _Input(stdin), _Output("stdout", stdout), _Output("stderr", stderr), hook
    hooks = _thread_hook(thread_hook), _unraisable_hook(unraisable_hook)
    threads = _starter(start), *hooks, _submitter(submit)
    return *streams, *threads, _sleeper(sleep)


def _route_again() -> None:
    """Route streams that were replaced while other cells run, such as by a redirection."""
    if not isinstance(sys.stdin, _Input):
        sys.stdin = _Input(sys.stdin)
    if not isinstance(sys.stdout, _Output):
        sys.stdout = _Output("stdout", sys.stdout)
    if not isinstance(sys.stderr, _Output):
        sys.stderr = _Output("stderr", sys.stderr)


class _Routing:
    """Context manager that keeps cells apart from the host and from each other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cells_running = 0
        self._host = _found()
        self._ours = _routing(self._host)

    def __enter__(self) -> None:
        with self._lock:
            if self._cells_running == 0:
                found = _found()
                if found != self._host:
                    self._host, self._ours = found, _routing(found)
                _put_in_place(self._ours)
                figures.put_in_place()
            else:
                _route_again()
            self._cells_running += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._cells_running -= 1
            # A cell that ended may have replaced a stream, so all are set in either case.
            _put_in_place(self._ours if self._cells_running else self._host)
            if not self._cells_running:
                figures.take_back()


routed = _Routing()
"""Enter it with `with routed:` around the run of a cell; it nests and is shared by threads."""
