"""What can be done with an object of a class that a model cannot know, as far as names tell it."""

import functools
import inspect
import sys
from collections.abc import Iterator
from itertools import islice
from types import FunctionType
from typing import Any

from cave_agent.runtime.digests.registry import has_digests
from cave_agent.runtime.digests.writing import ELLIPSIS, listed
from cave_agent.runtime.inspection import bases_of, class_dict, module_name
from cave_agent.runtime.resources import held_by

_ROOM = 200
_MOST_LOOKED_AT = 500
_UNTOLD = {"cave_agent", "pydantic", "pydantic_core", "typing_extensions"}
_METHODS = (staticmethod, classmethod)
_PROPERTIES = (property, functools.cached_property)
_Kind = inspect.Parameter
_STARS: dict[Any, str] = {_Kind.VAR_POSITIONAL: "*", _Kind.VAR_KEYWORD: "**"}


def is_unknown(cls: type) -> bool:
    """Whether a class is neither Python's own nor of a well-known library."""
    package = module_name(cls).partition(".")[0]
    is_pythons = package in sys.stdlib_module_names
    return not is_pythons and package not in _UNTOLD and not has_digests(package)


def unknown_classes(value: object) -> list[type]:
    """Return what there is of unknown classes in a value: its own, else that of its first element.

    Example:
        >>> class Light:
        ...     __module__ = "home"
        >>> unknown_classes([Light()]), unknown_classes([1])
        ([<class 'home.Light'>], [])
    """
    first = [type(element) for _, element in islice(held_by(value), 1)]
    return [cls for cls in (type(value), *first) if is_unknown(cls)]


def members_of(cls: type) -> str:
    """Return the public methods and properties of a class, with the parameters; nothing is run.

    Args:
        cls: The class. What it has from well-known libraries is left out.

    Example:
        >>> class Light:
        ...     __module__ = "home"
        ...     def dim(self, percent, seconds=1): ...
        ...     def turn_on(self): ...
        >>> members_of(Light)
        'dim(percent, seconds=…), turn_on()'
    """
    told: dict[str, str] = {}
    for base in bases_of(cls):
        if is_unknown(base):
            for name, member in islice(class_dict(base).items(), _MOST_LOOKED_AT):
                told.setdefault(name, _text(name, member))
    return listed(filter(None, told.values()), _ROOM)


def _text(name: str, member: Any) -> str:
    if name.startswith("_"):
        return ""
    if type(member) in _PROPERTIES:
        return name
    function = member.__func__ if type(member) in _METHODS else member
    if type(function) is not FunctionType:
        return ""
    keyword = "async " if inspect.iscoroutinefunction(function) else ""
    is_bound = type(member) is not staticmethod
    return f"{keyword}{name}({', '.join(_parameters(function, is_bound=is_bound))})"


def _parameters(function: FunctionType, *, is_bound: bool) -> Iterator[str]:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except Exception:  # noqa: BLE001 - a function may be given any signature
        yield ELLIPSIS
        return
    for place, parameter in enumerate(parameters):
        stars = _STARS.get(parameter.kind, "")
        if place or not is_bound or stars:
            default = "" if parameter.default is _Kind.empty else f"={ELLIPSIS}"
            yield f"{stars}{parameter.name}{default}"
