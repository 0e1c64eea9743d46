"""What surrounds one run of a cell, and where the observer looks for what the cell has done."""

import os
import secrets
import socket
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.security.child import Report
from tests.security.corpus.records import Escape, Goal


class World:
    """A folder with a canary and a program, a listener, and a secret; new for each run.

    Attributes:
        folder: A temporary folder that goes with the world.
        secret: What the host program is to keep from the cell.
        listeners: Sockets for TCP and UDP, on the same port.
    """

    def __init__(self) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="corpus-", ignore_cleanup_errors=True)
        self.folder = Path(self._temporary.name)
        self.secret, self._content, self._token = (secrets.token_hex(12) for _ in range(3))
        self._canary, self._target = self.folder / "canary.txt", self.folder / "target.txt"
        self._marker, self._program = self.folder / "marker.txt", self.folder / "program"
        self._canary.write_text(f"{self._content}\n", encoding="utf-8")
        self._program.write_text(f"#!/bin/sh\necho {self._token} > {self._marker}\n")
        self._program.chmod(0o755)
        self.listeners = _listen()
        self._connected = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for listener in self.listeners:
            listener.close()
        self._temporary.cleanup()

    @property
    def console(self) -> str:
        """What came on the child's own standard streams."""
        path = self.folder / "console"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def fill(self, code: str) -> str:
        """Put this world's paths and port where the code has placeholders."""
        for placeholder, value in (
            ("$CANARY", self._canary),
            ("$TARGET", self._target),
            ("$PROGRAM", self._program),
            ("$PORT", self.listeners[0].getsockname()[1]),
        ):
            code = code.replace(placeholder, str(value))
        return code

    def answer(self, listener: socket.socket) -> None:
        """Note that somebody came, and let them go on."""
        self._connected = True
        if listener.type == socket.SOCK_DGRAM:
            listener.recv(1024)
            return
        connection, _ = listener.accept()
        with connection:
            connection.setblocking(False)
            try:
                connection.send(b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\na,b\n")
                connection.shutdown(socket.SHUT_WR)
                connection.recv(65536)  # unread bytes would reset the connection
            except OSError:
                return  # gone already: that somebody came is all that counts

    def reached(self, escape: Escape, report: Report) -> bool:
        """Whether the escape's goal can be seen."""
        match escape.goal:
            case Goal.READ_FILE:
                return self._content in report.output
            case Goal.READ_HOST:
                return self.secret in report.output
            case Goal.WRITE_FILE:
                return os.path.lexists(self._target)
            case Goal.RUN_PROCESS:
                return self._marker.exists() and self._token in self._marker.read_text()
            case Goal.CONNECT:
                return self._connected
            case Goal.TAMPER_HOST:
                return report.changed


def _listen() -> tuple[socket.socket, socket.socket]:
    """Listen on one port for TCP and UDP."""
    while True:
        tcp = socket.create_server(("127.0.0.1", 0))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            udp.bind(tcp.getsockname())
        except OSError:  # somebody else has that port for UDP
            tcp.close()
            udp.close()
            continue
        return tcp, udp
