"""A cell, drawn: its code, what it prints, how it ended."""

from rich.text import Text

from cave_agent.display.canvas import Canvas, seconds
from cave_agent.display.flow import Flow, Highlighter, Painter
from cave_agent.display.text import first_line
from cave_agent.prompts import changed
from cave_agent.results import ExecutionResult, Stream

MOST_OUTPUT = 3_000
"""Characters of a cell's output that are drawn as they come; of what follows, the end is drawn."""

_MOST_OF_END = 1_000
_MOST_ROWS_OF_CODE = 12
_MOST_CHANGES = 8
_WIDTH_OUTSIDE_TERMINALS = 72


class CellFrame:
    """The frame around a cell and its output; nothing is drawn before there is code.

    Args:
        canvas: Where to draw.

    Attributes:
        is_open: Whether the frame was begun and not closed.
        printed: What the cell has printed so far.
        cost: The tokens that the reply with this cell took, in words.
    """

    def __init__(self, canvas: Canvas) -> None:
        self.is_open = False
        self.printed = Printed()
        self.cost = ""
        self._canvas = canvas
        self._code: list[str] = []
        self._code_flow = self._new_code_flow()
        self._output_flow = Flow(canvas, Painter(), mark=canvas.frame.side)
        self._has_output = False
        self._drawn = 0
        self._is_full = False

    def add_code(self, piece: str) -> None:
        """Draw a piece of the code."""
        if not self.is_open:
            self.is_open = True
            self._rule(self._canvas.frame.top, "cell")
            self._canvas.clock("writing")
        self._code.append(piece)
        self._code_flow.feed(piece)

    def run(self, code: str) -> None:
        """Draw what is missing of the code, and start the clock."""
        if "".join(self._code).strip() != code.strip():
            self.close("not run", "yellow")
            self._code, self._code_flow = [], self._new_code_flow()
            self.add_code(code)
        self._code_flow.close()
        self._canvas.clock("running")

    def add_output(self, piece: str, stream: Stream = "stdout") -> None:
        """Draw a piece of the output, up to a limit."""
        room = 0 if self._is_full else MOST_OUTPUT - self._drawn
        shown = piece
        if len(piece) > room:
            self._is_full = True
            shown = piece[: piece.rfind("\n", 0, room) + 1 or room]
        if shown:
            self._drawn += len(shown)
            self._draw(shown, "yellow" if stream == "stderr" else "")
        self.printed.add(piece)
        if self._is_full:
            self._output_flow.close()
            self._canvas.note(first_line(piece.rstrip().rpartition("\n")[2]))

    def add_rich(self, description: str) -> None:
        """Draw a line for a picture or a table, unless the output has it."""
        if description not in self.printed.head and description not in self.printed.end:
            self._draw(f"{description}\n", "cyan")

    def add_nested(self, line: str, style: str) -> None:
        """Draw a line for what an agent does that the cell runs."""
        self._output_flow.close()
        self._draw(f"{line}\n", style or "dim")

    def end(self, result: ExecutionResult) -> None:
        """Draw what is missing of the output, what changed, the error if any, and the end."""
        if not self.printed.length and result.output:
            self.add_output(result.output)
        self._draw_end_of_output()
        if result.error is not None:
            self._draw(str(result.error), "red", title="error")
        if result.changes:
            self._output_flow.close()
            self._has_output = False
            self._draw(f"{changed(result.changes[:_MOST_CHANGES])}\n", "dim", title="changed")
        number = f"cell {result.cell}" if result.cell else ""
        details = [number, seconds(result.duration), self.cost]
        if result.error is None:
            self.close("ok", "green", *details)
        else:
            self.close("refused" if result.refused else "failed", "red", *details)

    def close(self, outcome: str, style: str, *details: str) -> None:
        """End the frame, if it was begun."""
        if self.is_open:
            self.is_open = False
            self._code_flow.close()
            self._output_flow.close()
            corner = (f"{self._canvas.frame.bottom} ", "dim")
            rest = ("".join(f" · {detail}" for detail in details if detail), "dim")
            self._canvas.print([Text.assemble(corner, (outcome, style), rest), Text()])

    def _new_code_flow(self) -> Flow:
        mark = self._canvas.frame.side
        painter = Highlighter() if self._canvas.has_colours else Painter()
        return Flow(self._canvas, painter, mark=mark, most_rows=_MOST_ROWS_OF_CODE)

    def _draw(self, text: str, style: str, title: str = "output") -> None:
        if not self._has_output:
            self._has_output = True
            self._rule(self._canvas.frame.middle, title)
        if self._output_flow.painter.style != style:
            self._output_flow.close()
            self._output_flow.painter.style = style
        self._output_flow.feed(text)

    def _draw_end_of_output(self) -> None:
        hidden = self.printed.length - self._drawn
        if hidden > 0:
            end = self.printed.end[-hidden:]
            if "\n" in end.rstrip("\n") and hidden > len(end):
                end = end.partition("\n")[2]
            if left_out := hidden - len(end):
                self._draw(f"[… {left_out:,} characters are not shown …]\n", "dim")
            self._draw(end, "")
        self._canvas.note("")

    def _rule(self, corner: str, title: str) -> None:
        width = self._canvas.row_width or _WIDTH_OUTSIDE_TERMINALS
        line = self._canvas.frame.line * (width - len(corner) - len(title) - 2)
        self._canvas.print([Text.assemble((f"{corner} ", "dim"), title, (f" {line}", "dim"))])


class Printed:
    """The beginning, the end and the length of what a cell printed.

    Attributes:
        head: Its first `MOST_OUTPUT` characters.
        end: Its last ones.
        length: How many there were.
    """

    def __init__(self) -> None:
        self.head = ""
        self.end = ""
        self.length = 0

    def add(self, piece: str) -> None:
        """Take what was printed next."""
        self.head += piece[: MOST_OUTPUT - len(self.head)]
        self.end = (self.end + piece[-_MOST_OF_END:])[-_MOST_OF_END:]
        self.length += len(piece)
