"""What a model of this agent writes in the turns of a conversation."""

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.tokens.cells import CallParts, Style, cell
from benchmarks.tokens.gold import Call, GoldSet, Turn, World, names_used


@dataclass(frozen=True, slots=True)
class TurnScript:
    """What the model writes in a turn.

    Attributes:
        texts: Its replies.
        answers: Whether the last of them is a cell that gives the final reply.
    """

    texts: tuple[str, ...]
    answers: bool


def scripts(
    gold: GoldSet, turns: Sequence[Turn], replies: Sequence[str], *, shown: bool, answers: bool
) -> Iterator[TurnScript]:
    """Yield what the model writes in each turn; see `cave.replay` for the arguments."""
    world = gold.make_world()
    style = Style(lambda call: _parts(call, world), gold.code, gold.show)
    referred = {ref.name for turn in turns for s in turn.steps for c in s for ref in c.refs()}
    for turn, reply in zip(turns, replies, strict=True):
        ends = answers and bool(turn.steps) and not turn.looks
        kept = referred | (names_used(turn) if ends else set())
        cells = [
            cell(step, style=style, kept=kept, shown=shown or not ends or step != turn.steps[-1])
            for step in turn.steps
        ]
        if ends:
            cells[-1] = f"{cells[-1]}\nanswer({turn.reply_code(gold.fields)})".lstrip()
        texts = [f"```python\n{code}\n```" for code in cells]
        yield TurnScript((*texts,) if ends else (*texts, reply), ends)


def _parts(call: Call, world: World) -> CallParts:
    target, _, method = call.tool.rpartition(".")
    if target:
        function = getattr(world.objects[target], method)
    else:
        function = next(f for f in world.functions if f.__name__ == method)
    names = list(inspect.signature(function).parameters)
    ordered = {name: call.arguments[name] for name in names if name in call.arguments}
    leading = list(ordered) == names[: len(ordered)]
    return CallParts(target, method, ordered, leading=leading)
