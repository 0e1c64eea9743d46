"""Functions and classes of the guard in place of others, which look and behave as those do."""

import builtins
import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any


class InPlaceOf(functools.partial[Any]):
    """A function of the guard in place of another; pickled, it is the other one.

    Methods are pickled by way of the `getattr` that is found built in.

    Example:
        >>> import pickle
        >>> pickle.loads(pickle.dumps(standing_for("getattr", print)))(3, "real")
        3
    """

    __name__: str
    __wrapped__: Any

    def __reduce__(self) -> tuple[Any, ...]:
        return functools.partial, (self.__wrapped__,)

    def __repr__(self) -> str:
        return repr(self.__wrapped__)

    def __get__(self, instance: object, owner: type | None = None) -> "InPlaceOf":
        """Return itself: like a builtin, it is no method of the class that holds it."""
        return self

    def __copy__(self) -> "InPlaceOf":
        return self

    def __deepcopy__(self, _: object) -> "InPlaceOf":
        return self


def standing_for(name: str, function: Any, original: Any = None) -> InPlaceOf:
    """Return a function that stands in place of another.

    Args:
        name: Its name.
        function: What it calls.
        original: What it stands for; the builtin of that name if left out.
    """
    made = InPlaceOf(function)
    made.__name__ = name
    made.__wrapped__ = getattr(builtins, name) if original is None else original
    made.__doc__ = made.__wrapped__.__doc__
    return made


class InPlaceOfClass(type):
    """The type of classes of the guard in place of others, whose instances are theirs, too."""

    __wrapped__: Any

    def __instancecheck__(cls, instance: Any) -> bool:
        return type.__instancecheck__(cls, instance) or isinstance(instance, cls.__wrapped__)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return type.__subclasscheck__(cls, subclass) or issubclass(subclass, cls.__wrapped__)

    def __repr__(cls) -> str:
        return repr(cls.__wrapped__)


def class_standing_for(original: Any, call: Callable[..., Any]) -> type:
    """Return a class that stands in place of one whose instances are functions.

    Args:
        original: That class.
        call: What an instance does: it is given the arguments that the instance was made with, as a
            tuple and a dict, and the object that the instance is called with.

    Example:
        >>> import operator
        >>> getter = class_standing_for(operator.attrgetter, lambda names, _, owner: names)
        >>> getter("real"), getter("real")(3), isinstance(operator.attrgetter("x"), getter)
        (operator.attrgetter('real'), ('real',), True)
    """

    class StandingFor(metaclass=InPlaceOfClass):
        __slots__ = ("_arguments",)
        __wrapped__ = original

        def __init__(self, /, *arguments: Any, **named: Any) -> None:
            original(*arguments, **named)  # it refuses what it cannot be made with
            self._arguments = arguments, named

        def __init_subclass__(cls) -> None:
            path = f"{original.__module__}.{original.__name__}"
            message = f"type '{path}' is not an acceptable base type"
            raise TypeError(message)

        def __call__(self, owner: Any, /) -> Any:
            return call(*self._arguments, owner)

        def __reduce__(self) -> Any:
            arguments, named = self._arguments
            return original(*arguments, **named).__reduce__()

        def __copy__(self) -> "StandingFor":
            return self

        def __deepcopy__(self, _: object) -> "StandingFor":
            return self

        def __repr__(self) -> str:
            arguments, named = self._arguments
            return repr(original(*arguments, **named))

    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        setattr(StandingFor, name, getattr(original, name))
    return StandingFor


def attribute_getter(read: Callable[[Any, str], Any]) -> type:
    """Return what stands in for `operator.attrgetter`.

    Args:
        read: Reads one attribute.
    """

    def get(paths: Sequence[str], _: object, owner: Any) -> Any:
        found = tuple(functools.reduce(read, path.split("."), owner) for path in paths)
        return found if len(found) > 1 else found[0]

    return class_standing_for(operator.attrgetter, get)


def method_caller(read: Callable[[Any, str], Any]) -> type:
    """Return what stands in for `operator.methodcaller`.

    Args:
        read: Reads one attribute.
    """

    def call(arguments: Sequence[Any], named: dict[str, Any], owner: Any) -> Any:
        name, *rest = arguments
        return read(owner, name)(*rest, **named)

    return class_standing_for(operator.methodcaller, call)
