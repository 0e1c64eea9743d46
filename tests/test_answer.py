"""Cells that end the turn themselves."""

import asyncio
from dataclasses import dataclass

import pytest

from cave_agent import (
    AgentResponse,
    CaveAgent,
    EventType,
    ExecutionStatus,
    MessageRole,
)
from cave_agent.runtime import PythonRuntime, Variable
from cave_agent.testing import ScriptedModel
from tests.runtime.cells import error_of, run_ok
from tests.test_agent import cell, contents, events_of, observations, run


def test_a_cell_answers_and_no_further_request_is_made() -> None:
    model = ScriptedModel([cell("total = sum([1.5, 2])\nanswer(f'The total is {total:.2f}')")])
    agent = CaveAgent(model)
    response = run(agent)
    assert response.content == "The total is 3.50"
    assert response.status is ExecutionStatus.SUCCESS
    assert response.steps_taken == 1
    assert len(model.requests) == 1
    assert contents(agent, MessageRole.ASSISTANT) == ["The total is 3.50"]


def test_its_events_are_those_of_a_reply_in_prose() -> None:
    by_cell = events_of(CaveAgent(ScriptedModel([cell("answer('Done')")])))
    in_prose = events_of(CaveAgent(ScriptedModel(["Done"])))
    told = [(event.type, event.content) for event in by_cell[-2:]]
    assert told == [(EventType.TEXT, "Done"), (EventType.FINAL_RESPONSE, "Done")]
    assert {event.type for event in in_prose} <= {event.type for event in by_cell}


def test_a_cell_that_fails_has_answered_nothing() -> None:
    agent = CaveAgent(ScriptedModel([cell("answer('early')\n1 / 0"), "In prose."]))
    response = run(agent)
    assert response.content == "In prose."
    assert "ZeroDivisionError" in observations(agent)[0]


def test_the_last_of_several_answers_counts() -> None:
    response = run(CaveAgent(ScriptedModel([cell("answer('one')\nanswer('two')")])))
    assert response.content == "two"


def test_what_else_the_cell_did_is_remembered_for_the_next_query() -> None:
    model = ScriptedModel([cell("print('seen')\nx = 1\nanswer('one')"), "The next one."])
    agent = CaveAgent(model)
    run(agent)
    run(agent, "And now?")
    sent = [(message["role"], message["content"]) for message in model.requests[1][3:]]
    seen = "<execution_result>\nseen\n</execution_result>\nChanged:\n+ x: int 1"
    assert sent == [("user", f"{seen}\n\nAnd now?")]


def test_the_model_is_told_what_the_user_read_where_the_cell_does_not_show_it() -> None:
    model = ScriptedModel([cell("x = 2\nanswer(f'It is {x + 1}.')"), "Yes."])
    agent = CaveAgent(model)
    run(agent)
    run(agent, "Sure?")
    assert model.requests[1][-1]["content"].endswith("You answered: It is 3.\n\nSure?")


@dataclass
class Report:
    title: str


def test_an_object_is_handed_over_with_the_answer() -> None:
    agent = CaveAgent(ScriptedModel([cell("answer(Report('Sales'))")]))
    response: AgentResponse[Report] = asyncio.run(agent.run("Report", returns=Report))
    assert response.object == Report("Sales")
    assert response.content == "Report(title='Sales')"


def test_an_answer_in_text_beside_the_object() -> None:
    agent = CaveAgent(ScriptedModel([cell("result = Report('Sales')\nanswer('Made it.')")]))
    response = asyncio.run(agent.run("Report", returns=Report))
    assert (response.object.title, response.content) == ("Sales", "Made it.")
    texts = CaveAgent(ScriptedModel([cell("answer('the text itself')")]))
    assert asyncio.run(texts.run("Text", returns=str)).object == "the text itself"


@pytest.mark.parametrize("wrong", ["'no report'", "42", "{'title': 'Sales'}"])
def test_an_answer_is_taken_only_with_the_object_that_was_asked_for(wrong: str) -> None:
    model = ScriptedModel([cell(f"answer({wrong})"), cell("answer(Report('Sales'))")])
    agent = CaveAgent(model)
    events = []

    async def collect() -> None:
        events.extend([event async for event in agent.stream_events("Go", returns=Report)])

    asyncio.run(collect())
    assert events[-1].content == "Report(title='Sales')"
    assert [event.type for event in events].count(EventType.REMINDER) == 1
    assert "not accepted" in model.requests[1][-1]["content"]


def test_several_objects_are_left_in_their_variables() -> None:
    agent = CaveAgent(ScriptedModel([cell("a, b = 1, 'x'\nanswer(f'{a} {b}')")]))
    response = asyncio.run(agent.run("Go", returns={"a": int, "b": str}))
    assert dict(response.objects) == {"a": 1, "b": "x"}
    assert response.content == "1 x"


def test_an_answer_at_the_last_step_is_a_success() -> None:
    response = run(CaveAgent(ScriptedModel([cell("answer('just in time')")]), max_steps=1))
    assert response.status is ExecutionStatus.SUCCESS


def test_a_sub_agent_answers_for_itself_only() -> None:
    worker = CaveAgent(ScriptedModel([cell("answer('from below')")]))
    runtime = PythonRuntime(variables=[Variable("worker", worker)])
    code = "reply = await worker.run('Go')\nprint(reply.content)"
    response = run(CaveAgent(ScriptedModel([cell(code), "From above."]), runtime))
    assert response.content == "From above."
    assert response.cells[0].result.answer is None
    assert response.cells[0].result.stdout == "from below\n"


def test_private_values_reach_the_user_and_not_the_model() -> None:
    runtime = PythonRuntime(variables=[Variable("pin", "7401-secret", private=True)])
    model = ScriptedModel([cell("answer(f'Your PIN is {pin}')"), "Bye."])
    agent = CaveAgent(model, runtime)
    assert run(agent).content == "Your PIN is 7401-secret"
    run(agent)
    assert "7401-secret" not in str(model.requests)


def test_without_an_agent_it_is_on_the_result() -> None:
    runtime = PythonRuntime()
    assert run_ok(runtime, "answer(42)").answer == "42"
    assert run_ok(runtime, "print(1)").answer is None
    assert "takes" in error_of(runtime, "answer()") or "argument" in error_of(runtime, "answer()")


def test_markdown_of_an_object_is_the_text() -> None:
    code = "class Markdown:\n    def _repr_markdown_(self): return '**bold**'\nanswer(Markdown())"
    assert run_ok(PythonRuntime(), code).answer == "**bold**"


def test_a_name_that_hides_it_is_the_cells_own() -> None:
    agent = CaveAgent(ScriptedModel([cell("answer = 42"), "It is 42."]))
    assert run(agent).content == "It is 42."
    assert agent.runtime.retrieve("answer") == 42


def test_a_text_that_is_the_object_is_taken_from_its_variable() -> None:
    code = "summary = 'The long summary.'\nanswer('Done, it is stored.')"
    agent = CaveAgent(ScriptedModel([cell(code)]))
    response = asyncio.run(agent.run("Go", returns={"summary": str}))
    assert response.objects["summary"] == "The long summary."
    assert response.content == "Done, it is stored."


def test_the_object_stays_in_the_runtime_under_its_name() -> None:
    agent = CaveAgent(ScriptedModel([cell("answer(5)"), cell("answer(result + 1)")]))
    assert asyncio.run(agent.run("Go", returns=int)).object == 5
    assert agent.runtime.retrieve("result") == 5
    assert asyncio.run(agent.run("On", returns=int)).object == 6


def test_a_sub_agent_in_the_same_runtime_does_not_answer_for_the_outer_one() -> None:
    runtime = PythonRuntime()
    sub = CaveAgent(ScriptedModel([cell("answer(7)")]), runtime)
    runtime.inject_variable(Variable("sub", sub))
    model = ScriptedModel([cell("answer(3)\nreply = await sub.run('Go')")])
    response = asyncio.run(CaveAgent(model, runtime).run("Go", returns=int))
    assert (response.content, response.object) == ("3", 3)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("answer('yes' if items[1] else 'no')", "You answered: no"),
        ("answer(f'{sum(items[:1])}')", "You answered: 2"),
        ("print('12')\nanswer('1')", ""),
        ("print('So it is.')\nanswer('So' + ' it is.')", ""),
    ],
)
def test_what_was_answered_is_told_unless_it_stands_there(code: str, told: str) -> None:
    runtime = PythonRuntime(variables=[Variable("items", [2, 0])])
    model = ScriptedModel([cell(code), "Yes."])
    agent = CaveAgent(model, runtime)
    run(agent)
    run(agent, "Sure?")
    sent = model.requests[1][-1]["content"]
    assert told in sent
    assert told or "You answered" not in sent


def test_an_empty_answer_is_an_error_in_the_cell() -> None:
    assert "empty text" in error_of(PythonRuntime(), "answer(' ')")


def test_a_variable_that_hides_it_is_explained() -> None:
    runtime = PythonRuntime()
    run_ok(runtime, "answer = 42")
    assert "`answer` is a variable here" in error_of(runtime, "answer('Done')")


def test_what_was_answered_is_kept_no_longer_than_until_the_next_cell() -> None:
    runtime = PythonRuntime()
    run_ok(runtime, "import weakref\nclass Big: pass\nbig = Big(); ref = weakref.ref(big)")
    run_ok(runtime, "answer(big)\ndel big")
    run_ok(runtime, "import gc; gc.collect(); assert ref() is None")
