"""Drawing a run in a terminal or notebook: consumes events, and nothing else."""

from cave_agent.display.base import Display, LogLevel
from cave_agent.display.selection import display_for

__all__ = ["Display", "LogLevel", "display_for"]
