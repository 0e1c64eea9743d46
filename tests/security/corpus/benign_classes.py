"""Ordinary cells: classes and types."""

from tests.security.corpus.records import Benign

CELLS = (
    Benign(
        "dataclass",
        """
from dataclasses import asdict, dataclass, field, replace

@dataclass(order=True)
class Item:
    price: float
    name: str = field(compare=False)
    tags: list[str] = field(default_factory=list)

items = sorted([Item(3.0, "pen"), Item(1.5, "cap", ["new"])])
cheapest = asdict(items[0])
dearer = replace(items[0], price=9.0)
""",
        check="cheapest == {'price': 1.5, 'name': 'cap', 'tags': ['new']} and dearer.price == 9.0",
    ),
    Benign(
        "frozen-dataclass",
        """
from dataclasses import FrozenInstanceError, dataclass

@dataclass(frozen=True)
class Point:
    x: int
    y: int = 0

    def __add__(self, other: "Point") -> "Point":
        return Point(self.x + other.x, self.y + other.y)

total = sum([Point(1), Point(2, 3)], Point(0))
try:
    total.x = 5
except FrozenInstanceError:
    frozen = True
""",
        check="total == Point(3, 3) and frozen and len({Point(1), Point(1)}) == 1",
    ),
    Benign(
        "enum",
        """
from enum import Enum, IntEnum, auto

class State(Enum):
    OPEN = "open"
    CLOSED = "closed"

    @property
    def is_final(self):
        return self is State.CLOSED

class Level(IntEnum):
    LOW = auto()
    HIGH = auto()

names = [state.name for state in State]
state = State("closed")
""",
        check="names == ['OPEN', 'CLOSED'] and state.is_final and Level.HIGH > Level.LOW",
    ),
    Benign(
        "class-with-properties",
        """
class Account:
    interest = 0.02

    def __init__(self, owner, balance=0):
        self.owner = owner
        self._balance = balance

    @property
    def balance(self):
        return self._balance

    @balance.setter
    def balance(self, value):
        if value < 0:
            raise ValueError("overdrawn")
        self._balance = value

    @classmethod
    def from_text(cls, text):
        owner, balance = text.split(":")
        return cls(owner, int(balance))

    def __repr__(self):
        return f"{self.__class__.__name__}({self.owner!r}, {self.balance})"

    def __eq__(self, other):
        return isinstance(other, Account) and self.balance == other.balance

    def __lt__(self, other):
        return self.balance < other.balance

    __hash__ = None

account = Account.from_text("ann:10")
account.balance += 5
try:
    account.balance = -1
except ValueError as error:
    problem = str(error)
print(account)
""",
        check="account == Account('x', 15) and problem == 'overdrawn'",
        stdout="Account('ann', 15)\n",
    ),
    Benign(
        "inheritance",
        """
from abc import ABC, abstractmethod

class Shape(ABC):
    def __init__(self, name):
        self.name = name

    @abstractmethod
    def area(self): ...

    def __str__(self):
        return f"{self.name}: {self.area():.1f}"

class Square(Shape):
    def __init__(self, side):
        super().__init__("square")
        self.side = side

    def area(self):
        return self.side**2

print(Square(2), isinstance(Square(1), Shape), issubclass(Square, Shape))
""",
        stdout="square: 4.0 True True\n",
    ),
    Benign(
        "own-container",
        """
class Stack:
    def __init__(self, *items):
        self._items = list(items)

    def __len__(self):
        return len(self._items)

    def __iter__(self):
        return reversed(self._items)

    def __getitem__(self, index):
        return self._items[index]

    def __contains__(self, item):
        return item in self._items

    def push(self, item):
        self._items.append(item)
        return self

stack = Stack(1, 2).push(3)
""",
        check="len(stack) == 3 and list(stack) == [3, 2, 1] and 2 in stack and stack[-1] == 3",
    ),
    Benign(
        "typing",
        """
from collections.abc import Callable, Iterable
from typing import Any, Optional, TypeVar

T = TypeVar("T")

def first(items: Iterable[T], test: Callable[[T], bool], default: Optional[T] = None) -> T | None:
    return next((item for item in items if test(item)), default)

found: Any = first([1, 4, 9], lambda n: n > 3)
nothing: int | None = first([], bool)
""",
        check="found == 4 and nothing is None",
    ),
    Benign(
        "typed-records",
        """
from collections import namedtuple
from typing import NamedTuple, TypedDict

Point = namedtuple("Point", ["x", "y"])

class Employee(NamedTuple):
    name: str
    salary: float = 0.0

class Movie(TypedDict):
    title: str
    year: int

point = Point(1, y=2)._replace(x=5)
staff = [Employee("Ann", 5.0), Employee("Bo")]
movie: Movie = {"title": "Up", "year": 2009}
""",
        check="point == (5, 2) and staff[1].salary == 0.0 and movie['year'] == 2009",
    ),
    Benign(
        "match-own-classes",
        """
from dataclasses import dataclass

@dataclass
class Circle:
    radius: float

@dataclass
class Box:
    width: float
    height: float

def area(shape):
    match shape:
        case Circle(radius=r):
            return 3 * r * r
        case Box(width, height):
            return width * height

areas = [area(Circle(2)), area(Box(2, height=3))]
""",
        check="areas == [12, 6]",
    ),
    Benign(
        "getattr-with-default",
        """
class Config:
    debug = True
    retries = 3

config = Config()
settings = {name: getattr(config, name, None) for name in ("debug", "retries", "colour")}
setattr(config, "retries", 5)
has_colour = hasattr(config, "colour")
""",
        check="settings == {'debug': True, 'retries': 3, 'colour': None} and config.retries == 5",
    ),
)
