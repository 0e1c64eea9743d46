"""What an arm leaves behind after it has acted out a conversation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.tokens.counting import Exchange, Piece


class ArmsDifferError(Exception):
    """Two arms have not done the same."""


@dataclass
class TurnSeen:
    """One turn as an arm went through it.

    Attributes:
        results: What the tools returned, in the order of the calls.
        text: What the model was sent of it: results, and its own final reply.
        reply: The final reply.
        handed: What the user was handed whole, as text.
        are_objects: Whether the user was handed objects, not that text.
    """

    results: list[Any]
    text: str
    reply: str
    handed: Mapping[str, str] = field(default_factory=dict)
    are_objects: bool = False


@dataclass
class Replay:
    """A conversation as an arm went through it.

    Attributes:
        exchanges: Its model calls.
        turns: Its turns.
        state: What there is in the end.
        unsent: What the model would be sent next; it counts as sent, because it counts as seen.
    """

    exchanges: Sequence[Exchange]
    turns: list[TurnSeen] = field(default_factory=list)
    state: Any = None
    unsent: tuple[Piece, ...] = ()
