"""What the cells of one runtime find without an import; each runtime has its own."""

import builtins
import inspect
import weakref
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from types import ModuleType
from typing import Any, TypeAlias

from cave_agent.runtime import figures
from cave_agent.runtime.cells import AWAITABLE
from cave_agent.runtime.execution import current_execution
from cave_agent.runtime.rich import bounded_repr, mime_bundle

ANSWER = "_answer"
"""Variable that holds what a cell has answered last."""

_USAGE = (
    "help(name) tells all about a function, a class or an object; "
    'find_tools("words") finds those whose names or documentation hold the words.'
)


def cell_builtins(cells: ModuleType) -> ModuleType:
    """Return a `builtins` module for the cells of one runtime.

    What a cell does to it (`import builtins; builtins.x = 1`) stays in that runtime.

    Args:
        cells: The module that is the namespace of the cells, their `__main__`.
    """
    own = ModuleType("builtins")
    names = own.__dict__
    names.update(vars(builtins))
    modules = {"builtins": weakref.ref(own), "__main__": weakref.ref(cells)}
    names["__import__"] = partial(_import, modules)  # a closure would take six objects
    names["display"], names["answer"] = display, answer
    names[AWAITABLE] = _awaitable
    return own


def _import(
    own: Mapping[str, Callable[[], ModuleType | None]],
    name: str,
    globals: Mapping[str, Any] | None = None,  # noqa: A002 - the names that Python gives them
    locals: Mapping[str, Any] | None = None,  # noqa: A002
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> Any:
    module = own[name]() if name in own and not level else None
    return module or builtins.__import__(name, globals, locals, fromlist, level)


def display(*values: object) -> None:
    """Show values richly: pictures and tables reach the user, their text the model.

    Args:
        values: Any objects; figures of matplotlib are drawn.
    """
    execution = current_execution()
    for value in values:
        picture = figures.figure_image(value)
        shown = picture or mime_bundle(value)
        print(picture.description if picture else bounded_repr(value))  # noqa: T201 - its job
        if shown is not None and execution is not None:
            execution.capture.rich_outputs.append(shown)


def answer(reply: object) -> None:
    """End the turn with this reply, once the cell has succeeded; of several, with the last.

    Args:
        reply: The text that the user reads, or the object that was asked for.

    Raises:
        RuntimeError: The cell has ended.
        ValueError: The text is empty.
    """
    execution = current_execution()
    if execution is None:
        message = "answer(…) ends the turn of a cell: call it while the cell runs."
        raise RuntimeError(message)
    text = _text_of(reply)
    if not text.strip():
        message = "answer(…) was given an empty text: give the reply that the user is to read."
        raise ValueError(message)
    execution.answer = (text, reply)


def _text_of(reply: object) -> str:
    if isinstance(reply, str):
        return str.__str__(reply)
    rich = mime_bundle(reply)
    markdown = rich.data.get("text/markdown") if rich is not None else None
    return markdown or bounded_repr(reply)


def lookup_functions(
    injected: Callable[[], Iterable[Any]], look_up: Callable[[str], object]
) -> dict[str, Callable[..., None]]:
    """Return what cells have as `help` and `find_tools`; the objects of both methods may go.

    Args:
        injected: A method that returns what was injected.
        look_up: A method that returns what a name stands for in cells, or raises `KeyError`.
    """
    method, find = weakref.WeakMethod(injected), weakref.WeakMethod(look_up)
    return {"help": partial(_help, method, find), "find_tools": partial(_find_tools, method)}


_Injected: TypeAlias = "weakref.WeakMethod[Callable[[], Iterable[Any]]]"
_LookUp: TypeAlias = "weakref.WeakMethod[Callable[[str], object]]"


def _help(injected: _Injected, look_up: _LookUp, /, *subject: object) -> None:
    """Print signature and documentation of a function, a class or an object, or of a name."""
    from cave_agent.runtime.lookup import help_text  # noqa: PLC0415 - few need it

    def found(name: str) -> object:
        find = look_up()
        if find is None:
            raise KeyError(name)
        return find(name)

    told = help_text(subject[0], _resources(injected), found) if subject else _USAGE
    print(told)  # noqa: T201 - its job


def _find_tools(injected: _Injected, /, words: str) -> None:
    """Print the functions, methods, types and variables that fit the words, the best first."""
    from cave_agent.runtime.lookup import found_tools  # noqa: PLC0415 - few need it

    print(found_tools(words, _resources(injected)))  # noqa: T201


def _resources(injected: _Injected) -> list[Any]:
    find = injected()
    return [] if find is None else list(find())


def _awaitable(value: object) -> Awaitable[object]:
    """Return what `await` takes: the value itself where it can be awaited."""
    return value if inspect.isawaitable(value) else _ready(value)


async def _ready(value: object) -> object:
    return value
