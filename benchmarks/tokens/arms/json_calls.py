"""An agent that calls functions by JSON, one per message or independent ones together."""

from collections.abc import Sequence
from typing import Any

from benchmarks.tokens.counting import CALL_MARKERS, MESSAGE_MARKERS, Exchange, Part, Piece
from benchmarks.tokens.gold import Call, GoldSet, Turn, levels
from benchmarks.tokens.replay import Replay, TurnSeen
from benchmarks.tokens.tools import (
    Tool,
    compact,
    flat_arguments,
    take_results,
    tools_of,
    typescript,
)


def replay(
    gold: GoldSet, turns: Sequence[Turn], *, parallel: bool, as_typescript: bool = False
) -> Replay:
    """Act out a conversation.

    Args:
        gold: The set.
        turns: The conversation.
        parallel: Whether calls that do not need each other go in one message.
        as_typescript: Count the schemas as OpenAI shows them to its models, not as JSON.
    """
    world = gold.make_world()
    tools = tools_of(world)
    request = [Piece(Part.ROLE, gold.role + targets(tools), MESSAGE_MARKERS, "system")]
    request.append(Piece(Part.TOOLS, _schemas(tools, as_typescript=as_typescript)))
    exchanges: list[Exchange] = []
    made: list[TurnSeen] = []
    take_results()
    results: dict[str, Any] = {}
    for turn in turns:
        request.append(Piece(Part.QUERY, turn.query, MESSAGE_MARKERS, "user"))
        seen: list[str] = []
        for step in turn.steps:
            for batch in levels(step) if parallel else ([call] for call in step):
                written, told = _call_all(batch, tools, results)
                exchanges.append(Exchange(tuple(request), written))
                request += [*written, *told]
                seen += [piece.text.replace("\\n", "\n") for piece in told]
        reply = turn.reply_text(results)
        handed = {name: results[name] for name in turn.hands_over}
        text = "\n\n".join([reply, *handed.values()])
        answer = Piece(Part.ANSWER, text, MESSAGE_MARKERS, "assistant")
        exchanges.append(Exchange(tuple(request), (answer,)))
        request.append(answer)
        made.append(TurnSeen(take_results(), "\n".join([*seen, reply]), reply, handed))
    return Replay(exchanges, made, world.state({}))


def targets(tools: dict[str, Tool]) -> str:
    """Return the names of the objects that tools are told to work on."""
    named = {tool.target: list(tool.targets) for tool in tools.values() if tool.target}
    lines = [f"- {kind}: {', '.join(names)}" for kind, names in named.items()]
    return "\n\n" + "\n".join(lines) if lines else ""


def _schemas(tools: dict[str, Tool], *, as_typescript: bool) -> str:
    schemas = [tool.schema() for tool in {tool.name: tool for tool in tools.values()}.values()]
    if as_typescript:
        inside = "\n".join(typescript(schema) for schema in schemas)
        return f"# Tools\n\n## functions\n\nnamespace functions {{\n\n{inside}\n}}"
    return "\n".join(compact(schema) for schema in schemas)


def _call_all(
    calls: Sequence[Call], tools: dict[str, Tool], results: dict[str, Any]
) -> tuple[tuple[Piece, ...], list[Piece]]:
    """Make calls, and return the message that asks for them and those that tell the results."""
    written = [Piece(Part.ACTION, "", MESSAGE_MARKERS, "assistant")]
    told = []
    for call in calls:
        tool = tools[call.tool]
        arguments = flat_arguments(tool, call.tool, call.values(results))
        written.append(Piece(Part.ACTION, tool.name + compact(arguments), CALL_MARKERS))
        result = tool.run(**arguments)
        if call.name:
            results[call.name] = result
        told.append(Piece(Part.RESULT, compact(result), MESSAGE_MARKERS, "tool"))
    return tuple(written), told
