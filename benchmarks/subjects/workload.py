"""The work that every subject is given."""

from collections.abc import Iterator

CELL = "x = 1"
"""The smallest useful cell."""

PRINTS = "for number in range(100):\n    print(number)"
"""A cell that prints a hundred lines."""

DONE = "done"
"""The text that ends each run."""

HISTORIES = (0, 100, 1_000)
"""Messages already in the conversation when a step is timed."""

MEGABYTE = 1_000_000
CHUNK = 64
"""Characters in each piece that the model streams."""

AGENTS = 1_000
MODEL_SECONDS = 0.05
"""How long the model of the thousand agents takes to reply."""


def fenced(code: str) -> str:
    """Return the code as models write a cell."""
    return f"```python\n{code}\n```"


def prose(size: int) -> str:
    """Return that many characters of a reply without a cell."""
    line = "The mean of `total` over 1,234 rows is 56.7, which is more than the year before.\n"
    return (line * (size // len(line) + 1))[:size]


def code(size: int) -> str:
    """Return one cell of about that many characters: a report in a string, cheap to run."""
    line = "north,2025-01-31,1234.5,a line of the report that the model writes out in full\n"
    return 'report = """\n' + line * (size // len(line)) + '"""\nx = 1'


def chunks(text: str) -> Iterator[str]:
    """Yield the text as the model streams it."""
    for start in range(0, len(text), CHUNK):
        yield text[start : start + CHUNK]
