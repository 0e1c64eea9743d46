"""Streaming: what happens in a run is shown as it happens, event by event.

Run it as it is, on scripted replies: python examples/stream.py
With a real model: python examples/stream.py --model gpt-5-mini [--base-url URL]
"""

import asyncio

from _model import Script, model_from_arguments

from cave_agent import CaveAgent, EventType
from cave_agent.runtime import PythonRuntime, Variable

SCRIPT: Script = [
    """\
First the mean.
```python
mean = sum(data) / len(data)
print(f"mean: {mean:.2f}")
```""",
    """\
Then how far the values lie from it.
```python
spread = max(abs(value - mean) for value in data)
print(f"mean: {mean:.2f}, largest distance from it: {spread:.2f}")
```""",
    lambda printed: f"This is what the data say: {printed}.",
]


async def main() -> None:
    model = model_from_arguments(SCRIPT)
    runtime = PythonRuntime(
        variables=[
            Variable("data", [3.1, 2.7, 4.4, 3.0], "Hours of sunshine, one number a day"),
            Variable("mean", description="Leave the mean here"),
        ]
    )
    agent = CaveAgent(model, runtime=runtime)

    async for event in agent.stream_events("Analyze this data"):
        if event.type is EventType.TEXT:
            print(event.content, end="", flush=True)
        elif event.type is EventType.CODE:
            print(f"Executing:\n{event.content}")
        elif event.type is EventType.EXECUTION_OUTPUT:
            print(f"Result: {event.content}")
        elif event.type is EventType.EXECUTION_ERROR:
            print(f"Failed: {event.content}")
        elif event.type is EventType.FINAL_RESPONSE:
            print(f"\nDone, with {event.response.steps_taken} replies.")

    assert round(runtime.retrieve("mean"), 2) == 3.3


if __name__ == "__main__":
    asyncio.run(main())
