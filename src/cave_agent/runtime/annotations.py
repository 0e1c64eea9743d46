"""Type hints as a model reads them."""

import inspect
import types
import typing
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from cave_agent.runtime.rich import one_line


def format_hint(hint: Any) -> str:
    """Return a type hint as one writes it, every class under its plain name.

    Example:
        >>> from decimal import Decimal
        >>> format_hint(dict[str, Decimal | None])
        'dict[str, Decimal | None]'
    """
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        texts = [format_hint(arguments[0])]
        for item in arguments[1:]:
            texts.extend(_metadata(item))
        return f"Annotated[{', '.join(texts)}]" if len(texts) > 1 else texts[0]
    if origin in (typing.Union, types.UnionType):
        return " | ".join(format_hint(argument) for argument in arguments)
    if origin is typing.Literal:
        return f"Literal[{', '.join(one_line(argument) for argument in arguments)}]"
    name = _name(hint)
    # `dict[str, Any]` tells a reader no more than `dict`.
    if arguments in ((Any,), (str, Any), (Any, Any), (Any, ...)) or not arguments:
        return name
    return f"{name}[{_joined(arguments)}]"


def _name(hint: Any) -> str:
    """Return a hint without its arguments."""
    match hint:
        case str():
            return hint
        case typing.ForwardRef():
            return hint.__forward_arg__
        case list():  # the parameters of a Callable
            return f"[{_joined(hint)}]"
        case None | types.EllipsisType():
            return "None" if hint is None else "..."
    if hint is types.NoneType:
        return "None"
    return getattr(hint, "__name__", None) or inspect.formatannotation(hint)


def _joined(hints: Iterable[Any]) -> str:
    return ", ".join(format_hint(hint) for hint in hints)


def _metadata(item: Any) -> Iterator[str]:
    """Yield what a reader can use of a piece of the metadata in `Annotated`."""
    constraints = getattr(item, "metadata", None)
    if isinstance(constraints, list):  # a Field(…) of pydantic
        for constraint in constraints:
            yield one_line(constraint)
        if description := getattr(item, "description", None):
            yield one_line(description)
        return
    function = getattr(item, "func", item)  # an AfterValidator(…) of pydantic, or the like
    name = getattr(function, "__name__", None) if callable(function) else one_line(item)
    if name and name != "<lambda>":
        yield name
