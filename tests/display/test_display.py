"""What a run draws, and where."""

import asyncio
import io
import re
import subprocess
import sys
import threading
import types
from collections.abc import Callable
from typing import Any

import pytest
from rich.syntax import Syntax

from cave_agent import CaveAgent, LogLevel, ModelServerError
from cave_agent.display import display_for
from cave_agent.events import (
    CodeDeltaEvent,
    CodeEvent,
    ExecutionErrorEvent,
    ExecutionOutputEvent,
    OutputDeltaEvent,
    RichOutputEvent,
    TextEvent,
)
from cave_agent.models import ModelResponse, RetryPolicy
from cave_agent.results import CellError, ExecutionResult, OutputChunk, RichOutput
from cave_agent.runtime import Function, PythonRuntime
from cave_agent.testing import ScriptedModel
from tests.display.terminal import HIDE, SHOW, terminal

SUM = "I'll add them.\n\n```python\ntotal = 1 + 2\nprint(total)\n```"
FAILING = "Now divide.\n```python\nprint('begun')\n1 / 0\n```"
FINAL = "The total is 3."


def agent(replies: Any, **options: Any) -> CaveAgent:
    model = replies if isinstance(replies, ScriptedModel) else ScriptedModel(replies, chunk_size=3)
    return CaveAgent(model, **options)


def run(replies: Any, **options: Any) -> None:
    asyncio.run(agent(replies, **options).run("Go"))


def drawn(monkeypatch: pytest.MonkeyPatch, replies: Any, **options: Any) -> str:
    """Return what a run draws on a stream that is no terminal, durations and tokens left out."""
    stream = io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        run(replies, display=True, **options)
    return re.sub(r"[\d.]+ s · about [\d,]+ tokens", "…", stream.getvalue())


def rule(corner: str, title: str) -> str:
    return f"{corner} {title} ".ljust(72, "─")


# Where


def test_nothing_is_drawn_where_standard_output_is_no_terminal() -> None:
    program = (
        "import asyncio, sys\n"
        "from cave_agent import CaveAgent\n"
        "from cave_agent.testing import ScriptedModel\n"
        f"model = ScriptedModel([{SUM!r}, {FINAL!r}])\n"
        "response = asyncio.run(CaveAgent(model).run('Go'))\n"
        "sys.exit('rich' in sys.modules or response.content != 'The total is 3.')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")


def test_a_terminal_shows_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal(monkeypatch) as shown:
        run([SUM, FAILING, FINAL])
    for text in ("I'll add them.", "total = 1 + 2", "│ 3\n", "Traceback", FINAL, "3 steps · "):
        assert text in shown.text
    assert "\x1b[3" in shown.raw, "nothing is coloured"
    assert HIDE in shown.raw
    assert shown.cursor_is_visible()


def test_a_terminal_is_not_drawn_on_when_that_is_not_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with terminal(monkeypatch) as shown:
        run([SUM, FINAL], display=False)
    assert shown.raw == ""


def test_no_standard_output_at_all_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", None)
        run([SUM, FINAL], display=True)
        run([SUM, FINAL])


def test_a_dumb_terminal_gets_no_control_sequences(monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal(monkeypatch) as shown:
        monkeypatch.setenv("TERM", "dumb")
        run([SUM, FINAL])
    assert "total = 1 + 2" in shown.raw
    assert "\x1b" not in shown.raw


def test_a_notebook_shows_a_run_without_moving_the_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    shell = type("ZMQInteractiveShell", (), {})()
    ipython = types.ModuleType("IPython")
    ipython.get_ipython = lambda: shell  # type: ignore[attr-defined]
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        patch.setitem(sys.modules, "IPython", ipython)
        run([SUM, FINAL])
    text = stream.getvalue()
    assert FINAL in text
    assert "\x1b[3" in text, "nothing is coloured"
    assert re.findall(r"\x1b\[[0-?]*[ -/]*[^m0-?]", text) == []


def test_ipython_in_a_pipe_is_no_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    shell = type("TerminalInteractiveShell", (), {})()
    ipython = types.ModuleType("IPython")
    ipython.get_ipython = lambda: shell  # type: ignore[attr-defined]
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        patch.setitem(sys.modules, "IPython", ipython)
        run([SUM, FINAL])
    assert stream.getvalue() == ""


@pytest.mark.parametrize("run_in", ["caller", "thread"])
def test_an_agent_in_a_cell_of_another_draws_nothing(
    monkeypatch: pytest.MonkeyPatch, run_in: Any
) -> None:
    async def ask() -> str:
        return (await agent([SUM, FINAL]).run("Go")).content

    runtime = PythonRuntime(functions=[Function(ask)], run_in=run_in)
    with terminal(monkeypatch) as shown:
        run(["```python\nanswer = await ask()\n```", "Done."], runtime=runtime, display=False)
    assert shown.raw == ""
    assert runtime.retrieve("answer") == FINAL


def test_two_runs_in_one_terminal_leave_it_usable(monkeypatch: pytest.MonkeyPatch) -> None:
    async def both() -> None:
        both_run = asyncio.Barrier(2)

        async def answer(messages: Any) -> str:
            await both_run.wait()
            return f"{messages[-1]['content'].split()[0]} answered."

        agents = [agent(ScriptedModel(answer)) for _ in range(2)]
        await asyncio.gather(agents[0].run("First"), agents[1].run("Second"))

    with terminal(monkeypatch) as shown:
        asyncio.run(both())
    assert "First answered." in shown.text
    assert "Second answered." in shown.text
    assert shown.raw.count(HIDE) == 1, "one of them has the moving lines"
    assert shown.cursor_is_visible()


# How much


def test_debug_draws_everything_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn(monkeypatch, [SUM, FAILING, FINAL]).splitlines() == [
        "I'll add them.",
        rule("╭─", "cell"),
        "│ total = 1 + 2",
        "│ print(total)",
        rule("├─", "output"),
        "│ 3",
        rule("├─", "changed"),
        "│ + total: int 3",
        "╰─ ok · cell 1 · …",
        "",
        "Now divide.",
        rule("╭─", "cell"),
        "│ print('begun')",
        "│ 1 / 0",
        rule("├─", "output"),
        "│ begun",
        "│ Traceback (most recent call last):",
        "│   Cell 2, line 2, in <module>",
        "│     1 / 0",
        "│ ZeroDivisionError: division by zero",
        "╰─ failed · cell 2 · …",
        "",
        "The total is 3.",
        "3 steps · …",
    ]


def test_info_draws_errors_and_the_final_text(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn(monkeypatch, [SUM, FAILING, FINAL], log_level=LogLevel.INFO).splitlines() == [
        "Traceback (most recent call last):",
        "  Cell 2, line 2, in <module>",
        "    1 / 0",
        "ZeroDivisionError: division by zero",
        "The total is 3.",
    ]


def test_error_draws_errors_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn(monkeypatch, [SUM, FAILING, FINAL], log_level=LogLevel.ERROR).splitlines() == [
        "Traceback (most recent call last):",
        "  Cell 2, line 2, in <module>",
        "    1 / 0",
        "ZeroDivisionError: division by zero",
    ]
    assert drawn(monkeypatch, [SUM, FINAL], log_level=LogLevel.ERROR) == ""


@pytest.mark.parametrize("level", [LogLevel.INFO, LogLevel.DEBUG])
def test_the_limit_of_steps_is_told(monkeypatch: pytest.MonkeyPatch, level: LogLevel) -> None:
    text = drawn(monkeypatch, [SUM], max_steps=1, log_level=level)
    assert "I'll add them." in text
    assert text.count("Stopped at the limit of 1 step.\n") == 1


def test_retries_are_told_and_the_void_reply_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    retry = RetryPolicy(attempts=2, first_delay=0.001)
    model = ScriptedModel([ModelServerError("Overloaded."), FINAL], retry=retry)
    lines = drawn(monkeypatch, model).splitlines()
    assert lines[0].startswith("attempt 1 failed: Overloaded. Trying again in ")
    assert lines[1:] == ["The total is 3.", "1 step · …"]


def test_reminders_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = drawn(monkeypatch, ["", FINAL]).splitlines()
    assert lines[0].startswith("reminder: Your reply was empty.")


def test_a_cell_that_was_cut_off_and_continued_is_one_cell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begin = ModelResponse("```python\nx = 1\ny = 1 +", finish_reason="length")
    text = drawn(monkeypatch, [begin, " 2\nprint(x + y)\n```", FINAL])
    assert text.count("╭─ cell") == 1
    assert "│ y = 1 + 2\n│ print(x + y)\n" in text
    assert "│ 4\n" in text


# Output


def test_long_output_is_drawn_as_beginning_and_end(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "```python\nfor n in range(10_000): print(f'line {n}')\n1 / 0\n```"
    text = drawn(monkeypatch, [code, FINAL])
    numbers = [int(number) for number in re.findall(r"^│ line (\d+)$", text, re.MULTILINE)]
    gap = next(n for n, number in enumerate(numbers) if number != n)
    assert gap > 100
    assert numbers[gap:] == list(range(numbers[gap], 10_000))
    assert len(numbers) < 1_000
    hidden = sum(len(f"line {n}\n") for n in range(gap, numbers[gap]))
    assert f"│ [… {hidden:,} characters are not shown …]\n" in text
    assert text.count("ZeroDivisionError") == 1
    assert text.count("The whole of it is in the variable `output_1`.") == 1


def test_a_long_line_of_output_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    text = drawn(monkeypatch, ["```python\nprint('a' * 100_000 + 'z')\n```", FINAL])
    assert re.search(r"^│ a{3000}$", text, re.MULTILINE)
    assert re.search(r"^│ a+z$", text, re.MULTILINE)
    assert len(text) < 10_000


def test_a_progress_bar_is_drawn_as_it_was_last(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "```python\nfor n in range(3): print(f'{n} of 2', end='\\r')\nprint()\nprint('end')\n```"
    text = drawn(monkeypatch, [code, FINAL])
    assert "0 of 2" not in text
    assert "│ 2 of 2\n│ end\n" in text


def test_both_streams_are_drawn_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "```python\nimport sys\nprint('one', flush=True)\nprint('two', file=sys.stderr, flush=True)"
        "\nprint('three')\n```"
    )
    assert "│ one\n│ two\n│ three\n╰─ ok" in drawn(monkeypatch, [code, FINAL])


def test_a_display_is_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "```python\nclass Table:\n    def __repr__(self): return 'a table'\n"
        "    def _repr_html_(self): return '<table>'\nTable()\n```"
    )
    text = drawn(monkeypatch, [code, FINAL])
    _, output = text.split("output")
    assert output.startswith(f"{rule('├─', 'output')[9:]}\n│ a table\n├─ changed")


def show(monkeypatch: pytest.MonkeyPatch, *events: Any) -> list[str]:
    """Return what events draw, as a runtime of one's own may cause them."""
    stream = io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        with display_for(LogLevel.DEBUG, wanted=True) as display:
            for event in events:
                display.show(event)
    return stream.getvalue().splitlines()


def test_output_that_did_not_come_piece_by_piece_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = (OutputChunk("a\nb\n"),)
    ran = ExecutionOutputEvent("a\nb\n", ExecutionResult(chunks=printed))
    lines = show(monkeypatch, CodeEvent("f()"), ran)
    assert lines[1:5] == ["│ f()", rule("├─", "output"), "│ a", "│ b"]
    failed = ExecutionResult(CellError("ValueError", "c", "ValueError: c"), printed, cell=7)
    event = ExecutionErrorEvent("a\nb\nValueError: c", failed)
    lines = show(monkeypatch, CodeEvent("f()"), event)
    assert lines[1:6] == ["│ f()", rule("├─", "output"), "│ a", "│ b", "│ ValueError: c"]
    assert lines[6].startswith("╰─ failed · cell 7 · ")


def test_a_picture_that_the_output_does_not_mention_is_a_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    picture = RichOutput({"image/png": "", "text/plain": "a picture\nof many lines"})
    event = RichOutputEvent(picture.description, picture)
    lines = show(monkeypatch, CodeEvent("f()"), event, ExecutionOutputEvent("", ExecutionResult()))
    assert lines[3] == "│ a picture"


def test_code_that_differs_from_what_was_streamed_is_drawn_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended = ExecutionOutputEvent("", ExecutionResult())
    lines = show(monkeypatch, CodeDeltaEvent("x = 1\n"), CodeEvent("x = 2"), ended)
    assert [line for line in lines if not line.startswith("╭")][:4] == [
        "│ x = 1",
        "╰─ not run",
        "",
        "│ x = 2",
    ]


# Text that is not to be trusted

HOSTILE = (
    "[red]markup[/red] :smile: \x1b[31mred\x1b[0m\x1b[2J\x1b]0;title\x07\x1b]52;c;aGk=\x1b\\"
    "\x9b31m\x07\b\x00 \u202ereversed \x1b(0"
)


@pytest.mark.parametrize("level", [LogLevel.INFO, LogLevel.DEBUG])
def test_neither_markup_nor_control_characters_are_obeyed(
    monkeypatch: pytest.MonkeyPatch, level: LogLevel
) -> None:
    code = f"# {HOSTILE}\nprint({HOSTILE!r})\nraise ValueError({HOSTILE!r})".replace("\x00", "")
    replies = [f"{HOSTILE}\n```python\n{code}\n```", f"Final {HOSTILE}"]
    with terminal(monkeypatch, columns=200) as shown:
        run(replies, log_level=level)
    rest = re.sub(r"\x1b\[(?:[\d;]*m|\?25[lh]|\d*[AK]|\d*[CD])", "", shown.raw)
    assert set(re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", rest)) <= {"\r"}
    assert "[red]markup[/red] :smile:" in shown.text
    assert "Final [red]markup[/red] :smile: red31m reversed" in shown.text


def test_an_unclosed_sequence_does_not_swallow_later_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "seen" in drawn(monkeypatch, ["before \x1b]0;\nseen"])


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_text_that_the_stream_cannot_hold_does_not_end_the_run(
    monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    data = io.BytesIO()
    stream = io.TextIOWrapper(data, encoding=encoding)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        run([SUM, "Grüße \ud800 ✓"], display=True)
        stream.flush()
    text = data.getvalue().decode(encoding)
    assert "total = 1 + 2" in text
    assert {"ascii": "Gr??e ? ?", "latin-1": "Grüße ? ?", "utf-8": "Grüße ? ✓"}[encoding] in text
    assert ("╭─ cell" in text) == (encoding == "utf-8")


# However it ends


def test_a_failing_model_leaves_the_terminal_usable(monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal(monkeypatch) as shown:
        stdout, threads = sys.stdout, set(threading.enumerate())
        with pytest.raises(ModelServerError):
            run([SUM, ModelServerError("Broken.")])
        assert sys.stdout is stdout
        for thread in set(threading.enumerate()) - threads:
            thread.join(timeout=10)
            assert not thread.is_alive()
    assert HIDE in shown.raw
    assert shown.cursor_is_visible()


@pytest.mark.parametrize(
    "stuck", ["I wait", "```python\nimport asyncio\nprint('waiting')\nawait asyncio.sleep(60)\n```"]
)
def test_cancelling_leaves_the_terminal_usable(monkeypatch: pytest.MonkeyPatch, stuck: str) -> None:
    async def reply_or_wait(messages: Any) -> str:
        if stuck == "I wait":
            await asyncio.sleep(60)
        return stuck

    async def cancel() -> None:
        task = asyncio.create_task(agent(ScriptedModel(reply_or_wait)).run("Go"))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with terminal(monkeypatch) as shown:
        asyncio.run(cancel())
    assert shown.cursor_is_visible()
    if stuck != "I wait":
        assert "╰─ ended by CancelledError" in shown.text


def test_a_run_after_a_failed_one_draws_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal(monkeypatch), pytest.raises(ModelServerError):
        run([ModelServerError("Broken.")])
    with terminal(monkeypatch) as shown:
        run([SUM, FINAL])
    assert shown.raw.count(HIDE) == shown.raw.count(SHOW) == 1


def test_the_streams_of_the_host_stay_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def reply(messages: Any) -> str:
        seen.append((sys.stdout, sys.stderr))
        return FINAL

    with terminal(monkeypatch):
        streams = sys.stdout, sys.stderr
        run(ScriptedModel(reply))
        assert seen == [streams]
        assert (sys.stdout, sys.stderr) == streams


# Long streams: what is drawn grows with the text, not with its square


class Counter(io.StringIO):
    """Counts what is written to a terminal of 80 columns."""

    written = 0

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.written += len(text)
        return len(text)


def prose(size: int) -> list[Any]:
    return [TextEvent("word " * 200) for _ in range(size // 1_000)]


def lines(size: int) -> list[Any]:
    return [TextEvent("A line of prose, no more.\n" * 40) for _ in range(size // 1_040)]


def one_line_of_code(size: int) -> list[Any]:
    return [CodeDeltaEvent("x + " * 250) for _ in range(size // 20_000)]  # colours take long


def one_line_of_output(size: int) -> list[Any]:
    return [CodeEvent("f()"), *(OutputDeltaEvent("." * 1_000) for _ in range(size // 1_000))]


@pytest.mark.parametrize("make", [prose, lines, one_line_of_code, one_line_of_output])
@pytest.mark.parametrize("is_terminal", [True, False])
def test_the_work_for_a_megabyte_is_linear(
    monkeypatch: pytest.MonkeyPatch, make: Callable[[int], list[Any]], *, is_terminal: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    highlighted = 0
    highlight = Syntax.highlight

    def count(syntax: Syntax, code: str, *args: Any) -> Any:
        nonlocal highlighted
        highlighted += len(code)
        return highlight(syntax, code, *args)

    size = 1_000_000
    stream = Counter() if is_terminal else io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        patch.setattr(Syntax, "highlight", count)
        with display_for(LogLevel.DEBUG, wanted=True) as display:
            for event in make(size):
                display.show(event)
    size = sum(len(event.content) for event in make(size))
    written = stream.written if isinstance(stream, Counter) else len(stream.getvalue())
    assert written < 3 * size
    assert highlighted < 3 * size


def test_a_string_over_many_lines_is_coloured_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    highlighted = 0
    highlight = Syntax.highlight

    def count(syntax: Syntax, code: str, *args: Any) -> Any:
        nonlocal highlighted
        highlighted += len(code)
        return highlight(syntax, code, *args)

    code = 'text = """\n' + "if this were code: return 'blue'\n" * 1_000 + '"""\nx = 1\n'
    with terminal(monkeypatch) as shown:
        monkeypatch.setattr(Syntax, "highlight", count)
        with display_for(LogLevel.DEBUG, wanted=True) as display:
            for start in range(0, len(code), 100):
                display.show(CodeDeltaEvent(code[start : start + 100]))
    assert highlighted < 3 * len(code)
    keyword = r"\x1b\[94mreturn"
    assert not re.search(keyword, shown.raw)
    assert shown.text.count("return 'blue'") >= 1_000


def test_code_longer_than_the_screen_scrolls(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "\n".join(f"x{n} = {n}" for n in range(100))
    with terminal(monkeypatch) as shown:
        run([f"```python\n{code}\n```", FINAL])
    for n in range(100):
        assert f"│ x{n} = {n}\n" in shown.text
    ups = [int(rows or 1) for rows in re.findall(r"\x1b\[(\d*)A", shown.raw)]
    assert max(ups, default=0) <= 4, "lines that scrolled away cannot be drawn again"
