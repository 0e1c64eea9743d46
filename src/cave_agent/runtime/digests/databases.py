"""Digests of database connections: sqlite3 and SQLAlchemy."""

import sqlite3
from typing import Any

from cave_agent.runtime.digests import tables
from cave_agent.runtime.digests.registry import library_writer, write, writer
from cave_agent.runtime.digests.writing import Terms, bracketed, quoted, quoted_path
from cave_agent.runtime.inspection import class_name

_MOST_COLUMNS = 50


@writer(sqlite3.Connection, structural=True)
def _sqlite(value: sqlite3.Connection, terms: Terms) -> str:
    name = f"sqlite3 {class_name(type(value))}"
    try:
        path, found = tables.of_connection(value)
    except sqlite3.ProgrammingError as error:
        return f"{name}, {'closed' if 'closed' in str(error) else 'of another thread'}"
    except sqlite3.OperationalError:
        return f"{name}, tables not readable now"
    place = f"to {quoted_path(path)}" if path else "in memory"
    return tables.in_brackets(f"{name} {place}", found, terms.room)


@library_writer("sqlalchemy.engine.base:Engine")
def _engine(value: Any, terms: Terms) -> str:
    url = value.url.render_as_string(hide_password=True)
    head = f"{class_name(type(value))} {quoted(url, 150)}"
    found = tables.of_engine(value)
    return head if found is None else tables.in_brackets(head, found, terms.room)


@library_writer("sqlalchemy.ext.asyncio.engine:AsyncEngine")
def _async_engine(value: Any, terms: Terms) -> str:
    return f"{class_name(type(value))} on {write(value.sync_engine, terms.inner(terms.room - 20))}"


@library_writer("sqlalchemy.engine.base:Connection")
def _connection(value: Any, terms: Terms) -> str:
    state = ", closed" if value.closed else ""
    engine = write(value.engine, terms.inner(terms.room - 25))
    return f"{class_name(type(value))}{state} on {engine}"


@library_writer("sqlalchemy.orm.session:Session")
def _session(value: Any, terms: Terms) -> str:
    counts = {"new": value.new, "changed": value.dirty, "deleted": value.deleted}
    pending = [f"{len(objects):,} {what}" for what, objects in counts.items() if objects]
    head = ", ".join([class_name(type(value)), *pending])
    if value.bind is None:
        return head
    return f"{head} on {write(value.bind, terms.inner(terms.room - len(head) - 5))}"


@library_writer("sqlalchemy.ext.asyncio.session:AsyncSession")
def _async_session(value: Any, terms: Terms) -> str:
    return f"{class_name(type(value))}: {write(value.sync_session, terms.inner(terms.room - 20))}"


@library_writer("sqlalchemy.engine.result:Result", structural=True)
def _result(value: Any, _: Terms) -> str:
    return f"{class_name(type(value))}, not read"


@library_writer("sqlalchemy.sql.schema:Table")
def _table(value: Any, terms: Terms) -> str:
    columns = list(value.columns)[:_MOST_COLUMNS]
    parts = (f"{column.name} {class_name(type(column.type))}" for column in columns)
    head = f"{class_name(type(value))} {value.name}"
    return bracketed(head, parts, terms.room, more=len(value.columns) > _MOST_COLUMNS)


@library_writer("sqlalchemy.sql.schema:MetaData")
def _metadata(value: Any, terms: Terms) -> str:
    head = f"{class_name(type(value))} of {len(value.tables):,} tables"
    return bracketed(head, list(value.tables)[:_MOST_COLUMNS], terms.room)
