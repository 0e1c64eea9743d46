"""A chat-completions server in this process, whose replies are a function of the messages."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.servers import conversation_reply

Messages = list[dict[str, str]]


class AnsweringServer:
    """Where it is, and what it was asked.

    Args:
        port: Where it listens on 127.0.0.1.
    """

    def __init__(self, port: int) -> None:
        self.base_url = f"http://127.0.0.1:{port}/v1"
        self.bodies: list[dict[str, Any]] = []


@contextmanager
def answering_server(reply_to: Callable[[Messages], str]) -> Iterator[AnsweringServer]:
    """Run a server in a thread.

    Args:
        reply_to: Returns the reply to the messages of a request.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            server.bodies.append(body)
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            for step in conversation_reply(reply_to(body["messages"])).steps:
                self.wfile.write(str(step).encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        server = AnsweringServer(http.server_address[1])
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()
