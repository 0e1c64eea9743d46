"""Importing for cells: each module, and what is taken out of it, is checked first."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

from cave_agent.runtime.guarded_names import exact, module_name


class Imports:
    """What cells find in place of the functions that import.

    Args:
        importer: What imports where no rule is asked.
        check_module: Raises where rules refuse a module.
        check_member: Raises where rules refuse a member of a module.
        handed_on: Returns what cells get in place of a member that was read, or raises.
    """

    def __init__(
        self,
        importer: Callable[..., Any],
        check_module: Callable[[str], None],
        check_member: Callable[[str, str], None],
        handed_on: Callable[[Any, str, Any], Any],
    ) -> None:
        self._importer = importer
        self._check_module = check_module
        self._check_member = check_member
        self._handed_on = handed_on

    def import_for_statement(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002 - the names that Python gives them
        locals: Mapping[str, Any] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        """Import as the import statement does, which gets what rules leave of a module."""
        if type(fromlist) is list and not fromlist:
            # This is how C code imports what it needs itself; it does not use what is returned.
            # Cells that call this function get the other one, see `_import_called`.
            self._importer(name, globals, locals, fromlist, level)
            return None
        module = self.import_called(name, globals, locals, fromlist, level)
        if not fromlist:
            return module
        names = list(fromlist)
        if "*" in names:
            public = [each for each in vars(module) if not each.startswith("_")]
            names = list(getattr(module, "__all__", public))
        taken = ModuleType(module_name(module))
        is_whole = True
        for each in names:
            try:
                value = getattr(module, each)
            except AttributeError:  # the import statement tells it
                continue
            admitted = self._handed_on(module, each, value)
            is_whole = is_whole and admitted is value
            setattr(taken, each, admitted)
        taken.__dict__["__all__"] = names
        return module if is_whole else taken

    def import_called(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002
        locals: Mapping[str, Any] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        """Import for a cell that calls `__import__`; what it reads of the module is checked."""
        name = exact(name)
        package = globals.get("__package__") if level and globals else None
        self._check_module(f"{package}.{name}".rstrip(".") if package else name)
        module = self._importer(name, globals, locals, fromlist, level)
        self._check_module(module_name(module))
        return module

    def by_module_name(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that is given a name of a module, or of something in one, first."""

        def checked(name: str, *arguments: Any, **named: Any) -> Any:
            module, _, path = exact(name).partition(":")
            self._check_module(module)
            owner, _, member = f"{module}.{path}".rstrip(".").rpartition(".")
            if function is pkgutil.resolve_name and owner:
                self._check_member(owner, member)
            return function(name, *arguments, **named)

        return checked

    def import_module(self, name: str, package: str | None = None) -> ModuleType:
        """Import as `importlib.import_module` does."""
        self._check_module(name := exact(name))
        module = importlib.import_module(name, package)
        self._check_module(module_name(module))
        return module
