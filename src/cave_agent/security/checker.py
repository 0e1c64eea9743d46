"""Checking a cell against all rules, before anything of it runs."""

import ast
from collections.abc import Iterable
from typing import Any

from cave_agent.results import SecurityViolation
from cave_agent.security.rule import NEVER_CAUGHT, SecurityRule, described, name_of, shortened
from cave_agent.security.standard import standard_rules


class SecurityChecker:
    """Checks cells against rules; give it to a runtime.

    It fails closed: a rule that breaks, a cell that cannot be read, and an empty cell are
    violations. Rules are a seat belt against mistakes and no wall: see `docs/security.md`.

    Args:
        rules: What to check. `standard()` and `strict()` are ready sets.

    Raises:
        TypeError: Something in `rules` is no rule.

    Example:
        >>> from cave_agent.security import ImportRule
        >>> checker = SecurityChecker([ImportRule({"os"})])
        >>> print(checker.check_code("import os")[0].line)
        1
    """

    def __init__(self, rules: Iterable[SecurityRule]) -> None:
        self._rules: list[SecurityRule] = []
        for rule in rules:
            self.add_rule(rule)

    @classmethod
    def standard(cls) -> "SecurityChecker":
        """Return a checker with few rules, for honest mistakes.

        Refuses other programs (`subprocess`, `os.system`, …), deleting files, `eval`, `exec`,
        `input` and `breakpoint`, and the names behind functions (`__globals__`). Everything else
        goes: files, the network, every other module. It stops nobody who means harm.

        Example:
            >>> checker = SecurityChecker.standard()
            >>> len(checker.check_code("import subprocess")), checker.check_code("import os")
            (1, [])
        """
        return cls(standard_rules())

    @classmethod
    def strict(cls, imports: Iterable[str] = ()) -> "SecurityChecker":
        """Return a checker with an allow-list of imports and builtins.

        Allows numpy, pandas, matplotlib and the modules of the standard library that compute, and
        files in memory; no files on disk, no network, no programs, no `eval`, no attributes that
        lead to the interpreter's own machinery, no changes to modules and classes of the host. Code
        in the same process that means harm may still find a way: see `docs/security.md`.

        Args:
            imports: Modules that cells may import besides, whole, such as `{"scipy"}`. Look at what
                a module offers before you allow it: one that opens files lets cells do so.

        Example:
            >>> checker = SecurityChecker.strict()
            >>> len(checker.check_code("import os")), checker.check_code("import numpy as np")
            (1, [])
        """
        from cave_agent.security.strict import strict_rules  # noqa: PLC0415 - few need it

        return cls(strict_rules(imports))

    @property
    def rules(self) -> tuple[SecurityRule, ...]:
        """The rules, in the order in which they were given."""
        return tuple(self._rules)

    def add_rule(self, rule: SecurityRule) -> None:
        """Check cells against one more rule, from the next cell on.

        Raises:
            TypeError: It is no rule.
        """
        if not isinstance(rule, SecurityRule):
            message = (
                f"{rule!r} is no security rule: use ImportRule, FunctionRule, AttributeRule, "
                "RegexRule, or an object of a subclass of SecurityRule."
            )
            raise TypeError(message)
        self._rules.append(rule)

    def check_code(self, code: str) -> list[SecurityViolation]:
        """Return all that is wrong with a cell, in the order of its lines; empty if it may run.

        Args:
            code: The text of the cell, as it would run.
        """
        try:
            tree = parsed(code)
        except SyntaxError as error:
            message = f"SyntaxError: {error.msg}"
            source = (error.text or "").strip()
            return [SecurityViolation(message, "", error.lineno or 1, error.offset, source)]
        except (ValueError, RecursionError, MemoryError) as error:
            message = f"the cell cannot be read ({type(error).__name__}: {error}). Write it anew."
            return [SecurityViolation(message)]
        return self.check_tree(code, tree)

    def check_tree(self, code: str, tree: ast.Module) -> list[SecurityViolation]:
        """Return all that is wrong with a cell that was read already; see `check_code`.

        Args:
            code: The text of the cell.
            tree: What `ast.parse` makes of it.
        """
        if not tree.body:
            return [SecurityViolation("the cell is empty. Write code, or reply in prose.")]
        found = dict.fromkeys(
            violation for rule in self._rules for violation in _violations(rule, code, tree)
        )
        return sorted(found, key=lambda each: (each.line or 0, each.column or 0))


def parsed(code: str, filename: str = "<cell>") -> ast.Module:
    """Return the syntax tree of a cell: the one that is checked is read as the one that runs.

    Args:
        code: The text of the cell.
        filename: The name that its frames carry in tracebacks.

    Raises:
        SyntaxError: It is not Python.
    """
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    try:
        tree: Any = compile(code, filename, "exec", flags, dont_inherit=True)
    except SystemError:
        # Before 3.13 Python miscounts its depth, and says so, where it collects garbage meanwhile
        # and what that calls reads code, too.
        tree = compile(code, filename, "exec", flags, dont_inherit=True)
    module: ast.Module = tree
    return module


def _violations(rule: SecurityRule, code: str, tree: ast.Module) -> list[SecurityViolation]:
    """Return what one rule finds; a rule that breaks in any way refuses the cell."""
    try:
        name = rule.name
        return [_normalised(violation, name) for violation in rule.check_cell(code, tree)]
    except NEVER_CAUGHT:
        raise
    except BaseException as error:  # noqa: BLE001 - a rule of the user's may raise anything
        message = (
            f"the rule could not be checked ({described(error)}), so the cell is "
            "refused. Its author must mend the rule."
        )
        return [SecurityViolation(message, name_of(rule))]


def _normalised(violation: SecurityViolation, rule: str) -> SecurityViolation:
    """Return a violation with all that is told about it, of the types that it must have.

    Raises:
        TypeError: It is no violation, or has a part of another type.
    """
    if not isinstance(violation, SecurityViolation):
        message = f"a rule must return violations, not {violation!r}"
        raise TypeError(message)
    texts = (violation.message, violation.rule, violation.source)
    numbers = (violation.line, violation.column)
    wrong: list[object] = [text for text in texts if not isinstance(text, str)]
    wrong += [number for number in numbers if not isinstance(number, int | None)]
    if wrong:
        message = f"a violation takes texts, and numbers for its line and column, not {wrong[0]!r}"
        raise TypeError(message)
    source = shortened(violation.source)
    return SecurityViolation(violation.message, violation.rule or str(rule), *numbers, source)
