"""What the text of a cell shows."""

import ast
import re

import pytest

from cave_agent.security import (
    AttributeRule,
    FunctionRule,
    ImportRule,
    RegexRule,
    SecurityChecker,
    SecurityRule,
    SecurityViolation,
)


def lines_refused(rule: SecurityRule, code: str) -> list[int | None]:
    return [violation.line for violation in SecurityChecker([rule]).check_code(code)]


@pytest.mark.parametrize(
    "code",
    [
        "import os",
        "import os.path",
        "import os as x",
        "import json, os.path as p",
        "from os import path",
        "from os.path import join",
        "from os import *",
        "__import__('os')",
        "__import__(name='os')",
        "import importlib; importlib.import_module('os')",
        "from importlib import import_module as load; import_module('os.path')",
        "import importlib; importlib.import_module('o' + 's')",
        "import importlib; importlib.import_module(f'{\"o\"}s')",
        "import runpy; runpy.run_module('os')",
        "import importlib.util; importlib.util.find_spec('os')",
        "import sys; sys.modules['os']",
        "from sys import modules; modules.get('os')",
        "import sys; sys.modules.pop('os')",
        "import sys; vars(sys)['modules']['os']",
        "import shutil; shutil.os.remove('x')",
        "import random; random._os",
        "from shutil import os as harmless",
        "from random import _os",
        "import shutil; getattr(shutil, 'os')",
        "def f():\n    class A:\n        import os",
        "await f(); import os",
    ],
)
def test_import_rule_refuses(code: str) -> None:
    assert lines_refused(ImportRule({"os"}), code)


@pytest.mark.parametrize(
    "code",
    [
        "import ossaudiodev_like, oslo",
        "from posix_like import os_name",
        "os = 1; os + 1",
        "device.os",
        "row = {'os': 'Linux'}; row['os']",
        "import json; json.dumps('import os')",
        "x = 'os'",
        "# import os\nx = 1",
        "from concurrent import futures",
    ],
)
def test_import_rule_allows(code: str) -> None:
    assert lines_refused(ImportRule({"os", "concurrent.interpreters"}), code) == []


@pytest.mark.parametrize(
    "code",
    [
        "import concurrent.futures",
        "from concurrent import futures",
        "from concurrent.futures import ThreadPoolExecutor",
        "import concurrent; concurrent.futures.wait",
    ],
)
def test_import_rule_of_a_submodule(code: str) -> None:
    assert lines_refused(ImportRule({"concurrent.futures"}), code)
    assert lines_refused(ImportRule({"concurrent.futures"}), "import concurrent") == []


@pytest.mark.parametrize(
    "code",
    [
        "eval('1')",
        "f = eval",
        "map(eval, ['1'])",
        "import builtins; builtins.eval",
        "import builtins as b; b.eval('1')",
        "__builtins__.eval",
        "__builtins__['eval']",
        "__builtins__.get('ev' + 'al')",
        "import builtins; vars(builtins)['eval']",
        "globals()['__builtins__']['eval']",
        "from builtins import eval as e",
        "getattr(x, 'eval')",
        "import operator; operator.attrgetter('eval')",
        "[eval for _ in x]",
        "@eval\ndef f(): pass",
        "def f(g=eval): pass",
        "ｅval('1')",
    ],
)
def test_function_rule_refuses(code: str) -> None:
    assert lines_refused(FunctionRule({"eval"}), code)


@pytest.mark.parametrize(
    "code",
    ["import re; re.compile('x')", "df.eval('a + b')", "compiled = 1", "'compile'", "x['eval']"],
)
def test_function_rule_leaves_methods_of_that_name(code: str) -> None:
    assert lines_refused(FunctionRule({"eval", "compile"}), code) == []


@pytest.mark.parametrize(
    "code",
    [
        "import os; os.system('x')",
        "import os as o; f = o.system",
        "from os import system as s; s('x')",
        "import os.path; os.system",
    ],
)
def test_function_rule_with_a_dotted_name(code: str) -> None:
    assert lines_refused(FunctionRule({"os.system"}), code)
    assert lines_refused(FunctionRule({"os.system"}), "import platform; platform.system()") == []


@pytest.mark.parametrize(
    "code",
    [
        "x.secret",
        "x.secret = 1",
        "del x.secret",
        "x.secret += 1",
        "getattr(x, 'secret')",
        "getattr(x, 'sec' + 'ret', None)",
        "setattr(x, 'secret', 1)",
        "hasattr(x, 'secret')",
        "object.__getattribute__(x, 'secret')",
        "x.__getattribute__('secret')",
        "import operator; operator.attrgetter('a.secret')",
        "import operator; operator.methodcaller('secret')",
        "'{0.secret}'.format(x)",
        "'{0.a[b].secret!r:>{w.secret}}'.format(x)",
        "t = 'see {x.secret}'\nt.format_map({})",
        "vars(x)['secret']",
        "x.__dict__['secret']",
        "x.__dict__.get('secret')",
        "match x:\n    case object(secret=y): pass",
        "match x:\n    case [object(a=object(secret=y))]: pass",
        "from x import secret",
        "f'{x.secret}'",
    ],
)
def test_attribute_rule_refuses(code: str) -> None:
    assert lines_refused(AttributeRule({"secret"}), code)


@pytest.mark.parametrize(
    "code",
    ["secret = 1", "x = {'secret': 1}; x['secret']", "'secret'", "'{secret}'.format(secret=1)"],
)
def test_attribute_rule_allows(code: str) -> None:
    assert lines_refused(AttributeRule({"secret"}), code) == []


@pytest.mark.parametrize("code", ["__builtins__", "x['__builtins__']", "'__glo' 'bals__'"])
def test_attribute_rule_knows_names_that_nothing_else_has(code: str) -> None:
    assert lines_refused(AttributeRule({"__builtins__", "__globals__"}), code)


def test_regex_rule_reads_the_whole_cell_but_comments() -> None:
    rule = RegexRule([r"(?i)drop\s+table", re.compile("rm -rf")], "Do not destroy anything.")
    code = "# drop table\nsql = 'DROP\\\n table'\nx = '#'  # rm -rf\nrun('#rm -rf')"
    code = code.replace("\\\n", " ")
    found = SecurityChecker([rule]).check_code(code)
    assert [(each.line, each.column, each.source) for each in found] == [
        (2, 8, "DROP table"),
        (4, 7, "rm -rf"),
    ]
    assert {each.message for each in found} == {"Do not destroy anything."}


def test_regex_rule_spans_lines() -> None:
    assert lines_refused(RegexRule(r"a\s*b"), "x = 1\ny = '''a\nb'''") == [2]


@pytest.mark.parametrize("pattern", ["(", [r"ok", "["], 5, []])
def test_regex_rule_refuses_what_is_no_pattern(pattern: object) -> None:
    with pytest.raises((ValueError, TypeError), match=r"regular expression|no pattern|iterable"):
        RegexRule(pattern)  # type: ignore[arg-type]


@pytest.mark.parametrize("rule", [ImportRule, FunctionRule, AttributeRule])
@pytest.mark.parametrize("names", ["os", [1], [""]])
def test_rules_take_sets_of_names(rule: type[ImportRule], names: object) -> None:
    with pytest.raises(TypeError, match=r"takes .*names"):
        rule(names)  # type: ignore[arg-type]


class NoLoops(SecurityRule):
    def check(self, node: ast.AST) -> list[SecurityViolation]:
        return [SecurityViolation("no loops")] if isinstance(node, ast.While) else []


def test_a_rule_of_the_users_own() -> None:
    violations = SecurityChecker([NoLoops()]).check_code(
        "x = 1\nif x:\n    while True:\n        pass"
    )
    assert violations == [
        SecurityViolation("no loops", "NoLoops", 3, 5, "while True: pass"),
    ]


def test_a_rule_s_own_place_stays() -> None:
    class Placed(SecurityRule):
        def check_cell(self, source: str, tree: ast.Module) -> list[SecurityViolation]:
            return [SecurityViolation("m", "mine", 7, 2, "s")]

    assert SecurityChecker([Placed()]).check_code("x = 1") == [
        SecurityViolation("m", "mine", 7, 2, "s")
    ]
