"""How much of a run is drawn, and on what."""

from enum import Enum
from types import TracebackType
from typing import Self

from cave_agent.events import Event


class LogLevel(Enum):
    """What `CaveAgent.run` draws."""

    ERROR = "error"
    """Nothing but errors."""
    INFO = "info"
    """The final text and errors."""
    DEBUG = "debug"
    """The reply as it streams, the code, a clock while a cell runs, its output, the tokens."""


class Medium(Enum):
    """What is drawn on."""

    TERMINAL = "terminal"
    """Colours, and a last line that moves."""
    NOTEBOOK = "notebook"
    """Colours."""
    PLAIN = "plain"
    """Text without control characters: a file, a pipe, the output of a cell."""


class Display:
    """Draws nothing; the base of those that do."""

    def show(self, event: Event) -> None:
        """Draw what an event tells."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the drawing."""
