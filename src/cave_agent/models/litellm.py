"""Models behind `litellm`: one interface to many providers."""

import os
from dataclasses import replace
from typing import Any

from cave_agent._extras import require
from cave_agent.errors import MissingExtraError
from cave_agent.models._chat_completions import ChatCompletionsModel, Reply
from cave_agent.models._resources import PerLoop, close
from cave_agent.models.base import ProviderMessages
from cave_agent.models.real_requests import check_real_request
from cave_agent.models.retry import RetryPolicy
from cave_agent.usage import TokenUsage

_CREDENTIALS = ("aws_", "azure_", "vertex_")  # options that stand in for a key
_MALICIOUS = {"1.82.7", "1.82.8"}


class _LiteLLMReply(Reply):
    """A reply of a real provider: litellm fills in what the provider did not send."""

    @property
    def _finish_reason(self) -> str | None:
        # Where the provider sent none, litellm's last chunk says "stop" all the same.
        received = getattr(self._chunks, "received_finish_reason", self._told)
        received = received or getattr(self._chunks, "intermittent_finish_reason", None)
        return self._told or received if received else None

    def _usage(self, told: Any) -> TokenUsage:
        # Where the provider sent none, litellm counts with a tokenizer of its own.
        usage = super()._usage(told)
        received = any(getattr(c, "usage", None) for c in getattr(self._chunks, "chunks", ()))
        return usage if received else replace(usage, estimated=True)


class LiteLLMModel(ChatCompletionsModel):
    """A model at any provider that litellm knows.

    Args:
        model_id: Name of the model with its provider, as litellm has it
            (`"anthropic/claude-sonnet-4-5"`).
        base_url: Address of the server; the provider's own if left out.
        api_key: The key; the provider's environment variable if left out.
        retry: How often a failed call is made again; litellm's own retries are off.
        **kwargs: Sent with every request (`temperature=0`, `custom_llm_provider="openai"`).
            `stream_options=None` is for servers that refuse that field.

    Raises:
        MissingExtraError: The `litellm` package is not installed, or is a malicious release.
        ValueError: A keyword argument is one that has its own place here, such as `num_retries`.

    Example:
        >>> model = LiteLLMModel("anthropic/claude-sonnet-4-5", temperature=0)
        >>> model
        LiteLLMModel('anthropic/claude-sonnet-4-5')
    """

    _label = "litellm"

    def __init__(
        self,
        model_id: str,
        base_url: str | None = None,
        api_key: str | None = None,
        *,
        retry: RetryPolicy = RetryPolicy(),
        **kwargs: Any,
    ) -> None:
        super().__init__(model_id, base_url, api_key, retry, kwargs)
        self._sdk = _load()
        self._reply_type = Reply if "mock_response" in kwargs else _LiteLLMReply
        known = self._known()
        self.context_window = _window(known)
        self.takes_images = bool(known.get("supports_vision")) if known else None

    def _known(self) -> dict[str, Any]:
        """Return what litellm's own table says; asking its functions may send a request."""
        provider = self._options.get("custom_llm_provider")
        for name in (f"{provider}/{self.model_id}", self.model_id, self.model_id.partition("/")[2]):
            known: dict[str, Any] | None = self._sdk.model_cost.get(name)
            if known:
                return known
        return {}

    async def _open(self, messages: ProviderMessages) -> Any:
        check_real_request(self, self.base_url or self._options.get("api_base"))
        await _CLIENTS.get()
        return await self._sdk.acompletion(
            model=self.model_id,
            messages=messages,
            base_url=self.base_url,
            api_key=self._api_key,
            stream=True,
            max_retries=0,
            num_retries=0,
            **self._options,
        )

    def _missing_keys(self) -> list[str]:
        given = self._api_key or self.base_url or self._options.get("api_base")
        if given or any(name.startswith(_CREDENTIALS) for name in self._options):
            return []
        provider = self._options.get("custom_llm_provider")
        model = f"{provider}/{self.model_id}" if provider else self.model_id
        names: list[str] = self._sdk.validate_environment(model=model)["missing_keys"]
        return names


def _load() -> Any:
    """Import litellm without its network call and its prints."""
    _refuse_malicious()
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    sdk = require("litellm", extra="litellm")
    sdk.suppress_debug_info = True
    return sdk


def _refuse_malicious() -> None:
    """Refuse by the package's metadata: importing it would run it."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - slow to load

    try:
        installed = version("litellm")
    except PackageNotFoundError:
        return
    if installed in _MALICIOUS:
        message = (
            f"litellm {installed} is a malicious release and is not imported. Remove it, change "
            "the credentials that this machine holds, and run: pip install 'cave-agent[litellm]'"
        )
        raise MissingExtraError(message)


def _key_of_loop() -> str:
    """Return what litellm appends to the keys of the clients that it keeps for this loop."""
    # A counter in newer releases, the loop's id in older ones, which the next loop may get.
    key: str = _load().in_memory_llm_clients_cache.update_cache_key_with_event_loop("")
    return key


async def _close_clients(key_of_loop: str) -> None:
    """Close the HTTP clients that litellm keeps for a loop, and forget them.

    litellm closes none of them before the interpreter ends.
    """
    sdk = _load()
    if sdk.aclient_session is not None:
        return  # the clients share this session of the host's, which closes it
    clients = sdk.in_memory_llm_clients_cache.cache_dict
    shared = vars(sdk).get("module_level_aclient")  # used from all loops, and fit for that
    for key, client in list(clients.items()):
        if str(key).endswith(key_of_loop) and client is not shared:
            clients.pop(key, None)
            await close(client)


_CLIENTS = PerLoop(_key_of_loop, _close_clients)


def _window(known: dict[str, Any]) -> int | None:
    window = known.get("max_input_tokens")
    return window if isinstance(window, int) and window > 0 else None
