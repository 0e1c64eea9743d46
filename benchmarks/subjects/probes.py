"""The measurements: each takes a subject and returns figures by the names of their rows.

One process runs one probe once. Where a call is short it is repeated in batches, long enough for
the clock, and the median of the batches counts. The harness runs the process again in later rounds.
"""

import contextlib
import gc
import resource
import statistics
import sys
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.subjects import workload
from benchmarks.subjects.protocol import Subject

BATCH_SECONDS = 0.05
BATCHES = 7
STEP_SECONDS = 1.0
RUNTIMES = 200
WEIGHINGS = 4
STREAM_LIMITS = {workload.MEGABYTE // 4: 15.0, workload.MEGABYTE: 120.0}
"""Characters, and the seconds that a subject has to read them; the whole only after the part."""
CELL_MARKS = 2
"""Chunks that a subject adds around code, to begin and to end the cell."""
STREAM_REPEATS = 5
STREAM_SECONDS = 1.0
"""A stream is read again, up to so many times, until it has taken so long."""


@dataclass
class Figures:
    """What a probe found.

    Attributes:
        values: Figures by row.
        notes: What a reader must know about them, by row.
    """

    values: dict[str, float] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)


async def per_call(action: Callable[[], Awaitable[object]]) -> float:
    """Return the seconds that one call takes."""

    async def batch(calls: int) -> float:
        start = time.perf_counter()
        for _ in range(calls):
            await action()
        return time.perf_counter() - start

    await action()
    gc.collect()
    calls = 1
    while (took := await batch(calls)) < BATCH_SECONDS:
        calls = max(calls + 1, min(calls * 10, int(calls * 1.1 * BATCH_SECONDS / took)))
    return statistics.median([await batch(calls) for _ in range(BATCHES)]) / calls


async def runtime(subject: Subject) -> Figures:
    """Time a new runtime; weigh runtimes that have run one cell, and what they leave behind."""

    async def make_and_drop() -> None:
        subject.new_runtime()

    found = Figures({"runtime_ms": await per_call(make_and_drop) * 1e3})
    if await _share_a_namespace(subject):
        found.notes["runtime_ms"] = "all runtimes of a process share one namespace, made once"
    tracemalloc.start()
    weights = [await _weigh(subject) for _ in range(WEIGHINGS)]
    tracemalloc.stop()
    # Each set of runtimes leaves what leaks; only some also leave a table that has grown.
    held, left = (min(kib) for kib in zip(*weights, strict=True))
    return Figures(found.values | {"runtime_kib": held, "left_kib": left}, found.notes)


async def _weigh(subject: Subject) -> tuple[float, float]:
    """Return the KiB of a runtime that has run a cell, and those left when it is dropped."""

    def traced() -> int:
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    before = traced()
    kept = [subject.new_runtime() for _ in range(RUNTIMES)]
    for each in kept:
        await subject.execute(each, workload.CELL)
    held = traced() - before
    del each
    kept.clear()
    return held / RUNTIMES / 1024, (traced() - before) / RUNTIMES / 1024


async def _share_a_namespace(subject: Subject) -> bool:
    first, second = subject.new_runtime(), subject.new_runtime()
    await subject.execute(first, "shared = 1")
    try:
        await subject.execute(second, "shared")
    except Exception:  # noqa: BLE001 - each subject has its own errors
        return False
    return True


async def cell(subject: Subject) -> Figures:
    """Time the smallest cell in a runtime that lives on."""
    place = subject.new_runtime()
    return Figures({"cell": await per_call(lambda: subject.execute(place, workload.CELL)) * 1e6})


async def prints(subject: Subject) -> Figures:
    """Time a cell that prints a hundred lines, all captured."""
    place = subject.new_runtime()

    async def execute() -> str:
        return await subject.execute(place, workload.PRINTS)

    output = await execute()
    assert output.split() == [str(number) for number in range(100)], output
    return Figures({"prints": await per_call(execute) * 1e6})


async def step(subject: Subject) -> Figures:
    """Time runs of two steps, one that runs a cell and one that ends, over a model that is instant.

    It is the second run of an agent made for it: the first takes over the history, once, and is not
    timed. The lengths take turns. A figure is half a run.
    """

    async def timed(history: int) -> float:
        agent = subject.new_agent([workload.CELL], history)
        await subject.run(agent)
        start = time.perf_counter()
        await subject.run(agent)
        return time.perf_counter() - start

    times: dict[int, list[float]] = {history: [] for history in workload.HISTORIES}
    for history in workload.HISTORIES:
        await timed(history)
    gc.collect()
    end = time.perf_counter() + STEP_SECONDS
    while time.perf_counter() < end or len(times[0]) < BATCHES:
        for history in workload.HISTORIES:
            times[history].append(await timed(history))
    medians = {history: statistics.median(found) / 2 for history, found in times.items()}
    values = {f"step_{history}": seconds * 1e3 for history, seconds in medians.items()}
    shortest, longest = min(medians), max(medians)
    return Figures(values | {"step_growth": medians[longest] / medians[shortest]})


async def stream(subject: Subject) -> Figures:
    """Time a reply in small chunks through the agent's public stream, and count its events.

    Prose is timed to the end of the run, code until the whole cell is handed over to be run. A
    quarter of a megabyte comes first, then a whole one, to see how the time grows.
    """
    found = Figures()
    for name, is_code in (("prose", False), ("code", True)):
        quarter, all_of_it = STREAM_LIMITS
        part = await _read(subject, quarter, is_code=is_code)
        found.values[f"{name}_events"] = part.events
        whole = part if part.stopped else await _read(subject, all_of_it, is_code=is_code)
        if whole.stopped:
            found.notes[f"{name}_ms"] = whole.stopped
            continue
        found.values[f"{name}_ms"] = whole.seconds * 1e3
        found.values[f"{name}_growth"] = whole.seconds / part.seconds
        found.values[f"{name}_events"] = whole.events
    return found


@dataclass(frozen=True)
class _Reading:
    """One length of text, read through a subject.

    Attributes:
        seconds: The median of the repeats.
        events: Events for each chunk that was sent.
        stopped: How far it came, if it took too long.
    """

    seconds: float
    events: float
    stopped: str = ""


async def _read(subject: Subject, size: int, *, is_code: bool) -> _Reading:
    text = (workload.code if is_code else workload.prose)(size)
    times: list[float] = []
    while not times or (len(times) < STREAM_REPEATS and sum(times) < STREAM_SECONDS):
        reply = _TimedReply(text, STREAM_LIMITS[size])
        gc.collect()
        start = time.perf_counter()
        async with contextlib.aclosing(subject.stream(reply, is_code=is_code)) as stream:
            events = await _count_events(stream, "code" if is_code else "final_response", reply)
            times.append(time.perf_counter() - start)
        if reply.expired:
            stopped = f"stopped after {times[-1]:.0f} s at {reply.share:.0%} of {size:,} characters"
            return _Reading(times[-1], events / reply.count, stopped)
    sent = reply.count + (CELL_MARKS if is_code else 0)
    return _Reading(statistics.median(times), events / sent)


async def _count_events(stream: AsyncIterator[str], last: str, reply: "_TimedReply") -> int:
    events = 0
    async for kind in stream:
        events += kind in {"text", "code_delta"}
        if kind == last:
            return events
    assert reply.expired, f"no {last} event"
    return events


class _TimedReply:
    """The chunks of a text, which end early when they are taken too slowly."""

    def __init__(self, text: str, limit: float) -> None:
        self._text = text
        self._limit = limit
        self.expired = False
        self.count = 0

    @property
    def share(self) -> float:
        """The part of the text that was taken."""
        return self.count * workload.CHUNK / len(self._text)

    def __iter__(self) -> Iterator[str]:
        end = time.perf_counter() + self._limit
        for chunk in workload.chunks(self._text):
            if time.perf_counter() > end:
                self.expired = True
                return
            self.count += 1
            yield chunk


async def agents(subject: Subject) -> Figures:
    """Time a thousand agents, made and run at once, each of three steps over a slow model."""
    start = time.perf_counter()
    await subject.run_many(workload.AGENTS, [workload.CELL] * 2, workload.MODEL_SECONDS)
    return Figures({"agents_s": time.perf_counter() - start, "agents_mib": _peak_mib()})


def _peak_mib() -> float:
    status = Path("/proc/self/status")
    if status.exists():  # `ru_maxrss` starts with the memory of the process that started this one
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    unit = 1024 if sys.platform != "darwin" else 1
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


PROBES: dict[str, Callable[[Subject], Awaitable[Figures]]] = {
    probe.__name__: probe for probe in (runtime, cell, prints, step, stream, agents)
}
