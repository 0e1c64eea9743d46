"""Rewriting a cell so that what no text shows is checked while it runs.

Each attribute that is read, each item that is looked up and each function that is called goes by
way of a function of the guard. The names of these functions are no identifiers, so no code can
spell them.
"""

import ast
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeVar

M = TypeVar("M", bound=ast.mod)

LOAD = "<load>"
ITEM = "<item>"
CALLED = "<called>"
CHANGED = "<changed>"
MATCHED = "<matched>"


class _Place(NamedTuple):
    """A node, where it stands, and the class in whose body that is."""

    node: ast.AST
    parent: Any
    field: str
    position: int | None
    class_name: str | None


def guard_access(tree: M, *, keeps_annotations: bool = False) -> M:
    """Return a syntax tree that asks a guard while it runs.

    Args:
        tree: The tree, which is changed.
        keeps_annotations: Whether annotations are not evaluated, but made texts of, although the
            tree does not begin with `from __future__ import annotations`.
    """
    keeps_annotations = keeps_annotations or _defers_annotations(tree)
    # What stands inside comes first. No recursion: a sum may be as deep as it has terms.
    for place in reversed(list(_places(tree, keeps_annotations=keeps_annotations))):
        node = _guarded(place.node, place.class_name)
        if node is place.node:
            continue
        if place.position is None:
            setattr(place.parent, place.field, node)
        else:
            getattr(place.parent, place.field)[place.position] = node
    return tree


def _defers_annotations(tree: ast.mod) -> bool:
    body = getattr(tree, "body", None)
    return any(
        isinstance(statement, ast.ImportFrom)
        and statement.module == "__future__"
        and any(alias.name == "annotations" for alias in statement.names)
        for statement in (body if isinstance(body, list) else [])
    )


def _places(tree: ast.AST, *, keeps_annotations: bool) -> Iterator[_Place]:
    """Yield all nodes that may be rewritten, each before those inside it."""
    left = {"pattern"}  # Python allows only plain names in a pattern
    if keeps_annotations:
        left |= {"annotation", "returns"}
    pending = [_Place(tree, None, "", None, None)]
    while pending:
        place = pending.pop()
        yield place
        node = place.node
        class_name = node.name if isinstance(node, ast.ClassDef) else place.class_name
        for field, value in ast.iter_fields(node):
            if field in left:
                continue
            if isinstance(value, ast.AST):
                pending.append(_Place(value, node, field, None, class_name))
            elif isinstance(value, list):
                pending += (
                    _Place(each, node, field, index, class_name)
                    for index, each in enumerate(value)
                    if isinstance(each, ast.AST)
                )


def _guarded(node: ast.AST, class_name: str | None) -> ast.AST:
    """Return what stands in place of a node in which all is guarded already."""
    match node:
        case ast.Attribute(value=owner, attr=name, ctx=ast.Load()):
            return _call(node, LOAD, owner, ast.Constant(_mangled(name, class_name)))
        case ast.Attribute(value=owner, attr=name):
            changed = ast.Constant(_mangled(name, class_name))
            node.value = _call(owner, CHANGED, owner, changed)
        case ast.Subscript(value=container, slice=key, ctx=ast.Load()) if not _has_slice(key):
            return _call(node, ITEM, container, key)
        case ast.Call(func=ast.Call(func=ast.Name(id=name))) if name in (LOAD, ITEM):
            pass  # it was checked when it was read
        case ast.Call(func=function):
            node.func = _call(function, CALLED, function)
        case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
            node.decorator_list = [_call(each, CALLED, each) for each in node.decorator_list]
        case ast.Match(subject=subject, cases=cases):
            patterns = [
                _class_pattern(each)
                for case in cases
                for each in ast.walk(case.pattern)
                if isinstance(each, ast.MatchClass)
            ]
            node.subject = _call(subject, MATCHED, subject, *patterns)
    return node


def _mangled(name: str, class_name: str | None) -> str:
    """Return the name that the compiler makes of a private one in the body of a class."""
    if class_name is None or not name.startswith("__") or name.endswith("__"):
        return name
    owner = class_name.lstrip("_")
    return f"_{owner}{name}" if owner else name


def _class_pattern(pattern: ast.MatchClass) -> ast.expr:
    """Return what the guard is told of a pattern that reads attributes.

    That is a function that gives the class, since a name in a pattern need not exist unless it is
    reached; how many attributes are read by their place; and the names of the others.
    """
    nothing = ast.arguments([], [], None, [], [], None, [])
    parts = [
        ast.Lambda(nothing, pattern.cls),
        ast.Constant(len(pattern.patterns)),
        ast.Tuple([ast.Constant(name) for name in pattern.kwd_attrs], ast.Load()),
    ]
    told = ast.copy_location(ast.Tuple(parts, ast.Load()), pattern)
    return ast.fix_missing_locations(told)


def _call(place: ast.expr, name: str, *arguments: ast.expr) -> ast.Call:
    function = ast.copy_location(ast.Name(name, ast.Load()), place)
    for argument in arguments:
        if not hasattr(argument, "lineno"):
            ast.copy_location(argument, place)
    return ast.copy_location(ast.Call(function, list(arguments), []), place)


def _has_slice(key: ast.expr) -> bool:
    """Whether a key holds a slice, which is no expression elsewhere: `x[1:]`, `x[:, 1]`."""
    parts = key.elts if isinstance(key, ast.Tuple) else [key]
    return any(isinstance(part, ast.Slice) for part in parts)
