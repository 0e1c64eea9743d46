"""What providers are sent."""

import asyncio

import pytest

from cave_agent import CaveAgent
from cave_agent.models import OpenAIServerModel
from cave_agent.runtime import PythonRuntime, Variable
from cave_agent.testing import ScriptedModel
from tests.servers import ChatServer

NAME = b"caf\xe9 \xe2\x82\xac.txt".decode(errors="surrogateescape")  # as os.listdir gives it


def test_half_a_surrogate_pair_is_escaped_wherever_it_comes_from() -> None:
    runtime = PythonRuntime(variables=[Variable("first", 1, f"read from {NAME}")])
    model = ScriptedModel(["```python\nprint(name)\n```", f"I see {NAME}.", "Done."])
    agent = CaveAgent(model, runtime)
    asyncio.run(agent.run(f"Look at {NAME}"))
    runtime.inject_variable(Variable("name", NAME, f"it is {NAME}"))
    response = asyncio.run(agent.run("Look again"))
    assert response.content == "Done."
    sent = "\n".join(message["content"] for message in model.requests[-1])
    assert sent.encode().decode() == sent
    for words in ("read from", "Look at", "it is", "I see"):
        assert f"{words} caf\\udce9 €.txt" in sent


def test_conversation_goes_on_after_a_cell_that_prints_one(chat_server: ChatServer) -> None:
    pytest.importorskip("openai")
    agent = CaveAgent(OpenAIServerModel("model-id", base_url=chat_server.base_url, api_key="key"))
    chat_server.script(["```python\nprint('\\ud800 ä')\n```", "One file.", "Hello."])
    assert asyncio.run(agent.run("List them")).content == "One file."
    assert asyncio.run(agent.run("Hello?")).content == "Hello."
    assert agent.messages[3].content.count("\ud800 ä"), "the host has it as it is"
    assert "\\ud800 ä" in chat_server.requests()[-1].body["messages"][3]["content"]
