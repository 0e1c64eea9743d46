"""A lock for coroutines of any event loop and thread, first come, first served."""

import asyncio
import threading
from collections import deque


class FairLock:
    """Like `asyncio.Lock`, but not bound to one event loop; use it with `async with`.

    An agent or a runtime may be used from several threads, and by one `asyncio.run` after the
    other.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locked = False
        self._waiting: deque[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = deque()

    async def __aenter__(self) -> None:
        with self._guard:
            if not self._locked:
                self._locked = True
                return
            loop = asyncio.get_running_loop()
            turn = loop.create_future()
            self._waiting.append((loop, turn))
        try:
            await turn
        except BaseException:  # cancelled, or its loop is gone
            if not self._withdraw(loop, turn):
                self._release()  # the turn had come already
            raise

    async def __aexit__(self, *error: object) -> None:
        self._release()

    def _withdraw(self, loop: asyncio.AbstractEventLoop, turn: "asyncio.Future[None]") -> bool:
        with self._guard:
            try:
                self._waiting.remove((loop, turn))
            except ValueError:
                return False
            return True

    def _release(self) -> None:
        with self._guard:
            while self._waiting:
                loop, turn = self._waiting.popleft()
                try:
                    loop.call_soon_threadsafe(_give, turn)
                except RuntimeError:  # that loop was closed while its coroutine waited
                    continue
                return
            self._locked = False


def _give(turn: "asyncio.Future[None]") -> None:
    if not turn.done():
        turn.set_result(None)
