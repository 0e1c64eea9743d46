"""The seam to language models: one method is enough, `call` or `stream`."""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from cave_agent.models.retry import Retry, RetryingStream, RetryPolicy
from cave_agent.usage import TokenUsage

ProviderMessages: TypeAlias = list[dict[str, Any]]
"""Messages as providers know them: `{"role": …, "content": …}`.

The content is text; with `CaveAgent(images=True)`, where there are images, a list of parts.
"""


@dataclass(frozen=True, slots=True)
class ModelResponse:
    """A whole reply.

    Attributes:
        content: The text.
        token_usage: Tokens that it cost.
        finish_reason: Why the model stopped: `"stop"`, `"length"`, or `None` where unknown.
    """

    content: str
    token_usage: TokenUsage = TokenUsage()
    finish_reason: str | None = None


class Pieces(Protocol):
    """Text as it arrives: an async generator, or something as good."""

    def __aiter__(self) -> AsyncIterator[str]: ...
    async def __anext__(self) -> str: ...
    async def aclose(self) -> None:
        """End the reply here."""


class ModelStream:
    """A reply as it arrives: iterate it for pieces of text.

    Args:
        produce: Makes the pieces of text, usually an async generator function; it is given this
            stream, to set `usage` and `finish_reason` on.

    Attributes:
        usage: Tokens used; stands once the stream is exhausted, `None` if the provider is silent.
        finish_reason: Why the model stopped; stands once the stream is exhausted.
    """

    def __init__(self, produce: Callable[["ModelStream"], Pieces]) -> None:
        self.usage: TokenUsage | None = None
        self.finish_reason: str | None = None
        self._pieces = produce(self)

    def __aiter__(self) -> AsyncIterator[str]:
        return self._pieces

    async def aclose(self) -> None:
        """End the reply here and close the connection."""
        await self._pieces.aclose()


class Model:
    """A language model. Subclass it and define `stream`, or `call`, or both.

    Attributes:
        retry: How often a failed call is made again. An error is worth another try if it is a
            `ModelUnavailableError` or a `ModelStreamError`.
        context_window: Tokens that it can read; `None` where that is not known.
        takes_images: Whether messages may hold images; `None` where that is not known.

    Example:
        >>> class Parrot(Model):
        ...     async def call(self, messages):
        ...         return ModelResponse(messages[-1]["content"])
    """

    retry: RetryPolicy = RetryPolicy()
    context_window: int | None = None
    takes_images: bool | None = False

    async def call(self, messages: ProviderMessages) -> ModelResponse:
        """Return the whole reply to the messages.

        Args:
            messages: Dicts with `role` and `content`.

        Raises:
            ModelError: The call failed, after the retries that `retry` allows.
        """
        self._require_one_method()
        stream = RetryingStream(lambda: self.stream(messages), self.retry)
        pieces: list[str] = []
        async for piece in stream:
            if isinstance(piece, Retry):
                pieces.clear()
            else:
                pieces.append(piece)
        return ModelResponse("".join(pieces), stream.usage or TokenUsage(), stream.finish_reason)

    def stream(self, messages: ProviderMessages) -> AsyncIterable[str]:
        """Return the reply as an async iterable of text, in a single attempt.

        Its `.usage` and `.finish_reason`, where it has them, stand once it is exhausted. The agent
        wraps it in the retry loop.

        Args:
            messages: Dicts with `role` and `content`.
        """
        self._require_one_method()

        async def whole_reply(stream: ModelStream) -> AsyncGenerator[str, None]:
            response = await self.call(messages)
            stream.usage, stream.finish_reason = response.token_usage, response.finish_reason
            yield response.content

        return ModelStream(whole_reply)

    def _require_one_method(self) -> None:
        if type(self).call is Model.call and type(self).stream is Model.stream:
            message = f"{type(self).__name__} defines neither `call` nor `stream`: define one."
            raise TypeError(message)
