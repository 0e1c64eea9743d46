"""What stubs tell of docstrings in the usual styles."""

import time
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cave_agent.runtime import Function, PythonRuntime, Type
from cave_agent.runtime.docstrings import first_sentence, read_docstring


def told(doc: str, hints: dict[str, Any] | None = None) -> str:
    def set_target(room: Any, celsius: float = 20.0) -> None:
        pass

    set_target.__doc__ = doc
    set_target.__annotations__ = hints or {}
    text = PythonRuntime([Function(set_target)]).describe_functions()
    return text.splitlines()[0].partition(" # ")[2]


GOOGLE = """Set the target.

    Args:
        room: The room.
        celsius (float, optional): Temperature to hold,
            5 to 30.

    Returns:
        bool: Whether the heating is on.

    Raises:
        ValueError: It is out of range.
    """

NUMPY = """Set the target.

    Parameters
    ----------
    room : str
        The room.
    celsius : float
        Temperature to hold,
        5 to 30.

    Returns
    -------
    bool
        Whether the heating is on.
    """

SPHINX = """Set the target.

    :param room: The room.
    :param float celsius: Temperature to hold,
        5 to 30.
    :type celsius: float
    :returns: Whether the heating is on.
    """


@pytest.mark.parametrize("doc", [GOOGLE, NUMPY, SPHINX])
def test_what_the_signature_does_not_say_is_told(doc: str) -> None:
    assert told(doc) == (
        "Set the target. celsius: Temperature to hold, 5 to 30. returns: Whether the heating is on."
    )


def test_the_first_sentence_is_told_and_that_there_is_more() -> None:
    assert told("Set the\n target, e.g. 20. It is held.") == "Set the target, e.g. 20. …"
    assert told("Set the target.\n\nIt is held.") == "Set the target. …"
    assert told("Set the target.\n\nExample:\n    set_target(1)") == "Set the target. …"
    assert told("Set the target") == "Set the target"
    assert told("Args:\n    room: The floor is part of it.") == "room: The floor is part of it."


def test_long_texts_about_parameters_are_cut() -> None:
    text = told(f"Set it.\n\nArgs:\n    room: {'floor ' * 200}")
    assert len(text) < 250
    assert text.endswith("floor …")


def test_what_is_said_of_a_result_whose_fields_are_told_is_left_out() -> None:
    class Report(dict):  # type: ignore[type-arg]
        pass

    @dataclass
    class State:
        on: bool

    doc = "Set it.\n\nReturns:\n    Whether the heating is on."
    assert told(doc, {"return": Report}) == "Set it. returns: Whether the heating is on."
    assert told(doc, {"return": State}) == "Set it."


def test_what_several_say_of_a_parameter_is_told_once() -> None:
    def begin(day: str) -> None:
        """Begin.

        Args:
            day: As YYYY-MM-DD.
        """

    def end(day: str, reason: str) -> None:
        """End.

        Args:
            day: As YYYY-MM-DD.
            reason: As YYYY-MM-DD.
        """

    runtime = PythonRuntime([Function(begin), Function(end)])
    for _ in range(2):
        assert runtime.describe_functions().splitlines() == [
            "def begin(day: str) -> None # Begin. day: As YYYY-MM-DD.",
            "def end(day: str, reason: str) -> None # End. reason: As YYYY-MM-DD.",
        ]


def test_fields_have_what_the_class_says_of_them() -> None:
    @dataclass
    class Reading:
        """A reading.

        Attributes:
            celsius: Measured in the shade.
            city: The city.
            scale: No field; 1 to 3.
        """

        city: str
        celsius: float

    assert PythonRuntime(types=[Type(Reading)]).describe_types().splitlines() == [
        "class Reading: # A reading. scale: No field; 1 to 3.",
        " city: str",
        " celsius: float # Measured in the shade.",
    ]


def test_a_description_of_the_host_s_is_told_whole() -> None:
    def reverse(s: str) -> str:
        """Turn a text around. It is fast."""
        return s[::-1]

    def described(text: str) -> str:
        return PythonRuntime([Function(reverse, text, include_doc=False)]).describe_functions()

    assert described("One. Two.") == "def reverse(s: str) -> str # One. Two."
    assert described("One.\nTwo.") == 'def reverse(s: str) -> str:\n """One.\n Two."""'


@given(
    st.lists(
        st.sampled_from(["Args:", "Returns", "----", ":param x:", "    ", "x: ", "x (a", "é", ""])
        | st.text(max_size=20)
    ).map("\n".join)
)
def test_any_docstring_is_read(doc: str) -> None:
    read = read_docstring(doc)
    texts = [read.summary, read.returns, *read.parameters.values()]
    assert all("\n" not in text for text in texts)
    assert first_sentence(read.summary) == read.summary


@pytest.mark.parametrize(
    "doc",
    [
        "Args:\n    x" + " (" * 100_000,
        "Args:\n    x (" + "()" * 100_000,
        ":" + "param " * 100_000,
        ":param " + "x" * 100_000,
        "Returns:\n    x[" + "[" * 100_000,
        "e.g." * 100_000,
        "\n" * 100_000,
        "Args:\n" * 50_000,
    ],
    ids=lambda doc: doc[:12],
)
def test_a_long_docstring_takes_no_time(doc: str) -> None:
    started = time.perf_counter()
    read_docstring(doc)
    assert time.perf_counter() - started < 1
