"""Private values in what a model is told: `[private]` stands in their place.

It is a net with holes, for what happens by oversight: a table echoed, an object printed, a value in
the message of an error. It finds values as they are written; not what is computed from them,
written otherwise, cut short or spelled in pieces, which a cell can do whenever its author wants to.
"""

import datetime as dt
import itertools
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from types import ModuleType
from typing import Any, get_args

from cave_agent.runtime.inspection import (
    class_attribute,
    fields_of,
    identities,
    is_kind,
    is_one_of,
)
from cave_agent.runtime.private_numbers import Number, mask_numbers

PRIVATE = "[private]"

_MOST_LOOKED_AT = 50_000
_DEEPEST = 8
_LEAST_CHARACTERS = 3
_WORD = re.compile(r"\w+")
_DATES = (dt.datetime, dt.date)
_NUMBERS = get_args(Number)
_ATOMS = identities(str, *_NUMBERS, *_DATES)
_OPAQUE = identities(bool, type(None), type, bytes, bytearray)
_NOTHING = ModuleType("nothing")
_Part = tuple[object, Any]
_Place = tuple[int, int]


def mask_private(text: str, values: Iterable[tuple[object, bool | Iterable[str]]]) -> str:
    """Return a text in which `[private]` stands for private values.

    Looked for are texts of three characters or more, dates, and numbers of four digits or more.
    Fifty thousand values are looked at: of a longer table those from its beginning and its end.

    Args:
        text: What a model is to be told.
        values: Objects, each with `True`, or with the names of its columns, keys and fields that
            are private.

    Example:
        >>> mask_private("Ann (ann@x.org) is 31", [({"mail": "ann@x.org", "age": 31}, ["mail"])])
        'Ann ([private]) is 31'
    """
    looks = itertools.repeat(None, _MOST_LOOKED_AT)
    found = chain.from_iterable(
        _walk(value, private is True, _names(private), 0, looks)
        for value, private in values
        if private
    )
    numbers: list[Number] = []
    words = set(_WORD.findall(text))
    places: dict[str, set[_Place]] = {}
    forms: set[str] = set()
    for form in chain.from_iterable(_forms(each, numbers) for each in found):
        first = _WORD.search(form)
        if first is not None and first.group() in words:
            forms.add(form)
            places.setdefault(first.group(), set()).add((first.start(), len(form)))
    if forms:
        text = _replaced(text, forms, places)
    return mask_numbers(text, numbers, PRIVATE) if numbers else text


def _names(private: bool | Iterable[str]) -> frozenset[str]:  # noqa: FBT001
    return frozenset() if isinstance(private, bool) else frozenset(private)


def _walk(
    value: Any,
    whole: bool,  # noqa: FBT001
    names: frozenset[str],
    depth: int,
    looks: Iterator[None],
) -> Iterator[Any]:
    """Yield the private texts, dates and numbers that an object holds."""
    cls = type(value)
    for _ in islice(looks, 1):
        if is_one_of(cls, _ATOMS):
            if whole:
                yield value
        elif depth < _DEEPEST and not is_one_of(cls, _OPAQUE):
            for name, part in _parts(value, whole, names):
                is_private = whole or (type(name) is str and name in names)
                yield from _walk(part, is_private, names, depth + 1, looks)


def _parts(value: Any, whole: bool, names: frozenset[str]) -> Iterable[_Part]:  # noqa: FBT001
    """Return what an object is made of: each part with its name, or `None`."""
    cls = type(value)
    if is_kind(cls, dict):
        return list(islice(dict.items(value), _MOST_LOOKED_AT))
    if is_kind(cls, list):
        return ((None, part) for part in _from_both_ends(value))
    if is_kind(cls, tuple):
        fields = class_attribute(cls, "_fields") or ()
        return itertools.zip_longest(fields, tuple.__iter__(value))
    if is_kind(cls, set) or is_kind(cls, frozenset):
        return [(None, part) for part in islice(value, _MOST_LOOKED_AT)]
    for (module, name), read in _READERS.items():
        base = vars(sys.modules.get(module, _NOTHING)).get(name)
        if base is not None and is_kind(cls, base):
            columns = list(read(value, whole, names))
            share = _MOST_LOOKED_AT // max(len(columns), 1)
            return [(name, _ends(column, share)) for name, column in columns]
    return fields_of(value).items()


def _from_both_ends(values: list[Any]) -> Iterator[Any]:
    """Yield first and last, second and last but one: what is printed of a long table, first."""
    length = list.__len__(values)
    for index in range((length + 1) // 2):
        yield list.__getitem__(values, index)
        if index != length - 1 - index:
            yield list.__getitem__(values, length - 1 - index)


def _frame(value: Any, whole: bool, names: frozenset[str]) -> Iterator[_Part]:  # noqa: FBT001
    for position, name in enumerate(value.columns):
        if whole or name in names:
            yield name, value.iloc[:, position].to_numpy()
    if whole:
        for level in range(value.index.nlevels):
            yield None, value.index.get_level_values(level).to_numpy()


def _series(value: Any, whole: bool, names: frozenset[str]) -> Iterator[_Part]:  # noqa: FBT001
    if whole or value.name in names:
        yield value.name, value.to_numpy()


def _array(value: Any, whole: bool, _: frozenset[str]) -> Iterator[_Part]:  # noqa: FBT001
    if value.dtype.names:
        for name in value.dtype.names:
            yield name, value[name].reshape(-1)
    elif whole:
        yield None, value.reshape(-1)


def _moment(value: Any, whole: bool, _: frozenset[str]) -> Iterator[_Part]:  # noqa: FBT001
    if whole:
        yield None, value.tz_localize(None).to_numpy().reshape(1)


def _polars(value: Any, whole: bool, names: frozenset[str]) -> Iterator[_Part]:  # noqa: FBT001
    for name in value.columns:
        if whole or name in names:
            yield name, value.get_column(name).to_numpy()


def _arrow(value: Any, whole: bool, names: frozenset[str]) -> Iterator[_Part]:  # noqa: FBT001
    for position, name in enumerate(value.schema.names):
        if whole or name in names:
            yield name, value.column(position).to_numpy()


def _ends(column: Any, most: int) -> list[Any]:
    """Return a column's values as Python's own, those from both ends where it is long."""
    if getattr(column.dtype, "kind", "") == "M":
        column = column.astype("datetime64[us]")  # finer ones would become numbers
    if len(column) <= most:
        return list(column.tolist())
    return [*column[: most // 2].tolist(), *column[-(most // 2) :].tolist()]


_READERS: dict[tuple[str, str], Callable[[Any, bool, frozenset[str]], Iterator[_Part]]] = {
    ("pandas", "DataFrame"): _frame,
    ("pandas", "Series"): _series,
    ("pandas", "Timestamp"): _moment,
    ("numpy", "generic"): _array,
    ("numpy", "ndarray"): _array,
    ("polars", "DataFrame"): _polars,
    ("polars", "Series"): _series,
    ("pyarrow.lib", "Table"): _arrow,
}


def _forms(value: Any, numbers: list[Number]) -> Iterator[str]:
    """Yield how a value is written; a number is added to the others."""
    if isinstance(value, str):
        if len(value) >= _LEAST_CHARACTERS:
            yield value
            if not value.isprintable() or "\\" in value or ("'" in value and '"' in value):
                yield repr(value)[1:-1]
    elif isinstance(value, _DATES):
        yield str(value)
        yield repr(value)
        yield value.isoformat()
        yield value.strftime("%Y-%m-%d")
    else:
        numbers.append(value)


def _replaced(text: str, forms: set[str], places: dict[str, set[_Place]]) -> str:
    """Replace texts, the longest first, found by the first word in each and its place there."""
    shown: list[str] = []
    done = 0
    for word in _WORD.finditer(text):
        ends = [
            (start, start + length)
            for offset, length in places.get(word.group(), ())
            if (start := word.start() - offset) >= done
            and text[start : start + length] in forms
            and not _goes_on(text, start + length)
        ]
        if ends:
            start, end = max(ends, key=lambda place: place[1])
            shown += [text[done:start], PRIVATE]
            done = end
    return "".join([*shown, text[done:]])


def _goes_on(text: str, end: int) -> bool:
    """Whether a word goes on behind a place."""
    return end < len(text) and bool(_WORD.match(text[end - 1])) and bool(_WORD.match(text[end]))
