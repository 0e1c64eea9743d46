"""Runtimes: where live objects are, and where cells run."""

from cave_agent.results import CellError, ExecutionResult, OutputChunk, RichOutput
from cave_agent.runtime.base import Runtime
from cave_agent.runtime.digests import digest
from cave_agent.runtime.python import PythonRuntime
from cave_agent.runtime.resources import Function, Type, Variable
from cave_agent.runtime.tracebacks import ErrorFeedbackMode

__all__ = [
    "CellError",
    "ErrorFeedbackMode",
    "ExecutionResult",
    "Function",
    "OutputChunk",
    "PythonRuntime",
    "RichOutput",
    "Runtime",
    "Type",
    "Variable",
    "digest",
]
