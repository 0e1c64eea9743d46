"""Private values in what a model is told."""

import asyncio
import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cave_agent import CaveAgent
from cave_agent.runtime import PythonRuntime, Variable
from cave_agent.runtime.privacy import mask_private
from cave_agent.testing import ScriptedModel

MAIL = "ann@example.org"
DAY = dt.datetime(2024, 1, 2)  # noqa: DTZ001


@dataclasses.dataclass
class Customer:
    mail: str
    city: str = "Ulm"


class Pair(NamedTuple):
    mail: str
    city: str


@pytest.mark.parametrize(
    ("text", "value", "private", "masked"),
    [
        ("it is ann@example.org.", MAIL, True, "it is [private]."),
        (f"{Customer(MAIL)}", Customer(MAIL), ["mail"], "Customer(mail='[private]', city='Ulm')"),
        ("in Ulm by Ann", Customer("Ann"), True, "in [private] by [private]"),
        (f"{MAIL} Ulm", Pair(MAIL, "Ulm"), ["mail"], "[private] Ulm"),
        (f"[{MAIL}, 5]", [{"a": ({"mail": MAIL},)}], ["mail"], "[[private], 5]"),
        ("Ann Smith and Ann", ["Ann Smith"], True, "[private] and Ann"),
        ("Ann Smith, Annabel", ["Ann", "Ann Smith"], True, "[private], Annabel"),
        ("call +49 170 555", "+49 170 555", True, "call [private]"),
        ("52341 52,341 52341.0", [52341], True, "[private] [private] [private].0"),
        ("152341 31", [52341, 31], True, "152341 31"),
        ("1234.5 and 1234.50", 1234.5, True, "[private] and [private]"),
        ("12.345", Decimal("12.345"), True, "[private]"),
        ("2024-01-02, 2024-01-02T00:00:00", DAY, True, "[private], [private]"),
        (repr("a\nb\"c'd"), "a\nb\"c'd", True, "'[private]'"),
        ("True and None are 1", [True, None, 1], True, "True and None are 1"),
        ("nothing", {"mail": MAIL}, [], "nothing"),
        ("ann@example.org", {"mail": MAIL}, False, "ann@example.org"),
    ],
)  # fmt: skip
def test_values_are_masked(text: str, value: object, private: Any, masked: str) -> None:
    assert mask_private(text, [(value, private)]) == masked


def test_tables() -> None:
    pd = pytest.importorskip("pandas")
    np = pytest.importorskip("numpy")
    mails = [f"user{number}@example.org" for number in range(200_000)]
    frame = pd.DataFrame({"id": range(len(mails)), "mail": mails, "pay": 70_000.5})
    text = mask_private(str(frame), [(frame, ["mail"])])
    assert "@" not in text
    assert text.count("[private]") == 10
    assert "70000.5" in text
    assert "70000.5" not in mask_private(str(frame), [(frame, True)])
    assert "user" not in mask_private(str(frame["mail"]), [(frame["mail"], True)])
    assert mask_private("12345", [(np.array([[12345]]), True)]) == "[private]"


def test_polars_and_pyarrow() -> None:
    pl = pytest.importorskip("polars")
    pa = pytest.importorskip("pyarrow")
    for table in (pl.DataFrame({"mail": [MAIL], "n": [1234]}), pa.table({"mail": [MAIL]})):
        assert "ann@" not in mask_private(str(table), [(table, ["mail"])])


def test_values_that_hold_themselves_or_resist() -> None:
    class Odd:
        def __getattribute__(self, name: str) -> object:
            raise AssertionError(name)

    ring: list[Any] = ["secret words", Odd()]
    ring.append(ring)
    assert mask_private("secret words", [(ring, True)]) == "[private]"


@settings(max_examples=60)
@given(
    values=st.lists(st.text("abc -@\n'\"\\", min_size=3, max_size=9), max_size=5),
    around=st.text(" .,;", max_size=3),
)
def test_what_is_left_is_text(values: list[str], around: str) -> None:
    text = around.join(["", *map(repr, values), ""])
    masked = mask_private(text, [(values, True)])
    if not any(any(letter.isalnum() for letter in value) for value in values):
        assert masked == text
    assert mask_private(text, []) == text


def test_a_model_does_not_read_private_values_by_oversight() -> None:
    people = [{"name": "Ann", "mail": MAIL}, {"name": "Bo", "mail": "bo@example.org"}]
    runtime = PythonRuntime(
        variables=[
            Variable("people", people, "The customers", private=["mail"]),
            Variable("pin", "hunter2", private=True),
        ]
    )
    cells = [
        "people",
        "print(pin)",
        "raise ValueError(people[0]['mail'])",
        "people.append({'name': 'Cy', 'mail': 'cy@example.org'})\npeople[-1]",
        "people = [{'mail': 'di@example.org'}]\nmine = people\nmine",
    ]
    model = ScriptedModel([*(f"```python\n{cell}\n```" for cell in cells), "Done."])
    agent = CaveAgent(model, runtime, max_steps=9)
    response = asyncio.run(agent.run("Go"))
    told = [message["content"] for message in model.requests[-1] if message["role"] != "assistant"]
    assert (
        "- people: list of 2 dict [keys name, mail str; first {'name': 'Ann', 'mail': str}]"
        in (told[0])
    )
    assert not [text for text in told if "example.org" in text or "hunter2" in text]
    assert sum(text.count("[private]") for text in told) >= 5
    assert MAIL in response.cells[0].result.stdout, "the host reads what was printed"
