"""The providers against a server that nobody here wrote: npm's `@copilotkit/aimock`.

Install it with `npm ci --prefix tests/servers/aimock`.
"""

import asyncio
import json
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cave_agent.errors import (
    ContextWindowExceededError,
    ModelError,
    ModelRateLimitError,
    ModelRequestError,
    ModelServerError,
    ModelStreamError,
)
from cave_agent.models import ModelResponse, RetryPolicy, TokenUsage
from tests.models.conftest import MakeModel

FOLDER = Path(__file__).parents[1] / "servers" / "aimock"
PROGRAM = FOLDER / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"
NODE = shutil.which("node")

pytestmark = pytest.mark.skipif(
    NODE is None or not PROGRAM.exists(),
    reason="aimock is not installed (npm ci --prefix tests/servers/aimock)",
)

LONG = "This reply is long enough to come in several pieces of twenty characters each."
FIXTURES = [
    {
        "match": {"userMessage": "whole"},
        "response": {
            "content": LONG,
            "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
        },
    },
    {"match": {"userMessage": "length"}, "response": {"content": "cut", "finishReason": "length"}},
    {
        "match": {"userMessage": "limit"},
        "response": {"error": {"message": "slow down"}, "status": 429, "retryAfter": 77},
    },
    {
        "match": {"userMessage": "down"},
        "response": {"error": {"message": "unavailable"}, "status": 503},
    },
    {
        "match": {"userMessage": "too long"},
        "response": {
            "error": {
                "message": "maximum context length is 8192 tokens",
                "type": "invalid_request_error",
                "code": "context_length_exceeded",
            },
            "status": 400,
        },
    },
    {
        "match": {"userMessage": "truncated"},
        "response": {"content": LONG},
        "latency": 20,
        "truncateAfterChunks": 2,
    },
    {
        "match": {"userMessage": "hangs up"},
        "response": {"content": LONG},
        "latency": 20,
        "disconnectAfterMs": 50,
    },
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run aimock and return its address."""
    fixtures = tmp_path_factory.mktemp("aimock") / "fixtures.json"
    fixtures.write_text(json.dumps({"fixtures": FIXTURES}), encoding="utf-8")
    command = [str(NODE), str(PROGRAM), "--port", "0", "--fixtures", str(fixtures)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            lines = iter(process.stdout.readline, "")
            found = (re.search(r"listening on (http://\S+)", line) for line in lines)
            yield next(match[1] for match in found if match)
        finally:
            process.terminate()


def ask(make_model: MakeModel, address: str, text: str) -> ModelResponse:
    model = make_model(f"{address}/v1", retry=RetryPolicy(attempts=3, first_delay=0.001))
    return asyncio.run(model.call([{"role": "user", "content": text}]))


def journal(address: str, text: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{address}/v1/_requests") as response:
        entries: list[dict[str, Any]] = json.load(response)
    return [entry for entry in entries if entry["body"]["messages"][-1]["content"] == text]


def test_whole_reply(make_model: MakeModel, address: str) -> None:
    assert ask(make_model, address, "whole") == ModelResponse(LONG, TokenUsage(11, 7), "stop")


def test_reply_at_the_length_limit(make_model: MakeModel, address: str) -> None:
    response = ask(make_model, address, "length")
    assert (response.content, response.finish_reason) == ("cut", "length")


@pytest.mark.parametrize(
    ("text", "error", "requests"),
    [
        ("limit", ModelRateLimitError, 1),  # asks for a longer wait than the policy allows
        ("down", ModelServerError, 3),
        ("too long", ContextWindowExceededError, 1),
        ("truncated", ModelStreamError, 3),
        ("hangs up", ModelStreamError, 3),
        ("no such fixture", ModelRequestError, 1),
    ],
)
def test_failures_and_number_of_requests(
    make_model: MakeModel, address: str, text: str, error: type[ModelError], requests: int
) -> None:
    before = len(journal(address, text))
    with pytest.raises(error) as caught:
        ask(make_model, address, text)
    assert len(journal(address, text)) - before == requests
    if isinstance(caught.value, ModelRateLimitError):
        assert caught.value.retry_after == 77
