"""Fingerprints: whether an object is still what it was, seen by its content.

Two fingerprints of an object that are equal say that nothing of it changed which was looked at.
Looking at it runs no code of the object, and its cost is bounded.
"""

import collections
import datetime as dt
import decimal
import enum
import fractions
import sqlite3
import uuid
import zlib
from collections.abc import Callable, Iterable
from itertools import chain, islice
from pathlib import PurePath
from types import NoneType
from typing import Any, NamedTuple

from cave_agent.runtime.changes.columns import content_of
from cave_agent.runtime.digests import digest, digested_by_fields, has_own_digest
from cave_agent.runtime.inspection import (
    bases_of,
    class_name,
    fields_of,
    identities,
    is_kind,
    is_one_of,
)

_DEEPEST = 8
_MOST_OF_ONE = 5_000
_MOST_IDENTITIES = 50_000
_LONG_TEXT = 1_000
_COST_OF_DIGEST = 20
_SCALARS = ("generic", "Timestamp", "Timedelta", "Period", "NaTType")
_PLAIN = identities(
    NoneType, bool, int, complex, fractions.Fraction, uuid.UUID,
    dt.datetime, dt.date, dt.time, dt.timedelta, dt.timezone,
)  # fmt: skip
_TEXTS = identities(str, bytes)


def _keys_and_values(value: dict[Any, Any]) -> Iterable[Any]:
    return chain.from_iterable(zip(dict.keys(value), dict.values(value), strict=False))


_CONTAINERS: tuple[tuple[type, Callable[[Any], Iterable[Any]]], ...] = (
    (dict, _keys_and_values),
    (list, list.__iter__),
    (tuple, tuple.__iter__),
    (set, set.__iter__),
    (frozenset, frozenset.__iter__),
    (collections.deque, collections.deque.__iter__),
)
_DERIVED: tuple[tuple[type, Callable[[Any], object]], ...] = (
    (enum.Enum, id),
    (int, int.__index__),
    (float, float.__repr__),
    (complex, complex.__repr__),
    (str, str.__str__),
    (bytes, bytes.__repr__),
    (decimal.Decimal, decimal.Decimal.__str__),
    (dt.datetime, dt.datetime.isoformat),
    (dt.timedelta, dt.timedelta.__repr__),
    (PurePath, PurePath.__str__),
)
"""Values that do not change; of those that others hold, the addresses may be used again."""


class Fingerprint(NamedTuple):
    """What a value looks like.

    Attributes:
        parts: The plain values within it, with the types and sizes of what holds them.
        is_whole: Whether all of it was looked at.
        cost: How many values were looked at.
    """

    parts: list[object]
    is_whole: bool = True
    cost: int = 1


def fingerprint(value: object, room: int) -> Fingerprint:
    """Return what a value looks like now.

    Of long lists beyond what is looked at in full, it is told whether they hold the same objects.

    Args:
        value: Any object.
        room: How many values may be looked at, it and those within it.
    """
    if not is_one_of(type(value), _PLAIN) and has_own_digest(value):
        return Fingerprint([digest(value)])
    most = min(_MOST_OF_ONE, room)
    walk = _Walk(most)
    try:
        walk.visit(value, 0)
    except Exception:  # noqa: BLE001 - another thread may change it meanwhile, a library raise
        return Fingerprint([id(value)], is_whole=False, cost=most - walk.room)
    return Fingerprint(walk.parts, walk.is_whole, most - walk.room)


class _Walk:
    def __init__(self, room: int) -> None:
        self.parts: list[object] = []
        self.room = room
        self.is_whole = True
        self._seen: set[int] = set()

    def visit(self, value: Any, depth: int) -> None:
        cls = type(value)
        self.room -= 1
        if is_one_of(cls, _PLAIN):
            self.parts += (cls, value)
        elif cls is float:
            self.parts.append(value if value == value else "nan")  # noqa: PLR0124 - NaN
        elif is_one_of(cls, _TEXTS):
            self.parts.append(value if len(value) < _LONG_TEXT else (len(value), hash(value)))
        elif id(value) in self._seen or depth > _DEEPEST:
            self.parts.append(id(value))
        else:
            self._seen.add(id(value))
            self._look_into(value, cls, depth)

    def _look_into(self, value: Any, cls: type, depth: int) -> None:
        for kind, held in _CONTAINERS:
            if is_kind(cls, kind):
                self._visit_all(held, value, kind, depth)
                return
        for kind, plain in _DERIVED:
            if is_kind(cls, kind):
                self.parts += (id(cls), plain(value))
                return
        if digested_by_fields(cls):
            fields = fields_of(value)
            self.parts += (id(cls), *fields)
            for each in fields.values():
                if self.room > 0:
                    self.visit(each, depth + 1)
        else:
            self._take(value, cls, depth)

    def _take(self, value: Any, cls: type, depth: int) -> None:
        """Take what neither holds others nor has fields."""
        if (content := content_of(value)) is not None:
            self.room -= len(content)
            self.parts += content
        elif is_kind(cls, bytearray):
            self.parts.append(zlib.crc32(value))
        elif is_kind(cls, sqlite3.Connection):
            self.parts += (id(value), digest(value), _rows_written(value))
        elif not depth or _is_scalar(cls):
            self.room -= _COST_OF_DIGEST
            self.parts += (id(value), digest(value))
        else:
            self.parts.append(id(value))

    def _visit_all(
        self, held: Callable[[Any], Iterable[Any]], value: Any, kind: type, depth: int
    ) -> None:
        size = kind.__len__(value)  # type: ignore[attr-defined]  # containers have it
        self.parts += (id(type(value)), size)
        if size > self.room:
            self.is_whole = False
            self.parts.append(hash(tuple(map(id, islice(held(value), _MOST_IDENTITIES)))))
        for part in held(value):
            if self.room <= 0:
                self.is_whole = False
                return
            self.visit(part, depth + 1)


def _is_scalar(cls: type) -> bool:
    """Whether it is a scalar of numpy or pandas, which does not change."""
    return any(name in _SCALARS for name in map(class_name, bases_of(cls)))


def _rows_written(connection: sqlite3.Connection) -> int:
    """Return how many rows a connection has written, -1 where this thread may not ask."""
    try:
        return int(sqlite3.Connection.total_changes.__get__(connection))
    except sqlite3.ProgrammingError:
        return -1
