"""Values against type hints: as pydantic's strict mode has it, and what it leaves undone."""

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import pathlib
import re
import time
import typing
import zoneinfo
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple, NotRequired, Protocol, TypedDict

import pydantic
import pytest
from annotated_types import Gt
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    PlainValidator,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from cave_agent.returns.checks import LEFT_OUT, MOST_RECORDS, HintCheck
from cave_agent.returns.faults import MOST_LOOKED_AT


def faults(hint: Any, value: Any) -> list[str]:
    return [str(fault) for fault in HintCheck(hint).findings(value).faults]


# What pydantic checks

LEAVES = [int, float, str, bool, None, bytes, Any, object, Literal["a", "b"], decimal.Decimal]
HINTS = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.one_of(
        st.builds(lambda hint: list[hint], inner),  # type: ignore[valid-type]
        st.builds(lambda hint: set[hint], inner),  # type: ignore[valid-type]
        st.builds(lambda hint: Sequence[hint], inner),  # type: ignore[valid-type]
        st.builds(lambda hint: dict[str, hint], inner),  # type: ignore[valid-type]
        st.builds(lambda one, two: tuple[one, two], inner, inner),  # type: ignore[valid-type]
        st.builds(lambda hint: tuple[hint, ...], inner),  # type: ignore[valid-type]
        st.builds(lambda one, two: typing.Union[one, two], inner, inner),  # noqa: UP007
        st.builds(lambda hint: Annotated[hint, "a note"], inner),
    ),
    max_leaves=4,
)
SCALARS = st.one_of(
    st.integers(-2, 2), st.floats(), st.sampled_from("abc1"), st.booleans(), st.none(), st.binary()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.sets(SCALARS, max_size=3),
        st.dictionaries(SCALARS, inner, max_size=2),
    ),
    max_leaves=5,
)


@settings(max_examples=300)
@given(HINTS, VALUES)
def test_the_verdict_is_that_of_pydantic_in_strict_mode(hint: Any, value: Any) -> None:
    try:
        TypeAdapter(hint).validate_python(value, strict=True)
    except ValidationError:
        assert faults(hint, value)
    else:
        assert not faults(hint, value)


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (int, "1"),
        (int, True),
        (int, 1.0),
        (float, True),
        (float, "1"),
        (float, decimal.Decimal(1)),
        (str, b"x"),
        (bytes, "x"),
        (bool, 1),
        (list[int], (1, 2)),
        (tuple[int, ...], [1, 2]),
        (set[int], [1]),
        (dict[str, int], [("a", 1)]),
        (dt.date, "2024-01-01"),
        (decimal.Decimal, 1),
        (int | None, "1"),
        (list, "abc"),
        (dict, None),
        (Callable[[int], int], 3),
        (type[int], str),
        (Literal[1], True),
        (Literal[1, "a"], 1.0),
        (re.Pattern, "a+"),
        (re.Pattern[str], "a+"),
        (zoneinfo.ZoneInfo, "UTC"),
        (pydantic.SecretStr, "a"),
        (list[float], [decimal.Decimal(1)]),
        (Annotated[int, Field(gt=0)], 0),
        (Annotated[int, Gt(0)], 0),
        (Annotated[list[int], Field(min_length=2)], [1]),
    ],
)
def test_nothing_is_converted(hint: Any, value: object) -> None:
    assert len(faults(hint, value)) == 1


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (float, 1),
        (complex, 1j),
        (int | None, None),
        (list[int | str], [1, "a"]),
        (collections.deque, collections.deque([1])),
        (collections.Counter, collections.Counter("aab")),
        (dict[str, int], collections.OrderedDict(a=1)),
        (Mapping[str, list[float]], {"a": [1, 2.5]}),
        (Callable[[int], int], abs),
        (type[int], bool),
        (Literal["a", 3], 3),
        (re.Pattern[str], re.compile("a+")),
        (pydantic.SecretStr, pydantic.SecretStr("a")),
        (Annotated[decimal.Decimal, Field(gt=0, max_digits=3)], decimal.Decimal(1)),
        (Annotated[float, Field(gt=0)], 1),
        (collections.abc.Set, {1}),
        (collections.defaultdict, collections.defaultdict(list)),
        (typing.NewType("UserId", int), 3),
        (object, 3),
    ],
)
def test_what_is_of_the_type_is_right(hint: Any, value: object) -> None:
    assert faults(hint, value) == []


@pytest.mark.parametrize(
    ("hint", "number", "told"),
    [
        (int, "int64(1)", "Input should be a valid integer: use int(…)"),
        (float, "int64(1)", "Input should be a valid number: use float(…)"),
        (float, "float32(1)", "Input should be a valid number: use float(…)"),
        (bool, "bool_(1)", "Input should be a valid boolean: use bool(…)"),
        (int, "float64(1.5)", "Input should be a valid integer"),
    ],
)
def test_a_number_of_numpy_is_told_how_it_becomes_one_of_python(
    hint: Any, number: str, told: str
) -> None:
    numpy = pytest.importorskip("numpy")
    value = eval(number, vars(numpy))
    assert faults(hint, value) == [told]
    assert faults(list[hint], [value])[0].startswith(f"at [0]: {told} (it is ")
    assert faults(hint, hint(value)) == []


def test_an_iterator_is_not_used_up() -> None:
    numbers = iter([1, 2])
    assert faults(Iterator[int], numbers) == []
    assert list(numbers) == [1, 2]


def test_a_transforming_validator_only_judges() -> None:
    assert faults(Annotated[int, AfterValidator(lambda number: number + 1)], 3) == []


# Any other class


class Light:
    def __init__(self, name: str) -> None:
        self.name = name


class Lamp(Light):
    pass


class Color(enum.Enum):
    RED = "red"


@typing.runtime_checkable
class Named(Protocol):
    name: str


class Model(BaseModel):
    total: int


Box = typing.TypeVar("Box")


class Holder(typing.Generic[Box]):
    pass


@pytest.mark.parametrize(
    ("hint", "right", "wrong"),
    [
        (Light, Lamp("a"), "light"),
        (Lamp, Lamp("a"), Light("a")),
        (list[Light], [Light("a"), Lamp("b")], ["light"]),
        (dict[str, Light | None], {"a": None}, {"a": 3}),
        (Color, Color.RED, "red"),
        (Named, Light("a"), 3),
        (Model, Model(total=1), {"total": 1}),
        (list[Model], [Model(total=1)], [{"total": 1}]),
        (Holder[int], Holder(), 3),
    ],
)
def test_other_classes_are_a_matter_of_isinstance(hint: Any, right: object, wrong: object) -> None:
    assert faults(hint, right) == []
    assert len(faults(hint, wrong)) == 1


def test_a_table_is_checked_by_its_class_alone() -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"a": range(1_000_000)})
    tables: Any = dict[str, pandas.DataFrame]  # type: ignore[name-defined]
    assert faults(tables, {"clean": table}) == []
    assert faults(pandas.DataFrame, [1]) == ["Input should be an instance of DataFrame"]


class Unfriendly:
    @property
    def __class__(self) -> Any:
        message = "Go away."
        raise RuntimeError(message)

    @__class__.setter
    def __class__(self, cls: Any) -> None: ...


def test_an_object_that_fails_when_it_is_looked_at_is_wrong() -> None:
    assert "RuntimeError: Go away." in faults(Light, Unfriendly())[0]


# Records, field by field


@dataclasses.dataclass
class Item:
    name: str
    price: Annotated[float, Field(gt=0)]


@dataclasses.dataclass
class Order:
    items: list[Item]
    note: str | None = None
    kind: typing.ClassVar[str] = "order"


class Point(NamedTuple):
    x: int
    y: int = 0


class Row(TypedDict):
    name: str
    price: float
    unit: NotRequired[str]


class Loose(Row, total=False):
    weight: float


@dataclasses.dataclass
class Node:
    value: int
    next: "Node | None" = None


@pydantic.dataclasses.dataclass
class Checked:
    total: int


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (Order, Order([Item("a", 1)])),
        (Point, Point(1, 2)),
        (Row, {"name": "a", "price": 1}),
        (Loose, {"name": "a", "price": 1.5, "weight": 2}),
        (list[Row | Point], [{"name": "a", "price": 1.0}, Point(1)]),
        (Checked, Checked(1)),
        (type[Item], Item),
        (Callable[[Item], Item], max),
    ],
)
def test_right_records(hint: Any, value: object) -> None:
    assert faults(hint, value) == []


@pytest.mark.parametrize(
    ("hint", "value", "told"),
    [
        (Item, ("a", 1.0), "Input should be an instance of Item"),
        (Item, Item("a", "1"), "at .price: Input should be a valid number (it is str '1')"),  # type: ignore[arg-type]
        (Item, Item("a", -1), "at .price: Input should be greater than 0 (it is int -1)"),
        (
            list[Order],
            [Order([Item("a", 1), Item(3, 1)])],  # type: ignore[arg-type]
            "at [0].items[1].name: Input should be a valid string (it is int 3)",
        ),
        (Point, (1, 2), "Input should be an instance of Point"),
        (Point, Point("1"), "at .x: Input should be a valid integer (it is str '1')"),  # type: ignore[arg-type]
        (Row, {"name": "a"}, "at ['price']: It is missing"),
        (Row, [], "Input should be a dict"),
        (
            dict[str, Row],
            {"a": {"name": "a", "price": 1, "unit": 3}},
            "at ['a']['unit']: Input should be a valid string (it is int 3)",
        ),
        (Loose, {"name": "a", "price": 1, "weight": "2"}, "at ['weight']: "),
        (Checked, {"total": 1}, "Input should be "),
        (list[Item | None], [3], "at [0]: Input should be an instance of Item (it is int 3)"),
        (dict[int, Item], {"a": Item("a", 1)}, "(the key is str 'a')"),
    ],
)
def test_wrong_records(hint: Any, value: object, told: str) -> None:
    found = faults(hint, value)
    assert len(found) == 1
    assert told in found[0]


def test_a_field_that_was_deleted_is_missing() -> None:
    item = Item("a", 1)
    del item.name
    assert faults(Item, item) == ["at .name: It is missing"]


def test_every_fault_is_told() -> None:
    assert faults(list[Item], [Item(1, "2"), 3]) == [  # type: ignore[arg-type]
        "at [0].name: Input should be a valid string (it is int 1)",
        "at [0].price: Input should be a valid number (it is str '2')",
        "at [1]: Input should be an instance of Item (it is int 3)",
    ]


def test_circles_and_long_chains_of_records_have_an_end() -> None:
    node = Node(1)
    node.next = node
    assert faults(Node, node) == []
    node.value = "1"  # type: ignore[assignment]
    assert faults(Node, node) == ["at .value: Input should be a valid integer (it is str '1')"]
    chain = Node(0)
    for number in range(100_000):
        chain = Node(number, chain)
    assert faults(Node, chain) == []


def test_a_record_that_one_member_of_a_union_refuses_is_looked_at_by_the_next() -> None:
    class Other(TypedDict):
        total: int

    row = {"name": "a", "price": 1.0}
    assert faults(list[Other | Row], [row, row]) == []
    assert faults(tuple[Other | Row, Other], (row, row))
    assert faults(list[Other | Row], [row] * (2 * MOST_LOOKED_AT) + [{}])


def test_a_hint_that_cannot_be_resolved_is_not_checked() -> None:
    @dataclasses.dataclass
    class Partly:
        known: int
        unknown: "Nowhere"  # type: ignore[name-defined]  # noqa: F821

    assert faults(Partly, Partly(1, 2)) == []


# Functions in Annotated


# Models of pydantic, as they are now


class Part(BaseModel):
    name: str
    price: float = Field(gt=0)
    note: str = None  # type: ignore[assignment]  # pydantic does not look at defaults


class Kit(BaseModel):
    parts: list[Part]
    spare: "Kit | None" = None
    by_name: dict[str, Checked] = {}


class Early(BaseModel):
    late: "Late"


class Late(BaseModel):
    number: int


class Amount(BaseModel, typing.Generic[Box]):
    value: Box


Names = pydantic.RootModel[list[str]]


class Transformed(BaseModel):
    """A model whose validators refuse what they have made, or change what they are given."""

    tags: Annotated[list[str], BeforeValidator(lambda text: text.split(","))]
    doubled: Annotated[
        list[int], AfterValidator(lambda numbers: numbers.extend(numbers) or numbers)
    ]
    code: Annotated[str, Field(max_length=4), AfterValidator(lambda code: f"code {code}")]
    secret: str = Field(min_length=20)
    content: pydantic.Json[list[int]]
    raw: pydantic.Base64Bytes
    parts: list[Annotated[int, Field(lt=10), AfterValidator(lambda number: number * 100)]]
    path: Annotated[pathlib.Path, PlainValidator(lambda text: pathlib.Path(text))]  # noqa: PLW0108
    unchecked: pydantic.SkipValidation[int]

    @field_validator("secret")
    @classmethod
    def shorten(cls, secret: str) -> str:
        if len(secret) < 20:
            raise ValueError(secret)
        return secret[:3]

    @model_validator(mode="before")
    @classmethod
    def unpack(cls, given: dict[str, Any]) -> dict[str, Any]:
        fields: dict[str, Any] = given["fields"]
        return fields


TRANSFORMED = {
    "tags": "a,b",
    "doubled": [1],
    "code": "x",
    "secret": "s" * 20,
    "content": "[1]",
    "raw": b"YQ==",
    "parts": [1],
    "path": "a/b",
    "unchecked": 1,
}


class Colored(BaseModel, use_enum_values=True):
    color: Color


def edited(record: Any, **fields: Any) -> Any:
    """Return a record after its fields were assigned, as a cell does it."""
    for name, value in fields.items():
        setattr(record, name, value)
    return record


@pytest.mark.parametrize(
    ("hint", "value", "told"),
    [
        (
            Part,
            edited(Part(name="a", price=1), price="9"),
            "at .price: Input should be a valid number (it is str '9')",
        ),
        (
            Part,
            edited(Part(name="a", price=1), price=-1),
            "at .price: Input should be greater than 0 (it is int -1)",
        ),
        (Part, Part.model_construct(name="a"), "at .price: It is missing"),
        (
            dict[str, Kit | None],
            {"a": Kit(parts=[], spare=Kit(parts=[edited(Part(name="a", price=1), name=3)]))},
            "at ['a'].spare.parts[0].name: Input should be a valid string (it is int 3)",
        ),
        (
            Kit,
            Kit(parts=[], by_name={"a": edited(Checked(1), total="1")}),
            "at .by_name['a'].total: Input should be a valid integer (it is str '1')",
        ),
        (
            Early,
            Early.model_construct(late=Late.model_construct(number="1")),
            "at .late.number: Input should be a valid integer (it is str '1')",
        ),
        (
            Amount[int],
            edited(Amount[int](value=1), value="1"),
            "at .value: Input should be a valid integer (it is str '1')",
        ),
        (
            Names,
            edited(Names(["a"]), root=["a", 1]),
            "at .root[1]: Input should be a valid string (it is int 1)",
        ),
        (
            Transformed,
            edited(Transformed.model_validate({"fields": TRANSFORMED}), tags="a,b"),
            "at .tags: Input should be a valid list (it is str 'a,b')",
        ),
    ],
)
def test_a_model_that_was_edited_is_looked_at_as_it_is_now(
    hint: Any, value: object, told: str
) -> None:
    assert "; ".join(faults(hint, value)) == told


@pytest.mark.parametrize(
    "value",
    [
        Part(name="a", price=1),
        Kit(parts=[Part(name="a", price=1)], spare=Kit(parts=[]), by_name={"a": Checked(1)}),
        Amount[int](value=1),
        Names(["a"]),
        Transformed.model_validate({"fields": TRANSFORMED}),
        Colored(color=Color.RED),
    ],
)
def test_a_model_is_right_as_it_was_made(value: Any) -> None:
    before = repr(value)
    assert faults(type(value), value) == []
    assert faults(BaseModel, value) == []
    assert repr(value) == before, "no validator ran"


def even(number: int) -> None:
    """An even number."""
    if number % 2:
        message = f"{number} is odd"
        raise ValueError(message)


def test_a_plain_function_in_annotated_is_called_wherever_it_stands() -> None:
    assert faults(Annotated[int, even], 2) == []
    assert faults(Annotated[int, even], 3) == ["ValueError: 3 is odd"]
    assert faults(Annotated[int, even], "3") == ["Input should be a valid integer"]
    assert faults(dict[str, list[Annotated[int, even]]], {"a": [2, 3]}) == [
        "at ['a'][1]: ValueError: 3 is odd (it is int 3)"
    ]

    class Numbers(TypedDict):
        first: Annotated[int, even]

    assert faults(Numbers, {"first": 1}) == ["at ['first']: ValueError: 1 is odd (it is int 1)"]


def test_an_error_without_a_message_is_told_by_its_line() -> None:
    def check(value: int) -> None:
        if value < 10:
            raise ValueError

    assert faults(Annotated[int, check], 3) == ["ValueError: raise ValueError"]


def test_what_is_no_verdict_is_raised() -> None:
    def interrupt(value: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        faults(list[Annotated[int, interrupt]], [1])


async def later(value: object) -> None: ...


def generated(value: object) -> Iterator[None]:
    yield


@pytest.mark.parametrize("check", [later, generated])
def test_a_check_that_a_call_does_not_run_is_refused(check: Any) -> None:
    with pytest.raises(TypeError, match="use a plain function"):
        HintCheck(Annotated[int, check])


# Cost


def test_a_million_elements_are_looked_at_by_pydantic() -> None:
    numbers = list(range(1_000_000))
    started = time.process_time()
    assert faults(list[int], numbers) == []
    numbers[500_000] = "x"  # type: ignore[call-overload]
    assert faults(list[int], numbers) == [
        "at [500000]: Input should be a valid integer (it is str 'x')"
    ]
    assert time.process_time() - started < 2


def test_a_million_faults_are_counted_and_not_listed() -> None:
    started = time.process_time()
    assert faults(list[int], ["x"] * 1_000_000) == ["1,000,000 values in it are wrong"]
    assert time.process_time() - started < 2


def test_of_many_records_the_fields_of_the_first_are_looked_at() -> None:
    rows = [Point(number) for number in range(MOST_RECORDS + 2)]
    rows[-1] = Point("x")  # type: ignore[arg-type]
    assert HintCheck(list[Point]).findings(rows) == ([], LEFT_OUT)
    assert faults(list[Point], rows[2:]) == [
        f"at [{MOST_RECORDS - 1}].x: Input should be a valid integer (it is str 'x')"
    ]
    rows[-1] = (1, 2)  # type: ignore[call-overload]
    assert len(faults(list[Point], rows)) == 1
