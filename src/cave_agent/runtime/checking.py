"""Checking a cell's text against the rules before it runs."""

import contextvars

from cave_agent.results import CellError, ExecutionResult, SecurityViolation
from cave_agent.runtime.capture import Capture
from cave_agent.runtime.execution import Execution, enter
from cave_agent.runtime.routing import routed
from cave_agent.security import SecurityChecker
from cave_agent.security.checker import parsed

_MOST_TOLD = 20


def refusal(code: str, checker: SecurityChecker) -> ExecutionResult | None:
    """Return the result of a cell that the rules refuse, `None` where it may run.

    A cell that is not Python may: it fails by itself, with the ordinary error.
    """
    context = contextvars.copy_context()
    try:
        with routed:  # what Python warns about is told when the cell is compiled to run
            context.run(enter, Execution("", Capture()))
            tree = context.run(parsed, code)
    except SyntaxError:
        return None
    except (ValueError, RecursionError, MemoryError):
        violations = checker.check_code(code)
    else:
        violations = checker.check_tree(code, tree)
    return _refused(violations) if violations else None


def _refused(violations: list[SecurityViolation]) -> ExecutionResult:
    first = violations[0]
    lines = [f"- {violation}" for violation in violations[:_MOST_TOLD]]
    if len(violations) > _MOST_TOLD:
        lines.append(f"- … and {len(violations) - _MOST_TOLD:,} more")
    text = "\n".join(
        ["SecurityError: rules refuse this cell. Nothing of it has run; mend it all:", *lines]
    )
    error = CellError("SecurityError", str(first), text, first.line)
    return ExecutionResult(error, violations=tuple(violations))
