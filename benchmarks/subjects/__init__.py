"""Runs inside a subject's own interpreter, which has no other part of this project installed."""
