"""Images on their way to providers, and those that refuse them."""

import pytest

from cave_agent import CaveAgent
from cave_agent.errors import ModelAuthenticationError, ModelRequestError
from cave_agent.models import LiteLLMModel, Model
from tests.models.conftest import skip_without
from tests.servers import ChatServer, error_reply

DRAW = "```python\nfrom PIL import Image\nImage.new('RGB', (8, 8))\n```"


def test_images_are_sent(model: Model, chat_server: ChatServer) -> None:
    chat_server.script([DRAW, "It is black."])
    assert CaveAgent(model, images=True).run_sync("Draw").content == "It is black."
    first, second = (request.body["messages"] for request in chat_server.requests())
    assert all(isinstance(message["content"], str) for message in first)
    text, image = second[-1]["content"]
    assert "<execution_result" in text["text"]
    assert image["image_url"]["url"].startswith("data:image/png;base64,iVBOR")


def test_a_refusal_is_told_and_the_agent_goes_on_without(
    model: Model, chat_server: ChatServer
) -> None:
    chat_server.script(
        [DRAW, error_reply(400, "this model takes no images"), "Sorry.", DRAW, "Ok."]
    )
    agent = CaveAgent(model, images=True)
    with pytest.raises(ModelRequestError, match=r"takes no images.* give CaveAgent images=False"):
        agent.run_sync("Draw")
    assert agent.run_sync("Go on").content == "Sorry."
    assert agent.run_sync("Draw").content == "Ok."
    bodies = [request.body["messages"] for request in chat_server.requests()]
    assert [any(isinstance(m["content"], list) for m in body) for body in bodies] == [
        *(False, True, False, False, False)
    ]


def test_another_error_is_not_blamed_on_images(model: Model, chat_server: ChatServer) -> None:
    chat_server.script([error_reply(400, "no such thing"), DRAW, error_reply(401, "no")])
    agent = CaveAgent(model, images=True)
    with pytest.raises(ModelRequestError) as told:
        agent.run_sync("Hello")
    assert "images" not in str(told.value)
    with pytest.raises(ModelAuthenticationError) as told:
        agent.run_sync("Draw")
    assert "images" not in str(told.value)


@pytest.mark.parametrize(
    ("name", "takes_images"),
    [
        ("gpt-4o", True),
        ("anthropic/claude-sonnet-4-5", True),
        ("gpt-3.5-turbo", False),
        ("unheard-of", None),
    ],
)
def test_what_litellm_knows_of_a_model(name: str, takes_images: bool | None) -> None:
    skip_without("litellm")
    assert LiteLLMModel(name, api_key="none").takes_images is takes_images
