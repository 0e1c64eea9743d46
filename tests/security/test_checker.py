"""Checking fails closed, and tells all at once."""

import ast
import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cave_agent import CaveAgent
from cave_agent.runtime import PythonRuntime
from cave_agent.security import (
    FunctionRule,
    ImportRule,
    SecurityChecker,
    SecurityRule,
    SecurityViolation,
)
from cave_agent.testing import ScriptedModel
from tests.runtime.cells import run


def test_a_violation_says_everything() -> None:
    (violation,) = SecurityChecker([ImportRule({"os"})]).check_code("x = 1\n  \nimport os as  o")
    assert (violation.rule, violation.line, violation.column) == ("ImportRule", 3, 1)
    assert violation.source == "import os as o"
    assert str(violation) == (
        "line 3: `import os as o`: the module `os` is not allowed. Do without it: use the "
        "variables and functions that are given. (ImportRule)"
    )


def test_all_violations_come_at_once_in_the_order_of_lines() -> None:
    checker = SecurityChecker([FunctionRule({"eval"}), ImportRule({"os"})])
    found = checker.check_code("import os\neval('1')\nimport os.path")
    assert [violation.line for violation in found] == [1, 2, 3]


def test_a_rule_can_be_added() -> None:
    checker = SecurityChecker([])
    assert checker.check_code("import os") == []
    checker.add_rule(ImportRule({"os"}))
    assert checker.check_code("import os")
    assert [type(rule) for rule in checker.rules] == [ImportRule]


@pytest.mark.parametrize("rule", [ImportRule, "os", None])
def test_what_is_no_rule(rule: Any) -> None:
    with pytest.raises(TypeError, match="is no security rule"):
        SecurityChecker([rule])


class Raises(SecurityRule):
    def check(self, node: ast.AST) -> list[SecurityViolation]:
        raise LookupError(type(node).__name__)


class ReturnsNothing(SecurityRule):
    def check(self, node: ast.AST) -> Any:
        return None


class ChecksNothing(SecurityRule):
    pass


class Exits(SecurityRule):
    def check(self, node: ast.AST) -> list[SecurityViolation]:
        raise SystemExit(3)


class Returns(SecurityRule):
    def __init__(self, *found: Any) -> None:
        self.found = list(found)

    def check_cell(self, source: str, tree: ast.Module) -> Any:
        return self.found


class HasNoName(SecurityRule):
    @property  # type: ignore[misc]  # it cannot be set
    def name(self) -> str:
        raise ValueError

    def check(self, node: ast.AST) -> list[SecurityViolation]:
        return []


class UntoldError(Exception):
    def __str__(self) -> str:
        raise ValueError


class OddEnd(BaseException):
    pass


class Ends(SecurityRule):
    def __init__(self, error: BaseException) -> None:
        self.error = error

    def check(self, node: ast.AST) -> list[SecurityViolation]:
        raise self.error


class RaisesWhatCannotBeTold(SecurityRule):
    def check(self, node: ast.AST) -> list[SecurityViolation]:
        raise UntoldError


NO_TEXT: Any = None
NO_NUMBER: Any = "a"


@pytest.mark.parametrize(
    "rule",
    [
        Raises(),
        ReturnsNothing(),
        ChecksNothing(),
        Exits(),
        Returns("text"),
        Returns(SecurityViolation("m", source=NO_TEXT)),
        Returns(SecurityViolation("m", line=NO_NUMBER), SecurityViolation("m", line=3)),
        Returns(SecurityViolation([])),  # type: ignore[arg-type]
        HasNoName(),
        RaisesWhatCannotBeTold(),
        Ends(asyncio.CancelledError()),
        Ends(GeneratorExit()),
        Ends(OddEnd()),
    ],
)
def test_a_rule_that_breaks_refuses_the_cell(rule: SecurityRule) -> None:
    (violation,) = SecurityChecker([rule]).check_code("x = 1")
    assert violation.rule == type(rule).__name__
    assert "so the cell is refused" in violation.message
    runtime = PythonRuntime(security_checker=SecurityChecker([rule]))
    assert run(runtime, "x = 1").refused
    agent = CaveAgent(ScriptedModel(["```python\nx = 1\n```", "Done."]), runtime)
    assert asyncio.run(agent.run("Go")).content == "Done."


def test_a_rule_may_have_a_name_of_its_own() -> None:
    class Named(SecurityRule):
        def __init__(self) -> None:
            self.name = "mine"

        def check_cell(self, source: str, tree: ast.Module) -> list[SecurityViolation]:
            return [SecurityViolation("m")]

    (violation,) = SecurityChecker([Named()]).check_code("x = 1")
    assert violation.rule == "mine"


def test_an_interruption_is_no_rule_that_breaks() -> None:
    class Interrupted(SecurityRule):
        def check(self, node: ast.AST) -> list[SecurityViolation]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        SecurityChecker([Interrupted()]).check_code("x = 1")


def test_what_does_not_parse_is_a_syntax_error_with_its_place() -> None:
    checker = SecurityChecker([ImportRule({"os"})])
    (violation,) = checker.check_code("x = 1\ny = (")
    assert (violation.line, violation.column) == (2, 5)
    assert violation.message == "SyntaxError: '(' was never closed"
    result = run(PythonRuntime(security_checker=checker), "x = 1\ny = (")
    assert result.error is not None
    assert result.error.type == "SyntaxError"
    assert "rules" not in result.error.text
    assert not result.violations


@pytest.mark.parametrize("code", ["", "  \n\n", "# a comment\n", "\f"])
def test_an_empty_cell_is_no_pass(code: str) -> None:
    (violation,) = SecurityChecker([]).check_code(code)
    assert "empty" in violation.message
    assert run(PythonRuntime(security_checker=SecurityChecker([])), code).refused


@pytest.mark.parametrize("code", ["x = 1\0", "(" * 10_000, "-" * 200_000 + "1"])
def test_what_cannot_be_read_is_no_pass(code: str) -> None:
    assert SecurityChecker([]).check_code(code)
    assert not run(PythonRuntime(security_checker=SecurityChecker([])), code).success


@given(st.text(max_size=60))
def test_any_text_is_checked_or_refused(text: str) -> None:
    checker = SecurityChecker([ImportRule({"os"}), FunctionRule({"eval"})])
    for violation in checker.check_code(text):
        assert violation.message


@pytest.mark.parametrize("checker", [ImportRule({"os"}), [ImportRule({"os"})], "strict"])
def test_a_runtime_takes_a_checker(checker: Any) -> None:
    with pytest.raises(TypeError, match="is no checker"):
        PythonRuntime(security_checker=checker)


def test_strict_can_be_widened_by_whole_modules() -> None:
    checker = SecurityChecker.strict(imports={"graphviz"})
    assert checker.check_code("import graphviz.dot\nfrom graphviz import Digraph") == []
    assert SecurityChecker.strict().check_code("import graphviz")


@pytest.mark.parametrize(
    "code", ["sum = 3\nprint(sum)", "def input(): return 1\ninput()", "open = 5\nopen + 1"]
)
def test_strict_leaves_names_that_a_cell_binds(code: str) -> None:
    assert SecurityChecker.strict().check_code(code) == []
