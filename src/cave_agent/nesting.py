"""Runs within runs: a cell may run other agents, and what these do counts for the cell's own run.

Whose cell a piece of code belongs to is known from `runtime/execution.py`. A task of a cell may
outlive the run of its agent: what it does counts in the run that the agent is at then, or else in
its next one.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any
from weakref import WeakKeyDictionary

from cave_agent.errors import AgentNestingError
from cave_agent.events import AgentEvent, Event
from cave_agent.results import OutputChunk
from cave_agent.runtime.execution import current_execution, last_execution, own_cells
from cave_agent.runtime.tasks import end_with_cell
from cave_agent.usage import TokenUsage

MAX_DEPTH = 10
"""Runs within each other, the outermost one aside, beyond which a run is refused."""

_running: "WeakKeyDictionary[Any, Run]" = WeakKeyDictionary()
_waiting: "dict[Run, Any]" = {}
_left_over: "WeakKeyDictionary[Any, tuple[TokenUsage, int]]" = WeakKeyDictionary()
_lock = threading.RLock()


class _Budget:
    """Replies that a run and those started below it have left, also when it has ended."""

    def __init__(self, left: int) -> None:
        self.left = left


class Run:
    """One run of an agent, and its place among the runs around it.

    Args:
        agent: The agent.
        name: What the runs around it call the agent.
        max_total_steps: Replies that this run and those within it may take together.

    Attributes:
        agent: The agent.
        thread: The thread that it goes on in.
        loop: The event loop that it goes on in.
        told: What its cell printed, and what runs within it told, that is to be told yet.
        listener: Called where there is something in `told`, while its cell runs.
        nested_usage: Tokens that the runs within this one used.
        total_steps: Replies that this run and those within it took.

    Raises:
        AgentNestingError: The runs around it are those of the same agent, or too many.
    """

    def __init__(self, agent: Any, name: str, max_total_steps: int | None) -> None:
        self.name = name
        self.told: deque[OutputChunk | AgentEvent] = deque()
        self.listener: Callable[[], object] | None = None
        self.nested_usage = TokenUsage()
        self.total_steps = 0
        self.agent = agent
        self.thread, self.loop = threading.get_ident(), asyncio.get_running_loop()
        starter = _run_around()
        self._around = None if starter is None else starter.agent
        self._budgets: tuple[_Budget, ...] = ()
        if starter is not None:
            self._budgets = starter._budgets  # noqa: SLF001 - its own class
        if max_total_steps is not None:
            self._budgets += (_Budget(max_total_steps),)
        self._charged: set[_Budget] = set()
        self._stops = ExitStack()
        self._is_settled = False
        around = list(self.ancestry())[1:]
        if any(run.agent is agent for run in around):
            self._refuse_circle()
        if len(around) > MAX_DEPTH:
            message = (
                f"{self._path()} are {len(around)} runs of agents within each other, over the "
                f"limit of {MAX_DEPTH}. Do the work here instead of passing it on."
            )
            raise AgentNestingError(message)
        end_with_cell()

    @property
    def parent(self) -> "Run | None":
        """The present run of the agent whose cell started this one, if there is any."""
        run = None if self._around is None else _running.get(self._around)
        return None if run is None or run._is_settled else run  # noqa: SLF001 - its own class

    def enter(self) -> None:
        """Let the cells that are run in the current context be its own."""
        own_cells(self)

    def wait_for_turn(self) -> None:
        """Note that it waits for its agent, unless that could never end.

        Raises:
            AgentNestingError: The agent's present run waits for this one.
        """
        with _lock:
            if self._would_wait_for_ever():
                self._refuse_circle()
            _waiting[self] = self.agent
        self._be_stopped_in_thread()

    def end_wait(self) -> None:
        """Note that it waits no more."""
        _waiting.pop(self, None)

    def begin(self) -> None:
        """Note that it is the agent's present run."""
        with _lock:
            self.end_wait()
            _running[self.agent] = self
            usage, steps = _left_over.pop(self.agent, (TokenUsage(), 0))
            self.nested_usage += usage
            self.total_steps += steps
            self._count_around(usage, steps)

    def settle(self) -> None:
        """Count no more, as its response is made: what is used from now on is the next run's."""
        with _lock:
            self._is_settled = True

    def end(self) -> None:
        """Note that it has ended, or was given up while it waited."""
        with _lock:
            self.end_wait()
            if _running.get(self.agent) is self:
                del _running[self.agent]
        self._stops.close()

    def take_step(self) -> bool:
        """Count a reply, here and in the runs around; `False` where none is left to take."""
        with _lock:
            if self.steps_left() == 0:
                return False
            self._charged = self._limits()
            self._count_step(1)
            return True

    @contextmanager
    def reply(self) -> Iterator[None]:
        """Ask for the reply that a step was taken for: where the model fails, there was none."""
        try:
            yield
        except Exception:
            with _lock:
                self._count_step(-1)
            raise

    def steps_left(self) -> int | None:
        """Return how many replies the tightest limit around leaves, `None` where there is none."""
        return min((budget.left for budget in self._limits()), default=None)

    def _limits(self) -> "set[_Budget]":
        """Return the budgets that it was started below, and those of the runs around it now."""
        return {budget for run in self.ancestry() for budget in run._budgets}  # noqa: SLF001

    def _count_step(self, count: int) -> None:
        self.total_steps += count
        for budget in self._charged:
            budget.left -= count
        self._count_around(TokenUsage(), count)

    def add_usage(self, usage: TokenUsage) -> None:
        """Count tokens of this run in the runs around it."""
        with _lock:
            self._count_around(usage, 0)

    def _count_around(self, usage: TokenUsage, steps: int) -> None:
        *_, outermost = ancestry = list(self.ancestry())
        for run in ancestry[1:]:
            run.nested_usage += usage
            run.total_steps += steps
        if outermost._around is not None and outermost.parent is None:  # noqa: SLF001
            left, left_steps = _left_over.get(outermost._around, (TokenUsage(), 0))  # noqa: SLF001
            _left_over[outermost._around] = left + usage, left_steps + steps  # noqa: SLF001

    def tell(self, event: Event) -> None:
        """Hand an event on to the run around, if there is one."""
        parent = self.parent
        if parent is None:
            return
        if isinstance(event, AgentEvent):
            told = AgentEvent(event.content, event.agent, event.depth + 1, event.event)
        else:
            told = AgentEvent(event.content, self.name, 1, event)
        parent.take(told)

    def take(self, item: OutputChunk | AgentEvent) -> None:
        """Keep something to be told; any thread may call this."""
        self.told.append(item)
        listener = self.listener
        if listener is not None:
            listener()

    def ancestry(self) -> "Iterator[Run]":
        """Yield this run, then the one around it, and so on outwards."""
        run: Run | None = self
        met: set[Run] = set()
        while run is not None and run not in met:  # agents may each have a task of the other's
            met.add(run)
            yield run
            run = run.parent

    def _be_stopped_in_thread(self) -> None:
        """Let what stops the cell around cancel it, too, where it goes on in another thread."""
        execution, task = current_execution(), asyncio.current_task()
        if execution is None or task is None or execution.thread == self.thread:
            return  # what the cell awaits, and its tasks, are stopped in its event loop

        def stop() -> None:
            with suppress(RuntimeError):  # the loop is closed, and the run gone with it
                self.loop.call_soon_threadsafe(task.cancel)

        self._stops.enter_context(execution.stops_too(stop))

    def _would_wait_for_ever(self) -> bool:
        """Whether the agent's present run waits, in turn, for one of those around this one."""
        around = set(self.ancestry())
        asked, pending = set(), [_running.get(self.agent)]
        while pending:
            holder = pending.pop()
            if holder is None or holder in asked:
                continue
            if holder in around or holder.is_paused_by(self):
                return True
            asked.add(holder)
            pending += [
                _running.get(agent) for run, agent in _waiting.items() if holder in run.ancestry()
            ]
        return False

    def is_paused_by(self, other: "Run") -> bool:
        """Whether it goes on in an event loop that does not run while that of another one does."""
        return self.thread == other.thread and self.loop is not other.loop

    def _path(self) -> str:
        return " → ".join(run.name for run in reversed(list(self.ancestry())))

    def _refuse_circle(self) -> None:
        message = (
            f"{self._path()} can never end: {self.name} is answering a query already, and that "
            "answer waits for this one. Let another agent do it, or do it here."
        )
        raise AgentNestingError(message)


def agent_around() -> Any:
    """Return the agent whose cell, of this run or an earlier one, the calling code belongs to."""
    run = _run_around()
    return None if run is None else run.agent


def _run_around() -> Run | None:
    """Return the run whose cell the calling code belongs to, even if the run has ended."""
    execution = last_execution()
    return None if execution is None else execution.owner
