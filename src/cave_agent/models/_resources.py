"""Connections and what holds them: closing them in time, in the right event loop.

An HTTP client is bound to the loop that it was first used in, and costs some 50 ms to make. So it
is made once per loop; and to close it in time we borrow what every loop does before it closes:
`shutdown_asyncgens` closes the async generators that were started in it.
"""

import asyncio
import inspect
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")


async def close(resource: Any) -> None:
    """Close a stream or client of an SDK, whatever it calls that."""
    method = getattr(resource, "aclose", None) or getattr(resource, "close", None)
    result = method() if method is not None else None
    if inspect.isawaitable(result):
        await result


class PerLoop(Generic[T]):
    """Makes a resource in the running loop when first asked, and closes it with that loop.

    When this object goes away first, the loop closes the resource soon after.

    Args:
        make: Makes the resource; called in the loop.
        close: Closes it, in the loop.
    """

    def __init__(
        self, make: Callable[[], T], close: Callable[[T], Awaitable[None]] = close
    ) -> None:
        self._make = make
        self._close = close
        self._held = _Held[T]()

    async def get(self) -> T:
        """Return the resource of the running loop."""
        resource = self._held.get()
        if resource is None:
            resource = self._make()
            lifetime = _lifetime(resource, self._close, self._held)
            await anext(lifetime)  # registers it with the loop; suspends nowhere
            self._held.add(resource, lifetime)
        return resource


class _Held(Generic[T]):
    """What each loop holds; loops of several threads use it at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_loop: WeakKeyDictionary[
            asyncio.AbstractEventLoop, tuple[T, AsyncGenerator[None, None]]
        ] = WeakKeyDictionary()

    def get(self) -> T | None:
        """Return what the running loop holds, if anything."""
        with self._lock:
            held = self._by_loop.get(asyncio.get_running_loop())
            return held[0] if held else None

    def add(self, resource: T, lifetime: AsyncGenerator[None, None]) -> None:
        """Let the running loop hold something for as long as the loop lives."""
        with self._lock:
            # A loop that was closed without `shutdown_asyncgens` left its own behind.
            for loop in [loop for loop in self._by_loop if loop.is_closed()]:
                del self._by_loop[loop]
            self._by_loop[asyncio.get_running_loop()] = (resource, lifetime)

    def drop(self) -> None:
        """Let the running loop hold nothing."""
        with self._lock:
            self._by_loop.pop(asyncio.get_running_loop(), None)


async def _lifetime(
    resource: T, close: Callable[[T], Awaitable[None]], held: _Held[T]
) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        held.drop()
        await close(resource)
