"""Rewriting a cell so that what no text shows is checked while it runs.

Each attribute that is read, each item that is looked up and each function that is called goes by
way of a function of the guard. The names of these functions are no identifiers, so no code can
spell them.
"""

import ast
from typing import TypeVar

M = TypeVar("M", bound=ast.mod)
T = TypeVar("T", bound=ast.AST)
D = TypeVar("D", ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)

LOAD = "<load>"
ITEM = "<item>"
CALLED = "<called>"
CHANGED = "<changed>"
MATCHED = "<matched>"


def guard_access(tree: M) -> M:
    """Return a syntax tree that asks a guard while it runs."""
    body = getattr(tree, "body", None)
    statements = body if isinstance(body, list) else []
    keeps_annotations = any(
        isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
        for statement in statements
    )
    guarded: M = _GuardAccess(keeps_annotations=keeps_annotations).visit(tree)
    return guarded


class _GuardAccess(ast.NodeTransformer):
    """Rewrites a syntax tree: `a.b` becomes a call of `LOAD` with `a` and `"b"`, and so on."""

    def __init__(self, *, keeps_annotations: bool) -> None:
        self._keeps_annotations = keeps_annotations
        self._classes = 0

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Load):
            if self._classes and node.attr.startswith("__") and not node.attr.endswith("__"):
                return node  # the compiler gives it the name of the class
            return _call(node, LOAD, node.value, ast.Constant(node.attr))
        node.value = _call(node.value, CHANGED, node.value, ast.Constant(node.attr))
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        self.generic_visit(node)
        if not isinstance(node.ctx, ast.Load) or _has_slice(node.slice):
            return node
        return _call(node, ITEM, node.value, node.slice)

    def visit_Call(self, node: ast.Call) -> ast.Call:
        if isinstance(node.func, ast.Name) and node.func.id == "super":
            node.args = [self.visit(argument) for argument in node.args]
            return node  # by another name, the compiler would not make it work
        self.generic_visit(node)
        match node.func:
            case ast.Call(func=ast.Name(id=name)) if name in (LOAD, ITEM):
                return node  # it was checked when it was read
        node.func = _call(node.func, CALLED, node.func)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        self._classes += 1
        self.generic_visit(node)
        self._classes -= 1
        return self._decorated(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        return self._decorated(self._visited(node, "returns"))

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        return self._decorated(self._visited(node, "returns"))

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return self._visited(node, "annotation")

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        return self._visited(node, "annotation")

    def visit_Match(self, node: ast.Match) -> ast.Match:
        self.generic_visit(node)
        node.subject = _call(node.subject, MATCHED, node.subject)
        return node

    def visit_match_case(self, node: ast.match_case) -> ast.match_case:
        """Leave the pattern alone: Python allows only plain names in it."""
        node.guard = self.visit(node.guard) if node.guard else None
        node.body = [self.visit(statement) for statement in node.body]
        return node

    def _visited(self, node: T, annotation: str) -> T:
        """Visit a node, but not an annotation that the compiler makes a text of."""
        kept = getattr(node, annotation)
        if self._keeps_annotations:
            setattr(node, annotation, None)
        self.generic_visit(node)
        if self._keeps_annotations:
            setattr(node, annotation, kept)
        return node

    def _decorated(self, node: D) -> D:
        node.decorator_list = [_call(each, CALLED, each) for each in node.decorator_list]
        return node


def _call(place: ast.expr, name: str, *arguments: ast.expr) -> ast.Call:
    function = ast.copy_location(ast.Name(name, ast.Load()), place)
    for argument in arguments:
        if not hasattr(argument, "lineno"):
            ast.copy_location(argument, place)
    return ast.copy_location(ast.Call(function, list(arguments), []), place)


def _has_slice(node: ast.expr) -> bool:
    return any(isinstance(part, ast.Slice | ast.Starred) for part in ast.walk(node))
