"""What activating a skill gives the model to read."""

import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Self

from cave_agent._strings import escaped
from cave_agent.skills.injection import INJECTION_FILE
from cave_agent.skills.skill import Skill

MOST_FILES_LISTED = 50
_MOST_FILES_SEEN = 2000
_SKIPPED = (".git", "node_modules", "__pycache__")

_DIRECTORY = re.compile(r"\$\{CLAUDE_SKILL_DIR\}|\{baseDir\}")
# What stands around the instructions must not end, or begin, within them.
_MARK = re.compile(
    r"<(?=\s*/?\s*(?:skill_content|skill_resources|new_in_runtime|execution_result)\b)",
    re.IGNORECASE,
)


class Instructions(str):
    """The text of an activated skill, which shows itself as one line.

    The model is told the text once, by the runtime; a cell that prints or echoes what
    `activate_skill` returned costs no second copy.

    Args:
        text: The whole text, which is its value.
        line: How it is shown.
    """

    __slots__ = ("_line",)
    _line: str

    def __new__(cls, text: str, line: str) -> Self:
        """Return the text with the line that it is shown as."""
        made = super().__new__(cls, text)
        made._line = line
        return made

    def __str__(self) -> str:
        return self._line

    __repr__ = __str__

    def __format__(self, specification: str) -> str:
        return format(self._line, specification)

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return Instructions, (str.__str__(self), self._line)


def skill_content(skill: Skill) -> str:
    r"""Return the instructions with what goes with them: the directory and its files.

    Raises:
        SkillError: The skill's SKILL.md cannot be read any more.

    Example:
        >>> print(skill_content(Skill("greeter", "Greets.", "Say hello.")))
        <skill_content name="greeter">
        Say hello.
        </skill_content>
    """
    body, directory = skill.body_content, skill.directory
    if directory is not None:
        # In one pass: a directory's name may itself look like a placeholder.
        body = _DIRECTORY.sub(lambda _: directory.as_posix(), body)
    parts = [_MARK.sub("<\\\\", body)]
    if directory is not None:
        parts += _files_of(skill.name, directory)
    text = "\n\n".join(filter(None, parts))
    return f'<skill_content name="{escaped(skill.name, quote=True)}">\n{text}\n</skill_content>'


def _files_of(name: str, directory: Path) -> list[str]:
    where = f"Directory of the skill: {escaped(directory.as_posix())}"
    files = sorted(islice(_walk(directory), _MOST_FILES_SEEN))
    if not files:
        return [where]
    listed = [f"<file>{escaped(file)}</file>" for file in files[:MOST_FILES_LISTED]]
    if (more := len(files) - MOST_FILES_LISTED) > 0:
        at_least = "at least " if len(files) == _MOST_FILES_SEEN else ""
        listed.append(f"and {at_least}{more:,} more")
    how = (
        f"Paths are relative to it: `read_skill_resource({name!r}, path)` reads a file, "
        f"`run_skill_script({name!r}, path, *args)` runs one."
    )
    return [f"{where}\n{how}", "\n".join(["<skill_resources>", *listed, "</skill_resources>"])]


def _walk(directory: Path) -> Iterator[str]:
    """Yield the paths of the files below a directory; links are left aside."""
    pending = [""]
    while pending:
        below = pending.pop()
        try:
            with os.scandir(directory / below) as entries:
                found = sorted(entries, key=lambda entry: entry.name, reverse=True)
        except OSError:  # what cannot be listed can still be read by its path, or not
            continue
        for entry in found:
            path = f"{below}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in _SKIPPED:
                    pending.append(f"{path}/")
            elif entry.is_file(follow_symlinks=False) and _is_for_the_model(path):
                yield path


def _is_for_the_model(path: str) -> bool:
    """Return whether a file is none that we read ourselves, and its path can be told as text."""
    return path.isprintable() and path != INJECTION_FILE and path.lower() != "skill.md"
