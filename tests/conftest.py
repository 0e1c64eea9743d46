"""Fixtures for the whole suite."""

import datetime as dt
from collections.abc import Iterator

import pytest
from hypothesis import settings

from cave_agent import clock
from cave_agent.testing import forbid_real_requests
from tests.servers import ChatServer, running_chat_server

forbid_real_requests()
# A loaded machine is no failure, and a run is to be repeatable.
settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")

TODAY = dt.date(2026, 1, 1)


@pytest.fixture(scope="session")
def _chat_server() -> Iterator[ChatServer]:
    with running_chat_server() as server:
        yield server


@pytest.fixture
def chat_server(_chat_server: ChatServer) -> ChatServer:
    """A chat-completions server on 127.0.0.1: `chat_server.script(["first reply", …])`."""
    _chat_server.script([])
    return _chat_server


@pytest.fixture(scope="session", autouse=True)
def _one_day() -> Iterator[None]:
    """Let the whole suite run on one day."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "today", lambda: TODAY)
        yield
