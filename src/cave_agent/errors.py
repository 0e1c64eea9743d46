"""Every error that this library raises to its host, in one tree.

```
CaveAgentError
├── ModelError                    the model, or the way to it, failed
│   ├── ModelRequestError         the provider refused the request: mend it, do not repeat it
│   │   ├── ModelAuthenticationError
│   │   └── ContextWindowExceededError
│   ├── ModelUnavailableError     worth another try: overload, limits, a lost connection
│   │   ├── ModelRateLimitError
│   │   ├── ModelServerError
│   │   └── ModelConnectionError
│   └── ModelStreamError          the reply broke off or was no reply (worth another try)
├── RuntimeUnusableError          a runtime cannot run cells
│   ├── RuntimeBusyError          an earlier cell cannot be stopped and still runs
│   └── RuntimeClosedError
├── AgentNestingError             agents run each other in a circle, or too deep
├── SecurityError                 a cell did what a rule forbids (also a PermissionError)
├── MissingObjectError            an object that was asked for was not left (also a KeyError)
├── SkillError                    a skill cannot be read or activated, or a file of it used
├── MissingExtraError             an optional package is not installed (also an ImportError)
└── TestingError                  raised by `cave_agent.testing` only
    ├── ScriptExhaustedError
    ├── CassetteMismatchError
    └── RealRequestError
```

Code in a cell that fails is no error here: it becomes an observation that the model can mend.
"""


class CaveAgentError(Exception):
    """Base of all errors of this library: catch it to catch them all."""


class ModelError(CaveAgentError):
    """The model, or the way to it, failed for good.

    The provider's own exception is the `__cause__`.
    """


class ModelRequestError(ModelError):
    """The provider refused the request (HTTP 4xx). Change the request before sending it again."""


class ModelAuthenticationError(ModelRequestError):
    """The provider refused the API key (HTTP 401 or 403), or there is none to send."""


class ContextWindowExceededError(ModelRequestError):
    """The conversation is longer than the model can read, also after it was compacted."""


class ModelUnavailableError(ModelError):
    """The provider could not answer now; another try may succeed.

    Attributes:
        retry_after: Seconds that the provider asked to wait, or `None`.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ModelRateLimitError(ModelUnavailableError):
    """Too many requests or tokens (HTTP 429)."""


class ModelServerError(ModelUnavailableError):
    """The provider failed (HTTP 408, 409 or 5xx)."""


class ModelConnectionError(ModelUnavailableError):
    """No connection to the provider, or it was lost, or it took too long."""


class ModelStreamError(ModelError):
    """The reply broke off, ended without a finish reason, or was no event stream at all."""


class RuntimeUnusableError(CaveAgentError):
    """A runtime cannot run cells."""


class RuntimeBusyError(RuntimeUnusableError):
    """A cell that could not be stopped at its time limit still runs.

    Two cells never run at once, so the runtime refuses others until that call ends.
    """


class RuntimeClosedError(RuntimeUnusableError):
    """The runtime was closed. Make a new one."""


class AgentNestingError(CaveAgentError):
    """An agent was to run where its answer could never come, or too deep within other runs."""


class SecurityError(CaveAgentError, PermissionError):
    """Code did at run time what a security rule forbids.

    It is raised in the cell, and is a `PermissionError`, too: libraries that cannot use a file know
    what to do. A cell that does not even begin, because its text holds something
    forbidden, is a result with `violations`.

    Attributes:
        is_told: Whether it stands among the violations of a cell already.
    """

    is_told = False


class MissingObjectError(CaveAgentError, KeyError):
    """An object that was asked for is not there; the message says why and what to do."""

    def __str__(self) -> str:
        return str(self.args[0])  # a KeyError shows its message quoted


class SkillError(CaveAgentError):
    """A skill cannot be read or activated, or one of its files cannot be read or run.

    In a cell it is an exception as any other: the model reads the message and goes on.
    """


class MissingExtraError(CaveAgentError, ImportError):
    """An optional package is needed and not installed."""


class TestingError(CaveAgentError):
    """Base of the errors that `cave_agent.testing` raises."""

    __test__ = False  # keeps pytest from collecting this class


class ScriptExhaustedError(TestingError):
    """A `ScriptedModel` was asked for more replies than its script has."""


class CassetteMismatchError(TestingError):
    """A request differs from the one in the cassette; the message shows the difference."""


class RealRequestError(TestingError):
    """A real request to a provider was attempted while `forbid_real_requests` is in force."""
