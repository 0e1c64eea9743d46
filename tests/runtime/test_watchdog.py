"""A time limit, a cancellation or `close` stops a cell, and nothing of that reaches the host."""

import asyncio
import contextlib
import gc
import signal
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cave_agent import CaveAgent
from cave_agent.errors import RuntimeBusyError
from cave_agent.runtime import (
    ErrorFeedbackMode,
    ExecutionResult,
    Function,
    PythonRuntime,
    Variable,
    watchdog,
)
from cave_agent.testing import ScriptedModel
from tests.runtime.cells import SOON, Mode, is_set, run, run_ok, value_of

LIMIT = 0.1

ENDLESS = {
    "loop": "while True: pass",
    "loop in a function": "def f():\n    while True: pass\nf()",
    "loop that catches": "while True:\n    try:\n        while True: pass\n"
    "    except Exception: pass",
    "sum of a generator": "import itertools\nsum(1 for _ in itertools.count())",
    "sleep": "import time\ntime.sleep(60)",
    "imported sleep": "from time import sleep\nsleep(60)",
    "short sleeps": "import time\nwhile True: time.sleep(0.001)",
    "sleep of the host": "doze(60)",
    "async sleep": "import asyncio\nawait asyncio.sleep(60)",
    "event": "import asyncio\nawait asyncio.Event().wait()",
    "busy task": "import asyncio\nasync def f():\n    while True: pass\n"
    "await asyncio.create_task(f())",
    "waiting tasks": "import asyncio\nawait asyncio.gather(*(asyncio.sleep(60) for _ in range(9)))",
    "task group": "import asyncio\nasync with asyncio.TaskGroup() as group:\n"
    "    group.create_task(asyncio.sleep(60))",
    "busy in a task group": "import asyncio\nasync def f():\n    while True: pass\n"
    "async with asyncio.TaskGroup() as group:\n    group.create_task(f())",
    "async loop": "import asyncio\nwhile True: await asyncio.sleep(0)",
    "shielded": "import asyncio\nawait asyncio.shield(asyncio.sleep(60))",
    "wait_for": "import asyncio\nawait asyncio.wait_for(asyncio.sleep(60), 60)",
    "nested sleep": "await me.execute('import time; time.sleep(60)')",
    "nested loop": "await me.execute('while True: pass')",
    "nested wait": "await me.execute('import asyncio; await asyncio.sleep(60)')",
    "nested twice": "await me.execute('await me.execute(\"while True: pass\")')",
    "nested at once": "import asyncio\nawait asyncio.gather(*(me.execute('import time; "
    "time.sleep(60)') for _ in range(3)))",
    "print": "while True: print('x')",
}


def prepare(runtime: PythonRuntime) -> None:
    runtime.inject_variable(Variable("me", runtime))
    runtime.inject_function(Function(time.sleep, name="doze"))


def assert_stopped(result: ExecutionResult) -> None:
    assert result.error is not None, result.output[:200]
    assert result.error.type == "TimeoutError"
    assert f"it ran longer than its time limit of {LIMIT:g} s" in result.error.text
    assert "Its variables are kept" in result.error.text


@pytest.fixture
def _one_stop_must_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "CLEANUP_TIME", 60)


@pytest.mark.usefixtures("_one_stop_must_do")
@pytest.mark.parametrize("name", ENDLESS)
def test_limit_stops_a_cell(runtime: PythonRuntime, mode: Mode, name: str) -> None:
    if (mode, name) == ("thread", "sleep of the host"):
        pytest.skip("nothing can end it early")
    prepare(runtime)
    begin = time.monotonic()
    result = run(runtime, f"before = 1\n{ENDLESS[name]}\nafter = 1", timeout=LIMIT)
    took = time.monotonic() - begin
    assert_stopped(result)
    assert took < LIMIT + 5
    assert "after" not in runtime.names()
    assert value_of(runtime, "answer = before") == 1


@pytest.mark.usefixtures("_one_stop_must_do")
@pytest.mark.parametrize("name", [name for name in ENDLESS if name != "sleep of the host"])
def test_limit_stops_a_cell_outside_of_the_main_thread(name: str) -> None:
    runtime = PythonRuntime()
    prepare(runtime)
    results: list[ExecutionResult] = []

    def work() -> None:
        results.append(run(runtime, ENDLESS[name], timeout=LIMIT))
        results.append(run(runtime, "x = 1"))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(SOON)
    assert not thread.is_alive()
    assert_stopped(results[0])
    assert results[1].success


def test_line_that_was_stopped_is_told(runtime: PythonRuntime) -> None:
    error = run(runtime, "x = 1\nwhile True:\n    pass", timeout=LIMIT).error
    assert error is not None
    assert error.line in (2, 3)
    assert f"the cell was stopped in line {error.line}: it ran longer" in error.text


def test_limit_in_minimal_feedback() -> None:
    runtime = PythonRuntime(error_feedback_mode=ErrorFeedbackMode.MINIMAL)
    error = run(runtime, "while True: pass", timeout=LIMIT).error
    assert error is not None
    assert "time limit of 0.1 s" in error.text
    assert "\n" not in error.text


def test_output_until_the_limit_is_kept(runtime: PythonRuntime) -> None:
    result = run(runtime, "print('so far')\nwhile True: pass", timeout=LIMIT)
    assert_stopped(result)
    assert result.stdout == "so far\n"


def test_cleaning_up_runs(runtime: PythonRuntime) -> None:
    code = "import asyncio\ndone = []\ntry:\n    {0}\nfinally:\n    done.append('cleaned')"
    # Before 3.13, an interrupt of a loop with which `try` begins counts as one before the `try`.
    for line in ("n = 0\n    while True: n += 1", "await asyncio.sleep(60)"):
        assert_stopped(run(runtime, code.format(line), timeout=LIMIT))
        assert runtime.retrieve("done") == ["cleaned"]


def test_cleaning_up_may_wait(runtime: PythonRuntime) -> None:
    code = (
        "import asyncio\ntry:\n    await asyncio.sleep(60)\nfinally:\n"
        "    await asyncio.sleep(0.01)\n    done = True"
    )
    assert_stopped(run(runtime, code, timeout=LIMIT))
    assert runtime.retrieve("done") is True


def test_task_groups_cancel_their_tasks(runtime: PythonRuntime) -> None:
    code = (
        "import asyncio\nended = []\nasync def f():\n    try: await asyncio.sleep(60)\n"
        "    finally: ended.append(1)\n"
        "async with asyncio.TaskGroup() as group:\n    group.create_task(f())"
    )
    assert_stopped(run(runtime, code, timeout=LIMIT))
    assert runtime.retrieve("ended") == [1]


TASKS = {
    "waiting": "await asyncio.sleep(60)",
    "computing": "while not begun: await asyncio.sleep(0)\nwhile True: pass",
    "failing": "try: await asyncio.sleep(60)\nfinally: 1 / 0",
    "catching": "try: await asyncio.sleep(60)\nexcept asyncio.CancelledError: pass",
}


@pytest.mark.usefixtures("_one_stop_must_do")
@pytest.mark.parametrize("code", TASKS.values(), ids=TASKS)
def test_tasks_of_a_stopped_cell_end_with_it(runtime: PythonRuntime, code: str) -> None:
    begin = (
        "import asyncio\nbegun, ended = [], []\n"
        "async def f():\n    begun.append(1)\n    try: await asyncio.sleep(60)\n"
        "    finally:\n        await asyncio.sleep(0.001)\n        ended.append(1)\n"
        "tasks = [asyncio.create_task(f()) for _ in range(3)]\n"
    )
    run(runtime, begin + code, timeout=LIMIT)
    assert runtime.retrieve("ended") == [1, 1, 1]
    assert all(task.cancelled() for task in runtime.retrieve("tasks"))


def test_tasks_of_a_cell_that_ended_or_failed_go_on(runtime: PythonRuntime) -> None:
    begin = (
        "import asyncio\ntasks = globals().get('tasks', [])\n"
        "tasks.append(asyncio.create_task(asyncio.sleep(0.01, 'done')))\n"
    )

    async def work() -> ExecutionResult:
        await runtime.execute(begin, timeout=SOON)
        await runtime.execute(f"{begin}1 / 0", timeout=SOON)
        stopped = await runtime.execute("import asyncio\nawait asyncio.sleep(60)", timeout=LIMIT)
        assert_stopped(stopped)
        return await runtime.execute("[await task for task in tasks]")

    assert asyncio.run(work()).stdout == "['done', 'done']\n"


def test_tasks_of_what_a_stopped_cell_called_go_on(mode: Mode) -> None:
    """A client that is used for the first time in a cell may read from its connection in a task."""
    read: list[asyncio.Task[str]] = []

    async def fetch() -> None:
        read.append(asyncio.create_task(asyncio.sleep(2 * LIMIT, "read")))
        await asyncio.sleep(60)

    async def work() -> str:
        assert_stopped(await runtime.execute("await fetch()", timeout=LIMIT))
        await runtime.execute("text = await read[0]")
        return str(runtime.retrieve("text"))

    with PythonRuntime([Function(fetch)], [Variable("read", read)], run_in=mode) as runtime:
        assert asyncio.run(work()) == "read"


@pytest.mark.slow
@pytest.mark.parametrize(
    "code",
    [
        (
            "import asyncio\nwhile True:\n    try: await asyncio.sleep(60)\n"
            "    except asyncio.CancelledError: pass"
        ),
        (
            "import asyncio\nasync def f():\n    while True:\n"
            "        try: await asyncio.sleep(60)\n        except asyncio.CancelledError: pass\n"
            "await asyncio.create_task(f())"
        ),
        "while True:\n    try:\n        while True: pass\n    except Exception: pass",
        (
            "import asyncio\nwhile True: await asyncio.gather(asyncio.sleep(60), "
            "return_exceptions=True)"
        ),
        "import asyncio\ntry: await asyncio.sleep(60)\nfinally:\n    while True: pass",
    ],
)
def test_cell_that_resists_is_stopped_in_the_end(runtime: PythonRuntime, code: str) -> None:
    assert_stopped(run(runtime, code, timeout=LIMIT))
    assert run(runtime, "x = 1").success


def test_cell_within_its_limit_is_left_alone(runtime: PythonRuntime) -> None:
    for _ in range(20):
        assert run_ok(runtime, "import time; time.sleep(0.001); 1", timeout=SOON).stdout == "1\n"


@pytest.mark.parametrize("seconds", [-1, "a", None])
def test_sleep_fails_as_ever(runtime: PythonRuntime, seconds: object) -> None:
    error = run(runtime, f"import time; time.sleep({seconds!r})", timeout=SOON).error
    assert error is not None
    assert error.type in ("ValueError", "TypeError")


def test_sleep_takes_its_time(runtime: PythonRuntime) -> None:
    code = "import time; t = time.monotonic(); time.sleep(0.05); took = time.monotonic() - t"
    run_ok(runtime, code, timeout=SOON)
    assert runtime.retrieve("took") >= 0.05


def test_two_cells_with_limits_on_one_loop(mode: Mode) -> None:
    async def work() -> list[ExecutionResult]:
        code = "import asyncio\nwhile True: await asyncio.sleep(0.001)"
        return await asyncio.gather(
            *(runtime.execute(code, timeout=LIMIT) for runtime in runtimes),
            others.execute("import asyncio\nawait asyncio.sleep(0.3)\n'unharmed'", timeout=SOON),
        )

    runtimes = [PythonRuntime(run_in=mode) for _ in range(5)]
    others = PythonRuntime(run_in=mode)
    *stopped, unharmed = asyncio.run(work())
    for result in stopped:
        assert_stopped(result)
    assert unharmed.stdout == "'unharmed'\n"
    for runtime in (*runtimes, others):
        runtime.close()


def test_inner_limit_ends_the_inner_cell_only(runtime: PythonRuntime) -> None:
    prepare(runtime)
    code = (
        f"inner = await me.execute('while True: pass', timeout={LIMIT})\n"
        "print(inner.error.type)\noutcome = 'goes on'"
    )
    assert run_ok(runtime, code, timeout=SOON).stdout == "TimeoutError\n"
    assert runtime.retrieve("outcome") == "goes on"


def test_outer_limit_ends_both_cells(mode: Mode) -> None:
    with PythonRuntime(run_in=mode) as outer, PythonRuntime() as inner:
        outer.inject_variable(Variable("inner", inner))
        code = "await inner.execute('while True: pass', timeout=60)\nafter = 1"
        assert_stopped(run(outer, code, timeout=LIMIT))
        assert "after" not in outer.names()
        assert run(inner, "1").success


UNASKED = {
    "task": "import asyncio\nasync def f():\n    while True: pass\n"
    "task = asyncio.create_task(f())\nawait asyncio.sleep(60)",
    "cell": "import asyncio\ntask = asyncio.create_task(me.execute('while True: pass'))\n"
    "await asyncio.sleep(60)",
    "task that caught its stop": "import asyncio\nasync def f():\n"
    "    try: await asyncio.sleep(60)\n    except asyncio.CancelledError: pass\n"
    "    while True: pass\n"
    "async with asyncio.TaskGroup() as group:\n    task = group.create_task(f())",
    "agent": "await agent.run('Go')",
}


@pytest.mark.parametrize("code", UNASKED.values(), ids=UNASKED)
def test_task_that_was_stopped_and_that_nobody_asks_is_not_complained_about(
    mode: Mode, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    with PythonRuntime(run_in=mode) as runtime:
        agent = CaveAgent(ScriptedModel(["```python\nwhile True: pass\n```", "Done."]), runtime)
        runtime.inject_variable(Variable("agent", agent))
        prepare(runtime)
        assert_stopped(run(runtime, code, timeout=LIMIT))
    gc.collect()
    assert caplog.messages == []


def test_stop_that_hits_a_finalizer_is_not_complained_about(
    runtime: PythonRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda args: told.append(args.exc_type.__name__))
    code = (
        "import weakref\nclass A:\n    def __del__(self): 1 / 0\n"
        "def callback(_):\n    while True: pass\n"
        "a = A()\nr = weakref.ref(a, callback)\ndel a\nwhile True: pass"
    )
    assert_stopped(run(runtime, code, timeout=LIMIT))
    assert told == ["ZeroDivisionError"]


@contextlib.contextmanager
def alarm_handler(handler: Callable[..., Any]) -> Iterator[None]:
    before = signal.signal(signal.SIGALRM, handler)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_host_s_alarm_handler_and_timer_survive(runtime: PythonRuntime) -> None:
    rung: list[int] = []

    def ring(number: int, frame: object) -> None:
        rung.append(number)

    with alarm_handler(ring):
        signal.setitimer(signal.ITIMER_REAL, 60)
        assert_stopped(run(runtime, "while True: pass", timeout=LIMIT))
        assert run(runtime, "1", timeout=SOON).success
        assert signal.getsignal(signal.SIGALRM) is ring
        assert 50 < signal.getitimer(signal.ITIMER_REAL)[0] <= 60
        assert not rung
        signal.raise_signal(signal.SIGALRM)
        assert rung == [signal.SIGALRM]


def test_host_s_alarm_rings_while_a_cell_runs(runtime: PythonRuntime) -> None:
    rung = threading.Event()
    runtime.inject_variable(Variable("rung", rung))
    with alarm_handler(lambda *_: rung.set()):
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        code = "import time\nwhile not rung.is_set(): time.sleep(0.001)"
        assert run(runtime, code, timeout=SOON).success


def test_call_that_cannot_be_stopped_makes_the_runtime_busy() -> None:
    """A lock that only the host releases stands in for a long call into C."""
    held = threading.Lock()
    held.acquire()
    with PythonRuntime(variables=[Variable("held", held)], run_in="thread") as runtime:
        result = run(runtime, "held.acquire()\nafter = 1", timeout=LIMIT)
        assert result.error is not None
        assert result.error.type == "TimeoutError"
        assert "could not be stopped" in result.error.text
        assert "No further cell can run until that call ends" in result.error.text
        with pytest.raises(RuntimeBusyError, match="two cells never run at once"):
            run(runtime, "1")
        held.release()
        assert until_free(runtime).success
        assert "after" not in runtime.names()


def until_free(runtime: PythonRuntime) -> ExecutionResult:
    end = time.monotonic() + SOON
    while True:
        try:
            return run(runtime, "1")
        except RuntimeBusyError:
            assert time.monotonic() < end
            time.sleep(0.005)


@pytest.mark.slow
def test_long_call_into_c() -> None:
    code = (
        "import hashlib, time\nbegin = time.monotonic()\n"
        "hashlib.pbkdf2_hmac('sha256', b'p', b's', rounds)"
    )
    with PythonRuntime(run_in="thread") as runtime:
        run_ok(
            runtime,
            "import hashlib, time\nbegin = time.monotonic()\n"
            "hashlib.pbkdf2_hmac('sha256', b'p', b's', 200_000)\n"
            "rounds = int(200_000 * 3 / (time.monotonic() - begin))",
        )
        result = run(runtime, code, timeout=LIMIT)
        assert result.error is not None
        assert "could not be stopped" in result.error.text
        with pytest.raises(RuntimeBusyError):
            run(runtime, "1")
        assert until_free(runtime).success


def test_call_that_cannot_be_stopped_when_cancelled() -> None:
    held, entered = threading.Lock(), threading.Event()
    held.acquire()

    async def work() -> None:
        cell = asyncio.create_task(runtime.execute("entered.set()\nheld.acquire()"))
        await is_set(entered)
        cell.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cell
        with pytest.raises(RuntimeBusyError):
            await runtime.execute("1")

    variables = [Variable("held", held), Variable("entered", entered)]
    with PythonRuntime(variables=variables, run_in="thread") as runtime:
        asyncio.run(work())
        held.release()
        assert until_free(runtime).success


CANCELLED = {
    "waits": "await asyncio.sleep(60)",
    "in a task": "await asyncio.create_task(asyncio.sleep(60))",
    "swallows": "try: await asyncio.sleep(60)\nexcept asyncio.CancelledError: print('swallowed')",
    "swallows and waits": "try: await asyncio.sleep(60)\nexcept asyncio.CancelledError: "
    "await asyncio.sleep(0.01)",
    "fails instead": "try: await asyncio.sleep(60)\nexcept asyncio.CancelledError: 1 / 0",
    "exits instead": "try: await asyncio.sleep(60)\nexcept asyncio.CancelledError: exit()",
    "task group": "async with asyncio.TaskGroup() as group: group.create_task(asyncio.sleep(60))",
    "nested": "await me.execute('import asyncio; await asyncio.sleep(60)')",
}


@pytest.mark.parametrize("limit", [None, SOON])
@pytest.mark.parametrize("code", CANCELLED.values(), ids=CANCELLED)
def test_cancellation_from_outside_wins(
    runtime: PythonRuntime, code: str, limit: float | None
) -> None:
    entered = threading.Event()
    runtime.inject_variable(Variable("entered", entered))
    prepare(runtime)

    async def work() -> None:
        cell = asyncio.create_task(
            runtime.execute(f"import asyncio\nentered.set()\n{code}", timeout=limit)
        )
        await is_set(entered)
        await asyncio.sleep(0.002)
        cell.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cell
        assert cell.cancelled()
        assert (await runtime.execute("x = 1")).success

    asyncio.run(asyncio.wait_for(work(), SOON))


@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "import time; time.sleep(60)",
        "await me.execute('while True: pass')",
        "await me.execute('import time; time.sleep(60)')\nwhile True: pass",
    ],
)
def test_cancellation_stops_a_thread_that_computes(code: str) -> None:
    async def work() -> None:
        cell = asyncio.create_task(runtime.execute(f"entered.set()\n{code}"))
        await is_set(entered)
        cell.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cell
        assert (await runtime.execute("x = 1")).success, "it is free at once"

    entered = threading.Event()
    with PythonRuntime(variables=[Variable("entered", entered)], run_in="thread") as runtime:
        prepare(runtime)
        asyncio.run(asyncio.wait_for(work(), SOON))


def test_cancellation_and_limit_at_once(runtime: PythonRuntime) -> None:
    async def work() -> None:
        for _ in range(10):
            cell = asyncio.create_task(
                runtime.execute("import asyncio; await asyncio.sleep(60)", timeout=0.01)
            )
            await asyncio.sleep(0.01)
            was_done = cell.done()
            cell.cancel()
            if was_done:
                assert_stopped_by_any_limit(await cell)
            else:
                with pytest.raises(asyncio.CancelledError):
                    await cell
            await asyncio.sleep(0)
        assert (await runtime.execute("1")).success

    asyncio.run(asyncio.wait_for(work(), SOON))


def assert_stopped_by_any_limit(result: ExecutionResult) -> None:
    assert result.error is not None
    assert result.error.type == "TimeoutError"


ENDING_AROUND_THE_LIMIT = [
    "end = time.perf_counter() + {0}\nwhile time.perf_counter() < end: pass",
    "time.sleep({0})",
    "await asyncio.sleep({0})",
    "end = time.perf_counter() + {0}\nwhile time.perf_counter() < end: await asyncio.sleep(0)",
    "await me.execute('import time; time.sleep({0})')",
    "await asyncio.create_task(asyncio.sleep({0}))",
    "try: time.sleep({0})\nfinally: x = 1",
]


def stress(runtime: PythonRuntime, cells: int) -> int:
    """Run cells that end as their limit is reached; return how many were stopped."""
    limit = 0.004

    async def work() -> int:
        stopped = 0
        for number in range(cells):
            code = ENDING_AROUND_THE_LIMIT[number % len(ENDING_AROUND_THE_LIMIT)]
            seconds = limit * (0.7 + 0.6 * (number * 37 % cells) / cells)
            result = await runtime.execute(code.format(seconds), timeout=limit)
            if result.error is not None:
                assert_stopped_by_any_limit(result)
                stopped += 1
            for _ in range(20):
                sum(range(50))  # host code that a late exception would land in
        return stopped

    prepare(runtime)
    run_ok(runtime, "import asyncio, time")
    return asyncio.run(work())


def test_nothing_reaches_the_host_after_the_cell(runtime: PythonRuntime) -> None:
    assert 0 < stress(runtime, 300) <= 300
    assert run_ok(runtime, "print('whole')").stdout == "whole\n"


def test_nothing_reaches_another_thread_of_the_host() -> None:
    outcomes: list[int | BaseException] = []

    def work() -> None:
        try:
            outcomes.append(stress(PythonRuntime(), 150))
        except BaseException as error:  # noqa: BLE001 - whatever it is
            outcomes.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)
    assert len(outcomes) == 1
    assert isinstance(outcomes[0], int), outcomes[0]


def test_watchdogs_end_with_their_cells(runtime: PythonRuntime) -> None:
    before = set(threading.enumerate())
    for _ in range(20):
        run_ok(runtime, "1", timeout=60)
    run(runtime, "while True: pass", timeout=LIMIT)
    new = [thread for thread in threading.enumerate() if thread not in before]
    for thread in new:
        if "watchdog" in thread.name:
            thread.join(SOON)
            assert not thread.is_alive()


@pytest.mark.parametrize("limit", [float("inf"), 1e10, 10**400, 60, True])
def test_any_number_of_seconds_is_a_limit(runtime: PythonRuntime, limit: float) -> None:
    assert value_of_limited(runtime, "import asyncio; await asyncio.sleep(0); x = 1", limit) == 1


def value_of_limited(runtime: PythonRuntime, code: str, limit: float) -> Any:
    run_ok(runtime, code, timeout=limit)
    return runtime.retrieve("x")


@pytest.mark.parametrize(
    ("limit", "error"),
    [(0, ValueError), (-1, ValueError), (float("nan"), ValueError), ("5", TypeError)],
)
def test_what_is_no_limit(runtime: PythonRuntime, limit: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=f"timeout={limit!r} .*: give seconds, or None for no limit"):
        run(runtime, "x = 1", timeout=limit)
    assert "x" not in runtime.names()


@pytest.mark.parametrize(
    "code",
    [
        "import time\nfor i in range(3):\n  try: time.sleep(3)\n  except: print('failed', i)",
        "import asyncio\ntry: await asyncio.sleep(3)\nexcept: print('failed')",
    ],
)
def test_limit_that_a_cell_ignores_is_told(runtime: PythonRuntime, code: str) -> None:
    result = run(runtime, f"{code}\nx = 1", timeout=LIMIT)
    assert_stopped(result)
    assert "failed" in result.stdout
    assert runtime.retrieve("x") == 1


_STUBBORN = (
    "import asyncio\nn = 0\nentered.set()\nwhile True:\n    try: await asyncio.sleep(0.01)\n"
)
STUBBORN = {
    "that catches cancellations": f"{_STUBBORN}    except asyncio.CancelledError: n += 1",
    "that catches everything": f"{_STUBBORN}    except: n += 1",
    "that awaits a task which catches everything": (
        "import asyncio\nn = 0\nentered.set()\nasync def f():\n    global n\n    while True:\n"
        "        try: await asyncio.sleep(0.01)\n        except: n += 1\n"
        "await asyncio.create_task(f())"
    ),
}


ignores_its_end = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "CLEANUP_TIME", 0.05)


@pytest.mark.usefixtures("_quickly")
@ignores_its_end
@pytest.mark.parametrize("code", STUBBORN.values(), ids=STUBBORN)
def test_limit_stops_a_stubborn_cell(runtime: PythonRuntime, code: str) -> None:
    runtime.inject_variable(Variable("entered", threading.Event()))
    assert_stopped(run(runtime, code, timeout=LIMIT))
    assert run(runtime, "x = 1").success


@pytest.mark.usefixtures("_quickly")
@ignores_its_end
@pytest.mark.parametrize("cancellations", [1, 2, 3])
@pytest.mark.parametrize("by_agent", [False, True])
@pytest.mark.parametrize("code", STUBBORN.values(), ids=STUBBORN)
def test_cancellation_stops_a_stubborn_cell(
    runtime: PythonRuntime, code: str, cancellations: int, by_agent: bool
) -> None:
    entered = threading.Event()
    runtime.inject_variable(Variable("entered", entered))

    async def work() -> None:
        agent = CaveAgent(ScriptedModel([f"```python\n{code}\n```"]), runtime=runtime)
        running = asyncio.create_task(agent.run("Go.") if by_agent else runtime.execute(code))
        await is_set(entered)
        for _ in range(cancellations):
            running.cancel()
            await asyncio.sleep(0.002)
        with pytest.raises(asyncio.CancelledError):
            await running
        if not by_agent and cancellations > 1:
            await asyncio.sleep(0.2)  # a thread is given up at once by who cancels twice
        count = runtime.retrieve("n")
        await asyncio.sleep(0.03)
        assert runtime.retrieve("n") == count, "nothing of it is left"
        assert (await runtime.execute("x = 1")).success

    asyncio.run(asyncio.wait_for(work(), SOON))


@pytest.mark.usefixtures("_quickly")
@ignores_its_end
def test_cancellation_stops_a_stubborn_cell_in_a_cell(mode: Mode) -> None:
    entered = threading.Event()

    async def work() -> None:
        running = asyncio.create_task(outer.execute("await inner.execute(stubborn)"))
        await is_set(entered)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert (await inner.execute("x = 1")).success
        assert (await outer.execute("x = 1")).success

    with PythonRuntime(run_in=mode) as outer, PythonRuntime() as inner:
        outer.inject_variable(Variable("inner", inner))
        inner.inject_variable(Variable("entered", entered))
        outer.inject_variable(Variable("stubborn", STUBBORN["that catches everything"]))
        asyncio.run(asyncio.wait_for(work(), SOON))


WAITING = {
    "sleep": "await asyncio.sleep(60)",
    "stubborn": "while True:\n    try: await asyncio.sleep(60)\n    except: pass",
    "other runtime": "await other.execute('import asyncio\\nawait asyncio.sleep(60)')",
    "same runtime": "await me.execute('import asyncio\\nawait asyncio.sleep(60)')",
    "async for": "async def f():\n    await asyncio.sleep(60)\n    yield\nasync for x in f(): pass",
}


def assert_closed(result: ExecutionResult) -> None:
    assert result.error is not None, result.output[:200]
    assert result.error.type == "CancelledError"
    assert result.error.text.startswith("CancelledError: the cell was stopped")
    assert result.error.text.endswith(": its runtime was closed")


@pytest.mark.usefixtures("_quickly")
@ignores_its_end
@pytest.mark.parametrize("limit", [None, 60])
@pytest.mark.parametrize("name", WAITING)
def test_closing_stops_a_cell_that_waits(mode: Mode, name: str, limit: float | None) -> None:
    entered, kept = threading.Event(), object()

    async def work() -> ExecutionResult:
        waiting = textwrap.indent(WAITING[name], "    ")
        code = f"import asyncio\ntry:\n    entered.set()\n{waiting}\nfinally: note(kept)"
        cell = asyncio.create_task(runtime.execute(code, timeout=limit))
        await is_set(entered)
        runtime.close()
        return await cell

    noted: list[object] = []
    runtime = PythonRuntime(run_in=mode)
    prepare(runtime)
    runtime.inject_function(Function(noted.append, name="note"))
    for variable in {"entered": entered, "kept": kept, "other": PythonRuntime()}.items():
        runtime.inject_variable(Variable(*variable))
    begin = time.monotonic()
    assert_closed(asyncio.run(work()))
    assert time.monotonic() - begin < 5
    assert noted == ([] if name == "stubborn" else [kept]), "its variables stay until it has ended"
    assert runtime.names() == []
    gc.collect()  # without its variables, what would be left of a stubborn cell might never end


def test_closing_stops_a_cell_that_computes_and_may_wait() -> None:
    runtime = PythonRuntime()
    entered = threading.Event()
    runtime.inject_variable(Variable("entered", entered))

    def close() -> None:
        entered.wait(SOON)
        runtime.close()

    thread = threading.Thread(target=close)
    thread.start()
    code = "import asyncio\nawait asyncio.sleep(0)\nentered.set()\nwhile True: pass"
    assert_closed(run(runtime, code))
    thread.join()


def test_cell_that_closes_its_own_runtime_keeps_its_variables(mode: Mode) -> None:
    runtime = PythonRuntime(variables=[Variable("kept", [1])], run_in=mode)
    runtime.inject_function(Function(runtime.close))
    noted: list[object] = []
    runtime.inject_function(Function(noted.append, name="note"))
    run(runtime, "close(); note(kept)")
    assert noted == [[1]]
    assert runtime.names() == []


def test_a_cell_that_is_cancelled_as_it_begins_is_stopped() -> None:
    async def work() -> None:
        runtime = PythonRuntime(run_in="thread")
        for _ in range(8):
            running = asyncio.create_task(runtime.execute("while True: pass"))
            await asyncio.sleep(0)
            running.cancel()
            await asyncio.wait({running})
            assert (await runtime.execute("1")).success

    asyncio.run(asyncio.wait_for(work(), 2 * SOON))
