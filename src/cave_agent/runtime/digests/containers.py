"""Digests of containers: how many, of what, and the first of them."""

import array
from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import Any

from cave_agent.runtime.digests.literals import (
    MOST_SAMPLED,
    PLAIN,
    elements,
    field,
    in_order,
    items_of,
    kinds,
    literal,
    pairs,
)
from cave_agent.runtime.digests.registry import write, writer
from cave_agent.runtime.digests.writing import Terms, bracketed, listed
from cave_agent.runtime.inspection import class_attribute, class_name, is_kind, is_one_of

_SAMPLE_ROOM = 60
_FIRST_ROOM = 160
_MOST_KEYS = 40


@writer(list, tuple, structural=True)
def _sequence(value: Any, terms: Terms) -> str:
    base = list if is_kind(type(value), list) else tuple
    names = class_attribute(type(value), "_fields") if base is tuple else None
    if type(names) is tuple and all(type(name) is str for name in names):
        parts = (field(*pair, terms) for pair in zip(names, tuple.__iter__(value), strict=False))
        return f"{class_name(type(value))}({listed(parts, terms.room - 30)})"
    length = base.__len__(value)
    sample = [base.__getitem__(value, index) for index in _spread(length)]
    return _of_many(class_name(type(value)), length, sample, terms)


@writer(deque, structural=True)
def _deque(value: Any, terms: Terms) -> str:
    sample = list(islice(deque.__iter__(value), MOST_SAMPLED))
    return _of_many(class_name(type(value)), deque.__len__(value), sample, terms)


@writer(type({}.keys()), type({}.values()), type({}.items()), structural=True)
def _dict_view(value: Any, terms: Terms) -> str:
    sample = list(islice(value, MOST_SAMPLED))
    return _of_many(class_name(type(value)), len(value), sample, terms)


@writer(set, frozenset, structural=True)
def _set(value: Any, terms: Terms) -> str:
    base = set if is_kind(type(value), set) else frozenset
    name, length = class_name(type(value)), base.__len__(value)
    if not length:
        return f"{name}, empty"
    sample = islice(base.__iter__(value), MOST_SAMPLED)
    head = f"{name} of {length:,} {kinds(sample, in_order=False)}"
    if terms.private:
        return head
    parts = in_order(value, terms)
    return head if parts is None else f"{head} {{{listed(parts, _SAMPLE_ROOM)}}}"


@writer(dict, structural=True)
def _dict(value: Any, terms: Terms) -> str:
    name, length = class_name(type(value)), dict.__len__(value)
    if not length:
        return f"{name}, empty"
    items = list(items_of(value))
    has_names = length <= _MOST_KEYS and all(_is_name(key, terms) for key, _ in items)
    more = length > len(items)
    if terms.private:
        if not has_names or type(value) is not dict:  # the keys of a Counter are data
            return f"{name} of {length:,} {_key_and_value_kinds(items)}"
        fields = (f"{key} {kinds([element])}" for key, element in items)
        return bracketed(f"{name} of {length:,}", fields, terms.room, more=more)
    if has_names:
        return f"{name} of {length:,} {{{listed(pairs(value, terms), terms.room - 40, more=more)}}}"
    head = f"{name} of {length:,} {_key_and_value_kinds(items)}"
    return f"{head} {{{listed(pairs(value, terms), _SAMPLE_ROOM, more=more)}}}"


@writer(range)
def _range(value: range, _: Terms) -> str:
    return f"range of {len(value):,} {value!r}"


@writer(array.array, structural=True)
def _array(value: Any, terms: Terms) -> str:
    base: Any = array.array
    length = base.__len__(value)
    head = f"{class_name(type(value))} of {length:,} {base.typecode.__get__(value)!r}"
    if terms.private:
        return head
    sample = base.__getitem__(value, slice(0, MOST_SAMPLED))
    return _with_sample(head, base.tolist(sample), length, terms)


def _of_many(name: str, length: int, sample: list[Any], terms: Terms) -> str:
    if not length:
        return f"{name}, empty"
    head = f"{name} of {length:,} {kinds(sample)}"
    if keys := _record_keys(sample, terms):
        return _records(head, keys, sample, terms)
    is_plain = is_one_of(type(sample[0]), PLAIN)
    if terms.private:
        fields = "" if is_plain else f" [each {write(sample[0], terms.inner(_FIRST_ROOM))}]"
        return head + fields
    if is_plain:
        return _with_sample(head, sample, length, terms)
    room = _FIRST_ROOM if length > 1 else terms.room - len(head) - 20
    return f"{head} [{'first ' * (length > 1)}{literal(sample[0], terms.inner(room))}]"


def _records(head: str, keys: dict[str, Any], sample: list[Any], terms: Terms) -> str:
    names = [
        f"{key} {class_name(type(element))}" if terms.hides(key) else key
        for key, element in keys.items()
    ]
    if terms.private:
        return f"{head} [keys {listed(names, terms.room - len(head) - 20)}]"
    told = listed(names, terms.room // 2)
    first = literal(sample[0], terms.inner(max(terms.room - len(head) - len(told) - 30, 0)))
    return f"{head} [keys {told}; first {first}]"


def _with_sample(head: str, sample: Iterable[Any], length: int, terms: Terms) -> str:
    more = length > MOST_SAMPLED
    return f"{head} [{listed(elements(sample, terms), _SAMPLE_ROOM, more=more)}]"


def _record_keys(sample: list[Any], terms: Terms) -> dict[str, Any]:
    """Return the keys of dictionaries that are records, each with a value; else nothing."""
    keys: dict[str, Any] = {}
    for record in sample:
        if type(record) is not dict or not 0 < len(record) <= _MOST_KEYS:
            return {}
        for key, value in record.items():
            if not _is_name(key, terms):
                return {}
            keys.setdefault(key, value)
    return keys if len(keys) <= _MOST_KEYS else {}


def _is_name(key: object, terms: Terms) -> bool:
    """Whether a key names a field rather than being data; where data is private, surely so."""
    if type(key) is not str or not 0 < len(key) <= _MOST_KEYS:
        return False
    return key.isidentifier() if terms.private else key.isprintable()


def _key_and_value_kinds(items: list[tuple[Any, Any]]) -> str:
    return f"{kinds(key for key, _ in items)}: {kinds(value for _, value in items)}"


def _spread(length: int) -> Iterable[int]:
    """Return which elements to look at: the first ones and some from everywhere."""
    if length <= MOST_SAMPLED:
        return range(length)
    half = MOST_SAMPLED // 2
    return [*range(half), *range(half, length, (length - half) // half + 1), length - 1]
