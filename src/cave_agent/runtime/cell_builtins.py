"""What the cells of one runtime find without an import; each runtime has its own."""

import builtins
import inspect
import weakref
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any

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
    names.update(
        {"__import__": _importer(own, cells), "display": display, "answer": _answerer(cells)}
    )
    names[AWAITABLE] = _awaitable
    return own


def _importer(own: ModuleType, cells: ModuleType) -> Callable[..., Any]:
    modules = {"builtins": weakref.ref(own), "__main__": weakref.ref(cells)}

    def import_module(
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002 - the names that Python gives them
        locals: Mapping[str, Any] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        module = modules[name]() if name in modules and not level else None
        return module or builtins.__import__(name, globals, locals, fromlist, level)

    return import_module


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


def _answerer(cells: ModuleType) -> Callable[[object], None]:
    module = weakref.ref(cells)

    def answer(reply: object) -> None:
        """End the turn with this reply, once the cell has succeeded; of several, with the last.

        Args:
            reply: The text that the user reads, or the object that was asked for.
        """
        execution, namespace = current_execution(), module()
        if execution is None or namespace is None:
            message = "answer(…) ends the turn of a cell: call it while the cell runs."
            raise RuntimeError(message)
        execution.answer = _text_of(reply)
        setattr(namespace, ANSWER, reply)

    return answer


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
    method, look = weakref.WeakMethod(injected), weakref.WeakMethod(look_up)

    def resources() -> list[Any]:
        find = method()
        return [] if find is None else list(find())

    def found(name: str) -> object:
        find = look()
        if find is None:
            raise KeyError(name)
        return find(name)

    def help(*subject: object) -> None:  # noqa: A001 - it takes the place of that one
        """Print signature and documentation of a function, a class or an object, or of a name."""
        from cave_agent.runtime.lookup import help_text  # noqa: PLC0415 - few need it

        text = help_text(subject[0], resources(), found) if subject else _USAGE
        print(text)  # noqa: T201 - its job

    def find_tools(words: str) -> None:
        """Print the functions, methods, types and variables that fit the words, the best first."""
        from cave_agent.runtime.lookup import found_tools  # noqa: PLC0415 - few need it

        print(found_tools(words, resources()))  # noqa: T201

    return {"help": help, "find_tools": find_tools}


def _awaitable(value: object) -> Awaitable[object]:
    """Return what `await` takes: the value itself where it can be awaited."""
    return value if inspect.isawaitable(value) else _ready(value)


async def _ready(value: object) -> object:
    return value
