"""Digests of what can be read once, which is neither read nor advanced: generators, files."""

import inspect
import io
import sqlite3
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any

from cave_agent.runtime.digests.registry import writer
from cave_agent.runtime.digests.writing import Terms, quoted_path
from cave_agent.runtime.inspection import class_name, is_kind

_STATES = {
    inspect.GEN_CREATED: "not started",
    inspect.GEN_RUNNING: "running",
    inspect.GEN_SUSPENDED: "under way",
    inspect.GEN_CLOSED: "finished",
}


@writer(GeneratorType, structural=True)
def _generator(value: Any, _: Terms) -> str:
    return f"generator {value.__name__}, {_STATES[inspect.getgeneratorstate(value)]}"


@writer(AsyncGeneratorType, structural=True)
def _async_generator(value: Any, _: Terms) -> str:
    return f"async generator {value.__name__}{', finished' if value.ag_frame is None else ''}"


@writer(CoroutineType, structural=True)
def _coroutine(value: Any, _: Terms) -> str:
    state = inspect.getcoroutinestate(value)
    told = "not awaited" if state == inspect.CORO_CREATED else "awaited"
    return f"coroutine {value.__name__}, {told}"


@writer(io.TextIOWrapper)
def _text_file(value: io.TextIOWrapper, _: Terms) -> str:
    base = io.TextIOWrapper
    name = class_name(type(value))
    buffer = base.__dict__["buffer"].__get__(value)
    raw = _raw_of(buffer)
    if raw is None or raw.closed:
        return name if raw is None else f"{name}{_title(raw)}, closed"
    # To tell the position of a text that is written, it would be flushed.
    position = "" if raw.writable() else _position(base.tell, value)
    encoding = base.__dict__["encoding"].__get__(value)
    return f"{name}{_title(raw)} mode {raw.mode.replace('b', '')!r}, {encoding}{position}"


@writer(io.BufferedReader, io.BufferedWriter, io.BufferedRandom)
def _binary_file(value: Any, _: Terms) -> str:
    name = class_name(type(value))
    raw = _raw_of(value)
    if raw is None:
        return name
    if raw.closed:
        return f"{name}{_title(raw)}, closed"
    position = "" if raw.writable() else _position(io.BufferedReader.tell, value)
    return f"{name}{_title(raw)} mode {raw.mode!r}{position}"


@writer(io.FileIO)
def _raw_file(value: io.FileIO, _: Terms) -> str:
    name = class_name(type(value))
    if type(value) is not io.FileIO:
        return name
    if value.closed:
        return f"{name}{_title(value)}, closed"
    return f"{name}{_title(value)} mode {value.mode!r}{_position(io.FileIO.tell, value)}"


@writer(io.BytesIO)
def _bytes_io(value: io.BytesIO, _: Terms) -> str:
    name = class_name(type(value))
    try:
        with io.BytesIO.getbuffer(value) as content:
            return f"{name} of {content.nbytes:,} bytes, at {io.BytesIO.tell(value):,}"
    except ValueError:
        return f"{name}, closed"


@writer(io.StringIO)
def _string_io(value: io.StringIO, _: Terms) -> str:
    name = class_name(type(value))
    try:
        return f"{name} at {io.StringIO.tell(value):,}"
    except ValueError:
        return f"{name}, closed"


@writer(sqlite3.Cursor, structural=True)
def _cursor(value: sqlite3.Cursor, _: Terms) -> str:
    name = class_name(type(value))
    try:
        columns = sqlite3.Cursor.__dict__["description"].__get__(value)
    except sqlite3.Error:
        columns = None
    return f"{name} [{', '.join(column[0] for column in columns)}]" if columns else name


def _raw_of(buffer: Any) -> io.FileIO | None:
    """Return the file beneath a buffer, if both are Python's own."""
    for base in (io.BufferedReader, io.BufferedWriter, io.BufferedRandom):
        if is_kind(type(buffer), base):
            raw = base.__dict__["raw"].__get__(buffer)
            return raw if type(raw) is io.FileIO else None
    return None


def _title(raw: io.FileIO) -> str:
    name = raw.name
    return f" {quoted_path(name)}" if type(name) is str else f" of descriptor {name}"


def _position(tell: Any, value: Any) -> str:
    try:
        return f", at {tell(value):,}"
    except OSError:  # a pipe or terminal has none, nor has a text that a loop runs over
        return ""
