"""The parts that descriptions of injected things are put together from."""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any

from cave_agent.runtime.describe import function_entries, type_entries
from cave_agent.runtime.documentation import Facts
from cave_agent.runtime.entries import Part
from cave_agent.runtime.resources import Function, Type, Variable


def parts_of(
    things: Iterable[Function | Variable | Type | str],
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

            yield from variable_parts(map(now, group), runtime)
        else:
            yield from group


def _shown_classes(variables: Iterable[Variable]) -> list[type]:
    values = [each for each in variables if not each.private]
    if not values:
        return []
    from cave_agent.runtime.variables import shown_classes  # noqa: PLC0415 - as above

    return shown_classes(each.value for each in values)
