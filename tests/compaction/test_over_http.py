"""Compaction over the real SDKs: what a server refuses, and how it says so."""

import asyncio
import json
from typing import Any

import pytest

from cave_agent import (
    AssistantMessage,
    CaveAgent,
    ContextWindowExceededError,
    ModelRequestError,
    UserMessage,
)
from cave_agent.events import CompactedEvent
from cave_agent.messages import Message
from cave_agent.models import Model
from tests.compaction.conversations import ask, cell
from tests.models.conftest import make_litellm, make_openai
from tests.servers import ChatServer, Reply

JSON = {"content-type": "application/json"}
TOO_LONG = {"message": "at most 8,192 tokens", "code": "context_length_exceeded"}
REFUSAL = Reply([json.dumps({"error": TOO_LONG})], 400, JSON)


@pytest.fixture(params=[make_openai, make_litellm], ids=["openai", "litellm"])
def model(request: pytest.FixtureRequest, chat_server: ChatServer) -> Model:
    made: Model = request.param(chat_server.base_url)
    return made


def old_turns() -> list[Message]:
    return [UserMessage("Say it."), AssistantMessage("word " * 2_000)] * 4


def test_a_refused_conversation_is_summarised_and_sent_once_more(
    model: Model, chat_server: ChatServer
) -> None:
    chat_server.script([REFUSAL, "Much was said.", "All was said.", cell("x = 1"), "Done."])
    events = ask(CaveAgent(model, messages=old_turns()), "And now?")
    [compacted] = [event for event in events if isinstance(event, CompactedEvent)]
    assert (compacted.summarised, compacted.dropped) == (3, 0)
    refused, *summaries, again, last = [r.body["messages"] for r in chat_server.requests()]
    assert [len(summary) for summary in summaries] == [1, 1], "it is shown half of it at once"
    assert again[0] == refused[0]
    assert [message["role"] for message in again] == ["system", "user", "assistant", "user"]
    assert "<summary>All was said.</summary>" in again[1]["content"]
    assert again[1]["content"].count("<user>Say it.</user>") == 3
    assert last[: len(again)] == again


def test_where_all_is_refused_the_error_says_what_to_do(
    model: Model, chat_server: ChatServer
) -> None:
    chat_server.script([REFUSAL] * 9)
    agent = CaveAgent(model, messages=old_turns())
    with pytest.raises(ContextWindowExceededError, match=r"8,192 tokens.*context_window"):
        ask(agent, "And now?")
    requests = [request.body["messages"] for request in chat_server.requests()]
    assert [len(request) for request in requests] == [10, 1, 4]
    chat_server.script(["Yes."])
    assert asyncio.run(agent.run("Still there?")).content == "Yes."


def told(message: str, **fields: Any) -> dict[str, Any]:
    return {"message": message, **fields}


AT_MOST_4096 = (
    "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens"
)
GEMINI = "The input token count (40000) exceeds the maximum number of tokens allowed (32768)."
BODIES: dict[str, Any] = {
    "vllm": told(AT_MOST_4096, object="error", type="BadRequestError", param=None, code=400),
    "deepseek": {
        "error": told(
            AT_MOST_4096, type="invalid_request_error", param=None, code="invalid_request_error"
        )
    },
    "mistral": told(
        "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum "
        "context length",
        object="error",
        type="invalid_request_invalid_args",
        code="3051",
    ),
    "openrouter": {
        "error": told(
            "This endpoint's maximum context length is 32768 tokens. However, you requested about "
            "42832 tokens (42832 of text input).",
            code=400,
        )
    },
    "anthropic": {
        "error": told(
            "prompt is too long: 205000 tokens > 200000 maximum", type="invalid_request_error"
        )
    },
    "gemini": [{"error": told(GEMINI, code=400, status="INVALID_ARGUMENT")}],
    "sglang": told(
        "The input (61709 tokens) is longer than the model's context length (40960 tokens).",
        object="error",
        type="BadRequestError",
        code=400,
    ),
    "xai": {
        "error": "This model's maximum prompt length is 131072 but the request contains 136973 "
        "tokens.",
    },
}
TGI = {
    "error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 2048. Given: "
    "1244 `inputs` tokens and 1000 `max_new_tokens`",
    "error_type": "validation",
}


def refusal(body: Any, status: int = 400) -> Reply:
    return Reply([json.dumps(body)], status, JSON)


@pytest.mark.parametrize(
    "refused",
    [*map(refusal, BODIES.values()), refusal(TGI, 422)],
    ids=[*BODIES, "text-generation-inference"],
)
def test_servers_without_a_code_for_it_say_it_in_words(
    refused: Reply, model: Model, chat_server: ChatServer
) -> None:
    chat_server.script([refused, "Much was said.", "All was said.", "Done."])
    agent = CaveAgent(model, messages=old_turns())
    events = ask(agent, "And now?")
    assert [event.summarised for event in events if isinstance(event, CompactedEvent)] == [3]
    assert events[-1].content == "Done."


@pytest.mark.parametrize(
    "refused",
    [
        refusal({"error": told(AT_MOST_4096, code="invalid_value")}),
        refusal({"error": told(AT_MOST_4096, code=404)}, 404),
        refusal({"error": told("The parameter max_tokens is too large: 5000.", code=400)}),
    ],
    ids=["another code", "another status", "another text"],
)
def test_other_errors_are_not_answered_by_compaction(
    refused: Reply, chat_server: ChatServer
) -> None:
    chat_server.script([refused])
    agent = CaveAgent(make_openai(chat_server.base_url), messages=old_turns())
    with pytest.raises(ModelRequestError):
        ask(agent, "And now?")
    assert len(chat_server.requests()) == 1
