"""The floor: the least that plain Python and asyncio need for the same work."""

import asyncio
import contextlib
import io
import itertools
import platform
import re
import types
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from typing import Any

from benchmarks.subjects.workload import DONE, fenced

FENCE = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)

Messages = list[dict[str, str]]


class ScriptedModel:
    """Sends the cells in order, then the text that ends the run; the same for the next run."""

    def __init__(self, cells: Sequence[str], delay: float) -> None:
        self._replies = itertools.cycle([*map(fenced, cells), DONE])
        self._delay = delay

    async def call(self, messages: Messages) -> str:
        """Return the next reply."""
        assert messages
        if self._delay:
            await asyncio.sleep(self._delay)
        return next(self._replies)


class BareAgent:
    """The smallest loop: ask, find the cell, compile and run it, until a reply has none."""

    def __init__(self, model: ScriptedModel, history: int) -> None:
        self._model = model
        self._messages: Messages = [{"role": "user", "content": "hello"}] * history
        self._namespace: dict[str, Any] = {}

    async def run(self, query: str) -> str:
        """Return the model's last text."""
        self._messages.append({"role": "user", "content": query})
        while True:
            reply = await self._model.call(self._messages)
            self._messages.append({"role": "assistant", "content": reply})
            cell = FENCE.search(reply)
            if cell is None:
                return reply
            exec(compile(cell[1], "<cell>", "exec"), self._namespace)
            self._messages.append({"role": "user", "content": "No output"})


class Floor:
    """Bare Python as a `Subject`."""

    version = platform.python_version()
    notes: Mapping[str, str] = {}

    def new_runtime(self) -> dict[str, Any]:
        """Return the namespace of a new module."""
        return types.ModuleType("cell").__dict__

    async def execute(self, runtime: dict[str, Any], code: str) -> str:
        """Compile and run; catch what is printed only where the cell prints."""
        compiled = compile(code, "<cell>", "exec")
        if "print" not in code:
            exec(compiled, runtime)
            return ""
        with contextlib.redirect_stdout(io.StringIO()) as output:
            exec(compiled, runtime)
        return output.getvalue()

    def new_agent(self, cells: Sequence[str], history: int = 0, delay: float = 0.0) -> BareAgent:
        """Return the smallest loop."""
        return BareAgent(ScriptedModel(cells, delay), history)

    async def run(self, agent: BareAgent) -> None:
        """Run the loop to its end."""
        assert await agent.run("go") == DONE

    async def stream(self, pieces: Iterable[str], *, is_code: bool) -> AsyncGenerator[str, None]:
        """Hand each piece on, join them, and look for the cell once."""
        received = []
        for piece in pieces:
            received.append(piece)
            yield "code_delta" if is_code else "text"
        reply = "".join(received)
        cell = FENCE.search(fenced(reply) if is_code else reply)
        assert (cell is not None) == is_code
        yield "code" if is_code else "final_response"

    async def run_many(self, count: int, cells: Sequence[str], delay: float) -> None:
        """Run bare tasks."""
        agents = [self.new_agent(cells, delay=delay) for _ in range(count)]
        await asyncio.gather(*map(self.run, agents))


def make() -> Floor:
    """Return the subject."""
    return Floor()
