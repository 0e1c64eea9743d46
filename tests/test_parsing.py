"""Replies, however they arrive."""

import ast
from itertools import chain, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cave_agent.parsing import ReplyParser


def parse(reply: str, size: int | None = None, identifier: str = "python") -> ReplyParser:
    parser = ReplyParser(identifier)
    size = size or max(len(reply), 1)
    text, code = "", ""
    for start in range(0, len(reply), size):
        piece = parser.feed(reply[start : start + size])
        text, code = text + piece.text, code + piece.code
    piece = parser.close()
    assert text + piece.text == parser.text
    assert (code + piece.code).strip() == (parser.cell or "").strip()
    return parser


REPLIES = {
    "prose": ("Nothing to run.", "Nothing to run.", None),
    "prose and cell": ("Let me see.\n```python\nx = 1\n```", "Let me see.\n", "x = 1\n"),
    "cell before any text": ("```python\nx = 1\n```\n", "", "x = 1\n"),
    "what follows the cell never happened": (
        "```python\nx = 1\n```\nIt printed 5.\n```python\ny = 2\n```\n",
        "",
        "x = 1\n",
    ),
    "capital label": ("```Python\nx = 1\n```", "", "x = 1\n"),
    "short label": ("```py\nx = 1\n```", "", "x = 1\n"),
    "tool_code": ("```tool_code\nx = 1\n```", "", "x = 1\n"),
    "label with more": ("```python title=one\nx = 1\n```", "", "x = 1\n"),
    "no label": ("Run:\n```\nx = f(1)\n```\n", "Run:\n", "x = f(1)\n"),
    "no label and no code": (
        "See:\n```\n| a | b |\n```\nDone.",
        "See:\n```\n| a | b |\n```\nDone.",
        None,
    ),
    "another language": (
        'Send:\n```json\n{"a": 1}\n```\n```python\nx = 1\n```',
        'Send:\n```json\n{"a": 1}\n```\n',
        "x = 1\n",
    ),
    "label in braces": ("```{.python}\nx = 1\n```", "", "x = 1\n"),
    "label with a file": ("```python:main.py\nx = 1\n```", "", "x = 1\n"),
    "tildes": ("~~~python\nx = 1\n~~~\n", "", "x = 1\n"),
    "carriage returns": (
        "Run:\r\n```python\r\nx = 1\r\ny = 2\r\n```\r\n",
        "Run:\n",
        "x = 1\ny = 2\n",
    ),
    "unclosed": ("```python\nx = 1\nprint(x)", "", "x = 1\nprint(x)"),
    "no newline at the end": ("```python\nx = 1\n```", "", "x = 1\n"),
    "fence in a docstring": (
        '```python\ndef f():\n    """Like\n\n```python\nf()\n```\n    """\n\nf()\n```\nbye',
        "",
        'def f():\n    """Like\n\n```python\nf()\n```\n    """\n\nf()\n',
    ),
    "fence in a string": (
        "```python\ntext = '''\n```\n'''\nprint(text)\n```",
        "",
        "text = '''\n```\n'''\nprint(text)\n",
    ),
    "quotes in comments and strings": (
        '```python\n# it\'s """\nx = "\'\'\'"\n```\nbye',
        "",
        '# it\'s """\nx = "\'\'\'"\n',
    ),
    "incomplete code before the fence": ("```python\nprint((1\n```\nbye", "", "print((1\n"),
    "forgotten fence": ("```python\nx = 1\n```python\ny = 2\n```", "", "x = 1\n"),
    "in a list": (
        "1. First\n   ```python\n   def f():\n       return 1\n   ```\n",
        "1. First\n",
        "def f():\n    return 1\n",
    ),
    "empty block first": ("```python\n```\nThen:\n```python\nx = 1\n```", "Then:\n", "x = 1\n"),
    "reasoning": (
        "<think>\nMaybe\n```python\nwrong()\n```\n</think>\n\n```python\nright()\n```",
        "",
        "right()\n",
    ),
    "reasoning on one line": ("<think>hm</think>The answer is 4.", "The answer is 4.", None),
    "reasoning in capitals": ("<THINK>hm</THINK>\nThe answer is 4.", "The answer is 4.", None),
    "reasoning that never ends": ("<think>\n```python\nx = 1\n```", "", None),
    "cell directly behind the reasoning": (
        "<think>\nplan\n</think>```python\nx = 1\n```",
        "",
        "x = 1\n",
    ),
    "reasoning in the middle of a line": (
        "Hello <think>\n```python\nbad = 1\n```\n</think>\nworld\n```python\nx = 1\n```",
        "Hello \nworld\n",
        "x = 1\n",
    ),
    "reasoning twice": (
        "<think>a</think>\n\n<think>b</think>\n\nHi <think>c</think>!",
        "Hi !",
        None,
    ),
    "reasoning in a line that never ends": (
        "A <think> tag begins what is <thought> of.\n```python\nx = 1\n```\nSo <thi",
        "A <think> tag begins what is <thought> of.\n```python\nx = 1\n```\nSo <thi",
        None,
    ),
    "tag in inline code": (
        "Reasoning stands in `<think>` tags.\n```python\nx = 1\n```",
        "Reasoning stands in `<think>` tags.\n",
        "x = 1\n",
    ),
    "fence that is too long": (
        f"```python {'title ' * 40}\nx = 1\n",
        f"```python {'title ' * 40}\nx = 1\n",
        None,
    ),
    "inline code": ("`x` and ```y``` it is\n", "`x` and ```y``` it is\n", None),
    "a comparison": ("a <think\n< b", "a <think\n< b", None),
}


@pytest.mark.parametrize("size", [None, 1, 2, 3, 7])
@pytest.mark.parametrize("name", REPLIES)
def test_replies(name: str, size: int | None) -> None:
    reply, text, cell = REPLIES[name]
    parser = parse(reply, size)
    assert (parser.text, parser.cell) == (text, cell)


def test_finished_as_soon_as_something_follows_the_cell() -> None:
    parser = ReplyParser()
    parser.feed("```python\nx = 1\n```\n\n")
    assert parser.is_whole
    assert not parser.finished
    parser.feed("The output")
    assert parser.finished


def test_another_identifier_runs_only_its_own_blocks() -> None:
    reply = "```python\nx = 1\n```\n```\ny = 2\n```\n```cave\nz = 3\n```"
    assert parse(reply, identifier="cave").cell == "z = 3\n"


def test_the_reply_is_what_counts_and_closed() -> None:
    assert parse("Go.\n```py\nx = 1\n```\nmore").reply == "Go.\n```py\nx = 1\n```"
    assert parse("Go.\n~~~py\nx = 1").reply == "Go.\n~~~py\nx = 1\n~~~"


@pytest.mark.parametrize(
    ("first", "second", "cell"),
    [
        ("```python\nx = [1,\n", "2]\n```", "x = [1,\n2]\n"),
        ("```python\nx = [1,\n", "```python\n2]\n```", "x = [1,\n2]\n"),
        ("```python\nx = 1\n", "```", "x = 1\n"),
    ],
)
def test_a_reply_that_is_continued(first: str, second: str, cell: str) -> None:
    parser = ReplyParser()
    parser.feed(first)
    assert not parser.is_whole
    parser.resume()
    for character in second:
        parser.feed(character)
    parser.close()
    assert parser.cell == cell


@given(st.text(alphabet="ab\"'`~#<>/\\\r\n \tthink=1py", max_size=200), st.integers(1, 50))
def test_the_size_of_the_chunks_makes_no_difference(reply: str, size: int) -> None:
    whole, chunked = parse(reply), parse(reply, size)
    assert (whole.text, whole.cell) == (chunked.text, chunked.cell)


MARKS = ["```python", "```", "~~~", "```json", "`", "<think>", "</think>", "<THINK>", "<thi", "<"]
REST = ["\n", "\r\n", "\r", " ", " " * 150, "text ", "x = 1", "f(", "(1)", '"""', "# c"]
TOGETHER = [
    ["<think>", "\nplan\n", "</think>"],
    ["```python\n", "x = 1\n", "```"],
    ["```\n", "f(1)", "\n```", "\n"],
    ["~~~json\n", "{}\n", "~~~\n"],
]
SINGLE = st.sampled_from(MARKS + REST).map(lambda piece: [piece])
PIECES = st.lists(SINGLE | st.sampled_from(TOGETHER), max_size=6).map(
    lambda lists: list(chain.from_iterable(lists))
)


@settings(max_examples=300)
@given(PIECES, st.sets(st.integers(1, 200)).map(sorted))
def test_the_same_reply_is_the_same_however_it_is_cut(pieces: list[str], cuts: list[int]) -> None:
    reply = "".join(pieces)
    whole = parse(reply)
    at_random = [reply[start:end] for start, end in pairwise([0, *cuts, len(reply) + 200])]
    for chunks in (pieces, list(reply), at_random):
        parser = ReplyParser()
        for chunk in chunks:
            parser.feed(chunk)
        parser.close()
        assert (parser.text, parser.cell, parser.reply) == (whole.text, whole.cell, whole.reply)


PYTHON_LINES = st.lists(
    st.sampled_from(
        [
            "x = 1",
            "text = '''a\n```\nb'''",
            'text = """\n```python\n"""',
            "# it's a comment",
            "s = 'it\\'s'",
            "print('```')",
            "r = r'\\'",
            'd = "\\"\\"\\""',
            'f(f"{x}", \'"""\')',
        ]
    ),
    min_size=1,
)


@given(PYTHON_LINES, st.integers(1, 30))
def test_any_valid_python_comes_through_whole(lines: list[str], size: int) -> None:
    code = "\n".join(lines).replace("r = r'\\'", "r = r'\\''") + "\n"
    ast.parse(code)
    parser = parse(f"So:\n```python\n{code}```\nThe output is 5.", size)
    assert parser.cell == code


def test_one_event_at_most_for_a_chunk_and_no_text_held_back_for_long() -> None:
    parser = ReplyParser()
    for start in range(0, 10_000, 50):
        piece = parser.feed("x" * 50)
        assert piece.text == "x" * 50, start
