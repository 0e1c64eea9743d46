"""What the model reads about variables; loaded only where there are some, as digests are many."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from cave_agent.runtime.digests import digest, has_own_digest
from cave_agent.runtime.digests.registry import ROOM
from cave_agent.runtime.digests.writing import one_line
from cave_agent.runtime.inspection import class_attribute, class_name
from cave_agent.runtime.resources import Function, Variable, held_by

_INDENT = "    "
_MOST_TOLD = 10
_MOST_LOOKED_AT = 100


def describe_variables(variables: Iterable[Variable], runtime: object = None) -> str:
    """Return a line for each variable: name, digest and what it is for.

    More lines follow where a digest of a class's own (`__cave_digest__`) has several. A class tells
    how it is used by an attribute `__cave_usage__`; of objects of such classes in a list, tuple or
    dictionary the first ten have a line each.

    Args:
        variables: The variables.
        runtime: The runtime that they are in.
    """
    lines: list[str] = []
    usages: dict[str, None] = {}
    for variable in variables:
        first, *more = _digest(variable, runtime)
        description = f" - {variable.description}" if variable.description else ""
        lines.append(f"- {variable.name}: {first}{_privacy(variable)}{description}")
        lines += (f"{_INDENT}{line}" for line in more)
        if (usage := _usage(variable.value)) is not None:
            usages[usage] = None
        for told, (line, usage) in enumerate(_held(variable, runtime)):
            lines.append(f"{_INDENT}{line}" if told < _MOST_TOLD else f"{_INDENT}… and more")
            usages[usage] = None
            if told == _MOST_TOLD:
                break
    return "\n".join([*lines, *usages])


def _held(variable: Variable, runtime: object) -> Iterator[tuple[str, str]]:
    """Yield the digest, in a line, of each object in a variable that tells how it is used."""
    for key, value in islice(held_by(variable.value), _MOST_LOOKED_AT):
        usage = _usage(value)
        if usage is None or type(key) not in (int, str):
            continue
        private = bool(variable.private)
        first, *more = _digest(Variable(variable.name, value, private=private), runtime)
        content = f" [{'; '.join(more)}]" if more else ""
        yield one_line(f"{variable.name}[{key!r}]: {first}{content}", ROOM), usage


def _usage(value: object) -> str | None:
    usage = class_attribute(type(value), "__cave_usage__")
    return usage if isinstance(usage, str) else None


def _digest(variable: Variable, runtime: object) -> list[str]:
    value = variable.value
    if runtime is not None and has_own_digest(value) and _runtime_of(value) is runtime:
        name = class_name(type(value))
        return [name, "It works in this same runtime: what you see it sees, too."]
    return digest.lines(value, private=variable.private)


def _runtime_of(value: Any) -> object:
    try:
        return getattr(value, "runtime", None)
    except Exception:  # noqa: BLE001 - a property may raise anything
        return None


def _privacy(variable: Variable) -> str:
    if isinstance(variable.private, tuple):
        return f" (private: {', '.join(variable.private)})"
    return " (private)" if variable.private else ""


def outline(variables: Iterable[Variable], functions: Iterable[Function]) -> str:
    """Return a line for each variable and function, for who looks at a runtime from outside."""
    lines = []
    for variable in variables:
        line = f"{variable.name}: {class_name(type(variable.value))}"
        lines.append(f"{line} - {variable.description}" if variable.description else line)
    for function in functions:
        line = f"{function.name}{function.signature}"
        text = function.description or function.doc
        lines.append(f"{line} - {text.strip().splitlines()[0]}" if text else line)
    return "\n".join(lines)
