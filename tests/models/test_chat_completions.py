"""What every chat-completions provider must do, run over both SDKs against a real server."""

import asyncio
import json
from collections.abc import Sequence
from email.utils import formatdate
from typing import Any, cast

import pytest

from cave_agent.errors import (
    ContextWindowExceededError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelError,
    ModelRateLimitError,
    ModelRequestError,
    ModelServerError,
    ModelStreamError,
    ModelUnavailableError,
    RealRequestError,
)
from cave_agent.models import Model, ModelStream, RetryPolicy, TokenUsage
from tests.models.conftest import HELLO, KEY, QUICK, MakeModel, call
from tests.servers import (
    DONE,
    DROP,
    HOLD,
    ChatServer,
    Reply,
    Step,
    chunk,
    conversation_reply,
    error_reply,
    event,
    usage,
)

STOP = chunk(finish_reason="stop")


def test_request_and_reply(model: Model, chat_server: ChatServer) -> None:
    chat_server.script(["Hello, 世界!"])

    content, finish_reason, tokens = call(model)

    assert content == "Hello, 世界!"
    assert finish_reason == "stop"
    assert tokens == TokenUsage(10, 2)
    [request] = chat_server.requests()
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.body["model"] == "scripted"
    assert request.body["messages"] == HELLO
    assert request.body["stream"] is True
    assert request.body["stream_options"] == {"include_usage": True}


def test_options_go_to_the_provider(make_model: MakeModel, chat_server: ChatServer) -> None:
    chat_server.script(["ok"])
    call(make_model(chat_server.base_url, temperature=0, stop=["END"], stream_options=None))

    body = chat_server.requests()[0].body
    assert body["temperature"] == 0
    assert body["stop"] == ["END"]
    assert "stream_options" not in body


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param([chunk(char) for char in "abc"], "abc", id="one character at a time"),
        pytest.param([chunk("a") + chunk("b"), chunk("c")], "abc", id="several chunks at once"),
        pytest.param([": ping\n\n", chunk("a"), ": ping\n\n", chunk("bc")], "abc", id="comments"),
        pytest.param(
            [chunk(reasoning_content="hm"), chunk("a", reasoning_content="hm"), chunk("bc")],
            "abc",
            id="reasoning is no text",
        ),
        pytest.param([event({"choices": []}), chunk("abc")], "abc", id="no choices at first"),
        pytest.param([chunk(), chunk("abc"), chunk("")], "abc", id="content null and empty"),
        pytest.param([chunk("abc").replace("\n", "\r\n")], "abc", id="CRLF"),
        pytest.param([chunk("é世👋\n```\n")], "é世👋\n```\n", id="unicode and newlines"),
        pytest.param([chunk("a\u2028b\x85c")], "a\u2028b\x85c", id="unicode line separators"),
        pytest.param([], "", id="no text"),
    ],
)
def test_reading_chunks(
    model: Model, chat_server: ChatServer, steps: Sequence[Step], expected: str
) -> None:
    chat_server.script([Reply([*steps, STOP, usage(3, 4), DONE])])
    assert call(model) == (expected, "stop", TokenUsage(3, 4))


def test_cached_tokens_are_told(model: Model, chat_server: ChatServer) -> None:
    chat_server.script([Reply([chunk("abc"), STOP, usage(100, 4, cached=90), DONE])])
    told = call(model)[2]
    assert told == TokenUsage(100, 4, cached_tokens=90)
    assert (told + told).uncached_tokens == 20


@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_finish_reason_is_passed_on(model: Model, chat_server: ChatServer, reason: str) -> None:
    chat_server.script([conversation_reply("cut", finish_reason=reason)])
    assert call(model)[:2] == ("cut", reason)


def test_usage_and_finish_reason_stand_after_the_stream(
    model: Model, chat_server: ChatServer
) -> None:
    chat_server.script(["one two three four"])

    async def read() -> None:
        stream = model.stream(HELLO)
        received = [piece async for piece in stream]
        assert len(received) > 1
        assert "".join(received) == "one two three four"
        assert cast("ModelStream", stream).usage == TokenUsage(10, 3)
        assert cast("ModelStream", stream).finish_reason == "stop"

    asyncio.run(read())


# -- replies that are none ---------------------------------------------------------------------

BROKEN = {
    "connection breaks": [chunk("part"), DROP],
    "connection breaks at once": [DROP],
    "broken JSON": [chunk("part"), 'data: {"choices": [{"del\n\n', STOP, DONE],
    "no finish reason": [chunk("part"), DONE],
    "no finish reason but usage": [chunk("part"), usage(1, 2), DONE],
    "no end at all": [chunk("part")],
    "empty body": [],
    "only the end": [DONE],
    "error event": [chunk("part"), event({"error": {"message": "oh", "code": "server_error"}})],
    "HTML": ["<!doctype html><title>Sign in</title>"],
    "JSON instead of events": ['{"choices": [{"message": {"content": "hi"}}]}'],
}


@pytest.mark.parametrize("steps", BROKEN.values(), ids=BROKEN.keys())
def test_broken_reply_is_tried_again_and_then_an_error(
    model: Model, chat_server: ChatServer, steps: Sequence[Step]
) -> None:
    chat_server.script([Reply(steps)] * 9)

    with pytest.raises(ModelStreamError, match="scripted"):
        call(model)

    assert len(chat_server.requests()) == 3


def test_text_of_a_broken_reply_is_void(model: Model, chat_server: ChatServer) -> None:
    chat_server.script([Reply([chunk("part"), DROP]), "whole"])
    assert call(model)[0] == "whole"


@pytest.mark.parametrize("end", [[DROP], ["data: {{\n\n"], []], ids=["drop", "broken", "no DONE"])
def test_what_fails_after_the_finish_reason_costs_no_reply(
    model: Model, chat_server: ChatServer, end: Sequence[Step]
) -> None:
    chat_server.script([Reply([chunk("whole"), STOP, *end])])
    assert call(model)[:2] == ("whole", "stop")


@pytest.mark.parametrize(
    ("code", "error", "requests"), [(400, ModelRequestError, 1), ("429", ModelRateLimitError, 3)]
)
def test_status_told_in_the_stream(
    model: Model,
    chat_server: ChatServer,
    code: int | str,
    error: type[ModelError],
    requests: int,
) -> None:
    chat_server.script([Reply([event({"error": {"message": "no", "code": code}})])] * 9)
    with pytest.raises(error):
        call(model)
    assert len(chat_server.requests()) == requests


JSON = {"content-type": "application/json; charset=utf-8"}


@pytest.mark.parametrize(
    ("told", "error", "requests"),
    [
        ({"message": f"no more of {KEY} today"}, ModelStreamError, 3),
        (f"no more of {KEY} today", ModelStreamError, 3),
        ({"message": f"no more of {KEY} today", "code": 401}, ModelAuthenticationError, 1),
    ],
    ids=["object", "text", "status"],
)
def test_error_in_place_of_the_stream_is_told(
    model: Model, chat_server: ChatServer, told: object, error: type[ModelError], requests: int
) -> None:
    chat_server.script([Reply([json.dumps({"error": told})], headers=JSON)] * 9)
    with pytest.raises(error, match=r"no more of \*\*\* today"):
        call(model)
    assert len(chat_server.requests()) == requests


@pytest.mark.parametrize("body", ['{"choices": []}', "[]", "oh", '{"error": null}', ""])
def test_other_json_in_place_of_the_stream(
    model: Model, chat_server: ChatServer, body: str
) -> None:
    chat_server.script([Reply([body], headers=JSON)] * 9)
    with pytest.raises(ModelStreamError, match="no event stream"):
        call(model)


def test_stream_that_says_it_is_json(model: Model, chat_server: ChatServer) -> None:
    chat_server.script([Reply([chunk("whole"), STOP, DONE], headers=JSON)])
    assert call(model)[:2] == ("whole", "stop")


# -- refusals and failures ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error", "requests"),
    [
        (400, ModelRequestError, 1),
        (401, ModelAuthenticationError, 1),
        (403, ModelAuthenticationError, 1),
        (404, ModelRequestError, 1),
        (413, ContextWindowExceededError, 1),
        (422, ModelRequestError, 1),
        (408, ModelServerError, 3),
        (409, ModelServerError, 3),
        (429, ModelRateLimitError, 3),
        (500, ModelServerError, 3),
        (503, ModelServerError, 3),
        (529, ModelServerError, 3),
    ],
)
def test_http_errors_and_number_of_requests(
    model: Model,
    chat_server: ChatServer,
    status: int,
    error: type[ModelError],
    requests: int,
) -> None:
    chat_server.script([error_reply(status, "what the provider says")] * 9)

    with pytest.raises(error, match="what the provider says") as caught:
        call(model)

    assert type(caught.value) is error
    assert str(status) in str(caught.value)
    assert caught.value.__cause__ is not None
    assert len(chat_server.requests()) == requests


TOO_LONG = [
    (400, {"code": "context_length_exceeded", "type": "invalid_request_error"}),
    (400, {"code": 400, "type": "exceed_context_size_error"}),
    (500, {"code": 500, "type": "exceed_context_size_error"}),
    (400, {"code": 400, "type": "BadRequestError", "param": "input_tokens"}),
    (200, {"code": "context_length_exceeded"}),
]


@pytest.mark.parametrize("in_stream", [False, True], ids=["body", "stream"])
@pytest.mark.parametrize(("status", "fields"), TOO_LONG)
def test_a_conversation_that_is_too_long(
    model: Model,
    chat_server: ChatServer,
    status: int,
    fields: dict[str, object],
    in_stream: bool,
) -> None:
    told = {"error": {"message": "4,097 tokens are too many", **fields}}
    reply = Reply([json.dumps(told)], status, JSON)
    chat_server.script([Reply([event(told)]) if in_stream else reply] * 9)
    with pytest.raises(ContextWindowExceededError, match=r"too many.*context_window") as caught:
        call(model)
    assert caught.value.__cause__ is not None
    assert len(chat_server.requests()) == 1


def test_success_after_failures(model: Model, chat_server: ChatServer) -> None:
    chat_server.script([error_reply(503), error_reply(429, retry_after="0"), "here"])
    assert call(model)[0] == "here"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry_after": "100"}, 100),
        ({"retry_after": "1.5"}, 1.5),
        ({"retry_after_ms": "2500", "retry_after": "3"}, 2.5),
        ({"retry_after": formatdate(0, usegmt=True)}, 0),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "-1"}, None),
        ({}, None),
    ],
    ids=str,
)
@pytest.mark.parametrize(("status", "error"), [(429, ModelRateLimitError), (503, ModelServerError)])
def test_retry_after(
    make_model: MakeModel,
    chat_server: ChatServer,
    headers: dict[str, str],
    expected: float | None,
    status: int,
    error: type[ModelRateLimitError | ModelServerError],
) -> None:
    chat_server.script([error_reply(status, **headers)])
    with pytest.raises(error) as caught:
        call(make_model(chat_server.base_url, retry=RetryPolicy(attempts=1)))
    assert caught.value.retry_after == expected


@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_that_is_too_long_is_told(
    model: Model, chat_server: ChatServer, status: int
) -> None:
    chat_server.script([error_reply(status, retry_after="600")] * 9)
    with pytest.raises(ModelUnavailableError, match=r"wait 600 s, more than max_delay=30 s") as e:
        call(model)
    assert "more attempts" not in str(e.value)
    assert "a larger max_delay" in str(e.value)
    assert len(chat_server.requests()) == 1


def test_nobody_listens(make_model: MakeModel) -> None:
    with pytest.raises(ModelConnectionError, match="base_url"):
        call(make_model("http://127.0.0.1:9/v1"))


@pytest.mark.parametrize("steps", [[HOLD], [chunk("part"), HOLD]], ids=["at once", "later"])
def test_timeout(make_model: MakeModel, chat_server: ChatServer, steps: Sequence[Step]) -> None:
    chat_server.script([Reply(steps)])
    slow = make_model(chat_server.base_url, timeout=0.2, retry=RetryPolicy(attempts=1))
    with pytest.raises((ModelConnectionError, ModelStreamError)):
        call(slow)


def test_an_error_being_handled_meanwhile_has_no_part_in_it(
    model: Model, chat_server: ChatServer
) -> None:
    chat_server.script([error_reply(404)])
    try:
        next(iter(()))
    except StopIteration as unrelated:
        unrelated.__cause__ = ConnectionResetError()
        with pytest.raises(ModelRequestError):
            call(model)


def test_unknown_option_is_an_error_of_ours(make_model: MakeModel, chat_server: ChatServer) -> None:
    chat_server.script([error_reply(400, "unknown field")] * 9)
    with pytest.raises(ModelError):
        call(make_model(chat_server.base_url, no_such_option=1))
    assert len(chat_server.requests()) <= 1


# -- what must not happen ----------------------------------------------------------------------


ECHOED = {"message": f"Incorrect API key provided: {KEY}"}


@pytest.mark.parametrize(
    "body", [{"error": ECHOED}, {"error": ECHOED["message"]}, [{"error": ECHOED}]]
)
def test_key_is_never_shown(make_model: MakeModel, chat_server: ChatServer, body: Any) -> None:
    chat_server.script([Reply([json.dumps(body)], 401, {"content-type": "application/json"})])
    with pytest.raises(ModelAuthenticationError) as caught:
        call(make_model(chat_server.base_url))

    assert "Incorrect API key provided: ***" in str(caught.value)
    shown: BaseException | None = caught.value
    while shown is not None:
        assert KEY not in f"{shown} {shown!r} {vars(shown)}"
        shown = shown.__cause__ or shown.__context__


def test_repr_shows_no_secret(make_model: MakeModel) -> None:
    model = make_model("http://user:word@127.0.0.1:9/v1?token=word", extra_headers={"x": "word"})
    shown = repr(model)
    assert KEY not in shown
    assert "word" not in shown
    assert "'scripted', base_url='http://127.0.0.1:9/v1'" in shown


@pytest.mark.parametrize("name", ["max_retries", "num_retries", "stream", "model", "messages"])
def test_options_with_a_place_of_their_own(make_model: MakeModel, name: str) -> None:
    with pytest.raises(ValueError, match="Use instead"):
        make_model("http://127.0.0.1:9/v1", **{name: 5})


def test_real_requests_are_forbidden_in_this_suite(make_model: MakeModel) -> None:
    model = make_model("https://models.example/v1", retry=QUICK)
    with pytest.raises(RealRequestError, match=r"models\.example"):
        call(model)
