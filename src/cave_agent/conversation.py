"""The conversation: what was said, and the part of it that goes to the model."""

from collections.abc import Iterable
from itertools import accumulate
from typing import Any

from cave_agent.messages import (
    AssistantMessage,
    ExecutionResultMessage,
    Message,
    MessageRole,
    SystemMessage,
    text_of,
    to_provider,
)
from cave_agent.usage import TokenUsage

_CHARACTERS_PER_TOKEN = 4
_TOKENS_PER_MESSAGE = 4


class Conversation:
    """All messages in order; a turn is one query of the user and all that answered it.

    Args:
        messages: Messages that came before.
        max_turns: How many turns, the current one included, the model is sent. Older ones stay
            in `messages`.

    Attributes:
        images: Whether the model is sent images.
        told_injections: How many of the things injected into the runtime the model knows of.
    """

    def __init__(
        self, messages: Iterable[Message], max_turns: int, *, images: bool = False
    ) -> None:
        self.messages: list[Message] = []
        self.told_injections = 0
        self._max_turns = max_turns
        self.images = images
        self._payload: list[dict[str, Any]] = []
        self._characters = [0]  # running totals: an estimate costs the same at any length
        self._turn_starts: list[int] = []
        self._kept: list[tuple[int, str]] = []
        for message in messages:
            self.add(message)

    def add(self, message: Message) -> None:
        """Append a message."""
        if message.role is MessageRole.USER:
            self._turn_starts.append(len(self.messages))
        self.messages.append(message)
        sent = to_provider(message, images=self.images)
        self._payload.append(sent)
        self._characters.append(self._characters[-1] + _length(sent, message))

    def keep(self, text: str) -> None:
        """Keep a part of the next message in what the model is sent when that message is not."""
        if text:
            self._kept.append((len(self.messages), text))

    def briefed(self, message: SystemMessage) -> "Conversation":
        """Return the conversation with a system message put first."""
        return Conversation([message, *self.messages], self._max_turns, images=self.images)

    def end_turn(self, note: str) -> None:
        """Answer what stands unanswered, so that user and assistant keep taking turns.

        Args:
            note: What to say in the model's place.
        """
        last = self.messages[-1].role if self.messages else MessageRole.SYSTEM
        if last is MessageRole.CODE_EXECUTION:
            self.add(ExecutionResultMessage(note))
        if last not in (MessageRole.SYSTEM, MessageRole.ASSISTANT):
            self.add(AssistantMessage(note))

    @property
    def is_briefed(self) -> bool:
        """Whether it begins with a system message."""
        return bool(self.messages) and self.messages[0].role is MessageRole.SYSTEM

    @property
    def briefing(self) -> str:
        """The system message's text; empty where there is none."""
        return self.messages[0].content if self.is_briefed else ""

    def drop_images(self) -> bool:
        """Send no images any more, and return whether there were any.

        They stay in `messages`.
        """
        had_any = any(not isinstance(sent["content"], str) for sent in self._payload)
        self.images = False
        self._payload = list(map(to_provider, self.messages))
        lengths = map(_length, self._payload, self.messages)
        self._characters = list(accumulate(lengths, initial=0))
        return had_any

    def payload(self) -> list[dict[str, Any]]:
        """Return what the model is sent: the system message and the latest turns, whole."""
        start = self._window_start()
        head = self._payload[:1] if self.is_briefed and start > 0 else []
        sent = self._payload[start:]
        if kept := self._kept_before(start):
            sent[0] = {**sent[0], "content": "\n\n".join([*kept, sent[0]["content"]])}
        return head + sent

    def estimate_usage(self, reply: str) -> TokenUsage:
        """Estimate the tokens of a call whose provider did not tell them.

        Args:
            reply: What the model wrote.
        """
        start = self._window_start()
        sent = self._characters[-1] - self._characters[start]
        sent += sum(map(len, self._kept_before(start)))
        count = len(self.messages) - start
        if self.is_briefed and start > 0:
            sent, count = sent + self._characters[1], count + 1
        return TokenUsage(
            prompt_tokens=sent // _CHARACTERS_PER_TOKEN + count * _TOKENS_PER_MESSAGE,
            completion_tokens=-(-len(reply) // _CHARACTERS_PER_TOKEN),
            estimated=True,
        )

    def _kept_before(self, start: int) -> list[str]:
        return [text for place, text in self._kept if place < start]

    def _window_start(self) -> int:
        if len(self._turn_starts) <= self._max_turns:
            return 0
        return self._turn_starts[-self._max_turns]


def _length(sent: dict[str, Any], message: Message) -> int:
    """Return a message's characters, with as many for an image as its tokens have."""
    if isinstance(sent["content"], str) or not isinstance(message, ExecutionResultMessage):
        return len(sent["content"])
    tokens = sum(image.tokens for image in message.images)
    return len(text_of(sent["content"])) + tokens * _CHARACTERS_PER_TOKEN
