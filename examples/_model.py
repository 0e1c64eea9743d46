"""Which model an example asks: a real one, or without arguments one that replies by a script."""

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from cave_agent.models import Model, OpenAIServerModel
from cave_agent.testing import ScriptedModel

Script: TypeAlias = Sequence[str | Callable[[str], str]]
"""Replies in order: text, or a function that is given what the last cell printed."""

_PRINTED = re.compile(r'<execution_result(?: status="\w+")?>\n(.*)\n</execution_result>', re.DOTALL)


def model_from_arguments(script: Script | Mapping[str, Script]) -> Model:
    """Return the model that the command line asks for.

    Args:
        script: The replies where no model is given; a mapping where several agents share the
            model, of the beginnings of their system messages to the replies for each.
    """
    parser = argparse.ArgumentParser(description="Without --model the replies are scripted.")
    parser.add_argument("--model", help="name of the model to ask; OPENAI_API_KEY is its key")
    parser.add_argument("--base-url", help="address of a server that speaks OpenAI's protocol")
    options = parser.parse_args()
    if options.model is None:
        print("No --model was given, so the replies are scripted; the cells really run.\n")
        return ScriptedModel(replies(script), chunk_size=8)
    return OpenAIServerModel(options.model, base_url=options.base_url)


def replies(script: Script | Mapping[str, Script]) -> Callable[[list[dict[str, str]]], str]:
    """Return a function that gives the replies of a script, one for each request."""
    scripts = script if isinstance(script, Mapping) else {"": script}
    left = {beginning: iter(replies) for beginning, replies in scripts.items()}

    def reply_to(messages: list[dict[str, str]]) -> str:
        briefing = messages[0]["content"]
        reply = next(next(left[beginning] for beginning in left if briefing.startswith(beginning)))
        if isinstance(reply, str):
            return reply
        printed = _PRINTED.search(messages[-1]["content"])
        return reply(printed[1] if printed else "")

    return reply_to
