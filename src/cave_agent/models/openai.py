"""Models behind the `openai` SDK: OpenAI itself, and every server that speaks its protocol."""

import os
from functools import partial
from typing import Any

from cave_agent._extras import require
from cave_agent.errors import ModelAuthenticationError
from cave_agent.models._chat_completions import ChatCompletionsModel
from cave_agent.models._resources import PerLoop
from cave_agent.models.base import ProviderMessages
from cave_agent.models.real_requests import check_real_request
from cave_agent.models.retry import RetryPolicy


class OpenAIServerModel(ChatCompletionsModel):
    """A model on OpenAI or on any server that speaks the same protocol.

    It can be used in several event loops and threads at once: each loop gets a client of its own,
    which is closed with the loop.

    Args:
        model_id: Name of the model on that server.
        base_url: Address of the server, up to `/v1`; OpenAI's own (or `OPENAI_BASE_URL`) if left
            out.
        api_key: The key; `OPENAI_API_KEY` if left out. A server at `base_url` that wants none
            needs none here.
        organization: OpenAI organization to charge.
        project: OpenAI project to charge.
        retry: How often a failed call is made again; the SDK's own retries are off.
        **kwargs: Sent with every request (`temperature=0`, `timeout=30`, `extra_body={…}`).
            `stream_options=None` is for servers that refuse that field; they report no usage.

    Raises:
        MissingExtraError: The `openai` package is not installed.
        ValueError: A keyword argument is one that has its own place here, such as `max_retries`.

    Example:
        >>> model = OpenAIServerModel("qwen3", "http://localhost:8000/v1", temperature=0)
        >>> model
        OpenAIServerModel('qwen3', base_url='http://localhost:8000/v1')
    """

    takes_images = True  # many do, and no server tells which
    _label = "openai"

    def __init__(
        self,
        model_id: str,
        base_url: str | None = None,
        api_key: str | None = None,
        organization: str | None = None,
        project: str | None = None,
        *,
        retry: RetryPolicy = RetryPolicy(),
        **kwargs: Any,
    ) -> None:
        super().__init__(model_id, base_url, api_key, retry, kwargs)
        sdk = require("openai", extra="openai")
        if not api_key and base_url and not os.environ.get("OPENAI_API_KEY"):
            api_key = "none"  # the SDK insists on one, and many servers of one's own do not
        connect = partial(
            sdk.AsyncOpenAI,
            api_key=api_key,
            base_url=base_url,
            organization=organization,
            project=project,
            max_retries=0,
        )
        self._sdk = sdk
        self._clients = PerLoop[Any](connect)

    async def _open(self, messages: ProviderMessages) -> Any:
        client = await self._client()
        check_real_request(self, str(client.base_url))
        return await client.chat.completions.create(
            model=self.model_id, messages=messages, stream=True, **self._options
        )

    async def _client(self) -> Any:
        try:
            return await self._clients.get()
        except self._sdk.OpenAIError as error:
            message = f"{self!r} has no API key. Pass api_key=… or set OPENAI_API_KEY."
            raise ModelAuthenticationError(message) from error
