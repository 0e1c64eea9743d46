"""Texts and syntax trees that cells run as code: reading them as Python does, and guarding them."""

import __future__

import ast
import importlib.util
from types import CodeType, FrameType
from typing import Any

from cave_agent.runtime.guarded_syntax import guard_access

_DEFERRED = __future__.annotations.compiler_flag


def text_of(source: Any) -> Any:
    """Return the text of what can be run as code; anything else as it is.

    Raises:
        SyntaxError: It is bytes that are no text.
    """
    if isinstance(source, str):
        return str.__str__(source)
    if not isinstance(source, bytes | bytearray | memoryview):
        return source
    try:
        return importlib.util.decode_source(bytes(source))
    except UnicodeDecodeError as error:
        message = f"(unicode error) {error}"
        raise SyntaxError(message) from None


def inherited_flags(frame: FrameType) -> int:
    """Return the flags that code compiled by a frame takes over from it."""
    return frame.f_code.co_flags & _DEFERRED


def parsed_source(source: Any, filename: str, mode: str, flags: int) -> Any:
    """Return a syntax tree of a text, or a copy of a syntax tree, which may be changed."""
    if isinstance(source, ast.AST):
        return _copied(source)
    return compile(source, filename, mode, flags | ast.PyCF_ONLY_AST, dont_inherit=True)


def as_cell(source: Any, tree: Any) -> tuple[str, ast.Module]:
    """Return the text and the syntax tree that rules look at."""
    body = tree.body if isinstance(tree.body, list) else [ast.Expr(tree.body)]
    if not isinstance(source, str):
        source = ast.unparse(ast.Module(body, []))
        body = ast.parse(source).body
    else:
        ast.copy_location(body[0], tree.body) if isinstance(tree, ast.Expression) else None
    return source, ast.Module(body, [])


def compiled(tree: Any, filename: str, mode: str, flags: int = 0, optimize: int = -1) -> CodeType:
    """Compile a syntax tree as cells are compiled."""
    guarded = guard_access(tree, keeps_annotations=bool(flags & _DEFERRED))
    code: CodeType = compile(guarded, filename, mode, flags, dont_inherit=True, optimize=optimize)
    return code


def _copied(value: Any) -> Any:
    """Return a copy that consists of Python's own nodes: others could change when read again."""
    if isinstance(value, list):
        return [_copied(each) for each in value]
    if not isinstance(value, ast.AST):
        return value
    kind: Any = next(base for base in type(value).__mro__ if base.__module__ in ("ast", "_ast"))
    names = (*kind._fields, *kind._attributes)  # noqa: SLF001 - the public names of nodes' parts
    return kind(**{name: _copied(getattr(value, name)) for name in names if hasattr(value, name)})
