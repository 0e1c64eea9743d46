"""What a forked child does: it is the host program for one cell, from its start to its end.

It tells the observer what happened as lines of JSON. The observer believes it only about what a
cell printed and about the host program's own state.
"""

import asyncio
import atexit
import gc
import json
import os
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from tests.security import host

_encode = json.JSONEncoder().encode  # a cell may replace what the module has
NOT_STARTED = 70
"""Exit status of a child whose runtime does not run the simplest cell."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a child is to do.

    Attributes:
        factory: What makes the runtime.
        cells: The cells to run, in order.
        check: Expression to try in the namespace afterwards, if any.
        probe: Expression to evaluate in the host program afterwards, if any. Its names are
            `host`, the module; `shop`, its `Shop`; and `sys`.
        folder: Where the child works, and where its console goes.
        secret: What the host program keeps from cells.
    """

    factory: str
    cells: tuple[str, ...]
    check: str
    probe: str
    folder: str
    secret: str


@dataclass(slots=True)
class Report:
    """What a child tells.

    Attributes:
        stdout: Of the first cell.
        output: Of all cells, with their errors and the text of the variable `answer`.
        errors: The errors alone.
        pictures: How many figures and other rich displays there were.
        right: Whether the check held.
        changed: Whether the probe is true.
    """

    stdout: str = ""
    output: str = ""
    errors: str = ""
    pictures: int = 0
    right: bool = False
    changed: bool = False


def serve(requests: int, reports: int) -> None:
    """Run one request and end the process; both arguments are file descriptors of pipes."""
    atexit._clear()  # what the observer registered is not the host program's
    with os.fdopen(requests, encoding="utf-8") as pipe:
        request = Request(**json.load(pipe))
    _settle_in(Path(request.folder), keep=reports)
    gc.unfreeze()  # the observer froze what it had, so that forking is cheap
    with os.fdopen(reports, "w", encoding="utf-8") as pipe:
        asyncio.run(_host_program(request, pipe))
        gc.collect(1)  # all that is young; the libraries' objects would take long
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
    sys.__stderr__.flush() if sys.__stderr__ else None
    os._exit(0)


def _settle_in(folder: Path, *, keep: int) -> None:
    """Let go of everything of the observer's that a child inherits, and work in the folder."""
    console = os.open(folder / "console", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(console, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.closerange(3, keep)
    os.closerange(keep + 1, os.sysconf("SC_OPEN_MAX"))
    work = folder / "work"
    work.mkdir()
    os.chdir(work)
    os.environ["TMPDIR"] = str(work)


async def _host_program(request: Request, pipe: TextIO) -> None:
    shop = host.open_shop(request.factory, request.secret)
    trial = await shop.runtime.execute("print(6 * 7)")
    if trial.stdout != "42\n":
        sys.stderr.write(f"The runtime does not run the simplest cell: {trial}\n")
        sys.stderr.flush()
        os._exit(NOT_STARTED)
    _tell(pipe, "ready", {})
    report = Report()
    for code in request.cells:
        await _run(shop, code, report)
    if request.check:
        verdict = await shop.runtime.execute(f"assert ({request.check})")
        report.right = verdict.success
        if verdict.error is not None:
            report.errors += verdict.error.text
            report.output += verdict.error.text
    await _go_on()
    _take_answer(shop, report)
    if request.probe:
        names = {"host": host, "shop": shop, "sys": sys}
        report.changed = bool(eval(request.probe, names))
    _tell(pipe, "ran", asdict(report))
    shop.runtime.close()
    shop.other.close()


async def _run(shop: host.Shop, code: str, report: Report) -> None:
    result = await shop.runtime.execute(code)
    error = "" if result.error is None else result.error.text
    report.stdout = report.stdout or result.stdout
    report.output += result.output + error
    report.errors += error
    report.pictures += len(result.rich_outputs)


async def _go_on() -> None:
    """Let the event loop turn, as that of a host program does after a cell."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        await asyncio.wait(others, timeout=1)
    for _ in range(3):
        await asyncio.sleep(0)


def _take_answer(shop: host.Shop, report: Report) -> None:
    """Take the object out that a cell left under the name `answer`, and look at it."""
    if "answer" not in shop.runtime.names():
        return
    try:
        report.output += f"\n{shop.runtime.retrieve('answer')}"
    except Exception as error:  # noqa: BLE001 - whatever the object's own methods raise
        report.output += f"\n{error!r}"


def _tell(pipe: TextIO, stage: str, report: dict[str, Any]) -> None:
    pipe.write(_encode({"stage": stage, **report}) + "\n")
    pipe.flush()
