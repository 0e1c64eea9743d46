"""What the model reads about injected things."""

import dataclasses
import datetime as dt
import enum
import threading
import typing
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple, NoReturn, TypedDict

import pydantic
import pytest

from cave_agent.runtime import Function, PythonRuntime, Type, Variable
from cave_agent.runtime.entries import HOW_TO_FIND
from tests.runtime.cells import value_of


@dataclasses.dataclass
class Weather:
    city: str
    celsius: float = 20.0
    tags: list[str] = dataclasses.field(default_factory=list)


class Person(pydantic.BaseModel):
    """Someone."""

    name: str
    age: int = pydantic.Field(30, description="in years")
    friends: "list[Person]" = pydantic.Field(default_factory=list)

    def greet(self) -> str:
        """Say hello."""
        return self.name


class Row(TypedDict):
    id: int
    parent: "Row | None"


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Pair(NamedTuple):
    left: int
    right: str


class Account:
    """A bank account.

    It holds money.
    """

    interest: float = 0.1

    def __init__(self, owner: str, balance: Decimal = Decimal(0)) -> None:
        self.owner = owner
        self._balance = balance

    @property
    def balance(self) -> Decimal:
        return self._balance

    def pay(self, amount: Decimal) -> None:
        """Pay money in.

        More text.
        """

    async def transfer(self, to: "Account") -> None:
        pass

    @classmethod
    def open(cls) -> "Account":
        return cls("")

    @staticmethod
    def rate() -> float:
        return 0.1

    def _secret(self) -> None:
        pass


class Savings(Account):
    pass


def lookup(city: str, *, days: int = 1) -> Weather:
    """Look the weather up."""
    return Weather(city)


def describe(*resources: Function | Variable | Type) -> PythonRuntime:
    runtime = PythonRuntime()
    for resource in resources:
        match resource:
            case Function():
                runtime.inject_function(resource)
            case Variable():
                runtime.inject_variable(resource)
            case Type():
                runtime.inject_type(resource)
    return runtime


def test_nothing() -> None:
    runtime = PythonRuntime()
    assert runtime.describe_functions() == ""
    assert runtime.describe_variables() == ""
    assert runtime.describe_types() == ""


def test_variables() -> None:
    runtime = describe(Variable("rows", [1], "The rows"), Variable("n", 1), Variable("none"))
    assert runtime.describe_variables() == (
        "- rows: list of 1 int [1] - The rows\n- n: int 1\n- none: None"
    )


def test_variables_of_classes_that_a_model_cannot_know() -> None:
    class Light:
        def __init__(self, room: str) -> None:
            self.room = room

        @property
        def watts(self) -> int:
            raise AssertionError

        def dim(self, percent: int, *, seconds: int = 1) -> None: ...

        async def turn_on(self) -> None: ...

        @classmethod
        def all(cls, *rooms: str) -> None: ...

        @staticmethod
        def volts(**options: str) -> None: ...

    class Lamp(Light):
        turn_on = None  # type: ignore[assignment]

        def move(self) -> None: ...

    class Worker(threading.Thread):
        def work(self) -> None: ...

    turned = "async turn_on(), "
    members = f"watts, dim(percent, seconds=…), {turned}all(*rooms), volts(**options)"
    kitchen = Variable("kitchen", Light("Kitchen"), "To cook by")
    runtime = describe(
        kitchen,
        Variable("hall", Light("Hall")),
        Variable("lamp", Lamp("Hall"), private=True),
        Variable("thread", Worker(name="t")),
        Variable("day", dt.date(2024, 1, 2)),
    )
    assert runtime.describe_variables().splitlines() == [
        f"- kitchen: Light [room='Kitchen'] with {members} - To cook by",
        "- hall: Light [room='Hall']",
        f"- lamp: Lamp [room: str] (private) with move(), {members.replace(turned, '')}",
        "- thread: Worker 't', not started with work()",
        "- day: date 2024-01-02",
    ]
    lights = describe(Variable("lights", [Light("Hall")]))
    assert lights.describe_variables() == (
        f"- lights: list of 1 Light [Light [room='Hall']], each with {members}"
    )
    plain = "- kitchen: Light [room='Kitchen'] - To cook by"
    assert describe(kitchen, Type(Light)).describe_variables() == plain
    assert runtime.descriptions(60)["variables"].splitlines()[0] == plain


def test_the_members_of_a_large_class_are_told_as_far_as_there_is_room() -> None:
    large = type("Large", (), {f"method_{n}": lambda self: 1 for n in range(1_000)})
    (line,) = describe(Variable("large", large())).describe_variables().splitlines()
    assert line.startswith("- large: Large with method_0(), method_1(), ")
    assert line.endswith("(), …")
    assert len(line) < 250


def test_function() -> None:
    def add(left: int, right: "int" = 2) -> int:
        """Add numbers."""
        return left + right

    assert describe(Function(add)).describe_functions() == (
        "def add(left: int, right: int = 2) -> int # Add numbers."
    )


def test_description_and_docstring() -> None:
    texts = describe(Function(lookup, "Weather now")).describe_functions()
    assert "Weather now" in texts
    assert "Look the weather up." in texts
    texts = describe(Function(lookup, "Weather now", include_doc=False)).describe_functions()
    assert "Weather now" in texts
    assert "Look the weather up." not in texts


def test_async_function() -> None:
    async def fetch(url: str) -> bytes:
        return b""

    assert describe(Function(fetch)).describe_functions() == "async def fetch(url: str) -> bytes"


@pytest.mark.parametrize(
    ("returned", "fields"),
    [
        (Weather, "city: str\n celsius: float = 20.0\n tags: list[str] = ..."),
        (Person, "name: str\n age: int = 30 # in years\n friends: list["),
        (Row, "id: int\n parent: Row | None"),
        (Color, "RED = 'red'\n BLUE = 'blue'"),
        (Pair, "left: int\n right: str"),
        (list[Weather], "city: str"),
        (dict[str, list[Pair]] | None, "left: int"),
        (tuple[Color, ...], "RED = 'red'"),
        (Row | None, "id: int"),
        (typing.Annotated[Pair, "noted"], "left: int"),
    ],
)
def test_fields_of_what_a_function_returns(returned: Any, fields: str) -> None:
    def function() -> Any:
        pass

    function.__annotations__["return"] = returned
    text = describe(Function(function)).describe_functions()
    assert text.startswith("def function()")
    assert fields in text


def test_postponed_annotations_are_resolved() -> None:
    namespace: dict[str, Any] = {"Weather": Weather}
    exec("from __future__ import annotations\ndef f(x: int = 1) -> list[Weather]: pass", namespace)
    text = describe(Function(namespace["f"])).describe_functions()
    assert "def f(x: int = 1) -> list[" in text
    assert "celsius: float = 20.0" in text


def test_annotations_that_cannot_be_resolved() -> None:
    def function(x: "Missing", y: int) -> "Unknown":  # type: ignore[name-defined]  # noqa: F821
        pass

    text = describe(Function(function)).describe_functions()
    assert "Missing" in text
    assert "y: int" in text


def test_type_that_is_described_is_described_once() -> None:
    runtime = describe(Type(Weather), Function(lookup))
    assert runtime.describe_functions().count("Weather") == 1
    assert "celsius: float = 20.0" in runtime.describe_types()


def test_plain_class() -> None:
    text = describe(Type(Account)).describe_types()
    assert text.splitlines() == [
        "class Account: # A bank account. …",
        " interest: float",
        " def __init__(owner: str, balance: Decimal = Decimal('0'))",
        " balance: Decimal # property",
        " @classmethod def open() -> Account",
        " def pay(amount: Decimal) -> None # Pay money in. …",
        " @staticmethod def rate() -> float",
        " async def transfer(to: Account) -> None",
        HOW_TO_FIND,
    ]


def test_inherited_members_are_described() -> None:
    text = describe(Type(Savings)).describe_types()
    assert text.startswith("class Savings(Account):")
    assert "def pay(amount" in text


def test_inherited_members_are_described_once() -> None:
    text = describe(Type(Account), Type(Savings)).describe_types()
    assert text.endswith("\nclass Savings(Account)\n" + HOW_TO_FIND)
    assert text.count("def pay(") == 1
    assert "def pay(" in describe(Type(Account, None, False), Type(Savings)).describe_types()


def test_pydantic_model_without_the_library_s_own() -> None:
    text = describe(Type(Person)).describe_types()
    assert text.startswith("class Person(BaseModel): # Someone.\n name: str\n")
    assert "def greet() -> str # Say hello." in text
    assert "model_dump" not in text
    assert "__init__" not in text


def test_enum() -> None:
    assert describe(Type(Color)).describe_types() == (
        "class Color(Enum):\n RED = 'red'\n BLUE = 'blue'"
    )


def test_dataclass_without_the_docstring_that_python_makes() -> None:
    assert describe(Type(Weather)).describe_types() == (
        "class Weather:\n city: str\n celsius: float = 20.0\n tags: list[str] = ..."
    )


def test_what_a_type_leaves_out() -> None:
    text = describe(Type(Account, "Money", include_schema=False)).describe_types()
    assert "Money" in text
    assert "A bank account" in text
    assert "def pay" not in text
    text = describe(Type(Account, "Money", include_doc=False)).describe_types()
    assert "Money" in text
    assert "A bank account" not in text
    assert "def pay" in text
    assert describe(Type(Account, None, False, False)).describe_types() == "class Account"


def test_later_injections_can_be_told_alone() -> None:
    runtime = describe(Variable("first", 1))
    told = runtime.injections
    runtime.inject_variable(Variable("second", 2))
    runtime.inject_function(Function(lookup))
    runtime.inject_type(Type(Color))
    text = runtime.describe_injected_since(told)
    assert "first" not in text
    for part in ("- second: int", "def lookup(", "class Color(Enum)"):
        assert part in text
    assert runtime.describe_injected_since(runtime.injections) == ""


class Huge:
    def __repr__(self) -> str:
        return "line\n" * 1_000_000


class Broken:
    def __repr__(self) -> NoReturn:
        raise ValueError


HUGE, BROKEN = Huge(), Broken()


def with_defaults(table: Any = HUGE, broken: Any = BROKEN, many: Any = tuple(range(10**6))) -> None:
    pass


def function(x: object = BROKEN.__repr__, token: str = "hunter22") -> None:
    pass


def test_defaults_tell_neither_addresses_nor_secrets() -> None:
    assert describe(Function(function)).describe_functions() == (
        "def function(x: object = ..., token: str = '***') -> None"
    )


class Defaults:
    def method(self, table: Any = HUGE, broken: Any = BROKEN) -> None:
        pass


@dataclasses.dataclass
class FieldDefaults:
    table: Any = dataclasses.field(default=Huge())
    broken: Any = dataclasses.field(default=Broken())


class ModelDefaults(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(arbitrary_types_allowed=True)
    table: Any = Huge()
    broken: Any = Broken()


class Values(enum.Enum):
    TABLE = Huge()
    BROKEN = Broken()


@pytest.mark.parametrize(
    "resource",
    [
        Function(with_defaults),
        *(Type(cls) for cls in (Defaults, FieldDefaults, ModelDefaults, Values)),
    ],
    ids=lambda resource: resource.name,
)
def test_huge_and_broken_defaults(resource: Function | Type) -> None:
    runtime = describe(resource)
    text = runtime.describe_functions() + runtime.describe_types()
    assert len(text) < 1_000
    assert "line line line" in text
    assert "broken: Any = ..." in text or "BROKEN = <Broken" in text


class LyingSignature:
    @property
    def __signature__(self) -> NoReturn:
        raise RuntimeError

    def __call__(self) -> int:
        return 1


class Meta(type):
    def __getattr__(cls, name: str) -> NoReturn:
        raise RuntimeError(name)


class Odd(metaclass=Meta):
    def method(self) -> None:
        pass


def returns_odd() -> Odd:
    return Odd()


@pytest.mark.parametrize(
    "resource",
    [
        Function(LyingSignature(), name="lying_signature"),
        Function(returns_odd),
        Type(Odd),
        Variable("odd", Odd()),
        Type(dict),
        Type(type),
        Type(object),
        Type(Decimal),
        Type(BaseException),
        Type(Meta),
        Function(Sequence, name="generic"),
        Function(print),
        Function(dict, name="make_dict"),
    ],
    ids=lambda resource: resource.name,
)
def test_nothing_makes_a_description_fail(resource: Function | Variable | Type) -> None:
    runtime = describe(resource)
    text = runtime.describe_functions() + runtime.describe_types() + runtime.describe_variables()
    assert resource.name in text
    assert runtime.describe_injected_since(0).strip() == text.strip()


def test_private_annotations_of_a_plain_class_are_not_described() -> None:
    class Table:
        _cells: list[int]
        rows: int

    def table() -> Table:
        return Table()

    assert "rows: int" in describe(Function(table)).describe_functions()
    assert "_cells" not in describe(Function(table)).describe_functions()


class Size(enum.Enum):
    SMALL = "s"


class Address(TypedDict):
    street: str


class Price(NamedTuple):
    amount: float
    account: Account


class Customer(pydantic.BaseModel):
    size: Size
    referred_by: "Customer | None" = None


@dataclasses.dataclass
class Item:
    price: Price
    sizes: set[Size]


@dataclasses.dataclass
class Order:
    items: list[Item]
    customer: "Customer"
    to: Address


def test_classes_nested_in_what_functions_return() -> None:
    def order() -> dict[int, Order]:
        return {}

    def item() -> Item:
        raise NotImplementedError

    runtime = describe(Function(order), Function(item))
    functions, *told = runtime.describe_functions().split("\nclass ")
    assert functions == "def order() -> dict[int, Order]\ndef item() -> Item"
    assert [f"class {stub}" for stub in told] == [
        "class Order:\n items: list[Item]\n customer: Customer\n to: Address",
        "class Item:\n price: Price\n sizes: set[Size]",
        "class Customer(BaseModel):\n size: Size\n referred_by: Customer | None = None",
        "class Address(TypedDict):\n street: str",
        "class Price(tuple):\n amount: float\n account: Account",
        "class Size(Enum):\n SMALL = 's'",
    ]
    classes = [Order, Item, Customer, Price, Size, Address]
    names = [cls.__name__ for cls in classes]
    assert value_of(runtime, f"answer = [{', '.join(names)}]") == classes
    assert "Account" not in runtime.names(), "it has no declared fields"


def record(name: str, fields: dict[str, Any]) -> type:
    return dataclasses.make_dataclass(name, fields.items(), namespace={"__module__": __name__})


def test_nested_classes_are_bounded() -> None:
    def deep() -> Any: ...
    def broad() -> Any: ...

    level: type = int
    for number in range(50, 0, -1):
        level = record(f"Level{number}", {"value": level})
    deep.__annotations__["return"] = level
    broad.__annotations__["return"] = record(
        "Wide", {f"field_{n}": record(f"Column{n}", {"x": int}) for n in range(50)}
    )
    assert describe(Function(deep)).describe_functions().count("class Level") == 6
    assert describe(Function(broad)).describe_functions().count("class Column") == 20


def test_classes_nested_in_a_type_that_is_described_elsewhere() -> None:
    def item() -> Item:
        raise NotImplementedError

    told = describe(Type(Item), Type(Size), Function(item)).describe_functions()
    assert "class Item" not in told
    assert "class Size" not in told
    assert "class Price" in told
