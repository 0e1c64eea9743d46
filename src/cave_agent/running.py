"""Running one cell in a runtime, with its output as it comes."""

import asyncio
import sys
import threading
from collections import deque
from collections.abc import AsyncGenerator, Coroutine
from typing import Any

from cave_agent import reports
from cave_agent.events import OutputDeltaEvent
from cave_agent.results import ExecutionResult, OutputChunk
from cave_agent.runtime.base import Runtime
from cave_agent.runtime.execution import CellStopped


async def run_cell(
    runtime: Runtime, code: str, *, time_limit: float | None, max_output: int
) -> AsyncGenerator[OutputDeltaEvent | ExecutionResult, None]:
    """Yield what the cell prints while it runs, and at last its result.

    Closing the generator stops the cell.

    Args:
        runtime: Where it runs.
        code: The cell.
        time_limit: Seconds after which it is stopped; `None` for no limit.
        max_output: Characters of output beyond which the whole is kept in a variable.
    """
    printed: deque[OutputChunk] = deque()
    wake = asyncio.Event()
    loop, thread = asyncio.get_running_loop(), threading.get_ident()

    def deliver(chunk: OutputChunk) -> None:
        printed.append(chunk)
        if threading.get_ident() == thread:
            wake.set()
        elif not wake.is_set():
            loop.call_soon_threadsafe(wake.set)

    task = _start(
        runtime.execute(code, timeout=time_limit, max_output=max_output, on_output=deliver)
    )
    try:
        if not task.done():
            task.add_done_callback(lambda _: wake.set())
        while not task.done():
            await wake.wait()
            wake.clear()
            for event in reports.output_events(printed):
                yield event
        for event in reports.output_events(printed):
            yield event
    finally:
        if not task.done():
            task.cancel()
            await _end(task)
    yield task.result()


def _start(coroutine: Coroutine[Any, Any, ExecutionResult]) -> "asyncio.Task[ExecutionResult]":
    """Make a task; where Python can, a cell that never waits ends without a turn of the loop."""
    if sys.version_info >= (3, 12):
        return asyncio.Task(coroutine, loop=asyncio.get_running_loop(), eager_start=True)
    return asyncio.create_task(coroutine)


async def _end(task: "asyncio.Task[ExecutionResult]") -> None:
    """Wait until a cell that is being stopped has ended, even if the wait is cancelled."""
    stopped: BaseException | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except (asyncio.CancelledError, CellStopped) as error:
            stopped = error
    if stopped is not None:
        raise stopped
