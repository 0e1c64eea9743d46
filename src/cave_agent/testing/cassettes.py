"""Recording what a model really replied, and replaying it without the model."""

import difflib
import hashlib
import json
import re
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from cave_agent.errors import CassetteMismatchError, ScriptExhaustedError, TestingError
from cave_agent.messages import text_of
from cave_agent.models.base import Model, ModelStream, ProviderMessages
from cave_agent.models.retry import RetryPolicy
from cave_agent.testing.scripted import describe_request
from cave_agent.usage import TokenUsage

_DATE = re.compile(r"\b(Today is )\d{4}-\d{2}-\d{2}(?=\.)")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its reply: a line of a cassette.

    Attributes:
        messages: What was sent.
        pieces: The reply as it was streamed.
        finish_reason: Why the model stopped; `None` where the consumer closed the stream.
        usage: Tokens used; `None` where the provider did not say, or was not heard out.
    """

    messages: ProviderMessages
    pieces: tuple[str, ...]
    finish_reason: str | None = None
    usage: TokenUsage | None = None

    @property
    def reply(self) -> str:
        """The whole text."""
        return "".join(self.pieces)

    def to_json(self) -> str:
        """Return it as one line of JSON."""
        usage = self.usage and {
            "prompt_tokens": self.usage.prompt_tokens,
            "completion_tokens": self.usage.completion_tokens,
            "estimated": self.usage.estimated,
        }
        if usage and self.usage and self.usage.cached_tokens:
            usage["cached_tokens"] = self.usage.cached_tokens
        line = {
            "messages": self.messages,
            "reply": self.reply,
            "finish_reason": self.finish_reason,
            "usage": usage,
            "pieces": [len(piece) for piece in self.pieces],
        }
        return json.dumps(line, ensure_ascii=False)

    @classmethod
    def from_json(cls, line: str) -> "Exchange":
        """Read a line of a cassette.

        Raises:
            ValueError: It is no such line.
        """
        data = json.loads(line)
        try:
            messages = _normal(data["messages"])
            lengths = data.get("pieces") or [len(data["reply"])]
            usage = TokenUsage(**data["usage"]) if data.get("usage") else None
            pieces = tuple(_cut(data["reply"], lengths))
            return cls(messages, pieces, data.get("finish_reason"), usage)
        except (KeyError, TypeError, AttributeError) as error:
            message = f"{type(error).__name__}: {error}"
            raise ValueError(message) from error


class RecordingModel(Model):
    """A model that forwards to another one and writes down what it replied.

    Each reply is added to the cassette as one line of JSON; failed calls are not. A reply that the
    consumer closed early, as the agent does after the first whole cell, is recorded as far as it
    had come. Nothing but messages and replies is written, so no API key can be.

    Args:
        model: The model to ask.
        path: The cassette; made if it is not there, appended to if it is.

    Example:
        >>> import asyncio, tempfile
        >>> from cave_agent.testing import ReplayModel, ScriptedModel
        >>> question = [{"role": "user", "content": "Total sales?"}]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     recording = RecordingModel(ScriptedModel(["It is 42."]), f"{folder}/sales.jsonl")
        ...     said = asyncio.run(recording.call(question)).content
        ...     said == asyncio.run(ReplayModel(f"{folder}/sales.jsonl").call(question)).content
        True
    """

    def __init__(self, model: Model, path: str | Path) -> None:
        self.model = model
        self.path = Path(path)
        self.retry = model.retry
        self.context_window = model.context_window
        self.takes_images = model.takes_images

    def __repr__(self) -> str:
        return f"RecordingModel({self.model!r}, {str(self.path)!r})"

    def stream(self, messages: ProviderMessages) -> ModelStream:
        """Return the model's reply and record it.

        Args:
            messages: Dicts with `role` and `content`.
        """

        async def produce(stream: ModelStream) -> AsyncGenerator[str, None]:
            request = _normal(messages)
            pieces: list[str] = []
            try:
                source = self.model.stream(messages)
                async with aclosing(_pieces(source)) as arriving:
                    async for piece in arriving:
                        pieces.append(piece)
                        yield piece
                stream.usage = getattr(source, "usage", None)
                stream.finish_reason = getattr(source, "finish_reason", None)
            except GeneratorExit:  # the consumer has what it wanted
                self._record(Exchange(request, tuple(pieces)))
                raise
            self._record(Exchange(request, tuple(pieces), stream.finish_reason, stream.usage))

        return ModelStream(produce)

    def _record(self, exchange: Exchange) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Unbuffered, so that the lines of concurrent requests do not mix; and half a surrogate
        # pair, which UTF-8 cannot hold, is written as the escape that JSON reads back.
        with self.path.open("ab", buffering=0) as cassette:
            cassette.write(f"{exchange.to_json()}\n".encode(errors="backslashreplace"))


class ReplayModel(Model):
    """A model that gives the replies of a cassette, in order, to the same requests.

    Args:
        path: The cassette that a `RecordingModel` wrote.

    Raises:
        TestingError: The cassette is not there, or a line of it is broken.

    Example:
        >>> ReplayModel("cassettes/sales.jsonl")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        cave_agent.errors.TestingError: The cassette ... cannot be read: ...
    """

    retry = RetryPolicy(attempts=1)

    def __init__(self, path: str | Path | Traversable) -> None:
        self.path = Path(path) if isinstance(path, str) else path
        self._exchanges = tuple(_read(self.path))
        self._next = 0
        sent = (message for exchange in self._exchanges for message in exchange.messages)
        self.takes_images = any(not isinstance(message["content"], str) for message in sent)

    def __repr__(self) -> str:
        return f"ReplayModel({str(self.path)!r})"

    @property
    def remaining(self) -> int:
        """How many replies were not asked for yet."""
        return len(self._exchanges) - self._next

    def stream(self, messages: ProviderMessages) -> ModelStream:
        """Return the recorded reply.

        Args:
            messages: Dicts with `role` and `content`, equal to those recorded.
        """

        async def produce(stream: ModelStream) -> AsyncGenerator[str, None]:
            exchange = self._take(_normal(messages))
            for piece in exchange.pieces:
                yield piece
            stream.usage, stream.finish_reason = exchange.usage, exchange.finish_reason

        return ModelStream(produce)

    def _take(self, messages: ProviderMessages) -> Exchange:
        if not self.remaining:
            message = (
                f"{self.path} holds {len(self._exchanges)} requests and was asked for one more "
                f"({describe_request(messages)}). Record it again."
            )
            raise ScriptExhaustedError(message)
        exchange = self._exchanges[self._next]
        if exchange.messages != messages:
            difference = "\n".join(_difference(exchange.messages, messages))
            message = (
                f"Request {self._next + 1} differs from {self.path}. Mend the test, or record the "
                f"cassette again:\n{difference}"
            )
            raise CassetteMismatchError(message)
        self._next += 1
        return exchange


async def _pieces(source: Any) -> AsyncGenerator[str, None]:
    """Yield a stream's text and close it, whatever kind of async iterable it is."""
    try:
        async for piece in source:
            yield piece
    finally:
        close = getattr(source, "aclose", None)
        if close is not None:
            await close()


def _normal(messages: ProviderMessages) -> ProviderMessages:
    return [
        {"role": message["role"], "content": _without_date(message["content"])}
        for message in messages
    ]


def _without_date(content: Any) -> Any:
    """Return what a message says, whatever day it is."""
    return _DATE.sub(r"\1…", content) if isinstance(content, str) else content


def _read(path: Path | Traversable) -> Iterator[Exchange]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"The cassette {path} cannot be read: {error}. Record it with RecordingModel."
        raise TestingError(message) from error
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield Exchange.from_json(line)
            except ValueError as error:
                message = (
                    f"Line {number} of the cassette {path} is broken ({error}). Record it again."
                )
                raise TestingError(message) from error


def _cut(text: str, lengths: list[int]) -> Iterator[str]:
    start = 0
    for length in lengths:
        yield text[start : start + length]
        start += length
    if start != len(text):
        message = f"the pieces add up to {start} characters, the reply has {len(text)}"
        raise ValueError(message)


def _difference(recorded: ProviderMessages, asked: ProviderMessages) -> Iterator[str]:
    return difflib.unified_diff(
        _lines(recorded), _lines(asked), "recorded", "this request", lineterm=""
    )


def _lines(messages: ProviderMessages) -> list[str]:
    lines: list[str] = []
    for message in messages:
        lines.append(f"[{message['role']}]")
        content = message["content"]
        lines += text_of(content).split("\n")
        if not isinstance(content, str):
            lines += [_image_line(part) for part in content if part.get("type") != "text"]
    return lines


def _image_line(part: dict[str, Any]) -> str:
    return f"[image {hashlib.sha256(json.dumps(part).encode()).hexdigest()[:12]}]"
