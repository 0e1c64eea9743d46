"""Making classes for cells by calling what makes them: the names in them are checked."""

from collections.abc import Callable, Iterable, Mapping
from enum import EnumType
from typing import Any

from cave_agent.runtime.guarded_names import exact


def makes_classes(function: Any) -> bool:
    """Whether calling an object makes a class: a metaclass does, and so does `Enum`.

    Example:
        >>> import enum
        >>> makes_classes(type), makes_classes(enum.Enum), makes_classes(int)
        (True, True, False)
    """
    kind = type(function)
    return issubclass(kind, type) and (issubclass(function, type) or issubclass(kind, EnumType))


_OF_THE_COMPILER = frozenset(
    f"__{name}__"
    for name in (
        *("module", "qualname", "annotations", "classcell", "orig_bases", "type_params"),
        *("firstlineno", "static_attributes", "classdictcell", "annotate_func"),
    )
)
"""Attributes that Python itself puts into the namespace of a class."""
_NAMESPACES = (dict, type(EnumType.__prepare__("Enum", ())))


def class_maker(function: Any, check_attribute: Callable[[Any, str], None]) -> Callable[..., Any]:
    """Return what stands in for a function that makes classes, where cells call it.

    Args:
        function: It is given the attributes of the class as a mapping, or as a list.
        check_attribute: Raises where rules refuse an attribute.
    """

    def make(*arguments: Any, **named: Any) -> Any:
        if len(arguments) + len(named) > 1:  # with one argument, it makes none
            arguments = tuple(map(settled, arguments))
            named = {name: settled(value) for name, value in named.items()}
        return function(*arguments, **named)

    def settled(argument: Any) -> Any:
        """Return an argument that stays as it is, in which all names are checked."""
        if isinstance(argument, str | type):
            return argument
        if type(argument) in _NAMESPACES:
            pass
        elif isinstance(argument, Mapping):
            argument = dict(argument)
        elif isinstance(argument, Iterable):
            argument = tuple(argument)
        else:
            return argument
        for each in argument:
            name = each[0] if isinstance(each, tuple | list) and each else each
            name = exact(name) if isinstance(name, str) else ""
            if name.startswith("__") and name not in _OF_THE_COMPILER:
                check_attribute(type, name)
        return argument

    return make
