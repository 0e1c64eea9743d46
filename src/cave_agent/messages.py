"""The messages of a conversation: one frozen dataclass for each kind, joined in `Message`."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias


class MessageRole(StrEnum):
    """Who a message comes from."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    CODE_EXECUTION = "code_execution"
    EXECUTION_RESULT = "execution_result"
    REMINDER = "reminder"


@dataclass(frozen=True, slots=True)
class SystemMessage:
    """What the model is told once, at the start."""

    content: str
    role: Literal[MessageRole.SYSTEM] = field(default=MessageRole.SYSTEM, kw_only=True)


@dataclass(frozen=True, slots=True)
class UserMessage:
    """A query of the user; each one starts a turn.

    Attributes:
        content: The user's words.
        note: What the agent tells the model along with them, such as new variables.
    """

    content: str
    note: str = ""
    role: Literal[MessageRole.USER] = field(default=MessageRole.USER, kw_only=True)


@dataclass(frozen=True, slots=True)
class AssistantMessage:
    """A reply of the model that runs no code."""

    content: str
    role: Literal[MessageRole.ASSISTANT] = field(default=MessageRole.ASSISTANT, kw_only=True)


@dataclass(frozen=True, slots=True)
class CodeExecutionMessage:
    """A reply of the model up to the end of the cell that was run."""

    content: str
    role: Literal[MessageRole.CODE_EXECUTION] = field(
        default=MessageRole.CODE_EXECUTION, kw_only=True
    )


@dataclass(frozen=True, slots=True)
class ExecutionResultMessage:
    """What the model is told about the cell that was run."""

    content: str
    role: Literal[MessageRole.EXECUTION_RESULT] = field(
        default=MessageRole.EXECUTION_RESULT, kw_only=True
    )


@dataclass(frozen=True, slots=True)
class ReminderMessage:
    """A word of the agent to the model (go on where you stopped, fence your code); no query."""

    content: str
    role: Literal[MessageRole.REMINDER] = field(default=MessageRole.REMINDER, kw_only=True)


Message: TypeAlias = (
    SystemMessage
    | UserMessage
    | AssistantMessage
    | CodeExecutionMessage
    | ExecutionResultMessage
    | ReminderMessage
)

_PROVIDER_ROLES = {
    MessageRole.SYSTEM: "system",
    MessageRole.USER: "user",
    MessageRole.ASSISTANT: "assistant",
    MessageRole.CODE_EXECUTION: "assistant",
    MessageRole.EXECUTION_RESULT: "user",
    MessageRole.REMINDER: "user",
}


def to_provider(message: Message) -> dict[str, str]:
    """Return the message as providers know it: `{"role": …, "content": …}`.

    Half a surrogate pair, as in a file name that is no UTF-8, cannot be sent and is escaped.

    Example:
        >>> to_provider(ExecutionResultMessage("done"))
        {'role': 'user', 'content': 'done'}
    """
    content = message.content
    if isinstance(message, UserMessage) and message.note:
        content = f"{content}\n\n{message.note}"
    return {"role": _PROVIDER_ROLES[message.role], "content": _encodable(content)}


def _encodable(text: str) -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return text.encode(errors="backslashreplace").decode()
    return text
