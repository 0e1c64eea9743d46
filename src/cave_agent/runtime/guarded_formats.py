"""Format strings that read attributes and items as cells do."""

import _string  # type: ignore[import-not-found]  # what `string.Formatter` reads names with
import re
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

_SWITCHED_TO_MANUAL = "cannot switch from automatic field numbering to manual field specification"
_SWITCHED_TO_AUTOMATIC = (
    "cannot switch from manual field specification to automatic field numbering"
)


class _Numbered(string.Formatter):
    """Numbers fields, and tells errors, as `str.format` does."""

    _counted: int | None = 0  # how many fields had no number; none may have had one then

    def vformat(self, format_string: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
        self._counted = 0
        return string.Formatter.vformat(self, format_string, args, kwargs)

    def parse(self, format_string: Any) -> Iterable[tuple[str, str | None, str | None, str | None]]:
        for literal, name, specification, conversion in string.Formatter.parse(self, format_string):
            numbered = name if name is None else self._numbered(name)
            yield literal, numbered, specification, conversion

    def _numbered(self, name: str) -> str:
        """Return the name of a field with the number that `[0]` and `.x` leave out."""
        first = re.split(r"[.[]", name, maxsplit=1)[0]
        if first and not first.isdecimal():
            return name
        if (self._counted is None) is (not first) and self._counted != 0:
            message = _SWITCHED_TO_MANUAL if first else _SWITCHED_TO_AUTOMATIC
            raise ValueError(message)
        if first:
            self._counted = None
            return name
        counted = self._counted or 0
        self._counted = counted + 1
        return f"{counted}{name}"

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        if isinstance(key, int) and key >= len(args):
            message = f"Replacement index {key} out of range for positional args tuple"
            raise IndexError(message)
        return string.Formatter.get_value(self, key, args, kwargs)


def formatter_class(load: Callable[[Any, str], Any], item: Callable[[Any, Any], Any]) -> type:
    """Return what is like `string.Formatter` and asks a guard.

    Args:
        load: Reads an attribute.
        item: Reads an item.
    """

    class Formatter(_Numbered):
        """Reads attributes and items as cells do."""

        def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
            first, rest = _string.formatter_field_name_split(field_name)
            value = self.get_value(first, args, kwargs)
            for is_attribute, name in rest:
                value = load(value, name) if is_attribute else item(value, name)
            return value, first

    # All in one class without bases, by which code could come to the methods of the original.
    members: dict[str, Any] = {}
    for cls in reversed(Formatter.__mro__[:-1]):
        members.update(vars(cls))
    for name in ("__dict__", "__weakref__"):
        members.pop(name, None)
    return type("Formatter", (), members)
