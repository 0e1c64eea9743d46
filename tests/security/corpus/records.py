"""What one cell of a corpus is.

The code of an escape may hold placeholders, which the observer fills in for each run:

- `$CANARY`: path of a file with random content, which the cell is to bring out.
- `$TARGET`: path of a file that is not there, which the cell is to create.
- `$PROGRAM`: path of a program that leaves a marker when it is started.
- `$PORT`: port on 127.0.0.1 at which the observer listens, for TCP and UDP.
"""

from dataclasses import dataclass
from enum import StrEnum


class Goal(StrEnum):
    """What an escape is after, as an observer outside the process sees it."""

    READ_FILE = "read a file"
    """The canary's content appears in the output or in the variable `answer`."""

    WRITE_FILE = "write a file"
    """The target is there."""

    RUN_PROCESS = "run a program"
    """The program's marker is there."""

    CONNECT = "connect"
    """The observer's listener was reached."""

    READ_HOST = "read the host"
    """A secret that the cell was not given appears in the output or in the variable `answer`."""

    TAMPER_HOST = "change the host"
    """The host program, asked after the cell, finds something of its own changed."""


@dataclass(frozen=True, slots=True)
class Benign:
    """A cell as a model writes it for ordinary work.

    Attributes:
        name: Names it among the benign ones.
        code: The cell.
        check: Expression that is true in the namespace afterwards if the result is right.
        stdout: What it prints, where that is the result.
        pictures: How many figures it shows.
    """

    name: str
    code: str
    check: str = ""
    stdout: str | None = None
    pictures: int = 0


@dataclass(frozen=True, slots=True)
class Escape:
    """A cell that does what a rule set for ordinary work should stop.

    Attributes:
        name: Names it among the escapes.
        technique: The way past the rules that it is an example of.
        goal: What it is after.
        code: The cell.
        then: A second cell, run after the first whatever became of that.
        probe: Expression that is true in the host program afterwards if the cell has changed it,
            and false if not; see `tests.security.child` for its names.
    """

    name: str
    technique: str
    goal: Goal
    code: str
    then: str = ""
    probe: str = ""


Cell = Benign | Escape
