"""What a cell changed in its namespace: names made, rebound, changed in place, deleted."""

from cave_agent.runtime.changes.tracker import Tracker, include

__all__ = ["Tracker", "include"]
