"""Skills at work in agents: what the model is told, when, and how often."""

import asyncio
import pickle
from pathlib import Path
from typing import Literal

import pytest

from cave_agent import AgentResponse, CaveAgent, EventType, MessageRole, SkillError, UserMessage
from cave_agent.runtime import Function, PythonRuntime, Type, Variable
from cave_agent.security import SecurityChecker
from cave_agent.skills import Skill, SkillDiscovery, SkillRegistry
from cave_agent.testing import ScriptedModel
from tests.skills.conftest import WriteSkill

INJECTION = '''\
from dataclasses import dataclass
from cave_agent.runtime import Function, Type, Variable

print("injection.py runs")

def mean_of(numbers: list) -> float:
    """Return the mean"""
    return sum(numbers) / len(numbers)

@dataclass
class Result:
    mean: float

__exports__ = [
    Function(mean_of), Variable("CONFIG", value={"limit": 3}, description="Limits"), Type(Result)
]
'''


@pytest.fixture(params=["no rules", "standard", "strict"])
def checker(request: pytest.FixtureRequest) -> SecurityChecker | None:
    """Each of the ready sets of rules, and none."""
    ready = {"standard": SecurityChecker.standard, "strict": SecurityChecker.strict}
    return ready[request.param]() if request.param in ready else None


def cell(code: str) -> str:
    return f"```python\n{code}\n```"


def run(agent: CaveAgent, query: str = "Go") -> AgentResponse:
    return asyncio.run(agent.run(query))


def sent(model: ScriptedModel, request: int = -1) -> str:
    """Return all that the model was sent with one request."""
    return "\n".join(message["content"] for message in model.requests[request])


def observations(agent: CaveAgent) -> list[str]:
    role = MessageRole.EXECUTION_RESULT
    return [message.content for message in agent.messages if message.role is role]


def test_a_skill_is_announced_activated_and_used(
    tmp_path: Path, write_skill: WriteSkill, checker: SecurityChecker | None
) -> None:
    write_skill(
        "averages", "Call `mean_of`.\nLeave a Result.", description="Averages.", injection=INJECTION
    )
    model = ScriptedModel(
        [
            cell("activate_skill('averages')"),
            cell("result = Result(mean_of([1, 2, 3][: CONFIG['limit']]))\nresult"),
            "The mean is 2.",
        ]
    )
    runtime = PythonRuntime(security_checker=checker)
    agent = CaveAgent(model, runtime, skills_dir=tmp_path / "skills")
    response = run(agent)

    briefing = model.requests[0][0]["content"]
    assert "<skill><name>averages</name><description>Averages.</description></skill>" in briefing
    assert "def activate_skill(skill_name: str) -> str" in briefing
    assert "mean_of" not in briefing

    told = observations(agent)[0]
    skill = told.index('<skill_content name="averages">\nCall `mean_of`.\nLeave a Result.\n')
    assert skill < told.index("def mean_of(numbers: list) -> float") < told.index("- CONFIG: ")
    assert "- CONFIG: dict of 1 {'limit': 3} - Limits" in told
    assert "class Result:\n mean: float" in told

    result = agent.runtime.retrieve("result")
    assert (type(result).__name__, result.mean) == ("Result", 2.0)
    assert type(result) is agent.runtime.retrieve("Result")
    assert pickle.loads(pickle.dumps(result)) == result
    assert response.cells[0].result.stdout.startswith("injection.py runs\n")
    assert agent.skills.active == ("averages",)
    assert all(request[0] == model.requests[0][0] for request in model.requests)


@pytest.mark.parametrize(
    "code",
    [
        "activate_skill('long')",
        "print(activate_skill('long'))",
        "text = activate_skill('long')\nprint(f'{text} and {text!r}')\ntext",
        "[activate_skill('long')]",
        "print('%s' % activate_skill('long'), str(activate_skill('long')))",
    ],
)
def test_long_instructions_are_told_whole_and_once(
    write_skill: WriteSkill, code: str, checker: SecurityChecker | None
) -> None:
    body = "\n".join(f"Rule {number}: mind rule {number}." for number in range(1000))
    assert len(body) > 20_000
    skill = SkillDiscovery.from_file(write_skill("long", body))
    model = ScriptedModel([cell(code), "Done."])
    agent = CaveAgent(model, PythonRuntime(security_checker=checker), skills=[skill])
    response = run(agent)
    assert sent(model).count("Rule 500: mind") == 1
    assert body in sent(model)
    assert len(response.cells[0].result.output) < 300
    assert "The skill 'long' is active. Its instructions follow." in observations(agent)[0]


def test_activating_twice_changes_nothing(write_skill: WriteSkill) -> None:
    skill = SkillDiscovery.from_file(write_skill("one", "Do it so.", injection=INJECTION))
    model = ScriptedModel(
        [
            cell("activate_skill('one')\nCONFIG['limit'] = 5"),
            cell("print(activate_skill('one'))"),
            "Done.",
            cell("activate_skill('one')"),
            "Done.",
        ]
    )
    agent = CaveAgent(model, skills=[skill])
    responses = [run(agent), run(agent)]
    assert sent(model).count("Do it so.") == 1
    assert sent(model).count("def mean_of") == 1
    outputs = [step.result.stdout for response in responses for step in response.cells]
    assert outputs[0] == "injection.py runs\n"
    again = "The skill 'one' is active already. Its instructions were told.\n"
    assert outputs[1:] == [again, again]
    assert agent.runtime.retrieve("CONFIG") == {"limit": 5}


def test_the_text_is_the_value_of_what_is_returned() -> None:
    runtime = PythonRuntime()
    skills = SkillRegistry.of(runtime)
    skills.add([Skill("one", "Does things.", "Do it so.")])
    for line in ("The skill 'one' is active.", "The skill 'one' is active already."):
        text = skills.activate("one")
        assert isinstance(text, str)
        assert "Do it so." in text
        assert text.splitlines()[1] == "Do it so."
        for shown in (str(text), repr(text), f"{text}", f"{text:<10}"):
            assert shown.startswith(line)
            assert "Do it so." not in shown
        assert "Do it so." in pickle.loads(pickle.dumps(text))


@pytest.mark.parametrize("run_in", ["caller", "thread"])
def test_all_functions_work_in_both_modes(
    write_skill: WriteSkill, run_in: Literal["caller", "thread"], checker: SecurityChecker | None
) -> None:
    files = {"notes.md": "Noted.", "say.py": "import sys; print('said', *sys.argv[1:])"}
    skill = SkillDiscovery.from_file(write_skill("one", injection=INJECTION, files=files))
    code = (
        "activate_skill('one')\nprint(read_skill_resource('one', 'notes.md'))\n"
        "print(run_skill_script('one', 'say.py', 1, 'b c'))\nmean_of([1, 3])"
    )
    with PythonRuntime(run_in=run_in, security_checker=checker) as runtime:
        agent = CaveAgent(ScriptedModel([cell(code), "Done."]), runtime, skills=[skill])
        output = run(agent).cells[0].result.stdout
    assert output == "injection.py runs\nNoted.\nsaid 1 b c\n2.0\n"


def test_the_host_can_activate_before_a_run(write_skill: WriteSkill) -> None:
    skill = SkillDiscovery.from_file(write_skill("one", "Do it so.", injection=INJECTION))
    model = ScriptedModel(["Hello.", "Again."])
    agent = CaveAgent(model, skills=[skill])
    agent.skills.activate("one")
    run(agent)
    first = model.requests[0]
    assert "def mean_of" in first[0]["content"]
    assert "Do it so." not in first[0]["content"]
    assert first[1]["content"].startswith(
        "Go\n\nToday is 2026-01-01.\n<new_in_runtime>\n<skill_content"
    )
    run(agent)
    assert sent(model).count("Do it so.") == 1
    assert model.requests[1][:2] == first
    assert [m.content for m in agent.messages if isinstance(m, UserMessage)] == ["Go", "Go"]


def test_the_host_can_activate_between_runs(write_skill: WriteSkill) -> None:
    skill = SkillDiscovery.from_file(write_skill("one", "Do it so.", injection=INJECTION))
    model = ScriptedModel(["Hello.", "Again."])
    agent = CaveAgent(model, skills=[skill])
    run(agent)
    agent.skills.activate("one")
    run(agent)
    news = model.requests[1][-1]["content"]
    assert news.index("Do it so.") < news.index("def mean_of")
    assert model.requests[1][0] == model.requests[0][0]


def test_instructions_outlast_the_turns_that_are_sent(write_skill: WriteSkill) -> None:
    skill = SkillDiscovery.from_file(write_skill("one", "Do it so.", injection=INJECTION))
    long = cell("activate_skill('one')\nprint('word ' * 900)")
    model = ScriptedModel([long, "Done.", *[cell("print('word ' * 900)"), "Yes."] * 4])
    agent = CaveAgent(model, skills=[skill], max_history=2, max_steps=2, context_window=4_000)
    for number in range(3):
        run(agent, f"Query {number}")
    folded = model.requests[-1][3]["content"]
    assert folded.startswith("[folded: 4,")
    assert folded.count("Do it so.") == folded.count("def mean_of") == 1
    for number in range(3, 5):
        run(agent, f"Query {number}")
    assert sent(model).count("Do it so.") == 1
    assert sent(model).count("def mean_of") == 1
    # The conversation itself stays as it was.
    assert [m.content for m in agent.messages if isinstance(m, UserMessage)][3] == "Query 3"
    assert sum("word word" in message.content for message in agent.messages) == 5


def test_agents_that_share_a_runtime_are_each_told(write_skill: WriteSkill) -> None:
    skill = SkillDiscovery.from_file(write_skill("one", "Do it so.", injection=INJECTION))
    other = Skill("two", "Does other things.", "Do it otherwise.")
    runtime = PythonRuntime()
    first_model = ScriptedModel([cell("activate_skill('one')"), "Done.", "Yes."])
    second_model = ScriptedModel(["Ready.", cell("mean_of([4])\nactivate_skill('two')"), "Done."])
    first = CaveAgent(first_model, runtime, skills=[skill])
    second = CaveAgent(second_model, runtime, skills=[skill, other])
    assert first.skills is second.skills
    assert second.skills.diagnostics == []
    run(second)  # is briefed before the activation
    run(first)
    run(second)
    run(first)
    late_model = ScriptedModel(["Hello."])
    run(CaveAgent(late_model, runtime))
    for model in (first_model, second_model, late_model):
        for text in ("Do it so.", "Do it otherwise.", "def mean_of"):
            assert sent(model).count(text) == 1
        assert "<name>two</name>" in model.requests[0][0]["content"]


def test_an_agent_hears_of_skills_that_another_one_brings() -> None:
    runtime = PythonRuntime()
    model = ScriptedModel(["Hello.", "Yes.", "Yes."])
    agent = CaveAgent(model, runtime)
    run(agent)
    assert "skill" not in sent(model)
    CaveAgent(ScriptedModel([]), runtime, skills=[Skill("two", "Does things.")])
    run(agent)
    news = model.requests[1][-1]["content"]
    assert "def activate_skill" in news
    assert "<name>two</name>" in news
    run(agent)
    assert model.requests[2][-1]["content"] == "Go"


def test_without_skills_nothing_is_said_or_injected(tmp_path: Path) -> None:
    model = ScriptedModel(["Hello."])
    agent = CaveAgent(model, skills=[], skills_dir=None)
    run(agent)
    assert "skill" not in sent(model)
    assert agent.runtime.names() == []
    assert len(agent.skills) == 0


def test_a_hidden_skill_can_be_activated_by_name(write_skill: WriteSkill) -> None:
    more = "disable-model-invocation: true\n"
    hidden = SkillDiscovery.from_file(write_skill("hidden", "Do it so.", more=more))
    model = ScriptedModel([cell("activate_skill('hidden')"), cell("activate_skill('x')"), "Done."])
    agent = CaveAgent(model, skills=[hidden, Skill("shown", "Does things.")])
    run(agent)
    assert "hidden" not in model.requests[0][0]["content"]
    assert "Do it so." in observations(agent)[0]
    assert "There is no skill 'x'. There are: shown." in observations(agent)[1]


def test_an_unknown_skill_is_an_error_in_the_cell_that_names_the_nearest() -> None:
    model = ScriptedModel(
        [
            cell("try:\n    activate_skill('Pdf form')\nexcept Exception as e:\n    print(e)"),
            "Done.",
        ]
    )
    agent = CaveAgent(model, skills=[Skill("pdf-forms", "Fills forms."), Skill("b", "Does.")])
    response = run(agent)
    assert response.cells[0].result.stdout == (
        "There is no skill 'Pdf form'. Did you mean 'pdf-forms'? There are: pdf-forms, b.\n"
    )
    with pytest.raises(SkillError, match="There is no skill \\['b'\\]"):
        agent.skills.activate(["b"])  # type: ignore[arg-type]


def test_after_a_reset_what_a_skill_brought_is_bound_again(write_skill: WriteSkill) -> None:
    skill = SkillDiscovery.from_file(write_skill("one", injection=INJECTION))
    agent = CaveAgent(ScriptedModel([]), skills=[skill])
    agent.skills.activate("one")
    runtime = agent.runtime
    asyncio.run(runtime.execute("mean_of = CONFIG = None\nx = 1\ndel activate_skill"))
    runtime.reset()
    assert runtime.retrieve("mean_of")([1, 3]) == 2
    assert runtime.retrieve("CONFIG") == {"limit": 3}
    assert "x" not in runtime.names()
    result = asyncio.run(runtime.execute("print(activate_skill('one'))"))
    assert "active already" in result.stdout


def test_two_runtimes_share_nothing(write_skill: WriteSkill) -> None:
    path = write_skill("one", injection=INJECTION)
    agents = [CaveAgent(ScriptedModel([]), skills=[SkillDiscovery.from_file(path)]) for _ in "ab"]
    for agent in agents:
        agent.skills.activate("one")
    one, other = (agent.runtime for agent in agents)
    one.retrieve("CONFIG")["limit"] = 99
    assert other.retrieve("CONFIG") == {"limit": 3}
    assert one.retrieve("Result") is not other.retrieve("Result")
    for runtime in (one, other):
        made = runtime.retrieve("Result")(1.0)
        assert pickle.loads(pickle.dumps(made)) == made


# The text


def content_of(write_skill: WriteSkill, body: str, **options: object) -> tuple[str, Path]:
    skill = SkillDiscovery.from_file(write_skill("one", body, **options))
    runtime = PythonRuntime()
    skills = SkillRegistry.of(runtime)
    skills.add([skill])
    text = skills.activate("one")
    assert skill.directory is not None
    return text[:], skill.directory


def test_directory_and_files_are_told(write_skill: WriteSkill) -> None:
    files = dict.fromkeys(["scripts/run.py", "references/a & b.md", ".git/x", "LICENSE"], "")
    files |= dict.fromkeys(["scripts/__pycache__/x.pyc", "node_modules/x/y.js"], "")
    text, directory = content_of(
        write_skill, "See scripts/run.py.", files=files, injection="__exports__ = []"
    )
    assert f"Directory of the skill: {directory}" in text
    assert text.endswith(
        "<skill_resources>\n<file>LICENSE</file>\n<file>references/a &amp; b.md</file>\n"
        "<file>scripts/run.py</file>\n</skill_resources>\n</skill_content>"
    )


def test_the_list_of_files_is_capped(write_skill: WriteSkill) -> None:
    files = {f"assets/{number:04}.txt": "" for number in range(1103)}
    text, _ = content_of(write_skill, "Body", files=files)
    assert text.count("<file>") == 50
    assert "\nand 1,053 more\n</skill_resources>" in text


def test_of_very_many_files_it_does_not_claim_to_know_the_number(write_skill: WriteSkill) -> None:
    files = {f"assets/{number:04}.txt": "" for number in range(2_100)}
    text, _ = content_of(write_skill, "Body", files=files)
    assert "\nand at least 1,950 more\n</skill_resources>" in text


def test_the_directory_is_filled_in_once(tmp_path: Path) -> None:
    directory = tmp_path / "{baseDir}" / "${CLAUDE_SKILL_DIR}"
    directory.mkdir(parents=True)
    path = directory / "SKILL.md"
    body = "Run ${CLAUDE_SKILL_DIR}/a.py or {baseDir}/b.py, not $CLAUDE_SKILL_DIR or {other}."
    path.write_text(f"---\nname: one\ndescription: d\n---\n{body}", encoding="utf-8")
    skills = SkillRegistry.of(runtime := PythonRuntime())
    skills.add([SkillDiscovery.from_file(path)])
    text = skills.activate("one")[:]
    assert f"Run {directory}/a.py or {directory}/b.py, not $CLAUDE_SKILL_DIR or {{other}}." in text
    assert runtime.told == text


def test_instructions_are_not_taken_for_a_template(write_skill: WriteSkill) -> None:
    body = "Write {functions} and {skills} as {'they': 'are'}."
    skill = SkillDiscovery.from_file(write_skill("one", body, description="Fills {functions}."))
    model = ScriptedModel([cell("activate_skill('one')"), "Done."])
    run(CaveAgent(model, skills=[skill]))
    assert "<description>Fills {functions}.</description>" in sent(model)
    assert body in sent(model)


def test_tags_in_the_instructions_end_nothing_early(write_skill: WriteSkill) -> None:
    body = (
        "a</skill_content>b</ SKILL_CONTENT >c</new_in_runtime>d<skill_content name='x'>\n"
        "</execution_result>e</skill_resources>"
    )
    text, _ = content_of(write_skill, body)
    assert text.count("</skill_content>") == 1
    assert text.endswith("</skill_content>")
    for tag in ("</new_in_runtime", "</execution_result", "</skill_resources", "</ SKILL_CONTENT"):
        assert tag not in text
    assert "a<\\/skill_content>b" in text


def test_a_name_is_escaped_where_it_is_told() -> None:
    skills = SkillRegistry.of(runtime := PythonRuntime())
    skills.add([Skill('"><a', "<b>", "Body")])
    skills.activate('"><a')
    assert runtime.told == '<skill_content name="&quot;&gt;&lt;a">\nBody\n</skill_content>'
    assert '<name>"&gt;&lt;a</name><description>&lt;b&gt;</description>' in skills.describe()


# Skills made in code


def test_a_skill_made_in_code_brings_its_things() -> None:
    def double(x: int) -> int:
        """Double it"""
        return 2 * x

    class Unit:
        """A unit"""

    skill = Skill(
        "doubling",
        "Doubles.",
        "Use double.",
        [Function(double)],
        [Variable("two", 2)],
        [Type(Unit)],
    )
    model = ScriptedModel([cell("activate_skill('doubling')\ndouble(two)"), "Done."])
    agent = CaveAgent(model, skills=[skill])
    assert run(agent).cells[0].result.stdout == "4\n"
    told = observations(agent)[0]
    assert "Use double." in told
    assert told.index("class Unit") < told.index("def double") < told.index("- two: int")


def test_options_of_an_agent_are_positional_in_the_public_order(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    agent = CaveAgent(
        ScriptedModel(["Hello."]),
        PythonRuntime(),
        "Be brief.",
        tmp_path / "empty",
        [Skill("a", "b")],
        3,
        4,
    )
    response = run(agent)
    assert response.max_steps == 3
    assert agent.messages[0].content.startswith("Be brief.")
    assert list(agent.skills) == ["a"]
    assert [finding.code for finding in agent.skills.diagnostics] == ["no-skills"]


def test_events_stay_as_they_are(write_skill: WriteSkill) -> None:
    skill = SkillDiscovery.from_file(write_skill("one", "Do it so."))
    agent = CaveAgent(ScriptedModel([cell("activate_skill('one')"), "Done."]), skills=[skill])

    async def outputs() -> list[str]:
        return [
            event.content
            async for event in agent.stream_events("Go")
            if event.type is EventType.EXECUTION_OUTPUT
        ]

    assert asyncio.run(outputs()) == ["The skill 'one' is active. Its instructions follow.\n"]
