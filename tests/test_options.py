"""Every option of an agent has the effect that its documentation tells, given and left out."""

import asyncio
import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cave_agent import (
    AgentResponse,
    AssistantMessage,
    CaveAgent,
    CodeExecutionMessage,
    EventType,
    ExecutionResultMessage,
    ExecutionStatus,
    LogLevel,
    Message,
    MessageRole,
    SystemMessage,
    UserMessage,
)
from cave_agent.prompts import DEFAULT_INSTRUCTIONS, DEFAULT_SYSTEM_INSTRUCTIONS
from cave_agent.runtime import Function, PythonRuntime, Type, Variable
from cave_agent.skills import Skill
from cave_agent.testing import ScriptedModel
from tests.display.terminal import terminal

DEFAULTS = {
    "runtime": None,
    "max_steps": 5,
    "max_history": 10,
    "max_exec_output": 5000,
    "context_window": None,
    "skills": None,
    "skills_dir": None,
    "python_block_identifier": "python",
    "messages": None,
    "log_level": LogLevel.DEBUG,
}

BRACES = [
    '{"name": "Ada", "tags": [{}, {"a": {"b": 1}}]}',
    "Use d = {'key': {1, 2}} and f'{d!r:>{width}} {x.y[0]} {{escaped}}'.",
    "{functions} {variables} {types} {skills} {instructions} {system_instructions}",
    "{ {0} {} }} {{ {unclosed",
]


def cell(code: str, label: str = "python") -> str:
    return f"```{label}\n{code}\n```"


def run(agent: CaveAgent, query: str = "Go") -> AgentResponse:
    return asyncio.run(agent.run(query))


def briefing(**options: Any) -> str:
    """Return the system message that a model is sent."""
    model = ScriptedModel(["Done."])
    run(CaveAgent(model, **options))
    first = model.requests[0][0]
    assert first["role"] == "system"
    return str(first["content"])


def observation(agent: CaveAgent) -> str:
    """Return what the model was told of the last cell."""
    told = [each.content for each in agent.messages if each.role is MessageRole.EXECUTION_RESULT]
    return told[-1]


# What is left out, and what is wrong


def test_defaults_are_those_of_the_documentation() -> None:
    parameters = inspect.signature(CaveAgent).parameters
    assert {name: parameters[name].default for name in DEFAULTS} == DEFAULTS
    table = (Path(__file__).parent.parent / "docs" / "agent.md").read_text(encoding="utf-8")
    for name in parameters:
        assert f"\n| `{name}` | " in table, f"docs/agent.md does not tell of {name}"


@pytest.mark.parametrize(
    "option",
    [
        {"max_steps": 0},
        {"max_history": 0},
        {"max_exec_output": 0},
        {"max_exec_timeout": 0},
        {"max_total_steps": 0},
        {"context_window": 0},
    ],
)
def test_limits_that_allow_nothing_are_refused(option: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(option))}=0"):
        CaveAgent(ScriptedModel([]), **option)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"model": "gpt-4"}, "model='gpt-4' is of the wrong type: use Model"),
        ({"runtime": "x"}, "runtime='x' is of the wrong type: use Runtime or None"),
        ({"max_steps": "5"}, "max_steps='5' is of the wrong type: use int"),
        ({"context_window": 8e3}, "context_window=8000.0 is of the wrong type: use int"),
        ({"log_level": "DEBUG"}, "log_level='DEBUG' is of the wrong type: use LogLevel"),
        ({"instructions": None}, "instructions=None is of the wrong type: use str"),
        ({"system_instructions": 5}, "system_instructions=5 is of the wrong type: use str"),
        ({"system_prompt_template": b"x"}, "system_prompt_template=b'x' is of the wrong type"),
        ({"python_block_identifier": 5}, "python_block_identifier=5 is of the wrong type: use str"),
        ({"max_steps": True}, "max_steps=True is of the wrong type: use int"),
        ({"max_history": 2.0}, r"max_history=2\.0 is of the wrong type: use int"),
        ({"max_total_steps": True}, "max_total_steps=True is of the wrong type: use int or None"),
        (
            {"max_exec_timeout": "5"},
            "max_exec_timeout='5' is of the wrong type: use int or float or",
        ),
        (
            {"max_exec_timeout": True},
            "max_exec_timeout=True is of the wrong type: use int or float",
        ),
        ({"name": 5}, "name=5 is of the wrong type: use str or None"),
        ({"display": "yes"}, "display='yes' is of the wrong type: use bool or None"),
        ({"skills": 5}, r"skills=5 is of the wrong type: use a list of Skill objects"),
        ({"skills": "./skills"}, r"skills='\./skills' is of the wrong type: use a list of Skill"),
        ({"skills_dir": 5}, "skills_dir=5 is of the wrong type: use str or PathLike or None"),
        ({"messages": 5}, "messages=5 is of the wrong type: use a list of messages"),
        ({"messages": "Hi."}, r"messages='Hi\.' is of the wrong type: use a list of messages"),
        ({"messages": ["Hi."]}, "message='Hi.' is of the wrong type: use SystemMessage or User"),
        ({"messages": [{"role": "user"}]}, "message={'role': 'user'} is of the wrong type"),
    ],
)
def test_arguments_of_the_wrong_type_are_refused(arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(TypeError, match=told):
        CaveAgent(**{"model": ScriptedModel([]), **arguments})


@pytest.mark.parametrize("identifier", ["", "two words", "`"])
def test_an_identifier_that_cannot_label_a_block_is_refused(identifier: str) -> None:
    with pytest.raises(ValueError, match="python_block_identifier="):
        CaveAgent(ScriptedModel([]), python_block_identifier=identifier)


# model, runtime


def test_the_model_is_asked_and_must_be_given() -> None:
    asked, other = ScriptedModel(["From the one."]), ScriptedModel(["From the other."])
    agents = [CaveAgent(asked), CaveAgent(model=other)]
    assert run(agents[0]).content == "From the one."
    assert (len(asked.requests), len(other.requests)) == (1, 0)
    assert run(agents[1]).content == "From the other."
    with pytest.raises(TypeError, match="'model'"):
        CaveAgent()  # type: ignore[call-arg]


def test_cells_run_in_the_runtime_that_is_given() -> None:
    runtime = PythonRuntime(variables=[Variable("number", 6, "A number")])
    agent = CaveAgent(ScriptedModel([cell("number += 1"), "Done."]), runtime)
    run(agent)
    assert agent.runtime is runtime
    assert runtime.retrieve("number") == 7
    assert "- number: int 6 - A number" in agent.messages[0].content


def test_without_a_runtime_each_agent_has_an_empty_one_of_its_own() -> None:
    agents = [CaveAgent(ScriptedModel([cell(f"x = {n}"), "Done."])) for n in (1, 2)]
    assert [agent.runtime.names() for agent in agents] == [[], []]
    for agent in agents:
        assert isinstance(agent.runtime, PythonRuntime)
        run(agent)
    assert [agent.runtime.retrieve("x") for agent in agents] == [1, 2]


# max_steps, max_history, max_exec_output


@pytest.mark.parametrize(("options", "steps"), [({}, 5), ({"max_steps": 3}, 3)])
def test_max_steps(options: dict[str, int], steps: int) -> None:
    model = ScriptedModel(lambda _: cell("x = 1"))
    response = run(CaveAgent(model, **options))  # type: ignore[arg-type]
    assert response.status is ExecutionStatus.MAX_STEPS_REACHED
    assert (response.steps_taken, response.max_steps) == (steps, steps)
    assert len(model.requests) == steps


@pytest.mark.parametrize(
    ("options", "folded", "total"), [({}, 0, 14), ({}, 5, 15), ({"max_history": 2}, 10, 12)]
)
def test_max_history_counts_whole_turns(options: dict[str, int], folded: int, total: int) -> None:
    model = ScriptedModel([cell("print('long ' * 200)"), "Done."] * total)
    agent = CaveAgent(model, **options)  # type: ignore[arg-type]
    for number in range(total):
        run(agent, f"query {number}")
    system, *sent = model.requests[-1]
    assert system["content"] == agent.messages[0].content
    assert len(sent) == 4 * total - 1
    observations = [message["content"] for message in sent[2::4]]
    assert [text.startswith("[folded: ") for text in observations] == [
        number < folded for number in range(total)
    ]
    as_it_was = [each for each in agent.messages if each.role is MessageRole.EXECUTION_RESULT]
    assert all("long long" in each.content for each in as_it_was)


@pytest.mark.parametrize(("options", "limit"), [({}, 5000), ({"max_exec_output": 200}, 200)])
def test_max_exec_output(options: dict[str, int], limit: int) -> None:
    replies = [cell(f"print('a' * {limit - 1})"), cell(f"print('a' * {limit})"), "Done."]
    agent = CaveAgent(ScriptedModel(replies), **options)  # type: ignore[arg-type]
    run(agent)
    whole, cut = (
        each.content for each in agent.messages if each.role is MessageRole.EXECUTION_RESULT
    )
    assert "a" * (limit - 1) in whole
    assert "left out" not in whole
    assert "a" * (limit - 1) not in cut
    assert f"over the limit of {limit:,}. The whole of it is in the variable `output_2`" in cut
    assert agent.runtime.retrieve("output_2") == "a" * limit + "\n"


# skills, skills_dir


def skills_in(directory: Path) -> Path:
    (directory / "cooking").mkdir()
    text = "---\nname: cooking\ndescription: Cooks meals.\n---\nBoil the water."
    (directory / "cooking" / "SKILL.md").write_text(text, encoding="utf-8")
    return directory


def skills_told_by(agent: CaveAgent) -> list[str]:
    prompt = agent.build_system_prompt()
    return [name for name in ("sailing", "cooking") if f"<name>{name}</name>" in prompt]


def test_skills_that_are_given() -> None:
    sailing = Skill("sailing", "Sails boats.", "Hoist the sail.")
    agent = CaveAgent(ScriptedModel([cell("activate_skill('sailing')"), "Done."]), skills=[sailing])
    assert skills_told_by(agent) == ["sailing"]
    run(agent)
    assert "Hoist the sail." in observation(agent)


@pytest.mark.parametrize("kind", [str, Path])
def test_skills_in_a_directory(tmp_path: Path, kind: type[str | Path]) -> None:
    model = ScriptedModel([cell("activate_skill('cooking')"), "Done."])
    agent = CaveAgent(model, skills_dir=kind(skills_in(tmp_path)))
    assert skills_told_by(agent) == ["cooking"]
    run(agent)
    assert "Boil the water." in observation(agent)


def test_skills_that_are_given_and_a_directory(tmp_path: Path) -> None:
    code = "activate_skill('sailing')\nactivate_skill('cooking')"
    agent = CaveAgent(
        ScriptedModel([cell(code), "Done."]),
        skills=[Skill("sailing", "Sails boats.", "Hoist the sail.")],
        skills_dir=skills_in(tmp_path),
    )
    assert skills_told_by(agent) == ["sailing", "cooking"]
    run(agent)
    assert "Hoist the sail." in observation(agent)
    assert "Boil the water." in observation(agent)


def test_without_skills_none_are_told_or_injected() -> None:
    agent = CaveAgent(ScriptedModel([]))
    assert "skill" not in agent.build_system_prompt()
    assert agent.runtime.names() == []


# instructions, system_instructions, system_prompt_template


def test_instructions_take_the_place_of_the_default() -> None:
    assert briefing().startswith(DEFAULT_INSTRUCTIONS)
    prompt = briefing(instructions="You are a pilot.")
    assert prompt.startswith("You are a pilot.\n\nYou have a Python runtime")
    assert DEFAULT_INSTRUCTIONS not in prompt


def test_system_instructions_take_the_place_of_the_default() -> None:
    rules = DEFAULT_SYSTEM_INSTRUCTIONS.replace("{python_block_identifier}", "python").replace(
        "{limits}", "5 replies a query, 5,000 characters of output a cell"
    )
    assert rules in briefing()
    prompt = briefing(system_instructions="Write ```{python_block_identifier} blocks.")
    assert prompt == f"{DEFAULT_INSTRUCTIONS}\n\nWrite ```python blocks."


def test_a_template_puts_the_parts_together() -> None:
    def scale(x: float) -> float:
        """Scale"""
        return x

    class Point:
        """A point"""

    runtime = PythonRuntime([Function(scale)], [Variable("x", 1)], [Type(Point)])
    agent_skills = [Skill("sailing", "Sails boats.")]
    parts = {
        name: briefing(
            runtime=runtime,
            skills=agent_skills,
            instructions="Be kind.",
            system_instructions="Write cells.",
            system_prompt_template=f"{name}: {{{name}}}",
        )
        for name in (
            "instructions",
            "system_instructions",
            "functions",
            "variables",
            "types",
            "skills",
        )
    }
    assert parts["instructions"] == "instructions: Be kind."
    assert parts["system_instructions"] == "system_instructions: Write cells."
    assert "def scale(x: float) -> float" in parts["functions"]
    assert parts["variables"] == "variables: - x: int 1"
    assert "class Point" in parts["types"]
    assert "<name>sailing</name>" in parts["skills"]


def test_a_template_may_leave_placeholders_out() -> None:
    runtime = PythonRuntime(variables=[Variable("x", 1, "a number")])
    template = '{"json": 1} Vars: {variables} {other}'
    prompt = briefing(runtime=runtime, system_prompt_template=template)
    assert prompt == '{"json": 1} Vars: - x: int 1 - a number {other}'
    assert briefing(system_prompt_template="Just this.") == "Just this."


@pytest.mark.parametrize("text", BRACES)
@pytest.mark.parametrize("option", ["instructions", "system_instructions"])
def test_braces_in_instructions_come_through(option: str, text: str) -> None:
    runtime = PythonRuntime(variables=[Variable("x", {"a": 1}, "such as {types}")])
    prompt = briefing(runtime=runtime, **{option: text})
    assert prompt.count(text) == 1
    assert "- x: dict of 1 {'a': 1} - such as {types}" in prompt


@pytest.mark.parametrize("text", [BRACES[0], BRACES[1], BRACES[3]])
def test_other_braces_in_a_template_come_through(text: str) -> None:
    prompt = briefing(instructions="Be kind.", system_prompt_template=f"{text} {{instructions}}")
    assert prompt == f"{text} Be kind."


# python_block_identifier


def test_another_block_identifier_works_end_to_end() -> None:
    replies = [
        "I will compute x now.",
        cell("x = 1", "cave"),
        f"In Python it would be\n{cell('y = 2')}",
    ]
    model = ScriptedModel(replies, chunk_size=3)
    agent = CaveAgent(model, python_block_identifier="cave")

    async def events() -> list[tuple[EventType, str]]:
        return [(event.type, event.content) async for event in agent.stream_events("Go")]

    happened = asyncio.run(events())
    assert "```cave\n" in model.requests[0][0]["content"]
    assert "```python" not in model.requests[0][0]["content"]
    assert "```cave" in model.requests[1][-1]["content"], "the reminder names another label"
    assert [code for kind, code in happened if kind is EventType.CODE] == ["x = 1"]
    assert happened[-1] == (EventType.FINAL_RESPONSE, replies[-1])
    assert agent.runtime.names() == ["x"]


# messages


def test_messages_seed_the_conversation() -> None:
    seed: list[Message] = [UserMessage("My name is Ada."), AssistantMessage("Hello Ada.")]
    model = ScriptedModel(["Ada."])
    agent = CaveAgent(model, messages=(message for message in seed))
    run(agent, "What is my name?")
    assert model.requests[0][0]["content"].startswith(DEFAULT_INSTRUCTIONS)
    assert [message["content"] for message in model.requests[0][1:]] == [
        "My name is Ada.",
        "Hello Ada.",
        "What is my name?\n\nToday is 2026-01-01.",
    ]
    assert len(seed) == 2, "the list of the caller has grown"
    assert agent.messages[1:3] == seed


def test_a_system_message_among_them_is_the_system_message() -> None:
    seed: list[Message] = [SystemMessage("You are Bob."), UserMessage("Hi."), AssistantMessage("?")]
    runtime = PythonRuntime(variables=[Variable("x", 1, "a number")])
    model = ScriptedModel(["Bob.", "Still Bob."])
    agent = CaveAgent(model, runtime, messages=seed)
    run(agent, "Who are you?")
    assert [message["content"] for message in model.requests[0]] == [
        "You are Bob.",
        "Hi.",
        "?",
        (
            "Who are you?\n\nToday is 2026-01-01.\n<new_in_runtime>\n"
            "- x: int 1 - a number\n</new_in_runtime>"
        ),
    ]
    run(agent, "And now?")
    assert model.requests[1][-1]["content"] == "And now?"


def test_the_conversation_of_another_agent_goes_on() -> None:
    first = CaveAgent(ScriptedModel([cell("x = 1\nx"), "It is 1."]), instructions="You are Bob.")
    run(first, "Set x to 1")
    model = ScriptedModel(["Yes."])
    second = CaveAgent(model, first.runtime, messages=first.messages)
    run(second, "Is it still 1?")
    roles = [message["role"] for message in model.requests[0]]
    assert roles == ["system", "user", "assistant", "user", "assistant", "user"]
    assert "You are Bob." in model.requests[0][0]["content"]
    assert model.requests[0][2]["content"] == cell("x = 1\nx")
    assert second.messages[: len(first.messages)] == first.messages
    assert len(first.messages) == 5, "two agents share a conversation"


def test_what_the_system_message_of_another_agent_says_is_not_told_again() -> None:
    @dataclass
    class Point:
        x: int

    def origin() -> Point:
        """Where it all begins.

        A second paragraph.
        """
        return Point(0)

    def runtime(count: int) -> PythonRuntime:
        variables = [Variable("count", count, "How many"), Variable("empty", [], "Fill it")]
        return PythonRuntime([Function(origin), Function(print)], variables, [Type(Point)])

    skills = [Skill("greeter", "Greets."), Skill("waver", "Waves.")]
    first = CaveAgent(ScriptedModel(["Hello."]), runtime(1), skills=skills)
    run(first, "Hello")
    model = ScriptedModel(["Yes."] * 3)
    run(CaveAgent(model, runtime(1), skills=skills, messages=first.messages), "Still there?")
    assert model.requests[0][-1]["content"] == "Still there?"

    run(CaveAgent(model, first.runtime, messages=first.messages), "Still there?")
    assert model.requests[1][-1]["content"] == "Still there?"

    skills[1] = Skill("waver", "Waves to all.")
    later = CaveAgent(model, runtime(2), skills=skills, messages=first.messages)
    later.runtime.inject_variable(Variable("new", 3))
    run(later, "What is new?")
    news = model.requests[2][-1]["content"]
    assert "- count: int 2 - How many\n- new: int 3\n" in news
    assert "<name>waver</name><description>Waves to all.</description>" in news
    for known in ("origin", "empty", "Point", "greeter", "def activate_skill"):
        assert known not in news


def test_messages_that_are_given_count_as_turns() -> None:
    seed: list[Message] = [
        message
        for n in range(5)
        for message in (
            UserMessage(f"q{n}"),
            CodeExecutionMessage(cell("x")),
            ExecutionResultMessage("x" * 900),
            AssistantMessage(f"a{n}"),
        )
    ]
    model = ScriptedModel(["Done."])
    run(CaveAgent(model, messages=seed, max_history=3))
    observations = [message["content"] for message in model.requests[0][3::4]]
    assert observations == ["[folded: 900 characters of output]"] * 3 + ["x" * 900] * 2


# log_level


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ({}, {"prose", "code", "output", "error", "final"}),
        ({"log_level": LogLevel.DEBUG}, {"prose", "code", "output", "error", "final"}),
        ({"log_level": LogLevel.INFO}, {"error", "final"}),
        ({"log_level": LogLevel.ERROR}, {"error"}),
    ],
)
def test_log_level(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, LogLevel], shown: set[str]
) -> None:
    reply = "I'll divide.\n" + cell("total = 1\nprint('begun', total)\ntotal / 0")
    texts = {
        "prose": "I'll divide.",
        "code": "total = 1",
        "output": "begun 1",
        "error": "ZeroDivisionError: division by zero",
        "final": "It cannot be done.",
    }
    with terminal(monkeypatch) as screen:
        run(CaveAgent(ScriptedModel([reply, texts["final"]]), **options))  # type: ignore[arg-type]
    assert {name for name, text in texts.items() if text in screen.text} == shown
