"""The namespace of a `PythonRuntime`, and whose turn it is to run a cell in it."""

import asyncio
import contextvars
import sqlite3
import threading
from collections.abc import Callable
from typing import Any

import pytest

from cave_agent.errors import RuntimeClosedError
from cave_agent.runtime import ExecutionResult, Function, PythonRuntime, Type, Variable
from tests.runtime.cells import SOON, Mode, error_of, is_set, run, run_ok, value_of


class Ledger:
    def __init__(self) -> None:
        self.entries: list[int] = []


def add(left: int, right: int) -> int:
    return left + right


def test_runtimes_share_nothing(mode: Mode) -> None:
    with PythonRuntime(run_in=mode) as first, PythonRuntime(run_in=mode) as second:
        run_ok(first, "x = 1\nimport math")
        assert "NameError" in error_of(second, "x")
        assert "NameError" in error_of(second, "math")
        run_ok(second, "x = 2")
        assert (first.retrieve("x"), second.retrieve("x")) == (1, 2)


def test_two_runtimes_have_modules_of_their_own(mode: Mode) -> None:
    with PythonRuntime(run_in=mode) as first, PythonRuntime(run_in=mode) as second:
        code = "class Point: pass\nanswer = Point.__module__"
        assert value_of(first, code) != value_of(second, code)


def test_thousand_runtimes_in_one_process() -> None:
    runtimes = [PythonRuntime(variables=[Variable("number", n)]) for n in range(1000)]

    async def work() -> list[ExecutionResult]:
        cells = [runtime.execute("square = number ** 2\nsquare") for runtime in runtimes]
        return await asyncio.gather(*cells)

    results = asyncio.run(work())
    assert [result.stdout for result in results] == [f"{n * n}\n" for n in range(1000)]
    assert [runtime.retrieve("square") for runtime in runtimes] == [n * n for n in range(1000)]


def test_hundred_threads_at_once() -> None:
    runtimes = [
        PythonRuntime(variables=[Variable("number", n)], run_in="thread") for n in range(100)
    ]

    async def work() -> list[ExecutionResult]:
        return await asyncio.gather(*(runtime.execute("print(number)") for runtime in runtimes))

    assert [result.stdout for result in asyncio.run(work())] == [f"{n}\n" for n in range(100)]
    for runtime in runtimes:
        runtime.close()


def test_retrieve_gives_the_very_object(runtime: PythonRuntime) -> None:
    given = Ledger()
    runtime.inject_variable(Variable("ledger", given))
    run_ok(runtime, "ledger.entries.append(1)\nmade = [ledger]\nalias = made")
    assert runtime.retrieve("ledger") is given
    assert given.entries == [1]
    assert runtime.retrieve("made") is runtime.retrieve("alias")
    assert runtime.retrieve("made")[0] is given


def test_constructor_injects_all_kinds() -> None:
    runtime = PythonRuntime([Function(add)], [Variable("one", 1)], [Type(Ledger)])
    assert run_ok(runtime, "print(add(one, 2), type(Ledger()).__name__)").stdout == "3 Ledger\n"


def test_unknown_name_lists_those_that_there_are(runtime: PythonRuntime) -> None:
    runtime.inject_variable(Variable("given", 1))
    run_ok(runtime, "import math\nmade = 2\n_hidden = 3")
    with pytest.raises(KeyError, match=r"'missing' in the runtime\. There are: given, made"):
        runtime.retrieve("missing")
    with pytest.raises(KeyError, match="There are: given, made"):
        runtime.update_variable("missing", 1)
    assert "missing" not in runtime.names()


def test_unknown_name_in_an_empty_runtime(runtime: PythonRuntime) -> None:
    with pytest.raises(KeyError, match="There are: none"):
        runtime.retrieve("missing")


def test_unknown_name_among_many() -> None:
    runtime = PythonRuntime(variables=[Variable(f"name_{n:03}") for n in range(80)])
    with pytest.raises(KeyError, match="name_049 and 30 more"):
        runtime.retrieve("missing")


def test_names_of_python_are_not_retrieved(runtime: PythonRuntime) -> None:
    with pytest.raises(KeyError):
        runtime.retrieve("__builtins__")


def test_update_variable(runtime: PythonRuntime) -> None:
    runtime.inject_variable(Variable("given", 1))
    run_ok(runtime, "made = 2")
    replacement = Ledger()
    runtime.update_variable("given", replacement)
    runtime.update_variable("made", 3)
    assert runtime.retrieve("given") is replacement
    assert value_of(runtime, "answer = (given.entries, made, Ledger)") == ([], 3, Ledger)


def test_name_is_injected_only_once() -> None:
    runtime = PythonRuntime([Function(add)], [Variable("one", 1)], [Type(Ledger)])
    with pytest.raises(ValueError, match=r"'one' was injected before, as a variable.*update_var"):
        runtime.inject_variable(Variable("one", 2))
    with pytest.raises(ValueError, match="as a function"):
        runtime.inject_function(Function(add))
    with pytest.raises(ValueError, match="as a function"):
        runtime.inject_variable(Variable("add", 2))
    with pytest.raises(ValueError, match="as a type"):
        runtime.inject_type(Type(Ledger))
    with pytest.raises(ValueError, match="before"):
        PythonRuntime(variables=[Variable("one"), Variable("one")])
    assert runtime.retrieve("one") == 1


def test_name_that_a_cell_made_can_be_injected(runtime: PythonRuntime) -> None:
    run_ok(runtime, "data = 1")
    runtime.inject_variable(Variable("data", 2))
    assert runtime.retrieve("data") == 2


def test_unknown_mode() -> None:
    with pytest.raises(ValueError, match="use 'caller' or 'thread'"):
        PythonRuntime(run_in="process")  # type: ignore[arg-type]


def test_classes_of_values_and_signatures_are_usable_by_name() -> None:
    class Result:
        pass

    class Part:
        pass

    def search(ledger: Ledger) -> dict[str, list[Part] | None]:
        return {}

    runtime = PythonRuntime([Function(search)], [Variable("result", Result())])
    given = value_of(runtime, "answer = [Ledger, Part, Result, isinstance(result, Result)]")
    assert given == [Ledger, Part, Result, True]
    assert "class" not in runtime.describe_types()


def test_class_does_not_take_the_place_of_what_is_injected() -> None:
    class Taken:
        pass

    class print:  # noqa: A001, N801 - what is tested
        pass

    runtime = PythonRuntime(
        variables=[Variable("Taken", "text"), Variable("a", Taken()), Variable("b", print())]
    )
    assert run_ok(runtime, "print(Taken)").stdout == "text\n"


def test_reset_forgets_what_cells_made_and_binds_again_what_was_given(
    runtime: PythonRuntime,
) -> None:
    given = [1]
    runtime.inject_variable(Variable("given", given))
    runtime.inject_function(Function(add))
    runtime.inject_type(Type(Ledger))
    run_ok(runtime, "made = 1\ngiven = None\nadd = None\ndel Ledger")
    runtime.reset()
    assert runtime.names() == ["Ledger", "add", "given"]
    assert runtime.retrieve("given") is given
    assert value_of(runtime, "answer = add(1, 2)") == 3
    assert "NameError" in error_of(runtime, "made")


def test_classes_work_after_reset(runtime: PythonRuntime) -> None:
    runtime.reset()
    code = "import pickle\nclass A: pass\nanswer = type(pickle.loads(pickle.dumps(A()))) is A"
    assert value_of(runtime, code)


def test_closed_runtime_refuses_cells(runtime: PythonRuntime) -> None:
    run_ok(runtime, "x = 1")
    runtime.close()
    runtime.close()
    with pytest.raises(RuntimeClosedError, match="make a new PythonRuntime"):
        run(runtime, "x")


def test_cell_that_waits_for_its_turn_when_the_runtime_is_closed(mode: Mode) -> None:
    async def work() -> tuple[ExecutionResult | BaseException, ...]:
        entered = threading.Event()
        runtime = PythonRuntime(variables=[Variable("entered", entered)], run_in=mode)
        first = asyncio.create_task(
            runtime.execute("import asyncio\nentered.set()\nawait asyncio.sleep(60)", timeout=60)
        )
        await is_set(entered)
        second = asyncio.create_task(runtime.execute("1"))
        await asyncio.sleep(0)
        runtime.close()
        return await asyncio.gather(first, second, return_exceptions=True)

    first, second = asyncio.run(work())
    assert isinstance(first, ExecutionResult)
    assert first.error is not None
    assert "its runtime was closed" in first.error.text
    assert isinstance(second, RuntimeClosedError)


def test_cells_that_are_called_at_once_run_one_after_the_other(mode: Mode) -> None:
    running: list[int] = []

    async def work() -> list[ExecutionResult]:
        cell = (
            "import asyncio\nrunning.append(number)\nbefore = len(running)\n"
            "await asyncio.sleep(0.001)\nprint(running == [{0}], {0})\nrunning.clear()"
        )
        runtime = PythonRuntime(variables=[Variable("running", running)], run_in=mode)
        cells = [
            runtime.execute(cell.format(n).replace("number", str(n)), timeout=SOON)
            for n in range(20)
        ]
        with runtime:
            return await asyncio.gather(*cells)

    results = asyncio.run(work())
    assert [result.stdout for result in results] == [f"True {n}\n" for n in range(20)]
    assert [result.cell for result in results] == list(range(1, 21)), "first come, first served"


def test_event_loops_of_several_threads_take_turns(mode: Mode) -> None:
    code = "busy += 1\nassert busy == 1\nimport time\ntime.sleep(0.001)\nbusy -= 1"
    failures: list[Any] = []
    with PythonRuntime(variables=[Variable("busy", 0)], run_in=mode) as runtime:

        def work() -> None:
            for _ in range(10):
                result = run(runtime, code)
                if result.error is not None:
                    failures.append(result.error)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SOON)
        assert not failures
        assert run(runtime, "").cell == 41


def test_cancelled_wait_for_a_turn_gives_the_turn_on(runtime: PythonRuntime) -> None:
    async def work() -> None:
        first = asyncio.create_task(runtime.execute("import asyncio; await asyncio.sleep(0.05)"))
        await asyncio.sleep(0)
        second = asyncio.create_task(runtime.execute("second = True"))
        third = asyncio.create_task(runtime.execute("third = True"))
        await asyncio.sleep(0)
        second.cancel()
        results = await asyncio.gather(first, second, third, return_exceptions=True)
        assert isinstance(results[1], asyncio.CancelledError)
        assert isinstance(results[2], ExecutionResult)

    asyncio.run(asyncio.wait_for(work(), SOON))
    assert runtime.names() == ["third"]


def test_cell_awaits_work_in_the_same_runtime(runtime: PythonRuntime) -> None:
    async def agent(task: str) -> str:
        inner = await runtime.execute(f"{task} = 'done by the agent'\nprint('inner')")
        return inner.stdout

    runtime.inject_function(Function(agent))
    result = run_ok(runtime, "said = await agent('report')\nprint(report)", timeout=SOON)
    assert result.stdout == "done by the agent\n", "the inner cell's output is the inner cell's"
    assert runtime.retrieve("said") == "inner\n"


def test_runtime_in_itself(runtime: PythonRuntime) -> None:
    runtime.inject_variable(Variable("me", runtime))
    code = (
        "first = await me.execute('x = 1; import asyncio; await asyncio.sleep(0); x += 1')\n"
        "second = await me.execute('await me.execute(\"x += 10\")')\n"
        "answer = (first.success, second.success, x)"
    )
    run_ok(runtime, code, timeout=SOON)
    assert runtime.retrieve("answer") == (True, True, 12)


def test_several_agents_at_once_in_the_same_runtime_take_turns(runtime: PythonRuntime) -> None:
    async def agent(name: str) -> None:
        code = (
            f"import asyncio\norder.append('{name} begins')\n"
            f"await asyncio.sleep(0.001)\norder.append('{name} ends')"
        )
        assert (await runtime.execute(code)).success

    runtime.inject_function(Function(agent))
    runtime.inject_variable(Variable("order", []))
    run_ok(
        runtime,
        "import asyncio\nawait asyncio.gather(agent('a'), agent('b'), agent('c'))",
        timeout=SOON,
    )
    expected = [f"{name} {what}" for name in "abc" for what in ("begins", "ends")]
    assert runtime.retrieve("order") == expected


def test_two_runtimes_that_await_each_other(mode: Mode) -> None:
    with PythonRuntime(run_in=mode) as first, PythonRuntime(run_in="caller") as second:
        first.inject_variable(Variable("second", second))
        second.inject_variable(Variable("first", first))
        code = "await second.execute(\"await first.execute('x = 1')\")"
        run_ok(first, code, timeout=SOON)
        assert first.retrieve("x") == 1


def test_caller_mode_runs_in_the_caller_s_thread() -> None:
    runtime = PythonRuntime()
    assert value_of(runtime, "import threading\nanswer = threading.get_ident()") == (
        threading.get_ident()
    )


def test_connection_of_the_host_works_in_caller_mode() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("create table t (x)")
    runtime = PythonRuntime(variables=[Variable("connection", connection)])
    run_ok(runtime, "with connection: connection.execute('insert into t values (42)')")
    assert connection.execute("select x from t").fetchall() == [(42,)]
    connection.close()


def test_sqlalchemy_engine_of_the_host_works_in_caller_mode() -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy")
    engine = sqlalchemy.create_engine("sqlite:///:memory:")
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("create table t (x)"))
    runtime = PythonRuntime(variables=[Variable("engine", engine)])
    run_ok(
        runtime,
        "from sqlalchemy import text\nwith engine.begin() as connection:\n"
        "    connection.execute(text('insert into t values (42)'))",
    )
    with engine.begin() as connection:
        assert connection.execute(sqlalchemy.text("select x from t")).scalar() == 42
    engine.dispose()


def test_thread_mode_keeps_to_one_thread_and_one_loop() -> None:
    code = (
        "import asyncio, threading\n"
        "answer = (threading.get_ident(), id(asyncio.get_running_loop()), "
        "threading.current_thread().name)"
    )
    with PythonRuntime(run_in="thread") as runtime:
        places = {value_of(runtime, code) for _ in range(5)}
        assert len(places) == 1
        assert places.pop()[0] != threading.get_ident()


def test_thread_ends_with_its_runtime() -> None:
    runtime = PythonRuntime(run_in="thread")
    thread = value_of(runtime, "import threading\nanswer = threading.current_thread()")
    assert thread.is_alive()
    runtime.close()
    thread.join(SOON)
    assert not thread.is_alive()


def test_loop_stays_live_while_a_thread_computes() -> None:
    beats = 0
    enough = threading.Event()

    async def work() -> ExecutionResult:
        nonlocal beats
        code = "while not enough.is_set(): sum(range(1000))"
        cell = asyncio.create_task(runtime.execute(code, timeout=SOON))
        while beats < 30:
            await asyncio.sleep(0.01)
            assert not cell.done()
            beats += 1
        enough.set()
        return await cell

    with PythonRuntime(variables=[Variable("enough", enough)], run_in="thread") as runtime:
        assert asyncio.run(work()).success
    assert beats == 30


def test_context_variables_of_the_host_are_visible(runtime: PythonRuntime) -> None:
    user: contextvars.ContextVar[str] = contextvars.ContextVar("user")
    user.set("the host's")
    runtime.inject_variable(Variable("user", user))
    run_ok(runtime, "seen = user.get()\nuser.set('of the cell')")
    assert runtime.retrieve("seen") == "the host's"
    assert user.get() == "the host's"


def test_task_of_an_earlier_cell_goes_on_in_thread_mode() -> None:
    with PythonRuntime(run_in="thread") as runtime:
        run_ok(
            runtime,
            "import asyncio\nevent = asyncio.Event()\nasync def wait():\n"
            "    await event.wait()\n    return 42\ntask = asyncio.create_task(wait())",
        )
        assert value_of(runtime, "event.set()\nanswer = await task") == 42


def test_cells_are_counted(runtime: PythonRuntime) -> None:
    assert [run(runtime, code).cell for code in ("1", "1/0", "(")] == [1, 2, 3]


def test_long_output_is_kept_in_a_variable(runtime: PythonRuntime) -> None:
    result = run_ok(runtime, "for n in range(100): print(n)", max_output=50)
    assert result.output_name == "output_1"
    assert runtime.retrieve("output_1") == result.output == "".join(f"{n}\n" for n in range(100))
    assert run_ok(runtime, "print('short')", max_output=50).output_name is None


def test_long_output_takes_a_name_that_nobody_has_bound(runtime: PythonRuntime) -> None:
    precious = {"precious": 1}
    runtime.inject_variable(Variable("output_1", precious))
    result = run_ok(runtime, "del output_1; output_1_2 = 5; print('x' * 100)", max_output=10)
    assert result.output_name == "output_1_3"
    assert runtime.retrieve("output_1_2") == 5
    assert runtime.retrieve("output_1_3") == "x" * 100 + "\n"
    runtime.reset()
    assert runtime.retrieve("output_1") is precious
    assert run_ok(runtime, "print('x' * 100)", max_output=10).output_name == "output_2"


def test_long_output_leaves_alone_what_its_cell_has_bound(runtime: PythonRuntime) -> None:
    run_ok(runtime, "output_1 = [7]; print('x' * 100)", max_output=10)
    assert runtime.retrieve("output_1") == [7]


def test_result_tells_what_was_filled(runtime: PythonRuntime) -> None:
    runtime.inject_variable(Variable("answer"))
    runtime.inject_variable(Variable("rows", []))
    runtime.inject_variable(Variable("given", 1))
    assert run_ok(runtime, "x = 1").filled == ()
    assert run_ok(runtime, "rows.append(1)").filled == ("rows",)
    assert run_ok(runtime, "answer = 1; rows.append(2)").filled == ("answer",)


def test_result_measures_its_time(runtime: PythonRuntime) -> None:
    assert run(runtime, "import time; time.sleep(0.02)").duration >= 0.02


@pytest.mark.parametrize(
    "use",
    [
        lambda runtime: runtime.retrieve("x"),
        lambda runtime: runtime.update_variable("x", 1),
        lambda runtime: runtime.reset(),
        lambda runtime: runtime.inject_variable(Variable("y", 1)),
        lambda runtime: runtime.inject_function(Function(add)),
        lambda runtime: runtime.inject_type(Type(Ledger)),
    ],
)
def test_closed_runtime_refuses_everything(
    runtime: PythonRuntime, use: Callable[[PythonRuntime], object]
) -> None:
    run_ok(runtime, "x = 1")
    runtime.close()
    with pytest.raises(RuntimeClosedError, match="make a new PythonRuntime"):
        use(runtime)
