"""Hints of every kind through the agent: which objects are right, and which are not."""

import asyncio
import collections
import dataclasses
import typing
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, KeysView
from typing import Annotated, Any, Generic, Literal, LiteralString, NamedTuple, Protocol, TypedDict

import pydantic
import pytest
from pydantic import (
    BaseModel,
    Discriminator,
    Field,
    Json,
    PlainValidator,
    SkipValidation,
    Tag,
    field_validator,
)

from cave_agent import AgentResponse, CaveAgent, MessageRole
from cave_agent.runtime import Function, PythonRuntime
from cave_agent.testing import ScriptedModel

T = typing.TypeVar("T")


def leave(hint: Any, value: object, *more_cells: str) -> tuple[AgentResponse, str]:
    """Return the response to a model that leaves an object, and what it is told of it."""
    runtime = PythonRuntime([Function(lambda: value, name="make")])
    cells = [f"```python\n{cell}\n```" for cell in ("result = make()", *more_cells)]
    agent = CaveAgent(ScriptedModel([*cells, "Done.", "Done."]), runtime, max_steps=len(cells) + 1)
    response = asyncio.run(agent.run("Go", returns=hint))
    reminders = [each.content for each in agent.messages if each.role is MessageRole.REMINDER]
    return response, "".join(reminders)


def is_right(hint: Any, value: object) -> bool:
    response, _ = leave(hint, value)
    return "result" in response.objects and response.object is value


def fault(hint: Any, value: object) -> str:
    response, reminder = leave(hint, value)
    assert "result" not in response.objects
    return reminder


def made(cls: Any, *fields: object) -> Any:
    """Return a record with fields that are of the wrong type, as a cell makes it."""
    return cls(*fields)


# Unions that a field tells apart


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    age: int = 1


Pet = Annotated[Cat | Dog, Field(discriminator="kind")]


def kind_of(value: Any) -> str:
    return str(value["kind"] if isinstance(value, dict) else value.kind)


class Owner(BaseModel):
    pet: Cat | Dog = Field(discriminator="kind")
    others: list[Pet] = []


class Keeper(BaseModel):
    pet: Annotated[Annotated[Cat, Tag("cat")] | Annotated[Dog, Tag("dog")], Discriminator(kind_of)]


class OwnerRow(TypedDict):
    pet: Pet


class CatRow(TypedDict):
    kind: Literal["cat"]


class DogRow(TypedDict):
    kind: Literal["dog"]


PETS = [
    (Owner, Owner(pet=Cat(), others=[Dog()])),
    (list[Owner], [Owner(pet=Dog())]),
    (Keeper, Keeper(pet=Dog())),
    (OwnerRow, {"pet": Dog()}),
    (Pet, Dog()),
    (dict[str, Pet], {"a": Cat(), "b": Dog()}),
    (Annotated[Cat | Dog, Discriminator("kind")], Cat()),
    (Annotated[CatRow | DogRow, Field(discriminator="kind")], {"kind": "dog"}),
]


@pytest.mark.parametrize(("hint", "value"), PETS)
def test_a_union_that_is_told_apart_by_a_field_is_a_union(hint: Any, value: object) -> None:
    assert is_right(hint, value)


def test_what_is_wrong_in_such_a_union_is_told() -> None:
    assert "at .pet.lives: Input should be a valid integer (it is str '9')" in fault(
        Owner, Owner.model_construct(pet=Cat.model_construct(lives="9"), others=[])
    )
    assert "at ['pet']: Input should be an instance of Cat" in fault(OwnerRow, {"pet": "cat"})
    long = Annotated[list[Cat] | list[Dog], Field(discriminator="kind", min_length=1)]
    assert "at least 1 item" in fault(long, [])


# Generic classes


@dataclasses.dataclass
class Box(Generic[T]):
    content: T
    inner: "Box[T] | None" = None


@dataclasses.dataclass
class IntBox(Box[int]):
    pass


U = typing.TypeVar("U")


@dataclasses.dataclass
class Boxes(Box[list[U]], Generic[U]):
    first: U | None = None


@dataclasses.dataclass
class Twisted(Box[list[T]], Generic[T]):
    one: T | None = None


@dataclasses.dataclass
class Growing(Generic[T]):
    content: T
    inner: "Growing[list[T]] | None" = None


class Pair(NamedTuple, Generic[T]):
    left: T
    right: list[T] | None = None


class Entry(TypedDict, Generic[T]):
    value: Annotated[T, "a note"]


@pydantic.dataclasses.dataclass
class Checked(Generic[T]):
    content: T


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (Box[int], Box(1, Box(2))),
        (Box[int] | Box[str], Box("a")),
        (Box, Box("a")),
        (IntBox, IntBox(1)),
        (Boxes[int], Boxes([1], None, 2)),
        (Twisted[int], Twisted([1], None, 2)),
        (Growing[int], made(Growing, 1, Growing([1], Growing([[1]])))),
        (Box[Annotated[int, []]], Box(1, Box(2))),  # a note without a hash
        (Pair[int], Pair(1, [2])),
        (Entry[int], {"value": 1}),
        (Checked[int], Checked(1)),
    ],
)
def test_fields_of_a_generic_class_that_are_right(hint: Any, value: object) -> None:
    assert is_right(hint, value)


@pytest.mark.parametrize(
    ("hint", "value", "told"),
    [
        (Box[int], Box("x"), "at .content: Input should be a valid integer (it is str 'x')"),
        (Box[int], made(Box, 1, Box("x")), "at .inner.content: Input should be a valid integer"),
        (tuple[Box[int], Box[str]], (Box(1), Box(1)), "at [1].content: Input should be a valid s"),
        (IntBox, made(IntBox, "x"), "at .content: Input should be a valid integer"),
        (Boxes[int], made(Boxes, ["x"]), "at .content[0]: Input should be a valid integer"),
        (Boxes[int], made(Boxes, [1], None, "x"), "at .first: Input should be a valid integer"),
        (
            Growing[int],
            made(Growing, 1, Growing(["x"])),
            "at .inner.content[0]: Input should be a v",
        ),
        (Pair[int], made(Pair, 1, ["x"]), "at .right[0]: Input should be a valid integer"),
        (Entry[int], {"value": "x"}, "at ['value']: Input should be a valid integer"),
        (Checked[int], Checked("x"), "at .content: Input should be a valid integer"),
    ],
)
def test_fields_of_a_generic_class_that_are_wrong(hint: Any, value: object, told: str) -> None:
    assert told in fault(hint, value)


# What a validator of pydantic leaves, and what a function is given


class Loose(BaseModel):
    text: Json  # type: ignore[type-arg]
    texts: list[Json] = []  # type: ignore[type-arg]
    unchecked: SkipValidation[int] = 0
    several: list[SkipValidation[int]] = []
    made: Annotated[int, PlainValidator(lambda number: f"number {number}")] = 0
    named: int = 0
    lazy: Generator[int, None, None] | None = None

    @field_validator("named", mode="plain")
    @classmethod
    def name(cls, number: int) -> str:
        return f"number {number}"


def test_a_field_may_hold_what_its_validator_made_in_place_of_its_type() -> None:
    loose = Loose.model_validate(
        {
            "text": "[1]",
            "texts": ["2"],
            "unchecked": "x",
            "several": ["x"],
            "made": 1,
            "named": 2,
            "lazy": [1],
        }
    )
    assert is_right(Loose, loose)


def test_a_function_in_annotated_is_given_the_object_itself() -> None:
    class Tagged(list[int]):
        tag = "x"

    given: list[object] = []
    for hint, value in (
        (Annotated[dict, given.append], collections.OrderedDict(a=1)),
        (Annotated[list, given.append], Tagged([1])),
        (Annotated[list[int], Field(min_length=1), given.append], Tagged([1])),
        (Annotated[list[int], given.append, given.append], Tagged([1])),
        (Annotated[list[Annotated[list[int], given.append]], given.append], [Tagged([1])]),
    ):
        given.clear()
        assert is_right(hint, value)
        expected = value[0] if type(value) is list else value
        assert given[0] is expected
        assert given[-1] is value


# Elements of what can be iterated


class Numbers:
    """Can be iterated, and has no length."""

    def __iter__(self) -> Iterator[int]:
        message = "It was iterated."
        raise AssertionError(message)


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (Iterable[int], [1, 2]),
        (Iterable[int], {1, 2}),
        (Iterable[str], "ab"),
        (Iterable[str], {"a": 1}),
        (Iterable[Any], iter("ab")),
        (Iterable[Cat | Dog], (Cat(), Dog())),
        (Collection[int], range(3)),
        (KeysView[str], {"a": 1}.keys()),
    ],
)
def test_elements_that_are_right(hint: Any, value: object) -> None:
    assert is_right(hint, value)
    assert leave(hint, value)[0].objects.partly_checked == {}


@pytest.mark.parametrize(
    ("hint", "value", "told"),
    [
        (Iterable[int], [1, "x"], "at [1]: Input should be a valid integer (it is str 'x')"),
        (Iterable[int], {"x"}, "Input should be a valid integer (it is str 'x')"),
        (Iterable[int], {"x": 1}, "Input should be a valid integer (it is str 'x')"),
        (Iterable[int], 3, "Input should be an instance of Iterable"),
        (Iterator[int], [1], "Input should be an instance of Iterator"),
        (Generator[int, None, None], iter([1]), "Input should be an instance of Generator"),
        (Collection[Cat], [Dog()], "at [0]: Input should be an instance of Cat"),
        (dict[str, Iterable[int]], {"a": ["x"]}, "at ['a'][0]: Input should be a valid integer"),
        (LiteralString, 1, "Input should be a valid string"),
    ],
)
def test_elements_that_are_wrong(hint: Any, value: object, told: str) -> None:
    assert told in fault(hint, value)


@pytest.mark.parametrize("hint", [Iterator[int], Iterable[int], dict[str, Iterator[int]]])
def test_that_an_iterator_is_not_looked_into_is_told(hint: Any) -> None:
    numbers = iter(["x", "y"])
    value = numbers if typing.get_origin(hint) is not dict else {"a": numbers}
    response, _ = leave(hint, value)
    assert response.objects.partly_checked == {
        "result": "what its iterators yield was not looked at, which would use them up"
    }
    assert list(numbers) == ["x", "y"]
    assert is_right(Iterable[int], Numbers())


# What cannot be checked is refused at once


class Runs(Protocol):
    def run(self) -> None: ...


@pytest.mark.parametrize("hint", [Runs, list[Runs], Runs | None])
def test_a_protocol_that_isinstance_does_not_take_is_refused(hint: Any) -> None:
    with pytest.raises(TypeError, match=r"cannot be checked: Runs is a Protocol, .*decorate it"):
        leave(hint, None)


def test_a_protocol_may_stand_where_no_object_is_to_be_one() -> None:
    assert is_right(type[Runs] | None, None)
    assert is_right(Callable[[Runs], None], print)
