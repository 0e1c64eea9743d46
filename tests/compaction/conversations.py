"""Conversations that grow, over models that count."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

from cave_agent import CaveAgent, Event
from cave_agent.events import CompactedEvent
from cave_agent.models import ModelResponse, TokenUsage
from cave_agent.testing import ScriptedModel
from cave_agent.tokens import count_tokens

Request = list[dict[str, str]]
SUMMARY = "The orders were loaded into df."


def cell(code: str) -> str:
    return f"```python\n{code}\n```"


def tokens_of(request: Request) -> int:
    return sum(count_tokens(message["content"]) + 4 for message in request)


def asks_for_summary(request: Request) -> bool:
    return request[0]["role"] == "user"


def counting_model(
    reply_to: Callable[[Request], str], summary: Callable[[Request], Any] = lambda _: SUMMARY
) -> ScriptedModel:
    """Return a model that tells the tokens that it is sent.

    Args:
        reply_to: Returns its replies.
        summary: Returns its summaries: texts, responses or errors.
    """

    async def reply(request: Request) -> Any:
        told = summary(request) if asks_for_summary(request) else reply_to(request)
        if inspect.isawaitable(told):
            told = await told
        if not isinstance(told, str):
            return told
        usage = TokenUsage(tokens_of(request), count_tokens(told))
        return ModelResponse(told, usage, finish_reason="stop")

    return ScriptedModel(reply)


def working_model(characters: int, **options: Any) -> ScriptedModel:
    """Return a model that prints so much in each turn, and then says that it is done."""

    def reply_to(request: Request) -> str:
        if "<execution_result" in request[-1]["content"]:
            return f"Turn {len(request)} is done."
        return cell(f"value_{len(request)} = 'word ' * {characters // 5}\nvalue_{len(request)}")

    return counting_model(reply_to, **options)


def ask(agent: CaveAgent, query: str) -> list[Event]:
    async def collect() -> list[Event]:
        return [event async for event in agent.stream_events(query)]

    return asyncio.run(collect())


def converse(agent: CaveAgent, turns: int) -> list[CompactedEvent]:
    """Ask so many queries, and return how the conversation was compacted."""
    events = [event for number in range(turns) for event in ask(agent, f"Query {number}.")]
    return [event for event in events if isinstance(event, CompactedEvent)]


def requests_of(model: ScriptedModel) -> list[Request]:
    """Return the requests but those for summaries."""
    return [request for request in model.requests if not asks_for_summary(request)]


def assert_well_formed(request: Request) -> None:
    """A system message, and then user and assistant in turn, the user first and last."""
    assert request[0]["role"] == "system"
    roles = [message["role"] for message in request[1:]]
    assert roles == ["user", "assistant"] * (len(roles) // 2) + ["user"]
