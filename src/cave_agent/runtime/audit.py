"""What cells do to the world outside of their process, as the interpreter itself tells it.

Rules that read texts, and a guard that watches names, can be walked around by way of a library that
does the reading and calling for the cell. But Python raises an audit event where a file is opened,
a program started or a connection made, whoever asked for it. So a runtime whose rules refuse such
events is asked here, for code of its cells and of what they call. Code of the host decides for
itself: events that it causes, also when a cell called it, are its own; see `responsible.py`.

An audit hook cannot be taken back, so it is set with the first runtime that needs it.
"""

import sys
from asyncio import BaseEventLoop
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from cave_agent.runtime.execution import current_execution
from cave_agent.runtime.responsible import responsible_guard, watched
from cave_agent.runtime.tasks import guarded_tasks

FAMILIES = frozenset(
    """
    open os shutil tempfile glob mmap fcntl socket urllib http ftplib imaplib poplib smtplib
    subprocess pty webbrowser ctypes sqlite3 pickle marshal resource syslog msvcrt winreg
    """.split()  # noqa: SIM905 - as a list it would fill a page
)
"""The first words of the events that rules are asked about."""

_installed: list[bool] = []
_asking: ContextVar[bool] = ContextVar("cave_agent_asking", default=False)


def watch(runtime_name: str, guard: Any) -> None:
    """Ask a guard about what the cells of a runtime do.

    Args:
        runtime_name: The runtime.
        guard: Has a method `check_event`, which is given the event and its arguments.
    """
    watched[runtime_name] = guard
    if not _installed:
        _installed.append(True)
        sys.addaudithook(_hook)
        run = _loop_runner(BaseEventLoop.run_forever)
        BaseEventLoop.run_forever = run  # type: ignore[assignment, method-assign]


def _loop_runner(run: Callable[[Any], None]) -> Callable[[Any], None]:
    """Wrap `run_forever`: of the tasks in a loop that code of a cell runs, it is known whose."""

    def run_as_caller(loop: Any) -> None:
        if not watched or current_execution() is None:
            run(loop)
            return
        with guarded_tasks(loop):
            run(loop)

    return run_as_caller


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event.partition(".")[0] in FAMILIES and watched and not _asking.get():
        token = _asking.set(True)
        try:
            guard = responsible_guard()
            if guard is not None:
                guard.check_event(event, arguments)
        finally:
            _asking.reset(token)
