"""Digests of databases: tables and columns, without touching what the connection is at."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.pool import QueuePool, StaticPool

from cave_agent.runtime import digest
from cave_agent.runtime.digests import tables

SCHEMA = "CREATE TABLE orders(id INTEGER PRIMARY KEY, total REAL); CREATE TABLE notes(text);"
TOLD = "[orders(id INTEGER, total REAL), notes(text)]"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCHEMA)
    return path


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as connection:
        yield connection


# sqlite3


def test_tables_of_a_file(connection: sqlite3.Connection, path: Path) -> None:
    assert digest(connection) == f"sqlite3 Connection to {str(path)!r} {TOLD}"
    assert digest(connection, private=True) == digest(connection)


def test_tables_in_memory() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        assert digest(connection) == "sqlite3 Connection in memory, no tables"
        connection.executescript(SCHEMA + "CREATE VIEW broken AS SELECT * FROM missing;")
        connection.row_factory = sqlite3.Row
        connection.text_factory = bytes
        assert digest(connection) == f"sqlite3 Connection in memory {TOLD}"


def test_many_tables_are_told_by_their_names() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        for number in range(2_000):
            connection.execute(f"CREATE TABLE t{number}(a INTEGER, b TEXT)")
        started = time.perf_counter()
        text = digest(connection)
        assert time.perf_counter() - started < 0.1
    assert text.startswith("sqlite3 Connection in memory [t0, t1, ")
    assert text.endswith(", …]")
    assert len(text) <= 400


def test_nothing_is_asked_of_a_connection_but_where_its_file_is(
    connection: sqlite3.Connection,
) -> None:
    asked: list[str] = []
    connection.execute("INSERT INTO notes VALUES ('mine')")
    changes = connection.total_changes
    connection.set_trace_callback(asked.append)
    digest(connection)
    assert asked == ["PRAGMA database_list"]
    assert (connection.in_transaction, connection.total_changes) == (True, changes)
    connection.rollback()
    assert connection.execute("SELECT * FROM notes").fetchall() == []


def test_in_memory_it_only_reads() -> None:
    asked: list[str] = []
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(SCHEMA)
        connection.set_trace_callback(asked.append)
        digest(connection)
        words = {statement.removeprefix("-- ").split()[0] for statement in asked}
        assert words == {"PRAGMA", "SELECT"}
        assert not connection.in_transaction


def test_a_locked_file_is_not_waited_for(path: Path, connection: sqlite3.Connection) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert digest(connection) == "sqlite3 Connection, tables not readable now"
    assert TOLD in digest(connection)


def test_a_connection_that_is_closed_or_of_another_thread() -> None:
    connection = sqlite3.connect(":memory:")
    texts: list[str] = []
    thread = threading.Thread(target=lambda: texts.append(digest(connection)))
    thread.start()
    thread.join()
    assert texts == ["sqlite3 Connection, of another thread"]
    connection.close()
    assert digest(connection) == "sqlite3 Connection, closed"


def test_a_cursor_is_not_read(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO orders VALUES (1, 2.5)")
    cursor = connection.execute("SELECT id, total FROM orders")
    assert digest(cursor) == "Cursor [id, total]"
    assert cursor.fetchall() == [(1, 2.5)]
    connection.rollback()


# SQLAlchemy


@pytest.fixture
def engine(path: Path) -> Iterator[sa.Engine]:
    engine = sa.create_engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


def fail(*_: object, **__: object) -> None:
    pytest.fail("a statement was run")


def test_tables_of_an_engine_without_a_statement_of_it(engine: sa.Engine, path: Path) -> None:
    sa.event.listen(engine, "before_cursor_execute", fail)
    sa.event.listen(engine, "connect", fail)
    told = f"Engine 'sqlite:///{path}' {TOLD}"
    assert digest(engine) == told
    with Session(engine) as session:
        assert digest(session) == f"Session on {told}"
        assert not session.in_transaction()
    assert digest(Session()) == "Session"


def test_a_transaction_stays_as_it_is(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        connection.execute(sa.text("INSERT INTO notes VALUES ('mine')"))
        assert digest(connection).startswith("Connection on Engine 'sqlite:///")
        assert connection.in_transaction()
        assert connection.execute(sa.text("SELECT count(*) FROM notes")).scalar() == 1
    assert digest(connection).startswith("Connection, closed on Engine")


def test_an_engine_of_a_file_that_is_not_there_makes_none(tmp_path: Path) -> None:
    path = tmp_path / "later.db"
    assert digest(sa.create_engine(f"sqlite:///{path}")) == f"Engine 'sqlite:///{path}'"
    assert not path.exists()


@pytest.mark.parametrize("pool", [None, StaticPool])
def test_an_engine_in_memory_shows_its_one_connection(pool: type[StaticPool] | None) -> None:
    arguments = {"check_same_thread": False} if pool else {}
    engine = sa.create_engine("sqlite://", poolclass=pool, connect_args=arguments)
    assert digest(engine) == "Engine 'sqlite://'"
    with engine.connect() as connection:
        connection.execute(sa.text("CREATE TABLE notes(text)"))
        connection.commit()
        connection.execute(sa.text("INSERT INTO notes VALUES ('mine')"))
        assert digest(engine) == "Engine 'sqlite://' [notes(text)]"
        assert connection.execute(sa.text("SELECT count(*) FROM notes")).scalar() == 1
    engine.dispose()


def test_passwords_of_an_engine() -> None:
    url = sa.make_url("postgresql+psycopg://ann:hunter2@db/shop?sslpassword=hunter2")
    engine = sa.create_engine("sqlite://")
    engine.url = url
    assert digest(engine) == "Engine 'postgresql+psycopg://ann:***@db/shop?sslpassword=***'"


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    orders: Mapped[list["Order"]] = relationship(back_populates="customer")


class Order(Base):
    __tablename__ = "sales"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customers.id"))
    customer: Mapped[Customer] = relationship(back_populates="orders")


def test_rows_of_an_orm_load_nothing() -> None:
    engine = sa.create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine, expire_on_commit=False) as session:
        session.add(Customer(id=1, name="Ann", orders=[Order(id=7)]))
        assert digest(session).startswith("Session, 2 new on Engine")
        session.commit()
    with Session(engine) as session:
        customer = session.get_one(Customer, 1)
        result = session.execute(sa.select(Order))
        sa.event.listen(engine, "before_cursor_execute", fail)
        assert digest(customer) in {
            "Customer [id=1, name='Ann']",
            "Customer [name='Ann', id=1]",
        }
        assert digest(result) == "ChunkedIteratorResult, not read"
        assert len(result.all()) == 1
        session.expire(customer)
        assert digest(customer) == "Customer"
        sa.event.remove(engine, "before_cursor_execute", fail)
    engine.dispose()


def test_tables_as_they_are_declared() -> None:
    assert digest(Order.__table__) == "Table sales [id Integer, customer_id Integer]"
    assert digest(Base.metadata) == "MetaData of 2 tables [customers, sales]"


class Server:
    """An engine of a database in the network, as far as a digest looks at it."""

    def __init__(self, engine: sa.Engine) -> None:
        self.url = engine.url
        self.engine = engine
        self.dialect = type("Dialect", (), {"name": "postgresql", "is_async": False})
        self.pool = QueuePool(lambda: None)  # type: ignore[arg-type]


def test_tables_of_a_server_are_read_once_and_not_waited_for_long(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, asked = threading.Event(), []

    def inspect(server: Server) -> Any:
        asked.append(server)
        assert answers.wait(20)
        return sa.inspect(server.engine)

    monkeypatch.setattr(tables, "_inspector", inspect)
    server = Server(engine)
    assert tables.of_engine(server) is None
    assert tables.of_engine(server) is None
    answers.set()
    tables._reads[server].result(20)
    assert list(tables.of_engine(server) or {}) == ["notes", "orders"]
    assert asked == [server]


def test_a_server_that_fails_is_no_error(engine: sa.Engine) -> None:
    assert tables.of_engine(Server(engine)) is None  # SQLAlchemy cannot inspect it
