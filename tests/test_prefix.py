"""What a model is sent is only ever added to."""

import asyncio
import datetime as dt
import json
from collections.abc import Iterator
from contextlib import aclosing
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cave_agent import (
    AssistantMessage,
    CaveAgent,
    EventType,
    ModelError,
    ModelServerError,
    UserMessage,
    clock,
)
from cave_agent.models import ModelResponse, OpenAIServerModel, RetryPolicy
from cave_agent.runtime import Function, PythonRuntime, Type, Variable
from cave_agent.skills import Skill
from cave_agent.testing import ScriptedModel
from tests.servers import ChatServer, error_reply


def cell(code: str) -> str:
    return f"```python\n{code}\n```"


REPLIES = {
    "cell": "I look.\n" + cell("total = sum(range(5))\nprint(total)"),
    "failing cell": cell("1 / 0"),
    "long output": cell("print('line\\n' * 5_000)"),
    "what follows the cell": cell("x = 1") + "\nThe output is 7.",
    "injection by a cell": cell("inject()"),
    "activation": cell("activate_skill('cooking')"),
    "reasoning": "<think>Hm.</think>\nIt is 10.",
    "prose": "It is 10.",
    "empty": "",
    "announcement": "Now I run code:\n```\nprint(1)",
    "cut off": ModelResponse("It is a long", finish_reason="length"),
    "cut off cell": ModelResponse("```python\nx = ", finish_reason="length"),
    "filtered": ModelResponse("It", finish_reason="content_filter"),
    "failure": ModelServerError("down"),
    "refusal": ModelError("no"),
}
HOST = ("variable", "function", "type", "text", "skill", "message", "objects", "leaves", "nothing")


def assert_only_added_to(requests: list[Any]) -> None:
    texts = [json.dumps(request)[:-1] for request in requests]
    for earlier, later in pairwise(texts):
        assert later.startswith(earlier)


class Drama:
    """A conversation in which all happens that can happen."""

    def __init__(self, replies: list[str]) -> None:
        self.runtime = PythonRuntime(functions=[Function(self.inject)])
        script: Iterator[Any] = iter([REPLIES[name] for name in replies])
        self.model = ScriptedModel(
            lambda _: next(script, "Done."), retry=RetryPolicy(2, first_delay=0)
        )
        skills = [Skill("cooking", "Cooks.", "Boil the water.")]
        self.agent = CaveAgent(self.model, self.runtime, skills=skills, max_history=10_000)
        self.number = 0

    def inject(self) -> None:
        """Inject one more variable."""
        self.number += 1
        self.runtime.inject_variable(Variable(f"new_{self.number}", self.number, "came later"))

    async def play(self, act: str) -> None:
        self.number += 1
        match act:
            case "variable":
                self.inject()
            case "function":
                self.runtime.inject_function(Function(len, name=f"function_{self.number}"))
            case "type":
                name = f"Type{self.number}"
                self.runtime.inject_type(Type(type(name, (), {"__doc__": "A class."})))
            case "text":
                self.runtime.tell("Mind the gap.")
            case "skill":
                self.agent.skills.add([Skill(f"skill-{self.number}", "Does it.", "Do it.")])
            case "message":
                self.agent.add_message(UserMessage("By the way"))
                self.agent.add_message(AssistantMessage("Yes?"))
        returns = {"total": int} if act == "objects" else None
        async with aclosing(self.agent.stream_events("Go on", returns=returns)) as events:
            async for event in events:
                if act == "leaves" and event.type is EventType.CODE:
                    break


@settings(max_examples=40)
@given(st.lists(st.sampled_from(sorted(REPLIES)), max_size=24), st.lists(st.sampled_from(HOST)))
def test_each_request_begins_with_the_one_before(replies: list[str], acts: list[str]) -> None:
    async def play() -> list[Any]:
        drama = Drama(replies)
        for act in ["nothing", *acts, "nothing"]:
            try:
                await drama.play(act)
            except ModelError:
                continue
        return drama.model.requests

    requests = asyncio.run(play())
    assert len(requests) > 1
    assert_only_added_to(requests)


def test_bytes_on_the_wire(chat_server: ChatServer) -> None:
    pytest.importorskip("openai")
    retry = RetryPolicy(first_delay=0.001)
    model = OpenAIServerModel("model-id", chat_server.base_url, "key", retry=retry)
    agent = CaveAgent(model)
    chat_server.script([cell("x = 'é 👋'\nx"), error_reply(503), "It is é.", "", "Yes.", "No."])
    for query in ("Größe?", "And now?", "Sure?"):
        asyncio.run(agent.run(query))
    requests = [request.body["messages"] for request in chat_server.requests()]
    assert len(requests) == 6
    assert_only_added_to(requests)


def test_the_date_is_told_with_a_query_when_it_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    days = iter([dt.date(2026, 3, 1), dt.date(2026, 3, 1), dt.date(2026, 3, 2)])
    monkeypatch.setattr(clock, "today", lambda: next(days))
    model = ScriptedModel(["One.", "Two.", "Three."])
    agent = CaveAgent(model)
    for query in ("First", "Second", "Third"):
        asyncio.run(agent.run(query))
    assert [message["content"] for message in model.requests[2][1::2]] == [
        "First\n\nToday is 2026-03-01.",
        "Second",
        "Third\n\nToday is 2026-03-02.",
    ]
    monkeypatch.setattr(clock, "today", lambda: dt.date(2026, 3, 2))
    later = ScriptedModel(["Four."])
    asyncio.run(CaveAgent(later, messages=agent.messages).run("Fourth"))
    assert later.requests[0][-1]["content"] == "Fourth"
