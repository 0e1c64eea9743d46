"""Whether a run is drawn, and on what."""

import sys

from cave_agent.display.base import Display, LogLevel, Medium
from cave_agent.runtime.execution import current_execution


def display_for(level: LogLevel, wanted: bool | None) -> Display:  # noqa: FBT001 - a plain choice
    """Return what draws a run.

    Args:
        level: How much to draw.
        wanted: Whether to draw; `None` draws in a terminal or a notebook.
    """
    medium = _medium()
    if sys.stdout is None or wanted is False or (wanted is None and medium is Medium.PLAIN):
        return Display()
    from cave_agent.display.drawing import Drawing  # noqa: PLC0415 - it brings rich

    return Drawing(level, sys.stdout, medium)


def _medium() -> Medium:
    """Return what standard output leads to, for the calling code."""
    if current_execution() is not None:
        return Medium.PLAIN
    if _in_notebook():
        return Medium.NOTEBOOK
    try:
        return Medium.TERMINAL if sys.stdout.isatty() else Medium.PLAIN
    except (AttributeError, ValueError):  # no stream, a half-made one, or a closed one
        return Medium.PLAIN


def _in_notebook() -> bool:
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return get_ipython is not None and type(get_ipython()).__name__ == "ZMQInteractiveShell"
