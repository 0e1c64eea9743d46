"""What the harness asks of an observer, and what it gets back."""

from dataclasses import dataclass
from enum import StrEnum

from tests.security.corpus.records import Cell

LIMIT = 30.0
"""Seconds that a child has by default; far more than any cell takes on a loaded machine."""


class NotStartedError(Exception):
    """A child or an observer did not start: nothing was measured."""


class Status(StrEnum):
    """How a run ended."""

    COMPLETED = "completed"
    TIMED_OUT = "timed out"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class Job:
    """A cell to run.

    Attributes:
        factory: What makes the runtime, as `"module:function"`.
        cell: The cell.
        limit: Seconds that the cell may take, and everything that it sets going.
    """

    factory: str
    cell: Cell
    limit: float = LIMIT


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a job.

    Attributes:
        job: The job.
        status: How it ended.
        reached: Whether the observer saw an escape's goal, or a benign cell's right result.
        output: What the cell printed, with its errors.
        errors: The errors alone.
        console: What came on the child's own standard streams.
    """

    job: Job
    status: Status
    reached: bool
    output: str
    errors: str
    console: str

    @property
    def stopped(self) -> bool:
        """Whether the cell was kept from its goal: one that crashed or hangs was not."""
        return self.status == Status.COMPLETED and not self.reached

    def __str__(self) -> str:
        return (
            f"{self.job.cell.name}: {self.status}, reached={self.reached}\n"
            f"{self.output}\n{self.console}"
        )
