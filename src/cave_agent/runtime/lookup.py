"""`help` and `find_tools`: how cells read what the descriptions of injected things leave out."""

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import Any, NamedTuple, TypeAlias

from cave_agent.finding import matches
from cave_agent.runtime.describe import function_stub, methods, type_stub
from cave_agent.runtime.entries import MORE, Detail
from cave_agent.runtime.inspection import bases_of, class_dict, class_name, fields_of
from cave_agent.runtime.members import unknown_classes
from cave_agent.runtime.resources import Function, Type, Variable

Resource: TypeAlias = Function | Variable | Type

_LONGEST = 10_000
_LONGEST_LINE = 300
_MOST_FOUND = 20


def help_text(
    subject: object, resources: Iterable[Resource], look_up: Callable[[str], object]
) -> str:
    """Return signature and documentation of an object, as text within a limit.

    Args:
        subject: Any object; a text is taken as the name of something that cells can use, or of a
            method of it (`"Light.dim"`).
        resources: What was injected.
        look_up: Returns what a name stands for in cells, or raises `KeyError`.
    """
    try:
        if isinstance(subject, str):
            return _help_for_name(subject, list(resources), look_up)
        return _within_limit(_stub_of(subject, resources))
    except Exception as error:  # noqa: BLE001 - an object may answer as it likes
        return f"Nothing can be told of this {type(subject).__name__}: {type(error).__name__}."


def found_tools(words: str, resources: Iterable[Resource]) -> str:
    """Return a line for each thing that fits the words, the best first.

    Args:
        words: What to search for, in names and documentation.
        resources: What was injected.
    """
    tools: dict[str, _Tool] = {}
    for tool in _all_tools(list(resources)):
        tools.setdefault(tool.name, tool)
    names = matches(str(words), [(tool.name, tool.searched) for tool in tools.values()])
    if not names:
        return f"Nothing of {len(tools):,} things fits {words!r}: try other words."
    lines = [_first_line(tools[name].stub()) for name in names[:_MOST_FOUND]]
    if more := len(names) - len(lines):
        lines.append(f"and {more:,} more: use more words")
    return "\n".join(lines)


class _Tool(NamedTuple):
    """A thing that can be found.

    Attributes:
        name: What cells call it; of a method with its class.
        searched: Its documentation.
        stub: Returns what is shown of it.
    """

    name: str
    searched: str
    stub: Callable[[], str]


def _all_tools(resources: list[Resource]) -> Iterator[_Tool]:
    """Yield what was injected, then the classes of variables that have no description."""
    for resource in resources:
        yield from _tools(resource)
    for declared in _types_of_variables(resources):
        yield from _tools(declared)


def _types_of_variables(resources: Iterable[Resource]) -> Iterator[Type]:
    for resource in resources:
        if isinstance(resource, Variable):
            for cls in unknown_classes(resource.value):
                yield from _declared(cls)


def _declared(cls: type) -> list[Type]:
    try:
        return [Type(cls)]
    except Exception:  # noqa: BLE001 - its name is none for code, or its metaclass refuses
        return []


def _tools(resource: Resource) -> Iterator[_Tool]:
    """Yield a thing that was injected, and its methods."""
    match resource:
        case Function(name=name):
            text = function_stub(resource, Detail.FULL)
            yield _Tool(name, text, functools.partial(function_stub, resource))
        case Variable(name=name):
            text = _variable_line(resource)
            yield _Tool(name, text, lambda: text)
        case Type(name=name, value=cls):
            text = type_stub(Type(cls, resource.description, include_schema=False))
            yield _Tool(name, text, functools.partial(type_stub, resource))
            for method, text in _methods(cls).items():
                stub = functools.partial(_method_line, name, cls, method)
                yield _Tool(f"{name}.{method}", text, stub)


def _methods(cls: type, detail: Detail = Detail.FULL) -> dict[str, str]:
    try:
        return dict(methods(cls, detail))
    except Exception:  # noqa: BLE001 - a class may answer as it likes when it is looked at
        return {}


def _method_line(owner: str, cls: type, name: str) -> str:
    return _methods(cls, Detail.BRIEF)[name].replace(name, f"{owner}.{name}", 1)


def _variable_line(variable: Variable) -> str:
    description = f" # {variable.description}" if variable.description else ""
    return f"{variable.name}: {class_name(type(variable.value))}{description}"


def _first_line(stub: str) -> str:
    line = stub.partition("\n")[0].removesuffix(":")
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]} {MORE}"


def _help_for_name(name: str, resources: list[Resource], look_up: Callable[[str], object]) -> str:
    first, *members = name.split(".")
    try:
        value = _found(first, resources, look_up)
        for member in members:
            owner, value = value, _member(value, member)
    except KeyError:
        return f"There is no {name!r} here. {found_tools(name, resources)}"
    if members:
        cls = owner if isinstance(owner, type) else type(owner)
        if text := _methods(cls).get(members[-1]):
            return text
    return _within_limit(_stub_of(value, resources))


def _found(name: str, resources: list[Resource], look_up: Callable[[str], object]) -> object:
    try:
        return look_up(name)
    except KeyError:
        # Cells do not have the class of what stands in a list, but `find_tools` tells of it.
        return {each.name: each.value for each in _types_of_variables(resources)}[name]


def _member(owner: object, name: str) -> object:
    """Return what an object, a class or a module has under a name; no code of theirs is run."""
    if isinstance(owner, ModuleType):
        return vars(owner)[name]
    held = fields_of(owner)
    if name in held:
        return held[name]
    for base in bases_of(owner if isinstance(owner, type) else type(owner)):
        if name in class_dict(base):
            return class_dict(base)[name]
    raise KeyError(name)


def _stub_of(value: Any, resources: Iterable[Resource]) -> Callable[[Detail], str]:
    """Return what writes the stub of an object: of a function, of a class, else of its class."""
    for resource in resources:
        if isinstance(resource, Function) and resource.func is value:
            return functools.partial(function_stub, resource)
    if isinstance(value, ModuleType):
        return lambda _: _module_text(value)
    if inspect.isroutine(value) or isinstance(value, functools.partial):
        name = getattr(value, "__name__", None) or _name_within(value)
        function = Function(value, name=name if name.isidentifier() else "function")
        return functools.partial(function_stub, function)
    cls = value if isinstance(value, type) else type(value)
    described = (each for each in resources if isinstance(each, Type) and each.value is cls)
    return functools.partial(type_stub, next(described, Type(cls)))


def _name_within(value: Any) -> str:
    """Return what a function with fixed arguments is called: `help` and `find_tools` are such."""
    return getattr(value.func, "__name__", "function").lstrip("_")


def _module_text(module: ModuleType) -> str:
    names = ", ".join(name for name in dir(module) if not name.startswith("_"))
    return f"module {module.__name__}: {inspect.getdoc(module) or ''}\n{names}"


def _within_limit(stub: Callable[[Detail], str]) -> str:
    for detail in (Detail.FULL, Detail.BRIEF, Detail.SIGNATURE, Detail.SHORT):
        text = stub(detail)
        if len(text) <= _LONGEST:
            return text
    return f"{text[:_LONGEST]} {MORE}"
