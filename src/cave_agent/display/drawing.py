"""Events, drawn."""

from types import TracebackType
from typing import Any, Self

from rich.text import Text

from cave_agent.display.base import Display, LogLevel, Medium
from cave_agent.display.canvas import Canvas, seconds
from cave_agent.display.cell import CellFrame
from cave_agent.display.flow import Flow, Painter
from cave_agent.display.text import clean, first_line
from cave_agent.events import (
    AgentEvent,
    CodeDeltaEvent,
    CodeEvent,
    Event,
    ExecutionErrorEvent,
    ExecutionOutputEvent,
    ExecutionOutputExceededEvent,
    FinalResponseEvent,
    MaxStepsReachedEvent,
    OutputDeltaEvent,
    RetryEvent,
    RichOutputEvent,
    SecurityErrorEvent,
    StateChangedEvent,
    TextEvent,
    UsageEvent,
)
from cave_agent.results import AgentResponse


class Drawing(Display):
    """Draws one run.

    Args:
        level: How much to draw.
        stream: Where to.
        medium: What that is.
    """

    def __init__(self, level: LogLevel, stream: Any, medium: Medium) -> None:
        self._level = level
        self._canvas = Canvas(stream, medium)
        self._prose = Flow(self._canvas, Painter())
        self._streamed: list[str] = []
        self._cell = CellFrame(self._canvas)
        self._draws_all = False

    def __enter__(self) -> Self:
        if self._level is LogLevel.DEBUG:
            self._draws_all = self._canvas.claim()
            self._await_reply()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._draws_all and error is not None:
                self._end_reply(f"ended by {type(error).__name__}")
        finally:
            self._canvas.release()

    def show(self, event: Event) -> None:
        """Draw what an event tells."""
        if self._draws_all:
            self._show_all(event)
        else:
            self._show_outcome(event)

    def _show_outcome(self, event: Event) -> None:
        """Draw errors and, unless only they are wanted, the final text."""
        match event:
            case ExecutionErrorEvent() | SecurityErrorEvent():
                self._print(str(event.result.error or event.content), "red")
            case FinalResponseEvent() | MaxStepsReachedEvent() if self._level is not LogLevel.ERROR:
                self._print(event.content)
                if isinstance(event, MaxStepsReachedEvent):
                    self._print(_limit_note(event.response), "yellow")
            case _:
                pass

    def _show_all(self, event: Event) -> None:
        match event:
            case TextEvent():
                self._cell.close("not run", "yellow")
                self._streamed.append(event.content)
                self._prose.feed(event.content)
            case StateChangedEvent():
                pass  # the end of the cell has drawn it
            case UsageEvent():
                self._cell.cost = clean(event.content)
            case RetryEvent():
                self._end_reply("not run")
                self._aside(f"attempt {event.attempt} failed: {event.content}", "yellow")
            case ExecutionOutputExceededEvent():
                self._aside(event.content)
            case AgentEvent():
                self._show_agent(event)
            case FinalResponseEvent() | MaxStepsReachedEvent():
                self._end_reply("not run")
                self._conclude(event)
            case _:
                self._show_cell(event)

    def _show_cell(self, event: Event) -> None:
        match event:
            case CodeDeltaEvent():
                self._prose.close()
                self._cell.add_code(event.content)
            case CodeEvent():
                self._prose.close()
                self._cell.run(event.content)
            case OutputDeltaEvent():
                self._cell.add_output(event.content, event.stream)
            case RichOutputEvent():
                self._cell.add_rich(first_line(event.content))
            case SecurityErrorEvent() if not event.result.stopped_by_rules:
                self._aside(f"security: {event.content}", "red")  # the cell caught it
            case ExecutionOutputEvent() | ExecutionErrorEvent() | SecurityErrorEvent():
                self._cell.end(event.result)
                self._await_reply()
            case _:
                self._aside(f"{event.type.value}: {event.content}")

    def _show_agent(self, event: AgentEvent) -> None:
        """Draw a line for what another agent did that a cell runs."""
        match event.event:
            case CodeEvent():
                told, style = f"runs {first_line(event.content)}", ""
            case ExecutionErrorEvent() | SecurityErrorEvent():
                error = str(event.event.result.error or event.event.content)
                told, style = f"failed: {error.splitlines()[-1]}", "red"
            case FinalResponseEvent() | MaxStepsReachedEvent():
                told, style = f"answers {first_line(event.content)}", ""
            case _:
                return
        self._cell.add_nested(f"{'  ' * event.depth}{clean(event.agent)} {told}", style)

    def _await_reply(self) -> None:
        self._cell = CellFrame(self._canvas)
        self._canvas.clock("waiting for the model")

    def _end_reply(self, words: str) -> None:
        """Draw what was held back; a frame that is still open ends with these words."""
        self._prose.close()
        self._cell.close(words, "yellow")

    def _conclude(self, event: FinalResponseEvent | MaxStepsReachedEvent) -> None:
        """Draw the final text, unless it was drawn as it came, and what the run took."""
        if not "".join(self._streamed).rstrip().endswith(event.content.strip()):
            self._print(event.content)
        response = event.response
        if isinstance(event, MaxStepsReachedEvent):
            self._print(_limit_note(response), "yellow")
        steps = _count_steps(response.steps_taken)
        usage = response.token_usage
        tokens = f"{'about ' if usage.estimated else ''}{usage.total_tokens:,} tokens"
        self._print(" · ".join([steps, seconds(response.duration), tokens]), "dim")

    def _aside(self, text: str, style: str = "dim") -> None:
        self._print(first_line(text), style)

    def _print(self, text: str, style: str = "") -> None:
        self._canvas.print([Text(line, style) for line in clean(text).strip("\n").split("\n")])


def _limit_note(response: AgentResponse) -> str:
    return f"Stopped at the limit of {_count_steps(response.max_steps)}."


def _count_steps(number: int) -> str:
    return "1 step" if number == 1 else f"{number} steps"
