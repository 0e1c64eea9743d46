"""Agents as objects: an orchestrator gives data to sub-agents, starts them and takes the results.

A cleaner repairs the table, then two analyzers work on the clean one at the same time. Each agent
has a runtime of its own; the objects go from one to the other, never copies or texts of them.

Run it as it is, on scripted replies: python examples/multi_agent.py
With a real model: python examples/multi_agent.py --model gpt-5-mini [--base-url URL]
Needs pandas: pip install 'cave-agent[demo]'
"""

import asyncio
import math

from _model import Script, model_from_arguments

from cave_agent import CaveAgent
from cave_agent.cli.penguins import load_table, measured
from cave_agent.models import Model
from cave_agent.runtime import PythonRuntime, Variable

CLEANING = (
    "Clean `data` into `cleaned_data`: leave out birds without measurements, put 'unknown' where "
    "only the sex is missing, and turn `body_mass_g` into `mass_kg`. Leave `data` as it is."
)

# What each agent replies where no model is given, by the beginning of its instructions.
SCRIPT: dict[str, Script] = {
    "You coordinate": [
        f'''\
First the cleaner, then both analyzers at once.
```python
import asyncio

cleaner.runtime.update_variable("data", raw_data)
await cleaner.run("""{CLEANING}""")
table = cleaner.runtime.retrieve("cleaned_data")
for analyzer in (mass_analyzer, sex_analyzer):
    analyzer.runtime.update_variable("data", table)
answers = await asyncio.gather(
    mass_analyzer.run("Put the mean `mass_kg` of each species into `insights`"),
    sex_analyzer.run("Put the number of birds of each sex into `insights`"),
)
for answer in answers:
    print(answer.content)
```''',
        lambda printed: f"The analyzers say:\n{printed}",
    ],
    "You clean": [
        """\
```python
cleaned_data = data.dropna(subset=["flipper_length_mm", "body_mass_g"]).fillna({"sex": "unknown"})
cleaned_data["mass_kg"] = cleaned_data.pop("body_mass_g") / 1000
print(f"{len(cleaned_data)} of {len(data)} birds, {cleaned_data.isna().sum().sum()} values missing")
```""",
        lambda printed: f"Cleaned: {printed}.",
    ],
    "You analyze masses": [
        '```python\ninsights = data.groupby("species")["mass_kg"].mean().to_dict()\ninsights\n```',
        lambda printed: f"Mean mass in kg: {printed}",
    ],
    "You analyze sexes": [
        '```python\ninsights = data["sex"].value_counts().to_dict()\ninsights\n```',
        lambda printed: f"Birds by sex: {printed}",
    ],
}


def analyzer(model: Model, instructions: str) -> CaveAgent:
    """Return an agent that turns `data` into `insights`."""
    variables = [Variable("data", [], "Input"), Variable("insights", {}, "Output")]
    return CaveAgent(model, PythonRuntime(variables=variables), instructions)


async def main() -> None:
    model = model_from_arguments(SCRIPT)
    raw_data = load_table()  # a pandas DataFrame of penguins

    # Sub-agents with their own runtimes
    variables = [Variable("data", [], "Input"), Variable("cleaned_data", [], "Output")]
    cleaner = CaveAgent(model, PythonRuntime(variables=variables), "You clean tables.")
    mass_analyzer = analyzer(model, "You analyze masses in kg.")
    sex_analyzer = analyzer(model, "You analyze sexes.")

    # The orchestrator has them as variables
    runtime = PythonRuntime(
        variables=[
            Variable("raw_data", raw_data, "Raw dataset, a pandas DataFrame"),
            Variable("cleaner", cleaner, "Cleaner agent: `data` in, `cleaned_data` out"),
            Variable("mass_analyzer", mass_analyzer, "Analyzer agent: `data` in, `insights` out"),
            Variable("sex_analyzer", sex_analyzer, "Analyzer agent: `data` in, `insights` out"),
        ]
    )
    orchestrator = CaveAgent(model, runtime, "You coordinate agents, and pass objects on.")

    response = await orchestrator.run(
        f"Let the cleaner do this: {CLEANING} Then let both analyzers work on it at the same time: "
        "the mean `mass_kg` of each species, and the number of birds of each sex, as dicts."
    )
    print(response.content)

    cleaned = cleaner.runtime.retrieve("cleaned_data")
    birds = measured()  # worked out from the file, without pandas
    assert cleaner.runtime.retrieve("data") is raw_data
    assert mass_analyzer.runtime.retrieve("data") is sex_analyzer.runtime.retrieve("data")
    assert mass_analyzer.runtime.retrieve("data") is cleaned
    assert len(cleaned) == len(birds)
    assert not cleaned.isna().any(axis=None)
    assert "body_mass_g" in raw_data, "the cleaner changed the raw data"
    for species, mean in mass_analyzer.runtime.retrieve("insights").items():
        masses = [grams / 1000 for name, _, grams in birds if name == species]
        assert math.isclose(mean, sum(masses) / len(masses), rel_tol=0.01), species
    assert sum(sex_analyzer.runtime.retrieve("insights").values()) == len(birds)


if __name__ == "__main__":
    asyncio.run(main())
