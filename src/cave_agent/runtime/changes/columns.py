"""The content of arrays and tables in fingerprints: checksums, of large ones those of a sample."""

import sys
import zlib
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from cave_agent.runtime.inspection import is_kind

_MOST_BYTES = 1 << 20
_MOST_SAMPLED = 1 << 14
_MOST_COLUMNS = 200
_STORES = ("_codes", "_ndarray", "_data", "_mask", "_pa_array", "_left", "_right")
"""Where the arrays of pandas keep what they hold."""

_NOTHING = ModuleType("nothing")


def content_of(value: object) -> list[object] | None:
    """Return what an array or a table holds, in short; `None` for any other value.

    A checksum stands for an array of up to a megabyte; for a larger one that of elements at equal
    distances, so that a single element may change unseen.
    """
    cls = type(value)
    for module, name, read in _READERS:
        base = vars(sys.modules.get(module, _NOTHING)).get(name)
        if isinstance(base, type) and is_kind(cls, base):
            return [id(cls), *read(value)]
    return None


def _array(value: Any) -> Iterator[object]:
    import numpy as np  # noqa: PLC0415 - loaded already, as there is an array

    if is_kind(type(value), np.memmap):
        yield id(value)  # a file would be read
        return
    plain = value.view(np.ndarray)
    yield from (plain.shape, plain.dtype.str)
    if plain.dtype.hasobject:
        objects = plain.flat[:: max(plain.size // _MOST_SAMPLED, 1)].tolist()
        yield id(value) if plain.dtype.names else hash(tuple(map(id, objects)))
        return
    if plain.nbytes > _MOST_BYTES:
        plain = plain.flat[:: max(plain.size // _MOST_SAMPLED, 1)]
    yield zlib.crc32(plain.tobytes())


def _frame(value: Any) -> Iterator[object]:
    yield value.shape
    yield from map(str, value.columns[:_MOST_COLUMNS])
    yield from _column(value.index)
    for position in range(min(value.shape[1], _MOST_COLUMNS)):
        yield from _column(value.iloc[:, position])


def _column(value: Any) -> Iterator[object]:
    """Yield the content of a series or of an index."""
    yield from (len(value), str(value.dtype), str(value.name))
    kind = type(value).__name__
    if kind == "RangeIndex":
        yield repr(value)
    elif kind == "MultiIndex":
        for codes in value.codes:
            yield from _array(codes)
    else:
        for name in _STORES:
            part = getattr(value.array, name, None)
            yield id(part) if (content := content_of(part)) is None else tuple(content)


def _library_table(value: Any) -> Iterator[object]:
    """Yield what there is to see of a table whose columns never change in place."""
    yield value.shape
    yield str(value.schema)
    yield id(value)


_READERS = (
    ("numpy", "ndarray", _array),
    ("pandas", "DataFrame", _frame),
    ("pandas", "Series", _column),
    ("pandas", "Index", _column),
    ("polars", "DataFrame", _library_table),
    ("pyarrow", "Table", _library_table),
)
