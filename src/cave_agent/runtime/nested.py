"""The classes that a type hint leads to, by way of the fields of those that it names."""

import dataclasses
import enum
import inspect
import typing
from collections.abc import Iterable, Iterator
from typing import Any

from cave_agent.runtime.resources import classes_in

_DEEPEST = 5
_MOST_NESTED = 20


def classes_under(hint: Any) -> list[type]:
    """Return the classes that a type hint names, then those that their fields name, and so on.

    Of the latter only those with declared fields or members count (dataclasses, pydantic models,
    `TypedDict`s, named tuples, enums), up to 20 of them and five levels deep. Each comes once.

    Example:
        >>> @dataclasses.dataclass
        ... class Item:
        ...     price: float
        >>> @dataclasses.dataclass
        ... class Order:
        ...     items: list[Item]
        >>> [cls.__name__ for cls in classes_under(Order | None)]
        ['Order', 'Item']
    """
    level = list(classes_in(hint))
    found = {id(cls): cls for cls in level}  # by identity: a class may refuse to be hashed
    most = len(found) + _MOST_NESTED
    for _ in range(_DEEPEST):
        level = [cls for cls in _named_by_fields(level) if id(cls) not in found]
        found.update((id(cls), cls) for cls in level)
    return list(found.values())[:most]


def _named_by_fields(classes: Iterable[type]) -> Iterator[type]:
    for cls in classes:
        if _has_declared_fields(cls):
            for hint in _field_hints(cls):
                yield from filter(_has_declared_fields, classes_in(hint))


def _has_declared_fields(cls: type) -> bool:
    try:
        return (
            dataclasses.is_dataclass(cls)
            or issubclass(cls, enum.Enum)
            or (issubclass(cls, tuple) and hasattr(cls, "_fields"))
            or (issubclass(cls, dict) and hasattr(cls, "__required_keys__"))  # a TypedDict
            or isinstance(getattr(cls, "model_fields", None), dict)
        )
    except Exception:  # noqa: BLE001 - a class may answer as it likes when it is looked at
        return False


def _field_hints(cls: type) -> list[Any]:
    pydantic_fields = getattr(cls, "model_fields", None)
    if isinstance(pydantic_fields, dict):
        return [info.annotation for info in pydantic_fields.values()]
    try:
        return list(typing.get_type_hints(cls, localns={cls.__name__: cls}).values())
    except Exception:  # noqa: BLE001 - a hint may be any expression
        return list(inspect.get_annotations(cls).values())
