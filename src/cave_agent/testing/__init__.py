"""Testing agents without a provider: scripted models, recorded replies, and a ban on requests."""

from cave_agent.errors import (
    CassetteMismatchError,
    RealRequestError,
    ScriptExhaustedError,
    TestingError,
)
from cave_agent.testing.cassettes import RecordingModel, ReplayModel
from cave_agent.testing.real_requests import forbid_real_requests
from cave_agent.testing.scripted import ScriptedModel

__all__ = [
    "CassetteMismatchError",
    "RealRequestError",
    "RecordingModel",
    "ReplayModel",
    "ScriptExhaustedError",
    "ScriptedModel",
    "TestingError",
    "forbid_real_requests",
]
