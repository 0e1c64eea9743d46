"""What is special about litellm."""

import asyncio
import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from cave_agent.errors import (
    MissingExtraError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelError,
    ModelRequestError,
)
from cave_agent.models import LiteLLMModel, RetryPolicy, TokenUsage
from tests.servers import DONE, ChatServer, Reply, chunk, error_reply

litellm_is_here = pytest.mark.skipif(
    find_spec("litellm") is None, reason="the litellm extra is not installed"
)

HELLO = [{"role": "user", "content": "Hi"}]


def litellm_model(server: ChatServer, **options: object) -> LiteLLMModel:
    return LiteLLMModel(
        "scripted",
        server.base_url,
        "some-key",
        custom_llm_provider="openai",
        **options,  # type: ignore[arg-type]
    )


@litellm_is_here
def test_provider_in_the_model_id(chat_server: ChatServer) -> None:
    chat_server.script(["hello"])
    model = LiteLLMModel("openai/scripted", chat_server.base_url, "some-key")
    assert asyncio.run(model.call(HELLO)).content == "hello"
    assert chat_server.requests()[0].body["model"] == "scripted"


@litellm_is_here
def test_usage_that_litellm_counted_itself_is_an_estimate(chat_server: ChatServer) -> None:
    chat_server.script([Reply([chunk("one two"), chunk(finish_reason="stop"), DONE])])
    usage = asyncio.run(litellm_model(chat_server).call(HELLO)).token_usage
    assert usage.estimated
    assert usage.completion_tokens > 0


@litellm_is_here
def test_usage_of_the_provider_is_none(chat_server: ChatServer) -> None:
    chat_server.script(["one two"])
    assert asyncio.run(litellm_model(chat_server).call(HELLO)).token_usage == TokenUsage(10, 1)


@litellm_is_here
def test_mock_of_litellm_itself() -> None:
    model = LiteLLMModel("openai/gpt-5", "http://127.0.0.1:9", "some-key", mock_response="hello")
    response = asyncio.run(model.call(HELLO))
    assert (response.content, response.finish_reason) == ("hello", "stop")


@litellm_is_here
def test_it_prints_nothing(chat_server: ChatServer, capfd: pytest.CaptureFixture[str]) -> None:
    chat_server.script([error_reply(400)])
    with pytest.raises(ModelRequestError):
        asyncio.run(litellm_model(chat_server).call(HELLO))
    with pytest.raises(ModelRequestError):
        asyncio.run(LiteLLMModel("no-such-provider/x", "http://127.0.0.1:9").call(HELLO))
    assert capfd.readouterr() == ("", "")


def failed_call(
    monkeypatch: pytest.MonkeyPatch, raised: Exception | None, model_id: str, **options: object
) -> tuple[ModelError, int]:
    """Call a model without a key in the environment; return the error and the attempts made.

    Where an exception is given, litellm raises it; otherwise it finds out by itself.
    """
    for name in [name for name in os.environ if name.endswith(("_API_KEY", "_BASE_URL"))]:
        monkeypatch.delenv(name)
    model = LiteLLMModel(model_id, retry=RetryPolicy(3, 0.001), **options)  # type: ignore[arg-type]
    attempts = []

    def ask(*_: object) -> None:  # takes the place of the ban: no request gets as far as that
        attempts.append(1)
        if raised is not None:
            raise raised

    monkeypatch.setattr("cave_agent.models.litellm.check_real_request", ask)
    with pytest.raises(ModelError) as caught:
        asyncio.run(model.call(HELLO))
    assert "Traceback" not in str(caught.value)
    return caught.value, len(attempts)


@litellm_is_here
@pytest.mark.parametrize(
    ("model_id", "options", "variable"),
    [
        ("gpt-4", {}, "OPENAI_API_KEY."),
        ("my-model", {"custom_llm_provider": "openai"}, "OPENAI_API_KEY."),
        ("gemini/gemini-pro", {}, "GOOGLE_API_KEY, GEMINI_API_KEY."),
        ("anthropic/claude-sonnet-4-5", {}, "ANTHROPIC_API_KEY"),
        ("openai/x", {"base_url": "http://127.0.0.1:9/v1"}, "variable of the provider"),
    ],
)
def test_missing_key_says_what_to_do_and_is_final(
    monkeypatch: pytest.MonkeyPatch, model_id: str, options: dict[str, object], variable: str
) -> None:
    error, attempts = failed_call(monkeypatch, None, model_id, **options)
    assert type(error) is ModelAuthenticationError
    assert variable in str(error)
    assert attempts == 1


@litellm_is_here
@pytest.mark.parametrize(
    ("model_id", "options"),
    [
        ("gemini/gemini-pro", {"api_key": "some-key"}),
        ("gemini/gemini-pro", {"api_base": "http://127.0.0.1:9"}),
        ("vertex_ai/gemini-pro", {"vertex_credentials": "file.json"}),
        ("no-such-provider/x", {}),
    ],
)
def test_a_value_error_is_no_missing_key_where_none_is_missing(
    monkeypatch: pytest.MonkeyPatch, model_id: str, options: dict[str, object]
) -> None:
    error, _ = failed_call(monkeypatch, ValueError("odd"), model_id, **options)
    assert type(error) is ModelError


@litellm_is_here
def test_a_lost_connection_is_no_missing_key(monkeypatch: pytest.MonkeyPatch) -> None:
    error, attempts = failed_call(monkeypatch, ConnectionResetError("reset"), "ollama/llama3")
    assert type(error) is ModelConnectionError
    assert attempts == 3


@litellm_is_here
def test_a_traceback_of_litellm_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    raised = ConnectionError("lost\nTraceback (most recent call last):\n  File …")
    error, _ = failed_call(monkeypatch, raised, "gpt-4")
    assert "ConnectionError: lost. Check" in str(error)


@litellm_is_here
@pytest.mark.slow
def test_import_opens_no_connection_and_keeps_a_choice_of_the_user() -> None:
    program = """
import os, socket, sys
def refuse(*args, **kwargs):
    raise AssertionError("litellm opened a connection")
socket.socket.connect = refuse
socket.create_connection = refuse
from cave_agent.models import LiteLLMModel
assert "litellm" not in sys.modules
LiteLLMModel("gpt-5")
print(os.environ["LITELLM_LOCAL_MODEL_COST_MAP"])
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    environment.pop("LITELLM_LOCAL_MODEL_COST_MAP", None)
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.stdout, done.stderr) == ("True\n", "")


@pytest.mark.parametrize("version", ["1.82.7", "1.82.8"])
def test_malicious_releases_are_refused_unread(
    monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda _: version)
    monkeypatch.setitem(sys.modules, "litellm", None)  # importing it would fail otherwise
    with pytest.raises(MissingExtraError, match="malicious"):
        LiteLLMModel("gpt-5")


def test_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "litellm", None)
    with pytest.raises(MissingExtraError, match=r"cave-agent\[litellm\]"):
        LiteLLMModel("gpt-5")


@litellm_is_here
@pytest.mark.parametrize(
    ("model_id", "options"),
    [
        ("gpt-4", {}),
        ("openai/gpt-4", {}),
        ("gpt-4", {"custom_llm_provider": "openai"}),
        ("gemini/gemini-2.5-pro", {}),
    ],
)
def test_the_window_of_a_model_that_litellm_knows(model_id: str, options: dict[str, str]) -> None:
    window = LiteLLMModel(model_id, api_key="some-key", **options).context_window  # type: ignore[arg-type]
    assert window == (1_048_576 if "gemini" in model_id else 8_192)


@litellm_is_here
@pytest.mark.parametrize("model_id", ["ollama/no-such-model", "scripted", "openai/"])
def test_the_window_of_another_model_is_not_known(model_id: str) -> None:
    assert LiteLLMModel(model_id, api_key="some-key").context_window is None
