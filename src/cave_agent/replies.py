"""Judging replies: is this block Python that does something, does this prose only announce code?"""

import ast
import re
from itertools import chain

_EFFECTS = (
    ast.Call,
    ast.Assign,
    ast.AugAssign,
    ast.Await,
    ast.Delete,
    ast.Import,
    ast.ImportFrom,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
)

_ANNOUNCEMENT = re.compile(
    r"\b(?:let me|let's|let us|i'll|i will|i am going to|i'm going to|i need to|we'll|we will|"
    r"now i|next,? i|first,? i)\b(?:\s+\w+){0,3}?\s+"
    r"(?:add|aggregate|analy[sz]e|apply|build|calculate|call|check|clean|combine|compare|compute|"
    r"convert|count|create|define|do|draw|examine|execute|explore|extract|fetch|filter|find|fix|"
    r"generate|get|group|inspect|investigate|join|list|load|look|make|merge|plot|prepare|print|"
    r"process|query|read|retrieve|reverse|run|search|see|set|sort|start|store|sum|test|try|"
    r"update|use|verify|write)\b",
    re.IGNORECASE,
)


_FENCED_LABEL = re.compile(r"(?:`{3}|~{3})[ \t]*\{?[.]?([\w+.-]+)")
_PYTHON_LABELS = frozenset({"python", "py", "python3", "ipython", "tool_code"})


def cell_labels(identifier: str) -> frozenset[str]:
    """Return the labels, in lower case, of blocks that are cells.

    Args:
        identifier: The label that the model is told; `"python"` has its usual other spellings.
    """
    label = identifier.lower()
    return _PYTHON_LABELS if label == "python" else frozenset({label})


def does_something(source: str) -> bool:
    """Whether a text is Python that has an effect: calls, assigns, imports or defines.

    A table, a number or a word in a code block is no such thing.

    Example:
        >>> does_something("total = sum(prices)"), does_something("42")
        (True, False)
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    nodes = chain.from_iterable(ast.walk(statement) for statement in tree.body)
    return any(isinstance(node, _EFFECTS) for node in nodes)


def announces_code(text: str, identifier: str = "python") -> bool:
    """Whether a reply without a cell only says that code comes, or is code without a fence.

    Args:
        text: The prose of the reply.
        identifier: The label of blocks that are cells. A fence with it that is still in the prose
            stands where no cell can begin, such as in the middle of a line.

    Example:
        >>> announces_code("I will now compute the mean."), announces_code("The mean is 3.")
        (True, False)
    """
    stripped = text.strip()
    if not stripped:
        return False
    labels = cell_labels(identifier)
    if any(label.lower() in labels for label in _FENCED_LABEL.findall(stripped)):
        return True
    looks_like_code = "=" in stripped or "(" in stripped or "import" in stripped
    if stripped.endswith(":") or (looks_like_code and does_something(stripped)):
        return True
    last_sentence = re.split(r"(?<=[.!?])\s+|\n", stripped)[-1]
    return _ANNOUNCEMENT.search(last_sentence) is not None
