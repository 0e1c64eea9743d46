"""What the host asks for: from the argument `returns` to names, types and checks."""

import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from cave_agent.returns.checks import HintCheck
from cave_agent.returns.faults import Fault, Findings, error_of, raised, require_plain_call
from cave_agent.runtime.annotations import format_hint
from cave_agent.runtime.nested import classes_under
from cave_agent.runtime.resources import check_name, classes_in
from cave_agent.runtime.rich import one_line

_ONE = "result"
_TYPING = ("typing", "typing_extensions")


class Wanted(NamedTuple):
    """One object that is asked for.

    Attributes:
        told: Its type, or what checks it, as the model reads it.
        check: Returns what is wrong with a value.
        classes: The classes that the model needs to know.
    """

    told: str
    check: Callable[[Any], Findings]
    classes: tuple[type, ...] = ()


class Request(NamedTuple):
    """All objects that are asked for.

    Attributes:
        wanted: The objects, by the names of their variables.
        names_are_free: Whether another name will do where one is taken.
    """

    wanted: dict[str, Wanted]
    names_are_free: bool = False


def read_request(returns: object) -> Request:
    """Return what a host asks for.

    Args:
        returns: The names of variables and the types that are to be in them; or one type alone;
            or `None`, which asks for nothing.

    Raises:
        TypeError: Something is neither a type nor a plain callable.
        ValueError: A name cannot be that of a variable, the mapping is empty, or two classes have
            one name.
    """
    if returns is None:
        return Request({})
    if not isinstance(returns, Mapping):
        one = _wanted("returns", returns)
        _require_one_class_for_a_name([returns], [one])
        return Request({_ONE: one}, names_are_free=True)
    if not returns:
        message = "returns={} asks for nothing: name the objects that you want, or leave it out."
        raise ValueError(message)
    names = [_variable_name(name) for name in returns]
    wanted = {name: _wanted(f"returns[{name!r}]", returns[name]) for name in names}
    _require_one_class_for_a_name(returns.values(), wanted.values())
    return Request(wanted)


def _require_one_class_for_a_name(hints: Iterable[Any], wanted: Iterable[Wanted]) -> None:
    """Refuse classes that hints name where cells would have another one under that name."""
    named = [cls for hint in hints for cls in classes_in(hint)]
    reached = [cls for each in wanted for cls in each.classes]
    for cls in named:
        for other in reached:
            if other is not cls and other.__name__ == cls.__name__:
                message = (
                    f"returns asks for two classes {cls.__name__!r}, {_place(cls)} and "
                    f"{_place(other)}: cells know a class by its name, so rename one, or ask for "
                    "one in a run and for the other in the next."
                )
                raise ValueError(message)


def _place(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _variable_name(name: Any) -> str:
    if str(name).startswith("__"):
        message = f"{name!r} is private to the runtime: choose a name without the underscores."
        raise ValueError(message)
    return check_name(name)


def _wanted(argument: str, value: Any) -> Wanted:
    if _is_hint(value):
        try:
            check = HintCheck(value)
        except Exception as error:
            reason = str(error).partition("\n")[0]
            message = (
                f"{argument}={one_line(value)} cannot be checked: {reason} "
                "Use another type, or a function that raises where an object is wrong."
            )
            raise TypeError(message) from error
        return Wanted(format_hint(value), check.findings, tuple(classes_under(value)))
    if value is None:
        message = (
            f"{argument}=None says nothing of the object: use `object` where any will do, "
            "`type(None)` where it is to be None."
        )
        raise TypeError(message)
    if not callable(value):
        message = (
            f"{argument}={one_line(value)} is no type: use a class, a type hint, or a function "
            "that is given the object and raises where it is wrong."
        )
        raise TypeError(message)
    require_plain_call(value)

    def check_by_call(candidate: Any) -> Findings:
        error = error_of(value, candidate)
        return Findings([] if error is None else [Fault("", raised(error))])

    return Wanted(_described(value), check_by_call)


def _is_hint(value: Any) -> bool:
    if isinstance(value, type) or typing.get_origin(value) is not None:
        return True
    return type(value).__module__ in _TYPING


def _described(check: Callable[..., Any]) -> str:
    """Return what the model is told of a function that checks its object."""
    name = getattr(check, "__name__", type(check).__name__)
    doc = (getattr(check, "__doc__", None) or "").strip()
    told = "any object that passes a check"
    if name != "<lambda>":
        told += f", `{name}`"
    return f"{told}: {doc.splitlines()[0]}" if doc else told
