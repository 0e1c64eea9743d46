"""What no text shows is held to the same rules while the cell runs."""

import ast
import asyncio
import builtins
import dataclasses
import importlib
import threading
import types
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from cave_agent import AgentResponse, CaveAgent, EventType, SecurityError
from cave_agent.events import Event
from cave_agent.runtime import Function, PythonRuntime, Variable
from cave_agent.security import (
    AttributeRule,
    FunctionRule,
    ImportRule,
    SecurityChecker,
    SecurityRule,
    SecurityViolation,
)
from cave_agent.testing import ScriptedModel
from tests.runtime.cells import Mode, error_of, run, run_ok, value_of

RULES = [
    ImportRule({"os", "subprocess"}),
    FunctionRule({"eval", "open", "shutil.rmtree", "delete_all"}),
    AttributeRule({"secret", "_Vault__key"}),
]


class Safe:
    def __init__(self) -> None:
        self.secret = "hidden"
        self.public = "seen"


@dataclasses.dataclass
class Record:
    name: str = "n"
    secret: str = "hidden"


def double(number: int) -> int:
    return 2 * number


def delete_all() -> None:
    raise NotImplementedError


@pytest.fixture
def guarded(mode: Mode) -> PythonRuntime:
    variables = [Variable("safe", Safe()), Variable("s", "s"), Variable("let", "".join)]
    return PythonRuntime(
        variables=[*variables, Variable("record", Record())],
        functions=[Function(delete_all)],
        security_checker=SecurityChecker(RULES),
        run_in=mode,
    )


DYNAMIC = {
    "getattr of builtins": "import builtins\ngetattr(builtins, let(['ev', 'al']))('1')",
    "builtins by key": "import builtins\nbuiltins.__dict__[let(['ev', 'al'])]('1')",
    "builtins found by a search": (
        "import builtins\nfor n, f in vars(builtins).items():\n    if n[:2] == 'ev': f('1')"
    ),
    "globals": "globals()['__built' + let(['ins__'])][let(['ev', 'al'])]('1')",
    "a refused builtin of another module": "import io\nf = io.open\nf('x')",
    "importing by a computed name": "__import__('o' + s)",
    "importlib": "import importlib\nimportlib.import_module('o' + s)",
    "importlib by from": "from importlib import import_module as load\nload('o' + s)",
    "importlib by getattr": "import importlib\ngetattr(importlib, 'import_module')('o' + s)",
    "importlib's other function": "import importlib\nimportlib.__import__('o' + s)",
    "loaded modules": "import sys\nsys.modules['o' + s].getcwd()",
    "loaded modules, searched": (
        "import sys\n[m for n, m in sys.modules.items() if n == 'o' + s][0].getcwd()"
    ),
    "by way of another module": "import shutil as t\nx = t\nx.os",
    "two steps on": "import shutil as p\nq = [p]\nq[0].os.getcwd()",
    "reduce": "import functools, shutil\nfunctools.reduce(getattr, ['o' + s], shutil)",
    "attrgetter": "import operator, shutil\noperator.attrgetter('o' + s)(shutil)",
    "function of a module": "import shutil\ngetattr(shutil, let(['rm', 'tree']))",
    "attribute": "getattr(safe, let(['sec', 'ret']))",
    "attribute with a default": "getattr(safe, let(['sec', 'ret']), None)",
    "hasattr": "hasattr(safe, let(['sec', 'ret']))",
    "setattr": "setattr(safe, let(['sec', 'ret']), 1)",
    "delattr": "delattr(safe, let(['sec', 'ret']))",
    "attrgetter of an attribute": (
        "from operator import attrgetter as a\na('sec' + let(['ret']))(safe)"
    ),
    "methodcaller": "import operator as o\no.methodcaller(let(['sec', 'ret']))(safe)",
    "object's own way": "object.__getattribute__(safe, let(['sec', 'ret']))",
    "the instance's own way": "safe.__getattribute__(let(['sec', 'ret']))",
    "format": "(let(['{0.sec', 'ret}'])).format(safe)",
    "format, unbound": "str.format(let(['{0.sec', 'ret}']), safe)",
    "format, mapped": "list(map(let(['{0.sec', 'ret}']).format, [safe]))",
    "format_map": "let(['{x.sec', 'ret}']).format_map({'x': safe})",
    "format in a specification": "let(['{0:{1.sec', 'ret}}']).format(1, safe)",
    "Formatter": "import string\nstring.Formatter().format(let(['{0.sec', 'ret}']), safe)",
    "code in a text": "exec(let(['import ', 'os']))",
    "code in a text, by a module": "import builtins\nbuiltins.exec(let(['import ', 'os']))",
    "code in bytes": "exec(let(['import ', 'os']).encode())",
    "code in bytes with a cookie": (
        "exec(let(['# coding: utf-16-le\\n']).encode() + let(['import o', 's']).encode('utf-7'))"
    ).replace("utf-16-le", "utf-7"),
    "code in a bytearray": "exec(bytearray(let(['__import__(\"o', 's\")']).encode()))",
    "attributes in compiled bytes": (
        "c = compile(memoryview(let(['__import__(\"shutil\").o', 's']).encode()), 'f', 'eval')\n"
        "exec(c)"
    ),
    "a text with builtins of its own": (
        "import json\nexec(let(['import ', 'os']), {'__builtins__': vars(json)['__built' 'ins__']})"
    ),
    "a text with the builtins of a module": (
        "import json\n"
        "exec('n = \"o\" + chr(115); m = __import__(n)', {'__builtins__': json.__builtins__})"
    ),
    "a syntax tree": (
        "import ast\ntree = ast.parse(let(['import shutil\\nshutil.o', 's']))\n"
        "exec(compile(tree, 'f', 'exec'))"
    ),
    "an annotation, with another future": (
        "from __future__ import division\nimport shutil as t\nq = [t]\nx: q[0].os = 1"
    ),
    "an item whose key holds a slice": "import sys\nsys.modules[let('os')[:]].getcwd()",
    "object's own way, of a module": (
        "import posixpath\no = vars(posixpath).get('o' + s)\nobject.__getattribute__(o, 'sep')"
    ),
    "the type's own way, of a module": (
        "import sys\no = sys.modules.get('o' + s)\ntype(o).__getattribute__(o, 'sep')"
    ),
    "importing as C code does": "__import__('o' + s, globals(), globals(), [])",
    "importing as C code does, by another name": "f = __import__\nf('o' + s, {}, {}, [], 0)",
    "importing from a package": (
        "__import__('pa' + 'th', {'__package__': 'o' + s, '__path__': []}, None, ('join',), 1)"
    ),
    "runpy": "import runpy\nrunpy.run_module('o' + s)",
    "find_spec": "import importlib.util\nimportlib.util.find_spec('o' + s)",
    "the import system's own": "import importlib\nimportlib._bootstrap._gcd_import('o' + s)",
    "resolve_name": "import pkgutil\npkgutil.resolve_name(let(['o', 's:sep']))",
    "resolve_name of a function": (
        "import pkgutil\npkgutil.resolve_name(let(['shutil:rm', 'tree']))"
    ),
    "an injected function by key": "globals()[let(['delete', '_all'])]()",
    "an injected function by method": "f = globals().get\nf(let(['delete', '_all']))()",
    "an injected function of main": ("import __main__ as m\ngetattr(m, let(['delete', '_all']))()"),
    "an injected function in a text": "exec(let(['delete', '_all()']))",
    "an injected function, searched": (
        "for n, f in vars().copy().items():\n    if n[:7] == 'delete_': f()"
    ),
    "a member by key": "import shutil\nvars(shutil)[let(['rm', 'tree'])]",
    "a member by method": "import shutil\nshutil.__dict__.get(let(['rm', 'tree']))",
    "a member by the method of dict": (
        "import shutil\ndict.get(vars(shutil), let(['rm', 'tree']))"
    ),
    "a member by a pattern": (
        "import shutil\nM = type(shutil)\nmatch shutil:\n    case M(rmtree=f): pass"
    ),
    "super by another value": (
        "import json\nsuper = vars(json)['__built' 'ins__'].get(let(['ev', 'al']))\nsuper('1 + 1')"
    ),
    "a pattern by place": "match record:\n    case Record(a, b): pass",
    "a pattern by place, inside": "match [record]:\n    case [Record(a, b)]: pass",
    "a pattern in a list": (
        "import shutil\nM = type(shutil)\nmods = [[1, {'m': shutil}]]\n"
        "match mods:\n    case [[_, {'m': M(rmtree=f)}]]: pass"
    ),
    "a module in a list": (
        "import shutil\nM = type(shutil)\nmatch [shutil]:\n    case [M(os=o) | M(sys=o)]: pass"
    ),
    "a pattern by place, of a computed name": (
        "class P(type(safe)): __match_args__ = (let(['sec', 'ret']),)\n"
        "safe.__class__ = P\nmatch [safe]:\n    case [P(x)]: pass"
    ),
    "a pattern by place, in the body of a class": (
        "class A:\n    class P(type(safe)): __match_args__ = (let(['sec', 'ret']),)\n"
        "    safe.__class__ = P\n    match safe:\n        case P(x): pass"
    ),
    "a value of a pattern": (
        "import shutil\nq = shutil\nclass E:\n    def __eq__(self, o): global got; got = o\n"
        "match E():\n    case q.os.sep: pass"
    ),
    "a key of a pattern": (
        "import shutil\nq = shutil\nmatch {'/': 1}:\n    case {q.os.sep: x}: pass"
    ),
    "a class of a pattern": "import shutil\nq = shutil\nmatch 1:\n    case q.os.PathLike(): pass",
    "a copy of a builtin": "import copy\ncopy.copy(getattr)(safe, let(['sec', 'ret']))",
    "a deep copy of a builtin": (
        "import copy\ncopy.deepcopy([hasattr])[0](safe, let(['sec', 'ret']))"
    ),
    "a copy of a reader": (
        "import copy, operator\ncopy.copy(operator.attrgetter(let(['sec', 'ret'])))(safe)"
    ),
    "getattr_static": "import inspect\ninspect.getattr_static(safe, let(['sec', 'ret']))",
    "a name of its own class": (
        "class Name(str):\n    __eq__ = lambda *_: False\n    __hash__ = str.__hash__\n"
        "    def __str__(self): return 'public'\n"
        "getattr(safe, Name(let(['sec', 'ret'])))"
    ),
    "a format string of its own class": (
        "class Text(str): pass\nText(let(['{0.sec', 'ret}'])).format(safe)"
    ),
    "the guard behind a builtin": (
        "import operator\nassert getattr.func is getattr\n"
        "operator.attrgetter.__self__ if hasattr(operator.attrgetter, '__self__') else 1\n"
        "getattr.__wrapped__(safe, let(['sec', 'ret']))"
    ),
    "a private name": ("class Vault:\n    def get(self, o): return o.__key\nVault().get(safe)"),
    "attributes in compiled text": (
        "exec(compile(let(['import shutil as t\\nx = t.__name__\\nt.o', 's']), 'f', 'exec'))"
    ),
}


@pytest.mark.parametrize("code", DYNAMIC.values(), ids=DYNAMIC)
def test_dynamic_forms_are_stopped(guarded: PythonRuntime, code: str) -> None:
    result = run(guarded, code + "\nwent_on = True")
    assert result.error is not None, result.output
    assert result.error.type == "SecurityError", result.error.text
    assert "not allowed" in result.error.text
    assert "cave_agent.runtime" not in result.error.text
    (violation,) = result.violations
    assert violation.rule in ("ImportRule", "FunctionRule", "AttributeRule")
    assert violation.line is not None
    assert violation.source == code.split("\n")[violation.line - 1].strip()
    assert not result.refused
    assert "went_on" not in guarded.names()
    assert guarded.retrieve("safe").secret == "hidden"


ORDINARY = {
    "attributes": "safe.public + getattr(safe, 'public') + getattr(safe, 'nothing', '')",
    "format": "'{:>3}|{0.public}|{x[0]}|{y[k].real:{w}}'.replace('{:', '{1:').format("
    "safe, 5, x='ab', y={'k': 7}, w=4)",
    "modules": "import math, json as j\nj.dumps(math.pi)",
    "own classes": (
        "class A:\n    __hidden = 1\n    def __init__(self): self.v = self.__hidden\n"
        "    def __getattr__(self, name): return name\n"
        "class B(A):\n    def __init__(self):\n        super().__init__()\n        self.v += 1\n"
        "b = B()\nb.v, b.other, b._A__hidden"
    ),
    "own attribute access": (
        "class A:\n    def __getattribute__(self, n): return object.__getattribute__(self, n)\n"
        "a = A()\na.x = 3\na.x"
    ),
    "annotations": (
        "from __future__ import annotations\nimport typing, decimal\n"
        "def f(x: decimal.Decimal) -> list[decimal.Decimal]: ...\n"
        "typing.get_type_hints(f)['x'].__name__"
    ),
    "dataclass": (
        "import dataclasses, pickle\n@dataclasses.dataclass\nclass P:\n    x: int = 1\n"
        "pickle.loads(pickle.dumps(P(2))), dataclasses.replace(P(), x=5).x"
    ),
    "match": (
        "class P:\n    __match_args__ = ('x',)\n    def __init__(self): self.x = 5\n"
        "match P():\n    case P(x) if x > 4: got = x\n    case _: got = None\ngot"
    ),
    "items": "d = {'a': [1, 2, 3]}\nd['a'][0:2], d['a'][-1], (*d['a'][1:],)",
    "arrays": "import numpy as np\na = np.arange(6).reshape(2, 3)\na[:, 1].tolist(), a.mean()",
    "tables": (
        "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2]})\nlimit = 1\n"
        "df.loc[df['a'] > 1, 'a'] = 5\nlen(df.query('a > @limit')), int(df.a.sum())"
    ),
    "texts as code": "x = 4\nexec('y = x + 1')\ndef f(z): exec('z'); return z\ny, f(2)",
    "compiled": "exec(compile('q = 3', 'f', 'exec'))\nq",
    "star": "from math import *\nsqrt(16)",
    "await": "import asyncio\nasync def f(): return 3\nawait asyncio.gather(f(), f())",
    "dates": "from datetime import datetime\ndatetime.strptime('2024', '%Y').year",
    "decorators": "import functools\n@functools.lru_cache\ndef f(x): return x\nf(3)",
    "restricted builtins": (
        "import math\nns = {'__builtins__': {'len': len}}\nexec('n = len(\"abc\").real', ns)\n"
        "eval('sqrt(16)', {'__builtins__': {}}, {'sqrt': math.sqrt}), ns['n'], "
        "eval('x.real + d[0]', {'__builtins__': None}, {'x': 3, 'd': [1]})"
    ),
    "pickled methods": (
        "import pickle\nclass A:\n    def m(self): return 1\n"
        "[pickle.loads(pickle.dumps(f))() for f in (A().m, 'a'.upper, '{{}}'.format)]"
    ),
    "operators": (
        "import operator as o, pickle, inspect\ng = o.attrgetter('real.imag', 'real')\n"
        "g(3), pickle.loads(pickle.dumps(g))(3), g, str(inspect.signature(hasattr)), "
        "o.methodcaller('upper')('a'), repr(getattr)"
    ),
    "__import__": (
        "__import__('json', globals(), locals(), [], 0).__name__, "
        "__import__('xml.dom.minidom', fromlist=['x']).__file__[-10:], "
        "__import__('xml.dom').__name__"
    ),
    "a long sum": "n = 1\nprint(n)\nx = " + "+".join(["n.real"] * 1400),
    "a long sum in a text": "n = 1\nexec('x = ' + ' - '.join(['n.real'] * 1400))\nx",
    "a long sum of all operators": (
        "x = 9"
        + "".join(f" {o} {n}" for n in (2, 3, 4) for o in [*"+-*%|^&", "//", "**", "<<", ">>"] * 9)
        + "\nx, [1] + [2] @ 3 if x == 'a' else 5 / 2"
    ),
    "a long text": "x = (" + "\n+ ".join(["'a'"] * 600) + ")\nlen(x)",
    "long chains": "x = 'a'\ny = x" + ".strip()" * 300 + "\ny",
    "modules in patterns": (
        "import math, types\ndef kind(x):\n    match x:\n        case str(): return 's'\n"
        "        case types.ModuleType(): return 'm'\n        case _: return '?'\n"
        "kind(math), kind('x'), kind(5)"
    ),
    "names in patterns that do not exist": (
        "match 5:\n    case int(x): pass\n    case Nothing(x): pass\nx"
    ),
    "patterns": (
        "import dataclasses, collections, enum, types\n"
        "@dataclasses.dataclass\nclass P:\n    x: int\n    y: object = None\n"
        "T = collections.namedtuple('T', 'a b')\nC = enum.Enum('C', 'RED BLUE')\n"
        "n = types.SimpleNamespace(color=C.RED, classes=types.SimpleNamespace(P=P))\n"
        "def kind(v):\n    match v:\n        case P(0, y=P(1)): return 'nested'\n"
        "        case P(x, y) if x == y: return x, y\n        case n.classes.P(x=5): return 5\n"
        "        case bool(b): return 'bool', b\n        case int(i) | str(i): return i\n"
        "        case int(real=r, imag=0): return r\n        case T(a, b=[T(c), *_]): return a, c\n"
        "        case n.color: return 'red'\n        case {C.BLUE: z, 'k': [float(f)]}: return f\n"
        "        case [dict() | list() as w, -1]: return w\n        case P(): return 'other'\n"
        "[kind(v) for v in (P(0, P(1)), P(2, 2), P(5), True, 7, 's', T(1, [T(2, 3), 4]), C.RED, "
        "{C.BLUE: 3, 'k': [1.5]}, [{}, -1], P(3), None)]"
    ),
    "errors of patterns": (
        "class A: __match_args__ = 'x'\nclass B: pass\ndef told(v, i):\n    try:\n"
        "        match v:\n            case A(x) if i == 0: pass\n"
        "            case B(x) if i == 1: pass\n    except TypeError as e: return str(e)\n"
        "n = 5\ndef no_class():\n    try:\n        match 5:\n            case n(): pass\n"
        "    except TypeError as e: return str(e)\ntold(A(), 0), told(B(), 1), no_class()"
    ),
    "namespaces that answer every name": (
        "from collections import defaultdict as D\nclass M(type):\n    @classmethod\n"
        "    def __prepare__(*_): return D(lambda: 'default', object=object)\n"
        "class A(metaclass=M):\n    'About it.'\n    a = anything.upper()\n    d = {'k': 1}\n"
        "    b = d['k']\n    try: d['x']\n    except: pass\n"
        "    match [1.5]:\n        case [object(real=r)]: c = r\n"
        "    def f(self): return self.a\nA.a, A.b, A.c, A().f(), A.__doc__"
    ),
    "mappings that answer every name": (
        "import collections\nd = collections.defaultdict(lambda: 'b')\n"
        "exec('x = a.upper(); y = [x][0]', {}, d)\n"
        "exec('def f(): return a.upper()\\nz = f()', e := collections.defaultdict(lambda: 'c'))\n"
        "eval('q.upper()', {}, d), d['x'], d['y'], e['z'], eval('sorted(locals())', {}, {'k': 1})"
    ),
    "the types of operators": (
        "import operator as o, copy\ng, m = o.attrgetter('real'), o.methodcaller('upper')\n"
        "isinstance(g, o.attrgetter), isinstance(m, o.methodcaller), isinstance(m, o.attrgetter), "
        "isinstance(3, o.attrgetter), type(g) is o.attrgetter, o.attrgetter, "
        "o.attrgetter.__name__, issubclass(type(m), o.methodcaller), copy.copy(g)(3), g.__doc__"
    ),
    "errors of operators": (
        "import operator as o\ndef told(f):\n    try: f()\n"
        "    except Exception as e: return type(e).__name__, str(e)\n"
        "def extend():\n    class A(o.attrgetter): pass\n"
        "told(o.attrgetter), told(lambda: o.attrgetter(3)), told(o.methodcaller), told(extend)"
    ),
    "tracebacks": (
        "import traceback, sys\nclass A:\n    def f(self): return {}['k']\n"
        "try: A().f()\nexcept KeyError: told = traceback.format_exc()\n"
        "try:\n    try: getattr(A, 'g')\n    except AttributeError: 1 / 0\n"
        "except ZeroDivisionError: print(len(traceback.format_exc()))\n"
        "try:\n    raise ExceptionGroup('g', [ValueError(1)])\n"
        "except* ValueError as e: group = len(traceback.format_exception(e))\n"
        "bare = None\ntry: [].x\nexcept: bare = sys.exc_info()[2].tb_next\n"
        "print(told.replace(__name__, 'cells'))\nbare"
    ),
    "flags of compile": (
        "import ast\ntree = compile('x=1', 'f', 'exec', ast.PyCF_ONLY_AST)\nns = {}\n"
        "exec(compile('def f():\\n  assert False\\n  return 1', 'f', 'exec', optimize=2), ns)\n"
        "type(tree).__name__, ns['f']()"
    ),
    "positions of syntax trees": (
        "import ast, sys\ntree = ast.parse('\\n\\n\\nimport sys; n = sys._getframe().f_lineno')\n"
        "code = compile(tree, 'f', 'exec')\nexec(code)\nn, ast.unparse(tree)"
    ),
    "syntax trees stay as they are": (
        "import ast\ntree = ast.parse('a.b', mode='eval')\ncompile(tree, 'f', 'eval')\n"
        "ast.unparse(tree)"
    ),
    "errors of builtins": (
        "def told(f, *a):\n    try: f(*a)\n    except Exception as e: return repr(e)\n"
        "told(vars, 3), told(exec, '  x=1'), told(exec, 'x='), told(compile, 'x', 'f', 'bad')[:3], "
        "told(eval, 5), told(exec, b'\\xff')[:11]"
    ),
    "numbered fields": "'{[0]}{.real}{}'.format('s', 3, 4), '{0[0]}'.format('s')",
    "errors of format strings": (
        "def told(text):\n    try: return text.format('s')\n"
        "    except Exception as e: return repr(e)\n"
        "[told(t) for t in ('{1}', '{0.}', '{0.x}', '{0[}', '{0[0]x}', '{x}', '{', '{0}{}')]"
    ),
    "futures of a text": (
        "exec('from __future__ import annotations\\ndef f(x: Nowhere.y): return 1\\nn = f(1)')\nn"
    ),
    "modules without a name": (
        "import types\nm = types.ModuleType('m')\nm.x = 1\ndel m.__name__\nm.x"
    ),
    "items of numpy": "import numpy as np\na = np.arange(9).reshape(3, 3)\na[a[:, 1] > 1].tolist()",
    "super": (
        "class A:\n    def f(self): return 1\nclass B(A):\n"
        "    def f(self): return super().f() + super(B, self).f()\nB().f()"
    ),
    "globals and locals": (
        "def f():\n    x = 5\n    return sorted(locals()), 'safe' in globals()\nf()"
    ),
    "vars": "sorted(vars(safe))",
    "walrus and comprehension": "[y.real for x in [1, 2] if (y := x.real) > 1]",
    "deleting": "class A: pass\na = A()\na.b = 1\ndel a.b\nhasattr(a, 'b')",
    "with": "import io\nwith io.StringIO('x') as f: t = f.read()\nt",
    "lambda": "sorted([safe], key=lambda o: o.public)[0] is safe",
    "echoed warnings": "'\\d'",
}


@pytest.mark.filterwarnings("ignore:invalid escape")
@pytest.mark.parametrize("code", ORDINARY.values(), ids=ORDINARY)
def test_ordinary_code_does_the_same_with_a_guard(guarded: PythonRuntime, code: str) -> None:
    plain = PythonRuntime(variables=[Variable("safe", Safe()), Variable("s", "s")])
    rest = AttributeRule({"secret"})
    lenient = PythonRuntime(
        variables=[Variable("safe", Safe()), Variable("s", "s")],
        security_checker=SecurityChecker([ImportRule({"os"}), rest]),
    )
    expected = run_ok(plain, code).stdout
    assert run_ok(lenient, code).stdout == expected


@pytest.mark.parametrize(
    "code", ["import math\nmath.sinus", "{}['x']", "import nowhere", "f = 5\nf()", "safe.pubic"]
)
def test_errors_are_told_as_without_a_guard(guarded: PythonRuntime, code: str) -> None:
    plain = PythonRuntime(variables=[Variable("safe", Safe())])
    assert error_of(guarded, code) == error_of(plain, code)


def test_what_code_in_a_text_does_is_told_with_the_rule_once(guarded: PythonRuntime) -> None:
    result = run(guarded, "exec('import os')")
    (violation,) = result.violations
    assert str(violation).count("(ImportRule)") == 1
    assert result.error is not None
    assert result.error.text.count("(ImportRule)") == 1


def test_a_module_that_a_cell_comes_by_is_of_no_use(guarded: PythonRuntime) -> None:
    code = "import operator, sys\nfound = operator.itemgetter('os')(sys.modules)\n"
    assert run(guarded, f"{code}found.getcwd()").stopped_by_rules


def test_a_cell_may_catch_it_and_the_host_is_told_all_the_same(guarded: PythonRuntime) -> None:
    code = (
        "try:\n    __import__('o' + s)\nexcept Exception as error: kind = type(error).__name__\n1"
    )
    result = run_ok(guarded, code)
    assert guarded.retrieve("kind") == "SecurityError"
    assert [violation.rule for violation in result.violations] == ["ImportRule"]
    assert not result.stopped_by_rules


def test_the_host_and_other_runtimes_never_meet_the_guard(guarded: PythonRuntime) -> None:
    before = dict(vars(builtins)), importlib.import_module
    other = PythonRuntime()
    seen: list[Any] = []

    def host_function() -> str:
        import os

        seen.append((getattr(Safe(), "sec" + "ret"), eval("1 + 1")))
        return os.sep

    guarded.inject_function(Function(host_function))
    run_ok(guarded, "import json, pandas\nwhere = host_function()")
    assert seen == [("hidden", 2)]
    assert value_of(other, "import os\nanswer = eval('os.sep')") == "/"
    assert (dict(vars(builtins)), importlib.import_module) == before


def test_a_guard_holds_in_threads_and_tasks_of_a_cell(guarded: PythonRuntime) -> None:
    guarded.inject_variable(Variable("Thread", threading.Thread))
    code = (
        "caught = []\ndef work():\n    try: __import__('o' + s)\n"
        "    except Exception as error: caught.append(type(error).__name__)\n"
        "thread = Thread(target=work)\nthread.start()\nthread.join()\ncaught"
    )
    assert run_ok(guarded, code).stdout == "['SecurityError']\n"


def test_a_rule_that_is_added_counts_from_the_next_cell_on() -> None:
    checker = SecurityChecker([])
    runtime = PythonRuntime(security_checker=checker)
    run_ok(runtime, "name = 'ma' + 'th'\n__import__(name)")
    checker.add_rule(ImportRule({"math"}))
    assert run(runtime, "__import__(name)").violations
    checker.add_rule(FunctionRule({"len"}))
    assert run(runtime, "import builtins\ngetattr(builtins, 'LEN'.lower())([])").violations


def test_rules_and_functions_may_come_between_cells(guarded: PythonRuntime) -> None:
    run_ok(guarded, "import operator\nread = operator.attrgetter('public')")
    for number in range(3):
        guarded.inject_function(Function(lambda: 1, name=f"let_go_{number}"))
        code = f"read(safe), globals()['let_go_' + '{number}'](), len([1])"
        assert run_ok(guarded, code).stdout == "('seen', 1, 1)\n"
        assert run(guarded, "globals()['delete' + s[:0] + '_all']()").stopped_by_rules
    assert run(guarded, "operator.attrgetter(let(['sec', 'ret']))(safe)").stopped_by_rules


def test_a_guarded_runtime_is_freed(guarded: PythonRuntime) -> None:
    import gc
    import weakref

    runtime = PythonRuntime(security_checker=SecurityChecker.strict())
    run_ok(runtime, "class A: pass\na = A()\nf = a.__class__")
    held = weakref.ref(runtime.retrieve("a"))
    del runtime
    gc.collect()
    assert held() is None


def test_a_value_is_still_the_very_object(guarded: PythonRuntime) -> None:
    safe = guarded.retrieve("safe")
    run_ok(guarded, "same = safe\nlisted = [safe][0]")
    assert guarded.retrieve("same") is guarded.retrieve("listed") is safe


BROKEN = AttributeError("broken")


class Breaks(SecurityRule):
    def __init__(self, question: str) -> None:
        self.question = question

    def check(self, node: ast.AST) -> list[SecurityViolation]:
        return []

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("re") and name == object.__getattribute__(self, "question"):
            raise BROKEN
        return object.__getattribute__(self, name)


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("refuses_attribute", "hasattr('a', 'upper'), getattr('a', 'upper', None)"),
        ("refuses_module", "import json"),
        ("refuses_member", "1"),
        ("refuses_change", "def f(): pass\nf.x = 1"),
        ("replacement", "hasattr('a', 'upper')"),
    ],
)
def test_a_rule_that_breaks_at_run_time_refuses(question: str, code: str) -> None:
    runtime = PythonRuntime(security_checker=SecurityChecker([Breaks(question)]))
    for _ in range(2):
        result = run(runtime, f"{code}\nwent_on = True")
        assert result.error is not None
        assert result.error.type == "SecurityError"
        assert "AttributeError: broken" in result.violations[0].message
        assert result.violations[0].rule == "Breaks"
        assert "went_on" not in runtime.names()


class NeverAnswers(SecurityRule):
    def check(self, node: ast.AST) -> list[SecurityViolation]:
        return []

    def refuses_attribute(self, name: str, owner: object) -> bool:
        while True:
            pass


def test_a_rule_that_never_answers_is_stopped_with_its_cell(mode: Mode) -> None:
    checker = SecurityChecker([NeverAnswers()])
    with PythonRuntime(security_checker=checker, run_in=mode) as runtime:
        result = run(runtime, "(1).real", timeout=0.1)
    assert result.error is not None
    assert result.error.type == "TimeoutError"
    assert result.violations == ()


# Strict


@pytest.fixture
def strict() -> PythonRuntime:
    return PythonRuntime(
        variables=[Variable("safe", Safe()), Variable("os_like", types.SimpleNamespace(x=1))],
        functions=[Function(double)],
        security_checker=SecurityChecker.strict(),
    )


@pytest.mark.parametrize(
    "code",
    [
        "safe._private",
        "import json\njson.dumps = None",
        "import json\nsetattr(json, 'dumps', None)",
        "type(safe).public = 5",
        "import pandas as pd\npd.read_csv('/etc/hostname')",
        "import pandas as pd\nf = pd.read_csv\nf(filepath_or_buffer='/etc/hostname')",
        "import pandas as pd\npd.DataFrame({'a': [1]}).to_csv('/tmp/never-written')",
        "import pandas as pd\npd.DataFrame.to_csv(pd.DataFrame({'a': [1]}), '/tmp/never-written')",
        "import pandas as pd\npd.DataFrame({'a': [1]}).agg('to_csv', path_or_buf='/tmp/never')",
        "import pandas as pd\npd.eval('pd.io')",
        "import pandas as pd\npd.DataFrame({'a': [1]}).query('@pd.io.common.os.getpid() > 0')",
        "import numpy as np\nnp.arange(3).tofile('/tmp/never-written')",
        "import matplotlib.pyplot as plt\nplt.figure().savefig('/tmp/never-written.png')",
        "import matplotlib.pyplot as plt\nplt.style.use('/etc/hostname')",
        "import numpy as np\nM = type(np)\nmatch np:\n    case M(load=f): pass",
        "import pandas as pd\nM = type(pd)\nmatch pd:\n    case M(read_csv=f): pass",
        "match safe:\n    case object(public=p): pass",
        "import pandas as pd\npd.eval('\uff50\uff44.\uff49\uff4f')",
        "import pandas as pd\npd.DataFrame({'a': [1]}).agg(type('T', (str,), {})('to_csv'))",
        "import matplotlib.pyplot as p\np.figure().gca().xaxis.set_major_formatter('{' + 'x.r}')",
        "import matplotlib.pyplot as plt\nplt.figure().gca().xaxis.set(major_formatter='{x}')",
        "import matplotlib.pyplot as plt\nplt.setp([], 'major_formatter', '{x}')",
        "import matplotlib.pyplot as p\np.figure().gca().xaxis.update({'major_formatter': '{x}'})",
        "import dataclasses\ndataclasses.dataclass(order=True)(type(safe))",
        "import functools\nfunctools.wraps(lambda: 0)(double)",
        "import asyncio\nclass Group(asyncio.TaskGroup): pass\nvars(Group())",
        "import abc\nabc.ABCMeta('A', (), {''.join(['__del', '__']): None})",
        "import enum\nenum.Enum('A', [(''.join(['__del', '__']), 1)])",
        "type.__new__(type, 'A', (), {''.join(['__del', '__']): None})",
        "type.__call__(type, 'A', (), {''.join(['__del', '__']): None})",
        "import io\nio.FileIO('/etc/hostname')",
        "(lambda: 0).__code__",
        "def g(): yield\ng().gi_frame",
        "globals()",
        "vars()",
    ],
)
def test_strict_stops(strict: PythonRuntime, code: str) -> None:
    result = run(strict, code)
    assert result.stopped_by_rules, result.error
    assert result.violations


REFUSED_ARGUMENTS = {
    "a path": "pd.read_csv('/etc/hostname')",
    "a path, called by another function": "list(map(pd.read_csv, ['/etc/hostname']))",
    "an expression": "df.query('a.__class__ > 0')",
    "the name of a method": "df.agg('to_csv')",
    "a style": "plt.style.use('/etc/hostname')",
    "the clipboard": "df.to_clipboard()",
    "what wraps": "functools.wraps(len)",
    "a method for others": "Point.__eq__(safe, 1)",
}


@pytest.mark.parametrize("call", REFUSED_ARGUMENTS.values(), ids=REFUSED_ARGUMENTS)
def test_refused_arguments_are_told_also_where_a_cell_catches_it(
    strict: PythonRuntime, call: str
) -> None:
    code = (
        "import dataclasses, functools, pandas as pd, matplotlib.pyplot as plt\n"
        "df = pd.DataFrame({'a': [1]})\n"
        "@dataclasses.dataclass\nclass Point: x: int = 1\n"
        f"try:\n    {call}\nexcept PermissionError as error: kind = type(error).__name__"
    )
    (violation,) = run_ok(strict, code).violations
    assert strict.retrieve("kind") == "SecurityError"
    assert violation.rule in ("FilesRule", "InternalsRule")
    assert violation.line == 6
    assert violation.source == call


def test_what_a_called_function_refuses_is_told_once(strict: PythonRuntime) -> None:
    code = "import pandas as pd\npd.DataFrame({'a': [1]}).pipe(lambda df: safe._private)"
    (violation,) = run(strict, code).violations
    assert violation.rule == "InternalsRule"


def read_hosts() -> str:
    return Path("/etc/hosts").read_text(encoding="utf-8")


def test_what_the_host_gives_works_outside_and_cells_do_not(tmp_path: Path) -> None:
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path}/shop.db")
    with ThreadPoolExecutor(1) as pool:
        runtime = PythonRuntime(
            functions=[
                Function(read_hosts),
                Function(lambda: pool.submit(read_hosts).result(), name="in_a_pool"),
            ],
            variables=[Variable("engine", engine), Variable("text", sqlalchemy.text)],
            security_checker=SecurityChecker.strict(),
        )
        code = (
            "with engine.connect() as connection:\n"
            "    connection.execute(text('create table t (x int)'))\n"
            "read_hosts() == in_a_pool() == list(map(lambda _: read_hosts(), [1]))[0]"
        )
        assert run_ok(runtime, code).stdout == "True\n"
        engine.dispose()
    assert (tmp_path / "shop.db").exists()
    result = run(runtime, f"import pandas as pd\npd.read_sql('x', 'sqlite:///{tmp_path}/b.db')")
    assert result.stopped_by_rules


def test_events_of_the_host_are_its_own_business(tmp_path: Path) -> None:
    runtime = PythonRuntime(security_checker=SecurityChecker.strict())
    run_ok(runtime, "x = 1")
    (tmp_path / "file").write_text("x", encoding="utf-8")
    other = PythonRuntime(variables=[Variable("path", str(tmp_path / "file"))])
    assert value_of(other, "with open(path) as f: answer = f.read()") == "x"


@pytest.mark.parametrize(
    "code",
    [
        "import pandas as pd\nclass D(pd.DataFrame): pass\nD({'a': [1]}).to_csv(path)",
        "import numpy as np\nnp.lib.stride_tricks\nnp.savetxt(*[path, [1]])",
        "import asyncio, pandas as pd\nawait asyncio.to_thread(pd.read_csv, path)",
        (
            "class D:\n    def __del__(self):\n        import pandas as pd\n"
            "        pd.DataFrame({'a': [1]}).to_csv(path)\nd = D()\ndel d"
        ),
    ],
)
def test_strict_holds_whatever_library_does_it(tmp_path: Path, code: str) -> None:
    path = tmp_path / "never"
    runtime = PythonRuntime(
        variables=[Variable("path", str(path))], security_checker=SecurityChecker.strict()
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert run(runtime, code).violations
    assert not path.exists()


@pytest.mark.parametrize(
    ("code", "printed"),
    [
        ("import io, pandas as pd\nlen(pd.read_csv(io.StringIO('a\\n1')))", "1\n"),
        ("import pandas as pd\npd.DataFrame({'a': [1]}).to_csv(index=False)", "'a\\n1\\n'\n"),
        ("class A:\n    def __init__(self): self._x = 1\nA()._x, vars(A())", "(1, {'_x': 1})\n"),
        ("from collections import namedtuple\nnamedtuple('P', 'x')(1)._asdict()", "{'x': 1}\n"),
        ("safe.public = 'changed'\nsafe.public", "'changed'\n"),
        ("[double(n) for n in (1, 2)], list(map(double, [3]))", "([2, 4], [6])\n"),
        ("import sys\nsys.maxsize > 5", "True\n"),
        ("os_like.x", "1\n"),
        ("def f(): pass\nf.count = 3\nf.count", "3\n"),
        ("import functools\nf = functools.wraps(double)(lambda n: 5)\nf.n = double(2)\nf.n", "4\n"),
        (
            "class P:\n    __match_args__ = ('x',)\n    x = 3\nmatch P():\n    case P(y): print(y)",
            "3\n",
        ),
        ("import types\nn = types.SimpleNamespace(a=1)\nn.b = 2\nn.a + n.b", "3\n"),
        (
            "import enum\nE = enum.Enum('E', 'A B')\n[e.value for e in E], E(1).name",
            "([1, 2], 'A')\n",
        ),
        ("import pandas as pd\npd.DataFrame({'env': [1]}).env.sum() == 1", "np.True_\n"),
    ],
)
def test_strict_lets_ordinary_code_pass(strict: PythonRuntime, code: str, printed: str) -> None:
    assert run_ok(strict, code).stdout == printed


# What an agent makes of it


def agent_with(*replies: str) -> CaveAgent:
    runtime = PythonRuntime(security_checker=SecurityChecker(RULES), variables=[Variable("s", "s")])
    return CaveAgent(ScriptedModel(list(replies)), runtime)


def events_of(agent: CaveAgent) -> list[Event]:
    async def drain() -> list[Event]:
        return [event async for event in agent.stream_events("Go")]

    return asyncio.run(drain())


def test_the_model_is_told_all_and_mends_it() -> None:
    agent = agent_with(
        "```python\nx = 1\nimport os\nopen('f')\n```", "```python\nx = 2\n```", "Done."
    )
    events = events_of(agent)
    (event,) = [each for each in events if each.type is EventType.SECURITY_ERROR]
    assert "line 2: `import os`" in event.content
    assert "line 3: `open`" in event.content
    assert not [each for each in events if each.type is EventType.EXECUTION_ERROR]
    told = agent.messages[3].content
    assert told.startswith(
        '<execution_result status="error">\nSecurityError: rules refuse this cell'
    )
    assert "Nothing of it has run" in told
    response: AgentResponse = events[-1].response  # type: ignore[union-attr]
    assert response.code_snippets == ["x = 2"]
    assert agent.runtime.retrieve("x") == 2


def test_what_is_stopped_while_it_runs_is_a_security_event_too() -> None:
    agent = agent_with("```python\nprint('so far')\n__import__('o' + s)\n```", "I stop.")
    events = events_of(agent)
    (event,) = [each for each in events if each.type is EventType.SECURITY_ERROR]
    assert event.content.startswith("so far\n")
    assert not [each for each in events if each.type is EventType.EXECUTION_ERROR]


def test_what_a_cell_catches_is_a_security_event_too() -> None:
    code = "import pandas\ntry: pandas.read_csv('/x')\nexcept OSError: print('none')"
    runtime = PythonRuntime(security_checker=SecurityChecker.strict())
    agent = CaveAgent(ScriptedModel([f"```python\n{code}\n```", "None."]), runtime)
    events = events_of(agent)
    (event,) = [each for each in events if each.type is EventType.SECURITY_ERROR]
    assert event.content.startswith("line 2: `try: pandas.read_csv('/x')`: '/x' names a file")
    assert [each.content for each in events if each.type is EventType.EXECUTION_OUTPUT] == [
        "none\n"
    ]


def test_security_error_is_one_of_ours() -> None:
    assert issubclass(SecurityError, Exception)
    assert str(SecurityError("not that")) == "not that"
