"""The rules of `SecurityChecker.strict()`: an allow-list, and no way around it by attributes."""

import ast
import builtins
import re
from collections.abc import Iterable, Iterator
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType, SimpleNamespace
from typing import Any

from cave_agent.errors import SecurityError
from cave_agent.results import SecurityViolation
from cave_agent.security.allowed import (
    BUILTINS,
    DUNDERS,
    INTROSPECTION,
    MODULES,
    Members,
    is_public,
)
from cave_agent.security.files import FilesRule
from cave_agent.security.outside import OutsideRule
from cave_agent.security.rule import SecurityRule
from cave_agent.security.rules import AttributeRule, NodeRule, is_dunder

_SHARED = (ModuleType, type, FunctionType, MethodType, BuiltinFunctionType)
_PLAIN = ("builtins", "abc", "enum", "typing", "collections", "collections.abc")
"""Modules whose classes keep nothing of the machinery in private names of their objects."""

_DECORATORS = frozenset(
    {"dataclasses.dataclass", "functools.total_ordering", "functools.update_wrapper"}
    | {"abc.update_abstractmethods", "enum.unique", "enum.verify"}
    | {f"typing.{name}" for name in ("final", "no_type_check", "override", "runtime_checkable")}
)
"""Functions that set attributes of the class or the function that they are given."""

_MODULE_OF_CELLS = re.compile(r"cells_\d+")


def strict_rules(imports: Iterable[str]) -> list[SecurityRule]:
    """Return the rules.

    Args:
        imports: Modules that cells may import besides those of `allowed.py`, whole.
    """
    return [AllowListRule(imports), InternalsRule(), FilesRule(), OutsideRule()]


class AllowListRule(NodeRule):
    """Allows the modules and builtins of `allowed.py`, and nothing else.

    Args:
        imports: Modules besides them, with their submodules.
    """

    def __init__(self, imports: Iterable[str] = ()) -> None:
        self._more = frozenset(imports)

    def check_cell(self, source: str, tree: ast.Module) -> Iterator[SecurityViolation]:
        """Return what is wrong with a cell; names that it binds itself are no builtins."""
        own = {
            getattr(node, "id", None) or getattr(node, "arg", None) or getattr(node, "name", "")
            for node in ast.walk(tree)
            if isinstance(getattr(node, "ctx", ast.Store()), ast.Store)
        }
        for violation in super().check_cell(source, tree):
            if violation.source not in own:
                yield violation

    def refuses_module(self, name: str) -> bool:
        """Whether a module is not on the list."""
        return name not in MODULES and not self._is_added(name)

    def refuses_member(self, module: str, name: str) -> bool:
        """Whether a builtin, or a member of a module, is not on the list."""
        if module == "builtins":
            return name not in BUILTINS
        if self._is_added(module):
            return False
        members = MODULES.get(module, Members(only=frozenset()))
        is_left_out = members.only is not None and name not in members.only
        return not is_dunder(name) and (is_left_out or name in members.never)

    def _is_added(self, module: str) -> bool:
        parts = module.split(".")
        return any(".".join(parts[:end]) in self._more for end in range(1, len(parts) + 1))

    def _messages(self, node: ast.AST, imported: dict[str, str]) -> Iterator[str]:
        match node:
            case ast.Import(names=aliases):
                for alias in aliases:
                    yield from self._about_module(alias.name)
            case ast.ImportFrom(module=module, names=aliases):
                if self.refuses_module(f"{module}"):
                    yield from self._about_module(f"{module}")
                    return
                for alias in aliases:
                    if self.refuses_member(f"{module}", alias.name) or alias.name[0] == "_":
                        yield from self._about_member(f"{module}.{alias.name}")
            case ast.Name(id=name, ctx=ast.Load()) if hasattr(builtins, name):
                if self.refuses_member("builtins", name):
                    yield from self._about_member(name)

    def _about_module(self, name: str) -> Iterator[str]:
        if self.refuses_module(name):
            yield (
                f"the module `{name}` is not on the list of those that cells may import. Use "
                "pandas, numpy, matplotlib, the standard library's modules for plain "
                "computation, and what is given."
            )

    def _about_member(self, name: str) -> Iterator[str]:
        yield (
            f"`{name}` is not on the list of what cells may use. Solve it with ordinary code and "
            "the variables and functions that are given."
        )


class InternalsRule(AttributeRule):
    """Forbids the way from objects to the machinery around them, and changing what is not theirs.

    Cells may use private names (`_x`) of objects of classes that cells made, and of no others.
    """

    def __init__(self) -> None:
        super().__init__(INTROSPECTION)

    def refuses_attribute(self, name: str, owner: object) -> bool:
        """Whether an attribute is internal."""
        if self._forbids(name):
            return True
        if name == "__dict__":
            return not (_is_of_cells(owner) and _extends_no_library(type(owner)))
        if name.startswith("_") and not (is_dunder(name) or is_public(name)):
            return not _is_own_name(name, owner)
        return False

    def refuses_change(self, owner: object, name: str) -> bool:
        """Whether it is an attribute of a module, a class or a function that no cell made."""
        kind = type(owner)
        is_special = kind.__module__ in ("typing", "types") and kind is not SimpleNamespace
        is_shared = issubclass(kind, _SHARED) or is_special
        return name in ("__class__", "__dict__") or (is_shared and not _is_of_cells(owner))

    def replacement(self, owner: Any, name: str, value: Any) -> Any:
        """Return a method that takes instances of its class only, where no cell wrote its code.

        Those that are made for a dataclass read and set attributes of whatever they are given. And
        a decorator that changes what it is given takes only what cells made.
        """
        if issubclass(type(owner), ModuleType):
            path = f"{vars(owner).get('__name__')}.{name}"
            if path == "functools.wraps":
                return lambda *wrapped: _decorating(value(*wrapped), name)
            return _decorating(value, name) if path in _DECORATORS else value
        is_class_of_cells = issubclass(type(owner), type) and _is_cell_module(owner)
        if not is_class_of_cells or type(value) is not FunctionType:
            return value
        if _is_of_cells(value):
            return value

        def method(*arguments: Any, **named: Any) -> Any:
            if not arguments or owner not in type(arguments[0]).__mro__:
                message = f"`{owner.__name__}.{name}` takes instances of {owner.__name__} only."
                raise SecurityError(message)
            return value(*arguments, **named)

        return method

    def _messages(self, node: ast.AST, imported: dict[str, str]) -> Iterator[str]:
        yield from super()._messages(node, imported)
        if isinstance(node, ast.MatchClass):
            is_object = isinstance(node.cls, ast.Name) and node.cls.id == "object"
            if node.kwd_attrs and (is_object or any(n.startswith("_") for n in node.kwd_attrs)):
                yield "patterns may read public attributes of named classes only. Name the class."

    def _forbids(self, name: str) -> bool:
        is_internal = is_dunder(name) and name.strip("_") != "" and name not in DUNDERS
        return name in self.attributes or is_internal


def _is_of_cells(owner: object) -> bool:
    if type(owner) is FunctionType:  # it may have taken over the names of the one that it wraps
        return owner.__code__.co_filename.startswith("<Cell ")
    made: Any = owner if issubclass(type(owner), type) else type(owner)
    return made is not super and _is_cell_module(made)


def _is_cell_module(made: Any) -> bool:
    return _MODULE_OF_CELLS.fullmatch(str(made.__module__)) is not None


def _is_own_name(name: str, owner: Any) -> bool:
    """Whether a private name belongs to classes that cells made, not to one that they extend."""
    kind = type(owner)
    if kind is super:
        classes = owner.__self_class__.__mro__
        classes = classes[classes.index(owner.__thisclass__) + 1 :]
    else:
        classes = owner.__mro__ if issubclass(kind, type) else kind.__mro__
    for cls in classes:
        if name in vars(cls):
            return _is_cell_module(cls)
    return all(map(_is_plain, classes))


def _extends_no_library(cls: type) -> bool:
    return all(map(_is_plain, type.__dict__["__mro__"].__get__(cls)))


def _is_plain(cls: type) -> bool:
    return _is_cell_module(cls) or cls.__module__ in _PLAIN


def _decorating(function: Any, name: str) -> Any:
    """Return a decorator that takes only classes and functions that cells made."""

    def decorate(*arguments: Any, **named: Any) -> Any:
        for each in (*arguments[:1], *named.values()):
            if isinstance(each, type | FunctionType) and not _is_of_cells(each):
                message = f"`{name}` changes `{each.__name__}`, which no cell has made. Copy it."
                raise SecurityError(message)
        made = function(*arguments, **named)
        is_done = isinstance(made, type) or any(made is each for each in arguments)
        return made if is_done else _decorating(made, name)

    return decorate
