"""Digests of numbers, texts, bytes and dates: what they are, whole where they are short."""

import datetime as dt
import decimal
import fractions
import uuid
from pathlib import PurePath
from types import EllipsisType, NoneType, NotImplementedType
from typing import Any

from cave_agent.runtime.digests.inspection import class_name
from cave_agent.runtime.digests.literals import binary, number
from cave_agent.runtime.digests.registry import writer
from cave_agent.runtime.digests.writing import Terms, quoted

_TEXT_ROOM = 60


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
    parts = (number(part) for part in (value._numerator, value._denominator))  # noqa: SLF001
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
    size = len(memoryview(value))
    room = min(_TEXT_ROOM // 2, terms.room)
    shown = binary(value, room)
    return f"{name} {shown}" if size <= room else f"{name} of {size:,} {shown}"


@writer(memoryview, structural=True)
def _view(value: memoryview, _: Terms) -> str:
    return f"memoryview of {value.nbytes:,} bytes"


@writer(dt.datetime)
def _datetime(value: dt.datetime, _: Terms) -> str:
    # A time zone is an object that anybody may have defined.
    base = dt.datetime
    text = base.isoformat(base.replace(value, tzinfo=None), " ")
    zone = value.tzinfo
    if zone is None or type(zone).__module__ not in ("datetime", "zoneinfo"):
        return f"{class_name(type(value))} {text}"
    return f"{class_name(type(value))} {base.isoformat(value, ' ')}"


@writer(dt.date)
def _date(value: dt.date, _: Terms) -> str:
    return f"{class_name(type(value))} {dt.date.isoformat(value)}"


@writer(dt.time)
def _time(value: dt.time, _: Terms) -> str:
    return f"{class_name(type(value))} {dt.time.isoformat(value.replace(tzinfo=None))}"


@writer(dt.timedelta)
def _duration(value: dt.timedelta, _: Terms) -> str:
    return f"{class_name(type(value))} {dt.timedelta.__str__(value)}"


@writer(uuid.UUID)
def _uuid(value: uuid.UUID, _: Terms) -> str:
    return f"{class_name(type(value))} {uuid.UUID.__str__(value)}"


@writer(PurePath)
def _path(value: PurePath, terms: Terms) -> str:
    return f"{class_name(type(value))} {quoted(PurePath.__str__(value), terms.room)}"
