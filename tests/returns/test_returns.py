"""Objects out, checked, through the agent: what is told, what is refused, what is handed out."""

import asyncio
import dataclasses
import functools
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypedDict, assert_type

import pytest
from pydantic import BaseModel, Field

from cave_agent import (
    AgentResponse,
    CaveAgent,
    CaveAgentError,
    Event,
    EventType,
    ExecutionStatus,
    MessageRole,
    MissingObjectError,
    UserMessage,
)
from cave_agent.objects import Objects
from cave_agent.runtime import Function, PythonRuntime, Variable
from cave_agent.serialization import event_from_json, event_to_json
from cave_agent.testing import ScriptedModel


def cell(code: str) -> str:
    return f"```python\n{code}\n```"


def run(agent: CaveAgent, returns: Any, query: str = "Go") -> AgentResponse:
    return asyncio.run(agent.run(query, returns=returns))


def agent_of(*replies: str, runtime: PythonRuntime | None = None, **options: Any) -> CaveAgent:
    return CaveAgent(ScriptedModel(replies), runtime, **options)


def reminders(agent: CaveAgent) -> list[str]:
    return [message.content for message in agent.messages if message.role is MessageRole.REMINDER]


def notes(agent: CaveAgent) -> list[str]:
    return [message.note for message in agent.messages if isinstance(message, UserMessage)]


@dataclasses.dataclass
class Item:
    name: str
    price: float


@dataclasses.dataclass
class Report:
    title: str
    items: list[Item]


class Summary(BaseModel):
    total: Annotated[int, Field(gt=0, description="all orders")]


class Row(TypedDict):
    month: str


# The main path


@pytest.mark.parametrize("run_in", ["caller", "thread"])
def test_the_objects_are_those_of_the_runtime(run_in: Any) -> None:
    code = "clean = [3, 1]\ninsights = {'n': len(clean)}"
    agent = agent_of(cell(code), "Done.", runtime=PythonRuntime(run_in=run_in))
    response = run(agent, {"insights": dict[str, int], "clean": list})
    assert response.objects["clean"] is agent.runtime.retrieve("clean")
    assert response.objects["insights"] is agent.runtime.retrieve("insights")
    assert dict(response.objects) == {"insights": {"n": 2}, "clean": [3, 1]}
    assert response.objects.missing == {}
    assert (response.content, response.steps_taken) == ("Done.", 2)
    assert reminders(agent) == []


def test_an_object_is_handed_out_as_it_is_and_not_as_it_was_checked() -> None:
    agent = agent_of(cell("ratio = 1\nrows = [{'month': 'May', 'more': 1}]"), "Done.")
    response = run(agent, {"ratio": float, "rows": list[Row]})
    assert type(response.objects["ratio"]) is int
    assert response.objects["rows"] == [{"month": "May", "more": 1}]


def test_a_model_that_a_cell_edits_is_checked_as_it_is_now() -> None:
    agent = agent_of(
        cell("summary = Summary(total=3)\nsummary.total = 'three'"),
        "Done.",
        cell("summary.total = 3"),
        "Done now.",
    )
    response = run(agent, {"summary": Summary})
    assert response.content == "Done now."
    assert "at .total: Input should be a valid integer (it is str 'three')" in reminders(agent)[0]
    assert response.objects["summary"] is agent.runtime.retrieve("summary")


def test_what_was_not_looked_at_is_told() -> None:
    agent = agent_of(cell("few = [Item('a', 1)]\nmany = few * 3 + [Item('b', 2)] * 4"), "Done.")
    response = run(agent, {"few": list[Item], "many": list[Item]})
    assert response.objects.partly_checked == {}
    agent = agent_of(cell("many = [Item('a', number) for number in range(10_001)]"), "Done.")
    response = run(agent, {"many": list[Item]})
    assert len(response.objects["many"]) == 10_001
    assert response.objects.partly_checked == {
        "many": "the fields of its first 10,000 records were checked, 50 levels deep; of the "
        "records beyond, only the class"
    }


def test_a_table_comes_out() -> None:
    pandas = pytest.importorskip("pandas")
    raw = pandas.DataFrame({"a": [1, None, 3]})
    runtime = PythonRuntime(variables=[Variable("raw", raw)])
    agent = agent_of(cell("clean = raw.dropna()"), "Done.", runtime=runtime)
    response = run(agent, {"clean": pandas.DataFrame})
    assert response.objects["clean"] is runtime.retrieve("clean")
    assert len(response.objects["clean"]) == 2


def test_missing_and_wrong_objects_go_back_with_every_reason_at_once() -> None:
    agent = agent_of(
        "All done.",
        cell("total = '6'\nitems = [Item('a', 1), Item(2, 'b')]"),
        "Now it is done.",
        cell("total = 6\nitems.pop()\ntitle = 'T'"),
        "Really done.",
    )
    response = run(agent, {"total": int, "items": list[Item], "title": str})
    first, second = reminders(agent)
    for name, told in (("total", "int"), ("items", "list[Item]"), ("title", "str")):
        assert f"- there is no variable `{name}`; wanted: {told}\n" in first
    assert (
        "- `total` is str '6'; wanted: int; Input should be a valid integer\n"
        "- `items` is list [Item(name='a', price=1), Item(name=2, price='b')]; wanted: list[Item]; "
        "at [1].name: Input should be a valid string (it is int 2); "
        "at [1].price: Input should be a valid number (it is str 'b')\n"
        "- there is no variable `title`; wanted: str\n"
    ) in second
    assert response.content == "Really done."
    assert response.status is ExecutionStatus.SUCCESS
    assert response.objects["items"] == [Item("a", 1)]


def test_a_refused_answer_is_told_as_a_reminder_event_and_stays_in_the_conversation() -> None:
    agent = agent_of("Done.", cell("x = 1"), "Yes.")

    async def collect() -> list[Event]:
        return [event async for event in agent.stream_events("Go", returns={"x": int})]

    events = asyncio.run(collect())
    told = [event.content for event in events if event.type is EventType.REMINDER]
    assert told == reminders(agent)
    assert "there is no variable `x`" in told[0]
    assert events[-1].type is EventType.FINAL_RESPONSE
    assert events[-1].response.objects["x"] == 1
    roles = [message.role.value for message in agent.messages]
    assert roles[1:4] == ["user", "assistant", "reminder"]


def test_of_many_faults_the_first_are_told() -> None:
    agent = agent_of(cell("x = list('abcdefgh')"), "Done.", cell("x = [1]"), "Done.")
    run(agent, {"x": list[int]})
    assert reminders(agent)[0].count("Input should be a valid integer") == 5
    assert "and 3 more\n" in reminders(agent)[0]


def test_a_value_that_is_huge_is_told_in_a_line() -> None:
    agent = agent_of(cell("x = list(range(10**6))"), "Done.", cell("x = ''"), "Done.")
    run(agent, {"x": str})
    assert len(reminders(agent)[0]) < 500


# One object


def test_one_type_asks_for_one_object() -> None:
    agent = agent_of("Done.", cell("result = Report('T', [Item('a', 1.5)])"), "Done.")
    response = run(agent, Report)
    assert "- result: Report\n" in notes(agent)[0]
    assert response.object is agent.runtime.retrieve("result")
    assert response.object is response.objects["result"]
    assert response.object.items == [Item("a", 1.5)]


def test_the_one_object_has_a_free_name() -> None:
    runtime = PythonRuntime(
        [Function(abs, name="result_2")], variables=[Variable("result", 3, "the old result")]
    )
    agent = agent_of(cell("result_3 = [1]"), "Done.", runtime=runtime)
    response = run(agent, list[int])
    assert "- result_3: list[int]\n" in notes(agent)[0]
    assert response.object == [1]
    assert list(response.objects) == ["result_3"]


def test_a_mapping_of_one_has_it_as_its_object_too() -> None:
    assert run(agent_of(cell("x = 1"), "Done."), {"x": int}).object == 1


def test_there_is_no_object_where_none_or_several_were_asked_for() -> None:
    response = run(agent_of("Hi."), None)
    with pytest.raises(MissingObjectError, match="0 objects were asked for"):
        response.object  # noqa: B018
    with pytest.raises(MissingObjectError, match=r"name what you want with run\(query, returns="):
        response.objects["x"]
    response = run(agent_of(cell("x = y = 1"), "Done."), {"x": int, "y": int})
    with pytest.raises(MissingObjectError, match="2 objects were asked for"):
        response.object  # noqa: B018


# What the model is told


def test_the_model_is_told_with_the_query_and_not_in_the_system_message() -> None:
    agent = agent_of(
        cell("report = Report('T', [])\nsummary = Summary(total=1)\nrow = None"), "Ok."
    )
    returns = {
        "report": Report,
        "summary": Summary,
        "row": Row | None,
        "kind": Literal["a", "b"],
        "count": Annotated[int, Field(ge=1, description="how many")],
    }
    agent.runtime.inject_variable(Variable("kind", "a", "a kind"))
    run(agent, {name: hint for name, hint in returns.items() if name not in ("kind", "count")})
    assert notes(agent)[0] == (
        "Today is 2026-01-01.\n<objects_to_leave>\n"
        "Before you answer in prose, assign these variables; they are checked:\n"
        "- report: Report\n"
        "- summary: Summary\n"
        "- row: Row | None\n"
        "\n"
        "class Report:\n title: str\n items: list[Item]\n"
        "class Item:\n name: str\n price: float\n"
        "class Summary(BaseModel):\n total: int # all orders\n"
        "class Row(TypedDict):\n month: str\n"
        "</objects_to_leave>"
    )
    assert "Report" not in agent.messages[0].content
    agent = agent_of(cell("kind = 'a'\ncount = 1"), "Ok.")
    run(agent, {name: returns[name] for name in ("kind", "count")})
    assert (
        "- kind: Literal['a', 'b']\n- count: Annotated[int, Ge(ge=1), 'how many']"
        in notes(agent)[0]
    )


def test_without_returns_nothing_is_told() -> None:
    agent = agent_of("Hi.")
    run(agent, None)
    assert notes(agent) == ["Today is 2026-01-01."]


def test_the_requests_of_two_turns_share_their_beginning() -> None:
    model = ScriptedModel([cell("a = 1"), "One.", cell("b = 'x'"), "Two.", "Three."])
    agent = CaveAgent(model)
    assert run(agent, {"a": int}).objects["a"] == 1
    assert dict(run(agent, {"b": str}).objects) == {"b": "x"}
    assert dict(run(agent, None).objects) == {}
    for earlier, later in zip(model.requests, model.requests[1:], strict=False):
        assert later[: len(earlier)] == earlier
    assert ["- a: int" in notes(agent)[0], "- a: int" in notes(agent)[1]] == [True, False]


def test_the_classes_that_are_asked_for_can_be_used_by_name() -> None:
    agent = agent_of(cell("report = Report('T', [Item('a', 1)])"), "Done.")
    assert isinstance(run(agent, {"report": Report}).objects["report"], Report)


def test_a_class_that_a_cell_defines_anew_does_not_hide_the_wanted_one() -> None:
    own = "from typing import NamedTuple\nclass Item(NamedTuple):\n name: str\n price: float\n"
    make = "items = [Item('a', 1.0)]"
    agent = agent_of(cell(own + make), "Done.", cell(make), "Done.")
    response = run(agent, {"items": list[Item]})
    assert "a cell had defined another class `Item`" in reminders(agent)[0]
    assert response.objects["items"] == [Item("a", 1.0)]


# Functions that check


def has_rows(rows: list[object]) -> bool:
    """A list that is not empty.

    More about it.
    """
    if not rows:
        message = "there are no rows {yet}"
        raise ValueError(message)
    return False


def test_a_function_checks_and_its_message_goes_to_the_model() -> None:
    agent = agent_of(cell("rows = []"), "Done.", cell("rows = [1]"), "Done.")
    response = run(agent, {"rows": has_rows})
    assert (
        "- rows: any object that passes a check, `has_rows`: A list that is not empty."
        in (notes(agent)[0])
    )
    assert "; ValueError: there are no rows {yet}\n" in reminders(agent)[0]
    assert response.objects["rows"] == [1]


def test_a_function_alone_checks_one_object() -> None:
    agent = agent_of(cell("result = []"), "Done.", cell("result = [1]"), "Done.")
    assert run(agent, has_rows).object == [1]


def test_a_function_in_annotated_checks_after_the_type() -> None:
    agent = agent_of(
        cell("rows = 3"), "Done.", cell("rows = []"), "Done.", cell("rows = [1]"), "Ok."
    )
    response = run(agent, {"rows": Annotated[list, has_rows]}, "Go")
    assert response.steps_taken == 5
    assert "- rows: Annotated[list, has_rows]" in notes(agent)[0]
    assert "Input should be a valid list" in reminders(agent)[0]


def test_a_function_is_given_the_object_itself() -> None:
    given: list[object] = []
    agent = agent_of(cell("rows = [1]"), "Done.")
    response = run(agent, {"rows": functools.partial(given.append)})
    assert given[0] is response.objects["rows"]


def test_an_exit_of_the_host_is_raised_and_the_agent_goes_on() -> None:
    def interrupt(value: object) -> None:
        raise KeyboardInterrupt

    agent = agent_of(cell("x = 1"), "Done.", "Here.")
    with pytest.raises(KeyboardInterrupt):
        run(agent, {"x": interrupt})
    assert run(agent, None).content == "Here."


@pytest.mark.parametrize("raised", ["SystemExit", "KeyboardInterrupt", "GeneratorExit"])
@pytest.mark.parametrize("method", ["__repr__", "__len__"])
def test_an_object_of_a_cell_ends_no_run(raised: str, method: str) -> None:
    made = f"class Rude:\n    def {method}(self): raise {raised}\nx, y = Rude(), {{Rude(): 1}}"
    agent = agent_of(cell(made), "One.", cell("x, y = 1, {1: 1}"), "Two.", "Three.")
    assert run(agent, {"x": int, "y": dict[int, int]}).content == "Two."
    if method == "__repr__":
        assert f"`x` is Rude <Rude object whose repr raised {raised}>" in reminders(agent)[0]
    agent = agent_of(cell(made), "One.", "Two.", cell("x = x"), "Three.")
    run(agent, None)
    assert run(agent, {"x": object}).content == "Three.", "it looked as it did before the query"


def test_a_name_that_python_reads_as_another_one_is_refused() -> None:
    with pytest.raises(ValueError, match="'ﬁ' is read by Python as 'fi': use that name"):
        run(agent_of(), {"ﬁ": int})
    with pytest.raises(ValueError, match="is read by Python as 'fi'"):
        Variable("ﬁ", 1)


# At the step limit


def test_at_the_step_limit_what_is_right_is_handed_out() -> None:
    agent = agent_of(cell("a = 1\nb = '2'"), "Done.", max_steps=2)
    response = run(agent, {"a": int, "b": int, "c": int})
    assert response.status is ExecutionStatus.MAX_STEPS_REACHED
    assert dict(response.objects) == {"a": 1}
    assert (response.content, "b" in response.objects) == ("Done.", False)
    assert response.objects.get("b", 5) == 5
    with pytest.raises(KeyError, match=r"no object 'b': `b` is str '2'; wanted: int; Input"):
        response.objects["b"]
    with pytest.raises(
        CaveAgentError, match=r"no object 'c': there is no variable `c`; .*max_steps"
    ):
        response.objects["c"]
    assert list(response.objects.missing) == ["b", "c"]
    with pytest.raises(MissingObjectError, match="'d' was not asked for: there are a, b, c"):
        response.objects["d"]


def test_objects_that_the_last_cell_left_are_handed_out() -> None:
    response = run(agent_of(cell("result = 1"), max_steps=1), int)
    assert response.status is ExecutionStatus.MAX_STEPS_REACHED
    assert response.object == 1


def test_one_object_that_is_missing_says_why() -> None:
    response = run(agent_of("Done.", max_steps=1), int)
    with pytest.raises(MissingObjectError, match="there is no variable `result`; wanted: int"):
        response.object  # noqa: B018


def test_an_answer_that_is_refused_again_and_again_ends_at_the_step_limit() -> None:
    agent = agent_of(*["Done."] * 5)
    response = run(agent, int)
    assert response.status is ExecutionStatus.MAX_STEPS_REACHED
    assert response.steps_taken == len(reminders(agent)) == 5


# What stood there before


class Dial:
    """Something whose repr does not show what is in it."""

    def __init__(self) -> None:
        self.level = 0


BEFORE = {
    "greeting": "",
    "tasks": [],
    "dial": Dial(),
    "big": [0] * 1_000,
}
TYPES = {"greeting": str, "tasks": list, "dial": Dial, "big": list}


def add_task(tasks: list[str]) -> None:
    tasks.append("buy")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("greeting", "greeting = 'hi'"),
        ("greeting", "greeting = ''"),
        ("greeting", "for greeting in ['']: pass"),
        ("greeting", "from string import whitespace as greeting"),
        ("greeting", "globals()['greeting'] = 'hi'"),
        ("tasks", "tasks.append(1)"),
        ("tasks", "add_task()"),
        ("tasks", "tasks = []"),
        ("dial", "dial.level = 3"),
        ("big", "big[500] = 1"),
    ],
)
def test_a_variable_that_a_cell_assigned_or_changed_is_right(name: str, code: str) -> None:
    before = {"greeting": "", "tasks": [], "dial": Dial(), "big": [0] * 1_000}
    runtime = PythonRuntime(variables=[Variable(name, before[name]) for name in before])
    runtime.inject_function(Function(lambda: add_task(before["tasks"]), name="add_task"))  # type: ignore[arg-type]
    agent = agent_of(cell(code), "Done.", runtime=runtime)
    response = run(agent, {name: TYPES[name]})
    assert response.objects[name] is runtime.retrieve(name)
    assert reminders(agent) == []


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("greeting", "print(greeting)"),
        ("greeting", "1 / 0\ngreeting = ''"),
        ("tasks", "len(tasks)"),
        ("tasks", r"pattern = '\d'"),
        ("dial", "1"),
        ("big", "1"),
    ],
)
def test_a_variable_that_is_as_it_was_is_asked_about(name: str, code: str) -> None:
    runtime = PythonRuntime(variables=[Variable(name, BEFORE[name]) for name in BEFORE])
    agent = agent_of(
        cell(code), "Done.", "Done.", cell(f"{name} = {name}"), "Done.", runtime=runtime
    )
    response = run(agent, {name: TYPES[name]})
    told = reminders(agent)[0]
    assert "as it was before this query, and no cell has assigned it since" in told
    assert f"run the cell `{name} = {name}`\n" in told
    assert response.steps_taken == 5
    assert response.objects[name] is BEFORE[name]


def test_what_an_earlier_query_left_is_no_answer_to_the_next() -> None:
    agent = agent_of(cell("result = [1]"), "One.", "Two.", cell("result = [2]"), "Two.")
    assert run(agent, list).object == [1]
    assert run(agent, list).object == [2]
    assert "`result` is list [1], as it was before this query" in reminders(agent)[0]


# What is malformed


@pytest.mark.parametrize(
    ("returns", "error", "told"),
    [
        ({}, ValueError, "returns={} asks for nothing"),
        ({"a b": int}, ValueError, "'a b' is no valid variable name"),
        ({"class": int}, ValueError, "'class' is a keyword"),
        ({3: int}, ValueError, "3 is no valid variable name"),
        ({"__x": int}, ValueError, "'__x' is private"),
        ({"x": 3}, TypeError, r"returns\['x'\]=3 is no type"),
        ({"x": None}, TypeError, r"returns\['x'\]=None says nothing of the object"),
        ({"x": "int"}, TypeError, r"returns\['x'\]='int' is no type"),
        (3, TypeError, "returns=3 is no type"),
        ([int], TypeError, r"returns=\[<class 'int'>\] is no type"),
        ({"x": list["int"]}, TypeError, r"list\['int'\] cannot be checked: 'int' is only a name"),
        ({"x": Literal}, TypeError, "cannot be checked"),
    ],
)
def test_a_malformed_request_is_refused_at_once(
    returns: Any, error: type[Exception], told: str
) -> None:
    model = ScriptedModel(["Hi."])
    agent = CaveAgent(model)
    with pytest.raises(error, match=told):
        run(agent, returns)
    assert (agent.messages, model.requests) == ([], [])
    assert run(agent, None).content == "Hi."


def test_a_check_that_must_be_awaited_is_refused_at_once() -> None:
    async def later(value: object) -> None: ...

    for check in (later, functools.partial(later)):
        with pytest.raises(TypeError, match="async function or a generator"):
            run(agent_of(), {"x": check})


# The response as JSON


def test_objects_are_left_out_of_json() -> None:
    agent = agent_of(cell("a = object()\nb = 'x'"), "Done.", max_steps=2)

    async def last() -> Event:
        return [
            event async for event in agent.stream_events("Go", returns={"a": object, "b": int})
        ][-1]

    event = asyncio.run(last())
    text = event_to_json(event)
    told = json.loads(text)["response"]["objects"]
    assert list(told) == ["a", "b"]
    assert "live object" in told["a"]
    back = event_from_json(text)
    assert back == event
    assert event_to_json(back) == text
    assert back.type is EventType.MAX_STEPS_REACHED
    assert dict(back.response.objects) == {}
    with pytest.raises(MissingObjectError, match="no object 'a': it is a live object"):
        back.response.objects["a"]
    with pytest.raises(MissingObjectError, match="no object 'b': `b` is str 'x'"):
        back.response.objects["b"]


def test_a_response_shows_no_object() -> None:
    response = run(agent_of(cell("secret = 'do not show'"), "Done."), {"secret": str})
    assert "do not show" not in repr(response.objects)
    assert "objects=Objects(secret: str)" in repr(response)
    assert repr(Objects({}, {"b": "why"})) == "Objects(b: missing)"


async def types_that_users_see() -> None:
    agent = CaveAgent(ScriptedModel([]))
    assert_type(await agent.run("Go", returns=Report), AgentResponse[Report])
    assert_type((await agent.run("Go", returns=Report)).object, Report)
    assert_type((await agent.run("Go", returns=list[int])).object, list[int])
    assert_type((await agent.run("Go", returns=Report | None)).object, Any)
    assert_type((await agent.run("Go", returns=has_rows)).object, Any)
    response = await agent.run("Go", returns={"report": Report, "rows": has_rows})
    assert_type(response, AgentResponse)
    assert_type(response.objects["report"], Any)
    returns: Mapping[str, object] = {"report": Report}
    assert_type(await agent.run("Go", returns=returns), AgentResponse[Any])
