"""`cave-agent demo`: an agent works on real data, and the host checks what comes out."""

import asyncio
import os
import sys
import warnings
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console
from rich.text import Text

from cave_agent._extras import require
from cave_agent.agent import CaveAgent
from cave_agent.cli import penguins
from cave_agent.cli.demo_checks import Outcome, checks, save
from cave_agent.cli.demo_replies import written_model
from cave_agent.errors import CassetteMismatchError
from cave_agent.models.base import Model, ModelStream, ProviderMessages
from cave_agent.models.openai import OpenAIServerModel
from cave_agent.testing import RecordingModel, ReplayModel

DEFAULT_MODEL = "gpt-5-mini"
"""The model that is asked where there is a key and no name."""

CASSETTE: Traversable = files("cave_agent.cli") / "data" / "demo.jsonl"

_MOST_STEPS = 8
_SECONDS_PER_CELL = 60
_CHARACTERS_PER_PIECE = 6
_SECONDS_PER_PIECE = 0.015

_REPLAY = (
    "{reason}, so the replies are replayed from a recording; the cells really run, in this "
    "process, on real data. The recorded replies were written for this demo, not by a model, as "
    "none could be had when it was recorded. To ask a real one: cave-agent demo --model NAME "
    "[--base-url URL] [--api-key KEY]"
)


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says.

    Attributes:
        model: Name of the model to ask.
        base_url: Address of its server.
        api_key: Key for it.
        replay: Whether to replay the recording though a model could be had.
        output: Directory for the results.
        record: Whether to record the conversation anew first.
    """

    model: str | None = None
    base_url: str | None = None
    api_key: str | None = None
    replay: bool = False
    output: Path = Path("demo-output")
    record: bool = False


def run(options: Options) -> int:
    """Run the demo.

    Args:
        options: What the command line says.

    Returns:
        The exit code: 1 where a check failed.

    Raises:
        CaveAgentError: The model failed, the data are not those of the recording, or a package
            is missing.
    """
    with warnings.catch_warnings():
        # Those of a newer pandas or matplotlib would not be in the recording.
        warnings.simplefilter("ignore")
        _set_up_matplotlib()
        if options.record:
            asyncio.run(_record())
        model = _real_model(options)
        outcome = asyncio.run(_show(model, options))
        save(outcome, options.output)
        return _report(outcome, options.output, is_replay=model is None)


async def _show(model: Model | None, options: Options) -> Outcome:
    """Say where the replies come from, and hold the conversation."""
    if model is not None:
        _say(f"The replies come from {model!r}; the cells run in this process.", "dim")
        return await _converse(model, display=True)
    _say(_REPLAY.format(reason=_reason(options)), "dim")
    try:
        return await _converse(_Paced(ReplayModel(CASSETTE)), display=True)
    except CassetteMismatchError as error:
        message = (
            "This run is not the one that was recorded, so the recorded replies could be wrong "
            "and the demo ends here. With --model NAME a model can answer. Maintainers: after a "
            f"change to the prompts, run `make demo-record`.\n{error}"
        )
        raise CassetteMismatchError(message) from error


def _reason(options: Options) -> str:
    """Say why the replies are replayed."""
    if options.replay or options.record:
        return "A replay was asked for"
    if os.environ.get("OPENAI_API_KEY") and os.environ.get("OPENAI_BASE_URL"):
        return (
            "OPENAI_API_KEY is set, but OPENAI_BASE_URL is too, and no --model names a model of "
            "that server"
        )
    return "No model was given"


async def _converse(model: Model, *, display: bool) -> Outcome:
    """Ask the questions, one after the other, of one agent."""
    table = penguins.load_table()
    runtime = penguins.make_runtime(table)
    agent = CaveAgent(
        model,
        runtime,
        max_steps=_MOST_STEPS,
        max_exec_timeout=_SECONDS_PER_CELL,
        display=display,
    )
    responses = []
    for number, question in enumerate(penguins.QUESTIONS, start=1):
        if display:
            _say(f"\nYou ({number}/{len(penguins.QUESTIONS)}): {question}\n", "bold cyan")
        responses.append(await agent.run(question))
    return Outcome(table, runtime, responses)


def _report(outcome: Outcome, directory: Path, *, is_replay: bool) -> int:
    """Print the checks and return the exit code."""
    made = "What came out" if is_replay else "What the model made"
    _say(f"\n{made}, checked by the host against the file, without pandas:", "bold cyan")
    failed = 0
    for check in checks(outcome, directory):
        if check.problem:
            failed += 1
            _say(f"✗ {check.words}: no, {check.problem}", "red")
        else:
            _say(f"✓ {check.words}", "green")
    if failed:
        print(f"cave-agent: {failed} of the checks failed; see above", file=sys.stderr)
    return 1 if failed else 0


def _say(text: str, style: str) -> None:
    console = Console(highlight=False)
    console.print(Text(text, style), soft_wrap=not console.is_terminal)


def _real_model(options: Options) -> Model | None:
    """Return the model that is asked for, `None` where none is."""
    if options.replay or options.record:
        return None
    if options.model or options.api_key:
        name = options.model or DEFAULT_MODEL
        return OpenAIServerModel(name, options.base_url, options.api_key)
    if os.environ.get("OPENAI_API_KEY") and not os.environ.get("OPENAI_BASE_URL"):
        if find_spec("openai"):
            return OpenAIServerModel(DEFAULT_MODEL)
        print("OPENAI_API_KEY is set; to use it: pip install 'cave-agent[openai]'")
    return None


class _Paced(Model):
    """A replay at the pace of a model where somebody watches.

    Args:
        replay: The model to slow down.
    """

    def __init__(self, replay: ReplayModel) -> None:
        self.retry = replay.retry
        self._replay = replay
        self._pause = _SECONDS_PER_PIECE if sys.stdout.isatty() else 0.0

    def stream(self, messages: ProviderMessages) -> ModelStream:
        async def produce(stream: ModelStream) -> AsyncGenerator[str, None]:
            source = self._replay.stream(messages)
            async with aclosing(source):
                async for piece in source:
                    yield piece
                    await asyncio.sleep(self._pause)
            stream.usage, stream.finish_reason = source.usage, source.finish_reason

        return ModelStream(produce)


async def _record() -> None:
    """Record the conversation anew; the old recording stays where that fails."""
    with as_file(CASSETTE) as cassette:
        new = cassette.with_suffix(".new")
        new.unlink(missing_ok=True)
        try:
            model = RecordingModel(written_model(_CHARACTERS_PER_PIECE), new)
            await _converse(model, display=False)
            new.replace(cassette)
        finally:
            new.unlink(missing_ok=True)


def _set_up_matplotlib() -> None:
    """Draw off screen and by matplotlib's own settings, so that pictures are the same anywhere.

    Loading pyplot may build a cache of fonts and say so, which must not happen in a cell.
    """
    matplotlib = require("matplotlib", extra="demo")
    matplotlib.use("agg")
    matplotlib.rcdefaults()
    require("matplotlib.pyplot", extra="demo")
