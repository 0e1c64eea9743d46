"""What stays of outputs that are folded: names, answers; and what goes: pictures."""

from typing import Any

import pytest

from cave_agent import (
    AssistantMessage,
    CaveAgent,
    CodeExecutionMessage,
    ExecutionResultMessage,
    UserMessage,
)
from cave_agent.messages import Image, Message
from cave_agent.models import ModelResponse
from cave_agent.runtime import PythonRuntime, Variable
from cave_agent.serialization import message_from_json, message_to_json
from cave_agent.testing import ScriptedModel
from tests.compaction.conversations import ask, asks_for_summary, cell, converse

# Names


@pytest.mark.parametrize(
    ("made", "named"),
    [("global made; made = 1", "made"), ("global b, a; a = b = 731; print(a)", "a, b")],
    ids=["with a value", "by name alone"],
)
def test_names_that_stand_in_the_observation_alone(made: str, named: str) -> None:
    define = cell(f"def make():\n    {made}\n    print('long ' * 300)")
    replies = iter([define, "Defined.", cell("make()"), "Made.", "Yes."])
    model = ScriptedModel(lambda _: next(replies))
    converse(CaveAgent(model, max_history=1), 3)
    folded = model.requests[-1][7]["content"]
    assert folded.startswith("[folded: ")
    names = folded.removesuffix("]").partition("still in the runtime: ")[2].split(", ")
    assert set(named.split(", ")) <= set(names)


# Answers that cells gave


COMPUTED = "print('word ' * 600)\nanswer(f'It is {6 * 7}.')"
PRINTED = "print('word ' * 600)\ntext = f'It is {6 * 7}.'\nprint(text)\nanswer(text)"
NEVER_SEEN = "total = 6 * 7\nanswer('\\n'.join([f'It is {total}.'] + ['all '] * 300))"
LITERAL = "print('word ' * 600)\nanswer('It is 42.')"


@pytest.mark.parametrize("code", [COMPUTED, PRINTED, NEVER_SEEN, LITERAL])
def test_the_answer_of_a_cell_stays_when_its_output_is_folded(code: str) -> None:
    replies = iter([cell(code), "Yes.", "Yes."])
    model = ScriptedModel(lambda _: next(replies))
    agent = CaveAgent(model, max_history=1)
    events = converse(agent, 2)
    ask(agent, "Sure?")
    sent = "\n".join(message["content"] for message in model.requests[-1])
    assert sent.count("It is 42.") == 1
    assert "word word" not in sent
    if code != NEVER_SEEN:
        assert [event.folded for event in events] == [1]
        assert "[folded: 3," in sent


def test_an_answer_of_which_the_cell_has_only_the_digits_stays() -> None:
    replies = iter([cell("print('word ' * 600)\nanswer(60 * 10)"), "Yes."])
    model = ScriptedModel(lambda _: next(replies))
    converse(CaveAgent(model, max_history=1), 2)
    told = model.requests[-1][3]["content"]
    assert told.startswith("[folded: 3,")
    assert "\nYou answered: 600\n" in told


def test_an_answer_in_a_resumed_conversation_stays_until_a_summary_tells_of_it() -> None:
    first = CaveAgent(ScriptedModel([cell(COMPUTED)]))
    ask(first, "What is it?")
    messages = [message_from_json(message_to_json(message)) for message in first.messages]
    asked: list[str] = []

    def reply(request: Any) -> str:
        if asks_for_summary(request):
            asked.append(request[0]["content"])
            return "It was told."
        return "word " * 500

    model = ScriptedModel(reply)
    agent = CaveAgent(model, messages=messages, context_window=6_000)
    events = converse(agent, 12)
    assert [event.summarised > 0 for event in events][-1]
    assert "You answered: It is 42." in asked[0]
    assert "[folded: " in asked[0]
    assert "It is 42." not in str(model.requests[-1])


def test_a_conversation_may_begin_with_the_answer_of_a_cell() -> None:
    given = AssistantMessage("It is 42.", by_cell=True)
    messages: list[Message] = [given, UserMessage("Hi"), AssistantMessage("Hello.")]
    model = ScriptedModel(["Yes.", "Yes.", "Yes."])
    converse(CaveAgent(model, messages=messages, max_history=1), 3)
    assert "It is 42." not in str(model.requests)


# Pictures


def with_pictures(turns: int, text: str = "Done.", size: int = 1_500) -> list[Message]:
    """Return turns with a picture of 3,000 tokens each."""
    picture = Image("image/png", "aGk=", size, size)
    return [
        message
        for number in range(turns)
        for message in (
            UserMessage(f"Draw {number}."),
            CodeExecutionMessage(cell(f"figure = draw({number})")),
            ExecutionResultMessage(text, (picture,)),
            AssistantMessage("Drawn."),
        )
    ]


def pictures_in(request: Any) -> list[bool]:
    """Return which of the observations have a picture."""
    return [isinstance(message["content"], list) for message in request[3::4]]


def text_of(content: Any) -> str:
    return content if isinstance(content, str) else content[0]["text"]


def test_pictures_are_folded_first() -> None:
    model = ScriptedModel(lambda _: "Yes.")
    long = "Done.\n" + "word " * 200
    agent = CaveAgent(
        model, messages=with_pictures(4, long), images=True, context_window=16_000, max_history=9
    )
    [event] = converse(agent, 1)
    assert (event.folded, event.summarised, event.dropped) == (2, 0, 0)
    assert event.before - event.after == pytest.approx(6_000, abs=30)
    [request] = model.requests
    assert pictures_in(request) == [False, False, True, True]
    texts = [text_of(message["content"]) for message in request[3::4]]
    assert all(text.startswith(long) for text in texts)
    assert [text.removeprefix(long) for text in texts] == [
        *["\n[1 picture is not sent any more]"] * 2,
        *[""] * 2,
    ]


def test_pictures_of_turns_over_max_history_are_folded() -> None:
    model = ScriptedModel(lambda _: "Yes.")
    runtime = PythonRuntime(variables=[Variable("figure", "drawn")])
    agent = CaveAgent(model, runtime, messages=with_pictures(4), images=True, max_history=2)
    [event] = converse(agent, 1)
    assert event.folded == 3
    [request] = model.requests
    assert pictures_in(request) == [False, False, False, True]
    note = "[1 picture is not sent any more; still in the runtime: figure]"
    assert request[3]["content"] == f"Done.\n{note}"


def test_a_folded_output_tells_of_its_pictures() -> None:
    model = ScriptedModel(lambda _: "Yes.")
    messages = with_pictures(4, "word " * 200)
    converse(CaveAgent(model, messages=messages, images=True, max_history=2), 1)
    folded = model.requests[-1][3]["content"]
    assert folded == "[folded: 1,000 characters of output and 1 picture]"


def test_without_images_nothing_is_told_of_them() -> None:
    model = ScriptedModel(lambda _: "Yes.")
    converse(CaveAgent(model, messages=with_pictures(4), max_history=2), 1)
    assert "picture" not in str(model.requests)


def test_in_the_current_turn_the_latest_pictures_stay() -> None:
    def reply(request: Any) -> Any:
        if len(request) >= 16:
            return "Seen."
        return ModelResponse(cell("from PIL import Image\nImage.new('L', (1_500, 1_500))"))

    model = ScriptedModel(reply)
    agent = CaveAgent(model, images=True, context_window=16_000, max_steps=9)
    assert converse(agent, 1)
    shown = [isinstance(message["content"], list) for message in model.requests[-1][3::2]]
    assert shown == [False] * (len(shown) - 3) + [True] * 3
