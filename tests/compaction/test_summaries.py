"""Summaries of more than a model can be shown at once."""

import re
from typing import Any

import pytest

from cave_agent import AssistantMessage, CaveAgent, Message, ModelServerError, UserMessage
from cave_agent.compaction import summary as summary_module
from cave_agent.events import CompactedEvent, UsageEvent
from cave_agent.models import Model
from tests.compaction.conversations import (
    Request,
    ask,
    asks_for_summary,
    assert_well_formed,
    converse,
    counting_model,
    requests_of,
    tokens_of,
)

WINDOW = 16_000


def summary_of(request: Request) -> str:
    """Return a summary that counts what it was shown, the summary before included."""
    text = request[0]["content"]
    before = re.findall(r"\[told (\d+)\]", text)
    shown = len(re.findall(r"(?m)^user:$", text))
    return f"[told {sum(map(int, before)) + shown}] " + "fact " * 500


class Own(Model):
    """A model that tells no usage, and replies at length."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    async def stream(self, messages: Request) -> Any:
        self.requests.append(messages)
        if asks_for_summary(messages):
            yield summary_of(messages)
        else:
            yield "word " * (2_000 + 1_000 * (len(self.requests) % 4))


@pytest.mark.parametrize("turns", [15, 40])
def test_no_turn_is_left_out_while_summaries_work(turns: int) -> None:
    model = Own()
    events = converse(CaveAgent(model, context_window=WINDOW), turns)
    assert sum(event.dropped for event in events) == 0
    summarised = sum(event.summarised for event in events)
    assert summarised > turns - 8
    assert f"<summary>[told {summarised}]" in str(model.requests[-1])
    for request in model.requests:
        assert tokens_of(request) <= 0.8 * WINDOW


def long_turns(count: int, words: int) -> list[Message]:
    return [
        message
        for number in range(count)
        for message in (UserMessage(f"Say {number}."), AssistantMessage("word " * words + "end"))
    ]


def test_a_resumed_conversation_over_the_window_is_summarised_in_chunks() -> None:
    model = counting_model(lambda _: "Yes.", summary=summary_of)
    agent = CaveAgent(model, messages=long_turns(20, 2_000), context_window=WINDOW)
    events = ask(agent, "And now?")
    [event] = [each for each in events if isinstance(each, CompactedEvent)]
    assert event.dropped == 0
    asked = [request for request in model.requests if asks_for_summary(request)]
    assert len(asked) > 3
    assert all(tokens_of(request) <= 0.8 * WINDOW for request in asked)
    [request] = requests_of(model)
    assert f"<summary>[told {event.summarised}]" in request[1]["content"]
    assert len([each for each in events if isinstance(each, UsageEvent)]) == len(asked) + 1


def test_the_requests_of_one_compaction_are_bounded() -> None:
    model = counting_model(lambda _: "Yes.", summary=summary_of)
    agent = CaveAgent(model, messages=long_turns(60, 3_000), context_window=WINDOW)
    [event] = converse(agent, 1)
    asked = [request for request in model.requests if asks_for_summary(request)]
    assert len(asked) == summary_module.MOST_REQUESTS
    assert event.dropped > 0
    assert event.summarised >= 2 * len(asked)
    assert "Say 0." not in asked[0][0]["content"], "the oldest go"
    [request] = requests_of(model)
    assert "<user>Say 0.</user>" in request[1]["content"]
    assert f"<summary>[told {event.summarised}]" in request[1]["content"]


def test_a_turn_that_is_longer_than_the_room_is_shown_shortened() -> None:
    messages = [*long_turns(1, 20_000), *long_turns(2, 100)]
    model = counting_model(lambda _: "Yes.", summary=summary_of)
    [event] = converse(CaveAgent(model, messages=messages, context_window=WINDOW), 1)
    assert (event.summarised, event.dropped) == (1, 0)
    [asked] = [request for request in model.requests if asks_for_summary(request)]
    assert tokens_of(asked) <= 0.8 * WINDOW
    assert "characters left out" in asked[0]["content"]
    assert "word end" in asked[0]["content"]


def test_a_summary_that_fails_later_keeps_what_was_summarised_before() -> None:
    asked = []

    def summary(request: Request) -> Any:
        asked.append(request)
        return ModelServerError("down") if len(asked) == 3 else summary_of(request)

    model = counting_model(lambda _: "Yes.", summary=summary)
    agent = CaveAgent(model, messages=long_turns(20, 2_000), context_window=WINDOW)
    [event] = converse(agent, 1)
    assert "no summary (down)" in event.content
    assert event.summarised > 3
    assert event.dropped > 3
    [request] = requests_of(model)
    assert_well_formed(request)
    assert f"<summary>[told {event.summarised}]" in request[1]["content"]
    assert tokens_of(request) <= 0.8 * WINDOW
