"""Agents as objects: runs of agents within the cells of others."""

import asyncio
import contextlib
import gc
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import weakref
from typing import Any

import pytest

from cave_agent import (
    AgentNestingError,
    AgentResponse,
    CaveAgent,
    Event,
    EventType,
    ExecutionStatus,
    TokenUsage,
)
from cave_agent.events import AgentEvent
from cave_agent.models import ModelResponse, RetryPolicy
from cave_agent.nesting import MAX_DEPTH
from cave_agent.runtime import Function, PythonRuntime, Variable
from cave_agent.serialization import event_from_json, event_to_json
from cave_agent.testing import ScriptedModel
from tests.runtime.cells import SOON, Mode, eventually, is_set

OPTIONS = {"name", "max_steps", "max_total_steps", "max_exec_timeout"}


def cell(code: str) -> str:
    return f"```python\n{code}\n```"


def agent(*replies: Any, run_in: Mode = "caller", **options: Any) -> CaveAgent:
    """Return an agent with a script; other options become variables of its runtime."""
    own = {option: options.pop(option) for option in OPTIONS & options.keys()}
    variables = [Variable(name, value) for name, value in options.items()]
    return CaveAgent(
        ScriptedModel(list(replies)), PythonRuntime(variables=variables, run_in=run_in), **own
    )


def run(outer: CaveAgent, query: str = "Go") -> AgentResponse:
    return asyncio.run(asyncio.wait_for(outer.run(query), SOON))


def observation(outer: CaveAgent, number: int = 0) -> str:
    told = [each.content for each in outer.messages if each.role.value == "execution_result"]
    return told[number]


@pytest.fixture(params=["caller", "thread"])
def mode(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_an_agent_describes_itself_to_another_model() -> None:
    def clean(rows: list[str]) -> list[str]:
        """Strip and sort rows.

        More about it.
        """
        return sorted(map(str.strip, rows))

    runtime = PythonRuntime(
        variables=[Variable("data", [], "Input"), Variable("cleaned", [], "Output")],
        functions=[Function(clean)],
    )
    worker = CaveAgent(ScriptedModel([]), runtime)
    outer = CaveAgent(
        ScriptedModel([]),
        PythonRuntime(variables=[Variable("a", worker, "The cleaner"), Variable("b", worker)]),
    )
    prompt = outer.build_system_prompt()
    assert (
        "- a: CaveAgent - The cleaner\n"
        "    data: list - Input\n"
        "    cleaned: list - Output\n"
        "    clean(rows: list[str]) -> list[str] - Strip and sort rows.\n"
    ) in prompt
    assert prompt.count("await agent.run(") == 1
    outer.runtime.inject_variable(Variable("late", worker))
    assert "- late: CaveAgent\n    data: list" in outer.runtime.describe_injected_since(2)


def test_agents_in_containers_are_described_in_a_line_each() -> None:
    def clean(rows: list[str]) -> list[str]:
        """Strip and sort rows."""
        return rows

    def worker() -> CaveAgent:
        variables = [Variable("data", [], "Input"), Variable("cleaned", [])]
        return CaveAgent(
            ScriptedModel([]), PythonRuntime(variables=variables, functions=[Function(clean)])
        )

    outer = agent(ws=[worker(), worker()], by_name={"ann": worker(), "n": 3}, pair=(agent(), 4))
    outer.runtime.inject_variable(Variable("hidden", [worker()], private=True))
    prompt = outer.build_system_prompt()
    told = (
        "CaveAgent [data: list - Input; cleaned: list; "
        "clean(rows: list[str]) -> list[str] - Strip and sort rows.]"
    )
    assert (
        "- ws: list of 2 CaveAgent [first CaveAgent]\n"
        f"    ws[0]: {told}\n"
        f"    ws[1]: {told}\n"
        "- by_name: dict of 2 {'ann': CaveAgent, 'n': 3}\n"
        f"    by_name['ann']: {told}\n"
        "- pair: tuple of 2 CaveAgent, int [first CaveAgent]\n"
        "    pair[0]: CaveAgent\n"
    ) in prompt
    assert "    hidden[0]: CaveAgent" in prompt
    assert prompt.count("Strip and sort rows.") == 3, "not where it is private"
    assert prompt.count("await agent.run(") == 1


def test_of_many_agents_the_first_are_described() -> None:
    many = agent(ws=[agent(x=1) for _ in range(200)]).build_system_prompt()
    assert "    ws[9]: CaveAgent [x: int]\n    … and more\n" in many
    assert "ws[10]" not in many
    ten = agent(ws=[agent(x=1) for _ in range(10)]).build_system_prompt()
    assert "ws[9]: CaveAgent" in ten
    assert "… and more" not in ten
    variables = [Variable(f"v{number}", 1) for number in range(500)]
    wide = agent(ws=[CaveAgent(ScriptedModel([]), PythonRuntime(variables=variables))])
    assert max(map(len, wide.runtime.describe_variables().splitlines()[:-1])) < 450


def test_an_agent_in_its_own_runtime_is_no_riddle() -> None:
    runtime = PythonRuntime(variables=[Variable("x", 1)])
    worker = CaveAgent(ScriptedModel([]), runtime)
    runtime.inject_variable(Variable("worker", worker))
    assert "worker: CaveAgent\n    It works in this same runtime" in runtime.describe_variables()


def test_a_cell_runs_agents_sets_their_variables_and_takes_their_objects(mode: Mode) -> None:
    workers = {
        name: CaveAgent(
            ScriptedModel([cell("result = [x * 2 for x in data]"), "Doubled."]),
            PythonRuntime(variables=[Variable("data", []), Variable("result", None)], run_in=mode),
        )
        for name in ("one", "two")
    }
    code = (
        "import asyncio\n"
        "one.runtime.update_variable('data', numbers)\n"
        "two.runtime.update_variable('data', [5])\n"
        "answers = await asyncio.gather(one.run('Double'), two.run('Double'))\n"
        "collected = one.runtime.retrieve('result') + two.runtime.retrieve('result')\n"
        "[answer.content for answer in answers], collected"
    )
    outer = agent(cell(code), "Done.", run_in=mode, numbers=[1, 2], **workers)
    assert run(outer).content == "Done."
    assert "(['Doubled.', 'Doubled.'], [2, 4, 10])" in observation(outer)
    numbers = outer.runtime.retrieve("numbers")
    assert workers["one"].runtime.retrieve("data") is numbers
    assert "collected" not in workers["one"].runtime.names()


def test_objects_of_a_response_are_read_in_the_cell() -> None:
    worker = agent(cell("total = 6"), "Six.")
    code = "answer = await worker.run('Sum', returns={'total': int})\nanswer.objects['total'] + 1"
    outer = agent(cell(code), "Seven.", worker=worker)
    run(outer)
    assert observation(outer).startswith("<execution_result>\n7\n")


@pytest.mark.parametrize("worker_in", ["caller", "thread"])
def test_code_that_does_not_await_runs_agents(mode: Mode, worker_in: Mode) -> None:
    worker = agent(cell("x = 20"), "It is 20.", run_in=worker_in)
    code = "def ask(): return worker.run_sync('x?').content\nanswer = ask()\nanswer"
    outer = agent(cell(code), "Done.", run_in=mode, worker=worker)
    response = run(outer)
    assert outer.runtime.retrieve("answer") == "It is 20."
    assert response.nested_usage.total_tokens > 0


def test_run_sync_keeps_to_its_thread() -> None:
    connection = sqlite3.connect(":memory:")  # refuses every other thread
    worker = agent(cell("n = db.execute('select 41 + 1').fetchone()[0]"), "Ok.", db=connection)
    outer = agent(cell("worker.run_sync('n?')\nworker.runtime.retrieve('n')"), "Ok.", worker=worker)
    run(outer)
    assert "\n42\n" in observation(outer)
    connection.close()


def test_run_sync_without_a_loop_and_with_the_host_s_own() -> None:
    assert agent("Hello.").run_sync("Hi").content == "Hello."

    async def work() -> None:
        with pytest.raises(AgentNestingError, match=r"write `await agent\.run\(…\)`"):
            agent("Hello.").run_sync("Hi")
        await asyncio.sleep(0)

    asyncio.run(work())


def test_the_loop_of_the_cell_goes_on_after_run_sync(mode: Mode) -> None:
    code = (
        "import asyncio\ntask = asyncio.create_task(asyncio.sleep(0, 'slept'))\n"
        "worker.run_sync('go')\nawait task, asyncio.get_running_loop().is_running()"
    )
    outer = agent(cell(code), "Done.", run_in=mode, worker=agent("Hello."))
    run(outer)
    assert "('slept', True)" in observation(outer)


ENDLESS = {
    "awaited": ("await worker.run('go')", "await asyncio.sleep(60)"),
    "awaited, computing": ("await worker.run('go')", "while True: pass"),
    "not awaited": ("worker.run_sync('go')", "await asyncio.sleep(60)"),
    "not awaited, computing": ("worker.run_sync('go')", "while True: pass"),
}


@pytest.mark.parametrize("code", ENDLESS.values(), ids=ENDLESS)
def test_a_time_limit_goes_down_the_tree(mode: Mode, code: tuple[str, str]) -> None:
    worker = agent(cell(f"import asyncio\n{code[1]}"), "never said", "Again.")
    outer = agent(cell(code[0]), "Stopped.", run_in=mode, worker=worker, max_exec_timeout=0.2)
    assert run(outer).content == "Stopped."
    assert "TimeoutError: the cell was stopped" in observation(outer)
    assert run(worker).content == "never said", "the worker can be used again"


@pytest.mark.parametrize("call", ["await worker.run('go')", "worker.run_sync('go')"])
def test_a_time_limit_stops_a_model_that_a_sub_agent_waits_for(mode: Mode, call: str) -> None:
    async def slow(_: Any) -> str:
        await asyncio.sleep(60)
        return "never"

    worker = CaveAgent(ScriptedModel(slow))
    outer = agent(cell(call), "Stopped.", run_in=mode, worker=worker, max_exec_timeout=0.2)
    assert run(outer).content == "Stopped."
    assert "TimeoutError" in observation(outer)


@pytest.mark.parametrize("stop", ["limit", "cancel"])
@pytest.mark.parametrize("call", ["worker.run_sync, 'go'", "asyncio.run, worker.run('go')"])
def test_what_stops_a_cell_stops_agents_in_its_threads(mode: Mode, call: str, stop: str) -> None:
    asked = threading.Event()
    ended = threading.Event()

    async def slow(_: Any) -> str:
        asked.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()
        return "never"

    worker = CaveAgent(ScriptedModel(slow))
    outer = agent(
        cell(f"import asyncio\nawait asyncio.to_thread({call})"),
        "Stopped.",
        run_in=mode,
        worker=worker,
        **({"max_exec_timeout": 0.2} if stop == "limit" else {}),
    )

    async def work() -> None:
        running = asyncio.create_task(outer.run("Go"))
        assert await asyncio.to_thread(asked.wait, SOON)
        if stop == "cancel":
            running.cancel()
        await asyncio.wait({running})
        assert await asyncio.to_thread(ended.wait, SOON)

    asyncio.run(asyncio.wait_for(work(), 2 * SOON))


IN_THREADS = {
    "tasks": "await asyncio.gather(*(asyncio.to_thread(w.run_sync, 'go') for w in workers))",
    "threads": (
        "threads = [threading.Thread(target=w.run_sync, args=('go',)) for w in workers]\n"
        "for thread in threads: thread.start()\n"
        "while threads: threads.pop().join()"
    ),
}
HELD_UP = {
    "computing": "pass",
    "sleeping": "import time; time.sleep(60)",
    "waiting for ever": (
        "import asyncio\n    try: await asyncio.sleep(60)\n    except asyncio.CancelledError: pass"
    ),
    "one further down": "deeper.run_sync('go')",
}


IN_TASKS = {
    "awaited": "tasks = [asyncio.create_task(w.run('go')) for w in ws]\nfor t in tasks: await t",
    "wait": "await asyncio.wait([asyncio.create_task(w.run('go')) for w in ws])",
    "as completed": "for t in asyncio.as_completed([w.run('go') for w in ws]): await t",
    "not awaited": (
        "tasks = [asyncio.create_task(w.run('go')) for w in ws]\nawait asyncio.sleep(60)"
    ),
    "of a task": (
        "async def start(): tasks.extend(asyncio.create_task(w.run('go')) for w in ws)\n"
        "tasks = []\nawait asyncio.create_task(start())\nawait asyncio.sleep(60)"
    ),
    "of the host's": "await ask_all()",
    "held up": (
        "tasks = [asyncio.create_task(w.run('go')) for w in ws]\n"
        "while not begun.is_set(): await asyncio.sleep(0.001)\nwhile True: pass"
    ),
    "held up in a function": (
        "tasks = [asyncio.create_task(w.run('go')) for w in ws]\n"
        "while not begun.is_set(): await asyncio.sleep(0.001)\nother.run_sync('go')"
    ),
}
CLEANING_UP = (
    "import asyncio\nbegun.set()\ntry: await asyncio.sleep(60)\n"
    "finally:\n    await asyncio.sleep(0.001)\n    cleaned.append(1)"
)
RESISTING = (
    "import asyncio\ncleaned.append(1)\nbegun.set()\nwhile True:\n"
    "    try: await asyncio.sleep(60)\n    except asyncio.CancelledError: pass"
)


@pytest.mark.parametrize("stop", ["limit", "cancel"])
@pytest.mark.parametrize(
    ("code", "held_up"),
    [*((code, CLEANING_UP) for code in IN_TASKS.values()), (IN_TASKS["awaited"], RESISTING)],
    ids=[*IN_TASKS, "resisting"],
)
def test_what_stops_a_cell_stops_agents_in_its_tasks(
    mode: Mode, code: str, held_up: str, stop: str, capfd: pytest.CaptureFixture[str]
) -> None:
    if stop == "cancel" and mode == "caller" and "begun" in code:
        pytest.skip("nothing can cancel what holds the event loop")
    begun, cleaned = threading.Event(), list[int]()
    workers = [agent(cell(held_up), "Again.", begun=begun, cleaned=cleaned) for _ in range(2)]

    async def ask_all() -> None:
        for task in [asyncio.create_task(worker.run("go")) for worker in workers]:
            await task

    outer = agent(
        cell(f"import asyncio\n{code}"),
        "Stopped.",
        run_in=mode,
        ws=workers,
        begun=begun,
        other=agent(cell("while True: pass")),
        ask_all=ask_all,
        **({"max_exec_timeout": 0.3} if stop == "limit" else {}),
    )

    async def work() -> list[str]:
        running = asyncio.create_task(outer.run("Go"))
        await is_set(begun)
        await asyncio.sleep(0.01)
        if stop == "cancel":
            running.cancel()
        await asyncio.wait({running})
        assert len(cleaned) == 2
        return [(await worker.run("again")).content for worker in workers]

    assert asyncio.run(asyncio.wait_for(work(), SOON)) == ["Again."] * 2
    if stop == "limit":
        assert "TimeoutError: the cell was stopped" in observation(outer)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("stop", ["limit", "cancel"])
@pytest.mark.parametrize("held_up", HELD_UP.values(), ids=HELD_UP)
@pytest.mark.parametrize(
    ("code", "mode"),
    [(IN_THREADS["tasks"], "caller"), (IN_THREADS["threads"], "thread")],
    ids=IN_THREADS,
)
def test_what_stops_a_cell_stops_the_cells_of_agents_in_its_threads(
    code: str, mode: Mode, held_up: str, stop: str, capfd: pytest.CaptureFixture[str]
) -> None:
    begun = threading.Semaphore(0)

    def stuck() -> CaveAgent:
        deeper = agent(cell("while True: pass"), "never")
        held = f"begun.release()\nwhile True:\n    {held_up}"
        return agent(cell(held), "Fine again.", begun=begun, deeper=deeper)

    workers = [stuck() for _ in range(2)]
    outer = agent(
        cell(f"import asyncio, threading, time\n{code}"),
        "Stopped.",
        run_in=mode,
        workers=workers,
        **({"max_exec_timeout": 0.3} if stop == "limit" else {}),
    )

    async def work() -> list[str]:
        running = asyncio.create_task(outer.run("Go"))
        for _ in workers:
            assert await asyncio.to_thread(begun.acquire, timeout=SOON)
        if stop == "cancel":
            running.cancel()
        await asyncio.wait({running})
        return [(await worker.run("again")).content for worker in workers]

    contents = asyncio.run(asyncio.wait_for(work(), SOON))
    assert contents == ["Fine again."] * 2
    if stop == "limit":
        assert "TimeoutError: the cell was stopped" in observation(outer)
    assert capfd.readouterr().err == ""


STUCK = {
    "awaited": "await worker.run('go')",
    "in a task": "task = asyncio.create_task(worker.run('go'))\nawait asyncio.sleep(60)",
    "in a pool": (
        "future = asyncio.get_running_loop().run_in_executor(None, worker.run_sync, 'go')\n"
        "await asyncio.sleep(60)"
    ),
    "in a loop of a thread": (
        "import threading\ndef go(): asyncio.run(worker.run('go'))\n"
        "thread = threading.Thread(target=go)\nthread.start()\nawait asyncio.sleep(60)"
    ),
    "in a loop of a pool": (
        "future = asyncio.get_running_loop().run_in_executor(None, asyncio.run, worker.run('go'))\n"
        "await asyncio.sleep(60)"
    ),
    "in a pool, awaited": "await asyncio.to_thread(worker.run_sync, 'go')",
}


@pytest.mark.parametrize("code", STUCK.values(), ids=STUCK)
def test_a_cell_that_cannot_be_stopped_is_left_without_complaints(
    code: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """A lock that only the host releases stands in for a long call into C."""
    held = threading.Lock()
    held.acquire()
    worker = agent(cell("held.acquire()"), run_in="thread", held=held)
    outer = agent(cell(f"import asyncio\n{code}"), "Stopped.", worker=worker, max_exec_timeout=0.2)
    try:
        assert run(outer).content == "Stopped."
    finally:
        held.release()
    assert "TimeoutError: the cell was stopped" in observation(outer)
    outer.runtime.reset()
    gc.collect()
    assert caplog.messages == []
    assert capfd.readouterr().err == ""


def test_a_thread_that_comes_to_run_an_agent_after_its_cell_was_stopped_does_not() -> None:
    stopped = threading.Event()
    errors: list[str] = []

    def late() -> None:
        stopped.wait(SOON)
        try:
            worker.run_sync("go")
        except BaseException as error:  # noqa: BLE001 - what stops a cell is no `Exception`
            errors.append(type(error).__name__)

    worker = agent("Never said.")
    code = "import asyncio, threading\nt = threading.Thread(target=late)\nt.start()\n"
    outer = agent(
        cell(f"{code}await asyncio.sleep(60)"), "Stopped.", late=late, max_exec_timeout=0.1
    )
    run(outer)
    stopped.set()
    outer.runtime.retrieve("t").join(SOON)
    assert errors == ["CellStopped"]


def test_an_agent_is_described_as_it_is_when_it_is_briefed() -> None:
    worker = agent(data=[], later=None)
    worker.runtime.update_variable("data", {"a": 1})
    worker.runtime.update_variable("later", agent("Hello."))
    prompt = worker.build_system_prompt()
    assert "- data: dict" in prompt
    hidden = Variable("hidden", 1, private=True)
    worker.runtime.inject_variable(hidden)
    worker.runtime.update_variable("hidden", "a secret text")
    assert "a secret text" not in worker.build_system_prompt()
    assert "- later: CaveAgent" in prompt


def test_agents_in_containers_have_names() -> None:
    workers = [agent("One."), agent("Two.")]
    code = "import asyncio\nawait asyncio.gather(*(w.run('go') for w in ws))"
    events = events_of(agent(cell(code), "Done.", ws=workers))
    names = {event.agent for event in events if isinstance(event, AgentEvent)}
    assert names == {"ws[0]", "ws[1]"}


def test_agents_are_freed_with_their_runtimes(mode: Mode) -> None:
    def use() -> list[Any]:
        worker = agent(cell("x = 1"), "Done.", run_in=mode)
        outer = agent(cell("worker.run_sync('go')"), "Done.", run_in=mode, worker=worker)
        run(outer)
        return [weakref.ref(worker), weakref.ref(outer)]

    held = [reference for _ in range(3) for reference in use()]
    assert eventually(lambda: all(reference() is None for reference in held))


def test_cancelling_goes_down_the_tree(mode: Mode) -> None:
    entered = threading.Event()
    worker = agent(
        cell("import asyncio\nentered.set()\nawait asyncio.sleep(60)\nleft = 1"),
        "Fine again.",
        entered=entered,
    )
    outer = agent(cell("await worker.run('go')"), "Still here.", run_in=mode, worker=worker)

    async def work() -> None:
        running = asyncio.create_task(outer.run("Go"))
        assert await asyncio.to_thread(entered.wait, SOON)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert (await worker.run("again")).content == "Fine again."
        assert (await outer.run("again")).content == "Still here."

    asyncio.run(asyncio.wait_for(work(), SOON))
    assert "left" not in worker.runtime.names()


INTERRUPTED = """
import asyncio, signal, sys
from cave_agent import CaveAgent
from cave_agent.runtime import PythonRuntime, Variable
from cave_agent.testing import ScriptedModel


async def slow(messages):
    sys.__stdout__.write("waiting\\n")  # a cell's own output is captured
    sys.__stdout__.flush()
    await asyncio.sleep(60)


def agent(model):
    return CaveAgent(model, PythonRuntime(variables=[Variable("worker", worker)]))


worker = None
worker = agent(ScriptedModel(slow))
for _ in range({depth}):
    worker = agent(ScriptedModel(["```python\\nworker.run_sync('go')\\nleft = 1\\n```", "Done."]))


async def main():
    return await asyncio.gather(worker.run("go"))


before = signal.getsignal(signal.SIGINT)
try:
    print(asyncio.run({main}))
except KeyboardInterrupt:
    print("left" in worker.runtime.names(), signal.getsignal(signal.SIGINT) is before)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signal to one process")
@pytest.mark.parametrize("main", ["worker.run('go')", "main()"])
@pytest.mark.parametrize("depth", [1, 3])
def test_the_first_interrupt_ends_what_run_sync_waits_for(depth: int, main: str) -> None:
    program = INTERRUPTED.format(depth=depth, main=main)
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "waiting\n"
        child.send_signal(signal.SIGINT)
        try:
            told, errors = child.communicate(timeout=SOON)
        finally:
            child.kill()
    assert (told, errors) == ("False True\n", "")


def test_an_interrupt_that_the_host_takes_leaves_run_sync_alone() -> None:
    taken: list[int] = []

    async def reply(_: Any) -> str:
        signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(0.001)
        return "Not interrupted."

    before = signal.signal(signal.SIGINT, lambda number, _: taken.append(number))
    try:
        worker = CaveAgent(ScriptedModel(reply))
        outer = agent(cell("worker.run_sync('go').content"), "Done.", worker=worker)
        assert run(outer).content == "Done."
    finally:
        signal.signal(signal.SIGINT, before)
    assert "'Not interrupted.'" in observation(outer)
    assert taken == [signal.SIGINT]


def events_of(outer: CaveAgent) -> list[Event]:
    async def drain() -> list[Event]:
        return [event async for event in outer.stream_events("Go")]

    return asyncio.run(drain())


@pytest.mark.parametrize("call", ["await {}.run('go')", "{}.run_sync('go')"])
def test_events_are_nested_with_name_and_depth(mode: Mode, call: str) -> None:
    inner = agent(cell("print('inner')"), "I am done.", name="Ada")
    middle = agent(cell(f"print('before')\n{call.format('inner')}"), "Me too.", inner=inner)
    outer = agent(
        cell(f"print('first')\n{call.format('middle')}\nprint('last')"),
        "All.",
        run_in=mode,
        middle=middle,
    )
    events = events_of(outer)
    nested = [event for event in events if isinstance(event, AgentEvent)]
    told = [(each.agent, each.depth, each.event.type.value) for each in nested]
    assert {(name, depth) for name, depth, _ in told} == {("middle", 1), ("Ada", 2)}, [
        event.content for event in events
    ]
    assert told.index(("middle", 1, "code")) < told.index(("Ada", 2, "code"))
    assert told.index(("Ada", 2, "final_response")) < told.index(("middle", 1, "final_response"))
    kinds = [event.type for event in events]
    assert kinds.index(EventType.CODE) < kinds.index(EventType.AGENT)
    assert kinds.count(EventType.FINAL_RESPONSE) == 1
    printed = [e.content for e in events if e.type is EventType.OUTPUT_DELTA]
    assert "".join(printed).startswith("first\n")
    for event in nested:
        assert event_from_json(event_to_json(event)).type is EventType.AGENT


def test_usage_and_steps_roll_up() -> None:
    def reply(text: str) -> ModelResponse:
        return ModelResponse(text, TokenUsage(10, 1), "stop")

    inner = agent(reply(cell("x = 1")), reply("Done."))
    middle = agent(reply(cell("await inner.run('go')")), reply("Done."), inner=inner)
    outer = agent(reply(cell("r = await middle.run('go')")), reply("Done."), middle=middle)
    response = run(outer)
    assert (response.steps_taken, response.total_steps) == (2, 6)
    assert response.token_usage == TokenUsage(60, 6)
    assert response.nested_usage == TokenUsage(40, 4)
    within = outer.runtime.retrieve("r")
    assert (within.token_usage, within.total_steps) == (TokenUsage(40, 4), 4)


STARTED = {
    "begun": "import asyncio\nt = asyncio.create_task(worker.run('go'))\nawait asyncio.sleep(0)",
    "not begun": "import asyncio\nt = asyncio.create_task(worker.run('go'))",
    "in a thread": (
        "import asyncio, contextvars\nt = asyncio.get_running_loop().run_in_executor("
        "None, contextvars.copy_context().run, worker.run_sync, 'go')"
    ),
}


class Held:
    """A model whose replies wait for the test."""

    def __init__(self, *replies: str) -> None:
        self._replies = iter(replies)
        self.go_on = threading.Event()
        self.model = ScriptedModel(self._reply)

    async def _reply(self, _: Any) -> ModelResponse:
        await is_set(self.go_on)
        return ModelResponse(next(self._replies), TokenUsage(10, 1), "stop")


@pytest.mark.parametrize("started", STARTED.values(), ids=STARTED)
def test_what_a_task_of_an_earlier_query_does_counts_in_the_run_that_is_active(
    mode: Mode, started: str
) -> None:
    held = Held(cell("x = 1"), "Done.")
    worker = CaveAgent(held.model)
    outer = agent(
        cell(started),
        "Started.",
        cell("(await t).content"),
        "Ended.",
        "Nothing.",
        run_in=mode,
        worker=worker,
    )

    async def work() -> list[Any]:
        first = await outer.run("one")
        held.go_on.set()
        events = [event async for event in outer.stream_events("two")]
        return [first, events, await outer.run("three")]

    first, events, third = asyncio.run(asyncio.wait_for(work(), SOON))
    second = events[-1].response
    usages = [each.nested_usage for each in (first, second, third)]
    assert usages == [TokenUsage(), TokenUsage(20, 2), TokenUsage()]
    assert sum(each.total_steps for each in (first, second, third)) == 7
    assert third.total_steps == 1
    assert "'Done.'" in observation(outer, 1)
    nested = [event for event in events if isinstance(event, AgentEvent)]
    assert {(event.agent, event.depth) for event in nested} == {("worker", 1)}
    assert nested[-1].event.type is EventType.FINAL_RESPONSE


def test_what_happens_while_no_run_is_active_counts_in_the_next_one() -> None:
    held = Held(cell("x = 1"), cell("x = 2"), cell("x = 3"), "Done.")
    worker = CaveAgent(held.model)
    replies = [cell(STARTED["begun"]), "Started.", *[cell("y = 1")] * 3, "Again."]
    inner = agent(*replies, worker=worker, max_total_steps=6)
    code = "r = await inner.run('go')"
    outer = agent(cell(code), "Started, too.", "Next.", cell(code), "Last.", inner=inner)

    async def work() -> list[AgentResponse]:
        responses = [await outer.run("one")]
        held.go_on.set()
        await inner.runtime.retrieve("t")
        return [*responses, await outer.run("two"), await outer.run("three")]

    responses = asyncio.run(asyncio.wait_for(work(), SOON))
    assert [each.total_steps for each in responses] == [5, 1, 9]
    within = outer.runtime.retrieve("r")
    assert (within.steps_taken, within.total_steps) == (4, 7), "the worker's are no part of its six"
    assert within.nested_usage == TokenUsage(40, 4)
    assert responses[2].nested_usage == within.token_usage


def test_what_is_told_between_cells_is_told_before_the_run_ends() -> None:
    worker = agent("Done.")
    background: list[asyncio.Task[Any]] = []

    async def reply(messages: list[dict[str, str]]) -> str:
        if len(messages) == 2:
            return cell("import asyncio\nkept.append(asyncio.create_task(worker.run('go')))")
        await background[0]
        return "Started."

    variables = [Variable("worker", worker), Variable("kept", background)]
    outer = CaveAgent(ScriptedModel(reply), PythonRuntime(variables=variables))
    *events, final = events_of(outer)
    assert final.type is EventType.FINAL_RESPONSE
    assert final.response.total_steps == 3
    nested = [event for event in events if isinstance(event, AgentEvent)]
    assert nested[0].agent == "worker"
    assert nested[-1].event.type is EventType.FINAL_RESPONSE


def test_a_circle_by_way_of_a_task_of_an_earlier_query_is_told() -> None:
    begin = "import asyncio\nt = asyncio.create_task(worker.run('go'))\nawait asyncio.sleep(0)"
    held = Held(cell("await outer.run('back')"), "It failed.")
    worker = CaveAgent(held.model)
    outer = agent(cell(begin), "Started.", cell("(await t).content"), "Over.", worker=worker)
    worker.runtime.inject_variable(Variable("outer", outer))

    async def work() -> str:
        await outer.run("one")
        held.go_on.set()
        return (await outer.run("two")).content

    assert asyncio.run(asyncio.wait_for(work(), SOON)) == "Over."
    assert "AgentNestingError: agent → worker → outer can never end" in observation(worker)


def test_tasks_of_two_agents_that_outlive_their_runs_end() -> None:
    begin = "import asyncio\nt = asyncio.create_task(other.run('go'))\nawait asyncio.sleep(0)"
    held = Held(cell(begin), cell("(await t).content"), "Back.")
    first = agent(cell(begin), "Started.", "And again.")
    second = CaveAgent(held.model)
    first.runtime.inject_variable(Variable("other", second))
    second.runtime.inject_variable(Variable("other", first))

    async def work() -> tuple[str, str]:
        await first.run("one")
        held.go_on.set()
        response = await first.runtime.retrieve("t")
        return response.content, (await second.runtime.retrieve("t")).content

    assert asyncio.run(asyncio.wait_for(work(), SOON)) == ("Back.", "And again.")


def test_agents_in_threads_of_a_cell_belong_to_its_run() -> None:
    worker = agent("Hello.", "Hello.")
    code = (
        "import asyncio, threading\n"
        "thread = threading.Thread(target=worker.run_sync, args=('go',))\n"
        "thread.start()\nthread.join()\nawait asyncio.to_thread(worker.run_sync, 'go')"
    )
    response = run(agent(cell(code), "Done.", worker=worker))
    assert response.total_steps == 4


def test_a_budget_of_steps_goes_down_the_tree() -> None:
    worker = agent(*[cell("x = 1")] * 20, max_steps=20)
    code = "r = await worker.run('go')\nr.status.value"
    outer = agent(cell(code), "never asked", worker=worker, max_total_steps=4)
    response = run(outer)
    assert response.status is ExecutionStatus.MAX_STEPS_REACHED
    assert (response.steps_taken, response.total_steps) == (1, 4)
    assert outer.runtime.retrieve("r").steps_taken == 3
    assert "'max_steps_reached'" in observation(outer)
    assert "Only 1 more reply is possible" in observation(worker, 1)
    with pytest.raises(ValueError, match="max_total_steps=0 allows nothing"):
        agent(max_total_steps=0)


@pytest.mark.parametrize("started", STARTED.values(), ids=STARTED)
def test_a_budget_of_steps_outlives_the_run_that_it_was_given_to(mode: Mode, started: str) -> None:
    held = Held(*[cell("x = 1")] * 20)
    worker = CaveAgent(held.model, max_steps=20)
    outer = agent(
        cell(started), "Started.", "Again.", run_in=mode, worker=worker, max_total_steps=4
    )

    async def work() -> tuple[list[AgentResponse], AgentResponse]:
        responses = [await outer.run("one")]
        held.go_on.set()
        within = outer.runtime.retrieve("t")
        assert await asyncio.to_thread(eventually, within.done)
        return [*responses, await outer.run("two")], within.result()

    responses, within = asyncio.run(asyncio.wait_for(work(), 2 * SOON))
    assert within.status is ExecutionStatus.MAX_STEPS_REACHED
    assert within.steps_taken == 2
    assert sum(each.total_steps for each in responses) == 5
    assert responses[1].content == "Again."


def test_a_reply_that_a_model_did_not_give_is_not_counted() -> None:
    worker = CaveAgent(
        ScriptedModel([ConnectionError("no line"), "Here."], retry=RetryPolicy(attempts=1))
    )
    code = "try:\n    await worker.run('go')\nexcept Exception:\n    await worker.run('go')"
    response = run(agent(cell(code), "Done.", worker=worker, max_total_steps=3))
    assert (response.content, response.total_steps) == ("Done.", 3)


def test_a_failing_sub_agent_is_an_exception_in_the_cell() -> None:
    worker = CaveAgent(ScriptedModel([ConnectionError("no line")], retry=RetryPolicy(attempts=1)))
    code = (
        "try:\n    await worker.run('go')\nexcept Exception as error:\n    print('caught', error)"
    )
    outer = agent(cell("await worker.run('go')"), cell(code), "Handled.", worker=worker)
    assert run(outer).content == "Handled."
    assert "no line" in observation(outer)
    assert "caught" in observation(outer, 1)


# What could never end


@pytest.mark.parametrize("call", ["await me.run('again')", "me.run_sync('again')"])
def test_an_agent_that_runs_itself_is_told(mode: Mode, call: str) -> None:
    outer = agent(cell(call), "I see.", run_in=mode)
    outer.runtime.inject_variable(Variable("me", outer))
    assert run(outer).content == "I see."
    assert "AgentNestingError: agent → me can never end" in observation(outer)


def test_a_circle_of_three_is_told() -> None:
    third = agent(cell("await first.run('go')"), "It failed.")
    second = agent(cell("print((await third.run('go')).content)"), "Passed on.", third=third)
    first = agent(cell("print((await second.run('go')).content)"), "Over.", second=second)
    third.runtime.inject_variable(Variable("first", first))
    assert run(first).content == "Over."
    assert "agent → second → third → first can never end" in observation(third)


def test_two_agents_that_wait_for_each_other_are_told() -> None:
    async def work() -> list[str]:
        a = agent(cell("await meet()\nawait b.run('go')"), "A is done.")
        b = agent(cell("await meet()\nawait a.run('go')"), "B is done.")
        both = asyncio.Barrier(2)
        for each in (a, b):
            each.runtime.inject_variable(Variable("meet", both.wait))
        a.runtime.inject_variable(Variable("b", b))
        b.runtime.inject_variable(Variable("a", a))
        await asyncio.gather(a.run("go"), b.run("go"), return_exceptions=True)
        return [observation(a), observation(b)]

    told = asyncio.run(asyncio.wait_for(work(), SOON))
    assert any("can never end" in text for text in told)


def test_run_sync_of_a_busy_agent_in_the_same_thread_is_told() -> None:
    worker = agent(cell("import asyncio\nawait asyncio.sleep(60)"), "done")
    code = (
        "import asyncio\ntask = asyncio.create_task(worker.run('one'))\nawait asyncio.sleep(0.01)\n"
        "try:\n    worker.run_sync('two')\nfinally:\n    task.cancel()"
    )
    outer = agent(cell(code), "I see.", worker=worker)
    assert run(outer).content == "I see."
    assert "AgentNestingError" in observation(outer)


def test_run_sync_within_a_stream_that_has_come_to_its_end_is_told() -> None:
    worker = agent("One.")
    code = "async for event in worker.stream_events('one'):\n    pass\n    worker.run_sync('two')"
    outer = agent(cell(code), "I see.", worker=worker)
    assert run(outer).content == "I see."
    assert "AgentNestingError" in observation(outer)


def test_depth_has_a_limit() -> None:
    code = "answer = await make(depth + 1).run('deeper')"

    def make(depth: int) -> CaveAgent:
        return agent(cell(code), "Back.", make=make, depth=depth)

    run(make(0))

    deepest: list[CaveAgent] = []

    def make_and_keep(depth: int) -> CaveAgent:
        deepest.append(agent(cell(code), "Back.", make=make_and_keep, depth=depth))
        return deepest[-1]

    run(make_and_keep(0))
    assert len(deepest) == MAX_DEPTH + 2
    assert f"over the limit of {MAX_DEPTH}" in observation(deepest[-2])


def test_an_agent_used_by_two_at_once_takes_turns() -> None:
    worker = agent(*["One after the other."] * 4)
    code = (
        "import asyncio\n[r.content for r in await asyncio.gather(*(w.run('q') for _ in range(2)))]"
    )
    one, two = agent(cell(code), "Ok.", w=worker), agent(cell(code), "Ok.", w=worker)

    async def work() -> list[AgentResponse]:
        return list(await asyncio.gather(one.run("go"), two.run("go")))

    assert [r.content for r in asyncio.run(asyncio.wait_for(work(), SOON))] == ["Ok.", "Ok."]


# A stream that is left early


def test_a_stream_that_is_left_and_kept_ends_at_the_next_run() -> None:
    outer = agent(cell("x = 1"), "Next.")

    async def work() -> str:
        events = outer.stream_events("one")
        async for event in events:
            if event.type is EventType.CODE:
                break
        content = (await outer.run("two")).content
        assert [event async for event in events] == []
        return content

    assert asyncio.run(asyncio.wait_for(work(), SOON)) == "Next."
    assert "x" not in outer.runtime.names()


def test_running_an_agent_within_its_own_stream_ends_the_stream() -> None:
    outer = agent(cell("x = 1"), "Inner.")

    async def work() -> list[str]:
        contents = []
        async with contextlib.aclosing(outer.stream_events("one")) as events:
            async for event in events:
                if event.type is EventType.CODE:
                    response = await outer.run("two")
                    contents.append(response.content)
        return contents

    assert asyncio.run(asyncio.wait_for(work(), SOON)) == ["Inner."]


def test_two_streams_of_two_tasks_wait_for_each_other() -> None:
    outer = agent("One.", "Two.")

    async def drain() -> str:
        return [event async for event in outer.stream_events("q")][-1].content

    async def work() -> list[str]:
        return list(await asyncio.gather(drain(), drain()))

    assert asyncio.run(asyncio.wait_for(work(), SOON)) == ["One.", "Two."]


# Sharing


def test_agents_that_share_a_runtime_see_each_other_s_variables_at_once() -> None:
    shared = PythonRuntime(variables=[Variable("tasks", [])])
    writer = CaveAgent(ScriptedModel([cell("tasks.append('buy')\ndone = False"), "Added."]), shared)
    reader = CaveAgent(ScriptedModel([cell("tasks, done"), "Seen."]), shared)
    run(writer)
    run(reader)
    assert "(['buy'], False)" in observation(reader)


def test_agents_of_their_own_see_nothing_of_each_other() -> None:
    one, two = agent(cell("secret = 5"), "Ok."), agent(cell("secret"), "No.")
    run(one)
    run(two)
    assert "NameError: name 'secret' is not defined" in observation(two)


def test_a_worker_in_the_runtime_of_the_cell_that_runs_it(mode: Mode) -> None:
    shared = PythonRuntime(run_in=mode)
    worker = CaveAgent(ScriptedModel([cell("found = given + 1"), "Ok."]), shared)
    outer = CaveAgent(
        ScriptedModel([cell("given = 1\nworker.run_sync('go')\nfound"), "Ok."]), shared
    )
    shared.inject_variable(Variable("worker", worker))
    run(outer)
    assert "\n2\n" in observation(outer)


def test_a_thousand_sub_agents_at_once() -> None:
    def make() -> CaveAgent:
        return agent(cell("x = 1"), "Done.")

    code = (
        "import asyncio\nanswers = await asyncio.gather(*(make().run('q') for _ in range(1000)))\n"
        "len(answers), {a.content for a in answers}"
    )
    outer = CaveAgent(ScriptedModel([cell(code), "Ok."]), PythonRuntime(functions=[Function(make)]))
    response = run(outer)
    assert "(1000, {'Done.'})" in observation(outer)
    assert response.total_steps == 2002
