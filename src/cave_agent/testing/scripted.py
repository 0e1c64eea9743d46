"""A model whose replies the test writes."""

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
from typing import Any, TypeAlias

from cave_agent.errors import ScriptExhaustedError
from cave_agent.messages import text_of
from cave_agent.models.base import Model, ModelResponse, ModelStream, ProviderMessages
from cave_agent.models.retry import RetryPolicy
from cave_agent.usage import TokenUsage

ScriptedReply: TypeAlias = str | ModelResponse | Exception
"""Text, or a response with more to say, or an error to raise."""

ReplyFunction: TypeAlias = Callable[[ProviderMessages], ScriptedReply | Awaitable[ScriptedReply]]

_CHARACTERS_PER_TOKEN = 4
_TOKENS_PER_IMAGE = 1_000
_SHOWN = 200


class ScriptedModel(Model):
    r"""A model that gives the replies of a script, for tests without a provider.

    Args:
        replies: The replies in order, as a list or a generator; or a function, async or not, that
            is given the messages and returns the reply. A reply is text, a `ModelResponse` (for
            `finish_reason="length"`, say), or an exception to raise.
        chunk_size: Characters of each streamed piece; a whole reply at once if left out.
        retry: How often a scripted error is tried again: not at all unless you say so.

    Attributes:
        requests: The messages of every call so far.

    Example:
        >>> model = ScriptedModel(["```python\nx = 1\n```", "Done."])
        >>> import asyncio
        >>> from cave_agent import CaveAgent
        >>> asyncio.run(CaveAgent(model).run("Set x to 1")).content
        'Done.'
        >>> len(model.requests)
        2
    """

    def __init__(
        self,
        replies: Iterable[ScriptedReply] | ReplyFunction,
        *,
        chunk_size: int | None = None,
        retry: RetryPolicy = RetryPolicy(attempts=1),
    ) -> None:
        if chunk_size is not None and chunk_size < 1:
            message = f"chunk_size is {chunk_size}: give a positive number of characters, or None."
            raise ValueError(message)
        if isinstance(replies, str):
            message = "replies is a single text: give a list, such as [text]."
            raise TypeError(message)
        self.takes_images = True
        self.requests: list[ProviderMessages] = []
        self.retry = retry
        self._chunk_size = chunk_size
        self._function = replies if callable(replies) else _in_order(iter(replies))

    def stream(self, messages: ProviderMessages) -> ModelStream:
        """Return the next reply of the script.

        Args:
            messages: Dicts with `role` and `content`.
        """

        async def produce(stream: ModelStream) -> AsyncGenerator[str, None]:
            request = [dict(message) for message in messages]
            self.requests.append(request)
            response = await self._response(request)
            size = self._chunk_size or len(response.content) or 1
            for start in range(0, len(response.content), size):
                yield response.content[start : start + size]
            stream.usage, stream.finish_reason = response.token_usage, response.finish_reason

        return ModelStream(produce)

    async def _response(self, request: ProviderMessages) -> ModelResponse:
        try:
            reply = self._function([dict(message) for message in request])
        except StopIteration:
            raise ScriptExhaustedError(_exhausted(len(self.requests), request)) from None
        if inspect.isawaitable(reply):
            reply = await reply
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, str):
            reply = ModelResponse(reply, finish_reason="stop")
        if reply.token_usage == TokenUsage():
            usage = estimated_usage(request, reply.content)
            reply = ModelResponse(reply.content, usage, reply.finish_reason)
        return reply


def estimated_usage(messages: ProviderMessages, reply: str) -> TokenUsage:
    """Return the usage at four characters per token, always the same for the same text."""
    sent = sum(len(text_of(message["content"])) for message in messages)
    images = sum(len(message["content"]) - 1 for message in messages if _has_images(message))
    return TokenUsage(
        -(-sent // _CHARACTERS_PER_TOKEN) + images * _TOKENS_PER_IMAGE,
        -(-len(reply) // _CHARACTERS_PER_TOKEN),
        estimated=True,
    )


def describe_request(request: ProviderMessages) -> str:
    """Return one line that says which request it was: how long, and its last message."""
    if not request:
        return "no messages"
    last = request[-1]
    text = text_of(last["content"])
    text = text if len(text) <= _SHOWN else text[:_SHOWN] + " […]"
    return f"{len(request)} messages, the last from {last['role']}: {text!r}"


def _has_images(message: dict[str, Any]) -> bool:
    return not isinstance(message["content"], str)


def _in_order(replies: Iterator[ScriptedReply]) -> ReplyFunction:
    return lambda _: next(replies)


def _exhausted(number: int, request: ProviderMessages) -> str:
    return (
        f"Request {number} has no reply in the script ({describe_request(request)}). Add a reply, "
        "or find out why the model was asked once more."
    )
