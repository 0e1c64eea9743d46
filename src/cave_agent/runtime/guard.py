"""Holding cells to the rules while they run: what a text does not show.

A rule that reads the text of a cell cannot see names that are put together at run time. The guard
asks the same rules again, at each import, attribute, item and call of the cells of one runtime. It
lives in the names that these cells find built in; the host and other runtimes never meet it.
"""

import builtins
import importlib
import inspect
import operator
import pkgutil
import string
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import (
    BuiltinFunctionType,
    MappingProxyType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any

from cave_agent.runtime.guarded_classes import class_maker, makes_classes
from cave_agent.runtime.guarded_code import CodeRunner
from cave_agent.runtime.guarded_formats import formatter_class
from cave_agent.runtime.guarded_imports import Imports
from cave_agent.runtime.guarded_names import exact, module_name, module_of
from cave_agent.runtime.guarded_operators import combined
from cave_agent.runtime.guarded_outside import Outside
from cave_agent.runtime.guarded_patterns import PatternClasses, value_holder
from cave_agent.runtime.guarded_rules import Rules
from cave_agent.runtime.guarded_stand_ins import (
    InPlaceOf,
    attribute_getter,
    method_caller,
    standing_for,
)
from cave_agent.runtime.guarded_syntax import (
    CALLED,
    CAUGHT,
    CHANGED,
    CLASS,
    COMBINED,
    ITEM,
    LOAD,
    METHOD,
    VALUE,
)
from cave_agent.runtime.tracebacks import leave_out_machinery
from cave_agent.security import SecurityChecker, SecurityRule

_INERT = frozenset(
    {int, float, complex, bool, str, bytes, list, tuple, dict, set, frozenset, type(None)}
)
"""Types of values that nothing can be reached through without another step that is checked."""

_GETATTRIBUTE = frozenset({"__getattribute__", "__getattr__", "__setattr__", "__delattr__"})
_MAKING = frozenset({"__new__", "__call__"})
_GETITEM = frozenset({"__getitem__", "get", "pop", "setdefault"})
_BOUND = (MethodType, MethodWrapperType, BuiltinFunctionType)
_WRAPPERS = (WrapperDescriptorType, MethodWrapperType)
_BY_MODULE_NAME = (
    "runpy.run_module",
    "importlib.util.find_spec",
    "importlib._bootstrap._gcd_import",
    "pkgutil.resolve_name",
)
"""Functions that take a name of a module, beside those that import."""
_MISSING = object()


class Guard:
    """Asks the rules of a checker while cells run.

    Args:
        checker: Whose rules; those that are added later count from the next cell on.
        importer: What imports for cells where no rule is asked.
        runtime_name: The runtime.

    Attributes:
        outside: Holds cells to the rules about what is outside of the process.
    """

    def __init__(
        self, checker: SecurityChecker, importer: Callable[..., Any], runtime_name: str
    ) -> None:
        self._checker = checker
        self._rules = rules = Rules()
        self._imports = Imports(importer, rules.check_module, rules.check_member, self._taken)
        self.outside = Outside(runtime_name, rules.refusing, rules.forbid)
        self._is_installed = False
        self._replaced: dict[int, Any] = {}
        self._refused: dict[int, SecurityRule] = {}
        self._injected: dict[str, Any] = {}
        in_place_of = {
            "__import__": self._imports.import_for_statement,
            "getattr": self._getattr,
            "hasattr": self._hasattr,
            "setattr": self._setattr,
            "delattr": self._delattr,
            "vars": self._vars,
        }
        self._steps = {
            LOAD: self.load,
            ITEM: self.item,
            METHOD: self.method,
            CALLED: self.called,
            CHANGED: self.changed,
            CLASS: PatternClasses(self._check_pattern).standing_for,
            VALUE: value_holder,
            CAUGHT: self.caught,
            COMBINED: combined,
        }
        own = {name: standing_for(name, value) for name, value in in_place_of.items()}
        self._code = CodeRunner(checker, rules.refuse, self._steps, own["__import__"])
        run = {name: getattr(self._code, name) for name in ("eval", "exec", "compile")}
        own |= {name: standing_for(name, value) for name, value in run.items()}
        self._own = {**own, **self._steps}
        self._stand_in()

    def inject(self, name: str, value: Any) -> None:
        """Take note of what the host gives cells: rules may forbid its functions by name."""
        if callable(value):
            self._injected[name] = value
            self._is_installed = False
        else:
            self._injected.pop(name, None)

    def forget(self) -> None:
        """Forget what was injected."""
        self._injected.clear()
        self._is_installed = False

    def install(self, names: dict[str, Any]) -> None:
        """Put what guards into the names that cells find built in, unless it is there already.

        Args:
            names: The dict that cells have as `__builtins__`.
        """
        rules = self._checker.rules
        if self._is_installed and self._rules.all == rules:
            return
        self._is_installed, self._rules.all, self._code.names = False, rules, names
        self._refused.clear()
        self.outside.begin(rules)
        names.update(self._own)
        self._stand_in()
        self._replaced[id(vars(builtins))] = names
        self._refuse_names(names)
        self._is_installed = True

    def _refuse_names(self, names: dict[str, Any]) -> None:
        for name, value in vars(builtins).items():
            if (rule := self._rules.refusing("refuses_member", "builtins", name)) is not None:
                self._refused[id(value)] = self._refused[id(self._own.get(name, value))] = rule
                if name != "__import__":  # the import statement uses it, too
                    names[name] = self._rules.refuser(rule, name)
        for name, value in self._injected.items():
            if (rule := self._rules.refusing("refuses_injected", name)) is not None:
                self._refused[id(value)] = rule

    def _stand_in(self) -> None:
        """Note what cells get in place of functions, wherever they come by them."""
        self._replaced = {
            id(string.Formatter): formatter_class(self._getattr, self.item),
            id(operator.attrgetter): attribute_getter(self._getattr),
            id(operator.methodcaller): method_caller(self._getattr),
        }
        for original, function in self._in_place_of():
            self._replaced[id(original)] = standing_for(original.__name__, function, original)
        for name in self._own.keys() & vars(builtins).keys():
            self._replaced[id(vars(builtins)[name])] = self._own[name]
        called = standing_for("__import__", self._imports.import_called)
        for importer in (builtins.__import__, self._own["__import__"]):
            self._replaced[id(importer)] = called
        for stand in [*self._own.values(), *self._replaced.values()]:
            if isinstance(stand, InPlaceOf):  # nothing leads from it to the guard
                self._replaced[id(stand.func)] = stand

    def _in_place_of(self) -> Iterator[tuple[Any, Callable[..., Any]]]:
        """Yield functions that cells find in modules, and what they get instead."""
        yield importlib.import_module, self._imports.import_module
        yield importlib.__import__, self._imports.import_called
        yield inspect.getattr_static, self._getattr_static
        yield str.format, self._format
        yield str.format_map, self._format_map
        for path in _BY_MODULE_NAME:
            function = pkgutil.resolve_name(path)
            yield function, self._imports.by_module_name(function)

    # What cells call in place of reading an attribute, an item, a function. Not `isinstance`, for
    # which an object may have its `__class__` looked up.

    def load(self, owner: Any, name: str) -> Any:
        """Return an attribute, as `owner.name` does."""
        self._rules.check_attribute(owner, name)
        if self.outside.is_given(owner):
            return self._handed_on(owner, name, self.outside.read(owner, name))
        return self._handed_on(owner, name, getattr(owner, name))

    def item(self, container: Any, key: Any) -> Any:
        """Return an item, as `container[key]` does."""
        value = container[key]
        self._check_key(container, key)
        if type(value) in _INERT:
            return value
        return self._admitted(value, f"[{key!r}]")

    def method(self, owner: Any, name: str) -> Any:
        """Return an attribute that is about to be called."""
        return self._making(self.load(owner, name))

    def called(self, function: Any) -> Any:
        """Return what is about to be called."""
        return self._making(self._admitted(function, "what is called"))

    def _making(self, function: Any) -> Any:
        if makes_classes(function):
            return class_maker(function, self._rules.check_attribute)
        return function

    def changed(self, owner: Any, name: str) -> Any:
        """Return an object an attribute of which is about to be set or deleted."""
        self._rules.check_attribute(owner, name)
        self._rules.check_change(owner, name)
        return owner

    def caught(self) -> None:
        """Take the frames of the guard out of the traceback of the exception that is handled."""
        if (error := sys.exception()) is not None:
            leave_out_machinery(error)

    def _check_pattern(self, subject: Any, name: str) -> None:
        """Check an attribute that a pattern is about to read."""
        self._rules.check_attribute(subject, name)
        value = getattr(subject, name, _MISSING)
        if value is not _MISSING and self._handed_on(subject, name, value) is not value:
            message = f"`{name}` may not be taken out of an object by a pattern. Use a dot."
            self._rules.refuse(self._rules.all[0], message)

    def _check_key(self, container: Any, key: Any) -> None:
        """Check a key that may be the name of an attribute, or of a member of a module."""
        if not issubclass(type(key), str):
            return
        name = exact(key)
        if type(container) is MappingProxyType or name.startswith("__"):
            self._rules.check_attribute(container, name)
        module = module_of(container)
        if module is not None and container.get("__builtins__") is not self._code.names:
            self._rules.check_member(module, name)

    def _taken(self, module: ModuleType, name: str, value: Any) -> Any:
        """Return what a cell gets of a module that it imports from."""
        self._rules.check_attribute(module, name)
        return self._handed_on(module, name, value)

    def _handed_on(self, owner: Any, name: str, value: Any) -> Any:
        if issubclass(type(owner), ModuleType):
            module = module_name(owner)
            self._rules.check_module(module)
            self._rules.check_member(module, name)
        kind = type(value)
        if kind in _INERT:
            return value
        if kind is BuiltinFunctionType and name in ("format", "format_map"):
            text = value.__self__
            if issubclass(type(text), str):
                formatted = self._replaced[id(getattr(str, name))]
                return MethodType(formatted, exact(text))
        if name in _MAKING and makes_classes(_class_behind(owner)):
            return class_maker(value, self._rules.check_attribute)
        if name in _GETATTRIBUTE or (
            name in _GETITEM and (owner is dict or module_of(owner) is not None)
        ):
            return self._checked_by_name(name, value)
        if callable(value):
            value = self._rules.replacement(owner, name, value)
        return self._admitted(value, name)

    def _admitted(self, value: Any, reached: str) -> Any:
        """Return a value that cells may have, or what they get in place of it."""
        if issubclass(type(value), ModuleType):
            self._rules.check_module(module_name(value))
        elif id(value) in self._refused:
            message = f"`{reached}` is a function that is not allowed. Use ordinary code."
            self._rules.forbid(self._refused[id(value)], message)
        elif type(value) in _WRAPPERS and value.__name__ in _GETATTRIBUTE:
            return self._checked_by_name(value.__name__, value)
        else:
            return self._replaced.get(id(value), value)
        return value

    # Builtins that take names

    def _getattr(self, owner: Any, name: str, *default: Any) -> Any:
        if not isinstance(name, str):
            return getattr(owner, name, *default)
        try:
            return self.load(owner, exact(name))
        except AttributeError:
            if default:
                return default[0]
            raise

    def _hasattr(self, owner: Any, name: str) -> bool:
        return self._getattr(owner, name, _MISSING) is not _MISSING

    def _setattr(self, owner: Any, name: str, value: Any) -> None:
        setattr(self.changed(owner, name := exact(name)), name, value)

    def _delattr(self, owner: Any, name: str) -> None:
        delattr(self.changed(owner, name := exact(name)), name)

    def _vars(self, *owner: Any) -> Any:
        if owner:
            try:
                return self.load(owner[0], "__dict__")
            except AttributeError:
                vars(*owner)  # it raises what cells expect
                raise
        self._rules.check_member("builtins", "locals")
        return sys._getframe(1).f_locals  # noqa: SLF001 - as the builtin does

    def _checked_by_name(self, name: str, method: Any) -> Callable[..., Any]:
        """Return a method that reads or sets what is named by its argument."""
        bound = (method.__self__,) if issubclass(type(method), _BOUND) else ()

        def checked(*arguments: Any, **named: Any) -> Any:
            target, key = (*bound, *arguments, None, None)[:2]
            if name in _GETITEM:
                self._check_key(target, key)
                return self._admitted(method(*arguments, **named), name)
            if not issubclass(type(key), str):
                return method(*arguments, **named)
            self._rules.check_attribute(target, exact(key))
            if name in ("__setattr__", "__delattr__"):
                self.changed(target, exact(key))
            return self._handed_on(target, exact(key), method(*arguments, **named))

        return checked

    def _getattr_static(self, owner: Any, name: str, *default: Any) -> Any:
        self._rules.check_attribute(owner, exact(name))
        return self._handed_on(owner, name, inspect.getattr_static(owner, name, *default))

    # Format strings

    def _format(self, text: str, /, *arguments: Any, **named: Any) -> str:
        return self._formatted(text, arguments, named)

    def _format_map(self, text: str, values: Mapping[str, Any], /) -> str:
        return self._formatted(text, (), values)

    def _formatted(self, text: str, arguments: Sequence[Any], named: Mapping[str, Any]) -> str:
        formatter = self._replaced[id(string.Formatter)]()
        return str(formatter.vformat(text, arguments, named))


def _class_behind(owner: Any) -> Any:
    """Return the class that `super()` stands in, for that; any other object as it is."""
    return vars(super)["__thisclass__"].__get__(owner) if type(owner) is super else owner
