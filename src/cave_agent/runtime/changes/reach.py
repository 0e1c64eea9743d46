"""Which variables a cell can reach: by name, through functions and classes that cells made.

The rest of a namespace, however large, need not be looked at to know what the cell changed.
"""

import ast
import re
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from types import CodeType, FunctionType, MethodType
from typing import Any

from cave_agent.runtime.inspection import bases_of, class_dict, fields_of, is_kind, module_name
from cave_agent.security.checker import parsed

_MOST_CODES = 500
_MOST_HELD = 200
_DEEPEST = 2
_BLOCKS = (ast.stmt, ast.excepthandler, ast.match_case)
_NAME = re.compile(r"\w+")


def codes_within(code: CodeType) -> Iterator[CodeType]:
    """Yield a cell's code and that of the functions and classes that stand in it."""
    waiting = [code]
    while waiting:
        code = waiting.pop()
        yield code
        waiting += (each for each in code.co_consts if type(each) is CodeType)


def passing_names(source: str, namespace: Collection[str]) -> set[str]:
    r"""Return the names that a cell binds in passing: what it imports, and variables of its loops.

    Args:
        source: Its text.
        namespace: The names that there are; `import *` may have bound any that the cell does not
            mention.

    Example:
        >>> source = "from math import pi, tau as turn\nfor key, (low, high) in {}: pass"
        >>> sorted(passing_names(source, []))
        ['high', 'key', 'low', 'pi', 'turn']
    """
    names: set[str] = set()
    waiting: list[ast.AST] = list(_tree(source).body)
    while waiting:
        node = waiting.pop()
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                continue
            case ast.For(target=target) | ast.AsyncFor(target=target):
                names.update(each.id for each in ast.walk(target) if isinstance(each, ast.Name))
            case ast.Import(names=bound) | ast.ImportFrom(names=bound):
                names.update(each.asname or each.name.partition(".")[0] for each in bound)
        waiting += (each for each in ast.iter_child_nodes(node) if isinstance(each, _BLOCKS))
    if "*" in names:
        mentioned = set(_NAME.findall(source))
        names.update(name for name in namespace if name not in mentioned)
    return names


def _tree(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python has warned of the code when the cell ran
        try:
            return parsed(source)
        except (SyntaxError, RecursionError):
            return ast.Module([], [])


def names_reached(
    code: CodeType, namespace: Mapping[str, Any], shared: Mapping[int, str]
) -> dict[str, None]:
    """Return the names that a cell mentions, and those that functions mention which it reaches.

    Args:
        code: The cell's.
        namespace: What the names are looked up in.
        shared: Variables by the identity of the objects that the host gave: functions of the host
            may hold these objects, too.
    """
    names: dict[str, None] = {}
    waiting, seen = list(codes_within(code)), set[int]()
    while waiting and len(seen) < _MOST_CODES:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        for name in current.co_names:
            if name not in names and name in namespace:
                for function in _functions(namespace[name], namespace):
                    waiting += codes_within(function.__code__)
                names.update(_held(namespace[name], namespace, shared))
            names[name] = None
    return names


def _functions(value: Any, namespace: Mapping[str, Any]) -> Iterator[FunctionType]:
    """Yield the functions made by cells that a value is, or that its class has."""
    if type(value) is MethodType:
        value = value.__func__
    if type(value) is FunctionType:
        if value.__globals__ is namespace:
            yield value
        return
    cls = value if is_kind(type(value), type) else type(value)
    for base in bases_of(cls):
        if module_name(base) == namespace.get("__name__"):
            yield from _methods(base)


def _methods(cls: type) -> Iterator[FunctionType]:
    for member in list(class_dict(cls).values()):
        kind = type(member)
        if kind is property:
            plain = member.fget
        elif kind is staticmethod or kind is classmethod:
            plain = member.__func__
        else:
            plain = member
        if type(plain) is FunctionType:
            yield plain


def _held(value: Any, namespace: Mapping[str, Any], shared: Mapping[int, str]) -> dict[str, None]:
    """Return the variables whose objects a function of the host, or another object, holds."""
    if not shared:
        return {}
    found: dict[str, None] = {}
    waiting = [(held, 1) for held in _contents(value, namespace)]
    for _ in range(_MOST_HELD):
        if not waiting:
            break
        held, depth = waiting.pop()
        if (name := shared.get(id(held))) is not None and name in namespace:
            found[name] = None
        if depth < _DEEPEST:
            waiting += ((each, depth + 1) for each in _contents(held, namespace))
    return found


def _contents(value: Any, namespace: Mapping[str, Any]) -> Iterator[Any]:
    """Yield fields or elements of an object, of a function of the host what it closes over."""
    cls = type(value)
    if cls is MethodType:
        yield value.__self__
        value = value.__func__
    if type(value) is FunctionType:
        if value.__globals__ is not namespace:
            yield from _of_function(value)
    elif cls is dict:
        yield from islice(value.values(), _MOST_HELD)
    elif cls is list or cls is tuple:
        yield from value[:_MOST_HELD]
    else:
        yield from fields_of(value).values()


def _of_function(function: FunctionType) -> Iterable[Any]:
    """Return what a function closes over, and the globals that it mentions."""
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # it was not filled yet
            continue
    for name in function.__code__.co_names:
        if name in function.__globals__:
            yield function.__globals__[name]
