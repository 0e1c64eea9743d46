"""The system message of an ordinary agent, whole."""

from cave_agent import CaveAgent
from cave_agent.prompts import DEFAULT_SYSTEM_INSTRUCTIONS
from cave_agent.runtime import Function, PythonRuntime, Type, Variable
from cave_agent.testing import ScriptedModel


class Light:
    """A light that can be dimmed."""

    def __init__(self, room: str) -> None:
        self.room = room

    def dim(self, percent: int) -> None:
        """Set the brightness.

        Args:
            percent: 0 is off, 100 is full.
        """


def lights(room: str | None = None) -> list[Light]:
    """Return the lights of a room, or all."""
    return []


async def report(fault: str, level: int = 3) -> str:
    """Report a fault. Somebody will come.

    Returns:
        The number of the ticket.
    """
    return fault


PROMPT = """\
You are an agent that solves the user's tasks by working on live Python objects.

You have a Python runtime that keeps its state for the whole conversation. What is listed below is \
there: neither import nor redefine it.

To run code, end your reply with one cell:
```python
total = sum(prices)
```
- One cell a reply, nothing after it; do in it all that needs no look at a result first.
- The next message tells what it printed, the last expression's value and, in short, which names \
changed: print only what you must read, and never write a result yourself.
- If a cell fails, what ran before the failing line has taken effect: mend the rest.
- `await` works at the top level; `async def` needs it. No input, no shell, no `%` or `!`.
- What the user wants stored or changed, assign to that variable.
- When the task is done, reply in prose, without a cell, with numbers from results that you have \
seen; or let the cell reply, with values that you need not see first: \
`answer(f"The total is {total:.2f}")`.
- Limits: 5 replies a query, 5,000 characters of output a cell.

<functions>
def lights(room: str | None = None) -> list[Light] # Return the lights of a room, or all.
async def report(fault: str, level: int = 3) -> str # Report a fault. returns: The number of the \
ticket. …
`help(name)` tells what … leaves out, `find_tools("words")` finds what is not shown.
</functions>

<variables>
- kitchen: Light [room='Kitchen'] - The light in the kitchen
</variables>

<types>
class Light: # A light that can be dimmed.
 def dim(percent: int) -> None # Set the brightness. percent: 0 is off, 100 is full.
</types>"""


def test_the_whole_prompt() -> None:
    runtime = PythonRuntime(
        [Function(lights), Function(report)],
        [Variable("kitchen", Light("Kitchen"), "The light in the kitchen")],
        [Type(Light)],
    )
    assert CaveAgent(ScriptedModel([]), runtime).build_system_prompt() == PROMPT


def test_the_rules_are_short() -> None:
    assert len(DEFAULT_SYSTEM_INSTRUCTIONS) < 1_050  # about 225 tokens


def test_what_the_rules_say_is_so() -> None:
    cells = [
        "total = 3",
        "import asyncio\nawait asyncio.sleep(0)\ntotal",
        "answer(f'The total is {total:.2f}')",
    ]
    model = ScriptedModel([f"```python\n{code}\n```" for code in cells])
    assert CaveAgent(model).run_sync("Add up").content == "The total is 3.00"
    _, changed, value = (request[-1]["content"] for request in model.requests)
    assert "+ total: int 3" in changed
    assert "\n3\n" in value
