"""The conversation: what was said, and the part of it that goes to the model."""

from collections.abc import Iterable

from cave_agent.messages import (
    AssistantMessage,
    ExecutionResultMessage,
    Message,
    MessageRole,
    SystemMessage,
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
        told_injections: How many of the things injected into the runtime the model knows of.
    """

    def __init__(self, messages: Iterable[Message], max_turns: int) -> None:
        self.messages: list[Message] = []
        self.told_injections = 0
        self._max_turns = max_turns
        self._payload: list[dict[str, str]] = []
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
        self._payload.append(to_provider(message))
        self._characters.append(self._characters[-1] + len(self._payload[-1]["content"]))

    def keep(self, text: str) -> None:
        """Keep a part of the next message in what the model is sent when that message is not."""
        if text:
            self._kept.append((len(self.messages), text))

    def briefed(self, message: SystemMessage) -> "Conversation":
        """Return the conversation with a system message put first."""
        return Conversation([message, *self.messages], self._max_turns)

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

    def payload(self) -> list[dict[str, str]]:
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
