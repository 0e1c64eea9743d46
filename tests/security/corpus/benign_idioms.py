"""Ordinary cells: idioms that look, at first sight, like something that they are not."""

from tests.security.corpus.records import Benign

CELLS = (
    Benign(
        "double-underscores-in-texts",
        """
import pandas as pd

df = pd.DataFrame({"city": ["a", "b", "a"], "sales": [1.0, 2.0, 3.0]})
table = df.groupby("city").agg({"sales": ["sum", "mean"]})
table.columns = ["__".join(names) for names in table.columns]
parts = "sales__sum".split("__")
line = "_" * 10 + "__________"
""",
        check="list(table) == ['sales__sum', 'sales__mean'] and parts[1] == 'sum'",
    ),
    Benign(
        "double-underscores-in-keys",
        """
rows = [{"_id": 1, "__typename": "User", "__v": 0}, {"_id": 2, "__typename": "Group", "__v": 3}]
kinds = {row["_id"]: row["__typename"] for row in rows}
versions = [row.get("__v", 0) for row in rows]
""",
        check="kinds == {1: 'User', 2: 'Group'} and versions == [0, 3]",
    ),
    Benign(
        "future-annotations",
        """
from __future__ import annotations

from dataclasses import dataclass, field

@dataclass
class Node:
    value: int
    children: list[Node] = field(default_factory=list)

    def total(self) -> int:
        return self.value + sum(child.total() for child in self.children)

total = Node(1, [Node(2), Node(3, [Node(4)])]).total()
""",
        check="total == 10",
    ),
    Benign(
        "frozen-dataclass-that-computes",
        """
from dataclasses import dataclass, field

@dataclass(frozen=True)
class Vector:
    x: float
    y: float
    length: float = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "length", (self.x**2 + self.y**2) ** 0.5)

length = Vector(3, 4).length
""",
        check="length == 5.0",
    ),
    Benign(
        "cause-of-an-exception",
        """
try:
    try:
        1 / 0
    except ZeroDivisionError as error:
        raise ValueError("bad ratio") from error
except ValueError as error:
    cause = error.__cause__
    text = f"{type(error).__name__} because of {cause!r}"
""",
        check="isinstance(cause, ZeroDivisionError) and 'division' in text",
    ),
    Benign(
        "rows-with-renamed-columns",
        """
import pandas as pd

df = pd.DataFrame({"the city": ["a", "b"], "sales": [1, 2]})
cities = [row._1 for row in df.itertuples()]
records = [row._asdict() for row in df.itertuples(index=False)]
""",
        check="cities == ['a', 'b'] and records[1]['sales'] == 2",
    ),
    Benign(
        "arrays-of-text",
        """
import numpy as np

names = np.array(["ann lee", "bo"])
upper = np.char.upper(names)
longest = names[np.char.str_len(names).argmax()]
""",
        check="upper.tolist() == ['ANN LEE', 'BO'] and longest == 'ann lee'",
    ),
    Benign(
        "sliding-windows",
        """
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

means = sliding_window_view(np.arange(6), 3).mean(axis=1)
sums = np.lib.stride_tricks.sliding_window_view(np.arange(4), 2).sum(axis=1)
""",
        check="means.tolist() == [1, 2, 3, 4] and sums.tolist() == [1, 3, 5]",
    ),
    Benign(
        "literals-in-text",
        """
import ast

values = [ast.literal_eval(text) for text in ("[1, 2]", "{'a': None}", "-3.5")]
try:
    ast.literal_eval("1 +")
except SyntaxError:
    problem = "incomplete"
""",
        check="values == [[1, 2], {'a': None}, -3.5] and problem",
    ),
    Benign(
        "compare-tables",
        """
import numpy as np
import pandas as pd

df = pd.DataFrame({"a": [1.0, 2.0]})
pd.testing.assert_frame_equal(df, df.copy())
np.testing.assert_allclose(df["a"], [1.0, 2.0 + 1e-12])
try:
    pd.testing.assert_series_equal(df["a"], df["a"] + 1)
except AssertionError:
    differs = True
""",
        check="differs",
    ),
    Benign(
        "decorator-with-an-argument",
        """
import functools

def repeated(times):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return [function(*args, **kwargs) for _ in range(times)]

        return wrapper

    return decorate

@repeated(times=2)
def greet(name):
    "Greet somebody."
    return f"hello {name}"

greetings = greet("ann")
""",
        check="greetings == ['hello ann'] * 2 and greet.__name__ == 'greet' and greet.__doc__",
    ),
    Benign(
        "output-into-a-text",
        """
import io
from contextlib import redirect_stdout

buffer = io.StringIO()
with redirect_stdout(buffer):
    print("kept")
print("shown")
""",
        check="buffer.getvalue() == 'kept\\n'",
        stdout="shown\n",
    ),
    Benign(
        "match-over-commands",
        """
from dataclasses import dataclass

@dataclass(frozen=True)
class Add:
    name: str
    hours: int = 1

@dataclass(frozen=True)
class Remove:
    name: str

def apply(plan, command):
    match command:
        case Add(name, hours) if hours > 0:
            return {**plan, name: hours}
        case Remove(name=name) if name in plan:
            return {key: value for key, value in plan.items() if key != name}
        case Add() | Remove():
            return plan

plan = {}
for command in (Add("paint", 6), Add("rest", 0), Add("call"), Remove("paint"), Remove("none")):
    plan = apply(plan, command)
""",
        check="plan == {'call': 1}",
    ),
    Benign(
        "time-zones",
        """
from datetime import datetime
from zoneinfo import ZoneInfo

berlin = datetime(2024, 7, 1, 12, tzinfo=ZoneInfo("Europe/Berlin"))
utc = berlin.astimezone(ZoneInfo("UTC"))
""",
        check="utc.hour == 10 and berlin.tzname() == 'CEST'",
    ),
    Benign(
        "dates-in-text",
        """
from datetime import datetime

stamps = ["2024-03-01 08:30", "2024-02-29 23:59"]
parsed = sorted(datetime.strptime(stamp, "%Y-%m-%d %H:%M") for stamp in stamps)
shown = [f"{moment:%d.%m.}" for moment in parsed]
""",
        check="shown == ['29.02.', '01.03.']",
    ),
    Benign(
        "names-of-builtins-reused",
        """
input = [1, 2]
total = sum(input)
filter = {"city": "a"}
id = [key for key in filter]
""",
        check="total == 3 and id == ['city']",
    ),
)
