"""Runs within runs: a cell may run other agents, and what these do counts for the cell's own run.

Which run a piece of code belongs to is known from the cell that it belongs to
(`runtime/execution.py`).
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

from cave_agent.errors import AgentNestingError
from cave_agent.events import AgentEvent, Event
from cave_agent.runtime.execution import current_execution, own_cells
from cave_agent.usage import TokenUsage

MAX_DEPTH = 10
"""Runs within each other, the outermost one aside, beyond which a run is refused."""

_running: "WeakKeyDictionary[Any, Run]" = WeakKeyDictionary()
_waiting: "dict[Run, Any]" = {}
_lock = threading.RLock()


class Run:
    """One run of an agent, and its place among the runs around it.

    Args:
        agent: The agent.
        name: What the runs around it call the agent.
        max_total_steps: Replies that this run and those within it may take together.

    Attributes:
        agent: The agent.
        max_total_steps: Replies that it and those within it may take together, if that is limited.
        thread: The thread that it goes on in.
        loop: The event loop that it goes on in.
        parent: The run whose cell started this one, if any.
        listener: Takes the events of runs within this one while its cell runs.
        nested_usage: Tokens that the runs within this one used.
        total_steps: Replies that this run and those within it took.

    Raises:
        AgentNestingError: The runs around it are those of the same agent, or too many.
    """

    def __init__(self, agent: Any, name: str, max_total_steps: int | None) -> None:
        self.name = name
        self.parent = Run.around()
        self.listener: Callable[[AgentEvent], None] | None = None
        self.nested_usage = TokenUsage()
        self.total_steps = 0
        self.agent = agent
        self.thread, self.loop = threading.get_ident(), asyncio.get_running_loop()
        self.max_total_steps = max_total_steps
        around = list(self.ancestry())[1:]
        if any(run.agent is agent for run in around):
            self._refuse_circle()
        if len(around) > MAX_DEPTH:
            message = (
                f"{self._path()} are {len(around)} runs of agents within each other, over the "
                f"limit of {MAX_DEPTH}. Do the work here instead of passing it on."
            )
            raise AgentNestingError(message)

    @staticmethod
    def around() -> "Run | None":
        """Return the run whose cell the calling code belongs to, if any."""
        execution = current_execution()
        return None if execution is None else execution.owner

    def enter(self) -> None:
        """Let the cells that are run in the current context be those of this run."""
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

    def end_wait(self) -> None:
        """Note that it waits no more."""
        _waiting.pop(self, None)

    def begin(self) -> None:
        """Note that it is the agent's present run."""
        with _lock:
            self.end_wait()
            _running[self.agent] = self

    def end(self) -> None:
        """Note that it has ended, or was given up while it waited."""
        with _lock:
            self.end_wait()
            if _running.get(self.agent) is self:
                del _running[self.agent]

    def take_step(self) -> bool:
        """Count a reply, here and in the runs around; `False` where none is left to take."""
        with _lock:
            if self.steps_left() == 0:
                return False
            for run in self.ancestry():
                run.total_steps += 1
            return True

    def steps_left(self) -> int | None:
        """Return how many replies the tightest limit around leaves, `None` where there is none."""
        left = [
            run.max_total_steps - run.total_steps
            for run in self.ancestry()
            if run.max_total_steps is not None
        ]
        return max(min(left), 0) if left else None

    def add_usage(self, usage: TokenUsage) -> None:
        """Count tokens of this run in the runs around it."""
        with _lock:
            for run in list(self.ancestry())[1:]:
                run.nested_usage += usage

    def tell(self, event: Event) -> None:
        """Hand an event on to the run around, if its cell still runs."""
        if self.parent is None or self.parent.listener is None:
            return
        if isinstance(event, AgentEvent):
            told = AgentEvent(event.content, event.agent, event.depth + 1, event.event)
        else:
            told = AgentEvent(event.content, self.name, 1, event)
        self.parent.listener(told)

    def ancestry(self) -> "Iterator[Run]":
        """Yield this run, then the one whose cell started it, and so on outwards."""
        run: Run | None = self
        while run is not None:
            yield run
            run = run.parent

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
