"""What a subject offers, so that one set of probes measures them all."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from typing import Any, Protocol


class Subject(Protocol):
    """One way to run a model's code: bare Python, cave-agent or a peer.

    Where a subject is synchronous its methods simply do not await. Every method checks that the
    work was done, so that no failure is timed.

    Attributes:
        version: The version that is measured.
        notes: What a reader must know about a row of the results, by the row's name.
    """

    version: str
    notes: Mapping[str, str]

    def new_runtime(self) -> Any:
        """Return a place where cells run, as its users make one."""
        ...

    async def execute(self, runtime: Any, code: str) -> str:
        """Run one cell and return what it printed."""
        ...

    def new_agent(self, cells: Sequence[str], history: int = 0, delay: float = 0.0) -> Any:
        """Return a quiet agent with a runtime of its own and a scripted model.

        Args:
            cells: What the model sends for each step of a run; a last step then ends it.
            history: Messages that the conversation holds already.
            delay: Seconds that the model takes for each reply.
        """
        ...

    async def run(self, agent: Any) -> None:
        """Run the agent to its end."""
        ...

    def stream(self, pieces: Iterable[str], *, is_code: bool) -> AsyncGenerator[str, None]:
        """Run an agent whose model streams these pieces and yield the kind of each event.

        Kinds are those of cave-agent: `text` and `code_delta` for a part of the reply, `code` for
        a whole cell that is about to run.

        Args:
            pieces: One reply.
            is_code: Whether the pieces are one cell, without the marks around it.
        """
        ...

    async def run_many(self, count: int, cells: Sequence[str], delay: float) -> None:
        """Make and run that many agents at once, in the way that the subject's users do."""
        ...
