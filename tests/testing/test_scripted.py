"""The scripted model."""

import asyncio
from collections.abc import Iterator

import pytest

from cave_agent.errors import ModelServerError, ScriptExhaustedError
from cave_agent.models import ModelResponse, RetryPolicy, TokenUsage
from cave_agent.models.base import ProviderMessages
from cave_agent.testing import ScriptedModel

HELLO = [{"role": "user", "content": "Hello"}]


def ask(model: ScriptedModel, messages: ProviderMessages = HELLO) -> ModelResponse:
    return asyncio.run(model.call(messages))


def test_replies_in_order() -> None:
    model = ScriptedModel(["one", "two"])
    assert [ask(model).content, ask(model).content] == ["one", "two"]


def test_replies_from_a_generator() -> None:
    def counting() -> Iterator[str]:
        yield from ("one", "two")

    model = ScriptedModel(counting())
    assert [ask(model).content, ask(model).content] == ["one", "two"]


def test_replies_from_a_function() -> None:
    model = ScriptedModel(lambda messages: messages[-1]["content"].upper())
    assert ask(model).content == "HELLO"


def test_replies_from_an_async_function() -> None:
    async def reply(messages: ProviderMessages) -> str:
        await asyncio.sleep(0)
        return f"{len(messages)} messages"

    assert ask(ScriptedModel(reply)).content == "1 messages"


def test_response_with_everything() -> None:
    response = ModelResponse("cut", TokenUsage(7, 3), "length")
    assert ask(ScriptedModel([response])) == response


def test_usage_is_an_estimate_that_is_always_the_same() -> None:
    usage = ask(ScriptedModel(["12345"])).token_usage
    assert usage == TokenUsage(2, 2, estimated=True)
    assert ask(ScriptedModel([ModelResponse("12345", finish_reason="length")])).token_usage == usage


def test_error_is_raised_and_not_tried_again() -> None:
    model = ScriptedModel([ModelServerError("down"), "up"])
    with pytest.raises(ModelServerError, match="down"):
        ask(model)
    assert ask(model).content == "up"


def test_error_is_tried_again_where_asked() -> None:
    model = ScriptedModel(
        [ModelServerError("down"), "up"], retry=RetryPolicy(attempts=2, first_delay=0.0)
    )
    assert ask(model).content == "up"
    assert len(model.requests) == 2


@pytest.mark.parametrize(
    ("size", "pieces"),
    [(None, ["abcde"]), (1, ["a", "b", "c", "d", "e"]), (2, ["ab", "cd", "e"]), (9, ["abcde"])],
)
def test_chunk_size(size: int | None, pieces: list[str]) -> None:
    async def read() -> list[str]:
        stream = ScriptedModel(["abcde"], chunk_size=size).stream(HELLO)
        received = [piece async for piece in stream]
        assert stream.finish_reason == "stop"
        assert stream.usage is not None
        return received

    assert asyncio.run(read()) == pieces


def test_empty_reply() -> None:
    assert ask(ScriptedModel([""])).content == ""


def test_requests_are_kept_as_they_were() -> None:
    model = ScriptedModel(["one", "two"])
    messages = [dict(HELLO[0])]
    ask(model, messages)
    messages[0]["content"] = "changed"
    messages.append({"role": "assistant", "content": "one"})
    ask(model, messages)
    assert [len(request) for request in model.requests] == [1, 2]
    assert model.requests[0] == HELLO


def test_running_out_shows_the_request() -> None:
    model = ScriptedModel(["only"])
    ask(model)
    long_request = [{"role": "user", "content": "What now? " + "x" * 999}]
    with pytest.raises(ScriptExhaustedError, match=r"Request 2 .*user: 'What now\? x+ \[…\]'") as e:
        ask(model, long_request)
    assert len(str(e.value)) < 500


def test_running_out_of_an_empty_script_without_messages() -> None:
    with pytest.raises(ScriptExhaustedError, match="no messages"):
        ask(ScriptedModel([]), [])


@pytest.mark.parametrize("size", [0, -1])
def test_senseless_chunk_size(size: int) -> None:
    with pytest.raises(ValueError, match="chunk_size"):
        ScriptedModel([], chunk_size=size)


def test_single_text_is_no_script() -> None:
    with pytest.raises(TypeError, match="give a list"):
        ScriptedModel("reply")
