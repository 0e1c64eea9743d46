"""The one retry loop and its policy."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cave_agent.errors import (
    ModelAuthenticationError,
    ModelConnectionError,
    ModelError,
    ModelRateLimitError,
    ModelRequestError,
    ModelServerError,
    ModelStreamError,
    RealRequestError,
)
from cave_agent.models import ModelResponse, ModelStream, RetryPolicy
from cave_agent.models.retry import Retry, RetryingStream
from cave_agent.testing import ScriptedModel

WORTH_IT: list[ModelError] = [
    ModelRateLimitError("limit"),
    ModelServerError("down"),
    ModelConnectionError("lost"),
    ModelStreamError("broke off"),
]
NOT_WORTH_IT: list[ModelError] = [
    ModelRequestError("refused"),
    ModelAuthenticationError("key"),
    ModelError("other"),
]
AT_ONCE = RetryPolicy(attempts=3, first_delay=0.0)


@pytest.mark.parametrize("error", WORTH_IT, ids=lambda error: type(error).__name__)
def test_worth_another_try(error: ModelError) -> None:
    policy = RetryPolicy(attempts=3)
    assert policy.delay(1, error) is not None
    assert policy.delay(2, error) is not None
    assert policy.delay(3, error) is None


@pytest.mark.parametrize("error", NOT_WORTH_IT, ids=lambda error: type(error).__name__)
def test_not_worth_another_try(error: ModelError) -> None:
    assert RetryPolicy(attempts=9).delay(1, error) is None


@given(attempt=st.integers(1, 40), first=st.floats(0.01, 5), longest=st.floats(5, 60))
def test_delay_doubles_up_to_the_longest_and_is_jittered(
    attempt: int, first: float, longest: float
) -> None:
    policy = RetryPolicy(attempts=99, first_delay=first, max_delay=longest)
    full = min(longest, first * 2 ** (attempt - 1))
    delay = policy.delay(attempt, ModelServerError("down"))
    assert delay is not None
    assert full / 2 <= delay <= full


def test_retry_after_is_obeyed_exactly() -> None:
    policy = RetryPolicy(max_delay=30)
    assert policy.delay(1, ModelRateLimitError("limit", retry_after=7.5)) == 7.5
    assert policy.delay(1, ModelServerError("down", retry_after=0)) == 0
    assert policy.delay(1, ModelRateLimitError("limit", retry_after=30)) == 30


def test_retry_after_beyond_the_longest_wait_gives_up_at_once() -> None:
    assert RetryPolicy(max_delay=30).delay(1, ModelRateLimitError("l", retry_after=31)) is None


async def collect(stream: RetryingStream) -> list[str | Retry]:
    return [piece async for piece in stream]


def test_pieces_of_all_attempts_with_a_mark_between() -> None:
    error = ModelServerError("down")
    model = ScriptedModel([error, ModelResponse("whole", finish_reason="length")], chunk_size=3)
    stream = RetryingStream(lambda: model.stream([]), AT_ONCE)

    assert asyncio.run(collect(stream)) == [Retry(error, 1, 0.0), "who", "le"]
    assert stream.finish_reason == "length"
    assert stream.usage is not None
    assert stream.usage.completion_tokens == 2


def test_last_error_is_raised_when_all_attempts_fail() -> None:
    errors = [ModelServerError(str(number)) for number in range(5)]
    model = ScriptedModel(errors)
    with pytest.raises(ModelServerError, match="2"):
        asyncio.run(collect(RetryingStream(lambda: model.stream([]), AT_ONCE)))
    assert len(model.requests) == 3


def test_foreign_error_becomes_a_model_error_and_is_not_tried_again() -> None:
    model = ScriptedModel([KeyError("surprise"), "never asked"])
    with pytest.raises(ModelError, match="KeyError: 'surprise'") as caught:
        asyncio.run(collect(RetryingStream(lambda: model.stream([]), AT_ONCE)))
    assert isinstance(caught.value.__cause__, KeyError)
    assert len(model.requests) == 1


def test_errors_of_the_testing_tools_pass_unchanged() -> None:
    model = ScriptedModel([RealRequestError("forbidden")])
    with pytest.raises(RealRequestError):
        asyncio.run(collect(RetryingStream(lambda: model.stream([]), AT_ONCE)))


def test_closing_closes_the_stream_below() -> None:
    closed: list[bool] = []

    async def endless() -> AsyncIterator[str]:
        try:
            while True:
                yield "more"
        finally:
            closed.append(True)

    async def read_one() -> None:
        stream = RetryingStream(endless, AT_ONCE)
        async for piece in stream:
            assert piece == "more"
            break
        await stream.aclose()

    asyncio.run(read_one())
    assert closed == [True]


def test_cancelling_is_never_tried_again() -> None:
    attempts: list[ModelStream] = []

    async def wait_forever(stream: ModelStream) -> AsyncGenerator[str, None]:
        attempts.append(stream)
        yield "begun"
        await asyncio.Event().wait()

    async def cancel() -> None:
        stream = RetryingStream(lambda: ModelStream(wait_forever), AT_ONCE)
        begun = asyncio.Event()

        async def read() -> None:
            async for _ in stream:
                begun.set()

        task = asyncio.create_task(read())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert len(attempts) == 1
