"""The process that runs cells in forked children and sees from outside what they do.

It has the data libraries loaded, and none of them used, and forks itself once for each cell. Jobs
come pickled on standard input, runs go pickled to standard output; see `tests.security.harness`.
It needs Linux: as the subreaper it becomes the parent of every process that a cell leaves behind.
"""

import ctypes
import gc
import importlib
import json
import os
import pickle
import selectors
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from tests.security import child
from tests.security.child import Report, Request
from tests.security.corpus.records import Benign
from tests.security.jobs import LIMIT, Job, NotStartedError, Run, Status
from tests.security.world import World

_SET_CHILD_SUBREAPER = 36
_POLL = 0.001
_LOOK = 0.05


def main() -> None:
    """Observe each job."""
    jobs: list[Job] = pickle.load(sys.stdin.buffer)
    results = os.fdopen(os.dup(1), "wb")
    _prepare({job.factory for job in jobs})
    for job in jobs:
        pickle.dump(observe(job), results)
        results.flush()


def _prepare(factories: Iterable[str]) -> None:
    """Import what children need, so that each has it without the time that it takes."""
    import matplotlib.pyplot  # noqa: F401, ICN001
    import numpy as np  # noqa: F401
    import pandas as pd  # noqa: F401

    for factory in factories:
        importlib.import_module(factory.partition(":")[0])
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads != 1:
        message = f"The prepared process has {threads} threads, and only one survives a fork."
        raise NotStartedError(message)
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    gc.freeze()


def observe(job: Job) -> Run:
    """Fork a child, let it run the job's cell, and look at the world.

    Raises:
        NotStartedError: The child did not come so far as to run a cell.
    """
    requests, ask = os.pipe()
    reports, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ask)  # the child waits for the end of the request
        _be_the_child(requests, tell)
    os.close(requests)
    os.close(tell)
    # The world is made after the fork, so that the child's memory holds nothing of it.
    with World() as world, os.fdopen(reports, "rb") as pipe:
        with os.fdopen(ask, "w", encoding="utf-8") as request:
            json.dump(asdict(_request(job, world)), request)
        watch = _Watch(world, pipe.fileno(), pid)
        watch.until_all_have_ended(job.limit)
        if not watch.is_ready:
            message = (
                f"{job.cell.name}: the child of {job.factory} did not start "
                f"(exit status {watch.status}).\n{world.console}"
            )
            raise NotStartedError(message)
        report = watch.report or Report()
        if isinstance(job.cell, Benign):
            reached = _is_right(job.cell, report)
        else:
            reached = world.reached(job.cell, report)
        return Run(job, watch.outcome, reached, report.output, report.errors, world.console)


def _be_the_child(requests: int, tell: int) -> None:
    try:
        child.serve(requests, tell)
    except BaseException:  # noqa: BLE001 - nothing of the observer may run in the child
        sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
    os._exit(1)


def _request(job: Job, world: World) -> Request:
    cell = job.cell
    codes: tuple[str, ...] = (cell.code,)
    check, probe = "", ""
    if isinstance(cell, Benign):
        check = cell.check
    else:
        codes += (cell.then,) if cell.then else ()
        probe = cell.probe
    return Request(
        factory=job.factory,
        cells=tuple(world.fill(code) for code in codes),
        check=check,
        probe=probe,
        folder=str(world.folder),
        secret=world.secret,
    )


def _is_right(cell: Benign, report: Report) -> bool:
    return (
        not report.errors
        and (not cell.check or report.right)
        and (cell.stdout is None or report.stdout == cell.stdout)
        and report.pictures >= cell.pictures
    )


class _Watch:
    """Follows a child, and what it leaves behind, to the end.

    Attributes:
        is_ready: Whether the child's runtime has run a first cell.
        report: What the child told after the cell, if it came to that.
        status: The child's exit status, negative for a signal; `None` while it runs.
        outcome: How the run ended.
    """

    def __init__(self, world: World, pipe: int, pid: int) -> None:
        self.is_ready = False
        self.report: Report | None = None
        self.status: int | None = None
        self._is_late = False
        self._world = world
        self._pid = pid
        self._pipe = pipe
        self._told = b""
        self._is_open = True

    @property
    def outcome(self) -> Status:
        if self._is_late:
            return Status.TIMED_OUT
        return Status.COMPLETED if self.report and self.status == 0 else Status.CRASHED

    def until_all_have_ended(self, limit: float) -> None:
        """Watch until no process of the cell's is left; at the limit, kill those that are.

        The limit is the cell's; to start, a child has the time that no cell should need.
        """
        end = time.monotonic() + LIMIT
        with selectors.DefaultSelector() as selector:
            for source in (self._pipe, *self._world.listeners):
                selector.register(source, selectors.EVENT_READ)
            has_ended = False
            while not has_ended:
                was_ready, has_ended = self.is_ready, self._all_have_ended()
                # A last look, when all have ended, for what came before that.
                wait = 0.0 if has_ended else _LOOK if self._is_open else _POLL
                for key, _ in selector.select(wait):
                    if key.fileobj != self._pipe:
                        self._world.answer(key.fileobj)  # type: ignore[arg-type]
                    elif not self._listen():
                        selector.unregister(self._pipe)
                if self.is_ready and not was_ready:
                    end = time.monotonic() + limit
                if time.monotonic() > end and not has_ended:
                    self._is_late = True
                    self._kill()

    def _listen(self) -> bool:
        """Take in what the child tells; `False` when it has closed the pipe."""
        data = os.read(self._pipe, 1 << 20)
        self._told += data
        *lines, self._told = self._told.split(b"\n")
        for line in lines:
            self._take_in(line)
        self._is_open = bool(data)
        return self._is_open

    def _take_in(self, line: bytes) -> None:
        try:
            told = json.loads(line)
        except ValueError:  # a cell has broken its own host program, which so reports nothing
            return
        match told.pop("stage"):
            case "ready":
                self.is_ready = True
            case "ran":
                self.report = Report(**told)

    def _all_have_ended(self) -> bool:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                # What the child wrote last may still be in the pipe.
                return not self._is_open
            if pid == 0:
                return False
            if pid == self._pid:
                self.status = os.waitstatus_to_exitcode(status)

    def _kill(self) -> None:
        for pid in _children():
            os.kill(pid, signal.SIGKILL)


def _children() -> Iterator[int]:
    """Yield the processes whose parent this one is, those that lost their own included."""
    for task in Path("/proc/self/task").iterdir():
        yield from map(int, (task / "children").read_text().split())


if __name__ == "__main__":
    main()
