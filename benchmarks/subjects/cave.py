"""cave-agent as a subject: this checkout, or the published package in a venv of its own."""

import asyncio
import importlib
import itertools
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from importlib import metadata
from typing import Any

from benchmarks.subjects.workload import DONE, fenced

# By name, because this one file runs with two versions whose names differ in places.
cave_agent = importlib.import_module("cave_agent")
runtimes = importlib.import_module("cave_agent.runtime")
models = importlib.import_module("cave_agent.models")
named = hasattr(cave_agent, "UserMessage")
messages = cave_agent if named else importlib.import_module("cave_agent.agent")
new_runtime: Callable[[], Any] = getattr(runtimes, "PythonRuntime", None) or runtimes.IPythonRuntime

Reply = Iterable[str]

USAGE = models.TokenUsage(100, 10, 110)
"""Reported for each reply, as providers do, so that nothing has to be estimated."""


class ScriptedStream:
    """A reply as providers send it: the pieces, then what they cost."""

    def __init__(self, pieces: Reply, delay: float) -> None:
        self._pieces = pieces
        self._delay = delay
        self.usage: Any = None
        self.finish_reason: str | None = None

    async def __aiter__(self) -> AsyncGenerator[str, None]:
        if self._delay:
            await asyncio.sleep(self._delay)
        for piece in self._pieces:
            yield piece
        self.usage, self.finish_reason = USAGE, "stop"


class ScriptedReplies:
    """A model's two methods, with a script, begun anew for each run, instead of a network."""

    def __init__(self, replies: Iterable[Reply], delay: float = 0.0) -> None:
        self._replies: Iterator[Reply] = itertools.cycle(replies)
        self._delay = delay

    async def call(self, messages: list[dict[str, str]]) -> Any:
        """Return the next reply whole."""
        text = "".join([piece async for piece in self.stream(messages)])
        return models.ModelResponse(text, USAGE)

    def stream(self, messages: list[dict[str, str]]) -> ScriptedStream:
        """Return the next reply in pieces."""
        assert messages
        return ScriptedStream(next(self._replies), self._delay)


ScriptedModel = type("ScriptedModel", (ScriptedReplies, models.Model), {})


def fence_stream(pieces: Iterable[str]) -> Iterator[str]:
    """Yield the pieces with the marks of a cell around them."""
    yield "```python\n"
    yield from pieces
    yield "\n```\n"


class Cave:
    """cave-agent as a `Subject`."""

    notes: Mapping[str, str] = {}

    def __init__(self) -> None:
        self.version: str = getattr(cave_agent, "__version__", "") or metadata.version("cave-agent")

    def model(self, replies: Iterable[Reply], delay: float) -> Any:
        """Return a model with a script."""
        return ScriptedModel(replies, delay)

    def options(self) -> dict[str, Any]:
        """Return what makes an agent quiet, with a long memory."""
        return {"max_history": 10_000, "log_level": cave_agent.LogLevel.ERROR}

    def kind(self, event: Any) -> str:
        """Return the kind of an event."""
        return str(event.type.value)

    def new_runtime(self) -> Any:
        """Return the in-process runtime, without anything injected."""
        return new_runtime()

    async def execute(self, runtime: Any, code: str) -> str:
        """Run one cell."""
        result = await runtime.execute(code)
        assert result.success, result.error
        return result.stdout or ""

    def new_agent(self, cells: Sequence[str], history: int = 0, delay: float = 0.0) -> Any:
        """Return an agent whose model sends each reply in one piece."""
        return self._agent([*([fenced(cell)] for cell in cells), [DONE]], history, delay)

    def _agent(self, replies: Iterable[Reply], history: int = 0, delay: float = 0.0) -> Any:
        pair = (messages.UserMessage("hello"), messages.AssistantMessage("hello"))
        return cave_agent.CaveAgent(
            self.model(replies, delay),
            runtime=new_runtime(),
            messages=[pair[index % 2] for index in range(history)],
            **self.options(),
        )

    async def run(self, agent: Any) -> None:
        """Await `agent.run`."""
        response = await agent.run("go")
        assert response.content == DONE, response.content

    async def stream(self, pieces: Iterable[str], *, is_code: bool) -> AsyncGenerator[str, None]:
        """Read `agent.stream_events`."""
        agent = self._agent([fence_stream(pieces), [DONE]] if is_code else [pieces])
        async for event in agent.stream_events("go"):
            yield self.kind(event)

    async def run_many(self, count: int, cells: Sequence[str], delay: float) -> None:
        """Run the agents on one event loop."""
        agents = [self.new_agent(cells, delay=delay) for _ in range(count)]
        await asyncio.gather(*map(self.run, agents))


def make() -> Cave:
    """Return the subject."""
    return Cave()
