"""The command line."""

import argparse
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from cave_agent.cli import skills
from cave_agent.errors import CaveAgentError

_INTERRUPTED = 130  # what a shell reports for a program that Ctrl-C ended
_READER_LEFT = 141  # and for one that wrote to a pipe that nobody reads any more


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command `cave-agent`.

    Args:
        argv: The arguments; those of the process if left out.

    Returns:
        The exit code: 0; 1 where something failed; 130 after Ctrl-C, 141 where nobody reads on.
    """
    _print_anything()
    parser = _parser()
    options = parser.parse_args(argv)
    command = vars(options).pop("command")
    if command == "demo" and options.base_url and not options.model:
        parser.error("--base-url needs --model: the name of a model that this server has")
    try:
        return _run(command, options)
    except BrokenPipeError:
        _discard_output()
        return _READER_LEFT
    except (CaveAgentError, OSError) as error:
        print(f"cave-agent: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("cave-agent: interrupted", file=sys.stderr)
        return _INTERRUPTED


def _run(command: str, options: argparse.Namespace) -> int:
    if command == "skills":
        code = skills.run(options)
    else:
        from cave_agent.cli import demo  # noqa: PLC0415 - `--version` and `--help` need none of it

        code = demo.run(demo.Options(**vars(options)))
    print(end="", flush=True)  # so that what cannot be written is known here, not at the exit only
    return code


def _discard_output() -> None:
    """Let the interpreter flush at its exit what nobody will read."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cave-agent", description="A language model that works on live Python objects."
    )
    version = sys.modules["cave_agent"].__version__
    parser.add_argument("--version", action="version", version=f"cave-agent {version}")
    commands = parser.add_subparsers(required=True, metavar="command", dest="command")
    _add_demo(commands.add_parser("demo", help="watch an agent work on real data"))
    skills.add_commands(commands.add_parser("skills", help="look at the skills in a directory"))
    return parser


def _add_demo(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "An agent answers three questions about a table of penguins, in cells that really run. "
        "Without a model the replies are replayed from a recording. A model is used where --model "
        "or --api-key is given, or where OPENAI_API_KEY is set and OPENAI_BASE_URL is not."
    )
    parser.add_argument("--model", help="name of the model to ask, such as gpt-5-mini")
    parser.add_argument(
        "--base-url",
        help="address of a server that speaks OpenAI's protocol (Ollama, vLLM, …); needs --model",
    )
    parser.add_argument("--api-key", help="key for the model; OPENAI_API_KEY if left out")
    parser.add_argument(
        "--replay", action="store_true", help="replay the recording though a model could be had"
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("demo-output"),
        help="directory for the results (default: %(default)s)",
    )
    # For the maintainers, after a change to the prompts: records the conversation anew.
    parser.add_argument("--record", action="store_true", help=argparse.SUPPRESS)


def _print_anything() -> None:
    """Print `?` for characters that the terminal's encoding lacks, rather than fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
