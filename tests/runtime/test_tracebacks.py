"""What the model is told about an error."""

import sys
from pathlib import Path

import pytest

from cave_agent.runtime import ErrorFeedbackMode, Function, PythonRuntime
from tests.runtime.cells import SOON, error_of, run, run_ok

MACHINERY = ("cave_agent", "interpreter.py", "tasks.py", "asyncio/", "site-packages", "eval(")


def test_frames_of_cells_with_their_lines(runtime: PythonRuntime) -> None:
    run_ok(runtime, "x = 0")
    run_ok(runtime, "def divide(a, b):\n    # a comment\n    return a / b")
    assert error_of(runtime, "y = 1\n\ndivide(y, x)") == (
        "Traceback (most recent call last):\n"
        "  Cell 3, line 3, in <module>\n"
        "    divide(y, x)\n"
        "  Cell 2, line 3, in divide\n"
        "    return a / b\n"
        "ZeroDivisionError: division by zero"
    )


def test_error_has_its_parts(runtime: PythonRuntime) -> None:
    error = run(runtime, "x = 1\nraise KeyError('name')").error
    assert error is not None
    assert (error.type, error.message, error.line) == ("KeyError", "'name'", 2)
    assert str(error) == error.text


def test_frames_of_libraries_are_one_line(runtime: PythonRuntime) -> None:
    told = error_of(runtime, "import json\njson.loads('{')")
    assert told.startswith(
        "Traceback (most recent call last):\n"
        "  Cell 1, line 2, in <module>\n"
        "    json.loads('{')\n"
        "  … raised in json.decoder.JSONDecoder.raw_decode\n"
        "json.decoder.JSONDecodeError: Expecting property name enclosed in double quotes"
    )
    assert len(told.splitlines()) == 5


@pytest.mark.parametrize(
    "code",
    [
        "input()",
        "import sys; sys.stdin.readlines()",
        "import sys; sys.stdout.write(1)",
        "import time; time.sleep('long')",
        "import threading; threading.Thread.start(None)",
    ],
)
def test_stand_ins_for_streams_and_the_like_are_not_told(runtime: PythonRuntime, code: str) -> None:
    assert "raised in" not in error_of(runtime, code, timeout=SOON)


def test_error_of_a_host_s_function(runtime: PythonRuntime) -> None:
    def lookup(key: str) -> str:
        message = f"no {key}"
        raise LookupError(message)

    runtime.inject_function(Function(lookup))
    told = error_of(runtime, "lookup('this')")
    assert "Cell 1, line 1, in <module>\n    lookup('this')" in told
    assert "raised in tests.runtime.test_tracebacks" in told
    assert told.endswith("LookupError: no this")
    assert ".py" not in told


def test_cell_frames_around_a_host_s_function(runtime: PythonRuntime) -> None:
    runtime.inject_function(Function(lambda function: function(), name="call"))
    told = error_of(runtime, "def fail():\n    1 / 0\ncall(fail)")
    assert [line for line in told.splitlines() if "Cell" in line] == [
        "  Cell 1, line 3, in <module>",
        "  Cell 1, line 2, in fail",
    ]
    assert "raised in" not in told


@pytest.mark.parametrize(
    "code",
    [
        "1 / 0",
        "await fail()",
        "import asyncio\nawait asyncio.gather(fail())",
        "import asyncio\nawait asyncio.create_task(fail())",
        "import asyncio\nawait asyncio.wait_for(fail(), 10)",
        "import asyncio\nawait asyncio.to_thread(lambda: 1 / 0)",
        "exec('1 / 0')",
        "sorted([1, 2], key=lambda x: x / 0)",
        "[1 / n for n in [0]]",
        "class A:\n    x = 1 / 0",
    ],
)
def test_no_frames_of_the_machinery(runtime: PythonRuntime, code: str) -> None:
    run_ok(runtime, "async def fail():\n    1 / 0")
    told = error_of(runtime, code)
    assert told.endswith("ZeroDivisionError: division by zero")
    assert "Cell 2, line" in told
    assert not [word for word in MACHINERY if word in told]


def test_cause(runtime: PythonRuntime) -> None:
    code = "try:\n    {}['a']\nexcept KeyError as e:\n    raise ValueError('bad') from e"
    assert error_of(runtime, code) == (
        "Traceback (most recent call last):\n"
        "  Cell 1, line 2, in <module>\n"
        "    {}['a']\n"
        "KeyError: 'a'\n\n"
        "The above exception was the direct cause of the following:\n\n"
        "Traceback (most recent call last):\n"
        "  Cell 1, line 4, in <module>\n"
        "    raise ValueError('bad') from e\n"
        "ValueError: bad"
    )


def test_context(runtime: PythonRuntime) -> None:
    code = "try:\n    {}['a']\nexcept KeyError:\n    raise ValueError('bad')"
    told = error_of(runtime, code)
    assert "KeyError: 'a'\n\nWhile handling the above, another exception occurred:\n\n" in told
    assert "KeyError" not in error_of(runtime, code + " from None")


def test_circle_of_causes(runtime: PythonRuntime) -> None:
    code = "a, b = ValueError('a'), ValueError('b')\na.__cause__, b.__cause__ = b, a\nraise a"
    told = error_of(runtime, code)
    assert told.endswith("ValueError: a")
    assert len(told) < 2_000


def test_notes(runtime: PythonRuntime) -> None:
    told = error_of(runtime, "e = ValueError('bad')\ne.add_note('look at row 3')\nraise e")
    assert told.endswith("ValueError: bad\nlook at row 3")


def test_exception_group_tells_its_members(runtime: PythonRuntime) -> None:
    code = (
        "import asyncio\nasync def fail(n):\n    if n: raise ValueError(n)\n    1 / 0\n"
        "async with asyncio.TaskGroup() as group:\n"
        "    for n in range(3): group.create_task(fail(n))"
    )
    told = error_of(runtime, code)
    assert "ExceptionGroup: unhandled errors in a TaskGroup (3 sub-exceptions)" in told
    assert "Cell 1, line 4, in fail\n        1 / 0" in told
    assert "    ZeroDivisionError: division by zero" in told
    assert "    ValueError: 1" in told
    assert "    ValueError: 2" in told
    assert not [word for word in MACHINERY if word in told]


def test_large_exception_group_is_bounded(runtime: PythonRuntime) -> None:
    told = error_of(runtime, "raise ExceptionGroup('many', [ValueError(n) for n in range(10_000)])")
    assert "ExceptionGroup: many (10000 sub-exceptions)" in told
    assert "ValueError: 0" in told
    assert len(told) < 1_000


def test_nested_exception_groups_are_bounded(runtime: PythonRuntime) -> None:
    code = "e = ValueError('deep')\nfor _ in range(50): e = ExceptionGroup('level', [e])\nraise e"
    assert len(error_of(runtime, code)) < 5_000


@pytest.mark.parametrize(
    "code",
    [
        "def f(n): return f(n + 1)\nf(0)",
        "def a(n): return b(n)\ndef b(n): return a(n)\na(0)",
        "def a(n): return b(n)\ndef b(n): return c(n)\ndef c(n): return a(n)\na(0)",
    ],
)
def test_endless_recursion_is_told_briefly(runtime: PythonRuntime, code: str) -> None:
    told = error_of(runtime, code)
    assert "RecursionError: maximum recursion depth exceeded" in told
    assert "in <module>" in told
    assert len(told.splitlines()) < 60
    assert run_ok(runtime, "1").success


def test_syntax_error_shows_its_line(runtime: PythonRuntime) -> None:
    result = run(runtime, "x = 1\ny = (2 +\nz = 3")
    assert result.error is not None
    assert result.error.type == "SyntaxError"
    assert result.error.line in (2, 3)
    assert "Cell 1, line" in result.error.text
    assert "y = (2 +" in result.error.text or "z = 3" in result.error.text
    assert "^" in result.error.text
    assert "Traceback" not in result.error.text


@pytest.mark.parametrize(
    ("code", "line"),
    [("x = 1\nreturn x", 2), ("x = 1\nx + 1\nbreak", 3), ("def f():\n  x\n  nonlocal y\nf()", 3)],
)
def test_syntax_error_that_the_compiler_finds_shows_its_line(
    runtime: PythonRuntime, code: str, line: int
) -> None:
    told = error_of(runtime, code)
    assert f"Cell 1, line {line}\n    {code.splitlines()[line - 1].strip()}\n" in told
    assert "SyntaxError" in told


def test_indentation_error(runtime: PythonRuntime) -> None:
    told = error_of(runtime, "if True:\nx = 1")
    assert "Cell 1, line 2" in told
    assert "IndentationError: expected an indented block" in told


def test_syntax_error_in_text_that_the_cell_compiles(runtime: PythonRuntime) -> None:
    told = error_of(runtime, "x = 1\ncompile('a b', 'elsewhere', 'exec')")
    assert "Cell 1, line 2, in <module>" in told
    assert "SyntaxError: invalid syntax" in told


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python suggests them from 3.12 on")
def test_suggestion_of_a_similar_name(runtime: PythonRuntime) -> None:
    assert "Did you mean: 'penguins'?" in error_of(runtime, "penguins = 1\npenguin")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("x = 1\nx / 0", "ZeroDivisionError: division by zero (Cell 1, line 2)"),
        ("raise ValueError", "ValueError (Cell 1, line 1)"),
        ("raise ValueError('two\\nlines')", "ValueError: two lines (Cell 1, line 1)"),
        ("def f():\n    1 / 0\nf()", "ZeroDivisionError: division by zero (Cell 1, line 2)"),
        ("x = )", "SyntaxError: unmatched ')' (Cell 1, line 1)"),
        (
            "raise ExceptionGroup('both', [ValueError('a'), KeyError('b')])",
            (
                "ExceptionGroup: both (2 sub-exceptions) [ValueError: a; KeyError: 'b'] "
                "(Cell 1, line 1)"
            ),
        ),
    ],
)
def test_minimal_feedback_is_one_line(code: str, told: str) -> None:
    runtime = PythonRuntime(error_feedback_mode=ErrorFeedbackMode.MINIMAL)
    assert error_of(runtime, code) == told


@pytest.mark.parametrize("mode", list(ErrorFeedbackMode))
@pytest.mark.parametrize(
    "code",
    [
        "class Bad(Exception):\n    def __str__(self): raise ValueError\nraise Bad",
        "class Bad(Exception):\n    def __str__(self): return 5\nraise Bad",
        "class Bad(Exception):\n    __notes__ = 5\nraise Bad",
        "class Bad(Exception):\n    @property\n    def __cause__(self): 1 / 0\nraise Bad",
        "raise SyntaxError",
        "raise SyntaxError('x', ('<Cell 9 of nowhere>', None, None, None))",
        "raise SyntaxError(None)",
        "raise AttributeError",
        "raise KeyError(b'\\xff')",
        "raise ValueError('\\ud800')",
    ],
)
def test_any_exception_can_be_told(mode: ErrorFeedbackMode, code: str) -> None:
    runtime = PythonRuntime(error_feedback_mode=mode)
    error = run(runtime, code).error
    assert error is not None
    assert error.type in error.text


def test_huge_message_is_bounded(runtime: PythonRuntime) -> None:
    told = error_of(runtime, "raise ValueError('begin' + 'x' * 1_000_000 + 'end')")
    assert len(told) < 10_000
    assert "ValueError: begin" in told
    assert told.endswith("end")


def test_error_holds_no_exception(runtime: PythonRuntime) -> None:
    error = run(runtime, "1 / 0").error
    assert error is not None
    for name in ("type", "message", "text"):
        assert type(getattr(error, name)) is str


def test_the_feedback_mode_may_be_given_by_its_value_and_nothing_else() -> None:
    runtime = PythonRuntime(error_feedback_mode="minimal")  # type: ignore[arg-type]
    result = run(runtime, "1 / 0")
    assert str(result.error) == "ZeroDivisionError: division by zero (Cell 1, line 1)"
    with pytest.raises(ValueError, match="'loud' is not a valid ErrorFeedbackMode"):
        PythonRuntime(error_feedback_mode="loud")  # type: ignore[arg-type]


def test_no_lines_of_files_are_shown_that_an_error_names(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hidden = 1\n", encoding="utf-8")
    code = f"raise SyntaxError('no', ({str(tmp_path / 'secret')!r}, 1, 1, None))"
    told = error_of(PythonRuntime(), code)
    assert "line 1" in told
    assert "hidden" not in told
