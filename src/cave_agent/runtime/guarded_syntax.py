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
METHOD = "<method>"
CALLED = "<called>"
CHANGED = "<changed>"
CLASS = "<class>"
VALUE = "<value>"
CAUGHT = "<caught>"
COMBINED = "<combined>"
_STEPS = (LOAD, ITEM, METHOD, CALLED, CHANGED, CLASS, VALUE, CAUGHT, COMBINED)

_MOST_TERMS = 200
"""Terms of a sum beyond which it is no longer as deep as it has terms: Python compiles no syntax
tree that is deeper than about a thousand, though it does compile the text."""


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
        node = _guarded(place)
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
    left = {"pattern"}  # its case is rewritten as a whole
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


def _guarded(place: _Place) -> ast.AST:
    """Return what stands in place of a node in which all is guarded already."""
    node, class_name = place.node, place.class_name
    match node:
        case ast.Attribute(value=owner, attr=name, ctx=ast.Load()):
            return _load(node, class_name)
        case ast.Attribute(value=owner, attr=name):
            changed = ast.Constant(_mangled(name, class_name))
            node.value = _call(owner, CHANGED, owner, changed)
        case ast.Subscript(value=container, slice=key, ctx=ast.Load()) if not _has_slice(key):
            return _call(node, ITEM, container, key)
        case ast.Call(func=ast.Call(func=ast.Name() as step)) if step.id == LOAD:
            step.id = METHOD  # it was checked when it was read
        case ast.Call(func=function):
            node.func = _call(function, CALLED, function)
        case ast.BinOp() if not (isinstance(place.parent, ast.BinOp) and place.field == "left"):
            return _combined(node)
        case _:
            _guard_statement(node, class_name)
    return node


def _guard_statement(node: ast.AST, class_name: str | None) -> None:
    match node:
        case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
            node.decorator_list = [_call(each, CALLED, each) for each in node.decorator_list]
            if isinstance(node, ast.ClassDef):
                # A metaclass may give a namespace that answers every name.
                position = 0 if ast.get_docstring(node, clean=False) is None else 1
                node.body.insert(position, ast.copy_location(ast.Global(list(_STEPS)), node))
        case ast.ExceptHandler(body=body):
            caught = ast.Expr(ast.Call(ast.Name(CAUGHT, ast.Load()), [], []))
            body.insert(0, ast.fix_missing_locations(ast.copy_location(caught, node)))
        case ast.Match(cases=cases):
            node.cases = [each for case in cases for each in _case(case, class_name)]


def _load(node: ast.Attribute, class_name: str | None) -> ast.Call:
    return _call(node, LOAD, node.value, ast.Constant(_mangled(node.attr, class_name)))


def _mangled(name: str, class_name: str | None) -> str:
    """Return the name that the compiler makes of a private one in the body of a class."""
    if class_name is None or not name.startswith("__") or name.endswith("__"):
        return name
    owner = class_name.lstrip("_")
    return f"_{owner}{name}" if owner else name


def _combined(node: ast.BinOp) -> ast.expr:
    """Return a long sum (or product, or both) as one call with all of its terms."""
    terms: list[ast.expr] = []
    operators = []
    first: ast.expr = node
    while isinstance(first, ast.BinOp):
        terms.append(first.right)
        operators.append(type(first.op).__name__)
        first = first.left
    if len(terms) < _MOST_TERMS:
        return node
    told = ast.Constant(tuple(reversed(operators)))  # type: ignore[arg-type]  # a constant, too
    return _call(node, COMBINED, told, first, *reversed(terms))


def _case(case: ast.match_case, class_name: str | None) -> Iterator[ast.match_case]:
    """Yield a case whose pattern holds plain names only, after one that gives them their values.

    That is a case which is never taken: only its guard is evaluated.
    """
    given: list[ast.expr] = []

    def name_for(value: ast.Call) -> ast.Name:
        name = f"_<{len(given)}>"
        target = ast.copy_location(ast.Name(name, ast.Store()), value)
        given.append(ast.copy_location(ast.NamedExpr(target, value), value))
        return ast.copy_location(ast.Name(name, ast.Load()), value)

    def value_of(read: ast.expr) -> ast.expr:
        if not isinstance(read, ast.Attribute):
            return read
        held = name_for(_call(read, VALUE, _loaded(read, class_name)))
        return ast.copy_location(ast.Attribute(held, "value", ast.Load()), read)

    for pattern in ast.walk(case.pattern):
        match pattern:
            case ast.MatchValue(value=value):
                pattern.value = value_of(value)
            case ast.MatchMapping(keys=keys):
                pattern.keys = [value_of(key) for key in keys]
            case ast.MatchClass(cls=ast.Name(), patterns=[], kwd_attrs=[]):
                pass  # it reads nothing
            case ast.MatchClass(cls=cls, patterns=places, kwd_attrs=names):
                count = ast.Constant(len(places))
                told = ast.Constant(tuple(names))  # type: ignore[arg-type]  # as above
                cls = _loaded(cls, class_name)
                pattern.cls = name_for(_call(cls, CLASS, cls, count, told))
    if given:
        values = ast.copy_location(ast.Tuple(given, ast.Load()), given[0])
        never = ast.copy_location(ast.UnaryOp(ast.Not(), values), values)
        anything = ast.copy_location(ast.MatchAs(), case.pattern)
        yield ast.match_case(anything, never, [ast.copy_location(ast.Pass(), case.pattern)])
    yield case


def _loaded(read: ast.expr, class_name: str | None) -> ast.expr:
    """Return a dotted name of a pattern as an expression in which all is guarded."""
    if not isinstance(read, ast.Attribute):
        return read
    read.value = _loaded(read.value, class_name)
    return _load(read, class_name)


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
