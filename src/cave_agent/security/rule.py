"""What a rule is; subclass it to write your own."""

import ast
from collections.abc import Iterable
from typing import Any

from cave_agent.results import SecurityViolation

_LONGEST_SOURCE = 200


class Interruption(BaseException):
    """Raised inside whatever runs, to stop it: no failure of the rule that is being asked."""


NEVER_CAUGHT = (KeyboardInterrupt, Interruption)
"""What is not meant for a rule, and leaves it."""


class SecurityRule:
    """A rule that every cell is checked against before it runs. Subclass it to write your own.

    Define `check`, which is called with each node of the cell's syntax tree; or `check_cell`, which
    is called once with all of it. A rule that raises refuses the cell.

    The methods that begin with `refuses` are asked while a cell runs, about what no text shows:
    names that are put together, modules that come by way of others. By default they refuse nothing.

    Attributes:
        description: What is forbidden and what to do instead, which the model is told in place of
            the words that the question has by itself; `None` for these.

    Example:
        >>> class NoLoops(SecurityRule):
        ...     def check(self, node):
        ...         if isinstance(node, ast.While):
        ...             return [SecurityViolation("Use `for` with a bound instead of `while`.")]
        ...         return []
        >>> from cave_agent.security import SecurityChecker
        >>> print(SecurityChecker([NoLoops()]).check_code("while True: pass")[0])
        line 1: `while True: pass`: Use `for` with a bound instead of `while`. (NoLoops)
    """

    description: str | None = None

    @property
    def name(self) -> str:
        """What violations say which rule it was; that of its class unless it is set."""
        return str(vars(self).get("name", type(self).__name__))

    @name.setter
    def name(self, name: str) -> None:
        vars(self)["name"] = name

    def check(self, node: ast.AST) -> list[SecurityViolation]:
        """Return what is wrong with one node; its line and source are filled in.

        Args:
            node: Any node of the cell's syntax tree.
        """
        message = f"{self.name} defines neither `check` nor `check_cell`: define one."
        raise TypeError(message)

    def check_cell(self, source: str, tree: ast.Module) -> Iterable[SecurityViolation]:
        """Return what is wrong with a cell.

        Args:
            source: Its text.
            tree: Its syntax tree.
        """
        for node in ast.walk(tree):
            found = self.check(node)
            if not isinstance(found, list):
                message = f"check() must return a list of violations, not {found!r}"
                raise TypeError(message)
            for violation in found:
                yield located(violation, node, source)

    def refuses_module(self, name: str) -> bool:
        """Whether cells may not use a module.

        Args:
            name: Its dotted name.
        """
        return False

    def refuses_member(self, module: str, name: str) -> bool:
        """Whether cells may not use a function or another member of a module.

        Args:
            module: Its dotted name; `builtins` for what needs no import.
            name: The member.
        """
        return False

    def refuses_injected(self, name: str) -> bool:
        """Whether cells may not use a function that the host has injected.

        Args:
            name: The name that it was injected under.
        """
        return False

    def refuses_attribute(self, name: str, owner: object) -> bool:
        """Whether cells may not read or set an attribute.

        Args:
            name: The attribute.
            owner: The object.
        """
        return False

    def refuses_change(self, owner: object, name: str) -> bool:
        """Whether cells may not set or delete an attribute of an object.

        Args:
            owner: The object.
            name: The attribute.
        """
        return False

    def refuses_event(self, event: str, arguments: tuple[Any, ...]) -> bool:
        """Whether cells may not do what the interpreter audits: open a file, start a program.

        A rule that defines it is asked about the events of `runtime/audit.py`, whatever library
        causes them for the cell.

        Args:
            event: Name of the audit event, such as `"open"`.
            arguments: What Python tells with it.
        """
        return False

    def replacement(self, owner: object, name: str, value: Any) -> Any:
        """Return what cells get in place of an attribute that can be called.

        Args:
            owner: What it was read from.
            name: Its name there.
            value: What it is.
        """
        return value


def located(violation: SecurityViolation, node: ast.AST, source: str) -> SecurityViolation:
    """Return a violation with the place and the source of a node, where it has none."""
    line = getattr(node, "lineno", None)
    if violation.line is not None or line is None:
        return violation
    text = violation.source or (ast.get_source_segment(source, node) or "")
    column = node.col_offset + 1 if isinstance(node, ast.expr | ast.stmt) else None
    return SecurityViolation(violation.message, violation.rule, line, column, text)


def name_of(rule: SecurityRule) -> str:
    """Return the name of a rule, even where its own `name` is broken."""
    try:
        return str(rule.name)
    except NEVER_CAUGHT:
        raise
    except BaseException:  # noqa: BLE001 - a rule of the user's may raise anything
        return type(rule).__name__


def words_of(rule: SecurityRule, message: str) -> str:
    """Return what is told where a rule refuses: its own description, else the message."""
    try:
        description: object = rule.description
    except NEVER_CAUGHT:
        raise
    except BaseException:  # noqa: BLE001 - as above
        return message
    return description if isinstance(description, str) and description else message


def described(error: BaseException) -> str:
    """Return the type and the message of what a rule raised, even where that is broken."""
    try:
        return f"{type(error).__name__}: {error}"
    except NEVER_CAUGHT:
        raise
    except BaseException:  # noqa: BLE001 - any exception class may be broken
        return type(error).__name__


def shortened(source: str) -> str:
    r"""Return source on one line, as a violation tells it.

    Example:
        >>> shortened("import os  as\n  o")
        'import os as o'
    """
    line = " ".join(source.split())
    return line if len(line) <= _LONGEST_SOURCE else f"{line[:_LONGEST_SOURCE]}…"
