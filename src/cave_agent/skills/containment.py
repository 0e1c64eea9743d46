"""Opening files of a skill, and only those: no path or link leads out of its directory."""

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath

from cave_agent.errors import SkillError
from cave_agent.skills.files import LONGEST_FILE, READ_ONLY, read_descriptor, require_regular

_CAN_OPEN_IN_STEPS = os.open in os.supports_dir_fd


def open_inside(directory: Path, path: str) -> tuple[int, Path]:
    """Open a file for reading if it really is inside a directory.

    Links may point to other places inside the directory. They are resolved first; then the file is
    opened step by step from the directory without following any, so that one that is put in place
    in between cannot lead out.

    Args:
        directory: The skill's directory.
        path: A path relative to it.

    Returns:
        A file descriptor, which the caller closes, and where the file is.

    Raises:
        SkillError: The path leads out, or there is no such file.
    """
    if reason := _refusal(path):
        raise _refused(path, reason)
    try:
        root = Path(os.path.realpath(directory))
        target = Path(os.path.realpath(root / path))
        if root not in target.parents:
            raise _refused(path, "leads out of the skill's directory")
        return _open_in_steps(root, target.relative_to(root).parts), target
    except OSError as error:
        raise _refused(path, f"cannot be opened ({error.strerror or error})") from error


def read_inside(directory: Path, path: str, limit: int = LONGEST_FILE) -> tuple[bytes, int]:
    """Return the bytes of a file inside a directory, up to a limit, and its size.

    Raises:
        SkillError: The path leads out, or there is no such file.
    """
    descriptor, _ = open_inside(directory, path)
    try:
        return read_descriptor(descriptor, limit), os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)


def _refusal(path: str) -> str | None:
    """Return why a path is refused by its text alone, if it is."""
    if not isinstance(path, str):
        return "is no text"
    if not path.strip():
        return "is no path"
    windows = PureWindowsPath(path)
    if PurePosixPath(path).is_absolute() or windows.drive or windows.root:
        return "is absolute"
    if ".." in windows.parts:  # split at both kinds of slashes
        return "has '..' in it"
    if "\0" in path or not _is_encodable(path):
        return "has characters that no path has"
    return None


def _refused(path: str, reason: str) -> SkillError:
    return SkillError(
        f"{path!r} {reason}: give the path of a file, relative to the skill's directory and "
        "inside it."
    )


def _is_encodable(path: str) -> bool:
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        return False
    return True


def _open_in_steps(root: Path, parts: Sequence[str]) -> int:
    """Open a regular file below a directory, following no link on the way."""
    if not _CAN_OPEN_IN_STEPS:
        raise OSError(0, "this system cannot open files step by step, so it would not be safe")
    follow_none = READ_ONLY | os.O_NOFOLLOW
    descriptor = os.open(root, follow_none | os.O_DIRECTORY)
    for number, part in enumerate(parts, 1):
        flags = follow_none if number == len(parts) else follow_none | os.O_DIRECTORY
        try:
            step = os.open(part, flags, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        descriptor = step
    try:
        require_regular(descriptor)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
