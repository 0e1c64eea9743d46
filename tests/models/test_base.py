"""Models of one's own: `call` or `stream` is enough."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from cave_agent import CaveAgent
from cave_agent.errors import ModelError, ModelServerError
from cave_agent.models import Model, ModelResponse, ModelStream, RetryPolicy, TokenUsage
from cave_agent.models.base import ProviderMessages

HELLO = [{"role": "user", "content": "Hi"}]


class OnlyCall(Model):
    """Defines `call`."""

    async def call(self, messages: ProviderMessages) -> ModelResponse:
        return ModelResponse(messages[-1]["content"] + "!", TokenUsage(1, 2), "stop")


class OnlyStream(Model):
    """Defines `stream`, as a plain async generator."""

    async def stream(self, messages: ProviderMessages) -> AsyncIterator[str]:
        for character in messages[-1]["content"] + "!":
            yield character


class Flaky(Model):
    """Fails twice in the middle of a reply."""

    retry = RetryPolicy(attempts=3, first_delay=0.0)

    def __init__(self) -> None:
        self.attempts = 0

    async def stream(self, messages: ProviderMessages) -> AsyncIterator[str]:
        self.attempts += 1
        yield f"attempt {self.attempts}"
        if self.attempts < 3:
            message = "down"
            raise ModelServerError(message)


def test_call_of_a_model_with_only_call() -> None:
    assert asyncio.run(OnlyCall().call(HELLO)).content == "Hi!"


def test_stream_of_a_model_with_only_call() -> None:
    async def read() -> tuple[list[str], ModelStream]:
        stream = cast("ModelStream", OnlyCall().stream(HELLO))
        return [piece async for piece in stream], stream

    pieces, stream = asyncio.run(read())
    assert pieces == ["Hi!"]
    assert stream.usage == TokenUsage(1, 2)
    assert stream.finish_reason == "stop"


def test_call_of_a_model_with_only_stream() -> None:
    response = asyncio.run(OnlyStream().call(HELLO))
    assert response == ModelResponse("Hi!", TokenUsage(), None)


def test_call_tries_again_and_forgets_the_text_of_failed_attempts() -> None:
    assert asyncio.run(Flaky().call(HELLO)).content == "attempt 3"


def test_model_without_either_says_so() -> None:
    class Empty(Model):
        pass

    with pytest.raises(TypeError, match="Empty defines neither"):
        asyncio.run(Empty().call(HELLO))
    with pytest.raises(TypeError, match="Empty defines neither"):
        Empty().stream(HELLO)


def test_foreign_error_in_a_stream_becomes_a_model_error() -> None:
    class Broken(Model):
        async def stream(self, messages: ProviderMessages) -> AsyncIterator[str]:
            yield messages[0]["no such key"]

    with pytest.raises(ModelError, match="KeyError: 'no such key'"):
        asyncio.run(Broken().call(HELLO))


@pytest.mark.parametrize("piece", [None, b"bytes", 5])
def test_stream_of_something_that_is_no_text(piece: Any) -> None:
    class NoText(Model):
        async def stream(self, messages: ProviderMessages) -> AsyncIterator[str]:
            yield "begun"
            yield piece

    with pytest.raises(ModelError, match=f"gave {piece!r}, which is no text: .* yields str"):
        asyncio.run(CaveAgent(NoText()).run("Hello"))


def test_reply_without_text() -> None:
    class NoText(Model):
        async def call(self, messages: ProviderMessages) -> ModelResponse:
            return ModelResponse(cast("str", None))

    with pytest.raises(ModelError, match="gave None, which is no text"):
        asyncio.run(CaveAgent(NoText()).run("Hello"))


def test_stream_that_was_never_read_can_be_closed() -> None:
    async def close() -> None:
        await cast("ModelStream", OnlyCall().stream(HELLO)).aclose()

    asyncio.run(close())


def test_usages_add_up() -> None:
    total = TokenUsage(10, 2) + TokenUsage(5, 1, estimated=True)
    assert (total.prompt_tokens, total.completion_tokens, total.total_tokens) == (15, 3, 18)
    assert total.estimated
