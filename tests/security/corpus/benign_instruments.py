"""Ordinary cells that come near to what rules look at: patterns, decorators, formatters, copies."""

from tests.security.corpus.records import Benign

CELLS = (
    Benign(
        "pattern-dataclasses-nested",
        """
from dataclasses import dataclass
@dataclass
class Point:
    x: float
    y: float
@dataclass
class Line:
    start: Point
    end: Point
def kind(shape):
    match shape:
        case Line(Point(0, 0), end=Point(x=a, y=b)): return ("from origin", a, b)
        case Line(start, end) if start == end: return "dot"
        case [Point(), *rest]: return len(rest)
        case {"type": "line", "points": [Point(x), _]}: return x
        case None | False: return "nothing"
    return "other"
one = Point(1, 1)
shapes = [Line(Point(0, 0), Point(1, 2)), Line(one, Point(1, 1)), [one, 3], None, 7]
shapes.append({"type": "line", "points": [Point(4, 5), 0]})
kinds = [kind(shape) for shape in shapes]
""",
        check="kinds == [('from origin', 1, 2), 'dot', 1, 'nothing', 'other', 4]",
    ),
    Benign(
        "pattern-enum-values",
        """
import enum, re
class Level(enum.Enum):
    LOW = 1
    HIGH = 2
def word(level):
    match level:
        case Level.LOW: return "low"
        case Level.HIGH: return "high"
words = [word(level) for level in Level]
flags = enum.Flag("Flags", "READ WRITE EXECUTE")
both = flags.READ | flags.WRITE
Color = enum.Enum("Color", {"RED": 1, "BLUE": 2})
""",
        check="words == ['low', 'high'] and both.value == 3 and Color['RED'].value == 1",
    ),
    Benign(
        "log-with-format-exc",
        """
import traceback
def parse(text):
    try:
        return int(text)
    except ValueError:
        return traceback.format_exc().strip().splitlines()[-1]
lines = [parse(t) for t in ("1", "x")]
""",
        check="lines[0] == 1 and lines[1].startswith('ValueError: invalid literal')",
    ),
    Benign(
        "tick-labels-with-a-text",
        """
import matplotlib.pyplot as plt
fig, ax = plt.subplots()
ax.plot([1, 2], [1000, 2000])
ax.yaxis.set_major_formatter("{x:,.0f} €")
ax.xaxis.set_major_formatter(lambda v, _: f"{v:.1f}")
ax.set(title="$10^{1.5}$", xlabel="t", ylabel="price")
plt.setp(ax.get_xticklabels(), rotation=45, ha="right")
fig.canvas.draw()
labels = [t.get_text() for t in ax.get_yticklabels()]
plt.show()
""",
        check="any(t == '1,000 €' for t in labels)",
        pictures=1,
    ),
    Benign(
        "colorbar-and-heatmap",
        """
import matplotlib.pyplot as plt, numpy as np
fig, ax = plt.subplots()
image = ax.imshow(np.arange(9).reshape(3, 3), cmap="viridis")
fig.colorbar(image, ax=ax, label="$10^{1}$", shrink=0.8)
fig.colorbar(image, ax=ax, format="%.1f")
for (i, j), v in np.ndenumerate(np.arange(9).reshape(3, 3)):
    ax.text(j, i, f"{v}", ha="center")
plt.show()
done = True
""",
        check="done",
        pictures=1,
    ),
    Benign(
        "date-axis",
        """
import matplotlib.pyplot as plt, matplotlib.dates as mdates, pandas as pd
s = pd.Series(range(60), index=pd.date_range("2024-01-01", periods=60))
fig, ax = plt.subplots()
ax.plot(s.index, s.values)
ax.xaxis.set_major_locator(mdates.MonthLocator())
ax.xaxis.set_major_formatter(mdates.DateFormatter("%b"))
fig.autofmt_xdate()
plt.show()
ok = True
""",
        check="ok",
        pictures=1,
    ),
    Benign(
        "column-named-env",
        """
import pandas as pd
df = pd.DataFrame({"env": ["prod", "test"], "loader": [1, 2], "template_id": [3, 4]})
out = (df.env.tolist(), df.loader.sum(), df.template_id.max())
""",
        check="out == (['prod', 'test'], 3, 4)",
    ),
    Benign(
        "named-aggregation",
        """
import pandas as pd
df = pd.DataFrame({"k": ["a", "b", "a"], "v": [1, 2, 3]})
spread = ("v", lambda s: s.max() - s.min())
out = df.groupby("k").agg(total=("v", "sum"), spread=spread, n=pd.NamedAgg("v", "count"))
out2 = df.agg({"v": ["sum", "mean"]})
out3 = df.groupby("k")["v"].transform("mean")
mapped = df["k"].map(pd.Series({"a": 10, "b": 20}))
""",
        check="out.loc['a', 'total'] == 4 and mapped.tolist() == [10, 20, 10]",
    ),
    Benign(
        "query-with-accents",
        """
import pandas as pd
df = pd.DataFrame({"größe": [1, 5], "col name": [2, 3]})
limit = 2
out = df.query("größe > @limit and `col name` == 3")
df = df.eval("double = größe * 2")
""",
        check="len(out) == 1 and df['double'].tolist() == [2, 10]",
    ),
    Benign(
        "cached-and-ordered-class",
        """
import functools
from dataclasses import dataclass
@functools.total_ordering
class Version:
    def __init__(self, text): self.parts = tuple(map(int, text.split(".")))
    def __eq__(self, other): return self.parts == other.parts
    def __lt__(self, other): return self.parts < other.parts
    @functools.cached_property
    def major(self): return self.parts[0]
@dataclass(order=True, frozen=True)
class Item:
    price: float
    name: str = ""
best = max(Version("1.2"), Version("1.10"))
items = sorted([Item(2), Item(1, "x")])
""",
        check="best.parts == (1, 10) and best.major == 1 and items[0].name == 'x'",
    ),
    Benign(
        "own-decorator-wraps-given-function",
        """
import functools
def logged(function):
    calls = []
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        calls.append(args)
        return function(*args, **kwargs)
    wrapper.calls = calls
    return wrapper
priced = logged(price_of)
value = priced("lamp")
name = priced.__name__
""",
        check="value == 23.8 and name == 'price_of' and len(priced.calls) == 1",
    ),
    Benign(
        "typing-decorators",
        """
from typing import Generic, NamedTuple, Protocol, TypedDict, TypeVar, final, runtime_checkable
T = TypeVar("T")
@runtime_checkable
class Sized(Protocol):
    def size(self) -> int: ...
@final
class Box(Generic[T]):
    def __init__(self, item: T): self.item = item
    def size(self) -> int: return 1
class Row(TypedDict):
    name: str
class Pair(NamedTuple):
    a: int
    b: int = 2
ok = isinstance(Box(1), Sized) and Pair(1)._replace(b=5) == (1, 5) and Row(name="x")["name"] == "x"
""",
        check="ok",
    ),
    Benign(
        "type-makes-a-class",
        """
Point = type("Point", (), {"x": 1, "__repr__": lambda self: "P"})
fields = {name: None for name in ("a", "b")}
Record = type("Record", (dict,), fields)
text = repr(Point())
kinds = set(map(type, [1, "a", 2.0]))
""",
        check="text == 'P' and len(kinds) == 3 and Record.a is None",
    ),
    Benign(
        "singleton-metaclass",
        """
class Singleton(type):
    _made = {}
    def __call__(cls, *args, **kwargs):
        if cls not in cls._made:
            cls._made[cls] = super().__call__(*args, **kwargs)
        return cls._made[cls]
    def __new__(mcs, name, bases, names):
        return super().__new__(mcs, name, bases, {**names, "made_by": mcs.__name__})
class Config(metaclass=Singleton):
    def __init__(self): self.value = 1
same = Config() is Config()
""",
        check="same and Config.made_by == 'Singleton'",
    ),
    Benign(
        "operator-tools",
        """
import operator, itertools, functools
rows = [{"k": "b", "v": 2}, {"k": "a", "v": 1}]
by = operator.itemgetter("k")
groups = {k: [r["v"] for r in g] for k, g in itertools.groupby(sorted(rows, key=by), key=by)}
upper = list(map(operator.methodcaller("upper"), "ab"))
class P:
    def __init__(self, n): self.n = n
ns = sorted([P(3), P(1)], key=operator.attrgetter("n"))
product = functools.reduce(operator.mul, range(1, 6))
right = groups == {"a": [1], "b": [2]} and upper == ["A", "B"] and ns[0].n == 1
""",
        check="right and product == 120",
    ),
    Benign(
        "reading-a-file-here",
        """
from pathlib import Path
here = Path(".")
names = sorted(p.name for p in here.iterdir())
path = Path("data.csv")
size = path.stat().st_size if path.exists() else 0
""",
        check="size == 0",
    ),
    Benign(
        "retry-with-exceptions",
        """
class Flaky(Exception):
    def __init__(self, attempt):
        super().__init__(f"attempt {attempt}")
        self.attempt = attempt
def retry(function, times=3):
    last = None
    for attempt in range(times):
        try:
            return function(attempt)
        except Flaky as error:
            error.add_note("again")
            last = error
    raise RuntimeError("gave up") from last
def work(n):
    if n < 2:
        raise Flaky(n)
    return n
value = retry(work)
try:
    raise ExceptionGroup("many", [ValueError(1), KeyError("k")])
except* ValueError as group:
    caught = len(group.exceptions)
except* KeyError:
    pass
""",
        check="value == 2 and caught == 1",
    ),
    Benign(
        "vars-of-own-objects",
        """
from types import SimpleNamespace
class User:
    def __init__(self): self.name, self._age = "a", 5
    def to_dict(self): return {k.lstrip("_"): v for k, v in vars(self).items()}
class Special(User):
    pass
class Error(Exception):
    def __init__(self, code): self.code = code
d = Special().to_dict()
n = SimpleNamespace(a=1)
n.b = 2
e = vars(Error(4))
""",
        check="d == {'name': 'a', 'age': 5} and n.b == 2 and e == {'code': 4}",
    ),
    Benign(
        "deep-copies",
        """
import copy
class Node:
    def __init__(self, v, n=None): self.v, self.next = v, n
    def __repr__(self): return f"N({self.v})"
a = Node(1, Node(2))
b = copy.deepcopy(a)
b.next.v = 5
handlers = {"read": getattr, "size": len}
c = copy.deepcopy(handlers)
value = c["read"](a, "v")
""",
        check="a.next.v == 2 and value == 1",
    ),
)
