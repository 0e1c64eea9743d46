"""The messages of a conversation: one frozen dataclass for each kind, joined in `Message`."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, TypeAlias


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
    """A reply that runs no code.

    Attributes:
        content: The text.
        by_cell: Whether a cell gave it, so that the model knows it from what it was told of that.
    """

    content: str
    by_cell: bool = False
    role: Literal[MessageRole.ASSISTANT] = field(default=MessageRole.ASSISTANT, kw_only=True)


@dataclass(frozen=True, slots=True)
class CodeExecutionMessage:
    """A reply of the model up to the end of the cell that was run."""

    content: str
    role: Literal[MessageRole.CODE_EXECUTION] = field(
        default=MessageRole.CODE_EXECUTION, kw_only=True
    )


@dataclass(frozen=True, slots=True)
class Image:
    """A picture in a message.

    Attributes:
        media_type: `"image/png"` or `"image/jpeg"`.
        data: The file, in base64.
        width: In pixels.
        height: In pixels.
    """

    media_type: str
    data: str
    width: int
    height: int

    @property
    def tokens(self) -> int:
        """About how many tokens providers count for it."""
        return max(self.width * self.height // _PIXELS_PER_TOKEN, _LEAST_TOKENS_PER_IMAGE)


@dataclass(frozen=True, slots=True)
class ExecutionResultMessage:
    """What the model is told about the cell that was run.

    Attributes:
        content: The text.
        images: Pictures that the cell made, where the model is shown them.
    """

    content: str
    images: tuple[Image, ...] = ()
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

_PIXELS_PER_TOKEN = 750
_LEAST_TOKENS_PER_IMAGE = 85

_PROVIDER_ROLES = {
    MessageRole.SYSTEM: "system",
    MessageRole.USER: "user",
    MessageRole.ASSISTANT: "assistant",
    MessageRole.CODE_EXECUTION: "assistant",
    MessageRole.EXECUTION_RESULT: "user",
    MessageRole.REMINDER: "user",
}


def to_provider(message: Message, *, images: bool = False) -> dict[str, Any]:
    """Return the message as providers know it: `{"role": …, "content": …}`.

    The content is text, and a list of parts only where there are images to send.

    Half a surrogate pair, as in a file name that is no UTF-8, cannot be sent and is escaped.

    Example:
        >>> to_provider(ExecutionResultMessage("done"))
        {'role': 'user', 'content': 'done'}
    """
    content = message.content
    if isinstance(message, UserMessage) and message.note:
        content = f"{content}\n\n{message.note}"
    text = encodable(content)
    if images and isinstance(message, ExecutionResultMessage) and message.images:
        parts = [{"type": "text", "text": text}, *map(_image_part, message.images)]
        return {"role": _PROVIDER_ROLES[message.role], "content": parts}
    return {"role": _PROVIDER_ROLES[message.role], "content": text}


def joined(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    r"""Return one message in the place of two of the same role, as providers know them.

    Example:
        >>> joined({"role": "user", "content": "One."}, {"role": "user", "content": "Two."})
        {'role': 'user', 'content': 'One.\n\nTwo.'}
    """
    contents = (first["content"], second["content"])
    if all(isinstance(content, str) for content in contents):
        return {**first, "content": "\n\n".join(contents)}
    return {**first, "content": [part for content in contents for part in _parts(content)]}


def _parts(content: str | list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def text_of(content: str | list[dict[str, Any]]) -> str:
    """Return the text of a message's content as providers know it.

    Example:
        >>> text_of([{"type": "text", "text": "Look:"}, {"type": "image_url", "image_url": {}}])
        'Look:'
    """
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content if part.get("type") == "text")


def _image_part(image: Image) -> dict[str, Any]:
    url = f"data:{image.media_type};base64,{image.data}"
    return {"type": "image_url", "image_url": {"url": url}}


def encodable(text: str) -> str:
    """Return a text that can be sent: half a surrogate pair in it is escaped."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return text.encode(errors="backslashreplace").decode()
    return text
