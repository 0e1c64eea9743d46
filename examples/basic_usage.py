"""Functions and a variable: the model keeps a list of tasks by calling functions of the host.

Run it as it is, on scripted replies: python examples/basic_usage.py
With a real model: python examples/basic_usage.py --model gpt-5-mini [--base-url URL]
"""

import asyncio
from typing import Any

from _model import Script, model_from_arguments

from cave_agent import CaveAgent
from cave_agent.runtime import Function, PythonRuntime, Variable

SCRIPT: Script = [
    "```python\nadd_task('buy groceries')\nprint(tasks)\n```",
    lambda printed: f"Your list: {printed}",
    "```python\ncomplete_task('buy groceries')\nadd_task('cook dinner')\nprint(tasks)\n```",
    lambda printed: f"Your list: {printed}",
]

tasks: list[dict[str, Any]] = []


def add_task(name: str) -> None:
    """Add a task to the list."""
    tasks.append({"name": name, "done": False})


def complete_task(name: str) -> None:
    """Mark a task as done."""
    for task in tasks:
        if task["name"] == name:
            task["done"] = True
            return
    message = f"There is no task {name!r}; the tasks are {[task['name'] for task in tasks]}."
    raise ValueError(message)  # the model reads this and can mend its cell


async def main() -> None:
    model = model_from_arguments(SCRIPT)
    runtime = PythonRuntime(
        variables=[Variable("tasks", tasks, "User's task list")],
        functions=[Function(add_task), Function(complete_task)],
    )
    agent = CaveAgent(model, runtime=runtime)

    response = await agent.run("Add 'buy groceries' to my tasks")
    print(response.content)
    # The second query goes on in the same conversation, with the same objects.
    response = await agent.run("I have bought them. Now I have to 'cook dinner'.")
    print(response.content)

    assert runtime.retrieve("tasks") is tasks
    assert tasks == [
        {"name": "buy groceries", "done": True},
        {"name": "cook dinner", "done": False},
    ]


if __name__ == "__main__":
    asyncio.run(main())
