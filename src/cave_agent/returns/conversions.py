"""Where pydantic converts even in its strict mode, and how to keep it from that."""

import typing
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

if TYPE_CHECKING:
    from pydantic_core import PydanticCustomError

_MADE_FROM_TEXT = ("re", "zoneinfo")
_ABSTRACT = ("collections", "collections.abc")


def without_conversion(hint: Any, cls: Any) -> Any | None:
    """Return a hint that takes no values but those of its type, where pydantic takes others.

    Args:
        hint: A type hint.
        cls: The class that it is, or that it is a variant of.

    Returns:
        The other hint; `None` where pydantic is as strict as it should be.
    """
    from pydantic import BaseModel, BeforeValidator, InstanceOf, WrapValidator  # noqa: PLC0415

    if cls is float:
        return Annotated[hint, BeforeValidator(_require_float)]
    if cls is typing.Literal:
        return Annotated[hint, BeforeValidator(_require_one_of(typing.get_args(hint)))]
    if not isinstance(cls, type):
        return None
    is_bare_container = hint is cls and cls.__module__ in _ABSTRACT and cls is not Callable
    if cls.__module__ in _MADE_FROM_TEXT or issubclass(cls, BaseModel) or is_bare_container:
        instance_of: Any = InstanceOf
        return instance_of[cls]
    if hasattr(cls, "__get_pydantic_core_schema__"):
        return Annotated[hint, WrapValidator(_require_same_type)]
    return None


def _require_float(value: Any) -> Any:
    """Refuse what can be made a float and is none, such as a `Decimal` or an array of one."""
    if type(value) is float or (isinstance(value, float | int) and type(value) is not bool):
        return value
    from pydantic_core import PydanticKnownError  # noqa: PLC0415

    raise PydanticKnownError("float_type")  # noqa: EM101 - the name of the error


def _require_one_of(values: tuple[Any, ...]) -> Callable[[Any], Any]:
    """Return a validator that tells `True` and `1.0` from `1`."""

    def require(value: Any) -> Any:
        if any(type(value) is type(each) and value == each for each in values):
            return value
        raise _wrong(" or ".join(map(repr, values)))

    return require


def _require_same_type(value: Any, handler: Callable[[Any], Any]) -> Any:
    """Refuse a value of which a type with a schema of its own makes one of another type."""
    made = handler(value)
    if type(made) is type(value):
        return value
    wanted = f"an instance of {type(made).__name__}"
    raise _wrong(wanted)


def _wrong(wanted: str) -> "PydanticCustomError":
    from pydantic_core import PydanticCustomError  # noqa: PLC0415

    return PydanticCustomError("wrong_type", "Input should be {wanted}", {"wanted": wanted})
