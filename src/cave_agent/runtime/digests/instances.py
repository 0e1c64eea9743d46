"""Digests of objects: the fields that they hold, exceptions and members of enums."""

import enum
import threading
from collections.abc import Iterator
from typing import Any

from cave_agent.runtime.digests.literals import elements, field, literal
from cave_agent.runtime.digests.registry import writer
from cave_agent.runtime.digests.writing import Terms, bracketed, listed, quoted
from cave_agent.runtime.inspection import class_attribute, class_name, fields_of

_TITLE_ROOM = 60


@writer(object, structural=True)
def _instance(value: object, terms: Terms) -> str:
    cls = type(value)
    name = class_name(cls)
    if class_attribute(cls, "__next__") is not None:
        return f"{name}, an iterator"
    declared = _declared(cls)
    if declared is None:
        return bracketed(name, _fields(shown_fields(value), {}, terms), terms.room)
    held = fields_of(value)
    fields = {name: held[name] for name in declared if name in held}
    return f"{name}({listed(_fields(fields, declared, terms), terms.room - len(name) - 5)})"


def shown_fields(value: object) -> dict[str, Any]:
    """Return the fields of an object that its digest shows with their values."""
    held, declared = fields_of(value), _declared(type(value))
    if declared is None:
        return {name: each for name, each in held.items() if name[:1] != "_"}
    return {name: held[name] for name, is_shown in declared.items() if is_shown and name in held}


@writer(threading.Thread, structural=True)
def _thread(value: threading.Thread, terms: Terms) -> str:
    base, name = threading.Thread, class_name(type(value))
    state = "running" if base.is_alive(value) else "finished"
    if base.__dict__["ident"].fget(value) is None:
        state = "not started"
    title = "" if terms.private else f" {quoted(str(fields_of(value)['_name']), _TITLE_ROOM)}"
    # Threads that cells start are wrapped by their `run`.
    fields = {name: each for name, each in shown_fields(value).items() if name != "run"}
    return bracketed(f"{name}{title}, {state}", _fields(fields, {}, terms), terms.room)


@writer(BaseException)
def _exception(value: BaseException, terms: Terms) -> str:
    arguments = BaseException.__dict__["args"].__get__(value)
    room = terms.room - 30
    if len(arguments) == 1:
        return f"{class_name(type(value))}({literal(arguments[0], terms.inner(room))})"
    return f"{class_name(type(value))}({listed(elements(arguments, terms), room)})"


@writer(enum.Enum)
def _member(value: enum.Enum, terms: Terms) -> str:
    held = fields_of(value)
    name = f"{class_name(type(value))}.{held['_name_']}"
    return name if terms.depth else f"{name} = {literal(held['_value_'], terms.inner(60))}"


def _fields(fields: dict[str, Any], shows: dict[str, bool], terms: Terms) -> Iterator[str]:
    for name, value in fields.items():
        if shows.get(name, True):
            yield field(name, value, terms)
        else:
            yield f"{name}: {class_name(type(value))}"


def _declared(cls: type) -> dict[str, bool] | None:
    """Return the fields of a dataclass or pydantic model, and whether its `repr` shows them."""
    declared = class_attribute(cls, "__dataclass_fields__")
    if type(declared) is dict:
        return {name: each.repr for name, each in declared.items()}
    for attribute in ("__pydantic_fields__", "model_fields"):
        declared = class_attribute(cls, attribute)
        if type(declared) is dict:
            return {name: each.repr for name, each in declared.items()}
    return None
