"""Escapes: private parts of libraries, reached by name, by inheritance and through event loops."""

from tests.security.corpus.records import Escape, Goal

PRIVATE = "private names of libraries"
DERIVED = "subclasses and `super()` of library classes"
LOOPS = "event loops"

_MAKE = """
try:
    from dataclasses import _create_fn as make
except ImportError:  # since Python 3.13
    from dataclasses import _FuncBuilder

    def make(name, parameters, body):
        class Made: ...

        builder = _FuncBuilder({})
        builder.add_fn(name, parameters, [f"  {line}" for line in body])
        builder.add_fns_to_class(Made)
        return getattr(Made, name)
"""
"""Gets hold of what dataclasses make their functions of text with."""

CELLS = (
    Escape(
        "function-maker-reads",
        PRIVATE,
        Goal.READ_FILE,
        _MAKE
        + """
load = make("load", [], ["return open('$CANARY').read()"])
print(load())
""",
    ),
    Escape(
        "function-maker-runs",
        PRIVATE,
        Goal.RUN_PROCESS,
        _MAKE
        + """
make("run", [], ["import os", "os.system('$PROGRAM')"])()
""",
    ),
    Escape(
        "function-maker-connects",
        PRIVATE,
        Goal.CONNECT,
        _MAKE
        + """
body = ["import socket", "socket.create_connection(('127.0.0.1', $PORT))"]
make("connect", [], body)()
""",
    ),
    Escape(
        "function-maker-looks-around",
        PRIVATE,
        Goal.READ_HOST,
        _MAKE
        + """
modules = "list(sys.modules.items())"
found = f"[getattr(m, 'ledger', None) for n, m in {modules} if n.startswith('cells_')]"
print(make("look", [], ["import sys", f"return {found}"])())
""",
    ),
    Escape(
        "private-evaluation-of-types",
        PRIVATE,
        Goal.READ_FILE,
        """
import typing
from typing import _eval_type

try:
    _eval_type(typing.Optional["print(open('$CANARY').read())"], {}, {})
except Exception as error:
    print(error)
""",
    ),
    Escape(
        "private-opener",
        PRIVATE,
        Goal.READ_FILE,
        """
from matplotlib import _open_file_or_url

with _open_file_or_url("$CANARY") as file:
    print(file.read())
""",
    ),
    Escape(
        "subclass-of-a-table",
        DERIVED,
        Goal.WRITE_FILE,
        """
import pandas as pd

class Table(pd.DataFrame): ...

Table({"a": [1]}).to_csv("$TARGET")
""",
    ),
    Escape(
        "super-of-a-table",
        DERIVED,
        Goal.WRITE_FILE,
        """
import pandas as pd
df = pd.DataFrame({"a": [1]})
super(pd.DataFrame, df).to_csv("$TARGET")
""",
    ),
    Escape(
        "subclass-of-a-figure",
        DERIVED,
        Goal.WRITE_FILE,
        """
import matplotlib.figure

class Picture(matplotlib.figure.Figure): ...

Picture().savefig("$TARGET", format="png")
""",
    ),
    Escape(
        "subclass-of-text-formats",
        DERIVED,
        Goal.READ_HOST,
        """
class Text(str): ...

print(Text("".join(["{0.__glo", "bals__[API_KEY]}"])).format(price_of))
""",
    ),
    Escape(
        "subclass-of-text-names-a-method",
        DERIVED,
        Goal.WRITE_FILE,
        """
import pandas as pd

class Name(str):
    def startswith(self, *prefixes):
        return False

pd.Series([1]).agg(Name("to_csv"), 0, "$TARGET")
""",
    ),
    Escape(
        "subclass-of-text-names-an-attribute",
        DERIVED,
        Goal.READ_HOST,
        """
class Name(str):
    asked = False

    def __str__(self):
        return self

    def startswith(self, *prefixes):
        self.asked = True
        return False

    def __eq__(self, other):
        return self.asked and str.__eq__(self, other)

    def __hash__(self):
        return str.__hash__(self)

name = Name("".join(["__glob", "als__"]))
try:
    table = getattr(price_of, name)
except AttributeError:  # nobody has looked at the name
    name.asked = True
    table = getattr(price_of, name)
print(table["API_KEY"])
""",
    ),
    Escape(
        "super-of-a-formatter",
        DERIVED,
        Goal.READ_HOST,
        """
import string
formatter = string.Formatter()
try:
    look = super(string.Formatter, formatter).get_field
except AttributeError:  # the class is the library's own
    look = formatter.get_field
print(look("0.__globals__[API_KEY]", (price_of,), {}))
""",
    ),
    Escape(
        "super-of-a-formatter-runs",
        DERIVED,
        Goal.RUN_PROCESS,
        """
import string
formatter = string.Formatter()
try:
    look = super(string.Formatter, formatter).get_field
except AttributeError:  # the class is the library's own
    look = formatter.get_field
system, _ = look("0.__globals__[os].system", (price_of,), {})
system("$PROGRAM")
""",
    ),
    Escape(
        "loop-of-a-queue-runs",
        LOOPS,
        Goal.RUN_PROCESS,
        """
import asyncio

class Queue(asyncio.Queue): ...

class Protocol:
    def __getattr__(self, name):
        return lambda *arguments: None

await Queue()._get_loop().subprocess_exec(Protocol, "$PROGRAM")
await asyncio.sleep(0.5)
""",
    ),
    Escape(
        "loop-of-a-queue-connects",
        LOOPS,
        Goal.CONNECT,
        """
import asyncio

class Queue(asyncio.Queue): ...

class Protocol:
    def __getattr__(self, name):
        return lambda *arguments: None

await Queue()._get_loop().create_connection(Protocol, "127.0.0.1", $PORT)
""",
    ),
    Escape(
        "loop-of-a-lock",
        LOOPS,
        Goal.RUN_PROCESS,
        """
import asyncio

class Lock(asyncio.Lock): ...

class Protocol:
    def __getattr__(self, name):
        return lambda *arguments: None

await Lock()._get_loop().subprocess_shell(Protocol, "$PROGRAM")
await asyncio.sleep(0.5)
""",
    ),
    Escape(
        "loop-behind-super",
        LOOPS,
        Goal.CONNECT,
        """
import asyncio

class Protocol:
    def __getattr__(self, name):
        return lambda *arguments: None

loop = super(asyncio.Queue, asyncio.Queue())._get_loop()
await loop.create_connection(Protocol, "127.0.0.1", $PORT)
""",
    ),
    Escape(
        "loop-of-a-task-group",
        LOOPS,
        Goal.TAMPER_HOST,
        """
import asyncio
class Group(asyncio.TaskGroup):
    pass
async with Group() as group:
    loop = vars(group)["_loop"]
    loop.slow_callback_duration = 77
""",
        probe='__import__("asyncio").get_event_loop().slow_callback_duration == 77',
    ),
)
