"""Pipelines of agents over a real table, in runtimes of their own and in one that they share."""

import asyncio
import math
import statistics
from typing import Any

import pytest

from cave_agent import CaveAgent, MessageRole
from cave_agent.cli.penguins import facts, load_table
from cave_agent.models import Model
from cave_agent.runtime import PythonRuntime, Variable
from cave_agent.testing import ScriptedModel

pd = pytest.importorskip("pandas")

CLEAN = """\
weighed = data.dropna(subset=["mass"])
amount = weighed["mass"].str.removesuffix(" kg").astype(float)
is_kg = weighed["mass"].str.endswith(" kg")
cleaned = weighed.assign(mass_kg=amount.where(is_kg, amount / 1000)).drop(columns="mass")
cleaned = cleaned.fillna({"sex": "unknown"})
print(len(data) - len(cleaned), "birds left out")"""

ANALYZE = """\
insights = cleaned.groupby("species")["mass_kg"].agg(["size", "mean"])
print(insights)"""

COORDINATE = """\
cleaner.runtime.update_variable("data", raw)
told = [(await cleaner.run("Clean `data` into `cleaned`")).content]
analyzer.runtime.update_variable("cleaned", cleaner.runtime.retrieve("cleaned"))
told.append((await analyzer.run("Put what you find into `insights`")).content)
insights = analyzer.runtime.retrieve("insights")
print(told)"""


def cell(code: str) -> str:
    return f"```python\n{code}\n```"


def scripted(code: str, final: str) -> Model:
    return ScriptedModel([cell(code), final])


def raw_table() -> Any:
    """Return the penguins as people type them: masses are texts, some in kg and others in g."""
    table = load_table()
    grams = table.pop("body_mass_g")
    as_kg = (grams / 1000).astype(str) + " kg"
    mass = grams.astype(str).where(table["island"] != "Dream", as_kg)
    return table.assign(mass=mass.where(grams.notna()))


def observations(agent: CaveAgent) -> list[str]:
    return [each.content for each in agent.messages if each.role is MessageRole.EXECUTION_RESULT]


def check(insights: Any) -> None:
    """Compare what came out with what is right, worked out from the file without pandas."""
    right = facts()
    assert list(insights.index) == list(right)
    for species, fact in right.items():
        assert insights.loc[species, "size"] == fact.birds
        assert math.isclose(insights.loc[species, "mean"], fact.mass_g / 1000)
    assert statistics.fmean(insights["mean"]) < 10, "some masses are still in grams"


@pytest.mark.parametrize("mode", ["caller", "thread"])
def test_a_pipeline_of_three_agents_hands_objects_on(mode: Any) -> None:
    raw = raw_table()
    before = raw.copy()
    cleaner = CaveAgent(
        scripted(CLEAN, "It is clean."),
        PythonRuntime(variables=[Variable("data"), Variable("cleaned")], run_in=mode),
    )
    analyzer = CaveAgent(
        scripted(ANALYZE, "It is analyzed."),
        PythonRuntime(variables=[Variable("cleaned"), Variable("insights")], run_in=mode),
    )
    variables = [
        Variable("raw", raw, "As people typed it"),
        Variable("cleaner", cleaner, "`data` in, `cleaned` out"),
        Variable("analyzer", analyzer, "`cleaned` in, `insights` out"),
    ]
    orchestrator = CaveAgent(
        scripted(COORDINATE, "All is done."), PythonRuntime(variables=variables, run_in=mode)
    )

    returns = {"insights": pd.DataFrame}
    response = asyncio.run(orchestrator.run("Clean, then analyze", returns=returns))

    assert response.content == "All is done."
    assert "['It is clean.', 'It is analyzed.']" in observations(orchestrator)[0]
    assert "2 birds left out" in observations(cleaner)[0]
    # The objects themselves went from one runtime to the next.
    cleaned = cleaner.runtime.retrieve("cleaned")
    assert cleaner.runtime.retrieve("data") is raw
    assert analyzer.runtime.retrieve("cleaned") is cleaned
    assert response.objects["insights"] is analyzer.runtime.retrieve("insights")
    assert response.objects["insights"] is orchestrator.runtime.retrieve("insights")
    # They are right, and what went in is as it was.
    check(response.objects["insights"])
    assert not cleaned["sex"].isna().any()
    pd.testing.assert_frame_equal(raw, before)
    # What one has, the others have not.
    assert "is_kg" in cleaner.runtime.names()
    assert {"is_kg", "data"}.isdisjoint(analyzer.runtime.names())
    assert {"is_kg", "data", "cleaned"}.isdisjoint(orchestrator.runtime.names())


def test_a_pipeline_in_one_runtime_hands_nothing_on() -> None:
    runtime = PythonRuntime(variables=[Variable("data", raw_table(), "As people typed it")])
    cleaner = CaveAgent(scripted(CLEAN, "It is clean."), runtime)
    analyzer = CaveAgent(scripted(ANALYZE, "It is analyzed."), runtime)
    runtime.inject_variable(Variable("cleaner", cleaner, "Makes `cleaned` of `data`"))
    runtime.inject_variable(Variable("analyzer", analyzer, "Makes `insights` of `cleaned`"))
    code = "await cleaner.run('Clean')\nfirst = cleaned\nawait analyzer.run('Analyze')\ninsights"
    orchestrator = CaveAgent(scripted(code, "All is done."), runtime)

    response = asyncio.run(orchestrator.run("Clean, then analyze", returns={"insights": object}))

    check(response.objects["insights"])
    assert runtime.retrieve("first") is runtime.retrieve("cleaned")


async def ping_and_pong(ping: PythonRuntime, pong: PythonRuntime) -> tuple[CaveAgent, CaveAgent]:
    """Run two agents that each use a variable of the other, while both runs are under way."""
    first_done, second_done = asyncio.Event(), asyncio.Event()
    first = iter([cell("ball = ['ping']"), cell("print(goal, ball)"), "Done."])
    second = iter([cell("ball.append('pong')\ngoal = len(ball)"), "Done."])

    async def first_reply(messages: list[dict[str, str]]) -> str:
        if len(messages) > 2:
            first_done.set()
            await second_done.wait()
        return next(first)

    async def second_reply(messages: list[dict[str, str]]) -> str:
        await first_done.wait()
        if len(messages) > 2:
            second_done.set()
        return next(second)

    agents = (
        CaveAgent(ScriptedModel(first_reply), ping),
        CaveAgent(ScriptedModel(second_reply), pong),
    )
    async with asyncio.timeout(10):
        await asyncio.gather(*(agent.run("Play") for agent in agents))
    return agents


def test_agents_in_one_runtime_see_each_other_s_variables_at_once() -> None:
    runtime = PythonRuntime()
    agents = asyncio.run(ping_and_pong(runtime, runtime))
    assert "2 ['ping', 'pong']" in observations(agents[0])[1]


def test_agents_in_runtimes_of_their_own_never_do() -> None:
    agents = asyncio.run(ping_and_pong(PythonRuntime(), PythonRuntime()))
    assert "NameError: name 'goal' is not defined" in observations(agents[0])[1]
    assert "NameError: name 'ball' is not defined" in observations(agents[1])[0]
    assert agents[1].runtime.names() == []
