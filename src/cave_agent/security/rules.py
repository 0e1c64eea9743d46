"""The ready rules about code: what cells may not import, call or read."""

import ast
import builtins
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

from cave_agent.errors import SecurityError
from cave_agent.results import SecurityViolation
from cave_agent.security.rule import SecurityRule, located
from cave_agent.security.syntax import (
    attributes_in_format,
    bound_names,
    called_name,
    constant,
    first_argument,
    holds_attributes,
    key_looked_up,
    module_names,
    resolved,
)

_IMPORTERS = frozenset(
    {"__import__", "import_module", "find_spec", "run_module", "find_module", "load_module"}
)
_ATTRIBUTE_FUNCTIONS = frozenset(
    {"getattr", "setattr", "hasattr", "delattr"}
    | {"__getattribute__", "__getattr__", "__setattr__", "__delattr__", "getattr_static"}
)
_ATTRIBUTE_READERS = frozenset({"attrgetter", "methodcaller"})
_BUILTINS = frozenset({"builtins", "__builtins__"})
_NAMESPACES = _BUILTINS | {"__main__"}
_NAMES_OF_BUILTINS = frozenset(vars(builtins))
_RUN_CODE = frozenset({"eval", "exec", "compile", "__import__"})
"""Builtins that are looked for by their name in a text, whatever they are read from."""
_OWN = "<cell>"


class NodeRule(SecurityRule, ABC):
    """A rule of ours: what is wrong with a node is found with the cell's imports at hand."""

    def check(self, node: ast.AST) -> list[SecurityViolation]:
        """Return what is wrong with a node, looked at by itself."""
        return [SecurityViolation(message) for message in self._messages(node, {})]

    def check_cell(self, source: str, tree: ast.Module) -> Iterator[SecurityViolation]:
        """Return what is wrong with a cell."""
        yield from self._violations(source, tree, module_names(tree))

    def _violations(
        self, source: str, tree: ast.Module, imported: dict[str, str]
    ) -> Iterator[SecurityViolation]:
        told: dict[int, list[str]] = {}  # of which parts of a node the same was said with it
        for node in ast.walk(tree):
            messages = list(self._messages(node, imported))
            for message in messages:
                if message not in told.get(id(node), ()):
                    yield located(SecurityViolation(message), node, source)
            if messages:
                told.update((id(part), messages) for part in _texts_in(node))

    @abstractmethod
    def _messages(self, node: ast.AST, imported: dict[str, str]) -> Iterator[str]:
        """Yield what is wrong with a node.

        Args:
            node: The node.
            imported: What the names that the cell imports stand for.
        """


class ImportRule(NodeRule):
    r"""Forbids modules, with their submodules, however a cell comes by them.

    Args:
        modules: Names of modules: `{"os", "subprocess"}`; `"os"` forbids `os.path`, too.
        description: What is forbidden and what to do instead, for the model; words of the rule's
            own if left out.

    Example:
        >>> from cave_agent.security import SecurityChecker
        >>> checker = SecurityChecker([ImportRule({"os"})])
        >>> [violation.line for violation in checker.check_code("import json\nimport os.path")]
        [2]
    """

    def __init__(self, modules: Iterable[str], description: str | None = None) -> None:
        self.modules = _names(modules, "ImportRule", '{"os"}')
        self.description = description

    def refuses_module(self, name: str) -> bool:
        """Whether a module, or one that it lies in, is forbidden."""
        parts = name.split(".")
        return any(".".join(parts[:end]) in self.modules for end in range(1, len(parts) + 1))

    def _messages(self, node: ast.AST, imported: dict[str, str]) -> Iterator[str]:
        for name in self._modules_used(node, imported):
            if self.refuses_module(name):
                yield self.description or (
                    f"the module `{name}` is not allowed. Do without it: use the variables and "
                    "functions that are given."
                )

    def _modules_used(self, node: ast.AST, imported: dict[str, str]) -> Iterator[str]:
        match node:
            case ast.Import(names=aliases):
                yield from (alias.name for alias in aliases)
            case ast.ImportFrom(module=module, names=aliases):
                yield from self._imported_from(module or "", aliases)
            case ast.Call() if called_name(node) in _IMPORTERS:
                yield from filter(None, [first_argument(node, "name", "mod_name", "fullname")])
            case ast.Attribute() if (path := resolved(node, imported)) in self.modules:
                yield str(path)
            case ast.Attribute(value=ast.Name(id=owner), attr=attribute) if owner in imported:
                yield from _handed_on(imported[owner], attribute)
            case ast.Call(func=ast.Name(id="getattr"), args=[ast.Name(id=owner), attribute, *_]):
                if owner in imported:
                    yield from _handed_on(imported[owner], constant(attribute) or "")
        if (found := key_looked_up(node)) is not None and _is_table_of_modules(found[1]):
            yield found[0]

    def _imported_from(self, module: str, aliases: list[ast.alias]) -> Iterator[str]:
        if self.refuses_module(module):
            yield module
            return
        for alias in aliases:
            yield f"{module}.{alias.name}"
            yield from _handed_on(module, alias.name)


class FunctionRule(NodeRule):
    r"""Forbids functions: calling them, and taking them as values.

    Args:
        functions: Dotted names of functions in modules (`{"os.system"}`); names of builtins
            (`{"eval", "open"}`), which forbid nothing else of that name; and other plain names
            (`{"to_csv", "delete_all"}`), which forbid every function of that name: those that were
            injected, those of modules, and methods.
        description: What is forbidden and what to do instead, for the model; words of the rule's
            own if left out.

    Example:
        >>> from cave_agent.security import SecurityChecker
        >>> checker = SecurityChecker([FunctionRule({"eval", "os.system", "to_csv"})])
        >>> len(checker.check_code("f = eval\nfrom os import system\ntable.to_csv()"))
        3
    """

    def __init__(self, functions: Iterable[str], description: str | None = None) -> None:
        self.functions = _names(functions, "FunctionRule", '{"eval"}')
        self.description = description
        self._anywhere = {name for name in self.functions - _NAMES_OF_BUILTINS if "." not in name}

    def check_cell(self, source: str, tree: ast.Module) -> Iterator[SecurityViolation]:
        """Return what is wrong with a cell; names that it binds itself are no builtins."""
        imported = module_names(tree)
        for name in bound_names(tree) & _NAMES_OF_BUILTINS:
            imported.setdefault(name, f"{_OWN}.{name}")  # the guard looks at what it stands for
        yield from self._violations(source, tree, imported)

    def refuses_member(self, module: str, name: str) -> bool:
        """Whether a function is forbidden."""
        path = name if module == "builtins" else f"{module}.{name}"
        return path in self.functions or name in self._anywhere

    def refuses_injected(self, name: str) -> bool:
        """Whether an injected function is forbidden."""
        return name in self.functions

    def replacement(self, owner: object, name: str, value: Any) -> Any:
        """Return what refuses to be called, in place of a method that is forbidden."""
        return self._refuser(name) if name in self._anywhere else value

    def _refuser(self, name: str) -> Any:
        def refused(*_: object, **__: object) -> None:
            raise SecurityError(self._message(name))

        return refused

    def _message(self, name: str) -> str:
        return self.description or (
            f"the function `{name}` is not allowed, neither called nor as a value. Solve it with "
            "ordinary code and the functions that are given."
        )

    def _messages(self, node: ast.AST, imported: dict[str, str]) -> Iterator[str]:
        is_read = not isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)
        found: dict[str, None] = {}
        for path in self._functions_used(node, imported):
            name = path.rpartition(".")[2]
            if path in self.functions:
                found[path] = None
            elif is_read and name in self._anywhere:
                found[name] = None
        yield from map(self._message, found)

    def _functions_used(self, node: ast.AST, imported: dict[str, str]) -> Iterator[str]:
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                yield from _members(*_split(imported.get(name, f"builtins.{name}")))
            case ast.Attribute(value=owner, attr=attribute):
                yield from _members(resolved(owner, imported) or "", attribute)
            case ast.ImportFrom(module=module, names=aliases):
                for alias in aliases:
                    yield from _members(module or "", alias.name)
            case ast.Call():
                yield from _members_in_call(node, imported)
        if (found := key_looked_up(node)) is not None:
            yield from _members_by_key(*found, imported)


class AttributeRule(NodeRule):
    r"""Forbids attributes: reading and setting them, by name or by a constant text.

    Args:
        attributes: Names of attributes: `{"__globals__", "__builtins__"}`.
        description: What is forbidden and what to do instead, for the model; words of the rule's
            own if left out.

    Example:
        >>> from cave_agent.security import SecurityChecker
        >>> checker = SecurityChecker([AttributeRule({"__globals__"})])
        >>> len(checker.check_code("f.__globals__\n'{0.__globals__}'.format(f)"))
        2
    """

    def __init__(self, attributes: Iterable[str], description: str | None = None) -> None:
        self.attributes = _names(attributes, "AttributeRule", '{"__globals__"}')
        self.description = description

    def refuses_attribute(self, name: str, owner: object) -> bool:
        """Whether an attribute is forbidden, of any object."""
        return self._forbids(name)

    def _forbids(self, name: str) -> bool:
        return name in self.attributes

    def _messages(self, node: ast.AST, imported: dict[str, str]) -> Iterator[str]:
        for name in dict.fromkeys(self._attributes_used(node)):
            if self._forbids(name):
                yield self.description or (
                    f"the attribute `{name}` is not allowed. Use public methods of the object."
                )

    def _attributes_used(self, node: ast.AST) -> Iterator[str]:  # noqa: C901 - a list of forms
        match node:
            case ast.Attribute(attr=name):
                yield name
            case ast.Name(id=name) if is_dunder(name):
                yield name  # `__builtins__` is a variable of every cell
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if is_dunder(name):
                yield name  # Python and libraries look for methods by such names
            case ast.ImportFrom(names=aliases):
                yield from (alias.name for alias in aliases)
            case ast.MatchClass(kwd_attrs=names):
                yield from names
            case ast.Call() if called_name(node) in _ATTRIBUTE_FUNCTIONS:
                yield from (constant(argument) or "" for argument in node.args[:2])
            case ast.Call() if called_name(node) in _ATTRIBUTE_READERS:
                for argument in node.args:
                    yield from (constant(argument) or "").split(".")
            case ast.Constant() | ast.BinOp() | ast.JoinedStr():
                yield from _attributes_in_text(constant(node) or "")
        if (found := key_looked_up(node)) is not None and holds_attributes(found[1]):
            yield found[0]


def _texts_in(node: ast.AST) -> list[ast.expr]:
    """Return the parts of a node that may be the text by which it names something."""
    match node:
        case ast.Call(args=parts) | ast.JoinedStr(values=parts):
            return parts
        case ast.Subscript(slice=key):
            return [key]
        case _:
            return []


def _names(names: Iterable[str], rule: str, example: str) -> frozenset[str]:
    if isinstance(names, str):
        message = f"{rule}({names!r}) takes a set of names: write {rule}({{{names!r}}})."
        raise TypeError(message)
    found = frozenset(names)
    if wrong := [name for name in found if not isinstance(name, str) or not name]:
        message = f"{rule} takes names, not {wrong[0]!r}: write {rule}({example})."
        raise TypeError(message)
    return found


def is_dunder(name: str) -> bool:
    """Whether a name is one of those that Python keeps for itself: `__globals__`."""
    return name.startswith("__") and name.endswith("__")


def _handed_on(module: str, name: str) -> Iterator[str]:
    """Yield the module that another one hands on: `shutil.os`, `random._os`; import nothing."""
    value = getattr(sys.modules.get(module), "__dict__", {}).get(name)
    if isinstance(value, ModuleType):
        yield f"{getattr(value, '__name__', name)}"


def _split(path: str) -> tuple[str, str]:
    module, _, name = path.rpartition(".")
    return module, name


def _members(module: str, name: str) -> Iterator[str]:
    """Yield the names that a rule may forbid a member of a module by."""
    yield f"{module}.{name}"
    if module in _NAMESPACES:
        yield name


def _members_in_call(node: ast.Call, imported: dict[str, str]) -> Iterator[str]:
    """Yield the members that a call takes by a name in a text: `getattr(os, "system")`."""
    function = called_name(node)
    match node.args:
        case [owner, attribute, *_] if function in _ATTRIBUTE_FUNCTIONS:
            path = resolved(owner, imported) or ""
            yield from _members(path, constant(attribute) or "")
            is_of_a_module = path in imported.values()
        case [attribute, *_] if function in _ATTRIBUTE_READERS:
            yield f".{constant(attribute)}"
            is_of_a_module = False
        case _:
            return
    if (name := constant(attribute) or "") in _RUN_CODE and not is_of_a_module:
        yield name


def _members_by_key(key: str, container: ast.expr, imported: dict[str, str]) -> Iterator[str]:
    if _mentions_builtins(container, imported):
        yield key
    module = _module_of_names(container, imported)
    if module and (module != "__main__" or key not in imported):  # the cell binds it itself
        yield from _members(module, key)


def _module_of_names(container: ast.expr, imported: dict[str, str]) -> str:
    """Return the module whose names an expression is a dict of: `vars(os)`, `globals()`."""
    match container:
        case ast.Call(func=ast.Name(id="vars" | "globals" | "locals"), args=[]):
            return "__main__"
        case ast.Call(func=ast.Name(id="vars"), args=[owner]):
            return resolved(owner, imported) or ""
        case ast.Attribute(value=owner, attr="__dict__"):
            return resolved(owner, imported) or ""
        case _:
            return ""


def _is_table_of_modules(container: ast.expr) -> bool:
    match container:
        case ast.Attribute(attr="modules") | ast.Name(id="modules"):
            return True
        case _:
            return (found := key_looked_up(container)) is not None and found[0] == "modules"


def _mentions_builtins(container: ast.expr, imported: dict[str, str]) -> bool:
    for node in ast.walk(container):
        match node:
            case ast.Name(id=name) if imported.get(name, name) in _BUILTINS:
                return True
            case ast.Attribute(attr=name) if name in _BUILTINS:
                return True
            case ast.Constant(value=name) if name in _BUILTINS:
                return True
    return False


def _attributes_in_text(text: str) -> Iterator[str]:
    if is_dunder(text):
        yield text  # no ordinary text looks like it, but one that names an attribute does
    if "{" in text:
        yield from attributes_in_format(text)
