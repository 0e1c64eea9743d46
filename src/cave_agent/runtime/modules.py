"""Making a namespace importable under its name without keeping it alive.

Pickle, dataclasses, pydantic and `typing.get_type_hints` look a class's module up in `sys.modules`.
"""

import sys
import weakref
from types import ModuleType
from typing import Any


class _ModuleView(ModuleType):
    """Stands in `sys.modules` for a module that belongs to a runtime, and refers to it weakly."""

    def __init__(self, module: ModuleType) -> None:
        object.__setattr__(self, "_module", weakref.ref(module))

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]  # a class may define it so
        module = object.__getattribute__(self, "_module")()
        return {} if module is None else module.__dict__

    def __getattribute__(self, name: str) -> Any:
        if name in ("__dict__", "__class__"):
            return object.__getattribute__(self, name)
        module = object.__getattribute__(self, "_module")()
        if module is None:
            message = f"the runtime that {name!r} was looked up in is gone"
            raise AttributeError(message)
        return getattr(module, name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(object.__getattribute__(self, "_module")(), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(object.__getattribute__(self, "_module")(), name)

    def __dir__(self) -> list[str]:
        return sorted(self.__dict__)


def register_module(module: ModuleType) -> None:
    """Make a module importable by its name for as long as it lives.

    Args:
        module: The module; its name must be free in `sys.modules`.
    """
    sys.modules[module.__name__] = _ModuleView(module)
    weakref.finalize(module, sys.modules.pop, module.__name__, None).atexit = False
