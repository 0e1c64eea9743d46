"""The replies that the demo replays: written by hand, and checked against what the cells print."""

import re

from cave_agent.errors import TestingError
from cave_agent.models.base import ProviderMessages
from cave_agent.testing import ScriptedModel

REPLIES = (
    """\
I'll see first what is in the table, and whether anything is missing.

```python
print(f"{len(penguins)} penguins, with {', '.join(penguins.columns)}")
for column in ("species", "flipper_length_mm", "body_mass_g"):
    print(f"{column}: {penguins[column].isna().sum()} missing")
```""",
    """\
A few birds were not measured, so I leave those out of the means.

```python
measured = penguins.dropna(subset=["flipper_length_mm", "body_mass_g"])
summary = (
    measured.groupby("species")
    .agg(
        birds=("body_mass_g", "size"),
        mass_g=("body_mass_g", "mean"),
        flipper_mm=("flipper_length_mm", "mean"),
    )
    .sort_values("mass_g", ascending=False)
)
for species, row in summary.iterrows():
    print(f"{species}: {row.birds:.0f} birds, {row.mass_g:,.0f} g, {row.flipper_mm:.1f} mm")
```""",
    """\
The Gentoo penguins are by far the heaviest: 5,076 g on average, with flippers of 217.2 mm. The \
Chinstrap (3,733 g, 195.8 mm) and the Adelie penguins (3,701 g, 190.0 mm) are close together. The \
means of 123, 68 and 151 birds are in `summary`, the heaviest species first.""",
    """\
`summary` is still there, and the runtime has a function `convert` for units.

```python
heaviest, lightest = summary["mass_g"].iloc[0], summary["mass_g"].iloc[-1]
difference = convert(heaviest - lightest, "g", "pounds")
print(f"difference: {difference:.2f} lb")
```""",
    """\
`convert` knows the unit by a shorter name. What ran before that line has taken effect, so I go on \
from there.

```python
difference = convert(heaviest - lightest, "g", "lb")
summary["mass_lb"] = [convert(grams, "g", "lb") for grams in summary["mass_g"]]
for species, pounds in summary["mass_lb"].items():
    print(f"{species}: {pounds:.2f} lb")
print(f"difference: {difference:.2f} lb")
```""",
    """\
`summary` has the column `mass_lb` now. A Gentoo weighs 11.19 lb on average, an Adelie 8.16 lb: a \
difference of 3.03 lb.""",
    """\
The birds that were measured are still in `measured`, so this is a short cell.

```python
import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
for species in summary.index:
    birds = measured[measured["species"] == species]
    axes.scatter(
        birds["flipper_length_mm"], birds["body_mass_g"], s=20, alpha=0.65, label=species
    )
axes.set(title="Palmer penguins", xlabel="flipper length (mm)", ylabel="body mass (g)")
axes.spines[["top", "right"]].set_visible(False)
axes.legend(title="species", frameon=False)

correlation = measured["flipper_length_mm"].corr(measured["body_mass_g"])
print(f"correlation: {correlation:.2f}")
```""",
    """\
The picture is in `figure`. Flipper length and body mass go together closely, with a correlation \
of 0.87: the longer the flippers, the heavier the bird.""",
)

_CODE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_NUMBER = re.compile(r"\d(?:[\d,.]*\d)?")


def numbers_in_prose(reply: str) -> list[str]:
    """Return the numbers that a reply states outside its code.

    Example:
        >>> numbers_in_prose("I found 1,234.5 g.")
        ['1,234.5']
    """
    return _NUMBER.findall(_CODE.sub("", reply))


def written_model(chunk_size: int) -> ScriptedModel:
    """Return a model that gives these replies, and refuses to state what no cell has printed.

    Args:
        chunk_size: Characters of each streamed piece.
    """
    replies = iter(REPLIES)

    def reply_to(messages: ProviderMessages) -> str:
        reply, answered = next(replies), _NUMBER.findall(messages[-1]["content"])
        for number in numbers_in_prose(reply):
            if number not in answered:
                message = (
                    f"A reply of the demo states {number}, which the cell before it has not "
                    f"printed: mend the reply.\nReply: {reply}\n\nIt answers:\n"
                    f"{messages[-1]['content']}"
                )
                raise TestingError(message)
        return reply

    return ScriptedModel(reply_to, chunk_size=chunk_size)
