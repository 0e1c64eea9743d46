"""Records: dataclasses, named tuples and TypedDicts, whose fields have type hints of their own."""

import dataclasses
import inspect
import typing
from typing import Any, NamedTuple

_QUALIFIERS = ("Required", "NotRequired", "ReadOnly")


class RecordField(NamedTuple):
    """A field of a record.

    Attributes:
        name: Its name, or the key of a TypedDict.
        hint: The type of its value.
        is_required: Whether it must be there; only a key of a TypedDict may be absent.
    """

    name: str
    hint: Any
    is_required: bool = True


def is_typed_dict(cls: type) -> bool:
    """Whether a class is a TypedDict, of `typing` or of `typing_extensions`."""
    return issubclass(cls, dict) and hasattr(cls, "__required_keys__")


def fields_of(cls: type) -> list[RecordField] | None:
    """Return the fields of a record, and `None` for a class that is none.

    A pydantic model or dataclass is none: it has checked its fields when it was made.
    """
    if hasattr(cls, "__pydantic_validator__") or hasattr(cls, "__get_pydantic_core_schema__"):
        return None
    if is_typed_dict(cls):
        return [_key(cls, name, hint) for name, hint in _hints(cls).items()]
    if dataclasses.is_dataclass(cls):
        names = [field.name for field in dataclasses.fields(cls)]
    elif issubclass(cls, tuple) and hasattr(cls, "_fields"):
        names = list(cls._fields)
    else:
        return None
    hints = _hints(cls)
    return [RecordField(name, hints.get(name, Any)) for name in names]


def _hints(cls: type) -> dict[str, Any]:
    """Return the hints of a class; those that cannot be resolved are left out."""
    try:
        return typing.get_type_hints(cls, localns={cls.__name__: cls}, include_extras=True)
    except Exception:  # noqa: BLE001 - a hint may be any expression
        hints = inspect.get_annotations(cls)
        return {name: hint for name, hint in hints.items() if not isinstance(hint, str)}


def _key(cls: Any, name: str, hint: Any) -> RecordField:
    is_required = name in cls.__required_keys__
    while (qualifier := str(typing.get_origin(hint)).rpartition(".")[2]) in _QUALIFIERS:
        if qualifier != "ReadOnly":
            is_required = qualifier == "Required"
        (hint,) = typing.get_args(hint)
    return RecordField(name, hint, is_required)
