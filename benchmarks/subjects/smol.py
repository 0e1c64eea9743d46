"""smolagents as a subject: `CodeAgent` with its local executor, which is synchronous."""

import asyncio
import importlib
import itertools
import time
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from typing import Any

from benchmarks.subjects.workload import DONE

# By name, because the type checker's environment does not have it.
smolagents = importlib.import_module("smolagents")
memory = importlib.import_module("smolagents.memory")
models = importlib.import_module("smolagents.models")
monitoring = importlib.import_module("smolagents.monitoring")

Reply = Iterable[str]


def tagged(code: str) -> str:
    """Return the code in the tags that smolagents asks its models for."""
    return f"<code>\n{code}\n</code>"


class ScriptedReplies:
    """A model's two methods, with a script, begun anew for each run, instead of a network."""

    model_id = "scripted"

    def __init__(self, replies: Iterable[Reply], delay: float = 0.0) -> None:
        self._replies: Iterator[Reply] = itertools.cycle(replies)
        self._delay = delay

    def generate(self, _messages: list[Any], **_options: Any) -> Any:
        """Return the next reply whole."""
        if self._delay:
            time.sleep(self._delay)
        role = models.MessageRole.ASSISTANT
        return models.ChatMessage(role=role, content="".join(next(self._replies)))

    def generate_stream(self, _messages: list[Any], **_options: Any) -> Iterator[Any]:
        """Yield the pieces of the next reply."""
        for piece in next(self._replies):
            yield models.ChatMessageStreamDelta(content=piece)


ScriptedModel = type("ScriptedModel", (ScriptedReplies, models.Model), {})


def tag_stream(pieces: Iterable[str]) -> Iterator[str]:
    """Yield the pieces with the tags of a cell around them."""
    yield "<code>\n"
    yield from pieces
    yield "\n</code>"


def make_agent(replies: Iterable[Reply], delay: float = 0.0, **options: Any) -> Any:
    """Return a quiet agent."""
    level = monitoring.LogLevel.OFF
    model = ScriptedModel(replies, delay)
    return smolagents.CodeAgent(tools=[], model=model, verbosity_level=level, **options)


class Smolagents:
    """smolagents as a `Subject`."""

    version = metadata.version("smolagents")
    notes: Mapping[str, str] = {
        "cell": "it interprets the syntax tree instead of compiling it",
        "prose_ms": "with `stream_outputs=True`, the only way to see a reply arrive",
        "agents_s": "has no asynchronous agent: one thread for each",
    }

    def new_runtime(self) -> Any:
        """Return the executor that `CodeAgent` makes, with its base tools."""
        runtime = smolagents.LocalPythonExecutor([])
        runtime.send_tools({})
        return runtime

    async def execute(self, runtime: Any, code: str) -> str:
        """Run one cell."""
        return str(runtime(code).logs)

    def new_agent(self, cells: Sequence[str], history: int = 0, delay: float = 0.0) -> Any:
        """Return an agent with the history in its memory."""
        last = f'final_answer("{DONE}")'
        agent = make_agent([[tagged(cell)] for cell in (*cells, last)], delay)
        timing = monitoring.Timing(start_time=0.0, end_time=0.0)
        for _ in range(history // 2):
            agent.memory.steps.append(memory.TaskStep(task="hello"))
            agent.memory.steps.append(
                memory.ActionStep(step_number=1, timing=timing, model_output="hello")
            )
        return agent

    async def run(self, agent: Any) -> None:
        """Call `agent.run`, which keeps the memory."""
        assert agent.run("go", reset=False) == DONE

    async def stream(self, pieces: Iterable[str], *, is_code: bool) -> AsyncGenerator[str, None]:
        """Read what `agent.run(stream=True)` yields."""
        replies = [tag_stream(pieces)] if is_code else [pieces]
        agent = make_agent(replies, stream_outputs=True, max_steps=1)
        for event in agent.run("go", stream=True):
            if isinstance(event, models.ChatMessageStreamDelta):
                yield "code_delta" if is_code else "text"
            else:
                yield "code" if is_code else "final_response"
                return

    async def run_many(self, count: int, cells: Sequence[str], delay: float) -> None:
        """Run each agent in a thread."""
        loop = asyncio.get_running_loop()
        agents = [self.new_agent(cells, delay=delay) for _ in range(count)]
        with ThreadPoolExecutor(count) as pool:
            runs = [loop.run_in_executor(pool, agent.run, "go") for agent in agents]
            assert set(await asyncio.gather(*runs)) == {DONE}


def make() -> Smolagents:
    """Return the subject."""
    return Smolagents()
