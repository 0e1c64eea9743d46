"""From the text of a cell to code that can run."""

import ast
import re
from inspect import CO_COROUTINE
from types import CodeType
from typing import NamedTuple

from cave_agent.runtime.guarded_syntax import guard_access
from cave_agent.security.checker import parsed

AWAITABLE = "__cave_agent_awaitable__"
"""Name in a runtime's builtins of the function that makes `await` of a plain value harmless."""

ECHO = "_"
"""Variable that holds the value of the last expression, as in a notebook."""


_STATEMENT = re.compile(
    r"""(?: [A-Za-z_][\w.]* \s* = [^=] | (?:import|from|del|pass|assert|raise) \b )
    [^()\[\]{}"'\\;:#]*""",
    re.VERBOSE,
)
"""A last line that alone shows that the cell ends in no expression: it saves a syntax tree, which
takes as long as compiling. Nothing that began on an earlier line can end in such a line."""


class CompiledCell(NamedTuple):
    """A cell, ready to run.

    Attributes:
        code: The code; running it assigns the last expression's value to `_`.
        is_async: Whether it must be awaited.
        echoes: Whether it ends in an expression whose value is to be shown.
        defines: Whether it holds functions or classes, whose code may run later.
    """

    code: CodeType
    is_async: bool
    echoes: bool
    defines: bool


def compile_cell(source: str, filename: str, *, guarded: bool = False) -> CompiledCell:
    """Compile a cell, with `await` allowed at the top level.

    Args:
        source: The cell's text.
        filename: The name that its frames carry in tracebacks.
        guarded: Whether a guard is asked while it runs.

    Raises:
        SyntaxError: It is not Python.
    """
    needs_adapting = "await" in source or "__name__" in source
    last_line = source[source.rfind("\n") + 1 :]
    tree: str | ast.Module
    if guarded or needs_adapting or not _STATEMENT.fullmatch(last_line):
        tree, echoes = _adapted(source, filename, needs_adapting=needs_adapting)
        if guarded:
            tree = guard_access(tree)
    else:
        tree, echoes = source, False
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    code: CodeType = compile(tree, filename, "exec", flags, True)  # noqa: FBT003 - no inheriting
    defines = CodeType in map(type, code.co_consts)
    return CompiledCell(code, bool(code.co_flags & CO_COROUTINE), echoes, defines)


def _adapted(source: str, filename: str, *, needs_adapting: bool) -> "tuple[ast.Module, bool]":
    """Return the syntax tree to compile, and whether it leaves a value to show in `_`."""
    tree = parsed(source, filename)
    last = tree.body[-1] if tree.body else None
    echoes = isinstance(last, ast.Expr) and not _ends_with_semicolon(source)
    if isinstance(last, ast.Expr) and echoes:
        target = ast.Name(ECHO, ast.Store())
        for node in (target, assign := ast.Assign([target], last.value)):
            ast.copy_location(node, last)
        tree.body[-1] = assign
    if needs_adapting:
        _Adapt().visit(tree)
    return tree, echoes


def _ends_with_semicolon(source: str) -> bool:
    """Whether the last line of code ends in `;`, with which a notebook shows no value."""
    last_line = source.rstrip().rpartition("\n")[2]
    return last_line.partition("#")[0].rstrip().endswith(";")


class _Adapt(ast.NodeTransformer):
    """Makes two habits of models harmless that would fail in a cell.

    `await f()` of a function that is not async gives its value, and the block under
    `if __name__ == "__main__":` runs.
    """

    def visit_Await(self, node: ast.Await) -> ast.Await:
        self.generic_visit(node)
        function = ast.copy_location(ast.Name(AWAITABLE, ast.Load()), node.value)
        call = ast.Call(function, [node.value], [])
        node.value = ast.copy_location(call, node.value)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        match node:
            case ast.Compare(
                left=ast.Name("__name__"),
                ops=[ast.Eq()],
                comparators=[ast.Constant("__main__")],
            ):
                return ast.copy_location(ast.Constant(value=True), node)
        self.generic_visit(node)
        return node
