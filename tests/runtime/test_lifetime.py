"""What a runtime holds is freed with it."""

import asyncio
import gc
import linecache
import sys
import weakref
from collections.abc import Iterator

import pytest

from cave_agent.runtime import Function, PythonRuntime, Type, Variable
from tests.runtime.cells import SOON, Mode, eventually, run

CELLS = {
    "nothing": "",
    "success": "thing.seen = True\ndef f(): return thing\nclass K:\n    t = thing\nk = K()",
    "echo": "thing",
    "error": "def f(local=thing):\n    raise ValueError(local)\nf()",
    "exception kept": "try:\n    raise ValueError(thing)\nexcept ValueError as e:\n    kept = e",
    "syntax error": "thing = (",
    "exit": "import sys\nsys.exit(1)",
    "busy": "while thing: pass",
    "sleeping": "import time\ntime.sleep(60)",
    "waiting": "import asyncio\nawait asyncio.sleep(60)",
    "async": "import asyncio\nasync def f(): return thing\nawait asyncio.gather(f(), f())",
    "failed task": "import asyncio\nasync def f(): 1 / 0\nawait asyncio.gather(f(), f())",
    "nested": "await me.execute('thing')",
    "threads": "import asyncio\nawait asyncio.to_thread(print, thing)",
    "recursion": "def f(t): return f(t)\nf(thing)",
    "cycle": "thing.cycle = [thing]; thing.cycle.append(thing.cycle)",
}


@pytest.fixture(autouse=True, scope="module")
def _little_to_collect() -> Iterator[None]:
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


class Thing:
    pass


def make(thing: Thing, mode: Mode) -> PythonRuntime:
    class Local:
        pass

    def use(local: Local) -> Local:
        thing.__doc__ = "used"
        return local

    runtime = PythonRuntime(
        [Function(use)], [Variable("thing", thing), Variable("local", Local())], run_in=mode
    )
    runtime.inject_variable(Variable("me", runtime))
    runtime.inject_type(Type(Thing))
    return runtime


@pytest.mark.parametrize("code", CELLS.values(), ids=CELLS)
@pytest.mark.parametrize("close", [False, True], ids=["dropped", "closed"])
def test_objects_are_freed(mode: Mode, code: str, close: bool) -> None:
    thing = Thing()
    is_there = weakref.ref(thing)
    runtime = make(thing, mode)
    run(runtime, code, timeout=0.1)
    module = run(runtime, "kept = __name__") and runtime.retrieve("kept")
    assert module in sys.modules
    del thing
    if close:
        runtime.close()
        assert eventually(lambda: is_there() is None), "though the runtime itself is still held"
    del runtime
    assert eventually(lambda: is_there() is None and module not in sys.modules)
    assert not [name for name in linecache.cache if str(name).endswith(f" of {module}>")]


def test_objects_are_freed_after_a_cancellation(mode: Mode) -> None:
    async def work() -> "weakref.ref[Thing]":
        thing = Thing()
        runtime = make(thing, mode)
        begun = asyncio.Event()
        loop = asyncio.get_running_loop()
        runtime.inject_variable(Variable("begun", lambda: loop.call_soon_threadsafe(begun.set)))
        cell = asyncio.create_task(
            runtime.execute("import asyncio\nbegun()\nmine = thing\nawait asyncio.sleep(60)")
        )
        await begun.wait()
        cell.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cell
        return weakref.ref(thing)

    is_there = asyncio.run(work())
    assert eventually(lambda: is_there() is None)


def test_reset_frees_what_cells_made(runtime: PythonRuntime) -> None:
    run(runtime, "class Made: pass\nmade = Made()\nmade")
    is_there = weakref.ref(runtime.retrieve("made"))
    runtime.reset()
    gc.collect()
    assert is_there() is None


def test_dropped_runtimes_leave_no_modules() -> None:
    before = set(sys.modules)
    runtimes = [PythonRuntime() for _ in range(100)]
    assert len(set(sys.modules) - before) == 100
    del runtimes
    gc.collect()
    assert set(sys.modules) == before


def test_class_outlives_its_runtime() -> None:
    runtime = PythonRuntime()
    run(runtime, "class Point:\n    def __init__(self, x): self.x = x")
    point = runtime.retrieve("Point")(21)
    runtime.close()
    del runtime
    gc.collect()
    assert point.x == 21


def test_thread_that_is_closed_twice_ends_quietly() -> None:
    for _ in range(50):
        runtime = PythonRuntime(run_in="thread")
        run(
            runtime,
            "import asyncio, threading\ntask = asyncio.create_task(asyncio.sleep(60))\n"
            "thread = threading.current_thread()",
        )
        thread = runtime.retrieve("thread")
        runtime.close()
        runtime.close()
        del runtime
        thread.join(SOON)
        assert not thread.is_alive()
