"""Format strings that read attributes and items as cells do."""

import re
import string
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

_STEP = re.compile(r"\.(?P<attribute>[^.[]+)|\[(?P<key>[^]]+)\]")


def formatter_class(  # noqa: C901 - it is one class
    load: Callable[[Any, str], Any], item: Callable[[Any, Any], Any]
) -> type:
    """Return what is like `string.Formatter` and asks a guard.

    It is no subclass, by which code could come to the methods of the original.

    Args:
        load: Reads an attribute.
        item: Reads an item.
    """
    original: Any = string.Formatter

    class Formatter:
        """Reads attributes and items as cells do."""

        _counted: int | None = 0  # how many fields had no number; none may have had one then

        def vformat(
            self, format_string: str, args: Sequence[Any], kwargs: Mapping[str, Any]
        ) -> str:
            self._counted = 0
            return str(original.vformat(self, format_string, args, kwargs))

        def parse(
            self, format_string: Any
        ) -> Iterable[tuple[str, str | None, str | None, str | None]]:
            for literal, name, specification, conversion in original.parse(self, format_string):
                numbered = name if name is None else self._numbered(name)
                yield literal, numbered, specification, conversion

        def _numbered(self, name: str) -> str:
            """Return the name of a field with the number that `[0]` and `.x` leave out."""
            first = _first(name)
            if first and not first.isdecimal():
                return name
            if (self._counted is None) is (not first) and self._counted != 0:
                message = "cannot switch between manual field numbers and automatic numbering"
                raise ValueError(message)
            if first:
                self._counted = None
                return name
            counted = self._counted or 0
            self._counted = counted + 1
            return f"{counted}{name}"

        def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
            first = _first(field_name)
            key = int(first) if first.isdecimal() else first
            value = original.get_value(self, key, args, kwargs)
            for is_attribute, name in steps(field_name[len(first) :]):
                value = load(value, name) if is_attribute else item(value, name)
            return value, key

    for name, each in vars(string.Formatter).items():
        if name not in vars(Formatter):
            setattr(Formatter, name, each)
    return Formatter


def _first(name: str) -> str:
    return re.split(r"[.[]", name, maxsplit=1)[0]


def steps(name: str) -> Iterator[tuple[bool, Any]]:
    """Yield the steps that a field of a format string takes: attributes, and items.

    Example:
        >>> list(steps(".real[0][key]"))
        [(True, 'real'), (False, 0), (False, 'key')]
    """
    for step in _STEP.finditer(name):
        key = step["key"]
        if key is None:
            yield True, step["attribute"]
        else:
            yield False, int(key) if key.isdecimal() else key
