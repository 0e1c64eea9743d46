"""What is compared: the subjects, and the rows of the table with their targets."""

from dataclasses import dataclass

RUN_CELL = """
import asyncio
from cave_agent.runtime import PythonRuntime
asyncio.run(PythonRuntime().execute("x = 1"))
"""

RUN_CELL_PUBLISHED = """
import asyncio
from cave_agent import runtime
new_runtime = getattr(runtime, "PythonRuntime", None) or runtime.IPythonRuntime
asyncio.run(new_runtime().execute("x = 1"))
"""

RUN_AGENT = """
import asyncio
from cave_agent import CaveAgent, LogLevel
from cave_agent.models import Model, ModelResponse
replies = iter(["```python\\nx = 1\\n```", "done"])
class Scripted(Model):
    async def call(self, messages):
        return ModelResponse(next(replies))
    async def stream(self, messages):
        yield next(replies)
asyncio.run(CaveAgent(Scripted(), log_level=LogLevel.ERROR).run("go"))
"""

RUN_AGENT_PUBLISHED = """
import asyncio, cave_agent
from cave_agent import models
replies = iter(["```python\\nx = 1\\n```", "done"])
class Stream(getattr(models, "StreamResponse", object)):
    async def _open_stream(self):
        return self._pieces()
    async def _pieces(self):
        yield next(replies)
    def _process_stream_chunk(self, chunk):
        self.finish_reason = "stop"
        return models.StreamDelta(content=chunk)
class Scripted(models.Model):
    async def call(self, messages):
        return models.ModelResponse(next(replies))
    _complete = call
    def stream(self, messages):
        return Stream()
quiet = {"log_level": cave_agent.LogLevel.ERROR} if hasattr(cave_agent, "LogLevel") else {}
response = asyncio.run(cave_agent.CaveAgent(Scripted(), **quiet).run("go"))
assert response.content == "done"
"""

SMOLAGENTS_CELL = """
from smolagents import LocalPythonExecutor
runtime = LocalPythonExecutor([])
runtime.send_tools({})
runtime("x = 1")
"""

SMOLAGENTS_AGENT = """
from smolagents import CodeAgent, LogLevel, Model
from smolagents.models import ChatMessage, MessageRole
replies = iter(["<code>\\nx = 1\\n</code>", "<code>\\nfinal_answer('done')\\n</code>"])
class Scripted(Model):
    def generate(self, messages, **options):
        return ChatMessage(MessageRole.ASSISTANT, next(replies))
CodeAgent([], Scripted(), verbosity_level=LogLevel.OFF).run("go")
"""


@dataclass(frozen=True)
class SubjectPlan:
    """A column of the table.

    Attributes:
        name: Its name in the table and on the command line.
        module: The module in `benchmarks.subjects` that measures it.
        first_cell: A program that runs one cell and no more.
        first_run: A program that runs one agent over a scripted model: a cell, then the end.
        requirement: What to install in a venv of its own; none for this interpreter.
    """

    name: str
    module: str
    first_cell: str
    first_run: str
    requirement: str = ""


FLOOR = SubjectPlan("floor", "floor", "import asyncio", "import asyncio")
OURS = SubjectPlan("cave-agent", "cave", RUN_CELL, RUN_AGENT)
PEERS = (
    SubjectPlan(
        "published",
        "published",
        RUN_CELL_PUBLISHED,
        RUN_AGENT_PUBLISHED,
        # Bounded, so that a release of this code base is never taken for its predecessor.
        # 0.8 needs Python 3.12; under 3.11 the newest that installs is 0.7.1.
        requirement="cave-agent>=0.7.1,<0.9",
    ),
    SubjectPlan(
        "smolagents",
        "smol",
        SMOLAGENTS_CELL,
        SMOLAGENTS_AGENT,
        requirement="smolagents>=1.26,<1.27",
    ),
)
SUBJECTS = (FLOOR, OURS, *PEERS)


@dataclass(frozen=True)
class Target:
    """A bound for cave-agent.

    Attributes:
        limit: The largest good figure.
        of_floor: Whether the limit counts in multiples of the floor.
    """

    limit: float
    of_floor: bool = False

    def __str__(self) -> str:
        """Return the bound as the table shows it."""
        return f"≤ {self.limit:g}{' × floor' if self.of_floor else ''}"


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        name: The name of the figure in what a probe returns.
        probe: The probe that finds it; also what `--only` takes.
        title: What is measured, with its unit.
        target: What cave-agent should reach.
        is_cost: Whether a ratio of two subjects means something.
    """

    name: str
    probe: str
    title: str
    target: Target | None = None
    is_cost: bool = True


ROWS = (
    Row("first_cell", "start", "process start to first cell, ms", Target(2.2, of_floor=True)),
    Row("first_run", "start", "process start to end of an agent's first run, ms"),
    Row("runtime_ms", "runtime", "new runtime, ms", Target(0.1)),
    Row("runtime_kib", "runtime", "memory of a runtime, KiB"),
    Row("left_kib", "runtime", "left when it is dropped, KiB", Target(0.1), is_cost=False),
    Row("cell", "cell", "cell `x = 1`, µs", Target(3, of_floor=True)),
    Row("prints", "prints", "100 prints in a cell, µs"),
    Row("step_0", "step", "agent step, history 0, ms", Target(1)),
    Row("step_100", "step", "agent step, history 100, ms", Target(1)),
    Row("step_1000", "step", "agent step, history 1,000, ms", Target(1)),
    Row("step_growth", "step", "history 1,000 ÷ history 0 (flat: 1)", Target(1.2), is_cost=False),
    Row("prose_ms", "stream", "1 MB of prose streamed, ms"),
    Row("prose_growth", "stream", "1 MB ÷ ¼ MB of prose (linear: 4)", Target(5), is_cost=False),
    Row("prose_events", "stream", "events per chunk of prose", Target(1), is_cost=False),
    Row("code_ms", "stream", "1 MB of code streamed, ms"),
    Row("code_growth", "stream", "1 MB ÷ ¼ MB of code (linear: 4)", Target(5), is_cost=False),
    Row("code_events", "stream", "events per chunk of code", Target(1), is_cost=False),
    Row("agents_s", "agents", "1,000 agents × 3 steps × 50 ms model, s", Target(3, of_floor=True)),
    Row("agents_mib", "agents", "its peak memory, MiB"),
)
PROBES = tuple(dict.fromkeys(row.probe for row in ROWS))
