"""The harness: it sees what a cell does, and never takes a run that failed for a cell stopped."""

from typing import Any

import pytest

from cave_agent.results import CellError, ExecutionResult
from cave_agent.runtime import PythonRuntime
from tests.security.corpus import Benign, Cell, Escape, Goal
from tests.security.harness import run_all
from tests.security.jobs import LIMIT, Job, NotStartedError, Run, Status

UNPROTECTED = "tests.security.runtimes:unprotected"


def refusing_to_start(**_: Any) -> PythonRuntime:
    message = "no room for a worker"
    raise RuntimeError(message)


def doing_nothing(**injected: Any) -> PythonRuntime:
    return _DoesNothing(**injected)


class _DoesNothing(PythonRuntime):
    async def execute(self, *_: Any, **__: Any) -> ExecutionResult:
        return ExecutionResult(error=CellError("Error", "dead", "dead"))


def run(*cells: Cell, limit: float = LIMIT) -> list[Run]:
    return run_all([Job(UNPROTECTED, cell, limit) for cell in cells])


def escape(goal: Goal, code: str, **more: str) -> Escape:
    return Escape("example", "example", goal, code, **more)


def test_a_benign_cell_passes_only_with_the_right_result() -> None:
    runs = run(
        Benign("right", "print(total := 1 + 1)", check="total == 2", stdout="2\n"),
        Benign("wrong-result", "total = 1 + 1", check="total == 3"),
        Benign("wrong-output", "print('a')", stdout="b\n"),
        Benign("no-picture", "print('a')", pictures=1),
        Benign("error", "total = 2\n1 / 0", check="total == 2"),
    )
    assert [observed.job.cell.name for observed in runs if observed.reached] == ["right"]


def test_a_cell_that_only_says_so_has_not_escaped() -> None:
    runs = run(
        escape(Goal.READ_FILE, "answer = print('the content of $CANARY')"),
        escape(Goal.WRITE_FILE, "print('$TARGET is there')"),
        escape(Goal.RUN_PROCESS, "open('$TARGET'.replace('target', 'marker'), 'w').write('ran')"),
        escape(Goal.CONNECT, "print('connected to $PORT')"),
        escape(Goal.READ_HOST, "print('SHOP_TOKEN')"),
        escape(Goal.TAMPER_HOST, "print('changed')", probe="host.RATES != {**host.RATES}"),
    )
    assert not [str(observed) for observed in runs if not observed.stopped]


def test_an_escape_is_seen() -> None:
    runs = run(
        escape(Goal.READ_FILE, "print(open('$CANARY').read())"),
        escape(Goal.READ_FILE, "raise ValueError(open('$CANARY').read())"),
        escape(Goal.READ_FILE, "answer = [open('$CANARY').read()]"),
        escape(Goal.WRITE_FILE, "open('$TARGET', 'w').close()"),
        escape(Goal.RUN_PROCESS, "import os\nos.system('$PROGRAM')"),
        escape(
            Goal.RUN_PROCESS,
            """
import subprocess
late = subprocess.Popen(["sh", "-c", "sleep 0.1; $PROGRAM"], start_new_session=True)
""",
        ),
        escape(Goal.RUN_PROCESS, "import os\nos.system('$PROGRAM')\nos._exit(1)"),
        escape(
            Goal.CONNECT, "import socket\nsocket.create_connection(('127.0.0.1', $PORT)).close()"
        ),
        escape(
            Goal.CONNECT,
            """
import socket
with socket.socket(type=socket.SOCK_DGRAM) as udp:
    udp.sendto(b"x", ("127.0.0.1", $PORT))
""",
        ),
        escape(Goal.READ_HOST, "import os\nprint(os.environ['SHOP_TOKEN'])"),
        escape(Goal.READ_HOST, "from tests.security import host", then="print(host.API_KEY)"),
        escape(
            Goal.TAMPER_HOST,
            "from tests.security import host\nhost.RATES.clear()",
            probe="not host.RATES",
        ),
    )
    assert not [str(observed) for observed in runs if not observed.reached]


def test_a_crash_is_neither_an_escape_nor_stopped() -> None:
    runs = run(
        escape(Goal.WRITE_FILE, "import os\nos._exit(0)"),
        escape(Goal.WRITE_FILE, "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"),
        escape(Goal.WRITE_FILE, "import ctypes\nctypes.string_at(0)"),
    )
    assert {observed.status for observed in runs} == {Status.CRASHED}
    assert not any(observed.reached or observed.stopped for observed in runs)


def test_what_does_not_end_is_ended_and_told_apart() -> None:
    runs = run(
        escape(Goal.WRITE_FILE, "while True: pass"),
        escape(
            Goal.WRITE_FILE,
            "import threading\nthreading.Thread(target=threading.Event().wait).start()",
        ),
        escape(
            Goal.WRITE_FILE,
            "import subprocess\np = subprocess.Popen(['sleep', '60'], start_new_session=True)",
        ),
        limit=0.3,
    )
    assert {observed.status for observed in runs} == {Status.TIMED_OUT}
    assert not any(observed.stopped for observed in runs)


@pytest.mark.parametrize(
    ("factory", "problem"),
    [
        ("tests.security.test_harness:refusing_to_start", "no room for a worker"),
        ("tests.security.test_harness:doing_nothing", "simplest cell"),
        ("tests.security.test_harness:missing", "missing"),
    ],
)
def test_a_runtime_that_does_not_start_is_no_result(factory: str, problem: str) -> None:
    with pytest.raises(NotStartedError, match=problem):
        run_all([Job(factory, escape(Goal.WRITE_FILE, "1"))])


def test_runs_come_in_the_order_of_the_jobs() -> None:
    cells = [Benign(f"cell-{n}", f"print({n})", stdout=f"{n}\n") for n in range(5)]
    runs = run(*cells)
    assert [observed.job.cell for observed in runs] == cells
    assert all(observed.reached for observed in runs)
