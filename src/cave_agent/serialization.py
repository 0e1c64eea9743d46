"""Events and messages as JSON and back: the one form for pages, sessions, logs and replays."""

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from cave_agent.events import Event
from cave_agent.messages import Message

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def event_to_json(event: Event) -> str:
    """Return an event as JSON.

    Example:
        >>> from cave_agent.events import TextEvent
        >>> event_to_json(TextEvent("Hi"))
        '{"content":"Hi","type":"text"}'
    """
    return _events().dump_json(event).decode()


def event_from_json(text: str | bytes) -> Event:
    """Return the event that `event_to_json` made the text from.

    Raises:
        ValueError: The text is no such JSON; the message says what is wrong where.
    """
    event: Event = _events().validate_json(text)
    return event


def message_to_json(message: Message) -> str:
    """Return a message as JSON.

    Example:
        >>> from cave_agent.messages import SystemMessage
        >>> message_to_json(SystemMessage("Hi"))
        '{"content":"Hi","role":"system"}'
    """
    return _messages().dump_json(message).decode()


def message_from_json(text: str | bytes) -> Message:
    """Return the message that `message_to_json` made the text from.

    Raises:
        ValueError: The text is no such JSON; the message says what is wrong where.
    """
    message: Message = _messages().validate_json(text)
    return message


@cache
def _events() -> "TypeAdapter[Any]":
    return _adapter(Event, "type")


@cache
def _messages() -> "TypeAdapter[Any]":
    return _adapter(Message, "role")


def _adapter(union: Any, discriminator: str) -> "TypeAdapter[Any]":
    from pydantic import Field, TypeAdapter  # noqa: PLC0415 - it takes as long as all else to load

    return TypeAdapter(Annotated[union, Field(discriminator=discriminator)])
