"""The parts that descriptions of injected things are put together from."""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any, TypeAlias

from cave_agent.runtime.describe import function_entries, type_entries
from cave_agent.runtime.documentation import Facts
from cave_agent.runtime.entries import Part, fit, is_told
from cave_agent.runtime.resources import Function, Type, Variable

Thing: TypeAlias = Function | Variable | Type | str


def described(
    sections: Iterable[Iterable[Thing]],
    types: Iterable[Type],
    variables: Iterable[Variable],
    now: Callable[[Variable], Variable],
    runtime: object,
    told: str = "",
    budget: int | None = None,
) -> list[str]:
    """Return a text for each section, all of them together within a budget.

    Args:
        sections: What to describe.
        types: All types that are described anywhere.
        variables: All variables that are.
        now: Returns a variable with the value that it has now.
        runtime: The runtime that they are in.
        told: A text that the reader has; what stands in it, line for line, is left out.
        budget: Tokens, estimated; `None` for no limit.
    """
    lines = set(told.splitlines())
    sets = (parts_of(things, types, variables, now, runtime) for things in sections)
    return fit([[part for part in parts if not is_told(part, lines)] for parts in sets], budget)


def parts_of(
    things: Iterable[Thing],
    types: Iterable[Type],
    variables: Iterable[Variable],
    now: Callable[[Variable], Variable],
    runtime: object,
) -> Iterator[Part]:
    """Yield what describes things that were injected, in order; texts stay as they are.

    Args:
        things: The things.
        types: All types that are described anywhere.
        variables: All variables that are.
        now: Returns a variable with the value that it has now.
        runtime: The runtime that they are in.
    """
    described = list(types)
    facts: Facts = {}
    for kind, neighbours in groupby(things, key=type):
        group: list[Any] = list(neighbours)
        if issubclass(kind, Function):
            yield from function_entries(group, {declared.value for declared in described}, facts)
        elif issubclass(kind, Type):
            known = [declared.value for declared in described if declared.include_schema]
            yield from type_entries(group, known, facts, _shown_classes(map(now, variables)))
        elif issubclass(kind, Variable):
            from cave_agent.runtime.variables import (  # noqa: PLC0415 - digests are many
                variable_parts,
            )

            known = [declared.value for declared in described]
            yield from variable_parts(map(now, group), runtime, known)
        else:
            yield from group


def _shown_classes(variables: Iterable[Variable]) -> list[type]:
    values = [each for each in variables if not each.private]
    if not values:
        return []
    from cave_agent.runtime.variables import shown_classes  # noqa: PLC0415 - as above

    return shown_classes(each.value for each in values)
