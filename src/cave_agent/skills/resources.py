"""A skill's files, as a cell gets them."""

from pathlib import Path

from cave_agent.errors import SkillError
from cave_agent.skills.containment import read_inside
from cave_agent.skills.files import LONGEST_FILE, as_text

_LONGEST_CHARACTER = 4  # bytes, in UTF-8


def read_resource(directory: Path, path: str) -> str | bytes:
    """Return the content of a file of a skill.

    Args:
        directory: The skill's directory.
        path: The file's path relative to it.

    Returns:
        Its text, cut at the limit of size with a note; bytes where it is no text in UTF-8.

    Raises:
        SkillError: The path leads out, there is no such file, or it is over the limit and no text.
    """
    path = as_text(path)
    data, size = read_inside(directory, path)
    left_out = size - len(data)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        if left_out <= 0:
            return data
        if error.start <= len(data) - _LONGEST_CHARACTER:
            message = (
                f"{path!r} has {size:,} bytes, over the limit of {LONGEST_FILE:,}, and is no text: "
                "read it with a script of the skill, or by its path."
            )
            raise SkillError(message) from error
        text = data[: error.start].decode()
    if left_out > 0:
        text += f"\n[… {left_out:,} more bytes are over the limit of {LONGEST_FILE:,} …]\n"
    return text
