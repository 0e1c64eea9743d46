"""The tables of databases, read without touching the connection that they are seen through.

What a connection is in the midst of stays as it is: no transaction is begun or ended, no lock is
waited for, nothing is changed.
"""

import sqlite3
import threading
import weakref
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import Any

from cave_agent.runtime.digests.writing import ELLIPSIS, listed

Tables = Mapping[str, Sequence[tuple[str, str]]]
"""The columns of each table: name and type."""

_WAIT = 0.2
_MOST_TABLES = 50
_MOST_COLUMNS = 1_000
_MOST_NAMED = 200
_SHARED_POOLS = ("StaticPool", "SingletonThreadPool")
_QUERY = """
    SELECT tables.name, columns.name, columns.type
    FROM (
        SELECT rowid AS place, name FROM sqlite_master
        WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'
            AND sql NOT LIKE 'CREATE VIRTUAL%'
        ORDER BY rowid LIMIT ?
    ) AS tables JOIN pragma_table_info(tables.name) AS columns
    ORDER BY tables.place, columns.cid LIMIT ?
"""

_reads: "weakref.WeakKeyDictionary[Any, Future[Tables]]" = weakref.WeakKeyDictionary()


def in_brackets(head: str, tables: Tables, room: int) -> str:
    """Return a head followed by tables with their columns, as exactly as there is room for.

    Args:
        head: What comes first.
        tables: The tables.
        room: Characters.

    Example:
        >>> in_brackets("Engine", {"orders": [("id", "INTEGER"), ("total", "REAL")]}, 80)
        'Engine [orders(id INTEGER, total REAL)]'
        >>> in_brackets("Engine", {"orders": [("id", "INTEGER"), ("total", "REAL")]}, 35)
        'Engine [orders(id, total)]'
    """
    if not tables:
        return f"{head}, no tables"
    forms: list[Iterable[str]] = [
        [
            f"{table}({', '.join(f'{name} {kind}'.strip() for name, kind in columns)})"
            for table, columns in tables.items()
        ],
        [f"{table}({', '.join(name for name, _ in columns)})" for table, columns in tables.items()],
        tables,
    ]
    texts = [f"{head} [{', '.join(form)}]" for form in forms]
    fitting = next((text for text in texts if len(text) <= room), None)
    return fitting or f"{head} [{listed(tables, room - len(head) - len(ELLIPSIS) - 4)}]"


def of_file(path: str) -> Tables:
    """Return the tables of an SQLite database in a file, seen through a connection of our own.

    Raises:
        sqlite3.Error: They cannot be read now: it is locked, for instance.
    """
    uri = f"{Path(path).absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, timeout=0, uri=True)) as connection:
        return of_memory(connection)


def of_memory(connection: sqlite3.Connection) -> Tables:
    """Return the tables that an SQLite connection sees; nobody else can lock those in memory.

    Raises:
        sqlite3.Error: It is closed or belongs to another thread.
    """
    tables: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in _rows(connection, _QUERY, _MOST_NAMED, _MOST_COLUMNS):
        tables.setdefault(table, []).append((column, kind))
    return tables


def of_connection(connection: sqlite3.Connection) -> tuple[str, Tables]:
    """Return the path of an SQLite connection's database, empty for one in memory, and its tables.

    Raises:
        sqlite3.Error: See `of_file` and `of_memory`.
    """
    # Unlike the tables, this can be asked for while another connection has locked the file.
    path = next(row[2] for row in _rows(connection, "PRAGMA database_list") if row[1] == "main")
    return path, of_file(path) if path else of_memory(connection)


def of_engine(engine: Any) -> Tables | None:
    """Return the tables of an SQLAlchemy engine's database; `None` where they are not known.

    Those of a database in the network are read once, in a thread, and waited for briefly; they are
    told from then on. An error is an unknown, too: this is no place to complain of a database.
    """
    if engine.dialect.name == "sqlite":
        return _of_sqlite(engine)
    if engine.dialect.is_async or type(engine.pool).__name__ in _SHARED_POOLS:
        return None
    read = _reads.get(engine)
    is_first = read is None
    if read is None:
        read = _reads[engine] = Future()
        threading.Thread(target=_inspect, args=(engine, read), daemon=True).start()
    try:
        return read.result(_WAIT if is_first else 0)
    except Exception:  # noqa: BLE001 - a driver may raise anything
        return None


def _of_sqlite(engine: Any) -> Tables | None:
    path = engine.url.database
    try:
        if path and Path(path).is_file():
            # SQLite in two libraries within a process would undo each other's locks.
            is_ours = engine.dialect.driver in ("pysqlite", "aiosqlite")
            return of_file(path) if is_ours else None
        connection = _shared_connection(engine.pool)
        return None if connection is None else of_memory(connection)
    except (sqlite3.Error, OSError):
        return None


def _shared_connection(pool: Any) -> sqlite3.Connection | None:
    """Return the connection that a pool of one has opened.

    To check it out and in again would roll back what is under way on it.
    """
    match type(pool).__name__:
        case "StaticPool":
            record = vars(pool).get("connection")
        case "SingletonThreadPool":
            current = getattr(pool._conn, "current", None)  # noqa: SLF001 - there is no other way
            record = None if current is None else current()
        case _:
            return None
    connection = getattr(record, "dbapi_connection", None)
    return connection if isinstance(connection, sqlite3.Connection) else None


def _rows(connection: sqlite3.Connection, query: str, *values: object) -> list[tuple[Any, ...]]:
    cursor = sqlite3.Connection.cursor(connection)
    cursor.row_factory = None
    with closing(cursor):
        return [
            tuple(item.decode() if isinstance(item, bytes) else item for item in row)
            for row in cursor.execute(query, values)
        ]


def _inspector(engine: Any) -> Any:
    import sqlalchemy  # noqa: PLC0415 - loaded already, as there is an engine

    return sqlalchemy.inspect(engine)


def _inspect(engine: Any, read: "Future[Tables]") -> None:
    try:
        inspector = _inspector(engine)
        names = inspector.get_table_names()[:_MOST_TABLES]
        found = inspector.get_multi_columns(filter_names=names)
        tables = {
            key[1]: [(column["name"], type(column["type"]).__name__) for column in columns]
            for key, columns in found.items()
        }
    except Exception as error:  # noqa: BLE001 - handed to who waits for it
        read.set_exception(error)
    else:
        read.set_result(tables)
