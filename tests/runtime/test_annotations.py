"""Type hints as a model reads them."""

import datetime as dt
import typing
from collections.abc import Callable
from typing import Annotated, Any, Literal, Optional

import pytest
from pydantic import AfterValidator, Field

from cave_agent.runtime.annotations import format_hint


class Outer:
    class Inner:
        pass


def positive(value: int) -> None: ...


@pytest.mark.parametrize(
    ("hint", "told"),
    [
        (int, "int"),
        (Any, "Any"),
        (None, "None"),
        (dt.date, "date"),
        (Outer.Inner, "Inner"),
        (list[dt.date], "list[date]"),
        (typing.List[int], "List[int]"),  # noqa: UP006
        (typing.List, "List"),  # noqa: UP006
        (Optional[int], "int | None"),  # noqa: UP045
        (dict[str, Outer | None], "dict[str, Outer | None]"),
        (tuple[int, ...], "tuple[int, ...]"),
        (Callable[[int, Outer], None], "Callable[[int, Outer], None]"),
        (Callable[..., int], "Callable[..., int]"),
        (Literal["a.b", 3], "Literal['a.b', 3]"),
        (list["Outer"], "list[Outer]"),
        (typing.ForwardRef("Outer"), "Outer"),
        (typing.NewType("UserId", int), "UserId"),
        (
            Annotated[int, Field(gt=0, description="how many")],
            "Annotated[int, Gt(gt=0), 'how many']",
        ),
        (list[Annotated[int, positive]], "list[Annotated[int, positive]]"),
        (Annotated[int, AfterValidator(positive)], "Annotated[int, positive]"),
        (Annotated[int, lambda value: value], "int"),
    ],
)
def test_every_class_has_its_plain_name(hint: Any, told: str) -> None:
    assert format_hint(hint) == told
