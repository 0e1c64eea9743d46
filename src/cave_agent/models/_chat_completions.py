"""What the chat-completions SDKs have in common: one request, read as a stream of text."""

import json
import sys
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any, ClassVar
from urllib.parse import urlsplit

from cave_agent.errors import CaveAgentError, ModelError, ModelStreamError
from cave_agent.models._provider_errors import ProviderError, translated
from cave_agent.models._resources import close
from cave_agent.models.base import Model, ModelStream, ProviderMessages
from cave_agent.models.retry import RetryPolicy
from cave_agent.usage import TokenUsage


class Reply:
    """The text of one reply, read from an SDK's chunks.

    Once the provider has said why it stopped, the reply is whole: what fails after that costs the
    usage at most. Like `RetryingStream` it is no async generator.

    Args:
        open_chunks: Sends the request and returns the SDK's stream of chunks.
        translate: Makes an error of ours from the SDK's.
        target: Which model where, for messages.
        stream: Where to note usage and finish reason.
    """

    def __init__(
        self,
        open_chunks: Callable[[], Awaitable[Any]],
        translate: Callable[..., ModelError],
        target: str,
        stream: ModelStream,
    ) -> None:
        self._open_chunks = open_chunks
        self._translate = translate
        self._target = target
        self._stream = stream
        self._chunks: Any = None
        self._told: str | None = None
        self._ended = False

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        if self._ended:
            raise StopAsyncIteration
        handled = sys.exception()
        try:
            while (chunk := await self._next_chunk()) is not None:
                if text := self._read(chunk):
                    return text
        except Exception as error:
            await self.aclose()
            if isinstance(error, CaveAgentError):
                raise
            if self._finish_reason is None:
                begun = self._chunks is not None
                raise self._translate(error, begun=begun, handled=handled) from error
        except BaseException:  # cancelled
            await self.aclose()
            raise
        await self._finish()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """End the reply here and close the connection."""
        self._ended = True
        await close(self._chunks)

    async def _next_chunk(self) -> Any:
        if self._chunks is None:
            self._chunks = await self._open_chunks()
            await _refuse_error(self._chunks)
        return await anext(self._chunks, None)

    def _read(self, chunk: Any) -> str | None:
        """Return the text of a chunk and note what it tells besides."""
        usage = getattr(chunk, "usage", None)
        if usage is not None:
            self._stream.usage = self._usage(usage)
        if not chunk.choices:  # as in the chunk that holds the usage
            return None
        choice = chunk.choices[0]
        self._told = choice.finish_reason or self._told
        text: str | None = choice.delta.content if choice.delta is not None else None
        return text

    def _usage(self, told: Any) -> TokenUsage:
        """Return the usage that a chunk told."""
        details = getattr(told, "prompt_tokens_details", None)
        cached = getattr(details, "cached_tokens", None) or 0
        return TokenUsage(
            told.prompt_tokens or 0, told.completion_tokens or 0, cached_tokens=cached
        )

    @property
    def _finish_reason(self) -> str | None:
        """The finish reason that the provider really sent."""
        return self._told

    async def _finish(self) -> None:
        await self.aclose()
        self._stream.finish_reason = self._finish_reason
        if self._stream.finish_reason is None:
            message = (
                f"The reply of {self._target} ended without a finish reason: it was cut short, or "
                "it is no event stream. Another try may succeed; if it keeps happening, check "
                "that base_url leads to a chat-completions server."
            )
            raise ModelStreamError(message)


async def _refuse_error(chunks: Any) -> None:
    """Raise where an error came in place of the event stream: the SDKs would pass over it."""
    stream = getattr(chunks, "completion_stream", chunks)  # litellm wraps the stream of openai
    response = getattr(stream, "response", None)
    kind = getattr(response, "headers", {}).get("content-type", "")
    if response is None or not kind.startswith("application/json"):
        return
    try:
        body = json.loads(await response.aread())  # the SDK can still iterate it
    except ValueError:
        return
    if isinstance(body, dict) and body.get("error"):
        raise ProviderError(body["error"])


_OURS = {
    "max_retries": "retry=RetryPolicy(attempts=…)",
    "num_retries": "retry=RetryPolicy(attempts=…)",
    "model": "model_id=…",
    "messages": "the argument of call(…) or stream(…)",
    "stream": "nothing: replies are always streamed",
}


class ChatCompletionsModel(Model, ABC):
    """A model behind an SDK that speaks the chat-completions protocol.

    A subclass says how a request is opened, and how its SDK's chunks are read.
    """

    _label: ClassVar[str]
    _reply_type: type[Reply] = Reply

    def __init__(
        self,
        model_id: str,
        base_url: str | None,
        api_key: str | None,
        retry: RetryPolicy,
        options: dict[str, Any],
    ) -> None:
        for name in _OURS.keys() & options.keys():
            message = (
                f"{type(self).__name__} takes no {name}={options[name]!r}. "
                f"Use instead: {_OURS[name]}."
            )
            raise ValueError(message)
        self.model_id = model_id
        self.base_url = base_url
        self.retry = retry
        self._api_key = api_key
        self._options = {"stream_options": {"include_usage": True}, **options}
        if self._options["stream_options"] is None:
            del self._options["stream_options"]

    def __repr__(self) -> str:
        where = f", base_url={_shown(self.base_url)!r}" if self.base_url else ""
        return f"{type(self).__name__}({self.model_id!r}{where})"

    def stream(self, messages: ProviderMessages) -> ModelStream:
        """Return the reply as an async iterable of text, in a single attempt.

        Args:
            messages: Dicts with `role` and `content`.
        """
        where = f" at {_shown(self.base_url)}" if self.base_url else ""
        target = f"{self.model_id} ({self._label}{where})"
        secrets = [self._api_key] if self._api_key else []
        translate = partial(
            translated,
            target=target,
            secrets=secrets,
            max_delay=self.retry.max_delay,
            missing_keys=self._missing_keys,
        )
        return ModelStream(
            partial(self._reply_type, partial(self._open, messages), translate, target)
        )

    def _missing_keys(self) -> list[str]:
        """Return the environment variables that a key could stand in and does not, if known."""
        return []

    @abstractmethod
    async def _open(self, messages: ProviderMessages) -> Any:
        """Send the request and return the SDK's stream of chunks."""


def _shown(url: str | None) -> str:
    """Return a URL without what may be secret in it: user, password and query."""
    parts = urlsplit(url or "")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
