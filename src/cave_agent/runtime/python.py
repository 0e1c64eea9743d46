"""The runtime that runs cells in the host's own process, on the host's own objects."""

import asyncio
import builtins
import concurrent.futures
import dataclasses
import math
import numbers
import threading
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any, Literal

from cave_agent._lock import FairLock
from cave_agent.errors import RuntimeBusyError, RuntimeClosedError
from cave_agent.results import CellError, ExecutionResult, OutputChunk
from cave_agent.runtime.base import Runtime
from cave_agent.runtime.cell_builtins import lookup_functions
from cave_agent.runtime.execution import current_execution
from cave_agent.runtime.interpreter import Interpreter
from cave_agent.runtime.loop_thread import LoopThread
from cave_agent.runtime.resources import Function, Type, Variable
from cave_agent.runtime.tracebacks import ErrorFeedbackMode
from cave_agent.security import SecurityChecker

GRACE = 1.0
"""Seconds that a stopped cell has to end before the runtime gives it up as unstoppable."""

_TRIES = 20


class PythonRuntime(Runtime):
    """A persistent Python namespace in this process: cells work on the very objects given.

    Args:
        functions: What the model may call.
        variables: What it works on.
        types: Classes that it may use, with a description of them.
        security_checker: Rules that each cell is held to: before it runs by its text, and while it
            runs where its text does not show what it does. They are a seat belt, no wall.
        error_feedback_mode: How much of an error the model is told.
        run_in: `"caller"` runs cells in the thread that awaits them, where database connections
            and other objects bound to a thread work. `"thread"` gives the runtime one thread of
            its own, always the same, with an event loop of its own, so that the caller's event
            loop stays free while a cell computes.

    Raises:
        ValueError: Two things have the same name, or a mode is none of those that there are.

    Example:
        >>> import asyncio
        >>> runtime = PythonRuntime(variables=[Variable("numbers", [3, 1, 2])])
        >>> asyncio.run(runtime.execute("numbers.sort(); total = sum(numbers)")).success
        True
        >>> runtime.retrieve("numbers"), runtime.retrieve("total")
        ([1, 2, 3], 6)
    """

    def __init__(
        self,
        functions: Iterable[Function] | None = None,
        variables: Iterable[Variable] | None = None,
        types: Iterable[Type] | None = None,
        security_checker: SecurityChecker | None = None,
        error_feedback_mode: ErrorFeedbackMode = ErrorFeedbackMode.PLAIN,
        *,
        run_in: Literal["caller", "thread"] = "caller",
    ) -> None:
        if run_in not in ("caller", "thread"):
            message = f"run_in={run_in!r} is unknown: use 'caller' or 'thread'."
            raise ValueError(message)
        self._interpreter = Interpreter(
            ErrorFeedbackMode(error_feedback_mode),
            security_checker,
            stoppable=run_in == "thread",
        )
        self._interpreter.offer(lookup_functions(self.injected, self._interpreter.look_up))
        self._thread = LoopThread(self._interpreter.name) if run_in == "thread" else None
        self._turn = FairLock()
        self._overdue: concurrent.futures.Future[ExecutionResult] | None = None
        self._closed = False
        self._empty: set[str] = set()
        super().__init__(functions, variables, types, security_checker)

    async def _execute(
        self,
        code: str,
        timeout: float | None,  # noqa: ASYNC109 - it must stop code that never awaits
        max_output: int | None,
        on_output: Callable[[OutputChunk], None] | None,
    ) -> ExecutionResult:
        """Run a cell.

        A cell that awaits an agent which works in the same runtime does not wait for itself.
        """
        limit = None if timeout is None else _limit(timeout)
        self._require_usable()
        async with self._turn_lock():
            self._require_usable()
            cell = self._interpreter.run(
                code, limit=limit, max_output=max_output, on_output=on_output
            )
            if self._thread is None or self._thread.is_current():
                result = await cell
            else:
                result = await self._run_in_thread(self._thread.submit(cell), limit)
            return self._note_filled(result)

    def names(self) -> list[str]:
        """Return the public names that cells can use, sorted, injected or made by cells."""
        return sorted(
            name
            for name, value in self._interpreter.namespace.items()
            if not name.startswith("_") and not issubclass(type(value), ModuleType)
        )

    def close(self) -> None:
        """Free what the runtime holds; it cannot be used afterwards. Closing twice is fine.

        A cell that runs is stopped, and what the runtime holds is freed when it has ended. One that
        computes in `"caller"` mode, without a time limit and without an `await`, ends by itself.
        """
        self._closed = True
        self._interpreter.close("its runtime was closed")
        for injected in (self._functions, self._variables, self._types, self._injected):
            injected.clear()
        if self._thread is not None:
            self._thread.close()

    def _turn_lock(self) -> FairLock:
        """Return whose turns to take: the runtime's, or those of the cell that we are called by."""
        execution = current_execution()
        if execution is not None:
            for caller in execution.ancestry():
                if caller.runtime_name == self._interpreter.name:
                    return caller.children
        return self._turn

    async def _run_in_thread(
        self, running: "concurrent.futures.Future[ExecutionResult]", limit: float | None
    ) -> ExecutionResult:
        cell = asyncio.wrap_future(running)
        try:
            await asyncio.wait({cell}, timeout=None if limit is None else limit + GRACE)
        except asyncio.CancelledError:
            self._overdue = running
            for _ in range(_TRIES):  # it may not have begun yet
                self._interpreter.stop("its run was cancelled")
                await asyncio.wait({cell}, timeout=GRACE / _TRIES)
                if cell.done():
                    break
            raise
        if not cell.done():
            self._overdue = running
            message = (
                f"the cell ran longer than its time limit of {limit:g} s and could not be "
                "stopped, as it is inside a long call that does not return to Python"
            )
            text = f"TimeoutError: {message}. No further cell can run until that call ends."
            return ExecutionResult(error=CellError("TimeoutError", message, text))
        if cell.cancelled():
            message = "the cell was stopped: its runtime was closed"
            text = f"CancelledError: {message}"
            return ExecutionResult(error=CellError("CancelledError", message, text))
        return cell.result()

    def _require_open(self) -> None:
        if self._closed:
            message = "This runtime is closed: make a new PythonRuntime."
            raise RuntimeClosedError(message)

    def _require_usable(self) -> None:
        self._require_open()
        if self._overdue is None:
            return
        if not self._overdue.done():
            message = (
                "An earlier cell could not be stopped at its time limit and is still inside a "
                "long call, and two cells never run at once. Wait until that call ends, or use "
                "a new runtime."
            )
            raise RuntimeBusyError(message)
        self._overdue = None

    def _note_filled(self, result: ExecutionResult) -> ExecutionResult:
        """Tell which variables that were given empty have content for the first time."""
        if not self._empty or not result.success:
            return result
        namespace = self._interpreter.namespace
        filled = [name for name in self._empty if not _is_empty(namespace.get(name))]
        if not filled:
            return result
        self._empty.difference_update(filled)
        return dataclasses.replace(result, filled=tuple(sorted(filled)))

    def _bind(self, name: str, value: Any) -> None:
        self._require_open()
        self._interpreter.bind(name, value)

    def _bind_variable(self, variable: Variable) -> None:
        super()._bind_variable(variable)
        if variable.private:
            self._interpreter.private[variable.name] = variable.private
        self._interpreter.give(variable.value)
        if _is_empty(variable.value):
            self._empty.add(variable.name)

    def _bind_class(self, cls: type) -> None:
        name = cls.__name__
        if name.isidentifier() and not hasattr(builtins, name):
            self._interpreter.provide(name, cls)

    def _lookup(self, name: str) -> Any:
        self._require_open()
        if name.startswith("__"):
            raise KeyError(name)
        return self._interpreter.namespace[name]

    def _clear(self) -> None:
        self._require_open()
        self._interpreter.clear()


def _limit(timeout: float) -> float | None:
    """Return the time limit that a thread can wait for; `None` where there is none."""
    if not isinstance(timeout, numbers.Real):
        message = f"timeout={timeout!r} is no number: give seconds, or None for no limit."
        raise TypeError(message)
    if not timeout > 0:
        message = f"timeout={timeout!r} must be above 0: give seconds, or None for no limit."
        raise ValueError(message)
    return None if timeout == math.inf else float(min(timeout, threading.TIMEOUT_MAX))


def _is_empty(value: object) -> bool:
    return value is None or (type(value) in (str, list, tuple, dict, set) and not value)
