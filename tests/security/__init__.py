"""Tests of `cave_agent.security`."""
