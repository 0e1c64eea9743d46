"""Whatever is said and however small the window: what is sent stays a conversation."""

import asyncio
import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cave_agent import CaveAgent, ModelError
from cave_agent.events import CompactedEvent
from cave_agent.runtime import PythonRuntime, Variable
from cave_agent.testing import ScriptedModel
from tests.compaction.conversations import (
    Request,
    asks_for_summary,
    assert_well_formed,
    cell,
    counting_model,
    tokens_of,
)

SIZES = st.sampled_from([0, 1, 10, 100, 400])
STEPS = st.tuples(st.sampled_from(["prints", "fails", "sets", "answers"]), SIZES)
SUMMARIES = st.sampled_from(["All is well.", "", "word " * 900, None])
TURNS = st.tuples(SIZES, st.lists(STEPS, max_size=5), SIZES, st.booleans(), SUMMARIES)


def code_of(kind: str, size: int) -> str:
    match kind:
        case "prints":
            return cell(f"print('out ' * {size})")
        case "fails":
            return cell(f"raise ValueError('bad ' * {size})")
        case "answers":
            return cell(f"print('out ' * {size})\nanswer(f'It is {{6 * 7}}.')")
        case _:
            return cell(f"data = list(range({size}))")


class Talk:
    """A conversation as drawn, and all that was sent in it."""

    def __init__(self, window: int, max_history: int) -> None:
        self.replies: list[str] = []
        self.summary: str | None = ""
        self.model: ScriptedModel = counting_model(self._reply, summary=self._summarise)
        self.agent = CaveAgent(
            self.model,
            PythonRuntime(variables=[Variable("data", [])]),
            context_window=window,
            max_history=max_history,
            max_steps=9,
        )
        self.compacted_before: set[int] = set()

    def _reply(self, _: Request) -> str:
        return self.replies.pop(0)

    def _summarise(self, _: Request) -> Any:
        return ModelError("no") if self.summary is None else self.summary

    async def turn(self, query: str, replies: list[str], summary: str | None) -> None:
        self.replies, self.summary = replies, summary
        async for event in self.agent.stream_events(query):
            if isinstance(event, CompactedEvent):
                assert event.after < event.before + 50  # where short turns were left out
                self.compacted_before.add(len(self.model.requests))


@settings(max_examples=40)
@given(
    st.lists(TURNS, min_size=1, max_size=12),
    st.integers(500, 6_000),
    st.integers(1, 12),
)
def test_any_conversation(turns: list[Any], window: int, max_history: int) -> None:
    talk = Talk(window, max_history)
    queries = []

    async def play() -> None:
        for number, (words, steps, reply, injects, summary) in enumerate(turns):
            queries.append(f"Query {number}:" + " please" * words)
            if injects:
                talk.agent.runtime.tell(f"Note {number}.")
            replies = [*(code_of(*step) for step in steps), f"Answer {number}." + " word" * reply]
            await talk.turn(queries[-1], replies, summary)

    asyncio.run(play())
    check_requests(talk, window)
    for request in talk.model.requests:
        if not asks_for_summary(request):
            sent = "\n".join(message["content"] for message in request)
            count = check_words(sent, queries)
            for place in range(count):
                assert sent.count(f"Note {place}.") == turns[place][3]


def check_requests(talk: Talk, window: int) -> None:
    """Each is a conversation that fits where it can, and goes on from the one before."""
    requests = talk.model.requests
    for number, request in enumerate(requests):
        if asks_for_summary(request):
            continue
        assert_well_formed(request)
        assert request[0] == requests[0][0]
        if number and number not in talk.compacted_before:
            assert request[: len(requests[number - 1])] == requests[number - 1]
        if tokens_of(request) > 0.8 * window:
            sent = "\n".join(message["content"] for message in request)
            assert not re.search(r"<user>|<summary>|Answer \d+\.", sent)
            for message in request[3:-1:2]:
                assert tokens_of([message]) < 200


def check_words(sent: str, queries: list[str]) -> int:
    """The user's words are there, whole, shortened or counted; return the number of queries."""
    there = [int(number) for number in re.findall(r"Query (\d+):", sent)]
    forgotten = re.search(r"\[(\d+) turns before these are left out\]", sent)
    first = int(forgotten[1]) if forgotten else 0
    assert there == list(range(first, there[-1] + 1))
    shortened = [number for number in there if queries[number] not in sent]
    long = [number for number in there if len(queries[number]) > 300]
    assert shortened == long[: len(shortened)]
    return there[-1] + 1
