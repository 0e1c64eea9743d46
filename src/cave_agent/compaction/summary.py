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
"""When a request for a summary is given up, its retries included."""

MOST_REQUESTS = 8
"""Requests for summaries in one compaction; each goes on from the summary before."""

_WORDS_PER_TOKEN = 0.6
_TOO_LONG = 2  # times what was asked for
_MOST_CHARACTERS_PER_TOKEN = 20  # reasoning before it included
_MOST_VARIABLES = 100


async def summarise(
    model: Model, runtime: Runtime, draft: Draft, count: int, most_tokens: int, room: float
) -> list[UsageEvent]:
    """Put a summary in the place of the oldest turns; if there is none, the draft knows why.

    Turns that are too long for one request are summarised in several, the oldest first.

    Args:
        model: Who writes it.
        runtime: What it holds need not be told.
        draft: The conversation.
        count: How many turns.
        most_tokens: How long the summary may be.
        room: Tokens of the turns that the model is shown at once.

    Returns:
        What it cost, nothing where that is not known.
    """
    events: list[UsageEvent] = []
    room /= draft.scale
    chunks = _chunks(draft.oldest_turns(count), room)
    skipped = sum(chunks[:-MOST_REQUESTS])
    for size in chunks[-MOST_REQUESTS:]:
        told = _transcript(draft.oldest_turns(skipped + size)[skipped:], room)
        variables = _variables(runtime, told, int(room))
        most_words = int(most_tokens * _WORDS_PER_TOKEN)
        request = prompts.summary_request(told, variables, draft.summary, most_words)
        draft.apply()  # it is whole should the run be cancelled now
        reply, draft.failure = await _summary(model, request, _TOO_LONG * most_tokens)
        if reply is not None:
            events.append(reports.usage_event(reply.token_usage))
        if reply is None or draft.failure:
            break
        draft.put_summary(reply.content, skipped + size, size)
        skipped = 0
    return events


async def _summary(
    model: Model, request: str, most_tokens: int
) -> tuple[ModelResponse | None, str]:
    """Return what the model replied, if it did, and why that is no summary, if it is none."""
    try:
        async with asyncio.timeout(MOST_SECONDS):
            reply = await _ask(model, request, most_tokens)
    except TimeoutError:
        return None, f"the model took more than {MOST_SECONDS:g} s"
    except ModelError as error:
        return None, str(error)
    return reply, _fault(reply, most_tokens)


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


def _chunks(turns: list[list[Sent]], room: float) -> list[int]:
    """Return how many of the turns can be told within so many tokens, and of the rest, and so on.

    A turn that is longer is a chunk of its own.
    """
    sizes: list[int] = []
    left = 0.0
    for turn in turns:
        tokens = _tokens(turn)
        if not sizes or tokens > left:
            sizes.append(0)
            left = room
        sizes[-1] += 1
        left -= tokens
    return sizes


def _transcript(turns: list[list[Sent]], room: float) -> str:
    """Return what was said in turns; of one that is too long, the beginning and the end."""
    parts = [f"{sent.message.role.value}:\n{sent.content}" for turn in turns for sent in turn]
    told = "\n\n".join(parts)
    tokens = sum(map(_tokens, turns))
    return told if tokens <= room else shorten(told, int(len(told) * room / tokens))


def _tokens(turn: list[Sent]) -> int:
    return sum(sent.tokens for sent in turn)


def _variables(runtime: Runtime, told: str, most_characters: int) -> str:
    """Describe what there is in the runtime; first what was told of."""
    words = set(re.findall(r"\w+", told))
    names = sorted(runtime.data_names(), key=lambda name: name not in words)
    described = runtime.describe_names(names[:_MOST_VARIABLES])
    return shorten(described, most_characters)
