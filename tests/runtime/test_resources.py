"""What a host can give to a runtime."""

import asyncio
import functools
import threading
import weakref
from typing import Any, NoReturn
from unittest.mock import AsyncMock, MagicMock

import pytest

from cave_agent import RuntimeClosedError
from cave_agent.runtime import Function, PythonRuntime, Type, Variable, digest
from tests.runtime.cells import run_ok, value_of


class Shop:
    """A shop."""

    def __init__(self) -> None:
        self.sold: list[str] = []

    def sell(self, what: str, times: int = 1) -> list[str]:
        """Sell things."""
        self.sold += [what] * times
        return self.sold

    def __call__(self, what: str) -> str:
        """Order."""
        return f"{what} ordered"

    async def later(self, what: str) -> str:
        await asyncio.sleep(0)
        return f"{what} later"

    @classmethod
    def name(cls) -> str:
        return cls.__name__

    @staticmethod
    def double(x: int) -> int:
        return 2 * x


class AsyncCallable:
    async def __call__(self, x: int) -> int:
        return x + 1


def plain(x: int) -> int:
    return x


async def coroutine_function(x: int) -> int:
    await asyncio.sleep(0)
    return x


SHOP = Shop()
CALLABLES: dict[str, tuple[Function, str, object]] = {
    "function": (Function(plain), "plain(1)", 1),
    "bound method": (Function(SHOP.sell), "sell('a', 2)", ["a", "a"]),
    "class method": (Function(Shop.name), "name()", "Shop"),
    "static method": (Function(Shop.double), "double(2)", 4),
    "partial": (Function(functools.partial(plain, 5)), "plain()", 5),
    "partial of a partial": (
        Function(functools.partial(functools.partial(plain), x=6)),
        "plain()",
        6,
    ),
    "callable object": (Function(Shop()), "shop('b')", "b ordered"),
    "named object": (Function(Shop(), name="order"), "order('b')", "b ordered"),
    "builtin": (Function(len), "len([1])", 1),
    "builtin without signature": (Function(max), "max(1, 2)", 2),
    "method of a builtin": (Function("a,b".split), "split(',')", ["a", "b"]),
    "lambda": (Function(lambda x: x * 2, name="twice"), "twice(2)", 4),
    "class": (Function(Shop, name="make"), "make().sold", []),
    "async function": (Function(coroutine_function), "await coroutine_function(7)", 7),
    "async method": (Function(SHOP.later), "await later('c')", "c later"),
    "async partial": (
        Function(functools.partial(coroutine_function, 8)),
        "await coroutine_function()",
        8,
    ),
    "async callable object": (Function(AsyncCallable()), "await async_callable(1)", 2),
    "mock": (Function(MagicMock(return_value=3), name="mock"), "mock(1)", 3),
    "cached": (Function(functools.lru_cache(plain)), "plain(9)", 9),
}


@pytest.mark.parametrize(("function", "call", "value"), CALLABLES.values(), ids=CALLABLES)
def test_any_callable_can_be_called(
    runtime: PythonRuntime, function: Function, call: str, value: object
) -> None:
    SHOP.sold.clear()
    runtime.inject_function(function)
    assert value_of(runtime, f"answer = {call}") == value
    assert function.name in runtime.describe_functions()
    assert function.is_async == call.startswith("await")
    assert runtime.describe_functions().startswith("async def") == function.is_async
    assert repr(function).startswith(f"Function({function.name}(")


def test_awaiting_a_mock() -> None:
    function = Function(AsyncMock(return_value=1), name="mock")
    assert function.is_async
    assert value_of(PythonRuntime([function]), "answer = await mock()") == 1


class Hidden:
    """Like a proxy of a web framework outside of a request: any look at it fails."""

    def __getattr__(self, name: str) -> NoReturn:
        message = "outside of a request"
        raise RuntimeError(message)

    @property  # type: ignore[misc]
    def __class__(self) -> NoReturn:  # type: ignore[override]
        message = "outside of a request"
        raise RuntimeError(message)

    def __repr__(self) -> NoReturn:
        message = "outside of a request"
        raise RuntimeError(message)

    def __call__(self) -> int:
        return 1


class Unequal:
    """Like an array: has no truth value and compares to something else."""

    def __bool__(self) -> NoReturn:
        raise ValueError

    def __eq__(self, other: object) -> NoReturn:
        raise ValueError

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> NoReturn:
        raise ValueError


class Sly(list[int]):
    def __bool__(self) -> NoReturn:
        raise ValueError

    def __len__(self) -> NoReturn:
        raise ValueError


target = Shop()
OBJECTS = [
    Hidden(),
    Unequal(),
    Sly(),
    object(),
    None,
    NotImplemented,
    ...,
    type,
    Shop,
    10**5000,
    threading.Lock(),
    weakref.proxy(target),
    (n for n in range(3)),
    float("nan"),
    "\ud800",
    MagicMock(),
    lambda: None,
    asyncio,
    range(10),
    memoryview(b"a"),
]


@pytest.mark.parametrize("number", range(len(OBJECTS)))  # pytest would look at the objects
def test_any_object_can_be_injected(runtime: PythonRuntime, number: int) -> None:
    thing: Any = OBJECTS[number]
    variable = Variable("thing", thing, "Some thing")
    assert repr(variable) == f"Variable('thing', {type(thing).__name__})"
    runtime.inject_variable(variable)
    run_ok(runtime, "same = thing\nkept = [thing]")
    assert runtime.retrieve("same") is thing
    assert runtime.retrieve("kept")[0] is thing
    run_ok(runtime, "thing")
    assert "kept" in runtime.names()
    assert runtime.describe_variables() == f"- thing: {digest(thing)} - Some thing"
    runtime.update_variable("same", thing)
    runtime.reset()
    assert runtime.retrieve("thing") is thing


def test_callable_that_hides_its_attributes() -> None:
    runtime = PythonRuntime([Function(Hidden())])
    assert value_of(runtime, "answer = hidden()") == 1
    assert "def hidden(" in runtime.describe_functions()


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "1a",
        "a b",
        "a-b",
        "a.b",
        "a\n",
        "é ",
        "class",
        "None",
        "await",
        "__name__",
        5,
        None,
        "__builtins__",
        "x;y",
    ],
)
def test_bad_name(name: Any) -> None:
    with pytest.raises(ValueError, match="name"):
        Variable(name, 1)
    if name is not None:
        with pytest.raises(ValueError, match="name"):
            Function(plain, name=name)


@pytest.mark.parametrize("name", ["a", "_a", "été", "名前", "match", "type", "print", "x1"])
def test_good_name(runtime: PythonRuntime, name: str) -> None:
    runtime.inject_variable(Variable(name, 5))
    assert value_of(runtime, f"answer = {name}") == 5


def test_keyword_message_offers_another_name() -> None:
    with pytest.raises(ValueError, match=r"'class' is a keyword of Python: .* 'class_'"):
        Variable("class")


def test_lambda_needs_a_name() -> None:
    with pytest.raises(ValueError, match="name='…'"):
        Function(lambda: 1)


def test_partial_of_a_lambda_needs_a_name() -> None:
    with pytest.raises(ValueError, match="name='…'"):
        Function(functools.partial(lambda x: x, 1))


def test_function_must_be_callable() -> None:
    with pytest.raises(ValueError, match="5 cannot be called: use Variable"):
        Function(5)  # type: ignore[arg-type]


@pytest.mark.parametrize("thing", [5, "int", list[int], int | str, None, plain, Any])
def test_type_of_something_that_is_no_class(thing: Any) -> None:
    if isinstance(thing, type):
        pytest.skip("a class in this version of Python")
    with pytest.raises(ValueError, match="is no class: Type takes classes"):
        Type(thing)


def test_public_positions_of_arguments() -> None:
    function = Function(plain, "Description", False)
    assert (function.description, function.include_doc) == ("Description", False)
    declared = Type(Shop, "Description", False, False)
    assert (declared.include_schema, declared.include_doc) == (False, False)
    assert Variable("name").value is None
    assert (repr(declared), declared.name) == ("Type(Shop)", "Shop")


def test_what_a_closed_runtime_refuses_is_not_half_injected() -> None:
    runtime = PythonRuntime()
    runtime.close()
    with pytest.raises(RuntimeClosedError):
        runtime.inject_variable(Variable("late", 1))
    assert (runtime.injections, runtime.describe_variables()) == (0, "")
