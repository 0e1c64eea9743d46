"""Classes and functions from cells work with what looks a module up by its name."""

import copy
import inspect
import pickle
import sys
import typing

import pytest

from cave_agent.runtime import PythonRuntime
from tests.runtime.cells import run_ok, value_of

CLASSES = """
import dataclasses, enum, typing, abc

@dataclasses.dataclass
class Point:
    x: int
    y: "int" = 0
    tags: list[str] = dataclasses.field(default_factory=list)
    kind: typing.ClassVar[str] = "point"

@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    point: "Point | None" = None

class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"

class Flags(enum.IntFlag):
    A = 1
    B = 2

class Pair(typing.NamedTuple):
    left: int
    right: "Pair | None" = None

class Row(typing.TypedDict):
    name: str

class Base(abc.ABC):
    @abc.abstractmethod
    def area(self): ...

T = typing.TypeVar("T")

class Box(Base, typing.Generic[T]):
    class Inner:
        pass
    def __init__(self, item): self.item = item
    def area(self): return 1
    def __eq__(self, other): return self.item == other.item
    __hash__ = None

def function(point: "Point", color: Color = Color.RED) -> "Pair":
    return Pair(point.x)
"""


@pytest.fixture
def runtime(runtime: PythonRuntime) -> PythonRuntime:
    run_ok(runtime, CLASSES)
    return runtime


OBJECTS = [
    "Point(1, tags=['a'])",
    "Frozen(Point(1))",
    "Color.RED",
    "Flags.A | Flags.B",
    "Pair(1, Pair(2))",
    "Row(name='a')",
    "Box(Color.BLUE)",
    "[Point, Color, Box.Inner, function]",
]


@pytest.mark.parametrize("thing", OBJECTS)
def test_pickle(runtime: PythonRuntime, thing: str) -> None:
    run_ok(runtime, f"import pickle\nthing = {thing}\ndata = pickle.dumps(thing)")
    run_ok(runtime, "assert pickle.loads(data) == thing")
    made = runtime.retrieve("thing")
    assert pickle.loads(runtime.retrieve("data")) == made
    assert pickle.loads(pickle.dumps(made)) == made
    assert copy.deepcopy(made) == made


def test_cloudpickle(runtime: PythonRuntime) -> None:
    cloudpickle = pytest.importorskip("cloudpickle")
    run_ok(runtime, "factor = 3\ndef times(x): return factor * x\ntriple = lambda x: factor * x")
    for name in ("times", "triple"):
        assert pickle.loads(cloudpickle.dumps(runtime.retrieve(name)))(2) == 6


def test_name_of_the_module(runtime: PythonRuntime) -> None:
    point, function = runtime.retrieve("Point"), runtime.retrieve("function")
    name = point.__module__
    assert function.__module__ == name
    assert name != "__main__"
    assert name in sys.modules
    assert sys.modules[name].Point is point
    assert run_ok(runtime, "print(__name__)").stdout == f"{name}\n"


def test_module_can_be_used_by_its_name(runtime: PythonRuntime) -> None:
    code = (
        "import sys, importlib\nme = sys.modules[__name__]\nme.added = 1\nassert added == 1\n"
        "del me.added\nassert 'added' not in globals() and 'Point' in dir(me)\n"
        "assert vars(me)['Point'] is Point and importlib.import_module(__name__) is me"
    )
    run_ok(runtime, code)


def test_module_is_gone_with_its_runtime() -> None:
    runtime = PythonRuntime()
    run_ok(runtime, CLASSES)
    data = pickle.dumps(runtime.retrieve("Color").RED)
    view = sys.modules[runtime.retrieve("Color").__module__]
    runtime.close()
    with pytest.raises((AttributeError, ModuleNotFoundError)):
        pickle.loads(data)
    del runtime
    import gc

    gc.collect()
    assert view not in sys.modules.values()
    assert vars(view) == {}
    with pytest.raises(AttributeError, match="is gone"):
        _ = view.Color


def test_type_hints(runtime: PythonRuntime) -> None:
    point, pair, function = (runtime.retrieve(name) for name in ("Point", "Pair", "function"))
    assert typing.get_type_hints(point)["y"] is int
    assert typing.get_type_hints(pair)["right"] == pair | None
    hints = typing.get_type_hints(function)
    assert hints == {"point": point, "color": runtime.retrieve("Color"), "return": pair}
    run_ok(runtime, "hints = typing.get_type_hints(Pair)")
    assert runtime.retrieve("hints") == {"left": int, "right": pair | None}


def test_dataclass_with_postponed_annotations(runtime: PythonRuntime) -> None:
    code = """
from __future__ import annotations
import dataclasses, typing

@dataclasses.dataclass
class Node:
    value: int
    count: typing.ClassVar[int] = 0
    init: dataclasses.InitVar[int] = 1
    next: Node | None = None
    _: dataclasses.KW_ONLY
    name: str = ""

answer = ([f.name for f in dataclasses.fields(Node)], repr(Node(1, next=Node(2))))
"""
    fields, text = value_of(runtime, code)
    assert fields == ["value", "next", "name"]
    assert text == "Node(value=1, next=Node(value=2, next=None, name=''), name='')"
    assert typing.get_type_hints(runtime.retrieve("Node"))["value"] is int


def test_pydantic_models(runtime: PythonRuntime) -> None:
    code = """
import pydantic

class Tree(pydantic.BaseModel):
    value: int
    children: "list[Tree]" = []
    leaf: "Leaf | None" = None

class Leaf(pydantic.BaseModel):
    color: Color
"""
    run_ok(runtime, code)
    code = "answer = Tree(value='1', children=[{'value': 2}], leaf={'color': 'red'})"
    tree = value_of(runtime, code)
    assert tree.children[0].value == 2
    assert tree.leaf.color is runtime.retrieve("Color").RED
    assert pickle.loads(pickle.dumps(tree)) == tree


def test_pydantic_model_with_postponed_annotations(runtime: PythonRuntime) -> None:
    code = """
from __future__ import annotations
import pydantic
from typing import Literal, Optional

class Person(pydantic.BaseModel):
    name: str
    kind: Literal["a", "b"] = "a"
    friend: Optional[Person] = None

answer = Person(name="A", friend=Person(name="B"))
"""
    assert value_of(runtime, code).friend.name == "B"


def test_source_of_functions(runtime: PythonRuntime) -> None:
    code = (
        "import inspect\nx = 1\ndef later(a,\n          b=2):\n    # why\n    return a\n"
        "answer = inspect.getsource(later)"
    )
    expected = "def later(a,\n          b=2):\n    # why\n    return a\n"
    assert value_of(runtime, code) == expected
    assert inspect.getsource(runtime.retrieve("later")) == expected
    assert run_ok(runtime, "print(inspect.getsource(later), end='')").stdout == expected
    assert inspect.signature(runtime.retrieve("later")).parameters["b"].default == 2


def test_inspection_of_everything_in_the_process(runtime: PythonRuntime) -> None:
    assert (
        inspect.getmodule(runtime.retrieve("Point"))
        is sys.modules[runtime.retrieve("Point").__module__]
    )
    for module in list(sys.modules.values()):
        assert inspect.ismodule(module) in (True, False)
    assert "cells_" in repr(sys.modules[runtime.retrieve("Point").__module__])


def test_abstract_class_cannot_be_made(runtime: PythonRuntime) -> None:
    assert value_of(runtime, "try: Base()\nexcept TypeError as e: answer = 'area' in str(e)")


def test_generic_class(runtime: PythonRuntime) -> None:
    assert value_of(runtime, "answer = typing.get_args(Box[int])") == (int,)


def test_class_in_another_runtime_with_the_same_name(runtime: PythonRuntime) -> None:
    other = PythonRuntime()
    run_ok(other, CLASSES)
    mine, theirs = runtime.retrieve("Color"), other.retrieve("Color")
    assert mine is not theirs
    assert pickle.loads(pickle.dumps(theirs.RED)) is theirs.RED
    assert pickle.loads(pickle.dumps(mine.RED)) is mine.RED
