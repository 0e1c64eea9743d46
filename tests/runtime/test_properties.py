"""What holds for any value and any text."""

import asyncio
import itertools
import warnings
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cave_agent.runtime import (
    CellError,
    ErrorFeedbackMode,
    ExecutionResult,
    PythonRuntime,
    Variable,
    digest,
)
from tests.runtime.cells import run, run_ok

few = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
names = st.from_regex(r"\A[a-z][a-z_0-9]{0,8}x\Z")
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner) | st.sets(st.text())
    ),
    max_leaves=10,
)
FRAGMENTS = [
    "x",
    "1",
    "'a'",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ":",
    "=",
    "==",
    ",",
    ".",
    ";",
    "\n",
    "\n    ",
    " ",
    "def f",
    "class A",
    "await ",
    "async ",
    "lambda",
    "if",
    "else",
    "for",
    "in",
    "import",
    "return",
    "yield",
    "raise",
    "try:",
    "except",
    "finally:",
    "with",
    "print",
    "%",
    "!",
    "@",
    "#",
    '"""',
    "f'{x}'",
    "\\",
    "_",
    "__name__",
    "del x",
    "None",
    "...",
    "*",
    "**",
    "->",
    ":=",
    "global x",
]


@few
@given(name=names, value=values)
def test_retrieve_gives_the_injected_object(name: str, value: Any) -> None:
    runtime = PythonRuntime(variables=[Variable(name, value)])
    assert runtime.retrieve(name) is value
    run_ok(runtime, f"other = {name}\n{name}")
    assert runtime.retrieve("other") is value
    assert runtime.describe_variables() == f"- {name}: {digest(value)}"


@few
@given(text=st.text(st.characters(exclude_categories=())), stream=st.sampled_from(["out", "err"]))
def test_printed_text_comes_back_as_it_was(text: str, stream: str) -> None:
    runtime = PythonRuntime(variables=[Variable("text", text)])
    result = run_ok(runtime, f"import sys\nprint(text, end='', file=sys.std{stream})")
    assert (result.stdout if stream == "out" else result.stderr) == text
    assert result.output == text


@few
@given(pieces=st.lists(st.tuples(st.sampled_from(["stdout", "stderr"]), st.text())))
def test_pieces_on_both_streams_keep_their_order(pieces: list[tuple[str, str]]) -> None:
    runtime = PythonRuntime(variables=[Variable("pieces", pieces)])
    code = "import sys\nfor stream, text in pieces: print(text, end='', file=getattr(sys, stream))"
    result = run_ok(runtime, code)
    assert result.output == "".join(text for _, text in pieces)
    assert result.stderr == "".join(text for stream, text in pieces if stream == "stderr")
    streams = [chunk.stream for chunk in result.chunks]
    assert all(one != other for one, other in itertools.pairwise(streams))


def check(runtime: PythonRuntime, code: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = run(runtime, code, timeout=5)
    assert isinstance(result, ExecutionResult)
    assert result.success == (result.error is None)
    if result.error is not None:
        assert result.error.text.strip()
        assert "cave_agent" not in result.error.text


@few
@pytest.mark.parametrize("feedback", list(ErrorFeedbackMode))
@given(code=st.text(st.characters(exclude_categories=())))
def test_any_text_is_a_result(feedback: ErrorFeedbackMode, code: str) -> None:
    check(PythonRuntime(error_feedback_mode=feedback), code)


@settings(max_examples=300, deadline=None)
@given(pieces=st.lists(st.sampled_from(FRAGMENTS), max_size=15))
def test_nearly_python_is_a_result(pieces: list[str]) -> None:
    check(PythonRuntime(variables=[Variable("x", 1)]), "".join(pieces))


@few
@given(value=values)
def test_any_value_can_be_echoed(value: Any) -> None:
    assert run_ok(PythonRuntime(variables=[Variable("value", value)]), "value").success


@few
@given(codes=st.lists(st.sampled_from(["n += 1", "print(n)", "1/0", "n", "("]), max_size=8))
def test_cells_at_once_are_cells_in_order(codes: list[str]) -> None:
    async def at_once(runtime: PythonRuntime) -> list[ExecutionResult]:
        return await asyncio.gather(*(runtime.execute(code) for code in codes))

    def told(results: list[ExecutionResult]) -> list[tuple[str, CellError | None]]:
        return [(result.output, result.error) for result in results]

    first, second = (PythonRuntime(variables=[Variable("n", 0)]) for _ in range(2))
    assert told(asyncio.run(at_once(first))) == told([run(second, code) for code in codes])
