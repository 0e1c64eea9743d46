"""Values within digests: as one writes them in Python, as far as there is room."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from cave_agent.runtime.digests.masking import MASK, is_secret_name, mask_secrets
from cave_agent.runtime.digests.registry import write
from cave_agent.runtime.digests.writing import ELLIPSIS, Terms, listed, quoted
from cave_agent.runtime.inspection import class_name, identities, is_kind, is_one_of

MOST_SAMPLED = 100
_DEEPEST = 6
_MOST_SORTED = 20
_MOST_SCALARS_SORTED = 300
_FIELD_ROOM = 60
_MOST_BITS = 200
_MOST_KINDS = 4
_READ_OF_BYTES = 2_000

CONTAINERS = identities(list, tuple, dict, set, frozenset)
PLAIN = CONTAINERS | identities(str, bytes, bytearray, int, float, complex, bool, type(None))
_SHORT = identities(bool, float, complex, type(None))
_BINARY = identities(bytes, bytearray)
_SCALARS = identities(str, bytes, int, float, bool)
_TEXTS = identities(str, bytes)


def literal(value: Any, terms: Terms) -> str:
    """Return a value as one writes it in Python, shortened, or its digest where one cannot.

    Args:
        value: Any object.
        terms: Where they are private, the type is returned.
    """
    cls = type(value)
    if terms.private and value is not None:
        return class_name(cls)
    if is_one_of(cls, CONTAINERS):
        return _container(value, cls, terms)
    if is_one_of(cls, _SHORT):
        return repr(value)
    if cls is str:
        return quoted(value, terms.room)
    if is_one_of(cls, _BINARY):
        return binary(value, terms.room)
    return number(value) if cls is int else write(value, terms.inner(terms.room))


def number(value: int) -> str:
    """Return an integer as text; of one that is very long, its length."""
    bits = int.bit_length(value)
    return int.__repr__(value) if bits <= _MOST_BITS else f"<int of {bits:,} bits>"


def binary(value: bytes | bytearray, room: int) -> str:
    """Return the beginning of bytes, as a literal."""
    head, size = octets(value, _READ_OF_BYTES)
    masked = mask_secrets(head.decode("latin-1"))
    is_whole = len(masked) <= room and size <= _READ_OF_BYTES
    shown = repr(masked[: max(room, 1)].encode("latin-1"))
    return shown if is_whole else shown + ELLIPSIS


def octets(value: bytes | bytearray, most: int) -> tuple[bytes, int]:
    """Return the first of some bytes, and how many there are, whatever their class defines."""
    base: Any = bytes if is_kind(type(value), bytes) else bytearray
    return bytes(base.__getitem__(value, slice(0, most))), base.__len__(value)


def kinds(values: Iterable[Any], *, in_order: bool = True) -> str:
    """Return the names of the types of values, in their order or that of the alphabet."""
    told = dict.fromkeys("None" if value is None else class_name(type(value)) for value in values)
    names = list(told) if in_order else sorted(told)
    return listed(islice(names, _MOST_KINDS), 80, more=len(names) > _MOST_KINDS)


def field(name: str, value: Any, terms: Terms, separator: str = "=") -> str:
    """Return a field's name and value; its type where it is private, a mask where it is a key."""
    if _hides(name, value, terms):
        return f"{name}: {class_name(type(value))}"
    return f"{name}{separator}{_masked(name, value, terms.inner(_FIELD_ROOM))}"


def in_order(values: Any, terms: Terms) -> list[str] | None:
    """Return the literals of a set's elements, sorted; `None` where there are too many.

    The order in which a set gives its elements is another one in each process.
    """
    base = set if is_kind(type(values), set) else frozenset
    length = base.__len__(values)
    if length > _MOST_SCALARS_SORTED:
        return None
    scalars = all(is_one_of(type(element), _SCALARS) for element in base.__iter__(values))
    # All must be written to be sorted, so there would be no end to sets within sets.
    most = _MOST_SORTED if terms.depth or not scalars else _MOST_SCALARS_SORTED
    if length > most or (terms.depth and not scalars):
        return None
    inner = terms.inner(_FIELD_ROOM)
    pairs = sorted(
        (_rank(element), class_name(type(element)), literal(element, inner))
        for element in base.__iter__(values)
    )
    return [text for _, _, text in pairs]


def items_of(value: Any) -> Iterator[tuple[Any, Any]]:
    """Return the first items of a dictionary, whatever its class defines."""
    return iter(list(islice(dict.items(value), MOST_SAMPLED)))


def elements(value: Any, terms: Terms) -> Iterator[str]:
    """Yield the literals of what a list, tuple or the like holds."""
    inner = terms.inner(_FIELD_ROOM)
    return (literal(element, inner) for element in value)


def pairs(value: Any, terms: Terms) -> Iterator[str]:
    """Yield the items of a dictionary as literals."""
    inner = terms.inner(_FIELD_ROOM)
    for key, element in items_of(value):
        if type(key) is str:
            yield _with_key(key, element, inner)
        else:
            yield f"{literal(key, inner)}: {literal(element, inner)}"


def _with_key(key: str, value: Any, terms: Terms) -> str:
    label = quoted(key, _FIELD_ROOM)
    if _hides(key, value, terms):
        return f"{label}: {class_name(type(value))}"
    return f"{label}: {_masked(key, value, terms)}"


def _hides(name: str, value: Any, terms: Terms) -> bool:
    """Whether only the type is told: the value is private, or holds keys among other texts."""
    is_container = is_one_of(type(value), CONTAINERS)
    return terms.hides(name) or (is_container and is_secret_name(name) and _holds_text(value))


def _holds_text(value: Any, depth: int = 2) -> bool:
    cls = type(value)
    if not is_one_of(cls, CONTAINERS) or not depth:
        return is_one_of(cls, _TEXTS | CONTAINERS)
    elements = dict.values(value) if cls is dict else value
    return any(_holds_text(element, depth - 1) for element in islice(elements, MOST_SAMPLED))


def _masked(name: str, value: Any, terms: Terms) -> str:
    is_text = is_one_of(type(value), _TEXTS)
    return f"'{MASK}'" if is_text and value and is_secret_name(name) else literal(value, terms)


def _rank(element: object) -> float:
    """Put numbers in the order of their values, and before everything else."""
    if type(element) is float or (type(element) is int and element.bit_length() < _MOST_BITS):
        return float(element) if element == element else float("inf")  # noqa: PLR0124 - NaN
    return float("inf")


def _container(value: Any, cls: type, terms: Terms) -> str:
    opening, closing = "[]" if cls is list else "()" if cls is tuple else "{}"
    if not len(value):
        return repr(value)
    if terms.depth > _DEEPEST:
        return f"{opening}{ELLIPSIS}{closing}"
    inner = terms.inner(terms.room)
    more = len(value) > MOST_SAMPLED
    parts: Iterable[str] | None
    if cls is dict:
        parts = pairs(value, inner)
    elif cls is set or cls is frozenset:
        parts, more = in_order(value, inner), False
    else:
        parts = elements(islice(value, MOST_SAMPLED), inner)
    content = ELLIPSIS if parts is None else listed(parts, terms.room - 4, more=more)
    text = f"{opening}{content}{',' if cls is tuple and len(value) == 1 else ''}{closing}"
    return f"frozenset({text})" if cls is frozenset else text
