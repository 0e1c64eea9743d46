"""Rules that cells are checked against before they run: a seat belt, not a wall."""

from cave_agent.errors import SecurityError
from cave_agent.results import SecurityViolation
from cave_agent.security.checker import SecurityChecker
from cave_agent.security.regex import RegexRule
from cave_agent.security.rule import SecurityRule
from cave_agent.security.rules import AttributeRule, FunctionRule, ImportRule

__all__ = [
    "AttributeRule",
    "FunctionRule",
    "ImportRule",
    "RegexRule",
    "SecurityChecker",
    "SecurityError",
    "SecurityRule",
    "SecurityViolation",
]
