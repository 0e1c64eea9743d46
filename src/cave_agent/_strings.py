"""Whether a line of Python source lies inside a string that spans lines."""

import re

_STARTS = re.compile(
    r"""
    \#                          # a comment: the rest of the line is none of our business
    | \"{3} | '{3}              # the beginning of a string that may span lines
    | "(?:[^"\\]|\\.)*"?        # a string on one line
    | '(?:[^'\\]|\\.)*'?
    """,
    re.VERBOSE,
)


class MultilineString:
    """Follows source line by line, and knows whether a triple-quoted string is open.

    Example:
        >>> tracker = MultilineString()
        >>> tracker.feed('x = 1  # not a string: \"\"\"')
        >>> tracker.is_open
        False
        >>> tracker.feed('text = \"\"\"begin')
        >>> tracker.is_open
        True
    """

    def __init__(self) -> None:
        self._delimiter: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether the next line begins inside a string."""
        return self._delimiter is not None

    def feed(self, line: str) -> None:
        """Take the next line of source."""
        position: int | None = 0
        while position is not None:
            if self._delimiter is None:
                position = self._after_start(line, position)
            else:
                position = self._after_end(line, position, self._delimiter)

    def _after_start(self, line: str, position: int) -> int | None:
        """Find the next triple quote; return the place behind it, `None` at the line's end."""
        for match in _STARTS.finditer(line, position):
            found = match.group()
            if found == "#":
                return None
            if found in ('"""', "'''"):
                self._delimiter = found
                return match.end()
        return None

    def _after_end(self, line: str, position: int, delimiter: str) -> int | None:
        """Find the end of the open string; return the place behind it, `None` if it goes on."""
        while (found := line.find(delimiter, position)) >= 0:
            before = line[position:found]
            backslashes = len(before) - len(before.rstrip("\\"))
            if backslashes % 2 == 0:
                self._delimiter = None
                return found + len(delimiter)
            position = found + 1
        return None


def escaped(text: str, *, quote: bool = False) -> str:
    """Return a text that markup does not take for a tag.

    Args:
        text: Any text.
        quote: Whether it stands in an attribute.

    Example:
        >>> escaped("a < b")
        'a &lt; b'
    """
    from html import escape  # noqa: PLC0415 - its table of entities takes a millisecond to load

    return escape(text, quote=quote)
