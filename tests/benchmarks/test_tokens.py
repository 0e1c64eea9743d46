"""The measure of tokens: its arms do the same, and it counts what it says."""

import dataclasses
import itertools

import pytest
from benchmarks.tokens import report
from benchmarks.tokens.arms import json_calls, text_code
from benchmarks.tokens.cells import CallParts, Style, cell
from benchmarks.tokens.counting import CACHED_WEIGHT, Exchange, Part, Piece, count, tokens
from benchmarks.tokens.gold import Turn, call, call_each, levels, ref
from benchmarks.tokens.information import seen_whole
from benchmarks.tokens.measure import (
    ANSWERS,
    ARMS,
    AS_USED,
    PARALLEL,
    PROSE,
    SERIAL,
    SERIAL_SCRIPT,
    TEXT,
    Arm,
    Measured,
    measure,
)
from benchmarks.tokens.replay import ArmsDifferError, TurnSeen
from benchmarks.tokens.sets.assistant import ASSISTANT, STOCKS
from benchmarks.tokens.sets.desk import DESK
from benchmarks.tokens.sets.sales import SALES
from benchmarks.tokens.tools import tools_of, typescript

SMALL = dataclasses.replace(ASSISTANT, conversations=(STOCKS[:3],))


@pytest.fixture(scope="module")
def small() -> dict[str, Measured]:
    return measure(SMALL)


@pytest.fixture(scope="module")
def sales() -> dict[str, Measured]:
    return measure(SALES, [SERIAL, TEXT, ANSWERS, AS_USED])


def test_all_arms_show_the_model_all_results_but_the_one_as_used(
    small: dict[str, Measured], sales: dict[str, Measured]
) -> None:
    assert {found.share for name, found in small.items() if name != AS_USED.name} == {1.0}
    assert sales[AS_USED.name].share < sales[ANSWERS.name].share
    assert {found.results for found in small.values()} == {6}


def test_a_request_for_each_message_of_an_arm(small: dict[str, Measured]) -> None:
    requests = {name: found.counts.requests for name, found in small.items()}
    assert requests[SERIAL.name] == 6 + 3
    assert requests[PARALLEL.name] == 4 + 3
    assert requests[TEXT.name] == requests[PROSE.name] == 3 + 3
    assert requests[ANSWERS.name] == 3


def test_every_request_of_this_agent_begins_with_the_one_before(
    small: dict[str, Measured],
) -> None:
    for arm in (PROSE, ANSWERS, AS_USED):
        counts = small[arm.name].counts
        assert counts.reused == counts.followed == counts.requests - 1


def test_the_discount_and_the_parts_add_up(small: dict[str, Measured]) -> None:
    for found in small.values():
        counts = found.counts
        assert counts.parts.total() == counts.total == counts.prompt + counts.completion
        assert 0 < counts.cached < counts.prompt
        assert counts.weighted == pytest.approx(counts.total - (1 - CACHED_WEIGHT) * counts.cached)


def test_schemas_as_openai_shows_them_are_shorter(small: dict[str, Measured]) -> None:
    json_parts, script_parts = (small[arm.name].counts.parts for arm in (SERIAL, SERIAL_SCRIPT))
    assert script_parts.pop(Part.TOOLS) < json_parts.pop(Part.TOOLS)
    assert script_parts == json_parts


def test_a_table_handed_over_is_not_seen_by_this_agent(sales: dict[str, Measured]) -> None:
    found = sales[ANSWERS.name]
    assert (found.seen, found.handed, found.results) == (9, 1, 10)
    assert sales[SERIAL.name].share == sales[TEXT.name].share == 1
    assert found.counts.completion * 10 < sales[SERIAL.name].counts.completion


def test_the_support_desk_has_the_proportions_that_the_page_tells() -> None:
    reads = ("find_", "list_", "customer_details", "order_details", "product_variants")
    turns = [turn for conversation in DESK.conversations for turn in conversation]
    made = [call.tool.removeprefix("desk.") for turn in turns for s in turn.steps for call in s]
    looked_up = sum(tool.startswith(reads) for tool in made)
    changed = len(made) - looked_up - made.count("transfer_to_human")
    averages = [round(n / len(DESK.conversations), 1) for n in (looked_up, changed, len(turns))]
    assert averages == [5.8, 1.4, 6.4]
    page = report.PAGE.read_text(encoding="utf-8")
    assert "here it is {}, {} and {}".format(*averages) in page


def test_no_cell_of_the_support_desk_prints_more_than_the_model_is_shown() -> None:
    assert measure(DESK, [ANSWERS])[ANSWERS.name].share == 1


def test_arms_that_do_not_do_the_same_are_no_measure() -> None:
    other = Turn("Sell", ((call("place_order", symbol="SAP", side="sell", shares=1),),), "Sold.")
    cheat = Arm("x", "x", lambda gold, turns, replies: text_code.replay(gold, [other], replies[:1]))
    turns = (dataclasses.replace(other, steps=((*other.steps[0], *other.steps[0]),)),)
    gold = dataclasses.replace(SMALL, conversations=(turns,))
    with pytest.raises(ArmsDifferError, match="assistant 0, x: the state differs"):
        measure(gold, [cheat])


def test_a_changed_beginning_is_not_cached() -> None:
    said = (Piece(Part.ANSWER, "Yes.", 4, "assistant"),)
    system = Piece(Part.ROLE, "You help.", 4, "system")
    one = Piece(Part.QUERY, "one two three four", 4, "user")
    two = Piece(Part.QUERY, "one two five", 4, "user")
    counts = count([Exchange((system, one), said), Exchange((system, two, one), said)])
    assert counts.cached == 4 + tokens("You help.") + tokens("one two")
    assert (counts.reused, counts.followed) == (0, 1)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("{'id': 4, 'open': True} 40.50", 2),
        ('{"id":4,"open":true}\n40.5', 2),
        ("id 4 open, 40.5", 1),  # `True` is not there
        ("{'id': 40, 'open': True}", 0),
        ("40.5 4 True", 1),  # 40.5 does not come after the first result
    ],
)
def test_a_result_is_seen_if_all_its_values_are_there_in_order(text: str, seen: int) -> None:
    turn = TurnSeen([{"id": 4, "open": True}, 40.5], text, "")
    assert seen_whole(turn) == seen


def test_equal_calls_become_a_loop_and_others_stay_lines() -> None:
    style = Style(
        lambda call: CallParts(call.tool.partition(".")[0], "dim", dict(call.arguments)),
        {},
        {"": "print({out})"},
    )
    calls = [call(f"{name}.dim", percent=30 + n) for n, name in enumerate(["a", "b", "c"])]
    assert cell(calls, style=style, kept=set(), shown=True) == (
        "for each, percent in [(a, 30), (b, 31), (c, 32)]:\n    print(each.dim(percent))"
    )
    assert cell(calls[:2], style=style, kept=set(), shown=False) == "a.dim(30)\nb.dim(31)"


@pytest.mark.parametrize("number", [1, 2, 5])
def test_calls_for_each_value_of_a_list_become_a_loop_over_it(number: int) -> None:
    style = Style(
        lambda call: CallParts("", call.tool, dict(call.arguments)), {}, {"": "print({out})"}
    )
    calls = [call("f", of="x"), *call_each("f", "of", ref("found", "ids"), number)]
    assert cell(calls, style=style, kept=set(), shown=True) == (
        "print(f('x'))\nfor of in found['ids']:\n    print(f(of))"
    )


def test_calls_for_a_part_of_a_list_only_are_no_measure() -> None:
    watched = call("get_watchlist", "watched")
    quotes = call_each("get_quote", "symbol", ref("watched"), 1)  # of two
    gold = dataclasses.replace(
        SMALL, conversations=((Turn("Prices?", ((watched, *quotes),), "There.", looks=True),),)
    )
    with pytest.raises(ArmsDifferError, match="text: the results of turn 0 differs"):
        measure(gold, [TEXT])


def test_parallel_calls_wait_for_the_results_that_they_need() -> None:
    first, second, third = call("f", "x"), call("g", of=ref("x", "id")), call("h")
    assert list(levels([first, second, third])) == [[first, third], [second]]


def test_replies_are_written_as_code_that_computes_them() -> None:
    turn = Turn("?", (), '"{name[a]}" costs {price[0][total]:,.2f}.')
    code = turn.reply_code({})
    values = {"name": {"a": "Tea"}, "price": [{"total": 1234.5}]}
    assert eval(code, values) == turn.reply_text(values) == '"Tea" costs 1,234.50.'


def test_schemas_say_what_signatures_do() -> None:
    tool = tools_of(ASSISTANT.make_world())["place_order"]
    schema = tool.schema()
    assert schema["parameters"]["required"] == ["symbol", "side", "shares"]
    assert schema["parameters"]["properties"]["side"] == {"enum": ["buy", "sell"], "type": "string"}
    assert typescript(schema).splitlines()[:3] == [
        "// Buy or sell shares at the price of the market.",
        "type place_order = (_: {",
        "symbol: string,",
    ]


def test_the_page_has_a_place_for_the_tables(small: dict[str, Measured]) -> None:
    page = report.PAGE.read_text(encoding="utf-8")
    assert page.count(report.BEGIN) == page.count(report.END) == 1
    table, parts = report.sections(SMALL, small)
    assert [row[0] for row in table.rows] == [row[0] for row in parts.rows]
    assert len(table.rows) == len(ARMS)


def test_json_arms_make_each_call_once() -> None:
    replay = json_calls.replay(SMALL, STOCKS[:3], parallel=False)
    calls = itertools.chain.from_iterable(
        exchange.completion for exchange in replay.exchanges if len(exchange.completion) > 1
    )
    assert sum(piece.part is Part.ACTION and bool(piece.text) for piece in calls) == 6
