"""Escapes: the host's objects, other runtimes, and the tools that check a cell."""

from tests.security.corpus.records import Escape, Goal

GIVEN = "objects that the host has given"
OTHERS = "other runtimes"
TOOLS = "tools of checker and runtime replaced"

CELLS = (
    Escape(
        "globals-of-a-function",
        GIVEN,
        Goal.READ_HOST,
        "print(price_of.__globals__['API_KEY'])",
    ),
    Escape(
        "closure-of-a-function",
        GIVEN,
        Goal.READ_HOST,
        "print([cell.cell_contents for cell in refund.__closure__])",
    ),
    Escape(
        "globals-of-a-method",
        GIVEN,
        Goal.READ_HOST,
        "print(light.set.__func__.__globals__['VAULT'].key)",
    ),
    Escape(
        "globals-of-a-constructor",
        GIVEN,
        Goal.READ_HOST,
        "Light.__init__.__globals__['API_KEY']",
    ),
    Escape(
        "globals-of-a-property",
        GIVEN,
        Goal.READ_HOST,
        "print(type(light).level.fset.__globals__['API_KEY'])",
    ),
    Escape(
        "modules-of-a-function",
        GIVEN,
        Goal.RUN_PROCESS,
        "price_of.__globals__['os'].system('$PROGRAM')",
    ),
    Escape(
        "builtins-of-a-function",
        GIVEN,
        Goal.READ_FILE,
        "print(refund.__builtins__['open']('$CANARY').read())",
    ),
    Escape(
        "factory-of-the-function",
        GIVEN,
        Goal.READ_HOST,
        """
make = getattr(refund, "__glob" + "als__")["make_refund"]
print(vars(type(make))["__globals__"].__get__(make)["VAULT"].key)
""",
    ),
    Escape(
        "defaults-of-a-function",
        GIVEN,
        Goal.TAMPER_HOST,
        "price_of.__kwdefaults__['rate'] = 'reduced'",
        probe="host.price_of('lamp') != 23.8",
    ),
    Escape(
        "rates-of-the-host",
        GIVEN,
        Goal.TAMPER_HOST,
        "price_of.__globals__['RATES']['standard'] = -1.0",
        probe="host.price_of('lamp') == 0",
    ),
    Escape(
        "class-of-the-light",
        GIVEN,
        Goal.TAMPER_HOST,
        "type(light).set = lambda self, level: 'owned'",
        probe="host.Light('x').set(1) == 'owned'",
    ),
    Escape(
        "class-by-its-name",
        GIVEN,
        Goal.TAMPER_HOST,
        "setattr(Light, 'level', property(lambda self: 1000))",
        probe="host.Light('x').level == 1000",
    ),
    Escape(
        "private-level-of-the-light",
        GIVEN,
        Goal.TAMPER_HOST,
        "light._level = 12345",
        probe="shop.runtime.retrieve('light').level == 12345",
    ),
    Escape(
        "other-class-for-the-light",
        GIVEN,
        Goal.TAMPER_HOST,
        """
class Other(type(light)):
    def set(self, level):
        return "owned"

light.__class__ = Other
""",
        probe="shop.runtime.retrieve('light').set(1) == 'owned'",
    ),
    Escape(
        "class-body-with-a-tool-of-its-own",
        GIVEN,
        Goal.TAMPER_HOST,
        """
class Prepared(type):
    @classmethod
    def __prepare__(cls, name, bases):
        return {"<changed>": lambda thing: thing}

kind = type(light)

class Body(metaclass=Prepared):
    kind.set = lambda self, level: "owned"
""",
        probe="host.Light('hall').set(1) == 'owned'",
    ),
    Escape(
        "module-of-another-runtime",
        OTHERS,
        Goal.READ_HOST,
        """
import sys
for name in list(sys.modules):
    if name.startswith("cells_") and name != __name__:
        print(getattr(sys.modules[name], "ledger", ""))
""",
    ),
    Escape(
        "import-of-another-runtime",
        OTHERS,
        Goal.READ_HOST,
        """
from importlib import import_module
number = int(__name__.split("_")[1])
print(import_module(f"cells_{number - 1}").ledger)
""",
    ),
    Escape(
        "runtime-found-by-the-collector",
        OTHERS,
        Goal.READ_HOST,
        """
import gc
for thing in gc.get_objects():
    if type(thing).__name__ == "Interpreter":
        print(thing.namespace.get("ledger"))
""",
    ),
    Escape(
        "variable-of-another-runtime",
        OTHERS,
        Goal.TAMPER_HOST,
        """
import gc
for thing in gc.get_objects():
    if type(thing).__name__.endswith("Runtime") and "ledger" in thing.names():
        thing.update_variable("ledger", ["owned"])
""",
        probe="shop.other.retrieve('ledger') == ['owned']",
    ),
    Escape(
        "list-of-another-runtime",
        OTHERS,
        Goal.TAMPER_HOST,
        """
import sys
for module in list(sys.modules.values()):
    ledger = getattr(module, "__dict__", {}).get("ledger")
    if isinstance(ledger, list):
        ledger.clear()
""",
        probe="shop.other.retrieve('ledger') == []",
    ),
    Escape(
        "syntax-walk-replaced",
        TOOLS,
        Goal.RUN_PROCESS,
        "import ast\nast.walk = lambda node: iter(())",
        then="import os\nos.system('$PROGRAM')",
    ),
    Escape(
        "parser-replaced",
        TOOLS,
        Goal.RUN_PROCESS,
        """
import ast
parse = ast.parse
ast.parse = lambda source, *more, **options: parse("pass", *more, **options)
""",
        then="import subprocess\nsubprocess.run('$PROGRAM')",
    ),
    Escape(
        "visitor-replaced",
        TOOLS,
        Goal.RUN_PROCESS,
        """
from ast import NodeVisitor
NodeVisitor.generic_visit = NodeVisitor.visit = lambda self, node: None
""",
        then="import os\nos.system('$PROGRAM')",
    ),
    Escape(
        "checker-replaced",
        TOOLS,
        Goal.RUN_PROCESS,
        """
import gc
for thing in gc.get_objects():
    if isinstance(thing, type) and thing.__name__ == "SecurityChecker":
        thing.check_code = lambda self, code: []
""",
        then="import os\nos.system('$PROGRAM')",
    ),
    Escape(
        "rules-emptied",
        TOOLS,
        Goal.READ_FILE,
        """
import gc
for thing in gc.get_objects():
    if type(thing).__name__ == "SecurityChecker":
        for held in gc.get_referents(thing, vars(thing)):
            if isinstance(held, list):
                held.clear()
""",
        then="print(open('$CANARY').read())",
    ),
    Escape(
        "runtime-without-its-checker",
        TOOLS,
        Goal.RUN_PROCESS,
        """
import gc
for thing in gc.get_objects():
    if type(thing).__name__.endswith("Runtime"):
        for name in list(vars(thing)):
            if "check" in name or "guard" in name:
                setattr(thing, name, None)
""",
        then="import os\nos.system('$PROGRAM')",
    ),
    Escape(
        "guarded-builtins-restored",
        TOOLS,
        Goal.WRITE_FILE,
        """
import io
__builtins__["open"] = io.open
__builtins__["__import__"] = __import__
""",
        then="open('$TARGET', 'w').close()",
    ),
    Escape(
        "type-tests-replaced",
        TOOLS,
        Goal.RUN_PROCESS,
        """
import builtins
def tested(thing, kind, test=isinstance):
    return "Import" not in str(kind) and test(thing, kind)

builtins.isinstance = tested
""",
        then="import os\nos.system('$PROGRAM')",
    ),
    Escape(
        "patterns-replaced",
        TOOLS,
        Goal.READ_FILE,
        """
import re
re.compile = re.search = re.match = re.finditer = lambda *arguments, **options: None
""",
        then="print(open('$CANARY').read())",
    ),
    Escape(
        "compiled-cell-replaced",
        TOOLS,
        Goal.WRITE_FILE,
        """
import sys
for name, module in list(sys.modules.items()):
    if name.startswith("cave_agent") and hasattr(module, "compile_cell"):
        honest = module.compile_cell
        module.compile_cell = lambda s, *more, **named: honest("open('$TARGET', 'w')", *more)
""",
        then="1 + 1",
    ),
)
