"""From what happened to the events that tell it."""

from collections import deque
from collections.abc import Iterator

from cave_agent import prompts
from cave_agent.events import (
    AgentEvent,
    CodeDeltaEvent,
    Event,
    ExecutionErrorEvent,
    ExecutionOutputEvent,
    ExecutionOutputExceededEvent,
    OutputDeltaEvent,
    RichOutputEvent,
    SecurityErrorEvent,
    StateChangedEvent,
    TextEvent,
    UsageEvent,
)
from cave_agent.parsing import Piece
from cave_agent.results import ExecutionResult, OutputChunk
from cave_agent.usage import TokenUsage


def piece_events(piece: Piece) -> Iterator[Event]:
    """Yield what a chunk of the reply brought."""
    if piece.text:
        yield TextEvent(piece.text)
    if piece.code:
        yield CodeDeltaEvent(piece.code)


def usage_event(usage: TokenUsage) -> UsageEvent:
    """Return what a model call cost."""
    about = "about " if usage.estimated else ""
    return UsageEvent(f"{about}{usage.total_tokens:,} tokens", usage)


def cell_events(
    pending: deque[OutputChunk | AgentEvent],
) -> Iterator[OutputDeltaEvent | AgentEvent]:
    """Take all that waits, and yield neighbours on the same stream as one event."""
    chunks: list[OutputChunk] = []
    for _ in range(len(pending)):
        item = pending.popleft()
        if chunks and (isinstance(item, AgentEvent) or item.stream != chunks[0].stream):
            yield _joined(chunks)
            chunks = []
        if isinstance(item, AgentEvent):
            yield item
        else:
            chunks.append(item)
    if chunks:
        yield _joined(chunks)


def _joined(chunks: list[OutputChunk]) -> OutputDeltaEvent:
    return OutputDeltaEvent("".join(chunk.text for chunk in chunks), chunks[0].stream)


def result_events(result: ExecutionResult, max_output: int) -> Iterator[Event]:
    """Yield what a cell that has ended brought.

    Args:
        result: What it did.
        max_output: Characters of output that are told.
    """
    for rich in result.rich_outputs:
        yield RichOutputEvent(rich.description, rich)
    output = prompts.shown_output(result, max_output)
    told = "\n".join(filter(None, [output.rstrip(), str(result.error)]))
    if result.stopped_by_rules:
        yield SecurityErrorEvent(told, result)
        return
    if result.violations:
        yield SecurityErrorEvent("\n".join(map(str, result.violations)), result)
    if result.error is None:
        yield ExecutionOutputEvent(output, result)
    else:
        yield ExecutionErrorEvent(told, result)
    if result.changes:
        yield StateChangedEvent(prompts.changed(result.changes), result.changes)
    if result.output_name is not None:
        yield ExecutionOutputExceededEvent(prompts.exceeded_note(result, max_output))
