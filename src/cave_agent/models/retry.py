"""The one retry loop: every model call goes through it, and the SDKs' own are switched off.

Whether an error is worth another try is decided by its type alone (`RETRYABLE`).
"""

import asyncio
import random
import reprlib
from collections.abc import AsyncIterable, AsyncIterator, Callable
from dataclasses import dataclass

from cave_agent.errors import (
    CaveAgentError,
    ModelError,
    ModelStreamError,
    ModelUnavailableError,
)
from cave_agent.usage import TokenUsage

RETRYABLE = (ModelUnavailableError, ModelStreamError)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long apart a failed model call is made again.

    The delay doubles from attempt to attempt, is at most `max_delay`, and is drawn at random from
    the upper half of that (equal jitter), so that many agents do not come back at once. A
    `Retry-After` of the provider is obeyed exactly; where it asks for more than `max_delay`, the
    call fails at once.

    Attributes:
        attempts: Tries in all, the first included; 1 means no retry.
        first_delay: Seconds before the second try.
        max_delay: Longest wait in seconds.
    """

    attempts: int = 4
    first_delay: float = 0.5
    max_delay: float = 30.0

    def delay(self, attempt: int, error: ModelError) -> float | None:
        """Return the seconds to wait after a failed attempt, or `None` to give up.

        Args:
            attempt: The attempt that failed, counted from 1.
            error: Why it failed.
        """
        if attempt >= self.attempts or not isinstance(error, RETRYABLE):
            return None
        asked = error.retry_after if isinstance(error, ModelUnavailableError) else None
        if asked is not None:
            return asked if asked <= self.max_delay else None
        longest = min(self.max_delay, self.first_delay * 2.0 ** (attempt - 1))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret


@dataclass(frozen=True, slots=True)
class Retry:
    """A call failed and is made again; the text of the failed attempt is void."""

    error: ModelError
    attempt: int
    delay: float


class RetryingStream:
    """The pieces of one reply, with a `Retry` between attempts where a call failed.

    It is no async generator, and need not be: a loop that shuts down closes all of those at once,
    the inner ones under the feet of the outer ones.

    Attributes:
        usage: Tokens used, once exhausted, where the provider told them.
        finish_reason: Why the model stopped, once exhausted, where it is known.
    """

    def __init__(self, open_stream: Callable[[], AsyncIterable[str]], policy: RetryPolicy) -> None:
        self.usage: TokenUsage | None = None
        self.finish_reason: str | None = None
        self._open_stream = open_stream
        self._policy = policy
        self._attempt = 0
        self._delay = 0.0
        self._stream: AsyncIterable[str] | None = None
        self._pieces: AsyncIterator[str] | None = None
        self._ended = False

    def __aiter__(self) -> AsyncIterator[str | Retry]:
        return self

    async def __anext__(self) -> str | Retry:
        if self._ended:
            raise StopAsyncIteration
        try:
            return await self._next_piece()
        except ModelError as error:
            await self._close_stream()
            delay = self._policy.delay(self._attempt, error)
            if delay is None:
                self._ended = True
                raise
            self._delay = delay
            return Retry(error, self._attempt, delay)
        except BaseException:  # the end, or cancelled
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """End the reply here: the connection to the provider is closed."""
        self._ended = True
        await self._close_stream()

    async def _next_piece(self) -> str:
        """Return the next text of this attempt; any foreign exception becomes a `ModelError`."""
        try:
            if self._pieces is None:
                if self._delay:
                    await asyncio.sleep(self._delay)
                self._attempt += 1
                self._stream = self._open_stream()
                self._pieces = aiter(self._stream)
            piece: object = await anext(self._pieces)
        except StopAsyncIteration:
            self.usage = getattr(self._stream, "usage", None)
            self.finish_reason = getattr(self._stream, "finish_reason", None)
            raise
        except CaveAgentError:
            raise
        except Exception as error:
            message = f"The model call failed: {type(error).__name__}: {error}"
            raise ModelError(message) from error
        if not isinstance(piece, str):
            message = (
                f"The model gave {reprlib.repr(piece)}, which is no text: `stream` yields str, "
                "and the content that `call` returns is a str."
            )
            raise ModelError(message)
        return piece

    async def _close_stream(self) -> None:
        stream, self._stream, self._pieces = self._stream, None, None
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()
