"""Compiles, runs, captures and reports one cell, wherever it runs."""

import asyncio
import contextvars
import itertools
import linecache
import time
import weakref
from collections.abc import Callable, Coroutine, Mapping
from types import CoroutineType, ModuleType
from typing import TYPE_CHECKING, Any

from cave_agent.errors import SecurityError
from cave_agent.results import CellError, Change, ExecutionResult, OutputChunk, SecurityViolation
from cave_agent.runtime import figures
from cave_agent.runtime.capture import Capture
from cave_agent.runtime.cell_builtins import ANSWER, cell_builtins, display
from cave_agent.runtime.cells import ECHO, CompiledCell, compile_cell
from cave_agent.runtime.changes import Tracker, include
from cave_agent.runtime.execution import CellStopped, Execution, enter
from cave_agent.runtime.hints import close_refused, is_not_started, not_awaited
from cave_agent.runtime.modules import register_module
from cave_agent.runtime.routing import routed
from cave_agent.runtime.tasks import (
    CellExit,
    CellTask,
    guarded_tasks,
    unwrapped,
    withdraw_cancellation,
)
from cave_agent.runtime.tracebacks import CellNames, ErrorFeedbackMode, describe_error
from cave_agent.runtime.watchdog import Watchdog
from cave_agent.security import SecurityChecker

if TYPE_CHECKING:
    from cave_agent.runtime.guard import Guard

_numbers = itertools.count(1)


class Interpreter:
    """One persistent namespace and the machinery that runs cells in it.

    Args:
        feedback: How much of an error is told.
        checker: Rules that cells are held to while they run; their text was checked before.
        stoppable: Whether `stop` is to work for cells that neither wait nor have a time limit, too.

    Attributes:
        name: Name of the module that the namespace belongs to; classes made in cells carry it.
        namespace: The variables.
        private: What of them is not told, by name, as `Variable` has it.
    """

    def __init__(
        self,
        feedback: ErrorFeedbackMode = ErrorFeedbackMode.PLAIN,
        checker: SecurityChecker | None = None,
        *,
        stoppable: bool = False,
    ) -> None:
        self.name = f"cells_{next(_numbers)}"
        self._names = CellNames(self.name)
        self._feedback = feedback
        self._stoppable = stoppable
        self._cells = 0
        self._module = ModuleType(self.name)
        self.namespace: dict[str, Any] = self._module.__dict__
        self.private: dict[str, bool | tuple[str, ...]] = {}
        self._given: set[str] = set()
        self._tracker = Tracker(self.namespace, self.private)
        self._builtins = cell_builtins(self._module)
        self._guard = None if checker is None else self._new_guard(checker)
        self._source_names: set[str] = set()
        self._watchdog: Watchdog | None = None
        self._cells_running = 0
        self._is_closed = False
        register_module(self._module)
        weakref.finalize(self, _forget_sources, self._source_names).atexit = False

    def _new_guard(self, checker: SecurityChecker) -> "Guard":
        from cave_agent.runtime.guard import Guard  # noqa: PLC0415 - few need it

        return Guard(checker, self._builtins.__import__, self.name)

    async def run(
        self,
        source: str,
        *,
        limit: float | None = None,
        max_output: int | None = None,
        on_output: Callable[[OutputChunk], None] | None = None,
    ) -> ExecutionResult:
        """Run a cell.

        Args:
            source: Its text.
            limit: Seconds after which it is stopped; `None` for no limit.
            max_output: Characters of output beyond which the whole is kept in a variable.
            on_output: Called with each line that is printed, in the thread that prints it.

        Raises:
            asyncio.CancelledError: The task that runs the cell was cancelled from outside.
        """
        started = time.perf_counter()
        self._cells += 1
        number = self._cells
        capture = Capture(on_output)
        execution = Execution(self.name, capture, self._feedback)
        self._cells_running += 1
        try:
            with routed, guarded_tasks(asyncio.get_running_loop()):
                error = await self._run_to_its_end(source, number, execution, limit)
                figures.close_left(execution)
                changes = self._changes(execution, source)
            capture.close()
            chunks = capture.chunks()
            return ExecutionResult(
                error=error,
                chunks=chunks,
                rich_outputs=tuple(capture.rich_outputs),
                cell=number,
                duration=time.perf_counter() - started,
                output_name=self._keep_output(number, chunks, max_output),
                violations=execution.violations,
                changes=changes,
                answer=self._keep_answer(execution) if error is None else None,
            )
        finally:
            self._cells_running -= 1
            self._clear_if_closed()

    def offer(self, functions: Mapping[str, Callable[..., Any]]) -> None:
        """Let cells find functions without an import; variables of the same name come first."""
        self._builtins.__dict__.update(functions)

    def look_up(self, name: str) -> object:
        """Return what a name stands for in cells: a variable, or what they find without an import.

        Raises:
            KeyError: It stands for nothing.
        """
        return self.namespace[name] if name in self.namespace else self._builtins.__dict__[name]

    def give(self, value: Any) -> None:
        """Note that the host gave cells an object."""
        if self._guard is not None:
            self._guard.outside.give(value)

    def stop(self, reason: str) -> None:
        """Stop the cell that runs now, if one does. Any thread may call this."""
        if self._watchdog is not None:
            self._watchdog.stop(reason)

    def bind(self, name: str, value: Any) -> None:
        """Give cells a variable of the host's."""
        self.namespace[name] = value
        self._given.add(name)
        self._tracker.give(name, value)
        if self._guard is not None:
            self._guard.inject(name, value)

    def provide(self, name: str, value: object) -> None:
        """Bind a name unless a cell or the host has bound it."""
        if name not in self.namespace:
            self.namespace[name] = value
            self._tracker.know(name)

    def clear(self) -> None:
        """Forget every variable."""
        self.namespace.clear()
        self._given.clear()
        self._tracker.forget()
        if self._guard is not None:
            self._guard.forget()
        _forget_sources(self._source_names)

    def close(self, reason: str) -> None:
        """Stop the cell that runs now, and forget every variable as soon as none runs."""
        self._is_closed = True
        self.stop(reason)
        self._clear_if_closed()

    def _clear_if_closed(self) -> None:
        if self._is_closed and not self._cells_running:
            self.clear()

    async def _run_to_its_end(
        self, source: str, number: int, execution: Execution, limit: float | None
    ) -> CellError | None:
        """Run the cell and return its error; only a cancellation from outside is raised."""
        task = asyncio.current_task()
        cancellations = task.cancelling() if task else 0
        context = contextvars.copy_context()
        filename = self._names.of(number)
        self._remember_source(filename, source)
        may_wait = "await" in source or "async" in source
        told = cell_task = None
        try:
            if may_wait or self._stoppable or limit is not None:
                cell_task = CellTask(context, execution)
                await self._evaluate_watched(source, filename, cell_task, execution, limit)
            else:
                context.run(self._evaluate_at_once, source, filename, execution)
        except GeneratorExit:
            raise
        except BaseException as error:  # whatever a cell raises ends the cell only
            is_stop = isinstance(error, CellStopped | asyncio.CancelledError)
            if is_stop and execution.is_stopped_from_around():
                raise
            told = context.run(self._describe, unwrapped(error), execution)
            # What its frames hold is freed, and may warn, while output is still the cell's.
            context.run(BaseException.with_traceback, error, None)
        finally:
            execution.running = False
        if task is not None and task.cancelling() > cancellations:
            if cell_task is not None and cell_task.has_waited:
                raise asyncio.CancelledError
            await withdraw_cancellation(task, cancellations)
            return told or _cancelled_itself()
        return told

    async def _evaluate_watched(
        self,
        source: str,
        filename: str,
        task: CellTask,
        execution: Execution,
        limit: float | None,
    ) -> None:
        loop = asyncio.get_running_loop()
        watchdog = Watchdog(execution, loop, task.stop)
        outermost, self._watchdog = self._watchdog, self._watchdog or watchdog
        try:
            with watchdog.watching(limit):
                async with task:
                    await self._evaluate(source, filename, task, execution)
                if execution.stop_reason is not None:
                    raise CellStopped  # the cell caught it
        finally:
            self._watchdog = outermost

    async def _evaluate(
        self, source: str, filename: str, task: CellTask, execution: Execution
    ) -> None:
        value_before = self.namespace.get(ECHO)
        try:
            cell, coroutine = task.context.run(self._begin, source, filename, execution)
            if coroutine is not None:
                await task.run(coroutine)
        except (Exception, SystemExit, CellExit):  # it was not stopped
            task.context.run(self._collect_figures, execution)
            raise
        task.context.run(self._finish, cell, value_before, execution)

    def _evaluate_at_once(self, source: str, filename: str, execution: Execution) -> None:
        """Run a cell that never waits, in its own context."""
        value_before = self.namespace.get(ECHO)
        try:
            cell, _ = self._begin(source, filename, execution)
        except (Exception, SystemExit, CellExit):
            self._collect_figures(execution)
            raise
        self._finish(cell, value_before, execution)

    def _begin(
        self, source: str, filename: str, execution: Execution
    ) -> tuple[CompiledCell, Coroutine[Any, Any, Any] | None]:
        """Compile the cell and run it, or return what there is to await."""
        enter(execution)
        self.namespace.pop(ANSWER, None)
        cell = compile_cell(source, filename, guarded=self._guard is not None)
        self.namespace["__name__"] = self.name  # a cell may have cleared it all
        self.namespace["__builtins__"] = self._builtins.__dict__
        if self._guard is not None:
            self._guard.install(self._builtins.__dict__)
        execution.before = self._tracker.begin(cell.code, defines=cell.defines)
        try:
            result = eval(cell.code, self.namespace)  # noqa: S307 - running code is its purpose
        except (StopIteration, GeneratorExit) as error:  # they would mean something else around
            raise CellExit from error
        if not (cell.is_async or cell.defines):
            self._forget_source(filename)
        return cell, result

    def _finish(self, cell: CompiledCell, value_before: object, execution: Execution) -> None:
        """Show the last value and open figures, point out coroutines that nobody awaits."""
        if cell.echoes:
            value = self.namespace.get(ECHO)
            if value is None:
                self.namespace[ECHO] = value_before
            elif type(value) is CoroutineType:
                del self.namespace[ECHO]
                value.close()
                message = f"`{value.__name__}` must be awaited: write `await …{value.__name__}(…)`"
                raise TypeError(message)
            else:
                display(value)
        for name in cell.code.co_names:
            value = self.namespace.get(name)
            if type(value) is CoroutineType and is_not_started(value):
                execution.capture.write(not_awaited(name, value), "stderr")
        figures.collect(execution)

    def _keep_answer(self, execution: Execution) -> str | None:
        """Keep what the cell has answered with until the next cell, and return its text."""
        if execution.answer is None:
            return None
        text, self.namespace[ANSWER] = execution.answer
        return text

    def _changes(self, execution: Execution, source: str) -> tuple[Change, ...]:
        """Return what the cell changed; a cell whose code ran it has changed it, too."""
        if execution.before is None:
            return ()
        changes = self._tracker.end(execution.before, source)
        outers = execution.parent.ancestry() if execution.parent is not None else ()
        for outer in outers:
            if outer.before is not None and outer.runtime_name == self.name:
                include(outer.before, execution.before)
        return changes

    def _collect_figures(self, execution: Execution) -> None:
        """Show the figures that a cell left open which failed or exited."""
        try:
            figures.collect(execution)
        except Exception as error:  # noqa: BLE001 - it must not take the place of the cell's own
            told = describe_error(error, self._names, ErrorFeedbackMode.MINIMAL).text
            execution.capture.write(f"Note: a figure cannot be shown: {told}\n", "stderr")

    def _describe(self, error: BaseException, execution: Execution) -> CellError | None:
        if isinstance(error, SystemExit) and error.code in (None, 0):
            return None
        if execution.stop_reason is not None and isinstance(
            error, CellStopped | asyncio.CancelledError
        ):
            place = describe_error(error, self._names, ErrorFeedbackMode.MINIMAL)
            where = f" in line {place.line}" if place.line else ""
            kind = execution.stopped_by
            message = f"the cell was stopped{where}: {execution.stop_reason}"
            advice = ". Its variables are kept. Do less in one cell."
            text = f"{kind}: {message}{advice if kind == 'TimeoutError' else ''}"
            return CellError(kind, message, text, place.line)
        if isinstance(error, SecurityError) and not execution.violations:
            execution.violations = (SecurityViolation(str(error)),)
        if type(error) is RuntimeError:
            close_refused(error)
        return describe_error(error, self._names, self._feedback)

    def _remember_source(self, filename: str, source: str) -> None:
        """Let tracebacks and `inspect.getsource` find the cell's lines."""
        self._source_names.add(filename)
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)

    def _forget_source(self, filename: str) -> None:
        """Free the lines of a cell that nothing can raise from any more."""
        self._source_names.discard(filename)
        linecache.cache.pop(filename, None)

    def _keep_output(
        self, number: int, chunks: tuple[OutputChunk, ...], max_output: int | None
    ) -> str | None:
        if max_output is None or sum(len(chunk.text) for chunk in chunks) <= max_output:
            return None
        name = self._free_name(f"output_{number}")
        self.namespace[name] = "".join(chunk.text for chunk in chunks)
        self._tracker.know(name)
        return name

    def _free_name(self, wanted: str) -> str:
        """Return that name, with a number where a cell or the host has a variable of that name."""
        numbered = (f"{wanted}_{number}" for number in itertools.count(2))
        names = itertools.chain([wanted], numbered)
        # What a cell has deleted of the host's is bound again by a reset.
        taken = self.namespace, self._given
        return next(name for name in names if not any(name in each for each in taken))


def _cancelled_itself() -> CellError:
    message = "the cell cancelled the task that it runs in"
    return CellError("CancelledError", message, f"CancelledError: {message}")


def _forget_sources(filenames: set[str]) -> None:
    for filename in filenames:
        linecache.cache.pop(filename, None)
    filenames.clear()
