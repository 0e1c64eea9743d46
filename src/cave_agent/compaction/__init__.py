"""Compaction: a conversation that nears the model's window is made shorter."""

from cave_agent.compaction.compactor import Compactor

__all__ = ["Compactor"]
