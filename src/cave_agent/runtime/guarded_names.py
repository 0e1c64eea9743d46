"""What the guard needs to know of names: whose they are, and how they read for good."""

import sys
from types import ModuleType
from typing import Any


def module_of(names: object) -> str | None:
    """Return the name of the module whose attributes a dict holds, `None` for any other object.

    Example:
        >>> import math
        >>> module_of(vars(math)), module_of({"__name__": "math"})
        ('math', None)
    """
    if type(names) is not dict:
        return None
    name = names.get("__name__")
    module = sys.modules.get(name) if type(name) is str else None
    return name if getattr(module, "__dict__", None) is names else None


def exact(name: Any) -> Any:
    """Return a name as a plain text: one of a class of its own could change when read again."""
    return str.__str__(name) if issubclass(type(name), str) else name


def module_name(module: ModuleType) -> str:
    """Return the name of a module; an empty text where it has none."""
    name = getattr(module, "__name__", None)
    return name if isinstance(name, str) else ""
