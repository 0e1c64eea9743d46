"""Escapes: libraries that read and set, on a cell's behalf, what the cell itself may not."""

from tests.security.corpus.records import Escape, Goal

PROTOCOLS = "protocols that libraries read"
SETTERS = "setters that libraries call"

_REDIRECT = """
import contextlib

class Redirect(contextlib.redirect_stdout):
    _stream = "modules"

redirect = Redirect({})
redirect.__enter__()
modules = redirect._old_targets[0]
redirect.__exit__(None, None, None)
"""
"""Gets hold of the loaded modules by redirecting them instead of the output."""

CELLS = (
    Escape(
        "state-of-a-copy",
        PROTOCOLS,
        Goal.TAMPER_HOST,
        """
import copy
kind = type(light)

class Thing:
    def __reduce_ex__(self, protocol):
        return lambda: kind, (), (None, {"set": lambda self, level: "owned"})

copy.copy(Thing())
""",
        probe="host.Light('hall').set(1) == 'owned'",
    ),
    Escape(
        "memory-as-an-array",
        PROTOCOLS,
        Goal.READ_HOST,
        """
import numpy as np

class Memory:
    def __init__(self, address):
        self.address = address

    @property
    def __array_interface__(self):
        place = (self.address, False)
        return {"data": place, "shape": (1,), "typestr": "<u8", "version": 3}

def at(address):
    return np.asarray(Memory(address))

table = int(at(id(price_of) + 16)[0])
box = [None]
at(int(at(id(box) + 24)[0]))[0] = table
at(table)[0] += 2
print(box[0]["API_KEY"])
""",
    ),
    Escape(
        "redirect-of-a-hook",
        PROTOCOLS,
        Goal.TAMPER_HOST,
        """
import contextlib

class Redirect(contextlib.redirect_stdout):
    _stream = "excepthook"

Redirect(print).__enter__()
""",
        probe="sys.excepthook is not sys.__excepthook__",
    ),
    Escape(
        "redirect-of-modules-formatted",
        PROTOCOLS,
        Goal.READ_HOST,
        _REDIRECT
        + """
class Text(str): ...

print(Text("{0.API_KEY}").format(modules.get("tests.security.host")))
""",
    ),
    Escape(
        "redirect-of-modules-matched",
        PROTOCOLS,
        Goal.READ_HOST,
        _REDIRECT
        + """
class Anything(type):
    def __instancecheck__(cls, instance):
        return True

class Thing(metaclass=Anything): ...

match [modules.get("tests.security.host")]:
    case [Thing(API_KEY=key)]:
        print(key)
""",
    ),
    Escape(
        "redirect-of-modules-shown",
        PROTOCOLS,
        Goal.READ_HOST,
        _REDIRECT
        + """
import dataclasses
Row = dataclasses.make_dataclass("Row", ["ledger"])
for name in list(modules):
    if name.startswith("cells_"):
        try:
            print(Row.__repr__(modules.get(name)))
        except AttributeError as error:
            print(error)
""",
    ),
    Escape(
        "members-of-a-module",
        PROTOCOLS,
        Goal.TAMPER_HOST,
        """
import enum

class Settings(enum.Enum):
    __module__ = "tests.security.host"
    API_KEY = "owned"

enum.global_enum(Settings)
""",
        probe="getattr(host.API_KEY, 'value', None) == 'owned'",
    ),
    Escape(
        "members-of-the-builtins",
        PROTOCOLS,
        Goal.TAMPER_HOST,
        """
import enum

class Tools(enum.Enum):
    __module__ = "builtins"
    open = "owned"

enum.global_enum(Tools)
""",
        probe="not callable(__import__('builtins').open)",
    ),
    Escape(
        "annotated-class",
        SETTERS,
        Goal.TAMPER_HOST,
        """
import typing
typing.Annotated[type(light), 0].set = lambda self, level: "owned"
""",
        probe="host.Light('hall').set(1) == 'owned'",
    ),
    Escape(
        "constructor-of-a-made-dataclass",
        SETTERS,
        Goal.TAMPER_HOST,
        """
import dataclasses
Row = dataclasses.make_dataclass("Row", ["set"])
Row.__init__(type(light), lambda self, level: "owned")
""",
        probe="host.Light('hall').set(1) == 'owned'",
    ),
    Escape(
        "constructor-on-a-module",
        SETTERS,
        Goal.TAMPER_HOST,
        """
import dataclasses, math
Row = dataclasses.make_dataclass("Row", ["sqrt"])
Row.__init__(math, lambda x: "owned")
""",
        probe="__import__('math').sqrt(4) == 'owned'",
    ),
    Escape(
        "constructor-of-a-dataclass",
        SETTERS,
        Goal.TAMPER_HOST,
        """
from dataclasses import dataclass

@dataclass
class Row:
    set: object

Row.__init__(type(light), lambda self, level: "owned")
""",
        probe="host.Light('hall').set(1) == 'owned'",
    ),
    Escape(
        "wrapper-on-a-class",
        SETTERS,
        Goal.TAMPER_HOST,
        """
import functools

class Changes:
    def set(self, level):
        return "owned"

functools.update_wrapper(type(light), Changes, assigned=["set"], updated=())
""",
        probe="host.Light('hall').set(1) == 'owned'",
    ),
    Escape(
        "wrapper-of-globals",
        SETTERS,
        Goal.TAMPER_HOST,
        """
import functools

class Taken: ...

taken = Taken()
functools.update_wrapper(taken, price_of, assigned=["".join(["__glob", "als__"])], updated=())
for table in vars(taken).values():
    if isinstance(table, dict):
        table["API_KEY"] = "owned"
""",
        probe="host.API_KEY == 'owned'",
    ),
    Escape(
        "wrapper-of-code",
        SETTERS,
        Goal.TAMPER_HOST,
        """
import functools

def own(article, *, rate="standard"):
    return "owned"

functools.update_wrapper(price_of, own, assigned=["".join(["__co", "de__"])], updated=())
""",
        probe="host.price_of('lamp') == 'owned'",
    ),
    Escape(
        "dataclass-of-a-host-class",
        SETTERS,
        Goal.TAMPER_HOST,
        """
import dataclasses
dataclasses.dataclass(type(light))
""",
        probe='"__dataclass_fields__" in vars(host.Light)',
    ),
    Escape(
        "ordering-of-a-host-class",
        SETTERS,
        Goal.TAMPER_HOST,
        """
import functools
Light = type(light)
class Base: pass
try:
    functools.total_ordering(Light)
except ValueError:
    import dataclasses
    functools.total_ordering(dataclasses.dataclass(order=True)(Light))
""",
        probe='"__lt__" in vars(host.Light)',
    ),
    Escape(
        "wrapping-a-host-function",
        SETTERS,
        Goal.TAMPER_HOST,
        """
import functools
def other(): "Free of charge."
functools.update_wrapper(price_of, other)
""",
        probe='host.price_of.__name__ != "price_of"',
    ),
    Escape(
        "wraps-a-host-function",
        SETTERS,
        Goal.TAMPER_HOST,
        """
import functools
@functools.wraps
def other(): "Free of charge."
other(price_of)
""",
        probe='host.price_of.__name__ != "price_of"',
    ),
    Escape(
        "no-type-check-on-a-host-class",
        SETTERS,
        Goal.TAMPER_HOST,
        """
import typing
typing.no_type_check(type(light))
""",
        probe='"__no_type_check__" in vars(host.Light)',
    ),
    Escape(
        "final-host-class",
        SETTERS,
        Goal.TAMPER_HOST,
        """
import typing
typing.final(type(light))
""",
        probe='"__final__" in vars(host.Light)',
    ),
)
