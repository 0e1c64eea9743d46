"""What a cell is: awaiting, echoing, persisting, and ending without the host."""

import asyncio
import builtins
import sys
import threading
from typing import Any

import pytest

from cave_agent.runtime import (
    ErrorFeedbackMode,
    ExecutionResult,
    Function,
    PythonRuntime,
    Variable,
)
from tests.runtime.cells import SOON, error_of, run, run_ok, value_of


def test_definitions_and_imports_persist(runtime: PythonRuntime) -> None:
    run_ok(
        runtime, "import math\nfrom json import dumps\nx = 2\ndef area(r): return math.pi * r * x"
    )
    run_ok(runtime, "class Circle:\n    def area(self): return area(1)")
    assert value_of(runtime, "answer = dumps(round(Circle().area(), 2))") == "6.28"
    run_ok(runtime, "x = 4")
    assert value_of(runtime, "answer = round(area(1), 2)") == 12.57


def test_await_at_the_top_level(runtime: PythonRuntime) -> None:
    code = """
import asyncio

async def numbers():
    for n in range(3):
        await asyncio.sleep(0)
        yield n

class Context:
    async def __aenter__(self): return self
    async def __aexit__(self, *error): entered.append("left")

entered = []
async with Context() as context:
    entered.append("inside")
async for n in numbers():
    entered.append(n)
squares = [n * n async for n in numbers()]
last = await asyncio.sleep(0, result="slept")
if await asyncio.sleep(0, result=True):
    entered += [await asyncio.sleep(0, result="nested")]
"""
    run_ok(runtime, code)
    assert runtime.retrieve("entered") == ["inside", "left", 0, 1, 2, "nested"]
    assert runtime.retrieve("squares") == [0, 1, 4]
    assert runtime.retrieve("last") == "slept"


def test_async_functions_persist(runtime: PythonRuntime) -> None:
    run_ok(
        runtime, "import asyncio\nasync def twice(x):\n    await asyncio.sleep(0)\n    return 2 * x"
    )
    assert run_ok(runtime, "await twice(21)").stdout == "42\n"
    assert run_ok(runtime, "await asyncio.gather(twice(1), twice(2))").stdout == "[2, 4]\n"


@pytest.mark.parametrize(
    ("code", "echo"),
    [
        ("1 + 1", "2\n"),
        ("x = 1", ""),
        ("x = 1\nx", "1\n"),
        ("'text'", "'text'\n"),
        ("None", ""),
        ("1;", ""),
        ("1;  # no echo", ""),
        ("1  # not; at the end", "1\n"),
        ("'a;'", "'a;'\n"),
        ("'#;'", "'#;'\n"),
        ("1; 2", "2\n"),
        ("print('p')", "p\n"),
        ("for n in range(3): n", ""),
        ("if True:\n    1", ""),
        ("def f(): return 1", ""),
        ("(1,\n 2)", "(1, 2)\n"),
        ('"""a\nb"""', "'a\\nb'\n"),
        ("1\n\n# the end\n", "1\n"),
        ("await_ = 1\nawait_", "1\n"),
        ("x = 1\ny = x == 1\ny", "True\n"),
        ("x = 'a'\nx = x  ", ""),
        ("x = 3\nx == 3", "True\n"),
        ("text = '''\nx = 1'''\ntext", "'\\nx = 1'\n"),
        ("(\nx := 5\n)", "5\n"),
        ("1 + \\\n1", "2\n"),
        ("{'b': 1, 'a': 2}", "{'b': 1, 'a': 2}\n"),
        ("", ""),
        ("# nothing", ""),
        ("\n\n", ""),
        ("...", "Ellipsis\n"),
        ("lambda: 1;", ""),
        ("x = [1]\nx[0]\n", "1\n"),
        ("x = 1\r\nx\r\n", "1\n"),
    ],
)
def test_last_expression_is_echoed(code: str, echo: str) -> None:
    assert run_ok(PythonRuntime(), code).stdout == echo


def test_underscore_holds_the_last_value(runtime: PythonRuntime) -> None:
    run_ok(runtime, "[1, 2]")
    run_ok(runtime, "x = 3")
    run_ok(runtime, "print('p')")
    assert value_of(runtime, "answer = _") == [1, 2]
    assert value_of(runtime, "_ = 5\nanswer = _") == 5
    assert "_" not in runtime.names()


def test_awaited_last_expression_is_echoed(runtime: PythonRuntime) -> None:
    assert run_ok(runtime, "import asyncio\nawait asyncio.sleep(0, 'value')").stdout == "'value'\n"
    assert value_of(runtime, "answer = _") == "value"


def test_await_of_a_plain_value_is_harmless(runtime: PythonRuntime) -> None:
    def plain() -> str:
        return "plain"

    runtime.inject_function(Function(plain))
    code = (
        "async def inner():\n    return await plain()\n"
        "answer = [await plain(), await inner(), await None, (await plain()).upper()]"
    )
    assert value_of(runtime, code) == ["plain", "plain", None, "PLAIN"]


@pytest.mark.parametrize(
    "code",
    [
        "if __name__ == '__main__':\n    answer = 42",
        'def main():\n    return 42\n\nif __name__ == "__main__":\n    answer = main()',
        "if __name__ == '__main__': answer = 42\nelse: answer = 0",
        (
            "import asyncio\nasync def main(): return 42\n"
            "if __name__ == '__main__':\n    answer = await main()"
        ),
    ],
)
def test_main_guard_runs(runtime: PythonRuntime, code: str) -> None:
    assert value_of(runtime, code) == 42


ENDS = {
    "exit": "exit()",
    "quit": "quit()",
    "sys.exit": "import sys; sys.exit()",
    "raise": "raise SystemExit",
    "zero": "raise SystemExit(0)",
    "function": "def f():\n    exit()\nf()",
    "async function": "async def f():\n    exit()\nawait f()",
    "after waiting": "import asyncio\nasync def f():\n  await asyncio.sleep(0); exit()\nawait f()",
    "gather": "import asyncio\nasync def f():\n    await asyncio.sleep(0)\n    exit()\n"
    "await asyncio.gather(f(), asyncio.sleep(60))",
    "task": "import asyncio\nasync def f(): exit()\nawait asyncio.create_task(f())",
    "task of a task": "import asyncio\nasync def f(): exit()\n"
    "async def g(): await asyncio.create_task(f())\nawait asyncio.create_task(g())",
    "task group": "import asyncio\nasync def f(): exit()\n"
    "async with asyncio.TaskGroup() as group:\n    group.create_task(f())",
    "wait_for": "import asyncio\nasync def f(): exit()\nawait asyncio.wait_for(f(), 60)",
}


@pytest.mark.parametrize("code", ENDS.values(), ids=ENDS)
def test_exit_ends_the_cell_only(runtime: PythonRuntime, code: str) -> None:
    async def work() -> ExecutionResult:
        task = asyncio.create_task(asyncio.sleep(0, "the host goes on"))
        result = await runtime.execute(f"before = 1\n{code}\nafter = 1")
        assert await task == "the host goes on"
        await asyncio.sleep(0)
        return result

    result = asyncio.run(asyncio.wait_for(work(), SOON))
    assert result.success, result.error
    assert runtime.retrieve("before") == 1
    assert "after" not in runtime.names()
    assert value_of(runtime, "answer = 2") == 2


FAILURES = {
    "sys.exit": ("import sys; sys.exit('not found')", "SystemExit: not found"),
    "status": ("raise SystemExit(3)", "SystemExit: 3"),
    "interrupt": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "interrupted": ("async def f(): raise KeyboardInterrupt\nawait f()", "KeyboardInterrupt"),
    "gather": (
        "import asyncio\nasync def f(): raise SystemExit(3)\nawait asyncio.gather(f())",
        "SystemExit: 3",
    ),
    "task": (
        "import asyncio\nasync def f(): raise KeyboardInterrupt\nawait asyncio.create_task(f())",
        "KeyboardInterrupt",
    ),
    "task group": (
        (
            "import asyncio\nasync def f(): raise SystemExit(3)\n"
            "async with asyncio.TaskGroup() as g: g.create_task(f())"
        ),
        "SystemExit: 3",
    ),
    "stop": ("raise StopIteration", "StopIteration"),
    "async stop": ("import asyncio\nawait asyncio.sleep(0)\nnext(iter([]))", "StopIteration"),
    "cancelled": ("import asyncio\nraise asyncio.CancelledError", "CancelledError"),
    "async cancelled": (
        "import asyncio\nawait asyncio.sleep(0)\nraise asyncio.CancelledError",
        "CancelledError",
    ),
    "cancels itself": (
        "import asyncio\nasyncio.current_task().cancel()\nawait asyncio.sleep(1)",
        "CancelledError",
    ),
    "generator's end": ("raise GeneratorExit", "GeneratorExit"),
    "async generator's end": (
        "import asyncio\nawait asyncio.sleep(0)\nraise GeneratorExit",
        "GeneratorExit",
    ),
    "own exception": ("class Mine(BaseException): pass\nraise Mine('x')", "Mine: x"),
}


@pytest.mark.parametrize(("code", "told"), FAILURES.values(), ids=FAILURES)
def test_whatever_is_raised_ends_the_cell_only(
    runtime: PythonRuntime, code: str, told: str
) -> None:
    async def work() -> ExecutionResult:
        result = await runtime.execute(code)
        await asyncio.sleep(0)
        task = asyncio.current_task()
        assert task is not None
        assert not task.cancelling()
        return result

    result = asyncio.run(asyncio.wait_for(work(), SOON))
    assert result.error is not None
    assert told in result.error.text
    assert value_of(runtime, "answer = 2") == 2


def test_task_left_behind_cannot_end_the_host(runtime: PythonRuntime) -> None:
    left: list[Any] = []

    async def work() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: left.append(context))
        run_later = (
            "import asyncio\nasync def f():\n    await asyncio.sleep(0)\n    raise SystemExit(3)\n"
            "task = asyncio.get_running_loop().create_task(f())"
        )
        assert (await runtime.execute(run_later)).success
        for _ in range(5):
            await asyncio.sleep(0)
        result = await runtime.execute("await task")
        assert result.error is not None
        assert result.error.type == "SystemExit"

    asyncio.run(work())


def test_failing_task_group_is_no_cancellation_of_the_host(runtime: PythonRuntime) -> None:
    code = (
        "import asyncio\nasync def f():\n    1 / 0\n"
        "try:\n    async with asyncio.TaskGroup() as group:\n        group.create_task(f())\n"
        "except* ZeroDivisionError:\n    print('caught')"
    )

    async def work() -> list[str]:
        outputs = [(await runtime.execute(code)).output for _ in range(3)]
        await asyncio.sleep(0)
        return outputs

    assert asyncio.run(work()) == ["caught\n"] * 3


@pytest.mark.parametrize("then", ["", "\n1 / 0"], ids=["then ends", "then fails"])
def test_cell_cannot_cancel_the_host_s_task(runtime: PythonRuntime, then: str) -> None:
    async def work() -> str | None:
        result = await runtime.execute(f"import asyncio\nasyncio.current_task().cancel(){then}")
        await asyncio.sleep(0)
        task = asyncio.current_task()
        assert task is not None
        assert not task.cancelling()
        return result.error.type if result.error else None

    assert asyncio.run(work()) == ("ZeroDivisionError" if then else "CancelledError")


def test_timeouts_of_the_cell_s_own(runtime: PythonRuntime) -> None:
    code = (
        "import asyncio\ntry:\n    async with asyncio.timeout(0.01): await asyncio.sleep(60)\n"
        "except TimeoutError: print('first')\n"
        "try: await asyncio.wait_for(asyncio.sleep(60), 0.01)\n"
        "except TimeoutError: print('second')"
    )
    assert run_ok(runtime, code, timeout=SOON).output == "first\nsecond\n"


def test_host_s_timeout_around_a_cell(runtime: PythonRuntime) -> None:
    async def work() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await runtime.execute("import asyncio; await asyncio.sleep(60)")
        assert (await runtime.execute("1")).success

    asyncio.run(work())


def test_cell_that_fails_keeps_what_it_did_before(runtime: PythonRuntime) -> None:
    result = run(runtime, "x = 1\nprint('before')\n1 / 0\ny = 2")
    assert not result.success
    assert result.stdout == "before\n"
    assert runtime.names() == ["x"]


def test_display_shows_text_and_keeps_the_rich_form(runtime: PythonRuntime) -> None:
    code = (
        "class Table:\n    def _repr_html_(self): return '<table/>'\n"
        "    def __repr__(self): return 'a table'\n"
        "    def _repr_png_(self): raise ValueError\n"
        "display(Table(), 5)\nTable()"
    )
    result = run_ok(runtime, code)
    assert result.stdout == "a table\n5\na table\n"
    assert [rich.data for rich in result.rich_outputs] == [
        {"text/html": "<table/>", "text/plain": "a table"}
    ] * 2


def test_mime_bundle_of_an_object(runtime: PythonRuntime) -> None:
    code = (
        "class Chart:\n    def _repr_mimebundle_(self, **options):\n"
        "        return {'application/x': 'data', 'image/png': b'png'}, {}\nChart()"
    )
    (rich,) = run_ok(runtime, code).rich_outputs
    assert rich.data["application/x"] == "data"
    assert rich.data["image/png"] == "cG5n"
    assert "Chart" in rich.description


def test_breakpoint_does_not_wait(runtime: PythonRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "breakpointhook", sys.__breakpointhook__)
    traced = sys.gettrace()
    try:
        assert not run(runtime, "breakpoint()\nx = 1", timeout=SOON).success
        assert sys.gettrace() is traced
    finally:
        sys.settrace(traced)


def test_cell_s_code_is_independent_of_ours(runtime: PythonRuntime) -> None:
    run_ok(runtime, "from __future__ import annotations\ndef f(x: Unknown): pass")
    assert runtime.retrieve("f").__annotations__ == {"x": "Unknown"}
    assert "NameError" in error_of(runtime, "def g(x: Unknown): pass")


def test_host_cancels_from_another_thread(runtime: PythonRuntime) -> None:
    async def work() -> None:
        waiting = threading.Event()
        runtime.inject_variable(Variable("waiting", waiting))
        cell = asyncio.create_task(
            runtime.execute("import asyncio\nwaiting.set()\nawait asyncio.sleep(60)")
        )
        loop = asyncio.get_running_loop()

        def cancel() -> None:
            waiting.wait(SOON)
            loop.call_soon_threadsafe(cell.cancel)

        thread = threading.Thread(target=cancel)
        thread.start()
        with pytest.raises(asyncio.CancelledError):
            await cell
        thread.join()

    asyncio.run(work())


@pytest.mark.parametrize("feedback", ErrorFeedbackMode)
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("x = 1\nnext(iter([]))", "StopIteration"),
        ("x = 1\nraise GeneratorExit", "GeneratorExit"),
        ("import asyncio; await asyncio.sleep(0)\nraise GeneratorExit", "GeneratorExit"),
    ],
)
def test_ends_of_iterators_are_told_as_such(
    feedback: ErrorFeedbackMode, code: str, kind: str
) -> None:
    runtime = PythonRuntime(error_feedback_mode=feedback)
    error = run(runtime, code).error
    assert error is not None
    assert error.type == kind
    assert error.line == 2
    assert "line 2" in error.text
    assert "RuntimeError" not in error.text
    assert "CellExit" not in error.text


def test_closing_the_coroutine_of_a_cell(runtime: PythonRuntime) -> None:
    async def work() -> None:
        cell = runtime.execute("import asyncio; await asyncio.sleep(60)", timeout=60)
        cell.send(None)
        cell.close()

    asyncio.run(work())


def test_builtins_and_main_are_the_runtime_s_own(runtime: PythonRuntime) -> None:
    main = sys.modules["__main__"]
    before = dict(vars(builtins)), set(vars(main))
    run_ok(
        runtime,
        "import builtins, __main__\nbuiltins.made_here = 1\nbuiltins.len = lambda _: 42\n"
        "__main__.and_here = 2\nfrom builtins import made_here as seen",
    )
    assert value_of(runtime, "answer = made_here, and_here, seen, len([])") == (1, 2, 1, 42)
    assert (dict(vars(builtins)), set(vars(main))) == before
    other = PythonRuntime()
    assert value_of(other, "answer = len([])") == 0
    error = run(other, "made_here").error
    assert error is not None
    assert error.type == "NameError"


def test_cell_that_clears_the_namespace(runtime: PythonRuntime) -> None:
    run_ok(runtime, "globals().clear()")
    code = "async def f(): return 1\nclass A: pass\ndisplay('x')\nanswer = await f(), A.__module__"
    assert value_of(runtime, code)[0] == 1
    assert runtime.retrieve("answer")[1] != "builtins"
    assert value_of(runtime, "answer = __builtins__") is not vars(builtins)
    run_ok(runtime, "globals().clear()")
    runtime.reset()
    assert value_of(runtime, "answer = await 2") == 2
