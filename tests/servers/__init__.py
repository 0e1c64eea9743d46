"""Servers that tests talk to, and the client side of the one that is ours."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Step = str | dict[str, bool]
HOLD: Step = {"hold": True}
"""Wait until the test releases the server, or the client leaves."""
DROP: Step = {"drop": True}
"""Break the connection off."""

_PROGRAM = Path(__file__).with_name("chat_completions.py")


@dataclass(frozen=True)
class Reply:
    """What the server sends, step by step."""

    steps: Sequence[Step]
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "text/event-stream"})


@dataclass(frozen=True)
class ReceivedRequest:
    """A request as the server saw it.

    Attributes:
        path: Path of the URL.
        headers: With names in lower case.
        body: The JSON.
        connection: Number of the connection that it came by.
        finished: Whether the reply was sent to its end.
        disconnected: Whether the client left before, or the script broke the connection.
    """

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    connection: int
    finished: bool
    disconnected: bool


def event(data: dict[str, Any]) -> str:
    """Return one server-sent event."""
    return f"data: {json.dumps(data)}\n\n"


def chunk(content: str | None = None, *, finish_reason: str | None = None, **delta: Any) -> str:
    """Return the event of one piece of a reply."""
    if content is not None:
        delta["content"] = content
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return event({**_CHUNK, "choices": [choice]})


def usage(prompt_tokens: int, completion_tokens: int, *, cached: int | None = None) -> str:
    """Return the event with the usage, which comes last and has no choice."""
    tokens: dict[str, Any] = {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }
    if cached is not None:
        tokens["prompt_tokens_details"] = {"cached_tokens": cached}
    return event({**_CHUNK, "choices": [], "usage": tokens})


DONE = "data: [DONE]\n\n"
_CHUNK = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "scripted"}


def conversation_reply(text: str, *, finish_reason: str = "stop") -> Reply:
    """Return a whole, healthy reply in pieces of a few characters."""
    pieces = [text[start : start + 8] for start in range(0, len(text), 8)]
    return Reply(
        [
            chunk("", role="assistant"),
            *map(chunk, pieces),
            chunk(finish_reason=finish_reason),
            usage(10, len(pieces)),
            DONE,
        ]
    )


def error_reply(status: int, message: str = "scripted", **headers: str) -> Reply:
    """Return an error in the form of the protocol; `retry_after="1"` is a header."""
    body = json.dumps({"error": {"message": message, "type": "scripted", "code": None}})
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply([body], status, {"content-type": "application/json", **named})


class ChatServer:
    """A chat-completions server in another process, scripted by the test.

    Args:
        port: Where it listens on 127.0.0.1.
    """

    def __init__(self, port: int) -> None:
        self._root = f"http://127.0.0.1:{port}"
        self.base_url = f"{self._root}/v1"

    def script(self, replies: Iterable[str | Reply]) -> None:
        """Set the replies to the next requests, in order, and forget the requests so far.

        Args:
            replies: Text for a plain reply, or a `Reply`.
        """
        whole = [
            conversation_reply(reply) if isinstance(reply, str) else reply for reply in replies
        ]
        self._post("script", [vars(reply) for reply in whole])

    def requests(self) -> list[ReceivedRequest]:
        """Return the requests since the last `script`, in order of arrival."""
        return self._post("requests")

    def release(self) -> None:
        """Let all replies go on that wait at a `HOLD`."""
        self._post("release")

    def wait_for_requests(self, count: int = 1) -> list[ReceivedRequest]:
        """Wait until so many requests have come."""
        return self._post("wait-requests", count)

    def wait_for_disconnects(self, count: int = 1) -> list[ReceivedRequest]:
        """Wait until so many clients have left before their reply ended."""
        return self._post("wait-disconnects", count)

    def wait_until_idle(self) -> None:
        """Wait until no client holds a connection."""
        self._post("wait-idle")

    def _post(self, action: str, body: Any = None) -> list[ReceivedRequest]:
        request = urllib.request.Request(
            f"{self._root}/control/{action}", json.dumps(body).encode()
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            return [ReceivedRequest(**entry) for entry in json.load(response)]


@contextmanager
def running_chat_server() -> Iterator[ChatServer]:
    """Run the server in a process of its own."""
    with subprocess.Popen(
        [sys.executable, str(_PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield ChatServer(int(process.stdout.readline()))
        finally:
            process.terminate()
