"""Collecting what one cell prints and displays."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from itertools import groupby
from operator import itemgetter

from cave_agent.results import OutputChunk, RichOutput, Stream

MAX_KEPT = 20_000_000
"""Characters that are kept of one cell's output; beyond, the middle is dropped."""

_MOST_PIECES = 1_000
_LONG_PIECE = 10_000


class Capture:
    """Collects what one cell prints and displays.

    Args:
        on_output: Called with each line, or each piece that is flushed, in the thread that prints.
    """

    def __init__(self, on_output: Callable[[OutputChunk], None] | None = None) -> None:
        self.rich_outputs: list[RichOutput] = []
        self._recent: list[tuple[Stream, str]] = []
        self._head: list[tuple[Stream, str]] = []
        self._tail: deque[tuple[Stream, str]] = deque()
        self._room_in_head = self._room_in_tail = MAX_KEPT // 2
        self._dropped = 0
        self._lock = threading.RLock()
        self._on_output = on_output
        self._unsent: dict[Stream, list[str]] = {}

    def write(self, text: str, stream: Stream = "stdout") -> None:
        """Keep a piece of output."""
        self._recent.append((stream, text))
        if len(self._recent) >= _MOST_PIECES or len(text) > _LONG_PIECE:
            self._settle()
        if self._on_output is not None:
            self._unsent.setdefault(stream, []).append(text)
            if "\n" in text or "\r" in text:
                self.flush(stream)

    def flush(self, stream: Stream) -> None:
        """Hand on what waits for the end of its line."""
        text = "".join(self._unsent.pop(stream, ()))
        if text and self._on_output is not None:
            self._on_output(OutputChunk(text, stream))

    def close(self) -> None:
        """Hand on what is left when the cell has ended."""
        for stream in tuple(self._unsent):
            self.flush(stream)

    def chunks(self) -> tuple[OutputChunk, ...]:
        """Return all that was kept, in order, neighbours on the same stream joined."""
        if not self._recent and not self._head:
            return ()
        self._settle()
        pieces = list(self._head)
        if self._dropped:
            pieces.append(("stdout", f"\n[… {self._dropped:,} characters were not kept …]\n"))
        pieces.extend(self._tail)
        return tuple(OutputChunk(text, stream) for stream, text in _joined(pieces))

    def _settle(self) -> None:
        """Join the recent pieces, of which there may be millions, and keep what there is room for.

        Threads of one cell may print at once.
        """
        with self._lock:
            recent = self._recent[:]
            del self._recent[: len(recent)]
            for stream, text in _joined(recent):
                begin, rest = text[: self._room_in_head], text[self._room_in_head :]
                if begin:
                    self._head.append((stream, begin))
                    self._room_in_head -= len(begin)
                if rest:
                    self._keep_in_tail(rest, stream)

    def _keep_in_tail(self, text: str, stream: Stream) -> None:
        self._tail.append((stream, text))
        self._room_in_tail -= len(text)
        while self._room_in_tail < 0:
            stream, oldest = self._tail.popleft()
            dropped = min(-self._room_in_tail, len(oldest))
            if dropped < len(oldest):
                self._tail.appendleft((stream, oldest[dropped:]))
            self._room_in_tail += dropped
            self._dropped += dropped


def _joined(pieces: list[tuple[Stream, str]]) -> Iterator[tuple[Stream, str]]:
    """Yield the pieces, neighbours on the same stream as one."""
    for stream, run in groupby(pieces, key=itemgetter(0)):
        yield stream, "".join(text for _, text in run)
