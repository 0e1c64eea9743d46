"""Tests of `cave_agent.models`."""
