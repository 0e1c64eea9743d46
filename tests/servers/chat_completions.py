"""A chat-completions server for tests: a real process on 127.0.0.1 that plays what it is given.

It knows nothing of the protocol. A test posts the replies to `/control/script`, each a status,
headers and a list of steps; requests get them in order. A step is text to send, or
`{"hold": true}` (wait for `/control/release` or for the client to leave), or `{"drop": true}`
(break the connection).
`servers/__init__.py` holds the other side.

It ends when its standard input closes, so it cannot outlive the tests.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 429: "Too Many Requests"}
_NO_SCRIPT: dict[str, Any] = {
    "status": 400,
    "headers": {"content-type": "application/json"},
    "steps": [json.dumps({"error": {"message": "the test scripted no reply for this request"}})],
}


@dataclass
class Entry:
    """One request in the journal."""

    path: str
    headers: dict[str, str]
    body: Any
    connection: int
    finished: bool = False
    disconnected: bool = False


@dataclass
class State:
    """What the test asked for and what happened."""

    script: list[dict[str, Any]] = field(default_factory=list)
    journal: list[Entry] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    connections: int = 0
    open: int = 0

    async def note(self) -> None:
        """Wake those who wait for the journal."""
        async with self.changed:
            self.changed.notify_all()

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until the journal is as the test expects."""
        async with self.changed:
            await self.changed.wait_for(condition)


@dataclass
class Connection:
    """One client connection, with requests one after the other."""

    state: State
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def serve(self) -> None:
        """Answer requests until the client leaves."""
        self.state.connections += 1
        self.state.open += 1
        number = self.state.connections
        try:
            while head := await self._head():
                path, headers = head
                raw = await self.reader.readexactly(int(headers.get("content-length", "0")))
                body = json.loads(raw) if raw else None
                if path.startswith("/control/"):
                    await self._control(path, body)
                else:
                    await self._play(Entry(path, headers, body, number))
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            self.writer.close()
            self.state.open -= 1
            await self.state.note()

    async def _head(self) -> tuple[str, dict[str, str]] | None:
        start = await self.reader.readline()
        if not start:
            return None
        headers: dict[str, str] = {}
        while (line := (await self.reader.readline()).decode("latin-1").strip()) != "":
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return start.decode("latin-1").split()[1], headers

    async def _play(self, entry: Entry) -> None:
        state = self.state
        state.journal.append(entry)
        await state.note()
        reply = state.script.pop(0) if state.script else _NO_SCRIPT
        try:
            self._send_head(reply["status"], reply["headers"])
            for step in reply["steps"]:
                if isinstance(step, str):
                    self._send_chunk(step.encode())
                elif "hold" in step:
                    await self._hold()
                else:
                    self.writer.transport.abort()
                    raise ConnectionAbortedError
                await self.writer.drain()
            self.writer.write(b"0\r\n\r\n")
            await self.writer.drain()
            entry.finished = True
        except ConnectionError:
            entry.disconnected = True
            raise
        finally:
            await state.note()

    async def _hold(self) -> None:
        """Wait for release; raise when the client leaves instead."""
        await self.writer.drain()
        release = asyncio.create_task(self.state.released.wait())
        leave = asyncio.create_task(self.reader.read(1))
        done, pending = await asyncio.wait({release, leave}, return_when="FIRST_COMPLETED")
        for task in pending:
            task.cancel()
        if leave in done:
            leave.exception()  # a connection that was reset says so here
            raise ConnectionResetError

    async def _control(self, path: str, body: Any) -> None:
        state = self.state
        if path == "/control/script":
            state.script = body
            state.journal = []
            state.released = asyncio.Event()
        elif path == "/control/release":
            state.released.set()
        elif path == "/control/wait-requests":
            await state.wait_for(lambda: len(state.journal) >= body)
        elif path == "/control/wait-disconnects":
            await state.wait_for(lambda: sum(e.disconnected for e in state.journal) >= body)
        elif path == "/control/wait-idle":
            await state.wait_for(lambda: state.open <= 1)  # this one
        self._send_head(200, {"content-type": "application/json"})
        self._send_chunk(json.dumps([asdict(entry) for entry in state.journal]).encode())
        self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()

    def _send_head(self, status: int, headers: dict[str, str]) -> None:
        lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Status')}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += ["transfer-encoding: chunked", "", ""]
        self.writer.write("\r\n".join(lines).encode("latin-1"))

    def _send_chunk(self, data: bytes) -> None:
        if data:
            self.writer.write(b"%x\r\n%b\r\n" % (len(data), data))


async def main() -> None:
    """Serve on a free port, which the first line of output tells."""
    state = State()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Connection(state, reader, writer).serve()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
