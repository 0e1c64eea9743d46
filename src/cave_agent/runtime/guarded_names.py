"""What the guard needs to know of names: whose they are, and what stands in place of builtins."""

import builtins
import functools
import operator
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
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


def module_of(names: object) -> str | None:
    """Return the name of the module whose attributes a dict holds, `None` for any other object.

    Example:
        >>> import math
        >>> module_of(vars(math)), module_of({"__name__": "math"})
        ('math', None)
    """
    if type(names) is not dict:
        return None
    name = names.get("__name__")
    module = sys.modules.get(name) if type(name) is str else None
    return name if getattr(module, "__dict__", None) is names else None


def exact(name: Any) -> Any:
    """Return a name as a plain text: one of a class of its own could change when read again."""
    return str.__str__(name) if issubclass(type(name), str) else name


def module_name(module: ModuleType) -> str:
    """Return the name of a module; an empty text where it has none."""
    name = getattr(module, "__name__", None)
    return name if isinstance(name, str) else ""


def names_by_place(find: Callable[[], Any], count: int) -> Sequence[str]:
    """Return the attributes that a pattern of a class reads by their place: `case Point(x, y)`.

    Args:
        find: Gives the class.
        count: How many the pattern reads.
    """
    try:
        names = getattr(find(), "__match_args__", ()) if count else ()
    except Exception:  # noqa: BLE001 - it may not exist: then the pattern must not be reached
        return ()
    return [exact(name) for name in names[:count]] if type(names) is tuple else ()


def attribute_getter(read: Callable[[Any, str], Any]) -> Callable[..., Any]:
    """Return what stands in for `operator.attrgetter`.

    Args:
        read: Reads one attribute.
    """

    def attrgetter(*paths: str) -> Any:
        def read_path(owner: Any, path: str) -> Any:
            for name in path.split("."):
                owner = read(owner, name)
            return owner

        def read_all(owner: Any) -> Any:
            found = tuple(read_path(owner, path) for path in paths)
            return found if len(found) > 1 else found[0]

        return standing_for("attrgetter", read_all, operator.attrgetter(*paths))

    return attrgetter


def method_caller(read: Callable[[Any, str], Any]) -> Callable[..., Any]:
    """Return what stands in for `operator.methodcaller`.

    Args:
        read: Reads one attribute.
    """

    def methodcaller(name: str, /, *arguments: Any, **named: Any) -> Any:
        def call(owner: Any) -> Any:
            return read(owner, name)(*arguments, **named)

        original = operator.methodcaller(name, *arguments, **named)
        return standing_for("methodcaller", call, original)

    return methodcaller


def class_maker(check_attribute: Callable[[Any, str], None]) -> Callable[..., Any]:
    """Return what stands in for `type` where it is called: with three arguments it makes a class.

    Args:
        check_attribute: Raises where rules refuse an attribute.
    """

    def make(*arguments: Any, **named: Any) -> Any:
        for name in map(str, arguments[-1] if len(arguments) > 1 else ()):
            if name.startswith("__"):
                check_attribute(type, name)
        return type(*arguments, **named)

    return make
