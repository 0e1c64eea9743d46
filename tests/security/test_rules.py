"""What the text of a cell shows."""

import ast
import re

import pytest

from cave_agent.runtime import PythonRuntime, Variable
from cave_agent.security import (
    AttributeRule,
    FunctionRule,
    ImportRule,
    RegexRule,
    SecurityChecker,
    SecurityRule,
    SecurityViolation,
)
from tests.runtime.cells import run, run_ok


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
        "import numpy as np; np.random.default_rng()",
        "import numpy as np; np.copy([1]); np.select",
        "from datetime import time; time(1)",
        "import datetime as dt; dt.time(1)",
        "import sys; sys.platform",
        "from numpy import random, copy",
        "import numpy as np; getattr(np, 'random')",
    ],
)
def test_import_rule_allows_what_only_shares_a_name(code: str) -> None:
    rule = ImportRule({"random", "time", "copy", "platform", "select"})
    assert lines_refused(rule, code) == []
    assert run_ok(PythonRuntime(security_checker=SecurityChecker([rule])), code)


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
        "input = [1, 2]; sum(input)",
        "def f(input): return input + 1\nf(1)",
        "def input(): return 1\ninput()",
        "class compile: pass\ncompile()",
        "from re import compile\ncompile('x')",
        "from gzip import open as zipped",
        "class A:\n    def open(self): return 1\ngetattr(A(), 'open')()",
        "import re; getattr(re, 'compile')('x')",
        "input = 3; globals()['input']",
        "import json; from json import dumps",
    ],
)
def test_function_rule_leaves_names_that_a_cell_binds(code: str) -> None:
    rule = FunctionRule({"input", "compile", "open", "__import__"})
    assert lines_refused(rule, code) == []
    assert run_ok(PythonRuntime(security_checker=SecurityChecker([rule])), code)


@pytest.mark.parametrize(
    "code",
    [
        "__import__('json')",
        "f = __import__; f('json')",
        "import builtins; builtins.__import__('json')",
        "import builtins; getattr(builtins, '__imp' 'ort__')('json')",
    ],
)
def test_function_rule_with_the_function_that_imports(code: str) -> None:
    assert lines_refused(FunctionRule({"__import__"}), code)
    runtime = PythonRuntime(security_checker=SecurityChecker([FunctionRule({"__import__"})]))
    computed = "import builtins\ngetattr(builtins, ''.join(['__imp', 'ort__']))('json')"
    assert run(runtime, computed).stopped_by_rules


@pytest.mark.parametrize(
    "code",
    [
        "eval = eval\neval('1 + 1')",
        "def f(eval): pass\nlist(map(eval, ['1 + 1']))",
        "for eval in [eval]: eval('1')",
    ],
)
def test_a_name_that_is_bound_somewhere_is_no_way_to_a_builtin(code: str) -> None:
    runtime = PythonRuntime(security_checker=SecurityChecker([FunctionRule({"eval"})]))
    assert run(runtime, code).stopped_by_rules


@pytest.mark.parametrize(
    "code",
    [
        "delete_all()",
        "globals()['delete_all']()",
        "vars()['delete_all']",
        "locals().get('delete_all')",
        "import __main__ as m; m.delete_all()",
        "import __main__; getattr(__main__, 'delete_all')",
        "from __main__ import delete_all as d",
    ],
)
def test_function_rule_with_an_injected_function(code: str) -> None:
    assert lines_refused(FunctionRule({"delete_all"}), code)


@pytest.mark.parametrize(
    "code",
    [
        "import os; vars(os)['system']",
        "import os; os.__dict__['system']",
        "import os; os.__dict__.get('system')",
        "import os; getattr(os, 'system')",
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
        "import os; os.system('exit 3')",
        "from os import system",
        "from os import system as s; s('exit 3')",
        "import os as o; f = o.system",
        "import os; getattr(os, 'sys' 'tem')",
        "import os; vars(os)['system']",
        "import platform; platform.system()",
        "table.to_csv()",
        "given['tables'][0].to_csv()",
        "type(table).to_csv(table)",
        "f = table.to_csv",
        "getattr(table, 'to_csv')()",
        "import operator; operator.methodcaller('to_csv')(table)",
        "system()",
    ],
)
def test_function_rule_with_a_name_that_is_no_builtin_s(code: str) -> None:
    assert lines_refused(FunctionRule({"system", "to_csv"}), code)


@pytest.mark.parametrize(
    "code",
    [
        "getattr(table, 'to_' + csv)()",
        "list(map(getattr(type(table), 'to_' + csv), [table]))",
        "table.__getattribute__('to_' + csv)()",
        "import operator; operator.methodcaller('to_' + csv)(table)",
        "import os; getattr(os, 'get' + cwd)",
        "import os; vars(os)['get' + cwd]",
        "import importlib; m = importlib.import_module('os'); getattr(m, 'get' + cwd)()",
        "from os import *; globals()['get' + cwd]()",
    ],
)
def test_names_that_are_put_together_reach_no_function_either(code: str) -> None:
    runtime = PythonRuntime(
        variables=[Variable("table", Table()), Variable("csv", "csv"), Variable("cwd", "cwd")],
        security_checker=SecurityChecker([FunctionRule({"to_csv", "getcwd"})]),
    )
    assert run(runtime, code).stopped_by_rules


class Table:
    def to_csv(self) -> str:
        return "a,b"


@pytest.mark.parametrize(
    "code",
    [
        "d = {'to_csv': 1}; d['to_csv'], d.get('to_csv')",
        "x = 'to_csv'",
        "class A: pass\na = A(); a.system = 1; del a.system",
        "systems = [1]; systems.sort()",
    ],
)
def test_function_rule_leaves_what_is_no_function_of_that_name(code: str) -> None:
    rule = FunctionRule({"system", "to_csv"})
    assert lines_refused(rule, code) == []
    assert run_ok(PythonRuntime(security_checker=SecurityChecker([rule])), code)


@pytest.mark.parametrize(
    ("rule", "codes"),
    [
        (ImportRule({"os"}, "Mine."), ["import os", "__import__('o' + x)"]),
        (FunctionRule({"eval", "to_csv"}, "Mine."), ["eval('1')", "getattr(t, 'to_' + y)()"]),
        (AttributeRule({"real"}, description="Mine."), ["(1).real", "getattr(1, 're' + z)"]),
    ],
)
def test_a_description_is_told_instead(rule: SecurityRule, codes: list[str]) -> None:
    runtime = PythonRuntime(
        variables=[
            Variable("x", "s"),
            Variable("y", "csv"),
            Variable("z", "al"),
            Variable("t", Table()),
        ],
        security_checker=SecurityChecker([rule]),
    )
    for code in codes:
        (violation,) = run(runtime, code).violations
        assert violation.message == "Mine."


@pytest.mark.parametrize(
    "code",
    [
        "getattr(x, '__globals__')",
        "hasattr(x, '__glo' '' + 'bals__')",
        "vars(x)['__globals__']",
        "vars(x).get('__globals__')",
        "import operator; operator.attrgetter('__globals__')",
        "f'__globals__'",
    ],
)
def test_one_thing_is_told_once(code: str) -> None:
    (violation,) = SecurityChecker([AttributeRule({"__globals__"})]).check_code(code)
    assert violation.line == 1


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


@pytest.mark.parametrize("terms", [5, 5_000])
@pytest.mark.parametrize("inner", ["'{0.sec' + 'ret}'", "x + ('{0.sec' + 'ret}')", "1"])
def test_long_sums_are_read_once(terms: int, inner: str) -> None:
    tree = ast.parse(inner, mode="eval").body
    for _ in range(terms):
        tree = ast.BinOp(tree, ast.Add(), ast.Constant("a"))
    found = SecurityChecker([AttributeRule({"secret"})]).check_tree(
        "", ast.Module([ast.Expr(tree)], [])
    )
    assert len(found) == (0 if inner == "1" else 1)


@pytest.mark.parametrize(
    "code", ["'{0.sec' + 'ret}' + x", "x + '{0.sec' + 'ret}'", "f('__a' + '__')"]
)
def test_sums_with_a_constant_part(code: str) -> None:
    refused = lines_refused(AttributeRule({"secret", "__a__"}), code)
    assert refused == ([] if code.startswith("x") else [1])


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


@pytest.mark.parametrize(
    ("pattern", "lines"),
    [
        (r"^import os", [2, 3]),
        (r"os$", [2]),
        (r"x.+sep", [1]),
        (re.compile(r"^import os"), []),
        (r"\Aimport", []),
    ],
)
def test_regex_rule_reads_line_by_line(pattern: str, lines: list[int]) -> None:
    assert lines_refused(RegexRule(pattern), "x = 1\nimport os\nimport os.path as sep") == lines


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
