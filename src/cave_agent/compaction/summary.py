"""A summary of the oldest turns, written by the model."""

import asyncio
import re
from contextlib import aclosing

from cave_agent import reports
from cave_agent.compaction import prompts
from cave_agent.compaction.draft import Draft
from cave_agent.conversation import Sent
from cave_agent.errors import ModelError
from cave_agent.events import UsageEvent
from cave_agent.models.base import Model, ModelResponse
from cave_agent.models.retry import Retry, RetryingStream
from cave_agent.parsing import ReplyParser
from cave_agent.prompts import shorten
from cave_agent.runtime.base import Runtime
from cave_agent.tokens import count_tokens
from cave_agent.usage import TokenUsage

MOST_SECONDS = 120.0
"""When a summary is given up, its retries included."""

_WORDS_PER_TOKEN = 0.6
_TOO_LONG = 2  # times what was asked for
_MOST_CHARACTERS_PER_TOKEN = 20  # reasoning before it included
_MOST_VARIABLES = 100


async def summarise(
    model: Model, runtime: Runtime, draft: Draft, count: int, most_tokens: int, room: float
) -> list[UsageEvent]:
    """Put a summary in the place of the oldest turns; if there is none, the draft knows why.

    Args:
        model: Who writes it.
        runtime: What it holds need not be told.
        draft: The conversation.
        count: How many turns.
        most_tokens: How long the summary may be.
        room: Tokens of the turns that the model is shown.

    Returns:
        What it cost, nothing where that is not known.
    """
    turns = _latest_that_fit(draft.oldest_turns(count), room)
    told = "\n\n".join(_transcript(turn) for turn in turns)
    variables = _variables(runtime, told, int(room))
    most_words = int(most_tokens * _WORDS_PER_TOKEN)
    request = prompts.summary_request(told, variables, draft.summary, most_words)
    draft.apply()  # it is whole should the run be cancelled now
    try:
        async with asyncio.timeout(MOST_SECONDS):
            reply = await _ask(model, request, _TOO_LONG * most_tokens)
    except TimeoutError:
        draft.failure = f"the model took more than {MOST_SECONDS:g} s"
        return []
    except ModelError as error:
        draft.failure = str(error)
        return []
    draft.failure = _fault(reply, _TOO_LONG * most_tokens)
    if not draft.failure:
        draft.put_summary(reply.content, count, len(turns))
    return [reports.usage_event(reply.token_usage)]


async def _ask(model: Model, request: str, most_tokens: int) -> ModelResponse:
    """Return the prose that the model replies, or the beginning where it does not end."""
    messages = [{"role": "user", "content": request}]
    parser, length = ReplyParser(), 0
    stream = RetryingStream(lambda: model.stream(messages), model.retry)
    async with aclosing(stream):
        async for piece in stream:
            if isinstance(piece, Retry):
                parser, length = ReplyParser(), 0
                continue
            parser.feed(piece)
            length += len(piece)
            if length > most_tokens * _MOST_CHARACTERS_PER_TOKEN:
                break
    parser.close()
    text = parser.text.strip()
    estimate = TokenUsage(count_tokens(request), count_tokens(text), estimated=True)
    return ModelResponse(text, stream.usage or estimate, stream.finish_reason)


def _fault(reply: ModelResponse, most_tokens: int) -> str:
    """Return why a reply is no summary, nothing if it is one."""
    if not reply.content:
        return "the model wrote none"
    if reply.finish_reason == "length":
        return "it was cut off"
    tokens = count_tokens(reply.content)
    return f"it has {tokens:,} tokens or more, over {most_tokens:,}" if tokens > most_tokens else ""


def _latest_that_fit(turns: list[list[Sent]], room: float) -> list[list[Sent]]:
    """Return the last ones of the turns that can be told within so many tokens."""
    first = len(turns)
    while first and room > 0:
        first -= 1
        room -= sum(sent.tokens for sent in turns[first])
    return turns[first if room >= 0 else first + 1 :]


def _transcript(turn: list[Sent]) -> str:
    return "\n\n".join(f"{sent.message.role.value}:\n{sent.content}" for sent in turn)


def _variables(runtime: Runtime, told: str, most_characters: int) -> str:
    """Describe what there is in the runtime; first what was told of."""
    words = set(re.findall(r"\w+", told))
    names = sorted(runtime.data_names(), key=lambda name: name not in words)
    described = runtime.describe_names(names[:_MOST_VARIABLES])
    return shorten(described, most_characters)
