"""Digests of functions, methods, classes and modules."""

import functools
import inspect
from collections.abc import Iterator
from itertools import islice
from types import (
    BuiltinFunctionType,
    FunctionType,
    GenericAlias,
    MethodType,
    MethodWrapperType,
    ModuleType,
)
from typing import Any

from cave_agent.runtime.annotations import format_hint
from cave_agent.runtime.digests.literals import literal
from cave_agent.runtime.digests.registry import write, writer
from cave_agent.runtime.digests.writing import ELLIPSIS, Terms, bracketed, quoted
from cave_agent.runtime.inspection import (
    bases_of,
    class_dict,
    class_name,
    is_kind,
    module_name,
)

_DEFAULT_ROOM = 30
_MOST_MEMBERS = 40
_Kind = inspect.Parameter


@writer(FunctionType, structural=True)
def _function(value: FunctionType, terms: Terms) -> str:
    kind = "function"
    if inspect.iscoroutinefunction(value):
        kind = "async function"
    elif inspect.isgeneratorfunction(value) or inspect.isasyncgenfunction(value):
        kind = "generator function"
    return f"{kind} {value.__name__}{_signature(value, terms)}"


@writer(BuiltinFunctionType, MethodWrapperType, structural=True)
def _builtin(value: Any, terms: Terms) -> str:
    return f"builtin {value.__name__}{_signature(value, terms)}"


@writer(MethodType, structural=True)
def _method(value: MethodType, terms: Terms) -> str:
    function, owner = value.__func__, value.__self__
    owner = owner if type(owner) is type else type(owner)
    if type(function) is not FunctionType:
        return f"method of {class_name(owner)}"
    signature = _signature(function, terms, bound=True)
    return f"method {class_name(owner)}.{function.__name__}{signature}"


@writer(functools.partial, structural=True)
def _partial(value: "functools.partial[Any]", terms: Terms) -> str:
    return f"partial of {write(value.func, terms.inner(terms.room - 12))}"


@writer(ModuleType, structural=True)
def _module(value: ModuleType, _: Terms) -> str:
    name = ModuleType.__getattribute__(value, "__dict__").get("__name__")
    return f"module {name}" if type(name) is str else "module"


@writer(type, structural=True)
def _class(value: type, terms: Terms) -> str:
    head = f"class {class_name(value)}"
    bases = [class_name(base) for base in bases_of(value)[1:2] if base is not object]
    if bases:
        head += f"({bases[0]})"
    if module_name(value) == "builtins":
        return head
    return bracketed(head, islice(_members(value), _MOST_MEMBERS), terms.room)


def _members(cls: type) -> Iterator[str]:
    """Yield the public names that a class defines, fields first."""
    members = class_dict(cls)
    enumerated = members.get("_member_names_")
    if type(enumerated) is list:
        yield from enumerated
        return
    annotated = members.get("__annotations__")
    names = [*annotated] if type(annotated) is dict else []
    for name in dict.fromkeys([*names, *islice(members, 10 * _MOST_MEMBERS)]):
        if not name.startswith("_"):
            is_method = type(members.get(name)) is FunctionType
            yield f"{name}()" if is_method else name


def _signature(function: Any, terms: Terms, *, bound: bool = False) -> str:
    """Return parameters and return type; defaults within their room, and hints not evaluated."""
    try:
        signature = inspect.signature(function, follow_wrapped=False)
    except (ValueError, TypeError):  # some builtins have none
        return "(…)"
    parameters = [
        parameter.replace(
            annotation=_hint(parameter.annotation), default=_default(parameter.default, terms)
        )
        for parameter in signature.parameters.values()
    ]
    return str(
        signature.replace(
            parameters=parameters[bound and parameters[0].kind is not _Kind.VAR_POSITIONAL :],
            return_annotation=_hint(signature.return_annotation),
        )
    )


class _Shown:
    """Stands for a hint or a default in a signature."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def _default(value: Any, terms: Terms) -> Any:
    if value is inspect.Parameter.empty:
        return value
    if terms.private:
        return _Shown(ELLIPSIS)
    return _Shown(literal(value, terms.inner(_DEFAULT_ROOM)))


def _hint(hint: Any) -> Any:
    if hint is inspect.Parameter.empty:
        return hint
    if type(hint) is str:
        return _Shown(quoted(hint, 2 * _DEFAULT_ROOM)[1:-1])
    if hint is None:
        return _Shown("None")
    if is_kind(type(hint), type):
        return _Shown(class_name(hint))
    if type(hint) is GenericAlias or module_name(type(hint)) in ("typing", "types"):
        return _Shown(format_hint(hint))
    return _Shown(class_name(type(hint)))
