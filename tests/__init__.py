"""The suite mirrors the tree of `src/cave_agent`."""
