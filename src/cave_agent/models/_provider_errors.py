"""From an SDK's exception to one of ours: by type, status and code.

Whether the same call is made again is never decided by an error's text. Only whether a prompt was
too long is, since most servers have no code for that: it is made shorter, and tried once.
"""

import json
import math
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

from cave_agent.errors import (
    ContextWindowExceededError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelError,
    ModelRateLimitError,
    ModelRequestError,
    ModelServerError,
    ModelStreamError,
    ModelUnavailableError,
)

_MAX_DETAIL = 1000
_TRACEBACK = "Traceback (most recent call last)"  # litellm puts a whole one into some messages
_MIN_SECRET = 8  # shorter ones are placeholders such as "none"
_MASK = "***"
_MOST_LEVELS = 20
_TOO_LONG = {  # by the fields `code`, `type` and `param` of an error
    "context_length_exceeded",  # OpenAI, Azure, Groq and others
    "exceed_context_size_error",  # llama.cpp, with HTTP 400 or 500
    "input_tokens",  # vLLM
}
_VAGUE_CODES = {"None", "invalid_request_error"}  # beside numbers, which are often the status
# Read only where it is needed. Where it was seen: on github.com, by repository and issue.
_TOLD_TOO_LONG = (
    # vLLM (vllm-project/vllm#20409), DeepSeek (FoundationAgents/OpenManus#79), OpenRouter
    # (refly-ai/refly#1177), xAI (cline/cline#3120)
    r"maximum (?:context|prompt) length is \d"
    r"|too large for model with [\d,]+ maximum context length"  # Mistral, whose code is 3051
    r"|prompt is too long: [\d,]+ tokens"  # Anthropic (anthropics/claude-code#12186)
    # Gemini (google-gemini/gemini-cli#12214), also without the first number
    r"|input token count (?:\([\d,]+\) )?exceeds the maximum number of tokens"
    r"|longer than the model\W+s context length \(\d"  # SGLang (QwenLM/Qwen3#1321)
    # Text Generation Inference (huggingface/text-generation-inference#628 and #695)
    r"|`inputs` (?:tokens \+ `max_new_tokens` must be <=|must have less than) \d"
)
_SECRET_NAMES = ("_API_KEY", "_TOKEN", "_SECRET", "_SECRET_ACCESS_KEY")


class ProviderError(Exception):
    """An error that the provider sent in place of a reply, with HTTP 200.

    Args:
        told: What it said, by the protocol an object with `message` and `code`.
    """

    def __init__(self, told: object) -> None:
        said = told if isinstance(told, dict) else {"message": told}
        super().__init__(str(said.get("message") or told))
        self.code = said.get("code")
        self.type = said.get("type")
        self.param = said.get("param")


def translated(
    error: Exception,
    *,
    target: str,
    secrets: Iterable[str] = (),
    max_delay: float = math.inf,
    missing_keys: Callable[[], Sequence[str]] = tuple,
    begun: bool = False,
    handled: BaseException | None = None,
) -> ModelError:
    """Return the error of ours that an SDK's exception stands for.

    SDKs wrap one exception in another, and litellm gives the wrapper a status of its own making.
    So the innermost exception that tells something decides.

    Args:
        error: What the SDK raised. Secrets in its message, and in those of the exceptions that
            led to it, are masked in place, since a traceback shows them too.
        target: Which model where, for the message.
        secrets: API keys that must not be shown; those in the environment are masked anyway.
        max_delay: Longest wait that the retry policy allows.
        missing_keys: Names the environment variables that a key could stand in and does not.
        begun: Whether the reply had begun to arrive.
        handled: Exception that the caller was handling already, and that has no part in this.
    """
    chain = list(_chain(error, handled))
    _mask(chain, [*secrets, *_environment_secrets()])
    if not begun and (unsent := _without_key(chain[-1], target, missing_keys)):
        return unsent
    if too_long := next(filter(_is_too_long, reversed(chain)), None):
        return _too_long_error(too_long, target)
    for link in reversed(chain):
        found = _translated_link(link, target, max_delay, begun=begun)
        if found is not None:
            return found
    return ModelError(f"The request to {target} failed: {_detail(error)}")


def _without_key(
    root: BaseException, target: str, missing_keys: Callable[[], Sequence[str]]
) -> ModelError | None:
    """Return an error where an SDK, for want of a key, sent no request at all.

    The openai SDK has its bare base class for that; litellm's own providers have `ValueError`,
    which may also mean something else.
    """
    refused = type(root) in tuple(_loaded("openai", "OpenAIError"))
    if not refused and type(root) is not ValueError:
        return None
    names = missing_keys()
    if not refused and not names:
        return None
    variables = ", ".join(names) or "the environment variable of the provider"
    return ModelAuthenticationError(
        f"No request was sent to {target}: {_detail(root)}. Pass api_key=… or set {variables}."
    )


def _translated_link(
    error: BaseException, target: str, max_delay: float, *, begun: bool
) -> ModelError | None:
    lost = isinstance(error, _lost_connection())
    if not lost and (status := _status(error)) is not None:
        message = f"{target} answered HTTP {status}: {_detail(error)}"
        return _from_status(status, message, error, max_delay)
    if begun and (lost or isinstance(error, _broken_chunk())):
        return ModelStreamError(
            f"The reply of {target} broke off: {_detail(error)}. Another try may succeed; if it "
            "keeps happening, look at the server or the proxy before it."
        )
    if lost:
        return ModelConnectionError(
            f"No connection to {target}: {_detail(error)}. Check base_url and the network, or "
            "raise `timeout`."
        )
    return None


def _is_too_long(error: BaseException) -> bool:
    """Whether an exception says that the prompt is over the model's context window."""
    if isinstance(error, tuple(_loaded("litellm", "ContextWindowExceededError"))):
        return True
    said = {str(getattr(error, name, None)) for name in ("code", "type", "param")}
    if not said.isdisjoint(_TOO_LONG):
        return True
    status, code = _status(error), str(getattr(error, "code", None))
    if status in {400, 422} and (code in _VAGUE_CODES or code.isdecimal()):
        return re.search(_TOLD_TOO_LONG, _words(error), re.IGNORECASE) is not None
    return status == 413  # noqa: PLR2004 - Too Large


def _too_long_error(error: BaseException, target: str) -> ContextWindowExceededError:
    status = _status(error)
    answered = "said" if status is None else f"answered HTTP {status}"
    return ContextWindowExceededError(
        f"The conversation is too long: {target} {answered}: {_detail(error)}. Give CaveAgent the "
        "context_window that the model really has, lower max_exec_output or max_tokens, or begin "
        "a new conversation."
    )


def _lost_connection() -> tuple[type[Exception], ...]:
    return (
        ConnectionError,
        TimeoutError,
        *_loaded("openai", "APIConnectionError"),  # litellm's derive from it
        *_loaded("httpx", "TransportError"),
        *_loaded("httpx2", "TransportError"),  # openai moved to it with version 3
    )


def _broken_chunk() -> tuple[type[Exception], ...]:
    return (json.JSONDecodeError, UnicodeDecodeError, *_told_in_the_reply())


def _told_in_the_reply() -> tuple[type[Exception], ...]:
    return (ProviderError, *_loaded("openai", "APIError"))


def _from_status(status: int, message: str, error: BaseException, max_delay: float) -> ModelError:
    if status in {401, 403}:
        return ModelAuthenticationError(f"{message}. Check the API key and what it may use.")
    if status == 429:  # noqa: PLR2004 - Too Many Requests
        advice = "Send fewer requests, or give RetryPolicy more attempts."
        return _unavailable(ModelRateLimitError, message, advice, error, max_delay)
    if status in {408, 409} or status >= 500:  # noqa: PLR2004
        return _unavailable(ModelServerError, message, "Try again later.", error, max_delay)
    return ModelRequestError(
        f"{message}. Change the request (model_id, base_url, messages or options) before sending "
        "it again."
    )


def _unavailable(
    kind: type[ModelUnavailableError],
    message: str,
    advice: str,
    error: BaseException,
    max_delay: float,
) -> ModelError:
    asked = _retry_after(error)
    if asked is not None and asked > max_delay:
        advice = (
            f"The provider asks to wait {asked:g} s, more than max_delay={max_delay:g} s: try "
            "again after that time, or give RetryPolicy a larger max_delay."
        )
    return kind(f"{message}. {advice}", retry_after=asked)


def _chain(error: BaseException, handled: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and those that led to it."""
    seen: set[int] = {id(handled)}
    pending: list[object] = [error]
    while pending:
        current = pending.pop(0)
        if isinstance(current, BaseException) and id(current) not in seen:
            seen.add(id(current))
            yield current
            original = getattr(current, "original_exception", None)  # litellm's mid-stream wrapper
            pending += [original, current.__cause__, current.__context__]


def _status(error: BaseException) -> int | None:
    """Return the HTTP status: of the response, or as told by an error event in the stream."""
    status = getattr(error, "status_code", None)
    if status is None and isinstance(error, _told_in_the_reply()):
        status = getattr(error, "code", None)
    text = str(status)
    return int(text) if text.isdecimal() and 400 <= int(text) < 600 else None  # noqa: PLR2004


def _loaded(module: str, name: str) -> Iterator[type[Exception]]:
    """Yield a class of an optional module; what is not loaded cannot have raised anything."""
    if module in sys.modules:
        yield getattr(sys.modules[module], name)


def _detail(error: BaseException) -> str:
    text = f"{type(error).__name__}: {_words(error)}".partition(_TRACEBACK)[0]
    text = text.strip().rstrip(".")
    return text if len(text) <= _MAX_DETAIL else text[:_MAX_DETAIL] + " […]"


def _words(error: BaseException) -> str:
    """Return what an error says; of a body of another form than usual, the SDK tells nothing."""
    body = getattr(error, "body", None)
    if isinstance(body, list) and body:  # Gemini's
        body = body[0]
    if isinstance(body, dict) and "message" not in body:
        body = body.get("error")
    said = body.get("message") if isinstance(body, dict) else body
    return said if isinstance(said, str) and said else str(error)


def _retry_after(error: BaseException) -> float | None:
    """Return the seconds that the provider asked to wait."""
    response = getattr(error, "response", None)
    for headers in (
        getattr(error, "litellm_response_headers", None),
        getattr(response, "headers", None),
    ):
        seconds = retry_after(headers) if headers is not None else None
        if seconds is not None:
            return seconds
    return None


def retry_after(headers: Mapping[str, Any]) -> float | None:
    """Read `retry-after-ms` and `Retry-After` (seconds or an HTTP date).

    Returns:
        Seconds to wait, or `None` where the headers do not say or make no sense.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    seconds = _number(value)
    if seconds is not None or not value:
        return seconds
    try:
        return max(0.0, parsedate_to_datetime(str(value)).timestamp() - time.time())
    except ValueError:
        return None


def _number(value: object) -> float | None:
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _environment_secrets() -> list[str]:
    return [value for name, value in os.environ.items() if name.endswith(_SECRET_NAMES)]


def _mask(errors: Iterable[BaseException], secrets: Iterable[str]) -> None:
    """Replace secrets in the messages of exceptions."""
    long_enough = [secret for secret in secrets if len(secret) >= _MIN_SECRET]
    for error in errors:
        for secret in long_enough:
            _mask_one(error, secret)


def _mask_one(error: BaseException, secret: str) -> None:
    error.args = tuple(
        arg.replace(secret, _MASK) if isinstance(arg, str) else arg for arg in error.args
    )
    for name in ("message", "body"):
        value = getattr(error, name, None)
        masked = _masked(value, secret)
        if masked != value:
            setattr(error, name, masked)


def _masked(value: Any, secret: str, levels: int = _MOST_LEVELS) -> Any:
    """Return what a server sent, without the secret, and without what is nested very deep."""
    if isinstance(value, str):
        return value.replace(secret, _MASK)
    if not isinstance(value, list | dict):
        return value
    if not levels:
        return _MASK
    if isinstance(value, list):
        return [_masked(each, secret, levels - 1) for each in value]
    return {key: _masked(each, secret, levels - 1) for key, each in value.items()}
