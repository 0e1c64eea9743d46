"""What comes back: from a cell (`ExecutionResult`) and from a run (`AgentResponse`)."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, Literal

from cave_agent.errors import MissingObjectError
from cave_agent.objects import Objects
from cave_agent.usage import TokenUsage

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    T_co = TypeVar("T_co", covariant=True, default=Any)
else:  # Python before 3.13 knows no defaults, which only type checkers need
    from typing import TypeVar

    T_co = TypeVar("T_co", covariant=True)

Stream = Literal["stdout", "stderr"]


class ExecutionStatus(StrEnum):
    """How a run ended."""

    SUCCESS = "success"
    MAX_STEPS_REACHED = "max_steps_reached"
    TRUNCATED = "truncated"
    """The final reply still hit the model's length limit after it was continued."""
    FILTERED = "filtered"
    """The provider's content filter cut the final reply off, or withheld it."""


@dataclass(frozen=True, slots=True)
class OutputChunk:
    """A piece of what a cell printed."""

    text: str
    stream: Stream = "stdout"


@dataclass(frozen=True, slots=True)
class RichOutput:
    """A figure or another rich display, as a MIME bundle like Jupyter's.

    Attributes:
        data: MIME type to content; binary content (`image/png`) is base64 text.
    """

    data: dict[str, str]

    @property
    def description(self) -> str:
        """One line that stands for it in text, `text/plain` where the bundle has it."""
        return self.data.get("text/plain") or f"<{', '.join(self.data)}>"


@dataclass(frozen=True, slots=True)
class CellError:
    """Why a cell failed, in text: it holds no exception and so keeps no frame alive.

    Attributes:
        type: Name of the exception's class, such as `"ZeroDivisionError"`.
        message: The exception's own message.
        text: What the model reads: the cell's own frames, or one line with `MINIMAL`.
        line: Line of the cell where it failed, counted from 1, where known.
    """

    type: str
    message: str
    text: str
    line: int | None = None

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class SecurityViolation:
    """Something in a cell that a security rule forbids.

    Attributes:
        message: What is forbidden and what to do instead.
        rule: Name of the rule.
        line: Line of the cell, counted from 1, where known.
        column: Column of that line, counted from 1, where known.
        source: The offending source.
    """

    message: str
    rule: str = ""
    line: int | None = None
    column: int | None = None
    source: str = ""

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line else ""
        what = f"`{self.source}`: " if self.source else ""
        rule = f" ({self.rule})" if self.rule else ""
        return f"{where}{what}{self.message}{rule}"


class ChangeKind(StrEnum):
    """What a cell did to a variable."""

    MADE = "made"
    REBOUND = "rebound"
    CHANGED = "changed"
    """The object is the same, its content is not."""
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """What became of one field of an object, or of one entry of a dictionary.

    Attributes:
        name: The field.
        before: What it was, in short; empty where it was not there.
        now: What it is; empty where it is gone.
    """

    name: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class Change:
    """What a cell did to one variable.

    Attributes:
        name: The variable.
        kind: Whether it was made, bound to another object, changed in place or deleted.
        digest: What it is now; empty where it is gone.
        before: What it was, where that is short.
        fields: What of its fields or entries changed in place, the first twenty.
    """

    name: str
    kind: ChangeKind
    digest: str = ""
    before: str = ""
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class ExecutionResult:
    """What one cell did.

    Attributes:
        error: Why it failed, or `None`.
        chunks: What it printed on both streams, in order.
        rich_outputs: Figures and `display(…)` calls, in order.
        cell: The cell's number in its runtime, counted from 1.
        duration: Seconds that it took.
        output_name: Variable that holds the whole output where it was over the limit.
        filled: Injected variables that were empty until this cell gave them content.
        violations: What security rules forbade: where they refused the cell, nothing of it ran;
            where they stopped it at run time, the lines before did.
        changes: The variables that it made, rebound, changed in place or deleted, as far as it can
            reach them by name; imports, loop variables and names that begin with `_` are left out.
        answer: The reply with which it ends the turn: it has called `answer(…)` and succeeded.
    """

    error: CellError | None = None
    chunks: tuple[OutputChunk, ...] = ()
    rich_outputs: tuple[RichOutput, ...] = ()
    cell: int = 0
    duration: float = 0.0
    output_name: str | None = None
    filled: tuple[str, ...] = ()
    violations: tuple[SecurityViolation, ...] = ()
    changes: tuple[Change, ...] = ()
    answer: str | None = None

    @property
    def success(self) -> bool:
        """Whether the cell ran to its end."""
        return self.error is None

    @property
    def refused(self) -> bool:
        """Whether security rules refused the cell, so that nothing of it ran."""
        return bool(self.violations) and not self.cell

    @property
    def stopped_by_rules(self) -> bool:
        """Whether it failed because of security rules, before it ran or while it did."""
        is_ours = self.error is not None and self.error.type == "SecurityError"
        return bool(self.violations) and is_ours

    @property
    def output(self) -> str:
        """What it printed on both streams, in order."""
        return "".join(chunk.text for chunk in self.chunks)

    @property
    def stdout(self) -> str:
        """What it printed on standard output, with the echo of its last expression."""
        return "".join(chunk.text for chunk in self.chunks if chunk.stream == "stdout")

    @property
    def stderr(self) -> str:
        """What it printed on standard error."""
        return "".join(chunk.text for chunk in self.chunks if chunk.stream == "stderr")


@dataclass(frozen=True, slots=True)
class CellRun:
    """A cell that ran in a turn, with its result."""

    code: str
    result: ExecutionResult


@dataclass(frozen=True, slots=True)
class AgentResponse(Generic[T_co]):
    """What a run brought.

    `AgentResponse[Report]` is one whose `object` is a `Report`.

    Attributes:
        content: The model's final text; at a limit, the last text that it wrote.
        status: How the run ended.
        steps_taken: Replies that the model gave.
        max_steps: How many it might have given.
        token_usage: Tokens of this run, those of agents that its cells ran among them.
        duration: Seconds that the run took.
        cells: The cells that ran, in order, each with its result.
        objects: The objects that were asked for with `returns={…}`, by name: the runtime's own.
        nested_usage: The part of `token_usage` that agents used which its cells ran.
        total_steps: `steps_taken` and those of agents that its cells ran.
    """

    content: str
    status: ExecutionStatus
    steps_taken: int
    max_steps: int
    token_usage: TokenUsage = field(default_factory=TokenUsage)
    duration: float = 0.0
    cells: tuple[CellRun, ...] = ()
    objects: Objects = field(default_factory=Objects, compare=False)
    nested_usage: TokenUsage = field(default_factory=TokenUsage)
    total_steps: int = 0

    def __cave_digest__(self) -> str:
        return f"AgentResponse, {self.status.value}: {self.content[:100]!r}"

    @property
    def object(self) -> T_co:
        """The object that was asked for with `returns=SomeType`: the runtime's own.

        Raises:
            MissingObjectError: It was not left as asked, or not exactly one was asked for.
        """
        names = self.objects.asked_for
        if len(names) != 1:
            message = (
                f"{len(names)} objects were asked for, not one: use run(query, returns=SomeType), "
                "or response.objects[name] where several are wanted."
            )
            raise MissingObjectError(message)
        wanted: T_co = self.objects[names[0]]
        return wanted

    @property
    def code_snippets(self) -> list[str]:
        """The code of the cells that ran, in order."""
        return [run.code for run in self.cells]
