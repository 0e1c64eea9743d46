"""Reading a model's reply as it arrives: prose, and at most one cell of code.

A line whose beginning may still turn into a fence, and what may still turn into a reasoning tag,
are held back until that is decided; all else is handed on with the chunk that brought it. The time
is linear in the reply's length.

How a reply is cut into chunks makes no difference. So a line that is too long to be held back whole
is never a fence.
"""

import re
from typing import NamedTuple

from cave_agent._strings import MultilineString
from cave_agent.replies import cell_labels, does_something

_FENCE = re.compile(r"(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<label>[^\s`]*)[^`]*")
_FENCE_BEGINNING = re.compile(r"[ \t]*(?:`{0,2}|~{1,2}|`{3,}[^`]*|~{3,}.*)")
_RESUMED_FENCE = re.compile(r"\s*(?:`{3,}|~{3,})\w*[ \t]*\n")
_FENCE_CHARACTERS = ("`", "~")
_REASONING_TAGS = ("<think>", "<thinking>", "<reasoning>", "<thought>")
_REASONING_TAG = re.compile("|".join(_REASONING_TAGS), re.IGNORECASE)
_LONGEST_TAG = max(map(len, _REASONING_TAGS))
_LONGEST_HELD = 200
_MOST_AT_ONCE = 10_000  # so that it costs little to cut a line at each tag in it


class Piece(NamedTuple):
    """What one chunk of a reply brought: prose, and code of the cell."""

    text: str
    code: str


class ReplyParser:
    r"""Takes a reply in chunks of any size.

    Args:
        identifier: The label of blocks that are cells. With `"python"` its usual other spellings
            count, too, and so does a block without a label that holds Python which does something.

    Attributes:
        finished: Whether the cell is whole and something else has begun, which is to be ignored.

    Example:
        >>> parser = ReplyParser()
        >>> parser.feed("Let me see.\n```python\nx = 1\n```\n")
        Piece(text='Let me see.\n', code='x = 1\n')
        >>> parser.close().code, parser.cell
        ('', 'x = 1\n')
    """

    def __init__(self, identifier: str = "python") -> None:
        self._runs_unlabelled = identifier.lower() == "python"
        self._labels = cell_labels(identifier)
        self.finished = False
        self._read = ReplyParser._read_prose  # plain, not bound: no reference cycle
        self._text: list[str] = []
        self._code: list[str] = []
        self._new_text: list[str] = []
        self._new_code: list[str] = []
        self._held = ""  # the beginning of a line or of a tag, until it is clear what it is
        self._at_line_start = True
        self._before = "\n"  # the last character of the line's prose, as long as that is not blank
        self._line: list[str] = []  # the pieces of the current line of a block
        self._block: list[str] = []  # the lines of a block that may be the cell
        self._fence: re.Match[str] | None = None
        self._strings = MultilineString()
        self._end_of_reasoning = ""
        self._unended: list[str] = []  # reasoning that is prose if it never ends
        self._skips_blank_lines = False  # those between the reasoning and the reply
        self._resumed_with: str | None = None

    @property
    def text(self) -> str:
        """The prose so far, without reasoning."""
        return "".join(self._text)

    @property
    def cell(self) -> str | None:
        """The code of the cell, `None` where there is none; whole after `close`."""
        code = "".join(self._code)
        return code if code.strip() else None

    @property
    def reply(self) -> str:
        """The reply as it counts: without reasoning, and without what follows the cell."""
        if self.cell is None or self._fence is None:
            return self.text
        code = "".join(self._code)
        end = "" if code.endswith("\n") else "\n"
        return f"{self.text}{self._fence.group().strip()}\n{code}{end}{self._fence['fence']}"

    @property
    def is_whole(self) -> bool:
        """Whether the cell is there and its fence has closed it."""
        if self._read == ReplyParser._read_rest:
            return True
        return self._read == ReplyParser._read_cell and self._closes(self._held)

    def feed(self, chunk: str) -> Piece:
        """Take the next chunk and return what it brought."""
        if self._resumed_with is not None:
            chunk = self._resumed_with + chunk
            if "\n" not in chunk and _FENCE_BEGINNING.fullmatch(chunk.lstrip("\n")):
                self._resumed_with = chunk
                return Piece("", "")
            self._resumed_with = None
            chunk = _RESUMED_FENCE.sub("", chunk, count=1) if self._is_in_block() else chunk
        for start in range(0, len(chunk), _MOST_AT_ONCE):
            self._take_chunk(chunk[start : start + _MOST_AT_ONCE])
        return self._new_piece()

    def resume(self) -> None:
        """Expect the continuation of a reply that was cut off; models begin it with a new fence."""
        self._resumed_with = ""

    def close(self) -> Piece:
        """Take the end of the reply and return what was held back."""
        if self._resumed_with:
            self._held += self._resumed_with
        self._resumed_with = None
        held, self._held = self._held, ""
        while held:
            held = self._read(self, held)
        if self._read == ReplyParser._read_unlabelled:
            self._decide_unlabelled(closing="")
        if self._unended or self._read != ReplyParser._read_reasoning:
            self._new_text += [*self._unended, self._held]
        self._unended, self._held = [], ""
        return self._new_piece()

    def _new_piece(self) -> Piece:
        piece = Piece("".join(self._new_text), "".join(self._new_code))
        self._text += self._new_text
        self._code += self._new_code
        self._new_text, self._new_code = [], []
        return piece

    def _is_in_block(self) -> bool:
        return self._read in (ReplyParser._read_cell, ReplyParser._read_unlabelled)

    def _take_chunk(self, chunk: str) -> None:
        rest, self._held = self._held + chunk, ""
        carriage_return = "\r" if rest.endswith("\r") else ""
        *lines, last = rest.removesuffix("\r").replace("\r\n", "\n").split("\n")
        for line in lines:
            self._take(line + "\n")
        if last:
            self._take(last)
        self._held += carriage_return

    def _take(self, line: str) -> None:
        """Read a piece of a line, or hold it back; only the last piece of a line ends it."""
        while line:
            if self._at_line_start and not line.endswith("\n") and self._is_undecided(line):
                self._held = line
                return
            reasons = self._read == ReplyParser._read_reasoning
            taken, line = line, self._read(self, line)
            ends_reasoning = reasons and self._read == ReplyParser._read_prose
            self._at_line_start = taken.endswith("\n") or ends_reasoning

    def _is_undecided(self, beginning: str) -> bool:
        """Whether the beginning of a line may still turn into a fence or a reasoning tag."""
        if not _is_short(beginning):
            return False
        word = beginning.lstrip()
        if word and word[0] not in "`~<":
            return False
        if self._read == ReplyParser._read_prose:
            if _begins_tag(word):
                return True
        elif self._read in (ReplyParser._read_rest, ReplyParser._read_reasoning):
            return False
        return _FENCE_BEGINNING.fullmatch(beginning) is not None

    def _read_prose(self, line: str) -> str:
        if self._skips_blank_lines:
            if _is_short(line) and not line.strip():
                return ""
            self._skips_blank_lines = False
        if self._at_line_start and (fence := _fence(line)):
            self._open(fence, line)
            return ""
        for tag in _REASONING_TAG.finditer(line):
            before = line[tag.start() - 1] if tag.start() else self._before
            if before != "`":  # else it is only spoken of
                self._tell(line[: tag.start()])
                self._end_of_reasoning = tag.group().replace("<", "</")
                self._unended = [] if self._before == "\n" else [tag.group()]
                self._read = ReplyParser._read_reasoning
                return line[tag.end() :]
        beginning = line.rfind("<", -_LONGEST_TAG)
        if beginning >= 0 and _begins_tag(line[beginning:]):
            line, self._held = line[:beginning], line[beginning:]
        self._tell(line)
        return ""

    def _tell(self, text: str) -> None:
        if text:
            self._new_text.append(text)
            if text.endswith("\n") or self._before != "\n" or text.strip():
                self._before = text[-1]

    def _open(self, fence: re.Match[str], line: str) -> None:
        self._fence, self._strings = fence, MultilineString()
        self._line.clear()
        label = re.split(r"[^\w.+-]", fence["label"].lower().strip("{}."))[0]
        if label in self._labels:
            self._read = ReplyParser._read_cell
        elif not label and self._runs_unlabelled:
            self._read = ReplyParser._read_unlabelled
        else:
            self._read = ReplyParser._read_other
            self._tell(line)

    def _read_reasoning(self, line: str) -> str:
        end, tag = line.find(self._end_of_reasoning), self._end_of_reasoning
        if end >= 0:
            self._read = ReplyParser._read_prose
            self._unended = []
            self._skips_blank_lines = self._before == "\n"
            return line[end + len(tag) :]
        if not line.endswith("\n"):
            line, self._held = line[: 1 - len(tag)], line[1 - len(tag) :]
        if self._unended:
            self._unended.append(line)
        return ""

    def _read_cell(self, line: str) -> str:
        if self._at_line_start and self._closes(line):
            self._close_cell()
            return ""
        if self._at_line_start:
            line = self._dedented(line)
        self._new_code.append(line)
        self._follow(line)
        return ""

    def _close_cell(self) -> None:
        if "".join(self._code + self._new_code).strip():
            self._read = ReplyParser._read_rest
        else:
            self._code, self._new_code = [], []
            self._read = ReplyParser._read_prose

    def _read_unlabelled(self, line: str) -> str:
        if self._at_line_start and self._closes(line):
            self._decide_unlabelled(closing=line)
            return ""
        self._line.append(line)
        if line.endswith("\n"):
            begin = self._dedented("".join(self._line))
            self._line.clear()
            self._block.append(begin)
            self._strings.feed(begin)
        return ""

    def _decide_unlabelled(self, closing: str) -> None:
        """Take a block without a label for the cell if it does something, else for prose."""
        self._block.extend(self._line)
        code = "".join(self._block)
        if does_something(code):
            self._new_code.append(code)
            self._read = ReplyParser._read_rest
        elif self._fence is not None:
            for text in (self._fence.group(), "\n", code, closing):
                self._tell(text)
            self._read = ReplyParser._read_prose
        self._block.clear()
        self._line.clear()

    def _read_other(self, line: str) -> str:
        self._tell(line)
        if self._at_line_start and self._closes(line):
            self._read = ReplyParser._read_prose
        return ""

    def _read_rest(self, line: str) -> str:
        if line.strip():
            self.finished = True
        return ""

    def _follow(self, piece: str) -> None:
        self._line.append(piece)
        if piece.endswith("\n"):
            self._strings.feed("".join(self._line))
            self._line.clear()

    def _closes(self, line: str) -> bool:
        """Whether a line ends the block: backticks outside a string can be nothing else."""
        if self._strings.is_open or self._fence is None or (fence := _fence(line)) is None:
            return False
        is_same = fence["fence"][0] == self._fence["fence"][0]
        return is_same and (fence["fence"][0] == "`" or not fence["label"])

    def _dedented(self, line: str) -> str:
        """Remove the indentation that the opening fence has, in a list for instance."""
        indent = len(self._fence["indent"]) if self._fence is not None else 0
        return line[:indent].lstrip(" \t") + line[indent:]


def _is_short(line: str) -> bool:
    """Whether a line, or the beginning of one, is held back as long as nothing decides it."""
    return len(line) - line.endswith("\n") <= _LONGEST_HELD


def _fence(line: str) -> re.Match[str] | None:
    """Return the parts of a line that is a fence, `None` for any other."""
    if not _is_short(line) or not line.lstrip().startswith(_FENCE_CHARACTERS):
        return None
    return _FENCE.fullmatch(line.removesuffix("\n"))


def _begins_tag(text: str) -> bool:
    """Whether a text may still turn into a reasoning tag."""
    text = text.lower()
    return any(tag.startswith(text) and tag != text for tag in _REASONING_TAGS)
