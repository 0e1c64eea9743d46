"""Private values in what a model is told."""

import asyncio
import dataclasses
import datetime as dt
import time
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
        ("52341 52,341 52341.0", [52341], True, "[private] [private] [private]"),
        ("98765.500000 9.876550e+04 98,765.5", 98765.5, True, "[private] [private] [private]"),
        ("min 31.000000, std 3.000000", [31, 3], True, "min [private], std 3.000000"),
        ("98765.4 98766 9.9e4 198765.5", 98765.5, True, "98765.4 98766 9.9e4 198765.5"),
        ("98765.43 9.877e+04 98765.4", 98765.4321, True, "[private] [private] [private]"),
        ("7,1234.5,52,341,52341", [1234.5, 52341], True, "7,[private],52,341,[private]"),
        ("-1234.5 1234.5 a-1234.5", -1234.5, True, "[private] [private] a-[private]"),
        ("0.0123 0.01230", 0.0123, True, "[private] [private]"),
        ("98765.5kg x98765.5 1_234_567", [98765.5, 1234567], True, "98765.5kg x98765.5 [private]"),
        (str(2**90), [2**90], True, "[private]"),
        (str(2**90 + 1), [2**90], True, str(2**90 + 1)),
        ("1e999 nan inf 12345e999", [Decimal("sNaN"), Decimal("1e999"), float("inf")], True,
         "1e999 nan inf 12345e999"),
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


def test_statistics_of_tables() -> None:
    pd = pytest.importorskip("pandas")
    pay = [98765.5, 41000.25, 0.123456789, 77000.0]
    frame = pd.DataFrame({"pay": pay, "n": [1, 2, 3, 4]})
    text = mask_private(str(frame.describe()), [(frame, ["pay"])])
    assert "98765" not in text
    assert "0.123" not in text
    assert "2.500000" in text
    wide = str(pd.DataFrame({"pay": [98765.5, 1e9]}).describe())
    assert "9.876550e+04" in wide
    assert "9.876550e+04" not in mask_private(wide, [(frame, ["pay"])])


def test_values_of_numpy_and_pandas_by_themselves() -> None:
    np = pytest.importorskip("numpy")
    pd = pytest.importorskip("pandas")
    private = [
        np.float64(98765.5),
        np.int32(4321),
        np.str_("Ann"),
        pd.Timestamp("2024-01-02", tz=0),
    ]
    assert mask_private("98765.5 4321 Ann 2024-01-02", [(private, True)]) == " ".join(
        ["[private]"] * 4
    )
    days = pd.Series(np.array(["2024-01-02"], "datetime64[ns]"))
    assert mask_private(str(days), [(days, True)]).startswith("0   [private]")
    several = pd.DataFrame({"n": [1]}, index=pd.MultiIndex.from_tuples([("Ann", 52341)]))
    assert mask_private("Ann 52341", [(several, True)]) == "[private] [private]"


@pytest.mark.parametrize("unit", ["1,", "1", "1_", "1.1,", "1e1,", "-", ",111"])
def test_numbers_are_looked_for_in_linear_time(unit: str) -> None:
    started = time.perf_counter()
    mask_private(unit * 50_000 + "x", [(98765.5, True)])
    assert time.perf_counter() - started < 5


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
