"""A terminal that tests can read."""

import fcntl
import os
import pty
import re
import struct
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"
_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


class Terminal:
    """What was written to a terminal."""

    def __init__(self) -> None:
        self._bytes: list[bytes] = []

    def read_from(self, descriptor: int) -> None:
        while True:
            try:
                data = os.read(descriptor, 65_536)
            except OSError:  # the other side is closed
                return
            if not data:
                return
            self._bytes.append(data)

    @property
    def raw(self) -> str:
        return b"".join(self._bytes).decode().replace("\r\n", "\n")

    @property
    def text(self) -> str:
        """What was written, without sequences that move the cursor or set colours."""
        return _SEQUENCE.sub("", self.raw)

    @property
    def size(self) -> int:
        return sum(map(len, self._bytes))

    def cursor_is_visible(self) -> bool:
        return self.raw.rfind(SHOW) >= self.raw.rfind(HIDE)


@contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch, columns: int = 80) -> Iterator[Terminal]:
    """Make standard output a terminal; what it was sent can be read after the block."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("LINES", "24")
    host, guest = pty.openpty()
    fcntl.ioctl(guest, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    shown = Terminal()
    reader = threading.Thread(target=shown.read_from, args=(host,))
    reader.start()
    try:
        with (
            open(guest, "w", encoding="utf-8") as stream,  # noqa: PTH123 - a descriptor
            monkeypatch.context() as patch,
        ):
            patch.setattr(sys, "stdout", stream)
            yield shown
    finally:
        reader.join()
        os.close(host)
