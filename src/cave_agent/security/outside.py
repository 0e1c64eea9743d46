"""What cells may do outside of their process: nothing, but for reading Python's own files."""

import os
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cave_agent.results import SecurityViolation
from cave_agent.security.rule import SecurityRule

_HARMLESS = frozenset({"socket.__new__", "socket.gethostname"})
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_READABLE = tuple(
    f"{Path(path).resolve()}/"
    for path in {
        *sysconfig.get_paths().values(),
        sys.prefix,
        sys.base_prefix,
        "/usr/share/zoneinfo",
        "/usr/share/fonts",
    }
)


class OutsideRule(SecurityRule):
    """Refuses what the interpreter tells that a cell does outside: files, programs, connections.

    It is asked whoever does it for the cell, by way of which library ever. Reading the files of
    Python and of installed packages is allowed, since libraries read their own data.
    """

    def check_cell(self, source: str, tree: object) -> Iterable[SecurityViolation]:
        """Find nothing: what a cell does shows while it runs."""
        return ()

    def refuses_event(self, event: str, arguments: tuple[Any, ...]) -> bool:
        """Whether an audit event is refused."""
        if event in _HARMLESS:
            return False
        if event == "open":
            path, mode, flags = (*arguments, None, 0)[:3]
            return not _reads_a_library(path, mode, flags)
        if event in ("os.listdir", "os.scandir"):
            return not _reads_a_library(arguments[0], "r", 0)
        return True


def _reads_a_library(path: Any, mode: Any, flags: Any) -> bool:
    if not isinstance(path, str | bytes | os.PathLike):
        return False
    if isinstance(mode, str) and not mode.startswith("r"):
        return False
    if "+" in str(mode) or (isinstance(flags, int) and flags & _WRITING):
        return False
    real = os.path.realpath(os.fsdecode(path))
    return f"{real}/".startswith(_READABLE)
