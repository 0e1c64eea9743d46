"""What the type variables of a generic class stand for."""

import typing
from typing import Any, TypeVar


def variables_of(hint: Any) -> dict[TypeVar, Any]:
    """Return the types that a hint gives to the type variables of a class and of its bases.

    A variable that stands for several things, which it may in different bases, is left open.

    Args:
        hint: A class, or a generic one with arguments.

    Example:
        >>> T = TypeVar("T")
        >>> class Box(typing.Generic[T]): ...
        >>> variables_of(Box[int])
        {~T: <class 'int'>}
    """
    cls = typing.get_origin(hint) or hint
    parameters = getattr(cls, "__parameters__", ())
    if not all(isinstance(each, TypeVar) for each in parameters):
        return {}
    values = dict(zip(parameters, typing.get_args(hint), strict=False))
    for base in getattr(cls, "__orig_bases__", ()):
        for variable, value in variables_of(base).items():
            found = with_variables(value, values)
            values[variable] = found if values.get(variable, found) == found else Any
    return values


def with_variables(hint: Any, values: dict[TypeVar, Any]) -> Any:
    """Return a hint with type variables replaced by what they stand for, where that can be."""
    if isinstance(hint, TypeVar):
        return values.get(hint, hint)
    parameters = () if isinstance(hint, type) else getattr(hint, "__parameters__", ())
    if values.keys().isdisjoint(parameters):
        return hint
    try:
        return hint[tuple(values.get(each, each) for each in parameters)]
    except TypeError:  # such as for a union, of which Python asks that its members have a hash
        return hint
