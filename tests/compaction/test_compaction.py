"""Long conversations are made to fit the model's window."""

import asyncio
import json
import re
from itertools import chain, repeat
from typing import Any

import pytest

from cave_agent import (
    AssistantMessage,
    CaveAgent,
    ContextWindowExceededError,
    ExecutionResultMessage,
    Message,
    ModelServerError,
    UserMessage,
)
from cave_agent.compaction import summary as summary_module
from cave_agent.events import CompactedEvent, FinalResponseEvent, UsageEvent
from cave_agent.models import Model, ModelResponse, TokenUsage
from cave_agent.runtime import Function, PythonRuntime, Variable
from cave_agent.serialization import event_from_json, event_to_json
from cave_agent.testing import ScriptedModel
from tests.compaction.conversations import (
    SUMMARY,
    Request,
    ask,
    asks_for_summary,
    assert_well_formed,
    cell,
    converse,
    counting_model,
    requests_of,
    tokens_of,
    working_model,
)
from tests.display.terminal import terminal

WINDOW = 6_000
FULL = 0.8 * WINDOW


def text_of(request: Request) -> str:
    return "\n\n".join(message["content"] for message in request)


# The first tier: outputs are folded


def test_old_outputs_are_folded_before_anything_else() -> None:
    model = working_model(3_000)
    agent = CaveAgent(model, context_window=WINDOW)
    [event] = converse(agent, 8)
    assert (event.folded, event.summarised, event.dropped) == (4, 0, 0)
    assert event.before > FULL >= 2 * event.after * 0.8
    assert event.content == (
        f"{event.before:,} → {event.after:,} tokens: outputs of 4 turns folded"
    )
    request = model.requests[-1]
    outputs = [message["content"] for message in request[3::4]]
    assert [output.partition(" characters ")[2] for output in outputs[:4]] == [
        f"of output; still in the runtime: value_{number}]" for number in (2, 6, 10, 14)
    ]
    assert all(output.startswith("[folded: 3,") for output in outputs[:4])
    assert all(output.count("word") >= 600 for output in outputs[4:])
    queries = [message["content"].split("\n")[0] for message in request[1::4]]
    assert queries == [f"Query {n}." for n in range(8)]
    assert not any(map(asks_for_summary, model.requests))


def test_all_that_was_said_stays_in_the_messages() -> None:
    agent = CaveAgent(working_model(3_000), context_window=WINDOW)
    assert len(converse(agent, 60)) > 5
    assert len(agent.messages) == 1 + 4 * 60
    outputs = [m for m in agent.messages if isinstance(m, ExecutionResultMessage)]
    assert all(message.content.count("word") >= 600 for message in outputs)


def test_a_folded_output_says_how_its_cell_failed_and_what_is_still_there() -> None:
    runtime = PythonRuntime(variables=[Variable("rows", [1, 2])])
    code = "import math\ngone = total = sum(rows)\ndel gone\nprint('long ' * 300)\ntotal / 0"
    replies = iter([cell(code), "It fails.", *["Yes."] * 2])
    agent = CaveAgent(ScriptedModel(lambda _: next(replies)), runtime, max_history=1)
    assert [event.folded for event in converse(agent, 2)] == [1]
    folded = agent.model.requests[-1][3]["content"]  # type: ignore[attr-defined]
    assert re.fullmatch(
        r"\[folded: 1,\d+ characters of output; "
        "the cell failed: ZeroDivisionError: division by zero; "
        r"still in the runtime: total, rows\]",
        folded,
    )


def test_variables_that_changed_behind_a_call_are_named() -> None:
    tasks: list[str] = []
    runtime = PythonRuntime([Function(tasks.extend, name="add")], [Variable("tasks", tasks)])
    replies = iter([cell("print('long ' * 300)\nadd(['a'])"), "Added.", "Yes."])
    model = ScriptedModel(lambda _: next(replies))
    converse(CaveAgent(model, runtime, max_history=1), 2)
    assert model.requests[-1][3]["content"].endswith("still in the runtime: tasks]")


def test_whole_outputs_that_were_kept_are_named() -> None:
    replies = iter([cell("print('long ' * 3_000)"), "Long.", "Yes."])
    model = ScriptedModel(lambda _: next(replies))
    converse(CaveAgent(model, max_history=1), 2)
    folded = model.requests[-1][3]["content"]
    assert folded.endswith("still in the runtime: output_1]")


def test_in_the_current_turn_the_latest_outputs_stay() -> None:
    def reply_to(request: Request) -> str:
        return cell("print('word ' * 600)") if len(request) < 24 else "Done."

    model = counting_model(reply_to)
    agent = CaveAgent(model, context_window=WINDOW, max_steps=20)
    compacted = converse(agent, 1)
    assert compacted
    assert all((event.folded, event.dropped) == (1, 0) for event in compacted)
    for request in model.requests:
        assert_well_formed(request)
        assert tokens_of(request) <= FULL
        outputs = [message["content"] for message in request[3::2]]
        assert not any(output.startswith("[folded") for output in outputs[-3:])


def test_short_outputs_are_left_as_they_are() -> None:
    replies = iter([cell("print(1)\nprint('word ' * 80)"), "One.", *["Yes."] * 9])
    model = ScriptedModel(lambda _: next(replies))
    assert converse(CaveAgent(model, max_history=1), 4) == []
    assert "\n1\n" in model.requests[-1][3]["content"]


def test_turns_over_max_history_are_folded_some_at_a_time() -> None:
    model = working_model(800)
    agent = CaveAgent(model, max_history=4)
    assert [event.folded for event in converse(agent, 12)] == [2, 2, 2, 2]
    for request in model.requests:
        outputs = [message["content"].startswith("[folded") for message in request[3::4]]
        assert outputs == sorted(outputs, reverse=True)
        assert len(outputs) < 4 or not any(outputs[-3:])


# The second tier: a summary


def test_a_summary_takes_the_place_of_old_turns() -> None:
    model = working_model(3_000)
    agent = CaveAgent(model, context_window=WINDOW)
    [event] = [event for event in converse(agent, 40) if event.summarised]
    assert event.dropped == 0
    assert f"{event.summarised} turns summarised" in event.content
    [asked] = filter(asks_for_summary, model.requests)
    assert "user:\nQuery 3.\n\ncode_execution:\n```python\nvalue_14 = " in text_of(asked)
    assert "execution_result:\n[folded: 3," in text_of(asked)
    assert "- value_14: str of 3,000 characters" in text_of(asked)
    first = model.requests[-1][1]["content"]
    assert f"<summary>{SUMMARY}</summary>" in first
    words = re.findall(r"<user>(.*)</user>", first)
    assert words == [f"Query {number}." for number in range(event.summarised)]
    assert first.endswith(f"\n\nQuery {event.summarised}.")


def test_a_later_summary_takes_in_the_one_before() -> None:
    summaries = iter(["First.", "Second."])
    model = working_model(3_000, summary=lambda _: next(summaries))
    converse(CaveAgent(model, context_window=WINDOW), 55)
    second = [request for request in model.requests if asks_for_summary(request)][1]
    assert "First." in text_of(second)
    assert "<summary>Second.</summary>" in text_of(model.requests[-1])
    assert "First." not in text_of(model.requests[-1])
    words = re.findall(r"<user>(.*)</user>", text_of(model.requests[-1]))
    assert words == [f"Query {number}." for number in range(len(words))]


def test_a_summary_without_the_reasoning_before_it() -> None:
    model = working_model(3_000, summary=lambda _: "<think>Let me see.</think>\nAll is well.")
    converse(CaveAgent(model, context_window=WINDOW), 42)
    assert "<summary>All is well.</summary>" in text_of(model.requests[-1])


def test_a_summary_counts_as_usage() -> None:
    model = working_model(3_000)
    agent = CaveAgent(model, context_window=WINDOW)
    for number in range(45):
        events = ask(agent, f"Query {number}.")
        if any(isinstance(event, CompactedEvent) and event.summarised for event in events):
            break
    told = [event.usage for event in events if isinstance(event, UsageEvent)]
    assert len(told) == 3
    last = events[-1]
    assert isinstance(last, FinalResponseEvent)
    assert last.response.token_usage == sum(told, TokenUsage())


def test_private_values_are_not_told_to_the_model_that_summarises() -> None:
    model = working_model(3_000)
    runtime = PythonRuntime(variables=[Variable("key", "sk-very-secret", private=True)])
    converse(CaveAgent(model, runtime, context_window=WINDOW), 40)
    [asked] = filter(asks_for_summary, model.requests)
    assert "- key: " in text_of(asked)
    assert "sk-very-secret" not in text_of(asked)


@pytest.mark.parametrize(
    ("failing", "told"),
    [
        (lambda _: ModelServerError("down"), "no summary (down)"),
        (lambda _: "", "no summary (the model wrote none)"),
        (lambda _: cell("x = 1"), "no summary (the model wrote none)"),
        (lambda _: "word " * 2_000, "no summary (it has 2,000 tokens or more, over 750)"),
        (lambda _: ModelResponse("It", TokenUsage(9, 1), "length"), "no summary (it was cut off)"),
        (lambda _: ContextWindowExceededError("too much"), "no summary (too much)"),
    ],
    ids=["error", "empty", "cell", "too long", "cut off", "too much"],
)
def test_without_a_summary_the_oldest_turns_go(failing: Any, told: str) -> None:
    results = chain([failing, failing], repeat(lambda _: SUMMARY))

    def summary(request: Request) -> Any:
        return next(results)(request)

    model = working_model(3_000, summary=summary)
    agent = CaveAgent(model, context_window=WINDOW)
    runtime_names = set()
    events = []
    for number in range(80):
        events += [e for e in ask(agent, f"Query {number}.") if isinstance(e, CompactedEvent)]
        runtime_names = set(agent.runtime.names())
    failed = [event for event in events if "no summary" in event.content]
    assert len(failed) == 2
    assert all(told in event.content for event in failed)
    assert all(event.dropped for event in failed)
    assert any(event.summarised for event in events), "it is not tried again"
    assert runtime_names == set(agent.runtime.names())
    for request in requests_of(model):
        assert_well_formed(request)
        assert tokens_of(request) <= FULL


def test_a_summary_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary_module, "MOST_SECONDS", 0.02)

    async def never(_: Request) -> str:
        await asyncio.Event().wait()
        return ""

    model = working_model(3_000, summary=never)
    events = converse(CaveAgent(model, context_window=WINDOW), 50)
    assert any("no summary (the model took more than 0.02 s)" in e.content for e in events)
    assert any(event.dropped for event in events)


# The third tier: what the user said, shortened


def test_what_the_user_said_is_shortened_before_it_goes() -> None:
    model = counting_model(lambda _: "Yes.")
    agent = CaveAgent(model, context_window=WINDOW)
    events = []
    for number in range(120):
        query = f"Query {number}: " + "please " * 100 + f"end {number}"
        events += [e for e in ask(agent, query) if isinstance(e, CompactedEvent)]
    assert not any(event.summarised for event in events), "there is nothing to summarise"
    assert all(event.dropped for event in events)
    for request in requests_of(model):
        assert_well_formed(request)
        assert tokens_of(request) <= FULL
    left = re.findall(r"(?s)<user>(.*?)</user>", text_of(model.requests[-1]))
    assert len(left) > 20
    assert all(len(words) < 300 for words in left)
    numbers = [int(re.match(r"Query (\d+): please", words)[1]) for words in left]  # type: ignore[index]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert all(words.endswith(f"end {number}") for number, words in zip(numbers, left, strict=True))
    assert f"[{numbers[0]} turns before these are left out]" in text_of(model.requests[-1])


def test_a_query_that_alone_fills_the_window_is_sent_as_it_is() -> None:
    model = counting_model(lambda _: "Yes.")
    agent = CaveAgent(model, context_window=WINDOW)
    ask(agent, "First.")
    [*_, last] = ask(agent, "word " * 10_000)
    assert isinstance(last, FinalResponseEvent)
    ask(agent, "Third.")
    assert_well_formed(model.requests[-1])
    assert tokens_of(model.requests[-1]) <= FULL
    assert "word word" in model.requests[-1][1]["content"]


def test_answers_that_cells_gave_are_not_told_again() -> None:
    code = "print('word ' * 600)\nanswer(f'It is {6 * 7}.')"
    model = counting_model(lambda _: cell(code))
    agent = CaveAgent(model, context_window=WINDOW)
    events = converse(agent, 60)
    assert any(event.folded for event in events)
    assert any(event.summarised for event in events)
    for request in requests_of(model):
        assert_well_formed(request)
        assert tokens_of(request) <= FULL
        sent = [message["content"] for message in request[2:]]
        assert not any(text.startswith("It is 42.") for text in sent)
    assert sum(message.content == "It is 42." for message in agent.messages) == 60


# A conversation that the provider refuses


def refusing_model(limit: int, **options: Any) -> ScriptedModel:
    """Return a model that refuses requests over a limit that it tells nobody."""

    def reply_to(request: Request) -> Any:
        if tokens_of(request) > limit:
            return ContextWindowExceededError("too much")
        if "<execution_result" in request[-1]["content"]:
            return "Done."
        return cell(f"value_{len(request)} = 'word ' * 600\nvalue_{len(request)}")

    return counting_model(reply_to, **options)


def test_a_refused_conversation_is_compacted_and_sent_once_more() -> None:
    model = refusing_model(5_000)
    agent = CaveAgent(model)
    events = converse(agent, 60)
    assert len(events) > 5
    assert any(event.folded for event in events)
    assert any(event.summarised for event in events)
    sizes = [tokens_of(request) for request in requests_of(model)]
    refused = [number for number, size in enumerate(sizes) if size > 5_000]
    assert len(refused) == len(events)
    assert all(sizes[number + 1] <= 0.52 * sizes[number] for number in refused)
    for request in model.requests:
        assert request[-1]["role"] == "user"


def test_a_conversation_that_is_refused_again_is_an_error() -> None:
    model = counting_model(lambda _: ContextWindowExceededError("too much"))  # type: ignore[arg-type,return-value]
    seed: list[Message] = [UserMessage("word " * 100), AssistantMessage("word " * 1_000)] * 3
    agent = CaveAgent(model, messages=seed)
    with pytest.raises(ContextWindowExceededError, match="too much"):
        ask(agent, "Go on.")
    assert [asks_for_summary(request) for request in model.requests] == [
        False,
        True,
        True,
        True,
        False,
    ]
    assert_well_formed(model.requests[-1])


def test_a_short_conversation_that_is_refused_is_an_error_at_once() -> None:
    model = counting_model(lambda _: ContextWindowExceededError("too much"))  # type: ignore[arg-type,return-value]
    with pytest.raises(ContextWindowExceededError, match="too much"):
        ask(CaveAgent(model), "Go on.")
    assert len(model.requests) == 1


# The window


class Small(ScriptedModel):
    context_window = WINDOW


@pytest.mark.parametrize(
    ("options", "compacts"), [({}, True), ({"context_window": 100_000}, False)]
)
def test_the_window_of_the_model_unless_one_is_given(
    options: dict[str, Any], compacts: bool
) -> None:
    long: list[Message] = [UserMessage("Hi"), AssistantMessage("word " * 2_000)] * 3
    model = Small(lambda sent: SUMMARY if asks_for_summary(sent) else "Done.")
    assert bool(converse(CaveAgent(model, messages=long, **options), 1)) is compacts


def test_without_any_window_it_is_that_of_most_models() -> None:
    def compacts(words: int) -> bool:
        long: list[Message] = [UserMessage("Hi"), AssistantMessage("word " * words)] * 3
        model = ScriptedModel(lambda sent: SUMMARY if asks_for_summary(sent) else "Done.")
        return bool(converse(CaveAgent(model, messages=long), 1))

    assert not compacts(33_000)
    assert compacts(35_000)


class Silent(Model):
    """A model that tells no usage."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    async def stream(self, messages: Request) -> Any:
        self.requests.append(messages)
        yield SUMMARY if asks_for_summary(messages) else "word " * 400


def test_tokens_are_counted_where_the_provider_is_silent() -> None:
    model = Silent()
    events = converse(CaveAgent(model, context_window=WINDOW), 60)
    assert any(event.summarised for event in events)
    assert all(tokens_of(request) <= FULL for request in model.requests)


# Who else sees it


def test_events_go_to_json_and_back() -> None:
    event = CompactedEvent("shorter", 5, 3, 1, 0, 2)
    assert event_from_json(event_to_json(event)) == event
    assert json.loads(event_to_json(event))["type"] == "compacted"


def test_a_line_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal(monkeypatch) as screen:
        agent = CaveAgent(working_model(3_000), context_window=WINDOW)
        for number in range(8):
            asyncio.run(agent.run(f"Query {number}."))
    assert "outputs of 4 turns folded" in screen.text


def test_a_run_that_is_cancelled_during_a_summary_can_go_on() -> None:
    async def play() -> tuple[ScriptedModel, CaveAgent]:
        asked = asyncio.Event()

        async def never(_: Request) -> str:
            if asked.is_set():
                return SUMMARY
            asked.set()
            await asyncio.Event().wait()
            return ""

        model = working_model(3_000, summary=never)
        agent = CaveAgent(model, context_window=WINDOW)
        for number in range(60):
            task = asyncio.create_task(agent.run(f"Query {number}."))
            waiting = asyncio.create_task(asked.wait())
            await asyncio.wait({task, waiting}, return_when="FIRST_COMPLETED")
            if asked.is_set() and not task.done():
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                break
            waiting.cancel()
            await task
        await agent.run("Go on.")
        return model, agent

    model, agent = asyncio.run(play())
    assert not asks_for_summary(model.requests[-1])
    assert_well_formed(model.requests[-1])
    assert tokens_of(model.requests[-1]) <= FULL
    assert agent.messages[-1].content.endswith("is done.")
