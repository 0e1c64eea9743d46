"""What is special about the openai SDK."""

import asyncio

import pytest

from cave_agent.errors import ModelAuthenticationError, RealRequestError
from cave_agent.models import OpenAIServerModel
from tests.servers import ChatServer

pytest.importorskip("openai", reason="the openai extra is not installed")

HELLO = [{"role": "user", "content": "Hi"}]


@pytest.fixture(autouse=True)
def _no_key_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID"):
        monkeypatch.delenv(name, raising=False)


def test_own_server_needs_no_key(chat_server: ChatServer) -> None:
    chat_server.script(["hello"])
    model = OpenAIServerModel("scripted", chat_server.base_url)
    assert asyncio.run(model.call(HELLO)).content == "hello"


def test_key_is_taken_from_the_environment(
    chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "from-the-environment")
    chat_server.script(["hello"])
    asyncio.run(OpenAIServerModel("scripted", chat_server.base_url).call(HELLO))
    assert chat_server.requests()[0].headers["authorization"] == "Bearer from-the-environment"


def test_missing_key_says_what_to_do() -> None:
    with pytest.raises(ModelAuthenticationError, match="OPENAI_API_KEY"):
        asyncio.run(OpenAIServerModel("gpt-5").call(HELLO))


def test_organization_and_project(chat_server: ChatServer) -> None:
    chat_server.script(["hello"])
    model = OpenAIServerModel("scripted", chat_server.base_url, "key", "our-org", "our-project")
    asyncio.run(model.call(HELLO))
    headers = chat_server.requests()[0].headers
    assert headers["openai-organization"] == "our-org"
    assert headers["openai-project"] == "our-project"


def test_address_from_the_environment_counts_for_the_ban(
    chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RealRequestError):
        asyncio.run(OpenAIServerModel("gpt-5", api_key="key").call(HELLO))
    monkeypatch.setenv("OPENAI_BASE_URL", chat_server.base_url)
    chat_server.script(["hello"])
    assert asyncio.run(OpenAIServerModel("gpt-5", api_key="key").call(HELLO)).content == "hello"
