"""Running texts and syntax trees as code for cells: they are checked and guarded as cells are."""

import ast
import builtins
import sys
from collections.abc import Callable, Container, Iterator, Mapping, MutableMapping
from dataclasses import replace
from types import CodeType, ModuleType
from typing import Any, NoReturn

from cave_agent.runtime.guarded_names import exact
from cave_agent.runtime.guarded_texts import (
    as_cell,
    compiled,
    inherited_flags,
    parsed_source,
    text_of,
)
from cave_agent.security import SecurityChecker, SecurityRule
from cave_agent.security.rule import name_of


class CodeRunner:
    """What cells find in place of `eval`, `exec` and `compile`.

    Args:
        checker: What checks the texts.
        refuse: Raises, on behalf of a rule.
        steps: What guarded code calls, by name.
        importer: What it imports with.

    Attributes:
        names: What cells find built in.
    """

    def __init__(
        self,
        checker: SecurityChecker,
        refuse: Callable[[SecurityRule, str], NoReturn],
        steps: Mapping[str, Any],
        importer: Callable[..., Any],
    ) -> None:
        self._checker = checker
        self._refuse = refuse
        self._steps = steps
        self._importer = importer
        self.names: dict[str, Any] = {}

    def compile(
        self,
        source: Any,
        filename: Any,
        mode: str,
        flags: int = 0,
        dont_inherit: bool = False,  # noqa: FBT001, FBT002 - as the builtin has it
        optimize: int = -1,
        **named: Any,
    ) -> Any:
        """Return a code object, as the builtin does."""
        text = text_of(source)
        is_code = isinstance(text, str | ast.AST)
        if not is_code or flags & ast.PyCF_ONLY_AST or not isinstance(filename, str):
            return builtins.compile(source, filename, mode, flags, dont_inherit, optimize, **named)
        if not dont_inherit:
            flags |= inherited_flags(sys._getframe(1))  # noqa: SLF001 - as the builtin does
        return self._compiled(text, exact(filename), mode, flags, optimize)

    def eval(self, source: Any, globals: Any = None, locals: Any = None) -> Any:  # noqa: A002
        """Return what an expression gives, as the builtin does."""
        return self._run(builtins.eval, source, "eval", globals, locals)

    def exec(
        self,
        source: Any,
        globals: Any = None,  # noqa: A002
        locals: Any = None,  # noqa: A002
        **named: Any,
    ) -> None:
        """Run statements, as the builtin does."""
        self._run(builtins.exec, source, "exec", globals, locals, **named)

    def _run(self, run: Any, source: Any, mode: str, names: Any, local: Any, **named: Any) -> Any:
        frame = sys._getframe(2)  # noqa: SLF001 - as the builtins do, it runs in its caller's names
        if names is None:
            names, local = frame.f_globals, frame.f_locals if local is None else local
        if isinstance(names, dict):
            self._reach_guard(names)
        if local is not None and type(local) is not dict and hasattr(local, "__getitem__"):
            local = _Locals(local, self._steps)
        source = text_of(source)
        if isinstance(source, str):
            source = source.lstrip(" \t") if mode == "eval" else source
            source = self._compiled(source, "<string>", mode, inherited_flags(frame))
        return run(source, names, local, **named)

    def _reach_guard(self, names: dict[str, Any]) -> None:
        """Let code that runs in a namespace reach the guard, whatever it is to find built in."""
        own = names.setdefault("__builtins__", self.names)
        own = vars(own) if issubclass(type(own), ModuleType) else own
        if type(names) is not dict:  # it may answer every name
            dict.update(names, self._steps)
        if own is vars(builtins):
            names["__builtins__"] = self.names
        elif type(own) is not dict:
            names.update(self._steps)
        elif own is not self.names:
            own.update(self._steps)
            if own.get("__import__") is builtins.__import__:
                own["__import__"] = self._importer

    def _compiled(
        self, source: Any, filename: str, mode: str, flags: int, optimize: int = -1
    ) -> CodeType:
        """Compile what is to run as code, unless the rules refuse it."""
        found = self._checker.check_tree(
            *as_cell(source, parsed_source(source, filename, mode, flags))
        )
        refused = [violation for violation in found if violation.rule]  # an empty text is none
        if refused:
            named = [rule for rule in self._checker.rules if name_of(rule) == refused[0].rule]
            rule = (named or self._checker.rules)[0]
            told = replace(refused[0], rule="") if named else refused[0]  # it is told with the rule
            self._refuse(rule, f"in a text that is run as code, {told}")
        tree = parsed_source(source, filename, mode, flags)
        return compiled(tree, filename, mode, flags, optimize)


class _Locals(MutableMapping[str, Any]):
    """Local names of code that keeps them in a mapping which may answer every name.

    Args:
        names: The mapping.
        steps: Names that are not its own.
    """

    def __init__(self, names: Any, steps: Container[str]) -> None:
        self._names = names
        self._steps = steps

    def __getitem__(self, name: str) -> Any:
        if name in self._steps:
            raise KeyError(name)
        return self._names[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._names[name] = value

    def __delitem__(self, name: str) -> None:
        del self._names[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
