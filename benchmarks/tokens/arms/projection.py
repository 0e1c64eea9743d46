"""Stands in for `answer(…)` in cells as long as the runtime has none.

The cell calls a function that does nothing, the model is asked once more for the reply, and that
request is left out of the count. What the agent then keeps of the turn is the cell, what it printed
and the reply.
"""

from collections.abc import Sequence
from typing import TypeVar

from benchmarks.tokens.arms.gold_cells import TurnScript
from cave_agent import prompts

T = TypeVar("T")

NEEDED = "answer(" not in prompts.DEFAULT_SYSTEM_INSTRUCTIONS
MARK = ", projected" if NEEDED else ""

answered: list[str] = []
"""What cells have answered since it was emptied."""


def answer(text: str) -> None:
    """End the turn with this text as the final reply."""
    answered.append(text)


def texts(script: TurnScript, reply: str) -> tuple[str, ...]:
    """Return what the model writes in a turn, with the reply that is not counted."""
    return (*script.texts, reply) if NEEDED and script.answers else script.texts


def counted(scripts: Sequence[TurnScript], requests: Sequence[T]) -> list[T]:
    """Return the requests that count."""
    if not NEEDED:
        return list(requests)
    kept: list[T] = []
    left = iter(requests)
    for script in scripts:
        kept += [next(left) for _ in script.texts]
        if script.answers:
            next(left)
    return kept
