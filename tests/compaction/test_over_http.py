"""Compaction over the real SDKs: what a server refuses, and how it says so."""

import asyncio
import json

import pytest

from cave_agent import AssistantMessage, CaveAgent, ContextWindowExceededError, UserMessage
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
    chat_server.script([REFUSAL, "All was said.", cell("x = 1"), "Done."])
    events = ask(CaveAgent(model, messages=old_turns()), "And now?")
    [compacted] = [event for event in events if isinstance(event, CompactedEvent)]
    assert (compacted.summarised, compacted.dropped) == (2, 1), "it is shown half of it"
    refused, summary, again, last = [r.body["messages"] for r in chat_server.requests()]
    assert len(summary) == 1
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
