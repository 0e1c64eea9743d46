"""This agent as it really runs, over a model that writes the gold cells."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.tokens.arms.gold_cells import TurnScript, scripts
from benchmarks.tokens.counting import MESSAGE_MARKERS, Exchange, Part, Piece
from benchmarks.tokens.gold import GoldSet, Turn, World
from benchmarks.tokens.replay import ArmsDifferError, Replay, TurnSeen
from benchmarks.tokens.tools import take_results, toolboxes
from cave_agent import CaveAgent
from cave_agent.messages import ExecutionResultMessage, to_provider
from cave_agent.runtime import Function, PythonRuntime, Type, Variable
from cave_agent.testing import ScriptedModel

_RESULTS = ("<execution_result", "Changed:", "The cell ran")
_DESCRIPTIONS = ("<functions>", "<variables>", "<types>")


def replay(
    gold: GoldSet, turns: Sequence[Turn], replies: Sequence[str], *, shown: bool, answers: bool
) -> Replay:
    """Act out a conversation.

    Args:
        gold: The set.
        turns: The conversation.
        replies: The final replies, as the model writes them where no cell does.
        shown: Whether cells print every result; otherwise only what the model has to look at.
        answers: Whether the last cell of a turn gives the reply, where it can.
    """
    written = list(scripts(gold, turns, replies, shown=shown, answers=answers))
    return asyncio.run(_replay(gold, turns, written))


async def _replay(gold: GoldSet, turns: Sequence[Turn], written: Sequence[TurnScript]) -> Replay:
    world = gold.make_world()
    model = ScriptedModel([text for script in written for text in script.texts])
    runtime = _runtime(gold, world)
    # All turns are sent, as in the other arms; compaction is no part of this measure.
    agent = CaveAgent(model, runtime, gold.role, max_history=len(turns), display=False)
    take_results()
    made = []
    for turn, script in zip(turns, written, strict=True):
        asked = len(model.requests)
        made.append(await _turn(agent, gold, turn))
        if len(model.requests) - asked != len(script.texts):
            message = f"{turn.query!r} took {len(model.requests) - asked} replies: {made[-1]}"
            raise ArmsDifferError(message)
    requests = model.requests
    exchanges = [
        Exchange((*_system(request[0]["content"], gold), *map(_piece, request[1:])), (said,))
        for request, said in zip(
            requests, (_written(text) for each in written for text in each.texts), strict=True
        )
    ]
    rest = [to_provider(message) for message in agent.messages[len(requests[-1]) :]]
    unsent = tuple(_piece(message) for message in rest if message["role"] == "user")
    names = {name: runtime.retrieve(name) for name in gold.kept}
    return Replay(exchanges, made, world.state(names), unsent)


async def _turn(agent: CaveAgent, gold: GoldSet, turn: Turn) -> TurnSeen:
    start = len(agent.messages)
    returns = {name: gold.handed[name] for name in turn.hands_over}
    response = await agent.run(turn.query, returns=returns or None)
    reply = response.content
    told = [m.content for m in agent.messages[start:] if isinstance(m, ExecutionResultMessage)]
    handed = {name: gold.as_text(response.objects[name]) for name in returns}
    text = "\n".join([*told, reply])
    return TurnSeen(take_results(), text, reply, handed, are_objects=True)


def _runtime(gold: GoldSet, world: World) -> PythonRuntime:
    functions = [] if gold.code else [Function(function) for function in world.functions]
    return PythonRuntime(
        variables=[
            Variable(name, value, gold.described.get(name)) for name, value in world.objects.items()
        ],
        functions=functions,
        types=[Type(cls) for cls in toolboxes(world)],
    )


def _system(text: str, gold: GoldSet) -> Iterator[Piece]:
    """Yield the parts of the system message."""
    found = [text.find(mark) for mark in _DESCRIPTIONS if mark in text]
    start = min(found, default=len(text))
    rules = len(gold.role) if text.startswith(gold.role) else 0
    yield Piece(Part.ROLE, text[:rules], MESSAGE_MARKERS, "system")
    yield Piece(Part.RULES, text[rules:start])
    yield Piece(Part.TOOLS, text[start:])


def _piece(message: dict[str, Any]) -> Piece:
    text, role = message["content"], message["role"]
    if role == "assistant":
        return _written(text)
    is_result = text.startswith(_RESULTS)
    return Piece(Part.RESULT if is_result else Part.QUERY, text, MESSAGE_MARKERS, role)


def _written(text: str) -> Piece:
    part = Part.ACTION if text.startswith("```") else Part.ANSWER
    return Piece(part, text, MESSAGE_MARKERS, "assistant")
