"""The skills of a runtime: which one counts, and what happens when files change."""

import asyncio
import gc
import logging
import os
import re
import shutil
import weakref
from pathlib import Path
from typing import Any

import pytest

from cave_agent import CaveAgent, SkillError, UserMessage
from cave_agent.runtime import PythonRuntime, Variable
from cave_agent.skills import Skill, SkillDiscovery, SkillRegistry
from cave_agent.testing import ScriptedModel
from tests.skills.conftest import WriteSkill


def agent_with(directory: Path, *replies: str, **options: object) -> CaveAgent:
    return CaveAgent(ScriptedModel(list(replies)), skills_dir=directory, **options)  # type: ignore[arg-type]


def codes(skills: SkillRegistry) -> list[str]:
    return [finding.code for finding in skills.diagnostics]


def last_message(agent: CaveAgent) -> str:
    assert isinstance(agent.model, ScriptedModel)
    return str(agent.model.requests[-1][-1]["content"])


def run(agent: CaveAgent) -> None:
    asyncio.run(agent.run("Go"))


# Which one counts


def test_skills_win_over_those_in_the_directory_and_that_is_told(
    tmp_path: Path, write_skill: WriteSkill, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_skill("same", description="From the directory.")
    write_skill("other")
    given = Skill("same", "From code.")
    with caplog.at_level(logging.WARNING, logger="cave_agent.skills"):
        agent = agent_with(tmp_path, skills=[given])
    assert agent.skills["same"] is given
    assert list(agent.skills) == ["same", "other"]
    (finding,) = agent.skills.diagnostics
    assert (finding.code, finding.path) == ("shadowed", path)
    assert "The skill 'same' is shadowed by another one: a skill made in code." in str(finding)
    assert caplog.messages == [str(finding)]


def test_the_first_of_a_name_wins(tmp_path: Path, write_skill: WriteSkill) -> None:
    project = write_skill("same", description="The project's.", inside="project")
    user = write_skill("same", description="The user's.", inside="user")
    found = [
        *SkillDiscovery.from_directory(project.parent.parent),
        *SkillDiscovery.from_directory(user.parent.parent),
    ]
    agent = CaveAgent(ScriptedModel([]), skills=found)
    assert agent.skills["same"].description == "The project's."
    (finding,) = agent.skills.diagnostics
    assert (finding.path, str(project) in finding.message) == (user, True)
    # And within one directory: the nearest, then the first by name.
    nearest = agent_with(tmp_path)
    assert nearest.skills["same"].location == project
    given = CaveAgent(ScriptedModel([]), skills=SkillDiscovery.from_directory(tmp_path))
    assert nearest.skills.diagnostics == given.skills.diagnostics == [finding]


def test_the_same_skill_twice_is_no_shadow(tmp_path: Path, write_skill: WriteSkill) -> None:
    path = write_skill("one")
    runtime = PythonRuntime()
    for _ in range(2):
        agent = CaveAgent(
            ScriptedModel([]),
            runtime,
            skills=[SkillDiscovery.from_file(path)],
            skills_dir=tmp_path,
        )
    assert list(agent.skills) == ["one"]
    assert agent.skills.diagnostics == []


def test_what_discovery_found_wrong_reaches_the_agent(
    tmp_path: Path, write_skill: WriteSkill, caplog: pytest.LogCaptureFixture
) -> None:
    write_skill("good")
    write_skill("bad").write_text("no skill", encoding="utf-8")
    given = CaveAgent(ScriptedModel([]), skills=SkillDiscovery.from_directory(tmp_path))
    found = agent_with(tmp_path)
    for agent in (given, found):
        assert list(agent.skills) == ["good"]
        assert codes(agent.skills) == ["no-frontmatter"]
    assert caplog.messages == [str(given.skills.diagnostics[0])] * 2


def test_wrong_arguments_are_told(tmp_path: Path) -> None:
    with pytest.raises(SkillError, match="There is no directory"):
        agent_with(tmp_path / "nowhere")
    with pytest.raises(TypeError, match="'one' is no skill: use Skill"):
        CaveAgent(ScriptedModel([]), skills=["one"])  # type: ignore[list-item]
    for value in (5, Skill("one", "Does things.")):
        with pytest.raises(TypeError, match="use a list of Skill objects"):
            CaveAgent(ScriptedModel([]), skills=value)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="skills_dir=5 is of the wrong type"):
        CaveAgent(ScriptedModel([]), skills_dir=5)  # type: ignore[arg-type]
    with pytest.raises(SkillError, match="There is no directory ''"):
        CaveAgent(ScriptedModel([]), skills_dir="")
    with pytest.raises(TypeError, match="5 is no runtime: use a PythonRuntime"):
        SkillRegistry.of(5)  # type: ignore[arg-type]


def test_it_is_a_mapping(tmp_path: Path, write_skill: WriteSkill) -> None:
    write_skill("one")
    skills = agent_with(tmp_path).skills
    assert (len(skills), "one" in skills, "two" in skills) == (1, True, False)
    assert [(name, skill.name) for name, skill in skills.items()] == [("one", "one")]
    with pytest.raises(KeyError):
        skills["two"]
    assert skills != SkillRegistry.of(PythonRuntime())
    assert hash(skills)


def test_a_runtime_that_is_dropped_is_freed_with_its_skills(write_skill: WriteSkill) -> None:
    injection = (
        "from cave_agent.runtime import Function\ndef f(): pass\n__exports__ = [Function(f)]"
    )
    agent = agent_with(write_skill("one", injection=injection).parent)
    agent.skills.activate("one")
    gone = weakref.ref(agent.runtime), weakref.ref(agent.skills)
    del agent
    gc.collect()
    assert [reference() for reference in gone] == [None, None]


# Files that change


def test_new_skills_are_told_with_the_next_turn(tmp_path: Path, write_skill: WriteSkill) -> None:
    write_skill("one")
    agent = agent_with(tmp_path, "Hello.", "Yes.", "Yes.")
    run(agent)
    write_skill("two", description="Came later.")
    run(agent)
    news = last_message(agent)
    assert "<skill><name>two</name><description>Came later.</description></skill>" in news
    assert "<name>one</name>" not in news
    assert "two" not in agent.messages[0].content
    run(agent)
    assert last_message(agent) == "Go"
    assert list(agent.skills) == ["one", "two"]


def test_the_first_skill_may_come_later(tmp_path: Path, write_skill: WriteSkill) -> None:
    agent = agent_with(tmp_path, "Hello.", "```python\nactivate_skill('one')\n```", "Done.")
    run(agent)
    write_skill("one", "Do it so.")
    run(agent)
    (news,) = [message.note for message in agent.messages[3:] if isinstance(message, UserMessage)]
    assert news.index("def activate_skill") < news.index("<name>one</name>")
    assert agent.skills.active == ("one",)


def test_a_changed_description_is_told(tmp_path: Path, write_skill: WriteSkill) -> None:
    write_skill("one", "Body", description="Old.")
    agent = agent_with(tmp_path, "Hello.", "Yes.", "Yes.")
    run(agent)
    write_skill("one", "Body", description="New and longer.")
    run(agent)
    assert "<description>New and longer.</description>" in last_message(agent)
    # What the catalog does not show is no news.
    write_skill("one", "Another, longer body", description="New and longer.")
    run(agent)
    assert last_message(agent) == "Go"
    assert "Another, longer body" in agent.skills.activate("one")


def test_a_description_that_is_as_it_was_is_told_again(
    tmp_path: Path, write_skill: WriteSkill
) -> None:
    write_skill("one", description="As it was.")
    agent = agent_with(tmp_path, *["Yes."] * 3)
    for description in ("As it was.", "Different for a while.", "As it was."):
        write_skill("one", description=description)
        run(agent)
    assert "<description>As it was.</description>" in last_message(agent)


def test_a_skill_that_was_given_follows_its_file(write_skill: WriteSkill) -> None:
    path = write_skill("one", "Old body")
    agent = CaveAgent(ScriptedModel(["Hello."]), skills=[SkillDiscovery.from_file(path)])
    write_skill("one", "New body", description="Changed.")
    run(agent)
    assert agent.skills["one"].description == "Changed."
    assert "New body" in agent.skills.activate("one")


def test_a_file_that_breaks_leaves_the_last_good_skill(
    tmp_path: Path, write_skill: WriteSkill
) -> None:
    path = write_skill("one", description="Good.")
    agent = agent_with(tmp_path, *["Yes."] * 4)
    path.write_text("---\nname: [\n---\n", encoding="utf-8")
    run(agent)
    run(agent)
    assert agent.skills["one"].description == "Good."
    assert codes(agent.skills) == ["yaml", "kept"]
    assert "The skill 'one' stays as it was" in agent.skills.diagnostics[1].message
    write_skill("one", description="Mended now.")
    run(agent)
    assert agent.skills["one"].description == "Mended now."
    assert codes(agent.skills) == []
    shutil.rmtree(path.parent)
    run(agent)
    assert agent.skills["one"].description == "Mended now."
    assert "kept" in codes(agent.skills)


def test_a_skill_that_is_renamed_has_its_new_name(tmp_path: Path, write_skill: WriteSkill) -> None:
    path = write_skill("one")
    agent = agent_with(tmp_path, "Hello.", "Yes.")
    run(agent)
    path.write_text(path.read_text().replace("name: one", "name: other"), encoding="utf-8")
    run(agent)
    assert list(agent.skills) == ["other"]
    assert "<name>other</name>" in last_message(agent)


def test_an_active_skill_that_changes_can_be_activated_again(
    tmp_path: Path, write_skill: WriteSkill
) -> None:
    injection = "from cave_agent.runtime import Variable\n__exports__ = [Variable('x', [])]"
    write_skill("one", "Old body", injection=injection)
    agent = agent_with(tmp_path, "Hello.", "Yes.")
    agent.skills.activate("one")
    write_skill("one", "New, longer body")
    run(agent)
    injections = agent.runtime.injections
    assert "is active. Its instructions follow" in str(agent.skills.activate("one"))
    assert "is active already" in str(agent.skills.activate("one"))
    assert agent.runtime.injections == injections + 1
    run(agent)
    assert "New, longer body" in last_message(agent)
    assert "Variable" not in last_message(agent)


def test_a_file_that_is_merely_touched_is_no_news(tmp_path: Path, write_skill: WriteSkill) -> None:
    path = write_skill("one", "Body")
    agent = agent_with(tmp_path, "Hello.", "Yes.")
    agent.skills.activate("one")
    run(agent)
    os.utime(path, (1, 1))
    run(agent)
    assert last_message(agent) == "Go"
    assert "is active already" in str(agent.skills.activate("one"))


def test_a_file_whose_new_name_is_taken_leaves_others_alone(
    tmp_path: Path, write_skill: WriteSkill
) -> None:
    path = write_skill("a", description="First.")
    write_skill("b", description="Second.")
    agent = agent_with(tmp_path, *["Yes."] * 3)
    for name in ("b", "a-again"):
        text = f"---\nname: {name}\ndescription: First, changed {name}.\n---\n"
        path.write_text(text, encoding="utf-8")
        write_skill("a", inside="more", description="Third.")
        run(agent)
        assert agent.skills["b"].description == "Second."
    assert {name: skill.description for name, skill in agent.skills.items()} == {
        "a": "Third.",
        "b": "Second.",
        "a-again": "First, changed a-again.",
    }


def test_a_skill_that_is_moved_is_found_again(tmp_path: Path, write_skill: WriteSkill) -> None:
    path = write_skill("one", "Body", files={"notes.md": "Noted."})
    agent = agent_with(tmp_path, *["Yes."] * 4)
    agent.skills.activate("one")
    run(agent)
    moved = path.parent.with_name("moved")
    path.parent.rename(moved)
    run(agent)
    assert agent.skills["one"].directory == moved
    assert codes(agent.skills) == ["name-not-directory"]
    assert agent.skills.read_resource("one", "notes.md") == "Noted."
    assert "Its instructions follow" in str(agent.skills.activate("one"))
    run(agent)
    assert f"Directory of the skill: {moved}" in last_message(agent)
    # Who comes back has lost its place.
    write_skill("one", "Body")
    run(agent)
    assert agent.skills["one"].directory == moved
    assert codes(agent.skills) == ["name-not-directory", "shadowed"]


def test_skills_that_swap_their_names_are_both_there(
    tmp_path: Path, write_skill: WriteSkill
) -> None:
    first, second = write_skill("a", description="A."), write_skill("b", description="B.")
    agent = agent_with(tmp_path, "Yes.", "Yes.")
    texts = [path.read_text(encoding="utf-8") for path in (first, second)]
    first.write_text(texts[1] + "\n", encoding="utf-8")
    second.write_text(texts[0] + "\n", encoding="utf-8")
    run(agent)
    assert {name: skill.location for name, skill in agent.skills.items()} == {
        "a": second,
        "b": first,
    }
    assert codes(agent.skills) == ["name-not-directory"] * 2


def test_a_shadowed_skill_comes_out_when_the_name_is_free(
    tmp_path: Path, write_skill: WriteSkill, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_skill("same", inside="1")
    others = [write_skill("same", inside=place) for place in ("2", "3")]
    agent = agent_with(tmp_path, *["Yes."] * 3)
    write_skill("new")
    run(agent)
    assert codes(agent.skills) == ["shadowed", "shadowed"]
    assert len(caplog.messages) == 2, "it was told again"
    shutil.rmtree(path.parent)
    run(agent)
    assert agent.skills["same"].location == others[0]
    (finding,) = agent.skills.diagnostics
    assert finding.path == others[1]
    assert str(others[0]) in finding.message


def test_a_directory_may_be_filled_later(
    tmp_path: Path, write_skill: WriteSkill, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "skills").mkdir()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    agent = agent_with(Path("skills"), "Hello.", "Yes.")
    assert codes(agent.skills) == ["no-skills"]
    monkeypatch.chdir("elsewhere")
    write_skill("one")
    run(agent)
    assert list(agent.skills) == ["one"]
    assert agent.skills.diagnostics == []


def test_nothing_is_told_twice(
    tmp_path: Path, write_skill: WriteSkill, caplog: pytest.LogCaptureFixture
) -> None:
    write_skill("bad").write_text("no skill", encoding="utf-8")
    agent = agent_with(tmp_path, *["Yes."] * 3, skills=SkillDiscovery.from_directory(tmp_path))
    for _ in range(3):
        run(agent)
    assert len(agent.skills.diagnostics) == len(caplog.messages) == 1


# Skills made in code


def test_a_skill_needs_a_name_and_a_description() -> None:
    for name, description in (("", "x"), ("x", " ")):
        with pytest.raises(ValueError, match="is empty: the model chooses skills by"):
            Skill(name, description)
    with pytest.raises(TypeError, match="name=None is of the wrong type: use str"):
        Skill(None, "x")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"functions holds <.*>: wrap it with Function\(…\)"):
        Skill("x", "y", functions=[print])  # type: ignore[list-item]
    with pytest.raises(TypeError, match=r"types holds Variable\('a', int\): wrap it with Type"):
        Skill("x", "y", types=[Variable("a", 1)])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"body_content": 5}, "body_content=5 is of the wrong type: use str."),
        ({"functions": 5}, "functions=5 is no list: put what it holds into one."),
        ({"variables": Variable("x")}, "variables=Variable('x', NoneType) is no list: put"),
        ({"license": 5}, "license=5 is of the wrong type: use str or NoneType."),
        ({"compatibility": []}, "compatibility=[] is of the wrong type: use str or NoneType."),
        ({"metadata": ["a"]}, "metadata=['a'] is of the wrong type: use Mapping."),
        ({"allowed_tools": "Read Write"}, "allowed_tools='Read Write' is no list: put"),
        ({"allowed_tools": [5]}, "allowed_tools holds 5: wrap it with str(…)."),
        ({"hidden": "no"}, "hidden='no' is of the wrong type: use bool."),
        ({"location": 5}, "5 is no path: use a str or a Path."),
    ],
)
def test_options_of_the_wrong_kind_are_told(options: dict[str, Any], told: str) -> None:
    with pytest.raises(TypeError, match=re.escape(told)):
        Skill("x", "y", **options)


def test_the_instructions_may_stand_in_a_file(write_skill: WriteSkill) -> None:
    path = write_skill("one", "From the file")
    assert Skill("x", "y", location=str(path)).body_content == "From the file"
    assert Skill("x", "y", "From code", location=path).body_content == "From code"
    assert Skill("x", "y").body_content == ""
    assert repr(Skill("x", "y")) == "Skill('x')"
