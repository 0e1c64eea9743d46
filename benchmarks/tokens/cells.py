"""Writes the cells of a code agent from the actions of a turn, as models write them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from benchmarks.tokens.gold import Call, written

FEWEST_IN_LOOP = 3
"""From how many equal calls in a row on, a loop is written."""

_MOST_POSITIONAL = 2


@dataclass(frozen=True, slots=True)
class CallParts:
    """What a written call is made of.

    Attributes:
        target: The object that it is a method of, or an empty text.
        function: Its name.
        arguments: Its arguments in the order of the signature.
        leading: Whether they are the first ones of the signature, without a gap.
    """

    target: str
    function: str
    arguments: dict[str, Any]
    leading: bool = True


def cell(
    calls: Sequence[Call],
    *,
    style: "Style",
    kept: set[str],
    shown: bool,
) -> str:
    """Return the cell that does a group of actions.

    Args:
        calls: The actions.
        style: How a call is written.
        kept: Results that are spoken of later, and so are given a name.
        shown: Whether each result is printed.
    """
    lines: list[str] = []
    for _, run in groupby(calls, key=lambda call: style.loop_key(call, kept)):
        group = list(run)
        repeats = len(group) >= FEWEST_IN_LOOP or bool(group[0].lists())
        if repeats and style.loop_key(group[0], kept) is not None:
            lines += _loop(group, style, shown)
        else:
            lines += [line for call in group for line in _lines(call, style, kept, shown)]
    return "\n".join(lines)


class Style:
    """How calls are written.

    Args:
        parts: Returns what the call of an action is made of.
        code: Python for tools that are not called but written out; see `GoldSet.code`.
        show: What prints the result of a tool, with the placeholder `{out}`; see `GoldSet.show`.
    """

    def __init__(
        self,
        parts: Callable[[Call], CallParts],
        code: Mapping[str, str],
        show: Mapping[str, str],
    ) -> None:
        self.parts = parts
        self.code = code
        self.show = show

    def shown(self, call: Call, expression: str) -> str:
        """Return the line that prints a result, or an empty text where nothing is to be seen."""
        return self.show.get(call.tool, self.show[""]).format(out=expression)

    def loop_key(self, call: Call, kept: set[str]) -> tuple[str, ...] | None:
        """Return what calls in one loop have in common, or `None` for one that is in none."""
        parts = self.parts(call)
        if call.tool in self.code or call.name in kept:
            return None
        lists = (values.expression() for values in call.lists().values())
        return (parts.function, *parts.arguments, *lists)


def _lines(call: Call, style: Style, kept: set[str], shown: bool) -> list[str]:  # noqa: FBT001
    template = style.code.get(call.tool)
    if template is not None:
        texts = {name: _plain(value) for name, value in call.arguments.items()}
        lines = [template.format(out=call.name, **texts)]
        return list(filter(None, [*lines, style.shown(call, call.name or "") if shown else ""]))
    parts = style.parts(call)
    expression = _expression(parts, {k: written(v) for k, v in parts.arguments.items()})
    if call.name in kept:
        lines = [f"{call.name} = {expression}"]
        return list(filter(None, [*lines, style.shown(call, call.name or "") if shown else ""]))
    return [style.shown(call, expression) if shown else expression]


def _loop(calls: Sequence[Call], style: Style, shown: bool) -> list[str]:  # noqa: FBT001
    """Return a loop over what differs between calls of the same function."""
    parts = [style.parts(call) for call in calls]
    first = parts[0]
    lists = calls[0].lists()
    columns: dict[str, list[str]] = {}
    targets = [each.target for each in parts]
    if len(set(targets)) > 1:
        columns["each"] = targets
        first = replace(first, target="each")
    said: dict[str, str] = {}
    for name in first.arguments:
        values = [written(each.arguments[name]) for each in parts]
        said[name] = values[0]
        if len(set(values)) > 1 or name in lists:
            columns[name] = values
            said[name] = name
    rows = [
        row[0] if len(row) == 1 else f"({', '.join(row)})"
        for row in zip(*columns.values(), strict=True)
    ]
    expression = _expression(first, said)
    body = style.shown(calls[0], expression) if shown else expression
    among = "".join(values.expression() for values in lists.values()) or f"[{', '.join(rows)}]"
    return [f"for {', '.join(columns)} in {among}:", f"    {body}"]


def _expression(parts: CallParts, said: Mapping[str, str]) -> str:
    """Return a call; arguments are named where there are more than two, or a gap before them."""
    if parts.leading and len(said) <= _MOST_POSITIONAL:
        inside = ", ".join(said.values())
    else:
        inside = ", ".join(f"{name}={value}" for name, value in said.items())
    head = f"{parts.target}." if parts.target else ""
    return f"{head}{parts.function}({inside})"


def _plain(value: Any) -> str:
    """Return an argument of a template: a text as it is, all else as Python."""
    return value if isinstance(value, str) else written(value)
