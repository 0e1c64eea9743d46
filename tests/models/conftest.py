"""The providers that the suite runs over."""

import asyncio
from collections.abc import Callable
from importlib.util import find_spec
from typing import TypeAlias

import pytest

from cave_agent.models import LiteLLMModel, Model, OpenAIServerModel, RetryPolicy, TokenUsage
from tests.servers import ChatServer

KEY = "sk-a-key-that-nobody-may-see"
HELLO = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi 👋"}]
QUICK = RetryPolicy(attempts=3, first_delay=0.001)

MakeModel: TypeAlias = Callable[..., Model]


def call(model: Model) -> tuple[str, str | None, TokenUsage]:
    """Ask a model; return text, finish reason and usage."""
    response = asyncio.run(model.call(HELLO))
    return response.content, response.finish_reason, response.token_usage


def skip_without(package: str) -> None:
    """Skip where a package is missing; it is not imported, which is for the model to do."""
    if find_spec(package) is None:
        pytest.skip(f"the {package} extra is not installed")


def make_openai(base_url: str, **options: object) -> Model:
    """Make a model on the openai SDK."""
    skip_without("openai")
    return OpenAIServerModel("scripted", base_url, KEY, **{"retry": QUICK, **options})  # type: ignore[arg-type]


def make_litellm(base_url: str, **options: object) -> Model:
    """Make a model on litellm."""
    skip_without("litellm")
    options = {"retry": QUICK, "custom_llm_provider": "openai", **options}
    return LiteLLMModel("scripted", base_url, KEY, **options)  # type: ignore[arg-type]


@pytest.fixture(params=[make_openai, make_litellm], ids=["openai", "litellm"])
def make_model(request: pytest.FixtureRequest) -> MakeModel:
    """Make a model at an address, with each SDK in turn."""
    maker: MakeModel = request.param
    maker("http://127.0.0.1:9/v1")  # skips here where the SDK is missing
    return maker


@pytest.fixture
def model(make_model: MakeModel, chat_server: ChatServer) -> Model:
    """A model on the scripted server, with each SDK in turn."""
    return make_model(chat_server.base_url)
