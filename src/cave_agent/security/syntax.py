"""Reading syntax trees: constant strings, dotted names, what names of modules stand for."""

import ast
import io
import string
import tokenize
from collections.abc import Iterator

_KNOWN = "_constant"
"""Where a sum remembers the string that it gives."""
_GETTERS = frozenset({"get", "pop", "setdefault", "__getitem__"})
_DICTS_OF_ATTRIBUTES = frozenset({"vars", "globals", "locals", "__dict__", "__builtins__"})


def constant(node: ast.AST | None) -> str | None:
    """Return the string that an expression always gives, `None` where it is not constant.

    Example:
        >>> constant(ast.parse("'o' + 's'", mode="eval").body)
        'os'
    """
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.BinOp(op=ast.Add()):
            return _sum(node)
        case ast.JoinedStr(values=values):
            pieces = [constant(value) for value in values]
            return None if None in pieces else "".join(filter(None, pieces))
        case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
            return constant(value)
        case _:
            return None


def _sum(node: ast.BinOp) -> str | None:
    """Return the string that a sum gives, in one pass over all its terms, which nodes remember.

    A sum of constants that is a part of a longer one counts as empty: its text is in the whole.
    """
    parts: list[ast.BinOp] = []
    first: ast.expr = node
    while isinstance(first, ast.BinOp) and isinstance(first.op, ast.Add) and not _is_known(first):
        parts.append(first)
        first = first.left
    text = vars(first)[_KNOWN] if _is_known(first) else constant(first)
    pieces = [text]
    whole: ast.BinOp | None = None
    for part in reversed(parts):
        if text is not None:
            text = constant(part.right)
            pieces.append(text)
        if text is None:
            vars(part)[_KNOWN] = None
        else:
            vars(part)[_KNOWN] = ""
            whole = part
    if whole is not None:
        vars(whole)[_KNOWN] = "".join(piece for piece in pieces if piece is not None)
    known: str | None = vars(node)[_KNOWN]
    return known


def _is_known(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and _KNOWN in vars(node)


def dotted(node: ast.AST) -> str | None:
    """Return `a.b.c` for names and attributes, `None` for anything else."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return ".".join([node.id, *reversed(names)])


def bound_names(tree: ast.AST) -> set[str]:
    r"""Return the names that a cell binds itself, in whatever scope, but by no import.

    Example:
        >>> sorted(bound_names(ast.parse("x = 1\ndef f(y): return z")))
        ['f', 'x', 'y']
    """
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.ClassDef(name=name) | ast.MatchAs(name=str(name)):
                found.add(name)
    return found


def module_names(tree: ast.AST) -> dict[str, str]:
    """Return what the names that a cell imports stand for, by name.

    Example:
        >>> module_names(ast.parse("import os.path, numpy as np; from io import open as o"))
        {'os': 'os', 'np': 'numpy', 'o': 'io.open'}
    """
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                whole = alias.name
                found[alias.asname or whole.partition(".")[0]] = (
                    whole if alias.asname else whole.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module or ''}.{alias.name}"
    return found


def resolved(node: ast.AST, names: dict[str, str]) -> str | None:
    """Return the full name of an attribute of a module that the cell imports.

    Args:
        node: An expression.
        names: What `module_names` found.
    """
    path = dotted(node)
    if path is None:
        return None
    first, dot, rest = path.partition(".")
    return names.get(first, first) + dot + rest


def called_name(node: ast.Call) -> str | None:
    """Return the last part of the name of what is called: `c` for `a.b.c()`."""
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return None


def first_argument(node: ast.Call, *keywords: str) -> str | None:
    """Return the constant string that a call is given first, or under one of the keywords."""
    if node.args:
        return constant(node.args[0])
    for keyword in node.keywords:
        if keyword.arg in keywords:
            return constant(keyword.value)
    return None


def key_looked_up(node: ast.AST) -> tuple[str, ast.expr] | None:
    """Return the constant key, and what it is looked up in: `x["key"]`, `x.get("key")`."""
    match node:
        case ast.Subscript(value=container, slice=key):
            text = constant(key)
        case ast.Call(func=ast.Attribute(value=container, attr=method)) if method in _GETTERS:
            text = first_argument(node)
        case _:
            return None
    return None if text is None else (text, container)


def holds_attributes(node: ast.AST) -> bool:
    """Whether an expression is a dict of attributes: `vars(x)`, `x.__dict__`, `globals()`."""
    match node:
        case ast.Call():
            return called_name(node) in _DICTS_OF_ATTRIBUTES
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name in _DICTS_OF_ATTRIBUTES
        case _:
            return (found := key_looked_up(node)) is not None and found[0] in _DICTS_OF_ATTRIBUTES


def attributes_in_format(text: str) -> Iterator[str]:
    """Yield the attributes that a text reads when it is used as a format string.

    Example:
        >>> list(attributes_in_format("{0.real} {x[1].y:{w.z}}"))
        ['real', 'y', 'z']
    """
    try:
        fields = list(string.Formatter().parse(text))
    except ValueError:  # no format string
        return
    for _, name, spec, _ in fields:
        for part in (name or "").split(".")[1:]:
            yield part.partition("[")[0]
        if spec and "{" in spec:
            yield from attributes_in_format(spec)


def without_comments(source: str) -> str:
    """Return the source with spaces in place of comments, so that positions stay.

    Example:
        >>> without_comments("x = '#1'  # one")
        "x = '#1'       "
    """
    lines = io.StringIO(source).readlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, start = token.start
            line = lines[row - 1]
            end = start + len(token.string)
            lines[row - 1] = line[:start] + " " * (end - start) + line[end:]
    return "".join(lines)
