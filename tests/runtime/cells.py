"""Running cells in tests."""

import asyncio
import gc
import threading
import time
from collections.abc import Callable
from typing import Any, Literal

from cave_agent.runtime import ExecutionResult, PythonRuntime

Mode = Literal["caller", "thread"]

SOON = 10.0
"""Seconds until a test gives up on what should happen at once."""


def run(runtime: PythonRuntime, code: str, **options: Any) -> ExecutionResult:
    """Run a cell in an event loop of its own."""
    return asyncio.run(runtime.execute(code, **options))


def run_ok(runtime: PythonRuntime, code: str, **options: Any) -> ExecutionResult:
    """Run a cell that must not fail."""
    result = run(runtime, code, **options)
    assert result.error is None, result.error.text
    return result


def error_of(runtime: PythonRuntime, code: str, **options: Any) -> str:
    """Run a cell that must fail, and return what the model reads about it."""
    result = run(runtime, code, **options)
    assert result.error is not None, result.output
    assert not result.success
    return result.error.text


def value_of(runtime: PythonRuntime, code: str) -> Any:
    """Run a cell and return what it binds to `answer`."""
    run_ok(runtime, code)
    return runtime.retrieve("answer")


def eventually(condition: Callable[[], bool]) -> bool:
    """Wait until something is so that other threads bring about; `False` if it never is."""
    end = time.monotonic() + SOON
    while not condition():
        if time.monotonic() > end:
            return False
        gc.collect()
        time.sleep(0.002)
    return True


async def is_set(event: threading.Event) -> None:
    """Wait until another thread sets an event."""
    assert await asyncio.to_thread(event.wait, SOON)
