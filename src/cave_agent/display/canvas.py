"""What is drawn on: finished lines, and at the end of a terminal some that still move."""

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, NamedTuple, cast

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from cave_agent.display.base import Medium

_FRAMES_PER_SECOND = 12.5
_MOST_ROWS_OF_TAIL = 3


class Frame(NamedTuple):
    """The characters that frames are made of."""

    top: str
    middle: str
    bottom: str
    side: str
    line: str


_ROUND = Frame("╭─", "├─", "╰─", "│ ", "─")
_ASCII = Frame("+-", "+-", "+-", "| ", "-")


class Canvas:
    """Prints finished lines for good, and keeps an unfinished one and a clock moving below them.

    Where several runs draw on terminals at once, the first one leads: only it has moving lines, and
    what the others print goes above them.

    Args:
        stream: Where to draw.
        medium: What that is.

    Attributes:
        frame: The characters that frames are made of here.
    """

    _leader: ClassVar["Canvas | None"] = None
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, stream: Any, medium: Medium) -> None:
        self._medium = medium
        self._console = Console(
            file=_Forgiving(stream),  # type: ignore[arg-type]  # all of a stream that rich uses
            force_terminal=medium is not Medium.PLAIN,
            force_jupyter=False,
            color_system="256" if medium is Medium.NOTEBOOK else "auto",
            highlight=False,
            markup=False,
            emoji=False,
        )
        is_ascii = self._console.options.ascii_only
        self.frame = _ASCII if is_ascii else _ROUND
        self._bottom = _Bottom(Spinner("line" if is_ascii else "dots", style="cyan"))
        self._live: Live | None = None

    @property
    def row_width(self) -> int | None:
        """Columns of a row, `None` where lines are not broken into rows."""
        return self._console.width if self._medium is Medium.TERMINAL else None

    @property
    def has_colours(self) -> bool:
        """Whether styles are seen."""
        return self._console.color_system is not None

    def claim(self) -> bool:
        """Begin to draw in full; `False` where another run does so in a terminal now."""
        if self._medium is not Medium.TERMINAL:
            return True
        with Canvas._lock:
            if Canvas._leader is not None:
                return False
            Canvas._leader = self
        if self._console.is_interactive:
            self._live = Live(
                self._bottom,
                console=self._console,
                refresh_per_second=_FRAMES_PER_SECOND,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            try:
                self._live.start()
            except BaseException:
                self.release()
                raise
        return True

    def release(self) -> None:
        """Remove what moves and leave the terminal as it was."""
        try:
            if self._live is not None:
                self._live.stop()
        finally:
            self._live = None
            with Canvas._lock:
                if Canvas._leader is self:
                    Canvas._leader = None

    def print(self, lines: Iterable[Text], *, mark: str = "") -> None:
        """Print lines for good.

        Args:
            lines: The lines.
            mark: What each row begins with, such as the side of a frame.
        """
        printed = list(lines)
        if self.row_width is not None:
            width = self.row_width - len(mark)
            printed = [row for line in printed for row in self.rows(line, width)]
        if printed:
            self._shared_console().print(_marked(printed, mark), soft_wrap=True)

    def _shared_console(self) -> Console:
        """Return the console of the run that leads on the terminal, else our own."""
        leader = Canvas._leader if self._medium is Medium.TERMINAL else None
        return self._console if leader is None else leader._console  # noqa: SLF001 - one of us

    def rows(self, line: Text, width: int) -> list[Text]:
        """Break a line into rows."""
        if cell_len(line.plain) <= width and "\t" not in line.plain:
            return [line]
        return list(line.wrap(self._console, max(width, 1), overflow="fold", no_wrap=False))

    def tail(self, paint: Callable[[], Text] | None, mark: str = "") -> None:
        """Show the unfinished line.

        Args:
            paint: Returns the line; called each time that it is drawn. `None` for no line.
            mark: What each row begins with.
        """
        if paint is None:
            self._bottom.tail = None
            return

        def rows(width: int) -> Text:
            last = self.rows(paint(), width - len(mark))[-_MOST_ROWS_OF_TAIL:]
            return _marked(last, mark)

        self._bottom.tail = rows

    def clock(self, label: str) -> None:
        """Start the clock below the unfinished line anew."""
        self._bottom.start(label)

    def note(self, text: str) -> None:
        """Show a few words beside the clock."""
        self._bottom.note = text


class _Bottom:
    """The lines that move; drawn by rich's own thread, at its own rate."""

    def __init__(self, spinner: Spinner) -> None:
        self.tail: Callable[[int], Text] | None = None
        self.note = ""
        self._spinner = spinner
        self._label = ""
        self._since = time.monotonic()

    def start(self, label: str) -> None:
        """Start the clock."""
        self._label, self.note, self._since = label, "", time.monotonic()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        tail = self.tail
        if tail is not None:
            yield tail(options.max_width)
        words = [self._label, seconds(time.monotonic() - self._since), self.note]
        frame = cast("Text", self._spinner.render(console.get_time()))
        row = Text.assemble(frame, (" " + "  ".join(filter(None, words)), "dim"))
        row.truncate(options.max_width, overflow="ellipsis")
        yield row


def _marked(rows: list[Text], mark: str) -> Text:
    return Text("\n").join(Text.assemble((mark, "dim"), row) for row in rows)


class _Forgiving:
    """A stream that replaces what its encoding lacks, rather than ending the run."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.encoding = getattr(stream, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        """Write what can be written of a text."""
        self._stream.write(text.encode(self.encoding, "replace").decode(self.encoding))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def seconds(duration: float) -> str:
    """Return a duration as people read it.

    Example:
        >>> seconds(0.123), seconds(12.34), seconds(75)
        ('0.12 s', '12.3 s', '1 min 15 s')
    """
    if duration < 1:
        return f"{duration:.2f} s"
    if duration < 60:  # noqa: PLR2004 - seconds in a minute
        return f"{duration:.1f} s"
    minutes, rest = divmod(round(duration), 60)
    return f"{minutes} min {rest} s"
