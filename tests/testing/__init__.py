"""Tests of `cave_agent.testing`."""
