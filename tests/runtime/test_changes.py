"""What a cell changed: on its result, and in the words that the model reads."""

import datetime as dt
import sqlite3
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cave_agent.runtime import (
    Change,
    ChangeKind,
    ExecutionResult,
    Function,
    PythonRuntime,
    Type,
    Variable,
    digest,
)
from tests.runtime.cells import Mode, run, run_ok

MADE, REBOUND, CHANGED, DELETED = ChangeKind


def changes(runtime: PythonRuntime, code: str) -> dict[str, ChangeKind]:
    return {change.name: change.kind for change in run_ok(runtime, code).changes}


def only(result: ExecutionResult) -> Change:
    (change,) = result.changes
    return change


@pytest.fixture(params=["caller", "thread"])
def runtime(request: pytest.FixtureRequest) -> PythonRuntime:
    mode: Mode = request.param
    return PythonRuntime(run_in=mode)


def test_what_becomes_of_a_number(runtime: PythonRuntime) -> None:
    assert only(run_ok(runtime, "x = 1")) == Change("x", MADE, "int 1")
    assert only(run_ok(runtime, "x = 2")) == Change("x", REBOUND, "int 2", "int 1")
    assert run_ok(runtime, "x = 2\nprint(x)").changes == ()
    assert only(run_ok(runtime, "del x")) == Change("x", DELETED, "", "int 2")


@pytest.mark.parametrize("value", [0, -1, 2**63, 10**30, 1.5, float("nan"), True, None])
def test_numbers_are_told_as_their_digests(value: object) -> None:
    def given() -> object:
        return value

    runtime = PythonRuntime([Function(given)])
    assert only(run_ok(runtime, "x = given()")).digest == digest(value)


def test_what_was_there_before_is_told_where_it_is_short(runtime: PythonRuntime) -> None:
    run_ok(runtime, "names = ['Ann']; texts = ['a long text ' * 3, 'another text ' * 3]")
    result = run_ok(runtime, "names.append('Bo'); texts.append('')")
    told = {change.name: change for change in result.changes}
    assert told["names"].before == "list of 1 str ['Ann']"
    assert told["names"].digest == "list of 2 str ['Ann', 'Bo']"
    assert told["texts"].kind is CHANGED
    assert told["texts"].before == ""


@pytest.mark.parametrize(
    ("made", "changed"),
    [
        ("a = [1, 2, 3]", "a[1] = 5"),
        ("a = {'k': [1]}", "a['k'].append(2)"),
        ("a = {'k': 1}", "del a['k']"),
        ("a = {1, 2}", "a.discard(1)"),
        ("a = ([],)", "a[0].append(1)"),
        ("a = bytearray(b'abc')", "a[0] = 1"),
        ("from collections import deque; a = deque([1])", "a.append(1)"),
        ("from collections import Counter; a = Counter('ab')", "a['b'] += 1"),
        ("class A: pass\na = A()", "a.x = 1"),
        ("class A: __slots__ = ('x',)\na = A()", "a.x = 1"),
        ("class A: pass\na = [A()]", "a[0].x = [1]"),
        ("a = [{'n': n} for n in range(300)]", "a[250]['n'] = -1"),
        ("a = list(range(40_000))", "a[20_000] = None"),
        ("class A(list): pass\na = A()", "a.append(1)"),
    ],
)
def test_changed_in_place(runtime: PythonRuntime, made: str, changed: str) -> None:
    run_ok(runtime, made)
    assert changes(runtime, changed) == {"a": CHANGED}
    assert changes(runtime, "len(str(a))") == {}


def test_a_value_that_is_equal_is_no_change(runtime: PythonRuntime) -> None:
    run_ok(runtime, "a = {'k': [1.5, float('nan'), 'text' * 500]}; b = [a]; b.append(b)")
    assert changes(runtime, "import copy\na = copy.deepcopy(a)") == {}
    assert changes(runtime, "b[0] = dict(a)") == {}


def test_a_definition_that_is_made_anew_is_told(runtime: PythonRuntime) -> None:
    assert changes(runtime, "def f(): return 1") == {"f": MADE}
    assert changes(runtime, "def f(): return 2") == {"f": REBOUND}
    assert changes(runtime, "class C: pass") == {"C": MADE}


def test_imports_and_private_names_are_left_out(runtime: PythonRuntime) -> None:
    code = "import json as j\nfrom math import sqrt, pi\nfrom pathlib import Path\n_hidden = 1"
    assert changes(runtime, code) == {}
    assert changes(runtime, "_hidden = 2; 5") == {}


def test_variables_of_loops_are_left_out(runtime: PythonRuntime) -> None:
    loop = "for n, (a, *b) in [(1, (2, 3))]:\n    for c in b: total += c\n"
    code = f"total = 0\n{loop}d = [e for e in b]"
    assert changes(runtime, code) == {"total": MADE, "d": MADE}


def test_what_functions_of_cells_do(runtime: PythonRuntime) -> None:
    run_ok(runtime, "log, total = [], 0")
    run_ok(
        runtime,
        "def note(): log.append(1)\n"
        "def outer(): note()\n"
        "def count():\n    global total\n    total += 1\n"
        "class Box:\n"
        "    @property\n    def size(self): return log.append(2)\n"
        "    @classmethod\n    def make(cls): outer()\n"
        "box = Box()",
    )
    assert changes(runtime, "outer()") == {"log": CHANGED}
    assert changes(runtime, "box.size") == {"log": CHANGED}
    assert changes(runtime, "Box.make()") == {"log": CHANGED}
    assert changes(runtime, "count()") == {"total": REBOUND}
    assert changes(runtime, "[note() for _ in range(2)]") == {"log": CHANGED}


def test_what_names_in_texts_do(runtime: PythonRuntime) -> None:
    assert changes(runtime, "globals()['a'] = 1") == {"a": MADE}
    assert changes(runtime, "exec('a = 2; b = 1')") == {"a": REBOUND, "b": MADE}
    assert changes(runtime, "del globals()['a']") == {"a": DELETED}


@dataclass
class Store:
    orders: list[int] = field(default_factory=list)

    def add(self, order: int) -> None:
        self.orders.append(order)


ORDERS: list[int] = []


def add_order(order: int) -> None:
    ORDERS.append(order)


def test_what_functions_of_the_host_do_to_variables() -> None:
    store, closed_over = Store(), []

    def keep(text: str) -> None:
        closed_over.append(text)

    runtime = PythonRuntime(
        [Function(keep), Function(store.add), Function(add_order)],
        [Variable("notes", closed_over), Variable("store", store), Variable("orders", ORDERS)],
    )
    assert changes(runtime, "keep('a')") == {"notes": CHANGED}
    assert changes(runtime, "add(1)") == {"store": CHANGED}
    assert changes(runtime, "add_order(1)") == {"orders": CHANGED}


def test_what_the_host_binds_is_no_change_of_a_cell() -> None:
    runtime = PythonRuntime(types=[Type(Store)])

    def bring() -> None:
        runtime.inject_variable(Variable("late", [1]))

    runtime.inject_function(Function(bring))
    runtime.inject_variable(Variable("early", [1]))
    assert changes(runtime, "bring(); x = 1") == {"x": MADE}
    runtime.update_variable("early", [2])
    assert changes(runtime, "y = 1") == {"y": MADE}
    assert changes(runtime, "late.append(1)") == {"late": CHANGED}


def test_a_cell_that_fails_tells_what_it_changed(runtime: PythonRuntime) -> None:
    result = run(runtime, "x = 1\n1 / 0\ny = 1")
    assert [change.name for change in result.changes] == ["x"]
    assert run(runtime, "x = = 1").changes == ()
    stopped = run(runtime, "z = 1\nwhile True: z += 1", timeout=0.05)
    assert [change.name for change in stopped.changes] == ["z"]


def test_awaiting_cells(runtime: PythonRuntime) -> None:
    code = "import asyncio\nasync def f(): a.append(1)\na = []\nawait asyncio.gather(f(), f())"
    assert changes(runtime, code) == {"f": MADE, "a": MADE}
    assert changes(runtime, "await f()") == {"a": CHANGED}


def test_reset_begins_anew() -> None:
    runtime = PythonRuntime(variables=[Variable("kept", [1])])
    run_ok(runtime, "x = 1")
    runtime.reset()
    assert changes(runtime, "x = 1; kept.append(2)") == {"kept": CHANGED, "x": MADE}


def test_private_values_are_not_shown() -> None:
    runtime = PythonRuntime(variables=[Variable("pin", "7401", private=True)])
    assert only(run_ok(runtime, "pin = '8402'")) == Change("pin", REBOUND, "str", "str")
    assert only(run_ok(runtime, "db_password = 'hunter2'")).digest == "str"


def test_no_object_is_kept_alive_or_run(runtime: PythonRuntime) -> None:
    run_ok(
        runtime,
        "import gc, weakref\n"
        "class Rude:\n"
        "    def __getattribute__(self, name): raise RuntimeError(name)\n"
        "    def __eq__(self, other): raise RuntimeError\n"
        "    def __repr__(self): raise RuntimeError\n"
        "rude = Rude(); ref = weakref.ref(rude); log = [rude]",
    )
    run_ok(runtime, "del rude; log.clear(); gc.collect(); assert ref() is None")


def test_objects_with_digests_of_their_own_are_seen_through_them() -> None:
    class Thermostat:
        target, reads = 21, 0

        def __cave_digest__(self) -> str:
            return f"Thermostat at {self.target}"

        def read(self) -> int:
            self.reads += 1
            return self.target

    runtime = PythonRuntime(variables=[Variable("thermostat", Thermostat())])
    assert changes(runtime, "thermostat.read()") == {}
    change = only(run_ok(runtime, "thermostat.target = 22"))
    assert (change.before, change.digest) == ("Thermostat at 21", "Thermostat at 22")


def test_databases() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("create table t(a)")
    runtime = PythonRuntime(variables=[Variable("db", connection)])
    assert changes(runtime, "db.execute('select * from t').fetchall()") == {}
    assert changes(runtime, "cursor = db.execute('insert into t values (1)'); del cursor") == {
        "db": CHANGED
    }
    connection.close()


def test_tables() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"n": range(5_000), "s": ["x"] * 5_000})
    frame["day"] = pd.Timestamp("2026-01-01")
    frame["kind"] = pd.Categorical(frame["s"])
    runtime = PythonRuntime(variables=[Variable("df", frame)])
    assert changes(runtime, "df.head(); df['n'].sum(); df.describe(); len(df)") == {}
    for code in (
        "df['m'] = df['n'] * 2",
        "df.loc[7, 'n'] = -1",
        "df.loc[7, 's'] = 'y'",
        "df.loc[7, 'kind'] = None",
        "df['day'] += df['day'] - df['day'] + __import__('pandas').Timedelta(days=1)",
        "del df['m']",
        "df.columns = ['n', 't', 'day', 'kind']",
        "df.index = df.index[::-1]",
    ):
        assert changes(runtime, code) == {"df": CHANGED}, code
    assert changes(runtime, "big = df[df['n'] > 10]") == {"big": MADE}
    assert changes(runtime, "df = df.head(3)") == {"df": REBOUND}


def test_arrays() -> None:
    np = pytest.importorskip("numpy")
    runtime = PythonRuntime(
        variables=[
            Variable("a", np.zeros(10)),
            Variable("strided", np.zeros((2_000, 2_000))[:, ::2]),
            Variable("objects", np.array([{}, []], dtype=object)),
        ]
    )
    assert changes(runtime, "a.sum(); strided.sum(); objects.shape") == {}
    assert changes(runtime, "a[3] = 1") == {"a": CHANGED}
    assert changes(runtime, "strided[:] = 1") == {"strided": CHANGED}
    assert changes(runtime, "objects[0] = None") == {"objects": CHANGED}


def test_only_what_a_cell_reaches_is_looked_at() -> None:
    looks: list[str] = []

    class Watched:
        def __init__(self, name: str) -> None:
            self.name = name

        def __cave_digest__(self) -> str:
            looks.append(self.name)
            return self.name

    names = [f"idle_{n}" for n in range(1_000)]
    runtime = PythonRuntime(variables=[Variable(name, Watched(name)) for name in names])
    run_ok(runtime, "x = [1]\nprint(x, idle_7.name)")
    assert set(looks) == {"idle_7"}


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=20,
)


@settings(max_examples=50, deadline=None)
@given(values, values)
def test_a_change_is_told_exactly_where_there_is_one(first: object, second: object) -> None:
    runtime = PythonRuntime(variables=[Variable("box", [first]), Variable("new", second)])
    expected = {} if repr(first) == repr(second) else {"box": CHANGED}
    assert changes(runtime, "box[0] = new") == expected


def test_times_and_dates_are_compared_by_value() -> None:
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    runtime = PythonRuntime(variables=[Variable("when", [moment])])
    assert changes(runtime, "when[0] = when[0].replace()") == {}
    assert changes(runtime, "when[0] = when[0].replace(tzinfo=None)") == {"when": CHANGED}


@pytest.mark.parametrize("fields", range(1, 9))
def test_reading_what_is_large_is_no_change(fields: int) -> None:
    records = [{f"f{n}": row * n for n in range(fields)} for row in range(5_000)]
    by_key = {f"k{n}": [n] for n in range(6_000)}
    runtime = PythonRuntime(variables=[Variable("rows", records), Variable("by_key", by_key)])
    assert changes(runtime, "print(len(rows), rows[3], by_key['k5'])") == {}
    assert changes(runtime, "by_key['k5999'] = 1") == {"by_key": CHANGED}


class Account:
    def __init__(self) -> None:
        self.balance = Decimal(10)
        self.moment = Path("a")

    def deposit(self, amount: Decimal) -> None:
        self.balance += amount


def test_changes_of_immutable_values_whose_addresses_are_used_again() -> None:
    np = pytest.importorskip("numpy")
    runtime = PythonRuntime(
        types=[Type(Decimal)],
        variables=[Variable("account", Account()), Variable("deep", [{"n": np.float64(1)}])],
    )
    for _ in range(5):
        code = "account.deposit(Decimal(5)); account.deposit(Decimal(6))"
        assert changes(runtime, code) == {"account": CHANGED}
        assert changes(runtime, "for _ in range(3): deep[0]['n'] += 1") == {"deep": CHANGED}


def test_private_numbers_are_not_told_as_they_were() -> None:
    runtime = PythonRuntime(variables=[Variable("salary", 123_456, private=True)])
    for code in ("salary = salary + 98_877", "salary = salary * 2", "del salary"):
        change = only(run_ok(runtime, code))
        assert change.before in ("int", "")


def test_comprehensions_hide_nothing(runtime: PythonRuntime) -> None:
    run_ok(runtime, "frames = [1, 2]\ndf = 1")
    assert changes(runtime, "df = [\n    df\n    for df in frames\n]") == {"df": REBOUND}


def test_imported_values_are_left_out(runtime: PythonRuntime) -> None:
    code = "from math import pi, tau as turn\nfrom os import environ\nfrom string import *\nx = 1"
    assert changes(runtime, code) == {"x": MADE}
    assert changes(runtime, "try:\n    from math import e\nexcept ImportError:\n    e = 0") == {}


def test_what_shares_its_content_is_told_too() -> None:
    class Lamp:
        is_on = False

    class Home:
        def __init__(self, store: list[str], lamp: Lamp) -> None:
            self._store, self._lamps = store, [lamp]

        def all_on(self) -> None:
            self._store.append("on")
            for lamp in self._lamps:
                lamp.is_on = True

    store: list[str] = []
    lamp = Lamp()
    runtime = PythonRuntime(
        variables=[
            Variable("home", Home(store, lamp)),
            Variable("store", store),
            Variable("lamp", lamp),
        ]
    )
    assert changes(runtime, "home.all_on()") == {"home": CHANGED, "store": CHANGED, "lamp": CHANGED}


def test_a_name_that_was_deleted_by_text_is_made_anew(runtime: PythonRuntime) -> None:
    assert changes(runtime, "q = 1") == {"q": MADE}
    assert changes(runtime, "exec('del q')") == {"q": DELETED}
    assert changes(runtime, "exec('q = 2')") == {"q": MADE}


def test_a_class_that_hides_its_module_is_told_like_any_other(runtime: PythonRuntime) -> None:
    code = (
        "class Hiding(type):\n"
        "    def __getattribute__(cls, name): raise RuntimeError(name)\n"
        "class Hidden(metaclass=Hiding): pass\n"
        "def odd(): pass\n"
        "odd.__module__ = 5"
    )
    assert changes(runtime, code) == {"Hiding": MADE, "Hidden": MADE}
    assert changes(runtime, "made = Hidden()") == {"made": MADE}
