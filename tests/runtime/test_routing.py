"""Cells keep apart from the host's streams and from each other's."""

import asyncio
import builtins
import contextlib
import io
import linecache
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from cave_agent.runtime import (
    ErrorFeedbackMode,
    ExecutionResult,
    Function,
    OutputChunk,
    PythonRuntime,
    Variable,
)
from tests.runtime.cells import SOON, Mode, error_of, is_set, run, run_ok

CELLS = {
    "success": "print(1)\n1",
    "error": "1/0",
    "exit": "exit()",
    "timeout": "import time; time.sleep(60)",
    "waiting": "import asyncio; await asyncio.sleep(60)",
    "streams replaced": "import sys, io; sys.stdout = sys.stderr = sys.stdin = io.StringIO()",
    "streams closed": "import sys; sys.stdout.close(); sys.stderr.close(); sys.stdin.close()",
    "streams deleted": "import sys; del sys.stdout, sys.stderr",
    "hook replaced": "import sys; sys.displayhook = print",
    "thread hook replaced": "import threading; threading.excepthook = print",
    "pool": "from concurrent.futures import ThreadPoolExecutor\n"
    "with ThreadPoolExecutor() as pool: pool.submit(print).result()",
    "input": "input()",
    "main": "import __main__\nx = 1\ndef f(): pass",
}


def host_state() -> dict[str, Any]:
    return {
        "main": dict(vars(sys.modules["__main__"])),
        "streams": (sys.stdin, sys.stdout, sys.stderr, sys.displayhook, sys.excepthook),
        "builtins": dict(vars(builtins)),
        "patched": (threading.Thread.start, ThreadPoolExecutor.submit, time.sleep),
        "thread hook": threading.excepthook,
        "finders": list(sys.meta_path),
        "path": list(sys.path),
        "threads": (threading.current_thread(), threading.main_thread()),
    }


@pytest.mark.parametrize("code", CELLS.values(), ids=CELLS)
def test_host_is_the_same_after_a_cell_as_before(runtime: PythonRuntime, code: str) -> None:
    run(runtime, "pass")  # the first of all leaves a finder that waits for matplotlib.pyplot
    before = host_state()
    run(runtime, code, timeout=0.1)
    after = host_state()
    for what, value in before.items():
        assert after[what] == value, what


def test_host_is_the_same_after_a_cancelled_cell(runtime: PythonRuntime) -> None:
    before = host_state()

    async def work() -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(
                runtime.execute("import asyncio; await asyncio.sleep(60)"), timeout=0.05
            )

    asyncio.run(work())
    assert host_state() == before


def test_host_s_streams_stay_open(
    runtime: PythonRuntime, capsys: pytest.CaptureFixture[str]
) -> None:
    run(runtime, CELLS["streams closed"])
    run(runtime, "exit()")
    print("still here")
    assert capsys.readouterr().out == "still here\n"


def test_event_loop_s_task_factory_is_the_same_afterwards() -> None:
    def factory(
        loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any
    ) -> "asyncio.Task[Any]":
        made.append(coroutine)
        return asyncio.Task(coroutine, loop=loop, **options)

    made: list[Any] = []

    async def work() -> None:
        loop = asyncio.get_running_loop()
        loop.set_task_factory(factory)
        runtime = PythonRuntime()
        code = "import asyncio\nasync def f(): pass\nawait asyncio.create_task(f())"
        results = await asyncio.gather(runtime.execute(code), PythonRuntime().execute(code))
        assert all(result.success for result in results)
        assert loop.get_task_factory() is factory

    asyncio.run(work())
    assert len(made) >= 4, "the host's factory makes the tasks of cells, too"


def test_streams_keep_their_order(runtime: PythonRuntime) -> None:
    result = run_ok(
        runtime,
        "import sys\nprint('one')\nprint('two', file=sys.stderr)\nsys.stdout.write('three\\n')\n"
        "sys.stdout.writelines(['four\\n', 'five\\n'])\nsys.stderr.write('six\\n')\nNone",
    )
    assert result.chunks == (
        OutputChunk("one\n"),
        OutputChunk("two\n", "stderr"),
        OutputChunk("three\nfour\nfive\n"),
        OutputChunk("six\n", "stderr"),
    )
    assert result.output == "one\ntwo\nthree\nfour\nfive\nsix\n"
    assert (result.stdout, result.stderr) == ("one\nthree\nfour\nfive\n", "two\nsix\n")


WRITERS = {
    "print": "print('said')",
    "buffer": "import sys; n = sys.stdout.buffer.write('said\\n'.encode()); sys.stdout.flush()",
    "original": "import sys; n = sys.stderr.write('said\\n')",
    "logging": "import logging; logging.getLogger('cell').warning('said')",
    "basicConfig": "import logging; logging.basicConfig(force=True); logging.error('said')",
    "traceback": "import traceback\ntry: raise ValueError('said')\n"
    "except ValueError: traceback.print_exc()",
    "pprint": "import pprint; pprint.pprint('said')",
    "thread": "import threading; t = threading.Thread(target=print, args=['said'])\n"
    "t.start(); t.join()",
    "timer": "import threading; t = threading.Timer(0, print, ['said']); t.start(); t.join()",
    "thread of a thread": "import threading\ndef f():\n"
    "    t = threading.Thread(target=print, args=['said']); t.start(); t.join()\n"
    "t = threading.Thread(target=f); t.start(); t.join()",
    "subclass": "import threading\nclass T(threading.Thread):\n"
    "    def run(self): print('said')\nt = T(); t.start(); t.join()",
    "pool": "from concurrent.futures import ThreadPoolExecutor\n"
    "with ThreadPoolExecutor() as pool: pool.submit(print, 'said').result()",
    "pool's map": "from concurrent.futures import ThreadPoolExecutor\n"
    "with ThreadPoolExecutor() as pool: list(pool.map(print, ['said']))",
    "pool's initializer": "from concurrent.futures import ThreadPoolExecutor\n"
    "with ThreadPoolExecutor(initializer=print, initargs=['said']) as pool: pool.submit(int)",
    "pool's callback": "from concurrent.futures import ThreadPoolExecutor\nimport threading\n"
    "go_on = threading.Event()\nwith ThreadPoolExecutor() as pool:\n"
    "    pool.submit(go_on.wait, 10).add_done_callback(lambda _: print('said'))\n"
    "    go_on.set()",
    "to_thread": "import asyncio; await asyncio.to_thread(print, 'said')",
    "task": "import asyncio\nasync def f(): print('said')\nawait asyncio.create_task(f())",
    "callback": "import asyncio\nasyncio.get_running_loop().call_soon(print, 'said')\n"
    "await asyncio.sleep(0)",
    "generator": "def f():\n    print('said')\n    yield\nfor _ in f(): pass",
    "exec": "exec(\"print('said')\")",
    "host function": "speak()",
    "async host function": "await speak_later()",
}


@contextlib.contextmanager
def without_log_handlers() -> Iterator[None]:
    """Put aside the handlers that pytest gives to the root logger."""
    handlers, logging.root.handlers = logging.root.handlers, []
    try:
        yield
    finally:
        logging.root.handlers = handlers


@pytest.mark.parametrize("code", WRITERS.values(), ids=WRITERS)
def test_what_a_cell_says_is_captured(
    runtime: PythonRuntime, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def speak_later() -> None:
        await asyncio.sleep(0)
        print("said")

    runtime.inject_function(Function(lambda: print("said"), name="speak"))
    runtime.inject_function(Function(speak_later))
    with without_log_handlers():
        result = run_ok(runtime, code)
    assert "said" in result.output
    assert capsys.readouterr() == ("", "")


def test_redirection_in_a_cell(runtime: PythonRuntime) -> None:
    code = (
        "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()) as text:\n"
        "    print('kept')\nprint(repr(text.getvalue()))"
    )
    assert run_ok(runtime, code).output == "'kept\\n'\n"


def test_stream_that_a_cell_replaced(
    runtime: PythonRuntime, capsys: pytest.CaptureFixture[str]
) -> None:
    run_ok(runtime, "import sys, io\nsys.stdout = text = io.StringIO()\nprint('kept')")
    assert run_ok(runtime, "print(repr(text.getvalue()))").stdout == "'kept\\n'\n"
    print("host")
    assert capsys.readouterr().out == "host\n"


def test_stream_kept_from_an_earlier_cell(
    runtime: PythonRuntime, capsys: pytest.CaptureFixture[str]
) -> None:
    run_ok(runtime, "import sys\nout = sys.stdout")
    assert run_ok(runtime, "print('said', file=out)").stdout == "said\n"
    print("host", file=runtime.retrieve("out"))
    assert capsys.readouterr().out == "host\n"


def test_captured_stream_looks_like_a_stream(runtime: PythonRuntime) -> None:
    code = (
        "import sys\nassert not sys.stdout.isatty() and sys.stdout.writable()\n"
        "assert sys.stdout.encoding and not sys.stdout.closed\n"
        "sys.stdout.reconfigure(encoding='latin-1', line_buffering=True)\n"
    )
    run_ok(runtime, code)
    assert "UnsupportedOperation" in error_of(runtime, "sys.stdout.fileno()")
    assert "must be str" in error_of(runtime, "sys.stdout.write(1)")


def test_reconfigured_stream_is_not_the_host_s(runtime: PythonRuntime) -> None:
    host = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with contextlib.redirect_stdout(host):
        run_ok(runtime, "import sys; sys.stdout.reconfigure(encoding='latin-1')")
    assert host.encoding == "utf-8"


def test_host_prints_while_a_cell_waits(
    runtime: PythonRuntime, capsys: pytest.CaptureFixture[str]
) -> None:
    waiting, go_on = threading.Event(), threading.Event()
    runtime.inject_variable(Variable("waiting", waiting))
    runtime.inject_variable(Variable("go_on", go_on))

    async def work() -> ExecutionResult:
        code = (
            "import asyncio\nprint('cell begins')\nwaiting.set()\n"
            "while not go_on.is_set(): await asyncio.sleep(0.001)\nprint('cell ends')"
        )
        cell = asyncio.create_task(runtime.execute(code, timeout=SOON))
        await is_set(waiting)
        print("host")
        print("host's error", file=sys.stderr)
        thread = threading.Thread(target=print, args=["thread"])
        thread.start()
        thread.join()
        await asyncio.to_thread(print, "pool")
        await asyncio.create_task(say("task"))
        go_on.set()
        return await cell

    async def say(text: str) -> None:
        print(text)

    assert asyncio.run(work()).output == "cell begins\ncell ends\n"
    assert capsys.readouterr() == ("host\nthread\npool\ntask\n", "host's error\n")


def test_thread_of_the_host_prints_while_a_cell_computes(
    runtime: PythonRuntime, capsys: pytest.CaptureFixture[str]
) -> None:
    begun, said = threading.Event(), threading.Event()

    def talk() -> None:
        begun.wait(SOON)
        print("host")
        said.set()

    thread = threading.Thread(target=talk)
    thread.start()
    runtime.inject_variable(Variable("begun", begun))
    runtime.inject_variable(Variable("said", said))
    result = run_ok(runtime, "begun.set()\nprint(said.wait(10))")
    thread.join()
    assert result.output == "True\n"
    assert capsys.readouterr().out == "host\n"


def test_agents_side_by_side_do_not_mix(mode: Mode, capsys: pytest.CaptureFixture[str]) -> None:
    code = (
        "import asyncio, sys, threading\n"
        "for n in range(20):\n"
        "    print(name, n)\n"
        "    print(name, n, file=sys.stderr)\n"
        "    await asyncio.sleep(0)\n"
        "    t = threading.Thread(target=print, args=[name, 'thread'])\n"
        "    t.start(); t.join()"
    )

    async def work() -> list[ExecutionResult]:
        runtimes = [
            PythonRuntime(variables=[Variable("name", f"agent {n}")], run_in=mode) for n in range(8)
        ]
        results = await asyncio.gather(*(runtime.execute(code) for runtime in runtimes))
        for runtime in runtimes:
            runtime.close()
        return results

    for number, result in enumerate(asyncio.run(work())):
        assert result.success
        name = f"agent {number}"
        assert result.stdout == "".join(f"{name} {n}\n{name} thread\n" for n in range(20))
        assert result.stderr == "".join(f"{name} {n}\n" for n in range(20))
    assert capsys.readouterr() == ("", "")


def test_what_a_thread_says_after_its_cell_is_not_in_the_next(
    runtime: PythonRuntime, capsys: pytest.CaptureFixture[str]
) -> None:
    go_on = threading.Event()
    runtime.inject_variable(Variable("go_on", go_on))
    code = (
        "import threading\ndef f():\n    print('early')\n    begun.set()\n    go_on.wait(10)\n"
        "    print('late')\nbegun = threading.Event()\n"
        "thread = threading.Thread(target=f); thread.start(); begun.wait(10)\nNone"
    )
    assert run_ok(runtime, code).output == "early\n"
    assert run_ok(runtime, "go_on.set(); thread.join(); print('next')").output == "next\n"
    assert capsys.readouterr().out == "late\n"


def test_task_of_a_pool_belongs_to_whoever_submits_it(
    mode: Mode, capsys: pytest.CaptureFixture[str]
) -> None:
    async def work() -> list[ExecutionResult]:
        pool.submit(print, "host first").result()
        one = asyncio.create_task(runtimes[0].execute(code.format("one")))
        two = asyncio.create_task(runtimes[1].execute(code.format("two")))
        await asyncio.gather(*(is_set(event) for event in waiting))
        pool.submit(print, "host between").result()
        await asyncio.to_thread(print, "host in a thread")
        go_on.set()
        results = await asyncio.gather(one, two)
        pool.submit(print, "host last").result()
        again = [
            await runtime.execute("pool.submit(print, 'again').result()") for runtime in runtimes
        ]
        return [*results, *again]

    code = (
        "import asyncio\npool.submit(print, '{0}').result()\n"
        "await asyncio.to_thread(print, '{0}')\nwaiting.set()\n"
        "while not go_on.is_set(): await asyncio.sleep(0.001)\n"
        "pool.submit(print, '{0}').result()\nawait asyncio.to_thread(print, '{0}')"
    )
    go_on, waiting = threading.Event(), [threading.Event(), threading.Event()]
    with ThreadPoolExecutor(1) as pool:
        runtimes = [
            PythonRuntime(
                variables=[
                    Variable("pool", pool),
                    Variable("go_on", go_on),
                    Variable("waiting", event),
                ],
                run_in=mode,
            )
            for event in waiting
        ]
        outputs = [result.output for result in asyncio.run(work())]
    for runtime in runtimes:
        runtime.close()
    assert outputs == ["one\n" * 4, "two\n" * 4, "again\n", "again\n"]
    assert capsys.readouterr().out == "host first\nhost between\nhost in a thread\nhost last\n"


def test_pool_that_a_cell_made_and_the_next_one_uses(
    runtime: PythonRuntime, capsys: pytest.CaptureFixture[str]
) -> None:
    code = "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(1)"
    run_ok(runtime, f"{code}\npool.submit(print, 'one').result()")
    assert run_ok(runtime, "x = pool.submit(print, 'two').result()").output == "two\n"
    with runtime.retrieve("pool") as pool:
        pool.submit(print, "host").result()
    assert capsys.readouterr().out == "host\n"


def test_threads_have_the_context_variables_that_they_have_in_python(
    runtime: PythonRuntime,
) -> None:
    code = (
        "import decimal, threading\ndecimal.getcontext().prec = 5\nseen = []\n"
        "thread = threading.Thread(target=lambda: seen.append(decimal.getcontext().prec))\n"
        "thread.start(); thread.join()"
    )
    run_ok(runtime, code)
    assert runtime.retrieve("seen") == [28]


def test_exception_in_a_thread_is_told_to_its_cell(
    runtime: PythonRuntime, capsys: pytest.CaptureFixture[str]
) -> None:
    code = (
        "import threading\ndef f():\n    1 / 0\n"
        "thread = threading.Thread(target=f, name='worker')\nthread.start(); thread.join()"
    )
    result = run_ok(runtime, code)
    assert result.stderr == (
        "Exception in thread worker:\n"
        "Traceback (most recent call last):\n"
        "  Cell 1, line 3, in f\n"
        "    1 / 0\n"
        "ZeroDivisionError: division by zero\n"
    )
    assert capsys.readouterr() == ("", "")


def test_exception_in_a_thread_in_one_line() -> None:
    runtime = PythonRuntime(error_feedback_mode=ErrorFeedbackMode.MINIMAL)
    code = (
        "import threading\nt = threading.Thread(target=lambda: 1 / 0, name='t')\n"
        "t.start(); t.join()"
    )
    told = "Exception in thread t:\nZeroDivisionError: division by zero (Cell 1, line 2)\n"
    assert run_ok(runtime, code).stderr == told


def test_thread_of_a_cell_may_exit(runtime: PythonRuntime) -> None:
    code = "import sys, threading\nt = threading.Thread(target=sys.exit)\nt.start(); t.join()"
    assert run_ok(runtime, code).output == ""


def test_hook_of_a_cell_for_exceptions_in_threads(runtime: PythonRuntime) -> None:
    code = (
        "import threading\nthreading.excepthook = lambda args: print(args.exc_value)\n"
        "t = threading.Thread(target=lambda: 1 / 0)\nt.start(); t.join()"
    )
    assert run_ok(runtime, code).output == "division by zero\n"


def test_exception_in_a_thread_of_the_host_is_the_host_s(
    runtime: PythonRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: told.append(str(args.exc_value)))
    begun, host = threading.Event(), "host"

    def fail() -> None:
        begun.wait(SOON)
        raise ValueError(host)

    thread = threading.Thread(target=fail)
    runtime.inject_variable(Variable("begun", begun))
    runtime.inject_variable(Variable("thread", thread))
    thread.start()
    assert run_ok(runtime, "begun.set(); thread.join()").output == ""
    late = "import threading\ndef f():\n    go_on.wait(10)\n    1 / 0\ngo_on = threading.Event()\n"
    run_ok(runtime, late + "thread = threading.Thread(target=f); thread.start()")
    runtime.retrieve("go_on").set()
    runtime.retrieve("thread").join()
    assert told == ["host", "division by zero"]


def test_output_arrives_while_the_cell_runs() -> None:
    async def work() -> ExecutionResult:
        lines: asyncio.Queue[OutputChunk] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def arrive(chunk: OutputChunk) -> None:
            loop.call_soon_threadsafe(lines.put_nowait, chunk)

        cell = asyncio.create_task(
            runtime.execute(
                "import sys\nprint('first')\nassert seen.wait(10)\nseen.clear()\n"
                "print('no end of line', end='', flush=True)\nassert seen.wait(10)\n"
                "print('\\nlast', file=sys.stderr, end='')",
                on_output=arrive,
            )
        )
        assert await lines.get() == OutputChunk("first\n")
        assert not cell.done()
        seen.set()
        assert await lines.get() == OutputChunk("no end of line")
        assert not cell.done()
        seen.set()
        result = await cell
        assert "".join([lines.get_nowait().text for _ in range(lines.qsize())]) == "\nlast"
        return result

    seen = threading.Event()
    with PythonRuntime(variables=[Variable("seen", seen)], run_in="thread") as runtime:
        result = asyncio.run(asyncio.wait_for(work(), SOON))
    assert result.success
    assert result.output == "first\nno end of line\nlast"


def test_output_is_handed_on_line_by_line(runtime: PythonRuntime) -> None:
    told: list[OutputChunk] = []
    code = "import sys\nprint('a', 'b')\nprint('c', file=sys.stderr)\nprint('d', end='')\n'e'"
    result = run_ok(runtime, code, on_output=told.append)
    assert next(chunk.text for chunk in told if "\n" in chunk.text) == "a b\n"
    assert OutputChunk("c\n", "stderr") in told
    assert "".join(chunk.text for chunk in told if chunk.stream == "stdout") == result.stdout


@pytest.mark.parametrize(
    "call",
    [
        "input()",
        "input('Name? ')",
        "import sys; sys.stdin.read()",
        "import sys; sys.stdin.readline()",
        "import sys; sys.stdin.buffer.readline()",
        "import sys; next(sys.stdin)",
        "import getpass, sys; sys.stdin.readlines()",
    ],
)
def test_input_fails_at_once(runtime: PythonRuntime, call: str) -> None:
    assert "cannot read input" in error_of(runtime, call, timeout=SOON)


def test_host_reads_its_input_while_a_cell_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("typed\nmore\n"))

    async def work() -> tuple[str, str]:
        runtime = PythonRuntime()
        cell = asyncio.create_task(runtime.execute("import asyncio; await asyncio.sleep(60)"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        read = sys.stdin.readline(), sys.stdin.read()
        cell.cancel()
        return read

    assert asyncio.run(work()) == ("typed\n", "more\n")


class Careless:
    """A stand-in for a stream as hosts have them: only `write`, which returns nothing."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def write(self, text: str) -> None:
        self.texts.append(text)


def test_host_s_stream_may_be_anything_with_write(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Careless()
    monkeypatch.setattr(sys, "stdout", stream)

    async def work() -> ExecutionResult:
        runtime = PythonRuntime()
        cell = asyncio.create_task(
            runtime.execute("import asyncio\nawait asyncio.sleep(0.01)\nprint('cell')")
        )
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        print("host")
        return await cell

    assert asyncio.run(work()).stdout == "cell\n"
    assert "".join(stream.texts) == "host\n"


def test_host_without_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    assert run_ok(PythonRuntime(), "print('cell')").stdout == "cell\n"
    assert sys.stdout is None


def test_source_lines_are_found_while_the_runtime_lives(runtime: PythonRuntime) -> None:
    run_ok(runtime, "def f():\n    return 1")
    filename = runtime.retrieve("f").__code__.co_filename
    assert linecache.getline(filename, 2) == "    return 1"
    runtime.close()
    assert filename not in linecache.cache


def test_warnings_reach_the_model_and_not_the_host(mode: Mode) -> None:
    program = f"""
import asyncio
from cave_agent.runtime import PythonRuntime
with PythonRuntime(run_in={mode!r}) as runtime:
    for cell in (
        "import warnings; warnings.warn('said')",
        "x = 1\\nprint(x is 1)",
        "async def forgotten(): pass\\nforgotten()\\nx = 1",
        "import asyncio\\nasync def refused(): pass\\nasyncio.run(refused())",
        "def f():\\n    late = forgotten()\\n    1 / 0\\nf()",
    ):
        print([asyncio.run(runtime.execute(cell)).stderr])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    said, literal, forgotten, refused, late = done.stdout.splitlines()
    assert "UserWarning: said" in said
    assert "SyntaxWarning" in literal
    assert "'forgotten' was never awaited" in forgotten
    assert refused == "['']"
    assert "'forgotten' was never awaited" in late


def test_cell_that_begins_while_the_host_redirects_its_streams(runtime: PythonRuntime) -> None:
    async def work() -> tuple[str, str, str]:
        waiting = asyncio.create_task(
            first.execute("import asyncio; await asyncio.sleep(0.05); print('first')")
        )
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        with contextlib.redirect_stdout(io.StringIO()) as redirected:
            second = await runtime.execute("print('second')")
        return (await waiting).output, second.output, redirected.getvalue()

    before = host_state()
    first = PythonRuntime()
    assert asyncio.run(work()) == ("first\n", "second\n", "")
    assert host_state() == before
