"""Escapes: code that runs without a call that rules would notice."""

from tests.security.corpus.records import Escape, Goal

TRIGGERS = "operators and protocols that call"
DECLARATIONS = "classes and decorators that call"

CELLS = (
    Escape(
        "subscript",
        TRIGGERS,
        Goal.WRITE_FILE,
        'class Run:\n    __getitem__ = eval\n\nRun()[\'open("$TARGET", "w").close()\']',
    ),
    Escape(
        "addition",
        TRIGGERS,
        Goal.RUN_PROCESS,
        """
import random

class Shell:
    __add__ = random._os.system

Shell() + "$PROGRAM"
""",
    ),
    Escape(
        "containment",
        TRIGGERS,
        Goal.WRITE_FILE,
        """
class Run:
    __contains__ = exec

'open("$TARGET", "w").close()' in Run()
""",
    ),
    Escape(
        "attribute-name",
        TRIGGERS,
        Goal.WRITE_FILE,
        """
class Run:
    __getattr__ = exec

getattr(Run(), "open('$TARGET', 'w').close()", None)
""",
    ),
    Escape(
        "format-spec",
        TRIGGERS,
        Goal.WRITE_FILE,
        """
class Run:
    def __format__(self, spec):
        return str(eval(spec))

f"{Run():open('$TARGET', 'w')}"
""",
    ),
    Escape(
        "missing-key",
        TRIGGERS,
        Goal.READ_FILE,
        """
class Files(dict):
    def __missing__(self, path):
        return print.__self__.open(path).read()

print("%($CANARY)s" % Files())
""",
    ),
    Escape(
        "context-manager",
        TRIGGERS,
        Goal.RUN_PROCESS,
        """
from contextlib import ExitStack
import shutil
with ExitStack() as stack:
    stack.callback(shutil.os.system, "$PROGRAM")
""",
    ),
    Escape(
        "iteration",
        TRIGGERS,
        Goal.READ_FILE,
        """
from functools import partial
for text in iter(partial(print.__self__.open, "$CANARY"), None):
    print(text.read())
    break
""",
    ),
    Escape(
        "matrix-product",
        TRIGGERS,
        Goal.RUN_PROCESS,
        """
class Pipe:
    def __matmul__(self, other):
        return vars(__import__("o" + "s"))["popen"](other).read()

Pipe() @ "$PROGRAM"
""",
    ),
    Escape(
        "attribute-assignment",
        TRIGGERS,
        Goal.RUN_PROCESS,
        """
class Writer:
    def __setattr__(self, name, value):
        value(name)

import tempfile
setattr(Writer(), "$PROGRAM", tempfile._os.system)
""",
    ),
    Escape(
        "comparison-in-a-sort",
        TRIGGERS,
        Goal.RUN_PROCESS,
        """
import glob

class Name(str):
    __lt__ = lambda self, other: glob.os.system(self) or True

sorted([Name("$PROGRAM"), Name("$PROGRAM")])
""",
    ),
    Escape(
        "boolean-value",
        TRIGGERS,
        Goal.WRITE_FILE,
        """
import pathlib

class Flag:
    __bool__ = lambda self: pathlib.Path("$TARGET").touch() is None

done = 1 if Flag() else 0
""",
    ),
    Escape(
        "decorator",
        DECLARATIONS,
        Goal.WRITE_FILE,
        """
@eval
@lambda function: function.__doc__
def run():
    "open('$TARGET', 'w').close()"
""",
    ),
    Escape(
        "decorator-chain",
        DECLARATIONS,
        Goal.RUN_PROCESS,
        """
import random

@random._os.system
@str
@lambda _: "$PROGRAM"
class Report: ...
""",
    ),
    Escape(
        "class-subscript",
        DECLARATIONS,
        Goal.RUN_PROCESS,
        """
import random

class Shell:
    __class_getitem__ = random._os.system

x: Shell["$PROGRAM"] = None
""",
    ),
    Escape(
        "metaclass",
        DECLARATIONS,
        Goal.WRITE_FILE,
        """
class Run(type):
    def __getitem__(cls, source):
        return eval(source)

class Config(metaclass=Run): ...

Config["open('$TARGET', 'w').close()"]
""",
    ),
    Escape(
        "metaclass-as-function",
        DECLARATIONS,
        Goal.READ_FILE,
        """
def load(name, bases, members):
    return print.__self__.open(members["path"]).read()

class text(metaclass=load):
    path = "$CANARY"

print(text)
""",
    ),
    Escape(
        "set-name",
        DECLARATIONS,
        Goal.WRITE_FILE,
        """
class Field:
    def __set_name__(self, owner, name):
        __builtins__["open"]("$TARGET", name).close()

class Row:
    w = Field()
""",
    ),
    Escape(
        "init-subclass",
        DECLARATIONS,
        Goal.RUN_PROCESS,
        """
class Base:
    def __init_subclass__(cls, command):
        __import__("subprocess").call(command)

class Job(Base, command="$PROGRAM"): ...
""",
    ),
    Escape(
        "mro-entries",
        DECLARATIONS,
        Goal.WRITE_FILE,
        """
class Entry:
    def __mro_entries__(self, bases):
        exec("open('$TARGET', 'w').close()")
        return ()

class Table(Entry()): ...
""",
    ),
    Escape(
        "build-class",
        DECLARATIONS,
        Goal.WRITE_FILE,
        """
def body():
    open("$TARGET", "w").close()

__build_class__(body, "Report")
""",
    ),
    Escape(
        "property",
        DECLARATIONS,
        Goal.RUN_PROCESS,
        """
from functools import cached_property
import glob

class Report:
    command = "$PROGRAM"
    result = cached_property(lambda self: glob.os.system(self.command))

Report().result
""",
    ),
    Escape(
        "enum-members",
        DECLARATIONS,
        Goal.RUN_PROCESS,
        """
import enum

class Job(enum.Enum):
    RUN = "$PROGRAM"

    def __init__(self, command):
        enum.sys.modules["os"].system(command)
""",
    ),
)
