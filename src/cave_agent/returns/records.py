"""Records: classes whose fields have type hints of their own.

They are dataclasses, named tuples, TypedDicts, and pydantic's models and dataclasses. The latter
checked their fields when they were made, but the fields may have been assigned since.
"""

import dataclasses
import functools
import inspect
import operator
import types
import typing
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Annotated, Any, NamedTuple

_QUALIFIERS = ("Required", "NotRequired", "ReadOnly")
_CONTAINERS = ("builtins", "collections", "collections.abc")
_NO_DEFAULT = object()


class RecordField(NamedTuple):
    """A field of a record.

    Attributes:
        name: Its name, or the key of a TypedDict.
        hint: The type of its value.
        is_required: Whether it must be there; only a key of a TypedDict may be absent.
        default: What is right whatever the hint says: pydantic does not look at defaults.
    """

    name: str
    hint: Any
    is_required: bool = True
    default: Any = _NO_DEFAULT


def is_typed_dict(cls: type) -> bool:
    """Whether a class is a TypedDict, of `typing` or of `typing_extensions`."""
    return issubclass(cls, dict) and hasattr(cls, "__required_keys__")


def fields_of(cls: type) -> list[RecordField] | None:
    """Return the fields of a record, and `None` for a class that is none."""
    if hasattr(cls, "__pydantic_validator__"):
        return _declared(cls)
    if hasattr(cls, "__get_pydantic_core_schema__"):
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


def with_arguments(hint: Any, change: Callable[[Any], Any]) -> Any:
    """Return a union or a container with its arguments changed; any other hint as it is.

    Containers are those of whose content the arguments of the hint tell.
    """
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    is_union = origin in (typing.Union, types.UnionType)
    is_container = origin not in (type, Callable) and (
        getattr(origin, "__module__", None) in _CONTAINERS
    )
    if not is_union and not is_container:
        return hint
    changed = tuple(map(change, arguments))
    if all(new is old for new, old in zip(changed, arguments, strict=True)):
        return hint
    return (
        functools.reduce(operator.or_, changed) if is_union else types.GenericAlias(origin, changed)
    )


def _declared(cls: Any) -> list[RecordField] | None:
    """Return the fields of a pydantic model or dataclass; `None` where they cannot be told."""
    fields = _pydantic_fields(cls)
    config = getattr(cls, "model_config", None) or getattr(cls, "__pydantic_config__", None) or {}
    if not fields or config.get("use_enum_values"):  # it holds other types than it declares
        return None
    validators = [
        each.info
        for kind in ("field_validators", "validators")
        for each in getattr(cls.__pydantic_decorators__, kind).values()
        if each.info.mode != "before"
    ]
    transformed = {name for info in validators for name in info.fields}
    replaced = {name for info in validators if info.mode == "plain" for name in info.fields}
    declared = []
    for name, field in fields.items():
        if getattr(field, "init_var", None):
            continue
        is_transformed = not transformed.isdisjoint((name, "*"))
        hint = _as_left(field.annotation, () if is_transformed else field.metadata)
        if not replaced.isdisjoint((name, "*")):
            hint = Any
        declared.append(RecordField(name, hint, default=field.default))
    return declared


def _pydantic_fields(cls: Any) -> dict[str, Any]:
    """Return the fields that a class declares; none where not all hints can be resolved."""
    fields = getattr(cls, "__pydantic_fields__", None) or getattr(cls, "model_fields", {})
    if getattr(cls, "__pydantic_complete__", True) is True or not fields:
        return dict(fields)
    # Hints that name classes which are defined later are resolved when a model is first used.
    is_complete = hasattr(cls, "model_rebuild") and cls.model_rebuild(raise_errors=False)
    return dict(cls.model_fields) if is_complete else {}


def _as_left(hint: Any, metadata: Iterable[Any] = ()) -> Any:
    """Return a hint for what pydantic's validators leave, which need not be what they take.

    No validator is called: it may change the object that it is given, or refuse what it made. Where
    one has the last word, its value need not keep to the constraints, only to the type; where one
    takes the place of the type, or nothing is looked at, not to that either.
    """
    import pydantic  # noqa: PLC0415 - it is slow to load

    json: Any = pydantic.Json
    unchecked: Any = (pydantic.PlainValidator, pydantic.SkipValidation)

    if typing.get_origin(hint) is Annotated:
        hint, *inner = typing.get_args(hint)
        return _as_left(hint, [*inner, *metadata])
    if hint is json or any(isinstance(item, unchecked) for item in metadata):
        return Any
    if typing.get_origin(hint) is Generator:  # pydantic leaves an iterator of its own
        hint = types.GenericAlias(Iterator, typing.get_args(hint)[:1])
    last = [item for item in metadata if not isinstance(item, pydantic.BeforeValidator)]
    hint = with_arguments(hint, _as_left)
    if any(callable(item) or hasattr(item, "__get_pydantic_core_schema__") for item in last):
        return hint
    return Annotated[(hint, *last)] if last else hint
