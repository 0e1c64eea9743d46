"""What is said about skills that are not as they should be: nothing is dropped in silence."""

from dataclasses import dataclass
from enum import Enum, StrEnum
from pathlib import Path


class Severity(StrEnum):
    """Whether a skill could be used all the same."""

    ERROR = "error"
    """It was left out."""
    WARNING = "warning"
    """It was taken, as well as could be."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding about a skill or a directory of skills.

    Attributes:
        severity: Whether the skill was left out or taken.
        code: A word for programs, such as `"name-not-directory"`.
        message: What is wrong.
        advice: What to do about it.
        path: The file or directory.
        line: The line in the file, counted from 1, where known.

    Example:
        >>> where = Path("skills/pdf/SKILL.md")
        >>> print(Diagnostic(Severity.ERROR, "yaml", "No YAML.", "Mend it.", where, 2))
        skills/pdf/SKILL.md:2: error: No YAML. Mend it. [yaml]
    """

    severity: Severity
    code: str
    message: str
    advice: str
    path: Path
    line: int | None = None

    def __str__(self) -> str:
        place = str(self.path) if self.line is None else f"{self.path}:{self.line}"
        message = self.message.removesuffix(".")  # the reference's have one or not
        return f"{place}: {self.severity}: {message}. {self.advice} [{self.code}]"


class Weight(Enum):
    """How much a problem counts: its severity by the lenient and by the strict policy."""

    FATAL = Severity.ERROR, Severity.ERROR
    RULE = Severity.WARNING, Severity.ERROR
    """The reference refuses it, and the skill can be used."""
    NICETY = None, Severity.ERROR
    """The reference refuses it, and nothing is lost."""
    NOTE = Severity.WARNING, Severity.WARNING
    """The reference does not mind, though a part of the skill could not be used as it is."""

    def severity(self, *, strict: bool) -> Severity | None:
        """Return how the problem is told by one of the policies, `None` where it is not."""
        severities: tuple[Severity | None, Severity] = self.value
        return severities[strict]


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding before it is known which policy judges it; see `Diagnostic`."""

    code: str
    message: str
    advice: str
    weight: Weight = Weight.RULE
    line: int | None = None


def judge(problems: list[Problem], path: Path, *, strict: bool) -> list[Diagnostic]:
    """Return what one of the policies says about the problems of a file."""
    return [
        Diagnostic(severity, problem.code, problem.message, problem.advice, path, problem.line)
        for problem in problems
        if (severity := problem.weight.severity(strict=strict)) is not None
    ]
