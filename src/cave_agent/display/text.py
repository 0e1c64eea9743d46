r"""Text from models and cells, made fit for a terminal, line by line.

Nothing here takes time that is quadratic in the length of a text.
"""

import re

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[ -/]*[0-~])?"
)
# Controls of C0 and C1, and those that change the order in which text is read.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    r"""Return a text without what would steer a terminal; line ends and tabs stay.

    Example:
        >>> clean("\x1b[31mred\x1b[0m\a [bold]not[/bold]")
        'red [bold]not[/bold]'
    """
    return _CONTROLS.sub("", _ESCAPES.sub("", text))


def first_line(text: str) -> str:
    """Return the first line that is not blank."""
    return next((line.strip() for line in clean(text).split("\n") if line.strip()), "")


class Lines:
    r"""Cuts text that arrives in pieces into clean lines.

    Blank lines are handed on only when something follows them, and a line that is written over with
    `\r` counts as it was last.

    Example:
        >>> lines = Lines()
        >>> lines.feed("\none\n\ntw"), lines.feed("o\n"), lines.close()
        (['one'], ['', 'two'], [])
    """

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._blank: int | None = None  # those held back; `None` before the first line

    @property
    def tail(self) -> str:
        """The beginning of the unfinished line."""
        self._pieces = ["".join(self._pieces)]
        return clean(_last_written(self._pieces[0]))

    def feed(self, piece: str) -> list[str]:
        """Take a piece and return the lines that it finished."""
        self._pieces.append(piece)
        if "\n" not in piece and "\r" not in piece:
            return []
        *finished, tail = "".join(self._pieces).replace("\r\n", "\n").split("\n")
        # A carriage return at the end may be the first half of a line end.
        self._pieces = [_last_written(tail) + "\r" * tail.endswith("\r")]
        return [line for raw in finished for line in self._with_blanks(raw)]

    def give(self, rows: list[str], tail: str) -> list[str]:
        """Hand on rows of the unfinished line, of which only the tail is left then."""
        self._pieces = [tail]
        return [line for row in rows for line in self._with_blanks(row)]

    def close(self) -> list[str]:
        """Return the line that was not finished, if there is one, and begin anew."""
        lines = self._with_blanks(self.tail)
        self._pieces, self._blank = [], None
        return lines

    def _with_blanks(self, raw: str) -> list[str]:
        line = clean(_last_written(raw)).rstrip()
        if not line:
            if self._blank is not None:
                self._blank += 1
            return []
        blank, self._blank = self._blank or 0, 0
        return [*[""] * blank, line]


def _last_written(line: str) -> str:
    return line.rstrip("\r").rpartition("\r")[2]
