"""Ways to make a runtime, named in a job as `"tests.security.runtimes:strict"`.

Each takes what is to be injected, as every runtime does.
"""

import importlib
from typing import Any

from cave_agent.runtime import PythonRuntime
from cave_agent.runtime.base import Runtime


def unprotected(**injected: Any) -> Runtime:
    """Make a runtime without rules."""
    return PythonRuntime(**injected)


def standard(**injected: Any) -> Runtime:
    """Make a runtime with the rules against honest mistakes."""
    return _protected(_checkers().standard(), injected)


def strict(**injected: Any) -> Runtime:
    """Make a runtime with the allow-lists and the guard."""
    return _protected(_checkers().strict(), injected)


def _checkers() -> Any:
    return importlib.import_module("cave_agent.security").SecurityChecker


def _protected(checker: Any, injected: dict[str, Any]) -> Runtime:
    return PythonRuntime(**{**injected, "security_checker": checker})
