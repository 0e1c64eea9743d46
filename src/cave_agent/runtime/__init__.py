"""Runtimes: where live objects are, and where cells run."""

from typing import TYPE_CHECKING, Any

from cave_agent.results import (
    CellError,
    Change,
    ChangeKind,
    ExecutionResult,
    FieldChange,
    OutputChunk,
    RichOutput,
)
from cave_agent.runtime.base import Runtime
from cave_agent.runtime.python import PythonRuntime
from cave_agent.runtime.resources import Function, Type, Variable
from cave_agent.runtime.tracebacks import ErrorFeedbackMode

if TYPE_CHECKING:
    from cave_agent.runtime.digests import digest

__all__ = [
    "CellError",
    "Change",
    "ChangeKind",
    "ErrorFeedbackMode",
    "ExecutionResult",
    "FieldChange",
    "Function",
    "OutputChunk",
    "PythonRuntime",
    "RichOutput",
    "Runtime",
    "Type",
    "Variable",
    "digest",
]


def __getattr__(name: str) -> Any:
    """Load `digest` when it is asked for: a cell without variables needs none of it."""
    if name == "digest":
        from cave_agent.runtime.digests import digest  # noqa: PLC0415

        return digest
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
