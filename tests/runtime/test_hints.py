"""Mistakes that models make again and again get one line of advice."""

import pytest

from cave_agent.runtime import ErrorFeedbackMode, Function, PythonRuntime
from tests.runtime.cells import error_of, run_ok


async def fetch() -> dict[str, int]:
    return {"a": 1}


@pytest.fixture
def runtime(runtime: PythonRuntime) -> PythonRuntime:
    runtime.inject_function(Function(fetch))
    return runtime


@pytest.mark.parametrize(
    "line",
    [
        "!pip install pandas",
        "%matplotlib inline",
        "%%time",
        "!ls",
        "%timeit sum(range(3))",
        "files = !ls",
        "if x: files = !ls",
        "data[0], rest = !ls",
        "x = %timeit -o sum(range(3))",
    ],
)
def test_magic_is_refused_with_an_explanation(runtime: PythonRuntime, line: str) -> None:
    told = error_of(runtime, f"x = 1\n{line}\ny = 2")
    assert "IPython syntax and cells are plain Python" in told
    assert line[:40] in told
    assert "Cell 1, line 2" in told
    assert runtime.names() == ["fetch"], "nothing of the cell ran"


def test_percent_and_exclamation_mark_in_plain_python(runtime: PythonRuntime) -> None:
    code = (
        "a = (17\n% 5)\nb = 'x %d' \\\n% 3\n"
        "text = '''\n%magic\n!shell\n'''\nif a != 2:\n    raise ValueError(a)\nb"
    )
    assert run_ok(runtime, code).stdout == "'x 3'\n"


@pytest.mark.parametrize(
    "code",
    [
        "import asyncio\nasync def main(): pass\nasyncio.run(main())",
        "import asyncio\nasyncio.run(fetch())",
        "import asyncio\nasyncio.get_event_loop().run_until_complete(fetch())",
    ],
)
def test_asyncio_run(runtime: PythonRuntime, code: str) -> None:
    assert "write `await main()` instead of asyncio.run" in error_of(runtime, code)


@pytest.mark.filterwarnings("ignore:coroutine 'fetch' was never awaited")
@pytest.mark.parametrize(
    "code", ["fetch()['a']", "fetch().items()", "fetch()", "data = fetch()\ndata.keys()"]
)
def test_missing_await(runtime: PythonRuntime, code: str) -> None:
    told = error_of(runtime, code)
    assert "await" in told
    assert "TypeError" in told or "AttributeError" in told


def test_coroutine_left_in_a_variable(runtime: PythonRuntime) -> None:
    result = run_ok(runtime, "data = fetch()")
    assert "`data` is a coroutine. `fetch` must be awaited" in result.stderr
    assert run_ok(runtime, "await data").stdout == "{'a': 1}\n"


def test_coroutine_that_is_awaited_needs_no_note(runtime: PythonRuntime) -> None:
    assert run_ok(runtime, "data = fetch()\nx = await data").output == ""


def test_hint_in_one_line() -> None:
    runtime = PythonRuntime(error_feedback_mode=ErrorFeedbackMode.MINIMAL)
    told = error_of(runtime, "!ls")
    assert "IPython syntax" in told
    assert "\n" not in told


def test_others_get_no_hint(runtime: PythonRuntime) -> None:
    told = error_of(runtime, "'a'.missing")
    assert told.splitlines()[-1].startswith("AttributeError: 'str' object has no")
