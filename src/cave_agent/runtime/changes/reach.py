"""Which variables a cell can reach: by name, through functions and classes that cells made.

The rest of a namespace, however large, need not be looked at to know what the cell changed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from types import CodeType, FunctionType, MethodType
from typing import Any

from cave_agent.runtime.inspection import bases_of, class_dict, is_kind, module_name

_MOST_CODES = 500
_LOOP = re.compile(r"^ *(?:async )?for (?P<targets>[\w\s,()*]{1,200}?) in ", re.MULTILINE)
_NAME = re.compile(r"\w+")


def codes_within(code: CodeType) -> Iterator[CodeType]:
    """Yield a cell's code and that of the functions and classes that stand in it."""
    waiting = [code]
    while waiting:
        code = waiting.pop()
        yield code
        waiting += (each for each in code.co_consts if type(each) is CodeType)


def loop_names(source: str) -> set[str]:
    r"""Return the names that the loops of a cell bind, whose last values tell nothing.

    Example:
        >>> sorted(loop_names("for key, (low, high) in pairs:\n    total += low"))
        ['high', 'key', 'low']
    """
    return {name for loop in _LOOP.finditer(source) for name in _NAME.findall(loop["targets"])}


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
    """Return the variables whose objects a function of the host holds."""
    if not shared:
        return {}
    objects: list[Any] = []
    if type(value) is MethodType:
        objects.append(value.__self__)
        value = value.__func__
    if type(value) is FunctionType and value.__globals__ is not namespace:
        objects += _contents(value)
    names = {name: None for held in objects if (name := shared.get(id(held))) is not None}
    return {name: None for name in names if name in namespace}


def _contents(function: FunctionType) -> Iterable[Any]:
    """Return what a function closes over, and the globals that it mentions."""
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # it was not filled yet
            continue
    for name in function.__code__.co_names:
        if name in function.__globals__:
            yield function.__globals__[name]
