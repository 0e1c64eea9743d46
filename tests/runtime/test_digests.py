"""Digests of Python's own values: what they say, what they cost, what they leave alone."""

import array
import asyncio
import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import functools
import io
import itertools
import json
import os
import subprocess
import sys
import threading
import types
import urllib.parse
import urllib.request
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, NoReturn

import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cave_agent.runtime import PythonRuntime, Variable, digest
from cave_agent.runtime.digests.masking import mask_secrets
from cave_agent.runtime.entries import fit
from cave_agent.runtime.variables import variable_parts
from tests.runtime.cells import run_ok


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Pair(NamedTuple):
    left: int
    right: str


@dataclasses.dataclass
class Order:
    id: int
    total: float = 2.5
    note: str = dataclasses.field(default="", repr=False)


@dataclasses.dataclass(slots=True)
class Slotted:
    x: int
    y: int


class Person(pydantic.BaseModel):
    name: str
    age: int = 30
    pin: str = pydantic.Field(default="1234", repr=False)


class Light:
    def __init__(self) -> None:
        self.name = "Kitchen"
        self.is_on = False
        self._watts = 5

    def dim(self, level: int, *, ramp: "float" = 1.0) -> bool:
        return bool(level and ramp)


class WithSlots:
    __slots__ = ("_hidden", "name", "unset")

    def __init__(self) -> None:
        self.name = "x"
        self._hidden = 1


def numbers(n: int = 3) -> Iterator[int]:
    yield from range(n)


async def fetch(url: str) -> bytes:
    return url.encode()


async def ticks() -> AsyncIterator[int]:
    yield 1


RECORDS = [{"id": n, "name": f"n{n}", "total": n / 2} for n in range(5_000)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "None"),
        (..., "Ellipsis"),
        (True, "bool True"),
        (2024, "int 2024"),
        (10**100, "int of 333 bits"),
        (0.5, "float 0.5"),
        (float("nan"), "float nan"),
        (2j, "complex 2j"),
        (decimal.Decimal("12.50"), "Decimal 12.50"),
        (fractions.Fraction(1, 3), "Fraction 1/3"),
        ("!dlrow ,olleH", "str '!dlrow ,olleH'"),
        ("", "str ''"),
        ("x" * 60, f"str '{'x' * 60}'"),
        ("x" * 12_034, f"str of 12,034 characters '{'x' * 60}…'"),
        ("two\nlines", "str 'two\\nlines'"),
        (b"ab", "bytes b'ab'"),
        (bytearray(b"x" * 5_000), f"bytearray of 5,000 b'{'x' * 30}'…"),
        (memoryview(b"abc"), "memoryview of 3 bytes"),
        ([], "list, empty"),
        ([1, 2, 3], "list of 3 int [1, 2, 3]"),
        ([1, "a", None, 1.5, b"x"], "list of 5 int, str, None, float, … [1, 'a', None, 1.5, b'x']"),
        ((1,), "tuple of 1 int [1]"),
        (RECORDS, f"list of 5,000 dict [keys id, name, total; first {RECORDS[0]}]"),
        ([{"a": 1}, {"b": 2}], "list of 2 dict [keys a, b; first {'a': 1}]"),
        ([{1: 1}], "list of 1 dict [{1: 1}]"),
        ([[1, 2], [3]], "list of 2 list [[1, 2], [3]]"),
        ({}, "dict, empty"),
        ({"a": 1, "b": [1, {"c": (2,)}]}, "dict of 2 {'a': 1, 'b': [1, {'c': (2,)}]}"),
        (dict.fromkeys(range(5_000), "v"),
         "dict of 5,000 int: str {0: 'v', 1: 'v', 2: 'v', 3: 'v', 4: 'v', 5: 'v', 6: 'v', …}"),
        (collections.Counter("hello"), "Counter of 4 {'h': 1, 'e': 1, 'l': 2, 'o': 1}"),
        (collections.defaultdict(list, {1: [2]}), "defaultdict of 1 int: list {1: [2]}"),
        ({3, 1, 20}, "set of 3 int {1, 3, 20}"),
        (set("hello"), "set of 4 str {'e', 'h', 'l', 'o'}"),
        (set(), "set, empty"),
        (frozenset([1]), "frozenset of 1 int {1}"),
        (set(range(10_000)), "set of 10,000 int"),
        (collections.deque([1, 2]), "deque of 2 int [1, 2]"),
        ({"a": 1}.keys(), "dict_keys of 1 str ['a']"),
        (array.array("d", [1.5]), "array of 1 'd' [1.5]"),
        (range(2, 10), "range of 8 range(2, 10)"),
        (Pair(1, "x"), "Pair(left=1, right='x')"),
        (dt.date(2024, 1, 2), "date 2024-01-02"),
        (dt.datetime(2024, 1, 2, 3, tzinfo=dt.UTC), "datetime 2024-01-02 03:00:00+00:00"),
        (dt.timedelta(days=2), "timedelta 2 days, 0:00:00"),
        (dt.time(1, 2), "time 01:02:00"),
        (uuid.UUID(int=5), "UUID 00000000-0000-0000-0000-000000000005"),
        (PurePosixPath("data/x.csv"), "PurePosixPath 'data/x.csv'"),
        (PurePosixPath("d/" * 99 + "x.csv"), f"PurePosixPath '…{'/d' * 72}/x.csv'"),
        (Color.RED, "Color.RED = 'red'"),
        ([Color.RED], "list of 1 Color [Color.RED]"),
        (Order(1, note="secret"), "Order(id=1, total=2.5, note: str)"),
        ([Order(1)] * 300, "list of 300 Order [first Order(id=1, total=2.5, note: str)]"),
        (Slotted(1, 2), "Slotted(x=1, y=2)"),
        (Person(name="Ann"), "Person(name='Ann', age=30, pin: str)"),
        (Light(), "Light [name='Kitchen', is_on=False]"),
        (WithSlots(), "WithSlots [name='x']"),
        (object(), "object"),
        (types.SimpleNamespace(a=1), "SimpleNamespace [a=1]"),
        (ValueError("bad", 3), "ValueError('bad', 3)"),
        (KeyError("x"), "KeyError('x')"),
        (Color, "class Color(Enum) [RED, BLUE]"),
        (Order, "class Order [id, total, note]"),
        (Light, "class Light [dim()]"),
        (dict, "class dict"),
        (Light().dim, "method Light.dim(level: int, *, ramp: float = 1.0) -> bool"),
        (len, "builtin len(obj, /)"),
        (fetch, "async function fetch(url: str) -> bytes"),
        (numbers, "generator function numbers(n: int = 3) -> Iterator[int]"),
        (functools.partial(len), "partial of builtin len(obj, /)"),
        (lambda x, y=(1, 2): (x, y), "function <lambda>(x, y=(1, 2))"),
        (json, "module json"),
        (zip([1], [2], strict=True), "zip, an iterator"),
        (io.BytesIO(b"abc"), "BytesIO of 3 bytes, at 0"),
        (io.StringIO("abc"), "StringIO at 0"),
    ],
)  # fmt: skip
def test_forms(value: object, expected: str) -> None:
    assert digest(value) == expected


def test_integers_that_python_does_not_convert() -> None:
    assert digest(-(10**10_000)) == "int of 33,220 bits"
    assert digest([10**10_000]) == "list of 1 int [<int of 33,220 bits>]"


def test_what_is_read_once_is_neither_read_nor_advanced(tmp_path: Path) -> None:
    generator = numbers()
    assert digest(generator) == "generator numbers, not started"
    assert next(generator) == 0
    assert digest(generator) == "generator numbers, under way"
    assert list(generator) == [1, 2]
    assert digest(generator) == "generator numbers, finished"
    for iterator in (iter([1, 2]), map(str, [1, 2]), itertools.chain([1, 2]), enumerate("ab")):
        digest([iterator])
        assert digest(iterator).endswith(", an iterator")
        assert len(list(iterator)) == 2
    path = tmp_path / "data.txt"
    path.write_text("one\ntwo\n", encoding="utf-8")
    with path.open(encoding="utf-8") as text, path.open("rb") as binary:
        assert digest(text) == f"TextIOWrapper {str(path)!r} mode 'r', utf-8, at 0"
        assert text.readline() == "one\n"
        assert digest(text).endswith(", at 4")
        assert digest(binary) == f"BufferedReader {str(path)!r} mode 'rb', at 0"
        for _ in text:  # Python refuses to tell the position within a loop
            assert digest(text) == f"TextIOWrapper {str(path)!r} mode 'r', utf-8"
    assert digest(text) == f"TextIOWrapper {str(path)!r}, closed"


def test_a_file_that_is_written_is_not_flushed(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    with path.open("w", encoding="utf-8") as file:
        file.write("waiting")
        assert digest(file) == f"TextIOWrapper {str(path)!r} mode 'w', utf-8"
        assert path.read_text(encoding="utf-8") == ""


def test_threads() -> None:
    class Worker(threading.Thread):
        def __init__(self) -> None:
            super().__init__(name="counts")
            self.result = 5

    runtime = PythonRuntime(variables=[Variable("thread", Worker())])
    assert digest(runtime.retrieve("thread")) == "Worker 'counts', not started [result=5]"
    run_ok(runtime, "thread.start(); thread.join()")
    assert digest(runtime.retrieve("thread")) == "Worker 'counts', finished [result=5]"
    assert digest(threading.current_thread()).startswith("_MainThread 'MainThread', running")
    assert digest(threading.Thread(name="ann"), private=True) == "Thread, not started"
    cell = "import threading\nt = threading.Thread(name='t', target=print)\nt.start(); t.join()"
    (change,) = run_ok(runtime, cell).changes
    assert change.digest == "Thread 't', finished"


def test_coroutines_and_async_generators() -> None:
    coroutine = fetch("x")
    assert digest(coroutine) == "coroutine fetch, not awaited"
    assert asyncio.run(coroutine) == b"x"
    assert digest(coroutine) == "coroutine fetch, awaited"
    assert digest(ticks()) == "async generator ticks"


# How long, how costly


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text(st.characters(exclude_categories=()))
    | st.binary()
    | st.dates()
    | st.decimals()
    | st.just(object),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text() | st.integers(), inner)
        | st.frozensets(st.integers() | st.text())
        | inner.map(lambda value: types.SimpleNamespace(value=value))
    ),
)


@settings(max_examples=60, deadline=None)
@given(value=VALUES, room=st.integers(20, 500), private=st.sampled_from([False, True, ["value"]]))
def test_any_value_has_one_line_of_bounded_length(value: Any, room: int, private: Any) -> None:
    text = digest(value, room=room, private=private)
    assert 0 < len(text) <= room
    assert len(text.splitlines()) == 1
    text.encode()
    assert digest(value, room=room, private=private) == text


@pytest.mark.parametrize(
    "value",
    [
        list(range(1_000_000)),
        RECORDS * 200,
        dict.fromkeys(range(1_000_000)),
        "x" * 10_000_000,
        [["x" * 1_000] * 1_000] * 1_000,
        {f"a column with a long name {n}": n for n in range(39)},
        [dict.fromkeys((f"a column with a long name {n}" for n in range(39)), "x" * 99)] * 9,
        types.SimpleNamespace(**{f"field_{n}": "x" * 1_000 for n in range(1_000)}),
        Exception("x" * 10_000),
        type("X" * 10_000, (), {f"member_{n}": n for n in range(10_000)}),
    ],
    ids=range(10),
)
def test_what_is_huge_has_about_a_hundred_tokens(value: object) -> None:
    assert len(digest(value)) <= 400
    assert len(digest(value, room=40)) <= 40


def test_values_that_hold_themselves() -> None:
    ring: list[Any] = [1]
    ring.append(ring)
    assert digest(ring) == "list of 2 int, list [1, [1, [1, [1, […]]]]]"
    table: dict[str, Any] = {}
    table["self"] = table
    assert "…" in digest(table)
    light = Light()
    light.peer = light  # type: ignore[attr-defined]
    assert digest(light).startswith("Light [name='Kitchen', is_on=False, peer=Light [")
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]
    assert len(digest(deep)) < 50
    while deep:  # freed by levels
        deep = deep.pop()


def test_a_digest_is_the_same_in_every_process() -> None:
    code = "from cave_agent.runtime import digest; print(digest([{'b', 'a', 'c'}, object()]))"
    texts = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert texts == {"list of 2 set, object [{'a', 'b', 'c'}, object]\n"}


# Objects that resist


def refuse(*_: object, **__: object) -> NoReturn:
    message = "code of the value was run"
    raise AssertionError(message)


class Meta(type):
    __getattribute__ = __getattr__ = __eq__ = __hash__ = refuse
    __instancecheck__ = __subclasscheck__ = __call__ = __repr__ = refuse


NAMES = ["getattribute", "getattr", "repr", "str", "len", "iter", "bool", "eq", "hash", "format"]
NAMES += ["getitem", "contains", "dir", "lt", "index", "float", "buffer", "reduce", "sizeof"]
REFUSALS = dict.fromkeys([*(f"__{name}__" for name in NAMES), "keys", "items"], refuse)
OTHER = {"__class__": property(refuse), "__dict__": property(refuse)}


@pytest.mark.parametrize("base", [object, list, dict, str, int, float, set, tuple, bytes, Light])
def test_no_code_of_a_value_is_run(base: Any) -> None:
    plain = type("Hostile", (base,), {**REFUSALS, **OTHER})
    value = base.__new__(plain)
    assert digest(value).startswith("Hostile")
    assert "Hostile" in digest([value, {"a": value}, (value,)])
    assert digest(value, private=True).startswith("Hostile")


def test_no_code_of_a_metaclass_is_run() -> None:
    cls = type.__new__(Meta, "Odd", (), {**REFUSALS, "keys": 1})
    value: Any = object.__new__(cls)  # type: ignore[arg-type]
    assert digest(value) == "Odd"
    assert digest(cls) == "class Odd [keys, items()]"
    assert digest([value, cls]).startswith("list of 2 Odd, Meta")
    assert fit([list(variable_parts([Variable("odd", value)]))]) == [
        "- odd: Odd with items(*_, **__)"
    ]


def test_lies_about_what_it_is_change_nothing() -> None:
    class Liar:
        __class__ = list  # type: ignore[assignment]
        __name__ = "\n" * 1_000

    assert digest(Liar()) == "Liar"
    assert digest(type("two\nlines", (), {})()) == "two; lines"


class Lazy:
    """Loads what it has when it is asked, as objects of a database do."""

    def __init__(self) -> None:
        self.id = 7
        self.loads = 0

    @property
    def customer(self) -> str:
        self.loads += 1
        return "Ann"

    def __getattr__(self, name: str) -> str:
        self.__dict__["loads"] += 1
        return name


def test_nothing_is_loaded() -> None:
    value = Lazy()
    assert digest(value) == "Lazy [id=7, loads=0]"
    assert value.loads == 0


# Digests of one's own


def test_registered_digests_are_inherited_and_nearest_first() -> None:
    class Shape:
        pass

    class Square(Shape):
        def __cave_digest__(self) -> str:
            return "Square of one's own"

    class Tiny(Square):
        pass

    assert digest(Shape()) == "Shape"

    @digest.register(Shape)
    def shape(_: Shape) -> str:
        return "a shape"

    assert shape(Shape()) == "a shape"
    assert (digest(Shape()), digest(Tiny())) == ("a shape", "Square of one's own")
    digest.register(Tiny)(lambda _: "tiny")
    assert digest([Tiny()]) == "list of 1 Tiny [tiny]"


def test_digests_that_fail_or_are_too_long() -> None:
    class Odd:
        def __init__(self, answer: Any) -> None:
            self.answer = answer

        def __cave_digest__(self) -> str:
            if isinstance(self.answer, BaseException):
                raise self.answer
            return self.answer  # type: ignore[no-any-return]

    assert digest(Odd(ValueError("x"))) == "Odd, whose digest raised ValueError"
    assert digest(Odd(SystemExit(1))) == "Odd, whose digest raised SystemExit"
    with pytest.raises(KeyboardInterrupt):
        digest(Odd(KeyboardInterrupt()))
    assert digest(Odd(5)) == "Odd, whose digest is no text but int"
    assert digest(Odd("")) == "Odd"
    assert len(digest(Odd("x" * 10**6))) == 400
    assert digest(Odd("a\n b\n\nc")) == "a; b; c"
    assert digest(Odd("see http://ann:hunter2@host")) == "see http://ann:***@host"
    assert digest(Odd("private"), private=True) == "Odd [answer: str]"
    assert digest(Odd("private"), private=["answer"]) == "Odd [answer: str]"
    runtime = PythonRuntime(variables=[Variable("odd", Odd("a\nb\nc"), "It is odd")])
    assert runtime.describe_variables() == "- odd: a - It is odd\n    b\n    c"


def test_wrong_arguments() -> None:
    with pytest.raises(TypeError, match="'int' is no class"):
        digest.register("int")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="room=5"):
        digest(1, room=5)


# Passwords


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("postgresql://ann:hunter2@db:5432/shop", "postgresql://ann:***@db:5432/shop"),
        ("redis://:hunter2@db", "redis://:***@db"),
        ("ftp://ann:hun/t@er2@db/x y", "ftp://ann:***@db/x y"),
        ("https://x.org/?api_key=hunter2&page=2", "https://x.org/?api_key=***&page=2"),
        ("https://x.org/?sig=hunter2", "https://x.org/?sig=***"),
        ("host=db password=hunter2 user=ann", "host=db password=*** user=ann"),
        ("Server=db;Pwd='hunter2';", "Server=db;Pwd='***';"),
        ('{"password": "hunter2", "user": "ann"}', '{"password": "***", "user": "ann"}'),
        ("Authorization: Bearer hunter2hunter2", "Authorization: Bearer ***"),
        ("key sk-hunter2hunter2hunter2 is", "key *** is"),
        ("f(user, password: str = 'hunter2')", "f(user, password: str = '***')"),
        ("https://hunter2hunter2hunter2@github.com", "https://***@github.com"),
        ("postgresql:/ann:hunter2@db/shop", "postgresql:/ann:***@db/shop"),
        ("ann:hunter2@db.example.org:5432", "ann:***@db.example.org:5432"),
        ("(netloc='ann:hunt@er2@[::1]')", "(netloc='ann:***@[::1]')"),
        ("mailto:ann@x.org", "mailto:ann@x.org"),
        ("come at 12:30 to 'bob:x'@y", "come at 12:30 to 'bob:x'@y"),
        ("http://localhost:8080/x?page=2", "http://localhost:8080/x?page=2"),
        ("total_tokens=5, (token: str) -> None", "total_tokens=5, (token: str) -> None"),
        ("ann@x.org wrote: no secrets here", "ann@x.org wrote: no secrets here"),
    ],
)
def test_secrets_are_masked(text: str, masked: str) -> None:
    assert mask_secrets(text) == masked
    assert mask_secrets(masked) == masked
    assert "hunter2" not in digest(text)
    assert "hunter2" not in digest(text.encode())
    assert "hunter2" not in digest([{"a": (text,)}])


@pytest.mark.parametrize("room", range(20, 80))
def test_a_cut_does_not_uncover_a_password(room: int) -> None:
    for text in ("postgresql://ann:hunter2hunter2@host/" + "x" * 80, "?token=hunter2hunter2"):
        for value in (text, [text], {"url": text}, text.encode()):
            assert "hunter" not in digest(value, room=room)


def test_fields_that_hold_secrets_are_known_by_their_names() -> None:
    value = types.SimpleNamespace(api_key="hunter2", user="ann", total_tokens=5)
    assert digest(value) == "SimpleNamespace [api_key='***', user='ann', total_tokens=5]"
    assert digest({"Password": "hunter2"}) == "dict of 1 {'Password': '***'}"
    assert digest({"auth": ("ann", "hunter2")}) == "dict of 1 {'auth': tuple}"
    nested = types.SimpleNamespace(credentials=[{"ann": "hunter2"}], auth=None)
    assert digest(nested) == ("SimpleNamespace [credentials: list, auth=None]")


@pytest.mark.parametrize(
    "value",
    [
        urllib.parse.urlparse("postgresql://ann:hunter2@host/db"),
        urllib.parse.urlsplit(b"postgresql://ann:hunter2@host/db"),
        urllib.request.Request("https://ann:hunter2@host/db"),
        PurePosixPath("postgresql://ann:hunter2@host/db"),
        PurePosixPath("postgresql://ann:hunter2hunter2@host/" + "d" * 130),
    ],
)
def test_urls_in_parts_hide_their_passwords(value: object) -> None:
    for text in (digest(value), digest([value]), digest({"url": value}, room=60)):
        assert "hunter" not in text
        assert "unter2" not in text


@settings(max_examples=60)
@given(text=st.text("ab://:@?=&'\" \npassword", max_size=200))
def test_masking_takes_any_text(text: str) -> None:
    once = mask_secrets(text)
    assert mask_secrets(once) == once or len(mask_secrets(once)) <= len(once) + 10


# Private values


@pytest.mark.parametrize(
    ("value", "private", "expected"),
    [
        ("Ann", True, "str"),
        (5, True, "int"),
        ([1, 2], True, "list of 2 int"),
        ({"mail": "a@x", "age": 5}, True, "dict of 2 [mail str, age int]"),
        ({"a@x.org": 5}, True, "dict of 1 str: int"),
        (collections.Counter(["Ann"]), True, "Counter of 1 str: int"),
        ({"mail": "a@x", "age": 5}, ["mail"], "dict of 2 {'mail': str, 'age': 5}"),
        ([{"mail": "a@x", "age": 5}], True, "list of 1 dict [keys mail str, age int]"),
        ([{"mail": "a@x", "age": 5}], ["mail"],
         "list of 1 dict [keys mail str, age; first {'mail': str, 'age': 5}]"),
        (Order(7), True, "Order(id: int, total: float, note: str)"),
        (Order(7), ["id"], "Order(id: int, total=2.5, note: str)"),
        ([Order(7)], True, "list of 1 Order [each Order(id: int, total: float, note: str)]"),
        (Pair(1, "x"), ["right"], "Pair(left=1, right: str)"),
        (Color.RED, True, "Color"),
        (ValueError("Ann"), True, "ValueError"),
        ({"a": {"b": {"mail": "a@x"}}}, ["mail"], "dict of 1 {'a': {'b': {'mail': str}}}"),
        (lambda x="Ann": x, True, "function <lambda>(x=…)"),
        ({1, 2}, True, "set of 2 int"),
    ],
)  # fmt: skip
def test_private_values(value: object, private: Any, expected: str) -> None:
    assert digest(value, private=private) == expected


@settings(max_examples=40, deadline=None)
@given(value=st.recursive(st.just("Marker5"), lambda inner: (
    st.lists(inner) | st.dictionaries(st.sampled_from(["a", "b", "c d"]), inner)
    | st.tuples(inner) | inner.map(lambda value: types.SimpleNamespace(x=value))
)))  # fmt: skip
def test_nothing_of_a_private_value_is_told(value: Any) -> None:
    assert "Marker5" not in digest(value, private=True)
    assert "Marker5" not in digest({"x": value}, private=["x"])


def test_private_variables_are_described_as_such() -> None:
    runtime = PythonRuntime(
        variables=[
            Variable("pin", "1234", "The PIN", private=True),
            Variable("row", {"mail": "a@x", "n": 1}, private=["mail"]),
            Variable("none", 1, private=[]),
        ]
    )
    assert runtime.describe_variables() == (
        "- pin: str (private) - The PIN\n"
        "- row: dict of 2 {'mail': str, 'n': 1} (private: mail)\n"
        "- none: int 1"
    )


@pytest.mark.parametrize("private", ["email", [5]])
def test_private_must_be_names(private: Any) -> None:
    with pytest.raises(TypeError, match="use True, or a list"):
        Variable("x", 1, private=private)
