"""What the host does on a cell's behalf is its own doing, also where libraries do it elsewhere."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest

from cave_agent import CaveAgent, SecurityError
from cave_agent.models import OpenAIServerModel
from cave_agent.runtime import Function, PythonRuntime, Variable
from cave_agent.security import SecurityChecker
from cave_agent.security.outside import OutsideRule
from cave_agent.testing import ScriptedModel
from tests.runtime.cells import Mode, run, run_ok
from tests.servers.answering import Messages, answering_server

TEXT = "a\n1\n"


async def in_a_thread(path: str) -> int:
    return len(await asyncio.to_thread(pd.read_csv, path))


async def in_tasks(path: str) -> int:
    tasks = [asyncio.create_task(asyncio.to_thread(pd.read_csv, path)) for _ in range(2)]
    return max([len(await task) for task in tasks])


async def in_a_task_of_a_task(path: str) -> int:
    return await asyncio.create_task(asyncio.wait_for(asyncio.create_task(in_tasks(path)), 10))


async def piece_by_piece(path: str) -> AsyncIterator[int]:
    for _ in range(2):
        yield await in_tasks(path)


def in_a_pool(path: str) -> int:
    with ThreadPoolExecutor(1) as pool:
        return sum(1 for _ in pool.map(pd.read_csv, [path]))


def in_a_pool_of_a_pool(path: str) -> int:
    with ThreadPoolExecutor(1) as outer, ThreadPoolExecutor(1) as inner:
        return len(outer.submit(lambda: inner.submit(pd.read_csv, path).result()).result())


def in_a_loop_of_its_own(path: str) -> int:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, in_a_task_of_a_task(path)).result()


def in_a_thread_of_its_own(path: str) -> int:
    read: list[Any] = []
    options = {"converters": {"a": read.append}}
    thread = threading.Thread(target=pd.read_csv, args=(path,), kwargs=options)
    thread.start()
    thread.join()
    return len(read)


async def all_of(waiting: Iterable[Awaitable[Any]]) -> list[Any]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(each)) for each in waiting]
    return [task.result() for task in tasks]


async def one(waiting: Awaitable[Any]) -> Any:
    return await waiting


def called(function: Callable[[], Any]) -> Any:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()


def run_to_its_end(waiting: Awaitable[Any]) -> Any:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, one(waiting)).result()


FUNCTIONS = (
    in_a_thread,
    in_tasks,
    in_a_task_of_a_task,
    piece_by_piece,
    in_a_pool,
    in_a_pool_of_a_pool,
    in_a_loop_of_its_own,
    in_a_thread_of_its_own,
    all_of,
    called,
    run_to_its_end,
)


@pytest.fixture
def path(tmp_path: Path) -> str:
    path = tmp_path / "table.csv"
    path.write_text(TEXT, encoding="utf-8")
    return str(path)


def runtime_with(checker: SecurityChecker, path: str, mode: Mode) -> PythonRuntime:
    return PythonRuntime(
        functions=[Function(each) for each in FUNCTIONS],
        variables=[Variable("path", path)],
        security_checker=checker,
        run_in=mode,
    )


@pytest.fixture
def strict(mode: Mode, path: str) -> Iterator[PythonRuntime]:
    with runtime_with(SecurityChecker.strict(), path, mode) as made:
        yield made


@pytest.fixture
def outside(mode: Mode, path: str) -> Iterator[PythonRuntime]:
    """A runtime in which nothing is refused but what reaches outside."""
    with runtime_with(SecurityChecker([OutsideRule()]), path, mode) as made:
        yield made


@pytest.mark.parametrize(
    "call",
    [
        "await in_a_thread(path)",
        "await in_tasks(path)",
        "await in_a_task_of_a_task(path)",
        "max([each async for each in piece_by_piece(path)])",
        "in_a_pool(path)",
        "in_a_pool_of_a_pool(path)",
        "in_a_loop_of_its_own(path)",
        "in_a_thread_of_its_own(path)",
        "max(await asyncio.gather(in_tasks(path), in_a_thread(path)))",
        "await asyncio.create_task(in_tasks(path))",
        "await asyncio.to_thread(in_a_pool, path)",
        "(await all_of([in_tasks(path)]))[0]",
        "called(lambda: in_a_pool(path))",
    ],
)
def test_tasks_and_threads_of_the_host_s_functions(strict: PythonRuntime, call: str) -> None:
    assert run_ok(strict, f"import asyncio\nanswer = {call}").violations == ()
    assert strict.retrieve("answer") == 1


CELL = """\
import asyncio, threading, functools
from concurrent.futures import ThreadPoolExecutor
import pandas as pd
read = functools.partial(pd.read_csv, path)
kept = []
async def in_threads(): kept.append(await asyncio.to_thread(read))
async def in_a_task(): await asyncio.create_task(asyncio.to_thread(read))
async def in_a_callback():
    done = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(functools.partial(pd.read_csv, path))
    asyncio.get_running_loop().call_soon(lambda: done.set_result(1))
    await done
def in_a_thread_of_the_cell():
    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
def in_a_pool_of_the_cell():
    with ThreadPoolExecutor(1) as pool: pool.submit(read).result()
"""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "call",
    [
        "await in_threads()",
        "await in_a_task()",
        "await in_a_callback()",
        "in_a_thread_of_the_cell()",
        "in_a_pool_of_the_cell()",
        "await all_of([in_threads()])",
        "await all_of([in_a_task()])",
        "await all_of([in_a_callback()])",
        "called(in_a_thread_of_the_cell)",
        "called(in_a_pool_of_the_cell)",
        "called(lambda: pd.read_csv(path))",
        "called(lambda: asyncio.run(in_a_task()))",
        "run_to_its_end(in_threads())",
        "run_to_its_end(in_a_task())",
        "run_to_its_end(in_a_callback())",
    ],
)
@pytest.mark.parametrize("before", ["", "await in_a_thread(path); in_a_pool(path)\n"])
def test_what_a_cell_starts_is_the_cell_s(outside: PythonRuntime, before: str, call: str) -> None:
    violations = run(outside, f"{CELL}{before}{call}").violations
    assert any("table.csv" in each.message for each in violations)


@pytest.mark.parametrize("call", ["asyncio.to_thread(len, path)", "in_a_thread(path)"])
def test_threads_that_cells_have_used_are_the_host_s_again(
    strict: PythonRuntime, path: str, call: str
) -> None:
    async def main() -> int:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        assert (await strict.execute(f"import asyncio\nawait {call}")).success
        return len(await loop.run_in_executor(None, pd.read_csv, path))

    assert asyncio.run(main()) == 1


def test_what_a_cell_leaves_behind_stays_the_cell_s(path: str, tmp_path: Path) -> None:
    async def main() -> None:
        code = (
            "import asyncio, pandas as pd\n"
            "async def later():\n"
            "    await asyncio.sleep(0.01)\n"
            "    table = pd.DataFrame({'a': [1]})\n"
            "    await asyncio.to_thread(table.to_csv, path + 'x')\n"
            "await asyncio.to_thread(len, 'x')\n"
            "task = asyncio.create_task(later())"
        )
        assert (await runtime.execute(code)).success
        with pytest.raises(SecurityError):
            await runtime.retrieve("task")

    with runtime_with(SecurityChecker([OutsideRule()]), path, "caller") as runtime:
        asyncio.run(main())
    assert [each.name for each in tmp_path.iterdir()] == ["table.csv"]


# Agents that cells run


@pytest.mark.parametrize(
    "call",
    [
        "(await worker.run('go')).content",
        "worker.run_sync('go').content",
        "(await asyncio.gather(worker.run('go')))[0].content",
        "[event.content async for event in worker.stream_events('go')][-1]",
    ],
)
def test_an_agent_that_a_cell_runs_may_ask_its_model(mode: Mode, call: str) -> None:
    def reply(messages: Messages) -> str:
        return "Done." if len(messages) > 3 else "```python\nopen('/etc/hosts').close()\n```"

    with answering_server(reply) as server, PythonRuntime(run_in=mode) as inner:
        model = OpenAIServerModel("m", base_url=server.base_url, api_key="k")
        worker = CaveAgent(model, inner)
        with PythonRuntime(
            variables=[Variable("worker", worker)],
            security_checker=SecurityChecker.strict(),
            run_in=mode,
        ) as runtime:
            result = run_ok(runtime, f"import asyncio\nprint({call})")
    assert result.violations == ()
    assert result.output == "Done.\n"


@pytest.mark.parametrize("call", ["await worker.run('go')", "worker.run_sync('go')"])
@pytest.mark.parametrize(
    "code",
    [
        "open(path).close()",
        "import asyncio\nawait asyncio.to_thread(open, path)",
        "import asyncio\nawait asyncio.create_task(asyncio.to_thread(open, path))",
        "import asyncio\nasyncio.get_running_loop().call_soon(open, path)\nawait asyncio.sleep(0)",
    ],
)
def test_cells_within_are_held_to_their_own_rules(
    path: str, mode: Mode, call: str, code: str
) -> None:
    with runtime_with(SecurityChecker([OutsideRule()]), path, mode) as inner:
        worker = CaveAgent(ScriptedModel([f"```python\n{code}\n```", "Done."]), inner)
        outer = PythonRuntime(
            variables=[Variable("worker", worker)], security_checker=SecurityChecker.strict()
        )
        run_ok(outer, f"response = {call}")
    (cell,) = outer.retrieve("response").cells
    assert [each.rule for each in cell.result.violations] == ["OutsideRule"]


@pytest.mark.parametrize(
    "code",
    [
        "client.get.func(print, 'as the host')",
        "import copy; copy.copy(client.get).func(print, 'as the host')",
        "F = type(client.get)\nmatch client.get:\n    case F(func=f): f(print, 'as the host')",
        "client.get.__wrapped__",
        "client.get.__closure__",
    ],
)
def test_what_the_host_gives_lends_its_rights_to_nothing_else(code: str) -> None:
    with httpx.Client() as client:
        runtime = PythonRuntime(
            variables=[Variable("client", client)], security_checker=SecurityChecker.strict()
        )
        assert "as the host" not in run(runtime, code).output
        assert "def get(url" in run_ok(runtime, "help(client.get)").output


@pytest.mark.filterwarnings("ignore")
def test_a_client_that_the_host_gives_may_connect(mode: Mode) -> None:
    async def main() -> str:
        async with httpx.AsyncClient() as client:
            runtime = PythonRuntime(
                variables=[Variable("client", client), Variable("url", server.base_url)],
                security_checker=SecurityChecker.strict(),
            )
            body = "{'messages': [{'role': 'user', 'content': 'Hello'}]}"
            code = f"print((await client.post(url + '/chat/completions', json={body})).status_code)"
            return (await runtime.execute(code)).output

    with answering_server(lambda _: "Hello") as server:
        assert asyncio.run(main()) == "200\n"
