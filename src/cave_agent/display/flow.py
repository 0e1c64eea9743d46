"""Text that arrives in pieces, drawn."""

from functools import partial

from rich.cells import cell_len
from rich.syntax import Syntax
from rich.text import Text

from cave_agent._strings import MultilineString
from cave_agent.display.canvas import Canvas
from cave_agent.display.text import Lines


class Painter:
    """Gives lines of text a style.

    Args:
        style: Style in rich's words.
    """

    def __init__(self, style: str = "") -> None:
        self.style = style

    def line(self, line: str) -> Text:
        """Return a finished line as it is drawn."""
        return Text(line, self.style)

    def beginning(self, line: str) -> Text:
        """Return the beginning of an unfinished line as it is drawn."""
        return Text(line, self.style)


class Highlighter(Painter):
    """Gives lines of Python their colours, each by itself: the time is linear in the code."""

    def __init__(self) -> None:
        super().__init__()
        lexer = Syntax("", "python").lexer or "python"  # found once, not for every line
        self._syntax = Syntax("", lexer, theme="ansi_dark", background_color="default")
        self._strings = MultilineString()
        self._opening = ""  # the line in which the open string began

    def line(self, line: str) -> Text:
        """Return a finished line of code as it is drawn."""
        painted = self.beginning(line)
        was_open = self._strings.is_open
        self._strings.feed(line)
        if self._strings.is_open and not was_open:
            self._opening = line + "\n"
        elif not self._strings.is_open:
            self._opening = ""
        return painted

    def beginning(self, line: str) -> Text:
        """Return the beginning of an unfinished line of code as it is drawn."""
        painted = self._syntax.highlight(self._opening + line)
        return painted[len(self._opening) : len(self._opening) + len(line)]


class Flow:
    """Text that arrives in pieces: its finished lines are printed, the unfinished one moves.

    Args:
        canvas: Where to draw.
        painter: Gives lines their style.
        mark: What each row begins with.
        most_rows: Rows that an unfinished line may have; of a longer one the first are printed.
    """

    def __init__(
        self, canvas: Canvas, painter: Painter, *, mark: str = "", most_rows: int = 1
    ) -> None:
        self.painter = painter
        self._canvas = canvas
        self._lines = Lines()
        self._mark = mark
        self._most_rows = most_rows

    def feed(self, piece: str) -> None:
        """Draw a piece."""
        self._print(self._lines.feed(piece))
        if self._canvas.row_width is None:
            return
        width = self._canvas.row_width - len(self._mark)
        if cell_len(self._lines.tail) > self._most_rows * width:
            *full, last = self._canvas.rows(Text(self._lines.tail), width)
            self._print(self._lines.give([row.plain for row in full], last.plain))
        tail = self._lines.tail
        self._canvas.tail(partial(self.painter.beginning, tail) if tail else None, self._mark)

    def close(self) -> None:
        """Print the line that was not finished, if there is one, and begin anew."""
        self._print(self._lines.close())
        self._canvas.tail(None)

    def _print(self, lines: list[str]) -> None:
        self._canvas.print([self.painter.line(line) for line in lines], mark=self._mark)
