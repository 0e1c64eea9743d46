"""Objects out, checked: an answer counts only once the objects that were asked for are right.

Run it as it is, on scripted replies: python examples/checked_objects.py
With a real model: python examples/checked_objects.py --model gpt-5-mini [--base-url URL]
Needs pandas: pip install 'cave-agent[demo]'
"""

import asyncio
from typing import Annotated

import pandas as pd
from _model import Script, model_from_arguments

from cave_agent import CaveAgent, MessageRole
from cave_agent.cli.penguins import load_table
from cave_agent.runtime import PythonRuntime, Variable

SCRIPT: Script = [
    """\
```python
clean = penguins.dropna(subset=["body_mass_g"])
insights = clean.groupby("species")["body_mass_g"].mean().to_dict()
```""",
    "Both are in place.",  # not accepted: see `no_gaps`
    """\
The sex of some birds is missing too.
```python
clean = penguins.dropna()
insights = clean.groupby("species")["body_mass_g"].mean().to_dict()
print(f"{len(clean)} birds, heaviest: {max(insights, key=insights.get)}")
```""",
    lambda printed: f"The table is clean and the means are in place: {printed}.",
]


def no_gaps(table: pd.DataFrame) -> None:
    """A table without missing values."""
    gaps = table.isna().sum()
    if gaps.any():
        message = f"values are missing: {gaps[gaps > 0].to_dict()}"
        raise ValueError(message)  # the model reads this


async def main() -> None:
    model = model_from_arguments(SCRIPT)
    penguins = load_table()
    variables = [Variable("penguins", penguins, "One row for each bird")]
    agent = CaveAgent(model, PythonRuntime(variables=variables), max_steps=8)

    response = await agent.run(
        "Leave the birds of which everything is known in `clean`, and their mean body mass by "
        "species in `insights`.",
        returns={"clean": Annotated[pd.DataFrame, no_gaps], "insights": dict[str, float]},
    )
    for message in agent.messages:
        if message.role is MessageRole.REMINDER:
            print(f"Not accepted: {message.content}\n")
    print(response.content)
    print(response.objects["insights"])

    clean = response.objects["clean"]
    assert clean is agent.runtime.retrieve("clean")  # the object itself
    assert len(clean) == len(penguins.dropna())
    assert set(response.objects["insights"]) == {"Adelie", "Chinstrap", "Gentoo"}


if __name__ == "__main__":
    asyncio.run(main())
