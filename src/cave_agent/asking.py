"""Getting one reply of the model: streamed, retried where the call fails, continued if cut off."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

from cave_agent import prompts, reports
from cave_agent.compaction import Compactor
from cave_agent.conversation import Conversation
from cave_agent.errors import ContextWindowExceededError, ModelRequestError
from cave_agent.events import Event, ReminderEvent, RetryEvent, UsageEvent
from cave_agent.messages import AssistantMessage, ReminderMessage
from cave_agent.models.base import Model
from cave_agent.models.retry import Retry, RetryingStream
from cave_agent.parsing import ReplyParser
from cave_agent.usage import TokenUsage

MOST_CONTINUATIONS = 3
"""How often a reply that hit the length limit is continued."""


class Reply:
    """One reply, and what asking for it cost.

    Args:
        model: Who is asked.
        conversation: What the model is sent; it is given the parts of a reply that is continued.
        compactor: Keeps it within the model's window.
        identifier: The label of blocks that are cells.

    Attributes:
        is_cut_off: Whether it still hit the length limit after it was continued.
        is_filtered: Whether the provider's content filter ended it.
        usage: Tokens of all its calls, those for summaries included.
    """

    def __init__(
        self, model: Model, conversation: Conversation, compactor: Compactor, identifier: str
    ) -> None:
        self.is_cut_off = False
        self.is_filtered = False
        self.usage = TokenUsage()
        self._model = model
        self._conversation = conversation
        self._compactor = compactor
        self._identifier = identifier
        self._parts: list[str] = []
        self._received: list[str] = []
        self._parser: ReplyParser

    @property
    def text(self) -> str:
        """Its prose, without reasoning."""
        return self._parser.text.strip()

    @property
    def cell(self) -> str | None:
        """Its cell, if it has one."""
        return None if self._parser.cell is None else self._parser.cell.rstrip("\n")

    @property
    def remembered(self) -> str:
        """What the conversation keeps of it; of one that was continued, the last part."""
        kept = self._parser.reply if len(self._parts) == 1 else self._parts[-1]
        return kept or prompts.NO_TEXT  # providers refuse a message without content

    async def events(self) -> AsyncGenerator[Event, None]:
        """Ask, and yield what arrives.

        Each model call fits the window; where its provider denies that, it is made a second time.
        """
        shortened, is_second = await self._compactor.fit(), False
        while True:
            for event in shortened:
                yield self._with_usage(event)
            stream = self._begin_part()
            try:
                async with aclosing(stream):
                    async for piece in stream:
                        for event in self._take(piece):
                            yield event
                        if self._parser.finished:
                            break
            except ModelRequestError as error:
                shortened, is_second = await self._after(error, is_second=is_second), True
                continue
            yield self._with_usage(reports.usage_event(self._end_part(stream)))
            if not self.is_cut_off or len(self._parts) > MOST_CONTINUATIONS:
                break
            self._conversation.add(AssistantMessage(self._parts[-1] or prompts.NO_TEXT))
            self._conversation.add(ReminderMessage(prompts.CONTINUE))
            yield ReminderEvent(prompts.CONTINUE)
            shortened, is_second = await self._compactor.fit(), False
        for event in reports.piece_events(self._parser.close()):
            yield event

    def _begin_part(self) -> RetryingStream:
        """Make a model call: the first, or one that continues a reply that was cut off."""
        self._parts.append("")
        self._received = []
        self._parser = self._parser_after_earlier_parts()
        payload = self._conversation.payload()
        return RetryingStream(lambda: self._model.stream(payload), self._model.retry)

    def _take(self, piece: str | Retry) -> Iterator[Event]:
        """Yield what a piece of the reply brought, or that the call is made again."""
        if isinstance(piece, Retry):
            self._received = []
            self._parser = self._parser_after_earlier_parts()
            yield RetryEvent(
                prompts.retry_note(piece.error, piece.delay), piece.attempt, piece.delay
            )
            return
        self._received.append(piece)
        yield from reports.piece_events(self._parser.feed(piece))

    def _end_part(self, stream: RetryingStream) -> TokenUsage:
        self._parts[-1] = text = "".join(self._received)
        self.is_cut_off = stream.finish_reason == "length" and not self._parser.is_whole
        self.is_filtered = stream.finish_reason == "content_filter" and not self._parser.is_whole
        return self._conversation.used(stream.usage, text)

    async def _after(self, error: ModelRequestError, *, is_second: bool) -> list[Event]:
        """Make another request possible than one that was refused, and return how; else raise.

        Raises:
            ModelRequestError: There is nothing to do about it here.
        """
        self._parts.pop()
        if isinstance(error, ContextWindowExceededError) and not is_second:
            if shortened := await self._compactor.shrink():
                return shortened
        # A subclass knows the reason, and that is not the images.
        elif type(error) is ModelRequestError and self._conversation.drop_images():
            message = (
                f"{error} The request held images: if the model takes none, give CaveAgent "
                "images=False. This conversation goes on without them."
            )
            raise ModelRequestError(message) from error
        raise error

    def _with_usage(self, event: Event) -> Event:
        """Return an event, its tokens counted if it tells of any."""
        if isinstance(event, UsageEvent):
            self.usage += event.usage
        return event

    def _parser_after_earlier_parts(self) -> ReplyParser:
        parser = ReplyParser(self._identifier)
        for part in self._parts[:-1]:
            parser.feed(part)
            parser.resume()
        return parser
