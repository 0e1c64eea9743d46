"""Reading a SKILL.md: its beginning at first, its body when it is used."""

import os
import stat
from pathlib import Path
from typing import Any, NamedTuple

from cave_agent.errors import SkillError
from cave_agent.skills.frontmatter import find_fences

HEAD = 4096
"""Bytes of a SKILL.md that are read for its fields; more only where they go on."""
LONGEST_FRONTMATTER = 65_536
LONGEST_FILE = 1_000_000
"""Bytes of a file that are read at once."""

# A pipe would make `open` wait for ever, a terminal would become ours.
READ_ONLY = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)


def as_path(value: str | Path) -> Path:
    """Return what the host gave as a path.

    Raises:
        TypeError: It is none.
    """
    if not isinstance(value, str | os.PathLike):
        message = f"{value!r} is no path: use a str or a Path."
        raise TypeError(message)
    return Path(value)


def as_text(path: Any) -> Any:
    """Return a path as text, and what is none as it is: that is refused where it is opened.

    Cells are told of `str` alone: a class in the signature would be theirs to use, and `Path` opens
    any file.
    """
    return os.fspath(path) if isinstance(path, os.PathLike) else path


class Stamp(NamedTuple):
    """What tells whether a file has changed."""

    modified: int
    size: int
    inode: int


def stamp_of(path: Path) -> Stamp | None:
    """Return the stamp of a file, `None` where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return Stamp(status.st_mtime_ns, status.st_size, status.st_ino)


def read_head(path: Path) -> tuple[bytes, int]:
    """Return a SKILL.md up to the end of its frontmatter at least, and its whole size.

    Raises:
        OSError: It cannot be read, or is no regular file.
        SkillError: The frontmatter does not end within the limit.
    """
    descriptor = os.open(path, READ_ONLY)
    try:
        require_regular(descriptor)
        data = os.read(descriptor, HEAD)
        while _goes_on(data) and (more := os.read(descriptor, LONGEST_FRONTMATTER)):
            data += more
            if len(data) > LONGEST_FRONTMATTER and _goes_on(data):
                message = f"SKILL.md frontmatter does not end within {LONGEST_FRONTMATTER:,} bytes"
                raise SkillError(message)
        return data, os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)


def _goes_on(data: bytes) -> bool:
    """Return whether the frontmatter may go on behind what was read of the file."""
    if len(data) < HEAD:
        return False
    fences = find_fences(data)
    return fences is not None and not (fences.closed and data[: fences.body].endswith(b"\n"))


def read_body(path: Path) -> str:
    """Return the text of a SKILL.md below its frontmatter.

    Raises:
        SkillError: It cannot be read, or is over the limit of size.
    """
    try:
        descriptor = os.open(path, READ_ONLY)
        try:
            require_regular(descriptor)
            data = read_descriptor(descriptor, LONGEST_FILE + 1)
        finally:
            os.close(descriptor)
    except OSError as error:
        message = f"{path} cannot be read any more ({error.strerror or error}): put the file back."
        raise SkillError(message) from error
    if len(data) > LONGEST_FILE:
        message = (
            f"{path} has more than {LONGEST_FILE:,} bytes: move parts of it to files of their own."
        )
        raise SkillError(message)
    fences = find_fences(data)
    body = data if fences is None else data[fences.body :]
    return body.decode(errors="replace").replace("\r\n", "\n").strip()


def require_regular(descriptor: int) -> None:
    """Check that an open file is one that ends: no directory, pipe or device.

    Raises:
        OSError: It is none.
    """
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise OSError(0, "it is no regular file")


def read_descriptor(descriptor: int, limit: int) -> bytes:
    """Return what an open file holds, up to a limit."""
    parts = []
    while limit > 0 and (part := os.read(descriptor, limit)):
        parts.append(part)
        limit -= len(part)
    return b"".join(parts)
