"""Digests of numbers, texts, bytes and dates: what they are, whole where they are short."""

import datetime as dt
import decimal
import fractions
import uuid
from pathlib import PurePath
from types import EllipsisType, NoneType, NotImplementedType
from typing import Any

from cave_agent.runtime.digests.literals import binary, number, octets
from cave_agent.runtime.digests.registry import writer
from cave_agent.runtime.digests.writing import Terms, quoted, quoted_path
from cave_agent.runtime.inspection import class_name, fields_of, module_name

_TEXT_ROOM = 60
_FIELDS = ("year", "month", "day", "hour", "minute", "second", "microsecond")


@writer(NoneType, EllipsisType, NotImplementedType, structural=True)
def _singleton(value: object, _: Terms) -> str:
    return repr(value)


@writer(int)
def _integer(value: int, _: Terms) -> str:
    name = class_name(type(value))
    if type(value) is bool:
        return f"bool {value}"
    text = number(value)
    return f"{name} {text}" if text[0] != "<" else f"{name} of {int.bit_length(value):,} bits"


@writer(float)
def _float(value: float, _: Terms) -> str:
    return f"{class_name(type(value))} {float.__repr__(value)}"


@writer(complex)
def _complex(value: complex, _: Terms) -> str:
    return f"{class_name(type(value))} {complex.__repr__(value)}"


@writer(decimal.Decimal)
def _decimal(value: decimal.Decimal, terms: Terms) -> str:
    text = decimal.Decimal.__str__(value)
    return f"{class_name(type(value))} {text[: terms.room]}"


@writer(fractions.Fraction)
def _fraction(value: Any, _: Terms) -> str:
    held = fields_of(value)
    parts = (number(held[name]) for name in ("_numerator", "_denominator"))
    return f"{class_name(type(value))} {'/'.join(parts)}"


@writer(str)
def _text(value: str, terms: Terms) -> str:
    name, length = class_name(type(value)), str.__len__(value)
    room = min(_TEXT_ROOM, terms.room)
    shown = quoted(value, room)
    return f"{name} {shown}" if length <= room else f"{name} of {length:,} characters {shown}"


@writer(bytes, bytearray)
def _binary(value: bytes | bytearray, terms: Terms) -> str:
    name = class_name(type(value))
    _, size = octets(value, 0)
    room = min(_TEXT_ROOM // 2, terms.room)
    shown = binary(value, room)
    return f"{name} {shown}" if size <= room else f"{name} of {size:,} {shown}"


@writer(memoryview, structural=True)
def _view(value: memoryview, _: Terms) -> str:
    return f"memoryview of {value.nbytes:,} bytes"


@writer(dt.datetime)
def _datetime(value: dt.datetime, _: Terms) -> str:
    return f"{class_name(type(value))} {_written(dt.datetime, value, ' ')}"


@writer(dt.date)
def _date(value: dt.date, _: Terms) -> str:
    return f"{class_name(type(value))} {dt.date.isoformat(value)}"


@writer(dt.time)
def _time(value: dt.time, _: Terms) -> str:
    return f"{class_name(type(value))} {_written(dt.time, value)}"


def _written(base: Any, value: Any, *separator: str) -> str:
    """Return a time as text; without its time zone where that is of a class of somebody's own."""
    zone = base.tzinfo.__get__(value)
    if zone is None or module_name(type(zone)) in ("datetime", "zoneinfo"):
        return str(base.isoformat(value, *separator))
    fields = [getattr(base, name).__get__(value) for name in _FIELDS if hasattr(base, name)]
    return str(base(*fields).isoformat(*separator))


@writer(dt.timedelta)
def _duration(value: dt.timedelta, _: Terms) -> str:
    return f"{class_name(type(value))} {dt.timedelta.__str__(value)}"


@writer(uuid.UUID)
def _uuid(value: uuid.UUID, _: Terms) -> str:
    return f"{class_name(type(value))} {uuid.UUID.__str__(value)}"


@writer(PurePath)
def _path(value: PurePath, _: Terms) -> str:
    return f"{class_name(type(value))} {quoted_path(PurePath.__str__(value))}"
