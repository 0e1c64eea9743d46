"""Finding the skills below a directory."""

import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from cave_agent.skills.diagnostics import Diagnostic, Severity

DEEPEST = 6
"""Levels below the directory that are searched."""
MOST_DIRECTORIES = 2000
_SKIPPED = (".git", "node_modules")


class Walk:
    """Finds the files SKILL.md below a directory: sorted, the nearest first.

    A skill's own directory is not searched further. Links to directories are followed last, and
    only to what has not been searched: a skill is found where it really is.

    Args:
        root: Where to begin.

    Attributes:
        diagnostics: What could not be searched, once the walk is over.
    """

    def __init__(self, root: Path) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._root = os.path.abspath(root)  # noqa: PTH100 - thousands of paths, so plain text
        self._too_deep = 0

    def __iter__(self) -> Iterator[Path]:
        pending = deque([(self._root, os.path.realpath(self._root), 0)])
        links: deque[tuple[str, int]] = deque()
        searched: set[str] = set()  # where the directories really are
        found = 0
        while pending or links:
            if pending:
                directory, real, depth = pending.popleft()
            else:
                directory, depth = links.popleft()
                real = os.path.realpath(directory)
                if directory.startswith(os.path.join(real, "")):  # noqa: PTH118 - it leads upwards
                    continue
            if real in searched:
                continue
            if depth > DEEPEST:
                self._too_deep += 1
                continue
            if len(searched) == MOST_DIRECTORIES:
                self._note_limit()
                break
            searched.add(real)
            names, below, linked = self._look_into(directory)
            file = _skill_file(names)
            if file is not None:
                found += 1
                yield Path(directory, file)
                continue
            path = f"{directory}{os.sep}"
            pending.extend((path + name, f"{real}{os.sep}{name}", depth + 1) for name in below)
            links.extend((path + name, depth + 1) for name in linked)
        if not found:
            message = "There is no SKILL.md in this directory or below."
            self._note("no-skills", message, "Give each skill a directory with that file in it.")
        if self._too_deep:
            message = f"Directories more than {DEEPEST} levels down were not searched."
            self._note("too-deep", message, "Move the skills in them up, or load them one by one.")

    def _look_into(self, directory: str) -> tuple[list[str], list[str], list[str]]:
        """Return the files that may be a skill's, the directories in it, and links to others."""
        files: list[str] = []
        directories: list[str] = []
        links: list[str] = []
        try:
            with os.scandir(directory) as entries:
                for entry in entries:
                    if self._is_directory(entry):
                        if entry.name not in _SKIPPED:
                            (links if entry.is_symlink() else directories).append(entry.name)
                    elif entry.name.lower() == "skill.md":  # that it is no file is told with it
                        files.append(entry.name)
        except OSError as error:
            message = f"The directory cannot be searched: {error.strerror or error}."
            self._note("unreadable", message, "Mind its permissions.", directory)
        return files, sorted(directories), sorted(links)

    def _is_directory(self, entry: "os.DirEntry[str]") -> bool:
        """Return whether an entry leads to a directory; tell one that leads in a circle."""
        try:
            return entry.is_dir()
        except OSError as error:
            message = f"This leads nowhere: {error.strerror or error}."
            self._note("unreadable", message, "Mend or remove the link.", entry.path)
            return False

    def _note_limit(self) -> None:
        message = f"The search stopped after {MOST_DIRECTORIES:,} directories."
        self._note("too-many-directories", message, "Give a directory that holds skills only.")

    def _note(self, code: str, message: str, advice: str, path: str | None = None) -> None:
        where = Path(path or self._root)
        self.diagnostics.append(Diagnostic(Severity.WARNING, code, message, advice, where))


def _skill_file(names: list[str]) -> str | None:
    """Return the file that makes a directory a skill: the right spelling if it is there."""
    return min(names, key=lambda name: (name != "SKILL.md", name != "skill.md", name), default=None)
