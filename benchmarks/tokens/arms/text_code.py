"""A code agent that gets text back: flat functions, printed results, a final reply in prose."""

import contextlib
import io
from collections.abc import Sequence
from typing import Any

from benchmarks.tokens.arms.json_calls import targets
from benchmarks.tokens.cells import CallParts, Style, cell
from benchmarks.tokens.counting import MESSAGE_MARKERS, Exchange, Part, Piece
from benchmarks.tokens.gold import Call, GoldSet, Turn
from benchmarks.tokens.replay import Replay, TurnSeen
from benchmarks.tokens.tools import Tool, flat_arguments, take_results, tools_of

RULES = """\
You solve tasks by writing Python code, step by step. In each step, first think if you need to, \
then write one code block:

```py
# your code
```

The code is executed, and you get back whatever it printed, as "Observation:". Use these \
observations in the next steps. When the task is solved, write the final answer to the user as \
plain text, without a code block.

Example:

Task: "What is the population density of the larger of the two cities Oslo and Bergen?"

```py
for city in ["Oslo", "Bergen"]:
    print(city, get_population(city), get_area(city))
```
Observation:
Oslo 717710 454.12
Bergen 291940 464.71

```py
print(717710 / 454.12)
```
Observation:
1580.44

The larger city is Oslo, with about 1,580 inhabitants per square kilometre.

Rules:
1. Always write code between "```py" and "```", one block per step, or you will fail.
2. Use only variables that you have defined or that are listed below.
3. Call a tool only when needed, and never call it again with the same arguments.
4. Pass arguments as the tool's definition says, not as a dict.
5. Print everything that you want to see or to keep: nothing else comes back to you.
6. Do not give a variable the name of a tool.
7. Do not make up values: all that you tell the user must come from an observation.
8. The state persists between executions: variables and imports of earlier steps are still there.
9. You may import from: collections, datetime, itertools, json, math, pandas, re, statistics.
10. Do not give up: you are in charge of solving the task, not of giving directions."""


def replay(gold: GoldSet, turns: Sequence[Turn], replies: Sequence[str]) -> Replay:
    """Act out a conversation; the final replies are given in words."""
    world = gold.make_world()
    tools = tools_of(world)
    flat = {tool.name: tool for tool in tools.values()}
    namespace = {name: tool.run for name, tool in flat.items()}
    if gold.code:
        namespace |= world.objects
        flat = {}
    style = Style(lambda call: _parts(call, tools), gold.code, gold.show)
    request = [
        Piece(Part.ROLE, gold.role + targets(flat), MESSAGE_MARKERS, "system"),
        Piece(Part.RULES, f"\n\n{RULES}"),
        Piece(Part.TOOLS, _described(gold, flat, world.objects)),
    ]
    exchanges: list[Exchange] = []
    made: list[TurnSeen] = []
    take_results()
    referred = {ref.name for turn in turns for s in turn.steps for c in s for ref in c.refs()}
    for turn, reply in zip(turns, replies, strict=True):
        request.append(Piece(Part.QUERY, turn.query, MESSAGE_MARKERS, "user"))
        seen = []
        kept = referred
        for step in turn.steps:
            code = cell(step, style=style, kept=kept, shown=True)
            whole = [call.name for call in step if call.name in turn.hands_over]
            code += "".join(f"\nprint({gold.whole.format(out=name)})" for name in whole)
            action = Piece(Part.ACTION, f"```py\n{code}\n```", MESSAGE_MARKERS, "assistant")
            exchanges.append(Exchange(tuple(request), (action,)))
            seen.append(_run(code, namespace))
            told = f"Observation:\n{seen[-1]}"
            request += [action, Piece(Part.RESULT, told, MESSAGE_MARKERS, "user")]
        handed = {name: gold.as_text(namespace[name]) for name in turn.hands_over}
        text = "\n\n".join([reply, *handed.values()])
        answer = Piece(Part.ANSWER, text, MESSAGE_MARKERS, "assistant")
        exchanges.append(Exchange(tuple(request), (answer,)))
        request.append(answer)
        made.append(TurnSeen(take_results(), "\n".join([*seen, reply]), reply, handed))
    return Replay(exchanges, made, world.state(namespace))


def _described(gold: GoldSet, flat: dict[str, Tool], objects: Any) -> str:
    """Return the definitions of the tools; where there are none, the names of the variables."""
    if gold.code:
        lines = [f"- {name}: {gold.described[name]}" for name in objects]
        return "\n\nVariables:\n" + "\n".join(lines)
    return "\n\nTools:\n\n" + "\n\n".join(tool.stub() for tool in flat.values())


def _parts(call: Call, tools: dict[str, Tool]) -> CallParts:
    tool = tools[call.tool]
    written = flat_arguments(tool, call.tool, call.arguments)
    names = [parameter.name for parameter in tool.parameters()]
    ordered = {name: written[name] for name in names if name in written}
    return CallParts("", tool.name, ordered, leading=list(ordered) == names[: len(ordered)])


def _run(code: str, namespace: dict[str, Any]) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, "<cell>", "exec"), namespace)
    return printed.getvalue()
