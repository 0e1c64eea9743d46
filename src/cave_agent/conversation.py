"""The conversation: what was said, and what of it goes to the model."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from cave_agent.earlier import Earlier
from cave_agent.messages import (
    AssistantMessage,
    ExecutionResultMessage,
    Image,
    Message,
    MessageRole,
    SystemMessage,
    UserMessage,
    encodable,
    joined,
    text_of,
    to_provider,
)
from cave_agent.tokens import Tally, count_tokens, estimate_tokens
from cave_agent.usage import TokenUsage

_TOKENS_PER_MESSAGE = 4  # for its role, and where it begins and ends


class Sent:
    """A message as it is sent: as it was said, or shorter.

    Args:
        message: What was said.
        kept: The part of it that the model needs for the rest of the conversation.
        images: Whether images in it are sent.

    Attributes:
        answer: The reply to the user that the cell gave which it tells of.
        pictures: How many the model is shown with it, or was.
    """

    __slots__ = ("_tokens", "answer", "kept", "message", "payload", "pictures")

    def __init__(self, message: Message, kept: str = "", *, images: bool = False) -> None:
        self.message = message
        self.kept = kept
        self.answer = ""
        self.payload = to_provider(message, images=images)
        self.pictures = len(_images_in(message)) if self.shows_pictures else 0
        self._tokens: int | None = None

    @property
    def shows_pictures(self) -> bool:
        """Whether pictures are sent with it."""
        return not isinstance(self.payload["content"], str)

    @property
    def content(self) -> str:
        """The text that is sent."""
        return text_of(self.payload["content"])

    def replace(self, content: str) -> None:
        """Send another text in its place."""
        # The old payload is part of old requests.
        self.payload = {**self.payload, "content": encodable(content)}
        self._tokens = None

    @property
    def tokens(self) -> int:
        """The tokens that it takes."""
        if self._tokens is None:
            self._tokens = count_tokens(self.content) + _more_tokens(self.message, self.payload)
        return self._tokens


class Conversation:
    """All messages in order; a turn is one query of the user and all that answered it.

    What is sent is only ever added to, except by a compaction: it changes `turns` and `earlier`,
    and then calls `rewrite`.

    Args:
        messages: Messages that came before.
        images: Whether the model is sent images.

    Attributes:
        messages: All that was said, as it was said.
        told_injections: How many of the things injected into the runtime the model knows of.
        told_day: The day that the model was last told it is.
        unfolded_turns: How many turns, up to the present one, are sent as they were.
        images: Whether the model is sent images.
    """

    def __init__(self, messages: Iterable[Message] = (), *, images: bool = False) -> None:
        self.messages: list[Message] = []
        self.told_injections = 0
        self.told_day: dt.date | None = None
        self.unfolded_turns = 0
        self._earlier: Earlier | None = None
        self._turns: list[list[Sent]] = []
        self._in_turns = 0
        self._kept: dict[int, str] = {}
        self.images = images
        self._payload: list[dict[str, Any]] = []
        self._requested = 0
        self._texts: list[tuple[str, int]] = []
        self._counted = Tally(self._texts, count_tokens)
        self._estimated = Tally(
            self._texts, estimate_tokens
        )  # for usage: it takes no tokenizer to be loaded
        for message in messages:
            self.add(message)

    def add(self, message: Message) -> None:
        """Append a message."""
        if message.role is MessageRole.USER:
            self.unfolded_turns += 1
        self.messages.append(message)
        if _is_known(message):
            return
        payload = to_provider(message, images=self.images)
        self._texts.append((text_of(payload["content"]), _more_tokens(message, payload)))
        self._send(payload)

    def keep(self, text: str) -> None:
        """Keep a part of the next message in what the model is sent when that message is not."""
        if text:
            self._kept[len(self.messages)] = text

    @property
    def turns(self) -> list[list[Sent]]:
        """What is sent, by turns; what was said before the first query belongs to that.

        It is put together only for a compaction, so that what is never compacted costs nothing.
        """
        for place in range(max(self._in_turns, self.is_briefed), len(self.messages)):
            message = self.messages[place]
            if _is_known(message):
                self._take_answer(message.content)
                continue
            is_query = message.role is MessageRole.USER
            if not self._turns or (is_query and words_of(self._turns[-1])):
                self._turns.append([])
            self._turns[-1].append(Sent(message, self._kept.pop(place, ""), images=self.images))
        self._in_turns = len(self.messages)
        return self._turns

    @property
    def earlier(self) -> Earlier:
        """What is left of the turns that are not sent any more."""
        if self._earlier is None:
            self._earlier = Earlier()
        return self._earlier

    def _take_answer(self, answer: str) -> None:
        """Have what tells of a cell know the reply that the cell gave."""
        last = self._turns[-1][-1] if self._turns else None
        if last is not None and last.message.role is MessageRole.EXECUTION_RESULT:
            last.answer = answer

    def briefed(self, message: SystemMessage) -> "Conversation":
        """Return the conversation with a system message put first."""
        return Conversation([message, *self.messages], images=self.images)

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

    def payload(self) -> list[dict[str, Any]]:
        """Return what the model is sent now."""
        self._requested = len(self._payload)
        return list(self._payload)

    def drop_images(self) -> bool:
        """Send no images any more, and return whether there were any; they stay in `messages`."""
        had_any = any(not isinstance(sent["content"], str) for sent in self._payload)
        self.images = False
        self._payload = [{**sent, "content": text_of(sent["content"])} for sent in self._payload]
        for sent in (sent for turn in self.turns for sent in turn):
            sent.replace(sent.content)
        return had_any

    def rewrite(self, tokens: float) -> None:
        """Send from now on what `earlier` and `turns` hold.

        Args:
            tokens: How many that are.
        """
        head = self._payload[: self.is_briefed]
        rest = [sent.payload for turn in self.turns for sent in turn]
        if text := self.earlier.text:
            rest[0] = joined({**rest[0], "content": encodable(text)}, rest[0])
        self._payload = head
        self._requested = len(head)
        for payload in rest:
            self._send(payload)
        self._set_tokens(round(tokens))

    def used(self, told: TokenUsage | None, reply: str) -> TokenUsage:
        """Take the usage of a call that sent all this, and return it, or an estimate.

        Args:
            told: What the provider said.
            reply: What the model wrote.
        """
        if told is None:
            return TokenUsage(self._estimated.total(), estimate_tokens(reply), estimated=True)
        if told.prompt_tokens and not told.estimated:
            self._set_tokens(told.prompt_tokens)
        return told

    def fits(self, limit: float) -> bool:
        """Whether what is sent has at most so many tokens."""
        return self._counted.most() <= limit or self._counted.total() <= limit

    def tokens(self) -> int:
        """Return the tokens of what is sent: what a provider has counted, and the rest counted."""
        return self._counted.total()

    def recounted_tokens(self) -> int:
        """Return the tokens of what is sent as they are counted here, whatever a provider says."""
        head = sum(count_tokens(each["content"]) for each in self._payload[: self.is_briefed])
        turns = sum(sent.tokens for turn in self.turns for sent in turn)
        return head + turns + count_tokens(self.earlier.text)

    def _send(self, payload: dict[str, Any]) -> None:
        last = self._payload[-1] if len(self._payload) > self._requested else {}
        if payload["role"] == "user" and last.get("role") == "user":
            self._payload[-1] = joined(last, payload)  # some models insist that roles take turns
        else:
            self._payload.append(payload)

    def _set_tokens(self, tokens: int) -> None:
        self._counted.set(tokens)
        self._estimated.set(tokens)


def _is_known(message: Message) -> bool:
    """Whether the model knows what a message says without being sent it."""
    return isinstance(message, AssistantMessage) and message.by_cell


def _more_tokens(message: Message, payload: dict[str, Any]) -> int:
    """Return the tokens of a message beside those of its text."""
    if isinstance(payload["content"], str):
        return _TOKENS_PER_MESSAGE
    return _TOKENS_PER_MESSAGE + sum(image.tokens for image in _images_in(message))


def _images_in(message: Message) -> tuple[Image, ...]:
    """Return the pictures of a message."""
    return message.images if isinstance(message, ExecutionResultMessage) else ()


def words_of(turn: list[Sent]) -> list[str]:
    """Return what the user said in a turn."""
    return [sent.message.content for sent in turn if isinstance(sent.message, UserMessage)]
