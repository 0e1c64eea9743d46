"""Forbidding requests that cost money or need a network."""

from types import TracebackType
from typing import Self

from cave_agent.models.real_requests import SWITCH


class Ban:
    """A ban on real requests; lifted by `lift()`, or at the end of a `with` block."""

    def __init__(self) -> None:
        self._in_force = True
        SWITCH.forbid()

    def lift(self) -> None:
        """Allow real requests again, unless another ban is in force."""
        if self._in_force:
            self._in_force = False
            SWITCH.allow()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.lift()


def forbid_real_requests() -> Ban:
    """Make every provider raise `RealRequestError` instead of sending a request.

    It holds from this call on, in all threads; servers on this machine (localhost, 127.0.0.0/8,
    ::1) can still be reached. Call it once in `conftest.py` for a whole suite, or use it in a
    `with` statement for a part of one.

    Returns:
        The ban, which can be lifted.

    Example:
        >>> ban = forbid_real_requests()  # in conftest.py
        >>> ban.lift()
        >>> with forbid_real_requests():  # or for a block
        ...     run_my_tests = None
    """
    return Ban()
