"""Long sums, in which a syntax tree would be too deep to be compiled."""

import operator
from collections.abc import Callable
from typing import Any

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mult": operator.mul,
    "MatMult": operator.matmul,
    "Div": operator.truediv,
    "FloorDiv": operator.floordiv,
    "Mod": operator.mod,
    "Pow": operator.pow,
    "LShift": operator.lshift,
    "RShift": operator.rshift,
    "BitOr": operator.or_,
    "BitXor": operator.xor,
    "BitAnd": operator.and_,
}


def combined(operators: tuple[str, ...], first: Any, *terms: Any) -> Any:
    """Return what a sum gives.

    Args:
        operators: What stands between the terms, as syntax trees name it.
        first: The first term.
        terms: The others.

    Example:
        >>> combined(("Add", "Mult"), 1, 2, 3)  # (1 + 2) * 3
        9
    """
    value = first
    for name, term in zip(operators, terms, strict=True):
        value = _OPERATORS[name](value, term)
    return value
