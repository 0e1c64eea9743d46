"""What the model reads about variables; loaded only where there are some, as digests are many."""

from collections.abc import Iterable, Iterator
from functools import cache, partial
from itertools import islice
from typing import Any

from cave_agent.runtime.digests import digest, digested_by_fields, has_own_digest
from cave_agent.runtime.digests.instances import shown_fields
from cave_agent.runtime.digests.registry import ROOM
from cave_agent.runtime.digests.writing import one_line
from cave_agent.runtime.entries import Detail, Entry, Part
from cave_agent.runtime.inspection import class_attribute, class_name
from cave_agent.runtime.members import members_of, unknown_classes
from cave_agent.runtime.resources import Function, Variable, held_by

_USAGE = "__cave_usage__"
_INDENT = "    "
_SHORT_ROOM = 80
_MOST_TOLD = 10
_MOST_LOOKED_AT = 100


def variable_parts(
    variables: Iterable[Variable], runtime: object = None, known: Iterable[type] = ()
) -> Iterator[Part]:
    """Yield each variable: name, digest, methods of its class and what it is for.

    The methods of a class are told once, those of well-known libraries not at all.
    More lines follow where a digest of a class's own (`__cave_digest__`) has several. A class tells
    how it is used by an attribute `__cave_usage__`, which comes last; of objects of such classes in
    a list, tuple or dictionary the first ten have a line each.

    Args:
        variables: The variables.
        runtime: The runtime that they are in.
        known: Classes that are described elsewhere.
    """
    usages: dict[str, None] = {}
    described = list(known)
    for variable in variables:
        members = _members(variable.value, described)
        yield Entry("variables", variable.name, cache(partial(_text, variable, runtime, members)))
        if (usage := _usage(variable.value)) is not None:
            usages[usage] = None
        usages.update((usage, None) for _, usage in islice(_held(variable, runtime), _MOST_TOLD))
    yield from usages


def shown_classes(values: Iterable[object]) -> list[type]:
    """Return the classes whose fields can all be read off the digest of one of these values."""
    found: list[type] = []
    for value in values:
        cls = type(value)
        if digested_by_fields(cls) and not _is_one(cls, found):
            text = digest(value)
            if all(f"{name}=" in text for name in shown_fields(value)):
                found.append(cls)
    return found


def _members(value: object, described: list[type]) -> str:
    """Return the methods of a class, or of that of the first element, and note both as told."""
    for cls in unknown_classes(value):
        if _is_one(cls, described) or class_attribute(cls, _USAGE) is not None:
            continue
        described.append(cls)
        if members := members_of(cls):
            return f" with {members}" if cls is type(value) else f", each with {members}"
    return ""


def _is_one(cls: type, classes: Iterable[type]) -> bool:
    return any(cls is each for each in classes)


def _text(variable: Variable, runtime: object, members: str, detail: Detail) -> str:
    head = f"- {variable.name}: "
    if detail is Detail.SHORT:
        return head + class_name(type(variable.value))
    room = ROOM if detail is Detail.BRIEF else _SHORT_ROOM
    first, *more = _digest(variable, runtime, room)
    description = f" - {variable.description}" if variable.description else ""
    members = members if detail is Detail.BRIEF else ""
    line = f"{head}{first}{_privacy(variable)}{members}{description}"
    if detail is not Detail.BRIEF:
        return line
    held = [line for line, _ in islice(_held(variable, runtime), _MOST_TOLD + 1)]
    if len(held) > _MOST_TOLD:
        held[-1] = "… and more"
    return "\n".join([line, *(f"{_INDENT}{each}" for each in (*more, *held))])


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
    usage = class_attribute(type(value), _USAGE)
    return usage if isinstance(usage, str) else None


def _digest(variable: Variable, runtime: object, room: int = ROOM) -> list[str]:
    value = variable.value
    if runtime is not None and has_own_digest(value) and _runtime_of(value) is runtime:
        name = class_name(type(value))
        return [name, "It works in this same runtime: what you see it sees, too."]
    return digest.lines(value, room=room, private=variable.private)


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
