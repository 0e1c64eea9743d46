"""Running one cell in a runtime, with its output as it comes."""

import asyncio
import contextvars
import sys
import threading
from collections.abc import AsyncGenerator, Coroutine
from typing import Any, TypeAlias

from cave_agent import reports
from cave_agent.events import AgentEvent, OutputDeltaEvent
from cave_agent.nesting import Run
from cave_agent.results import ExecutionResult
from cave_agent.runtime.base import Runtime
from cave_agent.runtime.execution import CellStopped, awaiting_cell

CellEvent: TypeAlias = OutputDeltaEvent | AgentEvent
"""What is told while a cell runs: what it prints, and what agents do that it runs."""


async def run_cell(
    run: Run, runtime: Runtime, code: str, *, time_limit: float | None, max_output: int
) -> AsyncGenerator[CellEvent | ExecutionResult, None]:
    """Yield what happens while the cell runs, and at last its result.

    Closing the generator stops the cell.

    Args:
        run: The run that the cell belongs to.
        runtime: Where it runs.
        code: The cell.
        time_limit: Seconds after which it is stopped; `None` for no limit.
        max_output: Characters of output beyond which the whole is kept in a variable.
    """
    wake = asyncio.Event()
    loop, thread = asyncio.get_running_loop(), threading.get_ident()

    def listen() -> None:
        if threading.get_ident() == thread:
            wake.set()
        elif not wake.is_set():
            loop.call_soon_threadsafe(wake.set)

    run.listener = listen
    context = contextvars.copy_context()
    context.run(run.enter)
    task = _start(
        runtime.execute(code, timeout=time_limit, max_output=max_output, on_output=run.take),
        context,
    )
    # Stopped and cancelled at once, it may have ended with an exception that nobody asks for.
    task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    try:
        if not task.done():
            task.add_done_callback(lambda _: wake.set())
        while not task.done():
            await wake.wait()
            wake.clear()
            for event in reports.cell_events(run.told):
                yield event
        for event in reports.cell_events(run.told):
            yield event
    finally:
        if not task.done():
            task.cancel()
            await _end(task)
        run.listener = None
    yield task.result()


def _start(
    coroutine: Coroutine[Any, Any, ExecutionResult], context: contextvars.Context
) -> "asyncio.Task[ExecutionResult]":
    """Make a task; where Python can, a cell that never waits ends without a turn of the loop."""
    if sys.version_info >= (3, 12):
        loop = asyncio.get_running_loop()
        return asyncio.Task(coroutine, loop=loop, context=context, eager_start=True)
    return asyncio.create_task(coroutine, context=context)


async def _end(task: "asyncio.Task[ExecutionResult]") -> None:
    """Wait until a cell that is being stopped has ended, even if the wait is cancelled."""
    stopped: BaseException | None = None
    while not task.done():
        try:
            with awaiting_cell():
                await asyncio.wait({task})
        except (asyncio.CancelledError, CellStopped) as error:
            stopped = error
    if stopped is not None:
        raise stopped
