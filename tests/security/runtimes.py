"""Ways to make a runtime, named in a job as `"tests.security.runtimes:strict"`.

Each takes what is to be injected, as every runtime does.
"""

import importlib
from importlib.util import find_spec
from typing import Any

from cave_agent.runtime import PythonRuntime
from cave_agent.runtime.base import Runtime

_HAS_RULES = find_spec("cave_agent.security") is not None
_SECURITY: Any = importlib.import_module("cave_agent.security") if _HAS_RULES else None


def unprotected(**injected: Any) -> Runtime:
    """Make a runtime without rules."""
    return PythonRuntime(**injected)


def standard(**injected: Any) -> Runtime:
    """Make a runtime with the rules against honest mistakes."""
    return _protected("standard", injected)


def strict(**injected: Any) -> Runtime:
    """Make a runtime with the allow-lists and the guard."""
    return _protected("strict", injected)


def _protected(rules: str, injected: dict[str, Any]) -> Runtime:
    checker = getattr(_SECURITY.SecurityChecker, rules)()
    return PythonRuntime(**{**injected, "security_checker": checker})
