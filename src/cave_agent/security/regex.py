"""The ready rule about text: what cells may not contain."""

import ast
import re
from collections.abc import Iterable, Iterator

from cave_agent.results import SecurityViolation
from cave_agent.security.rule import SecurityRule
from cave_agent.security.syntax import without_comments


class RegexRule(SecurityRule):
    """Forbids text in a cell, wherever it stands but in a comment.

    Args:
        pattern: A regular expression, or several; each is searched for in the whole cell. `^` and
            `$` match at each line, and `.` any character, line breaks too; a pattern that is
            compiled already keeps its own flags.
        description: What is forbidden and what to do instead, for the model; the pattern if left
            out.

    Raises:
        ValueError: A pattern is no regular expression.

    Example:
        >>> from cave_agent.security import SecurityChecker
        >>> checker = SecurityChecker([RegexRule("(?i)drop +table", "Do not drop tables.")])
        >>> checker.check_code("db.execute('DROP TABLE users')")[0].message
        'Do not drop tables.'
    """

    def __init__(
        self,
        pattern: str | re.Pattern[str] | Iterable[str | re.Pattern[str]],
        description: str | None = None,
    ) -> None:
        patterns = [pattern] if isinstance(pattern, str | re.Pattern) else list(pattern)
        self.patterns = [_compiled(each) for each in patterns]
        self.description = description
        if not patterns:
            message = "RegexRule has no pattern, so it would forbid nothing: give one or more."
            raise ValueError(message)

    def check(self, node: ast.AST) -> list[SecurityViolation]:
        """Find nothing: the rule is about the text."""
        return []

    def check_cell(self, source: str, tree: ast.Module) -> Iterator[SecurityViolation]:
        """Return each place in the text that a pattern matches."""
        text = without_comments(source)
        for pattern in self.patterns:
            message = self.description or (
                f"text that matches {pattern.pattern!r} is not allowed. Write it another way."
            )
            for match in pattern.finditer(text):
                before = text[: match.start()]
                line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
                yield SecurityViolation(message, "", line, column, match.group())


def _compiled(pattern: str | re.Pattern[str]) -> re.Pattern[str]:
    try:
        if isinstance(pattern, re.Pattern) and isinstance(pattern.pattern, str):
            return pattern
        return re.compile(pattern, re.MULTILINE | re.DOTALL)
    except (re.error, TypeError) as error:
        message = f"{pattern!r} is no regular expression for a text: {error}."
        raise ValueError(message) from error
