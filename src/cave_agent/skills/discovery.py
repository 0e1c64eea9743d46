"""Loading skills from the file system."""

import os
from collections.abc import Iterable
from pathlib import Path

from cave_agent.errors import SkillError
from cave_agent.skills.diagnostics import Diagnostic, Severity
from cave_agent.skills.files import as_path
from cave_agent.skills.reading import read_skill
from cave_agent.skills.skill import Skill
from cave_agent.skills.walking import Walk


class SkillList(list[Skill]):
    """The skills that were found, and what is to be said about them and those left out.

    Attributes:
        diagnostics: One entry for each problem, the skills that were left out included.
    """

    def __init__(
        self, skills: Iterable[Skill] = (), diagnostics: Iterable[Diagnostic] = ()
    ) -> None:
        super().__init__(skills)
        self.diagnostics = list(diagnostics)


class SkillDiscovery:
    """Loads skills from files; only their fields are read, and no code of theirs is run."""

    Error = SkillError
    """What is raised where no skill can be given."""

    @staticmethod
    def from_file(path: str | Path, *, strict: bool = False) -> Skill:
        """Load one skill.

        Args:
            path: Its SKILL.md.
            strict: Whether to refuse all that the reference implementation refuses.

        Raises:
            SkillDiscovery.Error: It cannot be used; the message lists everything that is wrong.
            TypeError: `path` is no path.
        """
        path = as_path(path)
        if os.path.isdir(path):  # noqa: PTH112 - unlike a method of Path, it never raises
            message = f"{path} is a directory: give its SKILL.md, or use from_directory."
            raise SkillError(message)
        skill, diagnostics = read_skill(path, strict=strict)
        if skill is None:
            errors = [d for d in diagnostics if d.severity is Severity.ERROR]
            raise SkillError("\n".join(map(str, errors)))
        return skill

    @staticmethod
    def from_directory(path: str | Path, *, strict: bool = False) -> SkillList:
        """Load all skills below a directory; one that cannot be used does not harm the others.

        Args:
            path: The directory; also a skill's own.
            strict: Whether to leave out all that the reference implementation refuses.

        Returns:
            A list of skills, with `diagnostics`. Of several of one name an agent takes the first.

        Raises:
            SkillDiscovery.Error: There is no such directory.
            TypeError: `path` is no path.
        """
        path = require_directory(path)
        walk = Walk(path)
        found = SkillList()
        first: dict[str, Skill] = {}
        for file in walk:
            skill, diagnostics = read_skill(file, strict=strict)
            found.diagnostics += diagnostics
            if skill is None:
                continue
            found.append(skill)
            if first.setdefault(skill.name, skill) is not skill:
                found.diagnostics.append(shadowed(skill, first[skill.name]))
        found.diagnostics += walk.diagnostics
        return found


def shadowed(skill: Skill, by: Skill) -> Diagnostic:
    """Return what is said about a skill whose name another one has."""
    where = by.location or "a skill made in code"
    message = f"The skill {skill.name!r} is shadowed by another one: {where}."
    place = skill.location or Path(skill.name)
    advice = "Give one of them another name."
    return Diagnostic(Severity.WARNING, "shadowed", message, advice, place)


def require_directory(path: str | Path) -> Path:
    """Return the absolute path of a directory.

    Raises:
        SkillError: There is none.
        TypeError: It is no path.
    """
    # An empty text is an option that was forgotten, not the current directory.
    if path == "" or not os.path.isdir(as_path(path)):  # noqa: PTH112 - it never raises
        message = f"There is no directory {str(path)!r}: give one that holds skills."
        raise SkillError(message)
    return Path(os.path.abspath(path))  # noqa: PTH100 - as the paths of skills, without `..`
