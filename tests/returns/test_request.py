"""What a host asks for: which classes the model knows then, and what is refused at once."""

import asyncio
import typing
from typing import Annotated, Any, Generic

import pytest
from pydantic import BaseModel

from cave_agent import CaveAgent, UserMessage
from cave_agent.testing import ScriptedModel
from tests.returns.test_hints import fault, is_right, leave

T = typing.TypeVar("T")


class Cat(BaseModel):
    lives: int = 9


# Classes by their names


class Page(BaseModel, Generic[T]):
    items: list[T]


class Book(BaseModel):
    page: Page[Cat]


@pytest.mark.parametrize(
    ("hint", "code"),
    [
        (Page[Cat], "result = Page[Cat](items=[Cat()])"),
        (dict[str, Page[int]], "result = {'a': Page[int](items=[1])}"),
        (Book, "result = Book(page=Page[Cat](items=[Cat()]))"),
        (Page[Page[Cat]], "result = Page[Page[Cat]](items=[Page[Cat](items=[Cat()])])"),
    ],
)
def test_the_classes_of_a_generic_model_can_be_used_by_name(hint: Any, code: str) -> None:
    agent = CaveAgent(ScriptedModel([f"```python\n{code}\n```", "Done."]))
    response = asyncio.run(agent.run("Go", returns=hint))
    assert response.object is agent.runtime.retrieve("result")
    (note,) = (each.note for each in agent.messages if isinstance(each, UserMessage))
    assert "class Page(BaseModel, Generic):\n items: list[T]" in note
    assert "class Page[" not in note


def other_cat() -> type:
    class Cat(BaseModel):
        pass

    return Cat


@pytest.mark.parametrize(
    "returns",
    [
        {"a": Cat, "b": other_cat()},
        {"a": list[Cat], "b": dict[str, other_cat()]},  # type: ignore[misc]
        {"a": Book, "b": other_cat()},
        Cat | other_cat(),
    ],
)
def test_two_classes_of_one_name_are_refused(returns: Any) -> None:
    with pytest.raises(ValueError, match=r"two classes 'Cat', .*test_request\..*Cat and .*rename"):
        leave(returns, None)


# Functions that check


def two(one: object, other: object) -> None: ...


def none() -> None: ...


def keyed(value: object, *, limit: int) -> None: ...


@pytest.mark.parametrize("check", [two, none, keyed, Annotated[int, two]])
def test_a_function_that_cannot_be_called_with_the_object_is_refused(check: Any) -> None:
    with pytest.raises(TypeError, match=r"cannot be called with the object alone .*one parameter"):
        leave(check, 1)


def with_a_default(value: object, limit: int = 3) -> None: ...


@pytest.mark.parametrize("check", [with_a_default, len, print, str.isdigit, lambda *all_: None])
def test_a_function_that_can_be_called_with_the_object_is_taken(check: Any) -> None:
    assert is_right(check, "1")


class Unspeakable(Exception):  # noqa: N818 - it is no error of ours
    def __str__(self) -> str:
        raise RuntimeError


def test_an_error_that_cannot_be_told_is_told_by_its_name() -> None:
    def check(value: object) -> None:
        raise Unspeakable

    told = "Unspeakable: (its message cannot be told, which raised RuntimeError)"
    assert told in fault(check, 1)
    assert told in fault(list[Annotated[int, check]], [1])
