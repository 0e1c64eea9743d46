"""What the user said stays word by word while there is room for it."""

import re

from cave_agent import CaveAgent, ModelServerError
from cave_agent.testing import ScriptedModel
from tests.compaction.conversations import (
    Request,
    ask,
    asks_for_summary,
    cell,
    converse,
    counting_model,
    requests_of,
    tokens_of,
)

RULE = "Never round the totals."
WINDOW = 16_000


def failing_model(words: int) -> ScriptedModel:
    """Return a model that replies so many words, and never a summary."""
    return counting_model(lambda _: "word " * words, summary=lambda _: ModelServerError("down"))


def words_in(request: Request) -> list[str]:
    return re.findall(r"(?s)<user>(.*?)</user>", request[1]["content"])


def test_a_rule_in_the_middle_of_the_first_query_stays_without_summaries() -> None:
    model = failing_model(1_000)
    agent = CaveAgent(model, context_window=WINDOW)
    first = "please " * 55 + RULE + " please" * 55
    ask(agent, first)
    events = converse(agent, 40)
    assert any(event.dropped for event in events)
    assert words_in(model.requests[-1])[0] == first
    assert tokens_of(model.requests[-1]) <= 0.8 * WINDOW


def test_beyond_a_quarter_of_the_window_the_oldest_long_ones_are_shortened() -> None:
    model = failing_model(300)
    agent = CaveAgent(model, context_window=WINDOW)
    queries = []
    for number in range(60):
        long = "please " * 250 if number % 2 else "short"
        queries.append(f"Query {number}: {long} end {number}")
        ask(agent, queries[-1])
    for request in requests_of(model):
        assert tokens_of(request) <= 0.8 * WINDOW
    words = words_in(model.requests[-1])
    assert len(words) > 30
    whole = [said == query for said, query in zip(words, queries, strict=False)]
    assert all(whole[::2]), "short ones need not be shortened"
    shortened = [not each for each in whole[1::2]]
    assert shortened == sorted(shortened, reverse=True)
    assert True in shortened
    assert False in shortened
    cut = words[1]
    assert cut.startswith("Query 1: please")
    assert cut.endswith(" end 1")
    left_out = f"\n[… {len(queries[1]) - 200:,} characters left out …]\n"
    assert left_out in cut, "it is cut once, however often others are"


def test_what_stands_beside_a_summary_is_not_shortened_for_it() -> None:
    model = counting_model(lambda _: "word " * 1_000)
    agent = CaveAgent(model, context_window=WINDOW)
    first = "please " * 55 + RULE + " please" * 55
    ask(agent, first)
    converse(agent, 30)
    assert not asks_for_summary(model.requests[-1])
    assert words_in(model.requests[-1])[0] == first


def test_half_a_surrogate_pair_can_be_sent_after_a_compaction() -> None:
    odd = "caf\udce9 " + "please " * 50
    code = f"print('word ' * 900)\nanswer({odd!r}[:5] + str(6 * 7))"
    model = counting_model(lambda request: cell(code) if len(request) < 30 else "word " * 900)
    agent = CaveAgent(model, context_window=6_000)
    ask(agent, odd)
    assert any(event.summarised for event in converse(agent, 30))
    for request in model.requests:
        assert all(message["content"].encode() for message in request)
    assert words_in(model.requests[-1])[0].startswith("caf\\udce9 please")
