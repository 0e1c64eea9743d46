"""Skills that the catalog has no room for can be found from cells."""

import asyncio
from pathlib import Path

import pytest

from cave_agent import CaveAgent, SkillError
from cave_agent.runtime import PythonRuntime
from cave_agent.skills import Skill, SkillRegistry
from cave_agent.testing import ScriptedModel
from tests.skills.conftest import WriteSkill

FILLER = [Skill(f"skill-{n}", "Does this and that. " * 50) for n in range(1000)]
WANTED = [
    Skill("tax-return", "Files a yearly declaration. " + "x" * 1000),
    Skill("invoices", "Writes <bills> and reminders."),
    Skill("secret-invoices", "Hidden.", hidden=True),
]


def runtime_with(*skills: Skill) -> tuple[PythonRuntime, SkillRegistry]:
    registry = SkillRegistry.of(runtime := PythonRuntime())
    registry.add(skills)
    return runtime, registry


def test_the_model_finds_and_activates_what_is_not_listed() -> None:
    model = ScriptedModel(
        [
            "```python\nfind_skills('invoice bill')\n```",
            "```python\nactivate_skill(next(iter(find_skills('Invoices'))))\n```",
            "Done.",
        ]
    )
    agent = CaveAgent(model, skills=[*FILLER, *WANTED])
    response = asyncio.run(agent.run("Write an invoice"))
    briefing = agent.messages[0].content
    assert "invoices" not in briefing
    assert 'more skills are not listed: `find_skills("a few words")` returns' in briefing
    assert "def find_skills(words: str) -> dict[str, str]" in briefing
    output = response.cells[0].result.stdout
    assert output == "{'invoices': 'Writes <bills> and reminders.'}\n"
    assert agent.skills.active == ("invoices",)


def test_there_is_no_such_function_while_all_are_listed() -> None:
    runtime, skills = runtime_with(*FILLER[:10], *WANTED)
    assert "find_skills" not in runtime.names()
    assert "find_skills" not in skills.describe()
    assert list(skills.find("yearly declarations")) == ["tax-return"]


def test_it_comes_when_the_catalog_is_cut_later(tmp_path: Path, write_skill: WriteSkill) -> None:
    write_skill("one")
    model = ScriptedModel(["Hello.", "Hello."])
    agent = CaveAgent(model, skills_dir=tmp_path)
    asyncio.run(agent.run("Hello"))
    for number in range(200):
        write_skill(f"skill-{number}", description="Does this and that. " * 10)
    asyncio.run(agent.run("Hello"))
    news = model.requests[1][-1]["content"]
    assert news.index("def find_skills") < news.index("more skills are not listed")


def test_what_is_found_is_short() -> None:
    _, skills = runtime_with(*FILLER, *WANTED)
    found = skills.find("this")
    assert list(found) == [f"skill-{n}" for n in range(20)]
    assert all(len(description) == 200 for description in found.values())
    assert skills.find("tax")["tax-return"].startswith("Files a yearly declaration. xxx")
    assert skills.find("unheard-of") == {}
    assert skills.find("hidden") == {}


def test_a_wrong_name_says_how_to_find_the_right_one() -> None:
    _, skills = runtime_with(*FILLER, *WANTED)
    with pytest.raises(SkillError, match=r"and 952 more, which find_skills\(words\) finds\.$"):
        skills.activate("bookkeeping")


def test_words_are_text() -> None:
    runtime, _ = runtime_with(*FILLER)
    result = asyncio.run(runtime.execute("find_skills(['a', 'b'])"))
    assert result.error is not None
    assert result.error.message == (
        "words=['a', 'b'] is no text: give a few words, such as 'pdf forms'."
    )
