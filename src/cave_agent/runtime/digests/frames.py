"""Digests of tables: pandas, polars, pyarrow."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from cave_agent.runtime.digests.literals import elements
from cave_agent.runtime.digests.registry import library_writer
from cave_agent.runtime.digests.writing import Terms, bracketed, listed, quoted
from cave_agent.runtime.inspection import class_name

_MOST_COLUMNS = 50
_MOST_SAMPLED = 20
_SAMPLE_ROOM = 60
_NAME_ROOM = 40


@library_writer("pandas:DataFrame")
def _frame(value: Any, terms: Terms) -> str:
    rows, columns = value.shape
    first = value.iloc[:0, :_MOST_COLUMNS]  # so that a wide table costs no more than a narrow one
    told = zip(first.columns, first.dtypes, strict=True)
    parts = [f"{_label(name)} {dtype}" for name, dtype in told]
    return _table(value, rows, columns, parts, terms) + _index(value.index)


@library_writer("pandas:MultiIndex")
def _labels(value: Any, terms: Terms) -> str:
    names = [_level_name(name) for name in islice(value.names, _MOST_COLUMNS) if name is not None]
    levels = f" ({', '.join(names)})" if names else ""
    head = f"{class_name(type(value))}{levels} of {len(value):,}"
    first = value[:_MOST_SAMPLED]
    # Not `tolist`, which converts all that the whole index is made of.
    columns = (first.get_level_values(level).tolist() for level in range(first.nlevels))
    hidden = next(filter(terms.hides, value.names), None)
    return _sampled(head, hidden, list(zip(*columns, strict=True)), len(value), terms)


@library_writer("pandas:Series", "pandas:Index", structural=True)
def _column(value: Any, terms: Terms) -> str:
    name = "" if value.name is None else f" {quoted(str(value.name), _NAME_ROOM)}"
    head = f"{class_name(type(value))}{name} of {len(value):,} {value.dtype}"
    first = value[:_MOST_SAMPLED] if _is_index(value) else value.iloc[:_MOST_SAMPLED]
    return _sampled(head, value.name, first.tolist(), len(value), terms)


@library_writer("pandas:Timestamp", "pandas:Timedelta", "pandas:Period", structural=False)
def _moment(value: Any, _: Terms) -> str:
    return f"{class_name(type(value))} {value}"


@library_writer(
    "pandas.core.groupby.generic:DataFrameGroupBy", "pandas.core.groupby.generic:SeriesGroupBy"
)
def _groups(value: Any, _: Terms) -> str:
    keys = value.keys if isinstance(value.keys, list) else [value.keys]
    names = ", ".join(quoted(key, _NAME_ROOM) for key in keys if type(key) is str)
    return f"{class_name(type(value))} by {names}" if names else class_name(type(value))


@library_writer("polars:DataFrame", "polars.dataframe.frame:DataFrame")
def _polars_frame(value: Any, terms: Terms) -> str:
    rows, columns = value.shape
    parts = (
        f"{_label(name)} {dtype}" for name, dtype in islice(value.schema.items(), _MOST_COLUMNS)
    )
    return _table(value, rows, columns, parts, terms)


@library_writer("polars:LazyFrame", "polars.lazyframe.frame:LazyFrame")
def _polars_query(value: Any, _: Terms) -> str:
    return f"{class_name(type(value))}, not collected"  # its schema may have to be read from files


@library_writer("polars:Series", "polars.series.series:Series")
def _polars_column(value: Any, terms: Terms) -> str:
    name = f" {quoted(value.name, _NAME_ROOM)}" if value.name else ""
    head = f"{class_name(type(value))}{name} of {len(value):,} {value.dtype}"
    return _sampled(head, value.name, value.head(_MOST_SAMPLED).to_list(), len(value), terms)


@library_writer("pyarrow.lib:Table", "pyarrow.lib:RecordBatch")
def _arrow_table(value: Any, terms: Terms) -> str:
    return _table(value, value.num_rows, value.num_columns, _arrow_fields(value.schema), terms)


@library_writer("pyarrow.lib:Array", "pyarrow.lib:ChunkedArray")
def _arrow_column(value: Any, terms: Terms) -> str:
    head = f"{class_name(type(value))} of {len(value):,} {value.type}"
    first = value.slice(0, _MOST_SAMPLED).to_pylist()
    return _sampled(head, None, first, len(value), terms)


@library_writer("pyarrow.lib:Schema")
def _arrow_schema(value: Any, terms: Terms) -> str:
    return bracketed(class_name(type(value)), _arrow_fields(value), terms.room)


@library_writer("pyarrow.lib:Scalar", structural=False)
def _arrow_scalar(value: Any, terms: Terms) -> str:
    return f"{class_name(type(value))} {next(elements([value.as_py()], terms))}"


@library_writer("pyarrow._dataset:Dataset")
def _arrow_dataset(value: Any, terms: Terms) -> str:
    return bracketed(class_name(type(value)), _arrow_fields(value.schema), terms.room)


def _table(value: Any, rows: int, columns: int, parts: Iterable[str], terms: Terms) -> str:
    head = f"{class_name(type(value))} {rows:,}×{columns:,}"
    return bracketed(head, parts, terms.room - 40, more=columns > _MOST_COLUMNS)


def _sampled(head: str, name: object, first: list[Any], length: int, terms: Terms) -> str:
    if terms.hides(name) or not first:
        return head
    more = length > len(first)
    return f"{head} [{listed(elements(first, terms), _SAMPLE_ROOM, more=more)}]"


def _index(index: Any) -> str:
    """Return what there is to say about the labels of a table's rows, unless they count them."""
    if class_name(type(index)) == "RangeIndex" and index.name is None:
        return ""
    names = [_level_name(name) for name in islice(index.names, 4) if name is not None]
    return f", index {' '.join([*names, str(index.dtype)])}"


def _level_name(name: object) -> str:
    return quoted(str(name), _NAME_ROOM)[1:-1]


def _is_index(value: Any) -> bool:
    return not hasattr(value, "iloc")


def _arrow_fields(schema: Any) -> Iterable[str]:
    columns = range(min(len(schema.names), _MOST_COLUMNS))
    return (f"{_label(schema.field(index).name)} {schema.field(index).type}" for index in columns)


def _label(name: object) -> str:
    return name[:_NAME_ROOM] if type(name) is str else str(name)[:_NAME_ROOM]
