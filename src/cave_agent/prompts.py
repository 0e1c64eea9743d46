"""The words that the model reads: the briefing, observations, reminders."""

import datetime as dt
import io
import re
from collections.abc import Mapping, Sequence
from itertools import groupby

from cave_agent.results import Change, ChangeKind, ExecutionResult, FieldChange

DEFAULT_INSTRUCTIONS = (
    "You are an agent that solves the user's tasks by working on live Python objects."
)

# Every request pays for each sentence, so each has its reason beside it.
DEFAULT_SYSTEM_INSTRUCTIONS = (
    # Models take each cell for a new process, unless told, and load or compute things again.
    "You have a Python runtime that keeps its state for the whole conversation. "
    # They import the functions given to them from modules that they make up.
    "What is listed below is there: neither import nor redefine it.\n\n"
    # The form that runs, shown once: code without a fence, or with another label, is what models
    # get wrong most. The example binds a name and prints nothing, as cells should.
    "To run code, end your reply with one cell:\n"
    "```{python_block_identifier}\n"
    "total = sum(prices)\n"
    "```\n"
    # What stands behind a cell is never read. And requests are the cost: one for each call is
    # what tools that are called one by one take.
    "- One cell a reply, nothing after it; do in it all that needs no look at a result first.\n"
    # Where results come from, so that none are made up; and that names are told, without which
    # models print whole tables, only to read them back.
    "- The next message tells what it printed, the last expression's value and, in short, which "
    "names changed: print only what you must read, and never write a result yourself.\n"
    # Otherwise a failed cell is repeated from its first line, with what that does twice.
    "- If a cell fails, what ran before the failing line has taken effect: mend the rest.\n"
    # Both are got wrong: `asyncio.run` in the running loop, and coroutines that nobody awaits.
    "- `await` works at the top level; `async def` needs it. "
    # Habits of notebooks that do not work here.
    "No input, no shell, no `%` or `!`.\n"
    # The host reads variables, not prose.
    "- What the user wants stored or changed, assign to that variable.\n"
    # Prose without a cell ends the turn. Numbers from memory are wrong.
    "- When the task is done, reply in prose, without a cell, with numbers from results that you "
    # The same without a request in which the model only copies what it has computed.
    "have seen; or let the cell reply, with values that you need not see first: "
    '`answer(f"The total is {total:.2f}")`.\n'
    # Of the runs that hit the limit, half had all in place; output that is cut is a step lost, and
    # so is a cell that is stopped.
    "- Limits: {limits}."
)

DEFAULT_SYSTEM_PROMPT_TEMPLATE = """\
{instructions}

{system_instructions}

<functions>
{functions}
</functions>

<variables>
{variables}
</variables>

<types>
{types}
</types>

{skills}"""

PLACEHOLDERS = (
    "instructions",
    "system_instructions",
    "functions",
    "variables",
    "types",
    "skills",
)

CONTINUE = (
    "Your reply was cut off by the length limit. Go on exactly where it stopped, repeating nothing."
)
STILL_CUT_OFF = (
    "Your reply was cut off again and again, so its cell was not run. Write a much shorter cell; "
    "do the work in several small steps."
)
EMPTY_REPLY = (
    "Your reply was empty. Write a cell to go on, or the final answer in prose if the task is done."
)
CHANGED = "Changed:"
NO_TEXT = "[No text.]"
NOTHING = "The cell ran: it printed nothing, and no change was seen."
INTERRUPTED = "[Interrupted before this was finished.]"
OUT_OF_STEPS = "[Stopped at the limit of steps.]"

_PLACEHOLDER = re.compile(rf"\{{(?P<name>{'|'.join(PLACEHOLDERS)})\}}")
_TAGGED = re.compile(rf"<(\w+)>\s*{_PLACEHOLDER.pattern}\s*</\1>\s*")
_MARK = re.compile(r"<(?=\s*/?\s*execution_result\b)", re.IGNORECASE)
_FEWEST_STEPS_LEFT = 2
_FEWEST_FOLDED = 3
_WORD = re.compile(r"\w+")
_BRACKET = r"[\[({]"
_TABLE = r"(?P<head>\w+ [\d,]+×[\d,]+) \[(?P<columns>[^\]]*)\].*"
_LABEL = r"(?:^|, )([^\s,]+)"
_FEWEST_BLANKS = 2
_MARKS = {
    ChangeKind.MADE: "+",
    ChangeKind.REBOUND: "=",
    ChangeKind.CHANGED: "~",
    ChangeKind.DELETED: "-",
}
_MOST_CHANGES = 20
_MOST_NAMES = 50


def fill_template(template: str, values: Mapping[str, str]) -> str:
    """Return a system prompt: each placeholder replaced by its value, once.

    Braces in the values and other braces in the template stay as they are. A tag around an empty
    value goes with it.

    Args:
        template: Text with any of the placeholders in `PLACEHOLDERS`.
        values: Their values.

    Example:
        >>> fill_template('{instructions} {"a": 1}', {"instructions": "Use {x}."})
        'Use {x}. {"a": 1}'
    """
    tagged = _TAGGED.sub(lambda match: match[0] if values.get(match["name"]) else "", template)
    return _PLACEHOLDER.sub(lambda match: values.get(match["name"], ""), tagged).strip()


def limits(max_steps: int, max_output: int, max_seconds: float | None) -> str:
    """Return what the model is told of the limits that it works within.

    Example:
        >>> limits(5, 5_000, None)
        '5 replies a query, 5,000 characters of output a cell'
    """
    replies = "1 reply" if max_steps == 1 else f"{max_steps:,} replies"
    told = f"{replies} a query, {max_output:,} characters of output a cell"
    return told if max_seconds is None else f"{told}, {max_seconds:g} s a cell"


def announced_code(identifier: str) -> str:
    """Return what a model is told that has announced code, or wrote it without a fence."""
    return (
        f"No cell was run: code runs only in a block that begins with ```{identifier} at the "
        "start of a line. If you meant to run code, write that cell now. If the task is done, "
        "give your final answer once more, whole."
    )


def retry_note(error: Exception, delay: float) -> str:
    """Return the sentence that says why a model call is made again, and when."""
    return f"{error} Trying again in {delay:.1f} s."


def date_note(day: dt.date) -> str:
    """Return the sentence that tells what day it is."""
    return f"Today is {day.isoformat()}."


def news(descriptions: str) -> str:
    """Return what the model is told about things injected after its briefing."""
    if not descriptions:
        return ""
    return f"<new_in_runtime>\n{descriptions}\n</new_in_runtime>"


def observation(result: ExecutionResult, max_output: int, steps_left: int) -> str:
    """Return what the model is told about a cell that ran; nothing where there is nothing to tell.

    The error stands last and is never crowded out by what was printed before it.

    Args:
        result: What the cell did.
        max_output: Characters of output that are told.
        steps_left: Replies that the model may still give.
    """
    parts = []
    output = shown_output(result, max_output)
    if output:
        parts.append(output)
    if result.error is not None:
        parts.append(shorten(result.error.text, max(max_output, 2_000)))
    lines = []
    if body := "\n".join(part.rstrip("\n") for part in parts):
        status = "" if result.success else ' status="error"'
        lines += [f"<execution_result{status}>", _escaped(body), "</execution_result>"]
    if result.changes:
        lines += [CHANGED, _escaped(changed(result.changes, output))]
    if result.answer is None:
        lines += _advice(result, steps_left)
    return "\n".join(lines)


def answered(result: ExecutionResult, code: str, limit: int) -> str:
    """Return what the model is told of the reply that its cell gave.

    Args:
        result: What the cell did.
        code: The cell; a reply that it has as one text, or has printed, is not told again.
        limit: Characters that are told.
    """
    answer = result.answer or ""
    is_printed = f"\n{answer}\n" in f"\n{result.output[:limit]}\n"
    if is_printed or answers_as_written(code, answer):
        return ""
    return answer_note(shorten(answer, limit))


def answers_as_written(code: str, answer: str) -> bool:
    """Whether a cell has the reply that it gave as one text.

    Example:
        >>> answers_as_written("answer('Done.')", "Done.")
        True
    """
    said = (f"answer({quote}{answer}{quote})" for quote in ("'", '"', "'''", '"""'))
    return code.count("answer(") == 1 and any(text in code for text in said)


def answer_note(answer: str) -> str:
    """Return the words by which a model is told of the reply that its cell gave."""
    return f"You answered: {_escaped(answer)}"


def changed(changes: Sequence[Change], printed: str = "") -> str:
    """Return what a cell changed: a line for each variable, of many the names of the rest.

    Args:
        changes: What it changed.
        printed: What it printed; a value that stands there is not told again.

    Example:
        >>> print(changed([Change("n", ChangeKind.REBOUND, "int 2", "int 1")]))
        = n: int 1 → int 2
    """
    seen = Seen(printed)
    lines: list[str] = []
    bare: dict[str, list[str]] = {}
    for change in changes:
        told = _told(change, seen) if len(lines) < _MOST_CHANGES else ""
        if told:
            lines.append(f"{_MARKS[change.kind]} {change.name}: {told}")
        else:
            bare.setdefault(_MARKS[change.kind], []).append(change.name)
    for mark, names in bare.items():
        more = "" if len(names) <= _MOST_NAMES else f", … ({len(names) - _MOST_NAMES:,} more)"
        lines.append(f"{mark} {', '.join(names[:_MOST_NAMES])}{more}")
    return "\n".join(lines)


class Seen:
    """What a model has read of a cell already.

    Args:
        text: What the cell printed, as it is told.
    """

    def __init__(self, text: str) -> None:
        self._words = _in_order(text)
        self._lines = set(map(str.strip, text.splitlines()))

    def holds(self, text: str, name: str = "") -> bool:
        """Whether a value was printed: its words one after another.

        Args:
            text: The value.
            name: What it is called; a single word may be anything, unless it stands behind its
                name or alone in a line.
        """
        if not self._lines:
            return False
        words = _in_order(text)
        if words.count(" ") > _FEWEST_BLANKS:
            return words in self._words
        return text in self._lines or f" {name}{words}" in self._words


def _in_order(text: str) -> str:
    return f" {' '.join(_WORD.findall(text))} "


def _told(change: Change, seen: Seen) -> str:
    """Return what is told of a change beside the name; nothing where it was seen, or is hidden."""
    if change.fields:
        news = (each for each in change.fields if not seen.holds(f"{each.name} {each.now}"))
        return ", ".join(map(_field, news))
    now = change.digest
    if not now or change.before == now or seen.holds(_values(now), change.name):
        return ""
    table = re.fullmatch(_TABLE, now)
    if table and seen.holds(" ".join(re.findall(_LABEL, table["columns"]))):
        now = table["head"]
    return f"{change.before} → {now}" if change.before else now


def _field(change: FieldChange) -> str:
    if not change.now:
        return f"{change.name} deleted"
    return f"{change.name} {change.before} → {change.now}".replace("  → ", " = ")


def _values(digest: str) -> str:
    """Return what a digest tells beside type and size."""
    bracket = re.search(_BRACKET, digest)
    return digest[bracket.start() :] if bracket else digest.partition(" ")[2]


def _escaped(text: str) -> str:
    """Return a text in which nothing looks like the marks around results."""
    return _MARK.sub("<\\\\", text)


def _advice(result: ExecutionResult, steps_left: int) -> list[str]:
    advice = []
    if result.filled:
        names = ", ".join(f"`{name}`" for name in result.filled)
        verb = "holds" if len(result.filled) == 1 else "hold"
        advice.append(
            f"{names} now {verb} a value. If all that was asked for is in place, finish with a "
            "reply in prose."
        )
    if steps_left <= _FEWEST_STEPS_LEFT:
        replies = "reply is" if steps_left == 1 else "replies are"
        advice.append(
            f"Only {steps_left} more {replies} possible: if what was asked for is in place, "
            "give the final answer now, without a cell."
        )
    return advice


def shown_output(result: ExecutionResult, max_output: int) -> str:
    """Return a cell's output within the limit, and where the whole of it is."""
    output = shorten(folded(result.output), max_output)
    if result.output_name is not None:
        output += f"\n[{exceeded_note(result, max_output)}]"
    return output


def folded(text: str) -> str:
    r"""Return what was printed without what was written over, and repeated lines told once.

    Example:
        >>> folded("10%\r50%\r100%\n" + "busy\n" * 1_000)
        '100%\nbusy\n[… the line above 999 more times …]\n'
    """
    lines: list[str] = []
    for line, run in groupby(map(_last_written, io.StringIO(text))):
        repeats = sum(1 for _ in run) - 1
        lines.append(line)
        if repeats < _FEWEST_FOLDED:
            lines += [line] * repeats
        else:
            lines.append(f"[… the line above {repeats:,} more times …]\n")
    return "".join(lines)


def _last_written(line: str) -> str:
    """Return a line as it stands in the end, where its beginning was written over."""
    end = "\n" if line.endswith("\n") else ""
    return line.rstrip("\r\n").rpartition("\r")[2] + end


def exceeded_note(result: ExecutionResult, max_output: int) -> str:
    """Return the sentence that says that output was over the limit, and where the whole is."""
    return (
        f"The output has {len(result.output):,} characters, over the limit of {max_output:,}. "
        f"The whole of it is in the variable `{result.output_name}`."
    )


def shorten(text: str, limit: int) -> str:
    r"""Return a text within a limit: its head and its tail, cut at line ends where there are any.

    Args:
        text: Any text.
        limit: Characters to keep; the note about what was left out comes on top.

    Example:
        >>> shorten("one\ntwo\nthree\nfour\n", 10)
        'one\n[… 10 characters left out …]\nfour\n'
    """
    if len(text) <= limit:
        return text
    head_end = limit // 2
    tail_start = len(text) - (limit - head_end)
    line_end = text.rfind("\n", head_end // 2, head_end)
    if line_end >= 0:
        head_end = line_end + 1
    line_start = text.find("\n", tail_start - 1, tail_start + (len(text) - tail_start) // 2)
    if line_start >= 0:
        tail_start = line_start + 1
    head, tail = text[:head_end], text[tail_start:]
    gap = "" if head.endswith("\n") or not head else "\n"
    return f"{head}{gap}[… {tail_start - head_end:,} characters left out …]\n{tail}"
