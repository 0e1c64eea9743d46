"""What happens in a run: one frozen dataclass for each kind of event, joined in `Event`."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from cave_agent.results import AgentResponse, Change, ExecutionResult, RichOutput, Stream
from cave_agent.usage import TokenUsage


class EventType(StrEnum):
    """The kinds of events; `event.type.value` is the name in text."""

    TEXT = "text"
    CODE_DELTA = "code_delta"
    CODE = "code"
    OUTPUT_DELTA = "output_delta"
    EXECUTION_OUTPUT = "execution_output"
    EXECUTION_ERROR = "execution_error"
    EXECUTION_OUTPUT_EXCEEDED = "execution_output_exceeded"
    RICH_OUTPUT = "rich_output"
    STATE_CHANGED = "state_changed"
    SECURITY_ERROR = "security_error"
    AGENT = "agent"
    REMINDER = "reminder"
    RETRY = "retry"
    USAGE = "usage"
    COMPACTED = "compacted"
    FINAL_RESPONSE = "final_response"
    MAX_STEPS_REACHED = "max_steps_reached"


@dataclass(frozen=True, slots=True)
class TextEvent:
    """A piece of the model's prose, as it arrives."""

    content: str
    type: Literal[EventType.TEXT] = field(default=EventType.TEXT, kw_only=True)


@dataclass(frozen=True, slots=True)
class CodeDeltaEvent:
    """A piece of the cell that the model is writing, as it arrives."""

    content: str
    type: Literal[EventType.CODE_DELTA] = field(default=EventType.CODE_DELTA, kw_only=True)


@dataclass(frozen=True, slots=True)
class CodeEvent:
    """A whole cell, about to run."""

    content: str
    type: Literal[EventType.CODE] = field(default=EventType.CODE, kw_only=True)


@dataclass(frozen=True, slots=True)
class OutputDeltaEvent:
    """A piece of what the running cell prints, as it prints it."""

    content: str
    stream: Stream = "stdout"
    type: Literal[EventType.OUTPUT_DELTA] = field(default=EventType.OUTPUT_DELTA, kw_only=True)


@dataclass(frozen=True, slots=True)
class ExecutionOutputEvent:
    """What a cell that succeeded printed, shortened to the output limit; and its whole result."""

    content: str
    result: ExecutionResult
    type: Literal[EventType.EXECUTION_OUTPUT] = field(
        default=EventType.EXECUTION_OUTPUT, kw_only=True
    )


@dataclass(frozen=True, slots=True)
class ExecutionErrorEvent:
    """What a cell that failed printed, shortened, and its error; and its whole result."""

    content: str
    result: ExecutionResult
    type: Literal[EventType.EXECUTION_ERROR] = field(
        default=EventType.EXECUTION_ERROR, kw_only=True
    )


@dataclass(frozen=True, slots=True)
class ExecutionOutputExceededEvent:
    """Says that output was over the limit and where the whole of it is."""

    content: str
    type: Literal[EventType.EXECUTION_OUTPUT_EXCEEDED] = field(
        default=EventType.EXECUTION_OUTPUT_EXCEEDED, kw_only=True
    )


@dataclass(frozen=True, slots=True)
class RichOutputEvent:
    """A figure or another rich display of a cell; `content` describes it in a line."""

    content: str
    output: RichOutput
    type: Literal[EventType.RICH_OUTPUT] = field(default=EventType.RICH_OUTPUT, kw_only=True)


@dataclass(frozen=True, slots=True)
class StateChangedEvent:
    """What a cell changed in the namespace: a line in `content` for each change."""

    content: str
    changes: tuple[Change, ...]
    type: Literal[EventType.STATE_CHANGED] = field(default=EventType.STATE_CHANGED, kw_only=True)


@dataclass(frozen=True, slots=True)
class SecurityErrorEvent:
    """What security rules forbade; `result.violations` has it one by one.

    It stands in place of the other events of a cell's end where the rules stopped the cell, and
    before them where the cell went on.
    """

    content: str
    result: ExecutionResult
    type: Literal[EventType.SECURITY_ERROR] = field(default=EventType.SECURITY_ERROR, kw_only=True)


@dataclass(frozen=True, slots=True)
class ReminderEvent:
    """What the agent told the model, beside what cells printed, to bring it back on track."""

    content: str
    type: Literal[EventType.REMINDER] = field(default=EventType.REMINDER, kw_only=True)


@dataclass(frozen=True, slots=True)
class RetryEvent:
    """A model call failed and is made again; what it streamed so far is void.

    Attributes:
        content: What failed and what happens next, in a sentence.
        attempt: The attempt that failed, counted from 1.
        delay: Seconds until the next one.
    """

    content: str
    attempt: int
    delay: float
    type: Literal[EventType.RETRY] = field(default=EventType.RETRY, kw_only=True)


@dataclass(frozen=True, slots=True)
class UsageEvent:
    """The tokens that one model call used."""

    content: str
    usage: TokenUsage
    type: Literal[EventType.USAGE] = field(default=EventType.USAGE, kw_only=True)


@dataclass(frozen=True, slots=True)
class CompactedEvent:
    """What the model is sent was made shorter; `content` says how in a sentence.

    Attributes:
        before: Tokens that the conversation took.
        after: Tokens that it takes now.
        folded: Turns of which outputs were folded to a line each.
        summarised: Turns that a summary by the model stands for.
        dropped: Turns of which only what the user said is left, shortened.
    """

    content: str
    before: int
    after: int
    folded: int
    summarised: int
    dropped: int
    type: Literal[EventType.COMPACTED] = field(default=EventType.COMPACTED, kw_only=True)


@dataclass(frozen=True, slots=True)
class FinalResponseEvent:
    """The end of a run: the model's final text, and the response that `run` returns."""

    content: str
    response: AgentResponse
    type: Literal[EventType.FINAL_RESPONSE] = field(default=EventType.FINAL_RESPONSE, kw_only=True)


@dataclass(frozen=True, slots=True)
class MaxStepsReachedEvent:
    """The end of a run at its step limit, with the response that `run` returns."""

    content: str
    response: AgentResponse
    type: Literal[EventType.MAX_STEPS_REACHED] = field(
        default=EventType.MAX_STEPS_REACHED, kw_only=True
    )


PlainEvent: TypeAlias = (
    TextEvent
    | CodeDeltaEvent
    | CodeEvent
    | OutputDeltaEvent
    | ExecutionOutputEvent
    | ExecutionErrorEvent
    | ExecutionOutputExceededEvent
    | RichOutputEvent
    | StateChangedEvent
    | SecurityErrorEvent
    | ReminderEvent
    | RetryEvent
    | UsageEvent
    | CompactedEvent
    | FinalResponseEvent
    | MaxStepsReachedEvent
)
"""What an agent tells of itself."""


@dataclass(frozen=True, slots=True)
class AgentEvent:
    """What another agent told, which a cell of this run runs.

    Attributes:
        agent: The other agent's name.
        depth: 1 for an agent that a cell of this run runs, 2 for one that a cell of that one runs.
        event: What it told.
    """

    content: str
    agent: str
    depth: int
    event: PlainEvent
    type: Literal[EventType.AGENT] = field(default=EventType.AGENT, kw_only=True)


Event: TypeAlias = PlainEvent | AgentEvent
