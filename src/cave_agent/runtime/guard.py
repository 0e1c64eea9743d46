"""Holding cells to the rules while they run: what a text does not show.

A rule that reads the text of a cell cannot see names that are put together at run time. The guard
asks the same rules again, at each import, attribute, item and call of the cells of one runtime. It
lives in the names that these cells find built in; the host and other runtimes never meet it.
"""

import ast
import builtins
import functools
import importlib
import operator
import re
import string
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import (
    BuiltinFunctionType,
    BuiltinMethodType,
    CodeType,
    FunctionType,
    MappingProxyType,
    MethodType,
    ModuleType,
)
from typing import Any, NoReturn

from cave_agent.errors import SecurityError
from cave_agent.results import SecurityViolation
from cave_agent.runtime import audit
from cave_agent.runtime.execution import current_execution
from cave_agent.runtime.guarded_syntax import (
    CALLED,
    CHANGED,
    ITEM,
    LOAD,
    MATCHED,
    guard_access,
)
from cave_agent.runtime.rich import one_line
from cave_agent.runtime.tracebacks import place_in_cell
from cave_agent.security import SecurityChecker, SecurityRule
from cave_agent.security.rule import described, name_of, shortened

_INERT = frozenset(
    {int, float, complex, bool, str, bytes, list, tuple, dict, set, frozenset, type(None)}
)
"""Types of values that nothing can be reached through without another step that is checked."""

_GETATTRIBUTE = frozenset(
    {"__getattribute__", "__getattr__", "__setattr__", "__delattr__", "__getitem__"}
)
_STEP = re.compile(r"\.(?P<attribute>[^.[]+)|\[(?P<key>[^]]+)\]")
_MISSING = object()


class Guard:
    """Asks the rules of a checker while cells run.

    Args:
        checker: Whose rules; those that are added later count from the next cell on.
        importer: What imports for cells where no rule is asked.
        runtime_name: The runtime.
    """

    def __init__(
        self, checker: SecurityChecker, importer: Callable[..., Any], runtime_name: str
    ) -> None:
        self._runtime_name = runtime_name
        self._checker = checker
        self._importer = importer
        self._rules: tuple[SecurityRule, ...] = ()
        self._given: list[Any] = []
        self._origins: frozenset[str] = frozenset()
        self._is_installed = False
        self._replaced: dict[int, Any] = {}
        self._refused: dict[int, SecurityRule] = {}
        self._own = {
            "__import__": self._import,
            "getattr": self._getattr,
            "hasattr": self._hasattr,
            "setattr": self._setattr,
            "delattr": self._delattr,
            "vars": self._vars,
            "eval": self._eval,
            "exec": self._exec,
            "compile": self._compile_text,
            LOAD: self.load,
            ITEM: self.item,
            CALLED: self.called,
            CHANGED: self.changed,
            MATCHED: self.matched,
        }

    def install(self, names: dict[str, Any]) -> None:
        """Put what guards into the names that cells find built in, unless it is there already.

        Args:
            names: The dict that cells have as `__builtins__`.
        """
        rules = self._checker.rules
        if self._is_installed and self._rules == rules:
            return
        self._is_installed, self._rules = False, rules
        if any(type(rule).refuses_event is not SecurityRule.refuses_event for rule in rules):
            audit.watch(self._runtime_name, self)
            self._origins = frozenset(filter(self._is_foreign, map(_origin, self._given)))
        names.update(self._own)
        self._replaced = {
            id(importlib.import_module): self._import_module,
            id(importlib.__import__): self._import,
            id(operator.attrgetter): self._attrgetter,
            id(operator.methodcaller): self._methodcaller,
            id(string.Formatter): self._formatter_class(),
            id(str.format): self._format,
            id(str.format_map): lambda text, values: self._formatted(text, (), values),
        }
        for name, value in vars(builtins).items():
            if name in self._own:
                self._replaced[id(value)] = self._own[name]
            if (rule := self._refusing("refuses_member", "builtins", name)) is not None:
                self._refused[id(value)] = rule
                names[name] = self._refuser(rule, name)
        self._is_installed = True

    def give(self, value: Any) -> None:
        """Note that the host gave cells an object: the library that it is of works for the host.

        A client of a database that was given may make connections, which cells may not.
        """
        self._given.append(value if isinstance(value, type) else type(value))
        self._is_installed = False

    def _is_foreign(self, origin: str) -> bool:
        """Whether cells cannot come by a library but by what the host gives them."""
        is_refused = self._refusing("refuses_module", origin) is not None
        return is_refused and origin not in sys.stdlib_module_names

    def check_event(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Refuse what the interpreter tells that a cell does, if a rule does."""
        if (rule := self._refusing("refuses_event", event, arguments)) is not None:
            shown = ", ".join(one_line(each) for each in arguments[:1])
            message = (
                f"`{event}` ({shown}) reaches outside of the runtime, which is not allowed. Use "
                "what is given, and files in memory such as io.StringIO."
            )
            self._refuse(rule, message)

    # What cells call in place of reading an attribute, an item, a function

    def load(self, owner: Any, name: str) -> Any:
        """Return an attribute, as `owner.name` does."""
        self._check_attribute(owner, name)
        if self._origins and _origin(owner) in self._origins:
            value = audit.on_behalf_of_host(getattr, owner, name)
            if type(value) in (MethodType, FunctionType, BuiltinMethodType):
                return functools.partial(audit.on_behalf_of_host, value)
            return self._handed_on(owner, name, value)
        return self._handed_on(owner, name, getattr(owner, name))

    def item(self, container: Any, key: Any) -> Any:
        """Return an item, as `container[key]` does."""
        value = container[key]
        if type(key) is str and (type(container) is MappingProxyType or key.startswith("__")):
            self._check_attribute(container, key)
        if type(value) in _INERT:
            return value
        return self._admitted(value, f"[{key!r}]")

    def called(self, function: Any) -> Any:
        """Return what is about to be called."""
        if function is type:
            return self._type
        return self._admitted(function, "what is called")

    def changed(self, owner: Any, name: str) -> Any:
        """Return an object an attribute of which is about to be set or deleted."""
        self._check_attribute(owner, name)
        if (rule := self._refusing("refuses_change", owner, name)) is not None:
            what = f"`{type(owner).__name__} {getattr(owner, '__name__', '')}".strip() + "`"
            self._refuse(rule, f"{what} may not be changed. Keep values in variables instead.")
        return owner

    def matched(self, subject: Any) -> Any:
        """Return what patterns are about to be matched with: they read attributes unseen."""
        if issubclass(type(subject), ModuleType):
            self._refuse(
                self._rules[0], "a module may not be matched with patterns. Use its functions."
            )
        return subject

    # Asking the rules. Not `isinstance`, for which an object may have its `__class__` looked up.

    def _check_attribute(self, owner: Any, name: str) -> None:
        if (rule := self._refusing("refuses_attribute", name, owner)) is not None:
            self._refuse(rule, f"the attribute `{name}` is not allowed. Use public methods.")

    def _check_module(self, name: str) -> None:
        if (rule := self._refusing("refuses_module", name)) is not None:
            self._refuse(
                rule, f"the module `{name}` is not allowed. Use what is given instead of it."
            )

    def _check_member(self, module: str, name: str) -> None:
        if (rule := self._refusing("refuses_member", module, name)) is not None:
            self._refuse(
                rule, f"`{name}` of `{module}` is not allowed. Use what is given instead of it."
            )

    def _refusing(self, question: str, *about: Any) -> SecurityRule | None:
        """Return the first rule that refuses; one that breaks refuses, too."""
        for rule in self._rules:
            try:
                if getattr(rule, question)(*about):
                    return rule
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a rule may raise anything
                self._refuse_broken(rule, error)
        return None

    def _handed_on(self, owner: Any, name: str, value: Any) -> Any:
        if issubclass(type(owner), ModuleType):
            self._check_module(owner.__name__)
            self._check_member(owner.__name__, name)
        kind = type(value)
        if kind in _INERT:
            return value
        if kind is BuiltinFunctionType and name in ("format", "format_map") and type(owner) is str:
            formatted = self._format if name == "format" else self._replaced[id(str.format_map)]
            return MethodType(formatted, owner)
        if name in _GETATTRIBUTE:
            return self._checked_by_name(value, owner)
        if callable(value):
            for rule in self._rules:
                try:
                    value = rule.replacement(owner, name, value)
                except (Exception, SystemExit) as error:  # noqa: BLE001 - as in `_refusing`
                    self._refuse_broken(rule, error)
        return self._admitted(value, name)

    def _admitted(self, value: Any, reached: str) -> Any:
        """Return a value that cells may have, or what they get in place of it."""
        if issubclass(type(value), ModuleType):
            self._check_module(value.__name__)
        elif id(value) in self._refused:
            message = f"`{reached}` is a function that is not allowed. Use ordinary code."
            self._refuse(self._refused[id(value)], message)
        else:
            return self._replaced.get(id(value), value)
        return value

    def _refuse(self, rule: SecurityRule, message: str) -> NoReturn:
        name = name_of(rule)
        execution = current_execution()
        if execution is not None:
            line, source = place_in_cell()
            violation = SecurityViolation(message, name, line, None, shortened(source))
            execution.violations += (violation,)
        message = f"{message} ({name})"
        raise SecurityError(message)

    def _refuse_broken(self, rule: SecurityRule, error: BaseException) -> NoReturn:
        message = (
            f"the rule could not be asked ({described(error)}), so this is refused. Its author "
            "must mend the rule."
        )
        self._refuse(rule, message)

    def _refuser(self, rule: SecurityRule, name: str) -> Callable[..., NoReturn]:
        def refused(*_: object, **__: object) -> NoReturn:
            self._refuse(rule, f"the function `{name}` is not allowed. Use ordinary code.")

        return refused

    # Builtins that take names

    def _getattr(self, owner: Any, name: str, *default: Any) -> Any:
        if not isinstance(name, str):
            return getattr(owner, name, *default)
        try:
            return self.load(owner, str(name))
        except AttributeError:
            if default:
                return default[0]
            raise

    def _hasattr(self, owner: Any, name: str) -> bool:
        return self._getattr(owner, name, _MISSING) is not _MISSING

    def _setattr(self, owner: Any, name: str, value: Any) -> None:
        setattr(self.changed(owner, name), name, value)

    def _delattr(self, owner: Any, name: str) -> None:
        delattr(self.changed(owner, name), name)

    def _type(self, *arguments: Any, **named: Any) -> Any:
        if len(arguments) > 1 and isinstance(arguments[-1], dict):  # it makes a class
            for name in arguments[-1]:
                if str(name).startswith("__"):
                    self._check_attribute(type, str(name))
        return type(*arguments, **named)

    def _vars(self, *owner: Any) -> Any:
        if owner:
            return self.load(owner[0], "__dict__")
        self._check_member("builtins", "locals")
        return sys._getframe(1).f_locals  # noqa: SLF001 - as the builtin does

    def _checked_by_name(self, method: Any, owner: Any) -> Callable[..., Any]:
        def checked(*arguments: Any) -> Any:
            for argument in arguments[:2]:
                if issubclass(type(argument), str):
                    self._check_attribute(owner, argument)
            return self._admitted(method(*arguments), "what it returns")

        return checked

    def _attrgetter(self, *paths: str) -> Callable[[Any], Any]:
        def read(owner: Any, path: str) -> Any:
            for name in path.split("."):
                owner = self._getattr(owner, name)
            return owner

        if len(paths) == 1:
            return lambda owner: read(owner, paths[0])
        return lambda owner: tuple(read(owner, path) for path in paths)

    def _methodcaller(self, name: str, /, *arguments: Any, **named: Any) -> Callable[[Any], Any]:
        return lambda owner: self._getattr(owner, name)(*arguments, **named)

    # Imports

    def _import(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002 - the names that Python gives them
        locals: Mapping[str, Any] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        if type(fromlist) is list and not fromlist:
            # This is how C code imports what it needs itself; it does not use what is returned.
            self._importer(name, globals, locals, fromlist, level)
            return None
        self._check_module(name)
        module = self._importer(name, globals, locals, fromlist, level)
        self._check_module(module.__name__)
        if not fromlist:
            return module
        names = list(fromlist)
        if "*" in names:
            public = [each for each in vars(module) if not each.startswith("_")]
            names = list(getattr(module, "__all__", public))
        taken = ModuleType(module.__name__)
        for each in names:
            try:
                value = getattr(module, each)
            except AttributeError:  # the import statement tells it
                continue
            self._check_attribute(module, each)
            setattr(taken, each, self._handed_on(module, each, value))
        taken.__dict__["__all__"] = names
        return taken

    def _import_module(self, name: str, package: str | None = None) -> ModuleType:
        self._check_module(name)
        module = importlib.import_module(name, package)
        self._check_module(module.__name__)
        return module

    # Code in texts

    def _compile_text(self, source: Any, filename: Any, mode: str, *rest: Any, **named: Any) -> Any:
        if isinstance(source, str):
            return _compiled(self._checked(source), str(filename), mode)
        if isinstance(source, ast.AST):
            return _compiled(self._checked(ast.unparse(source)), str(filename), mode)
        return compile(source, filename, mode, *rest, **named)

    def _eval(self, source: Any, names: Any = None, local: Any = None) -> Any:
        return self._run(eval, source, "eval", names, local)

    def _exec(self, source: Any, names: Any = None, local: Any = None) -> None:
        self._run(exec, source, "exec", names, local)

    def _run(self, run: Any, source: Any, mode: str, names: Any, local: Any) -> Any:
        frame = sys._getframe(2)  # noqa: SLF001 - as the builtins do, it runs in its caller's names
        if names is None:
            names, local = frame.f_globals, frame.f_locals if local is None else local
        names.setdefault("__builtins__", frame.f_globals.get("__builtins__"))
        if isinstance(source, str):
            source = _compiled(self._checked(source.lstrip(" \t")), "<string>", mode)
        return run(source, names, local)

    def _checked(self, source: str) -> str:
        found = self._checker.check_code(source)
        if found and found[0].rule:  # what cannot be read fails by itself
            named = [rule for rule in self._rules if name_of(rule) == found[0].rule]
            rule = named[0] if named else self._rules[0]
            self._refuse(rule, f"in a text that is run as code, {found[0]}")
        return source

    # Format strings

    def _format(self, text: str, /, *arguments: Any, **named: Any) -> str:
        return self._formatted(text, arguments, named)

    def _formatted(self, text: str, arguments: Sequence[Any], named: Mapping[str, Any]) -> str:
        formatter = self._replaced[id(string.Formatter)]()
        return str(formatter.vformat(text, arguments, named))

    def _formatter_class(self) -> type:
        load, item = self._getattr, self.item

        def get_field(
            self: Any, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]
        ) -> Any:
            first = re.split(r"[.[]", field_name, maxsplit=1)[0]
            key = int(first) if first.isdecimal() else first
            value = self.get_value(key, args, kwargs)
            for is_attribute, name in _steps(field_name[len(first) :]):
                value = load(value, name) if is_attribute else item(value, name)
            return value, key

        # No subclass, by which code could come to the methods of the original.
        own = {name: each for name, each in vars(string.Formatter).items() if name != "__dict__"}
        return type("Formatter", (), {**own, "get_field": get_field})


def _origin(value: Any) -> str:
    """Return the name of the library that an object is of."""
    cls: Any = value if issubclass(type(value), type) else type(value)
    return str(cls.__module__).partition(".")[0]


def _compiled(source: str, filename: str, mode: str) -> CodeType:
    """Compile a text as cells are compiled."""
    tree: Any = compile(source, filename, mode, ast.PyCF_ONLY_AST, dont_inherit=True)
    code: CodeType = compile(guard_access(tree), filename, mode, dont_inherit=True)
    return code


def _steps(name: str) -> Iterator[tuple[bool, Any]]:
    """Yield the steps that a field of a format string takes: attributes, and items.

    Example:
        >>> list(_steps(".real[0][key]"))
        [(True, 'real'), (False, 0), (False, 'key')]
    """
    for step in _STEP.finditer(name):
        key = step["key"]
        if key is None:
            yield True, step["attribute"]
        else:
            yield False, int(key) if key.isdecimal() else key
