"""Patterns of `match`, which read attributes unseen: by classes that look at what is matched."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

_MOST_KEPT = 256
_MATCH_WHOLE = (bool, bytearray, bytes, dict, float, frozenset, int, list, set, str, tuple)
"""Classes whose pattern `case int(x)` takes the whole value, and so do classes that extend them."""


class PatternClasses:
    """Makes the classes that stand in patterns in place of those that a cell names.

    Args:
        check: Raises where a pattern may not read an attribute of an object.
    """

    def __init__(self, check: Callable[[Any, str], None]) -> None:
        self._check = check
        self._made: dict[tuple[int, int, tuple[str, ...]], _Checking] = {}

    def standing_for(self, cls: Any, count: int, names: tuple[str, ...]) -> Any:
        """Return the class for a pattern: of the same instances, which it looks at.

        Args:
            cls: The class that the cell names.
            count: How many attributes the pattern reads by their place.
            names: The others.
        """
        if not issubclass(type(cls), type):
            return cls  # Python refuses it
        key = id(cls), count, names
        if key not in self._made:
            if len(self._made) >= _MOST_KEPT:
                self._made.clear()
            self._made[key] = _Checking.standing_for(cls, count, names, self._check)
        return self._made[key]


class _Checking(type):
    """A class whose instances are those of another; they are checked when it is asked for them."""

    _original: Any
    _read: tuple[str, ...]
    _check: Callable[[Any, str], None]

    @classmethod
    def standing_for(
        cls, original: Any, count: int, names: tuple[str, ...], check: Callable[[Any, str], None]
    ) -> "_Checking":
        members = {}
        by_place = getattr(original, "__match_args__", None)
        if by_place is not None:
            members["__match_args__"] = by_place
        base = next((each for each in _MATCH_WHOLE if each in original.__mro__), object)
        made = cls(original.__name__, (int if base is bool else base,), members)
        made._original, made._check = original, check
        made._read = (*names, *(by_place[:count] if type(by_place) is tuple else ()))
        return made

    def __instancecheck__(cls, subject: Any) -> bool:
        if not isinstance(subject, cls._original):
            return False
        for name in cls._read:
            cls._check(subject, name)
        return True


def value_holder(value: Any) -> SimpleNamespace:
    """Return what holds a value that a pattern compares with: a pattern takes dotted names only."""
    return SimpleNamespace(value=value)
