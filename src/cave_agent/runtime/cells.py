"""From the text of a cell to code that can run."""

import ast
import re
from inspect import CO_COROUTINE
from types import CodeType
from typing import NamedTuple, cast

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
    """

    code: CodeType
    is_async: bool
    echoes: bool


def compile_cell(source: str, filename: str) -> CompiledCell:
    """Compile a cell, with `await` allowed at the top level.

    Args:
        source: The cell's text.
        filename: The name that its frames carry in tracebacks.

    Raises:
        SyntaxError: It is not Python.
    """
    if _STATEMENT.fullmatch(source.rpartition("\n")[2]) and not _needs_adapting(source):
        return _cell(_compiled(source, filename), echoes=False)
    tree = cast("ast.Module", compile(source, filename, "exec", ast.PyCF_ONLY_AST, True))  # noqa: FBT003
    echoes = False
    if tree.body and isinstance(last := tree.body[-1], ast.Expr):
        echoes = not _ends_with_semicolon(source)
        if echoes:
            target = ast.Name(ECHO, ast.Store())
            for node in (target, assign := ast.Assign([target], last.value)):
                ast.copy_location(node, last)
            tree.body[-1] = assign
    if _needs_adapting(source):
        _Adapt().visit(tree)
    code = _compiled(tree, filename)
    return _cell(code, echoes=echoes)


def _cell(code: CodeType, *, echoes: bool) -> CompiledCell:
    return CompiledCell(code, bool(code.co_flags & CO_COROUTINE), echoes)


def _compiled(source: "str | ast.Module", filename: str) -> CodeType:
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    return cast("CodeType", compile(source, filename, "exec", flags, dont_inherit=True))


def _needs_adapting(source: str) -> bool:
    return "await" in source or "__name__" in source


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
