"""Objects with methods: the model calls them, and the host finds its own objects changed.

Run it as it is, on scripted replies: python examples/object_methods.py
With a real model: python examples/object_methods.py --model gpt-5-mini [--base-url URL]
"""

import asyncio

from _model import Script, model_from_arguments

from cave_agent import CaveAgent
from cave_agent.runtime import PythonRuntime, Type, Variable

SCRIPT: Script = [
    """\
```python
light.dim(20)
thermostat.set_target(22)
print(light, thermostat, sep=", ")
```""",
    lambda printed: f"Done: {printed}",
]


class Light:
    """A light that can be dimmed."""

    def __init__(self, room: str) -> None:
        self.room = room
        self.brightness = 100

    def __repr__(self) -> str:
        return f"{self.room} light at {self.brightness}%"

    def dim(self, percent: int) -> None:
        """Set the brightness: 0 is off, 100 is full."""
        if not 0 <= percent <= 100:
            message = f"{percent} is no brightness: use 0 to 100."
            raise ValueError(message)
        self.brightness = percent


class Thermostat:
    """A thermostat that holds a temperature."""

    def __init__(self) -> None:
        self.target = 18.0

    def __repr__(self) -> str:
        return f"thermostat at {self.target:g} °C"

    def set_target(self, celsius: float) -> None:
        """Set the temperature to hold."""
        self.target = celsius


async def main() -> None:
    model = model_from_arguments(SCRIPT)
    light = Light("Living Room")
    runtime = PythonRuntime(
        # A type shows the model which methods there are.
        types=[Type(Light), Type(Thermostat)],
        variables=[
            Variable("light", light, "Smart light"),
            Variable("thermostat", Thermostat(), "Home thermostat"),
        ],
    )
    agent = CaveAgent(model, runtime=runtime)

    response = await agent.run("Dim the light to 20% and set thermostat to 22°C")
    print(response.content)

    assert runtime.retrieve("light") is light  # never a copy
    assert light.brightness == 20
    assert runtime.retrieve("thermostat").target == 22


if __name__ == "__main__":
    asyncio.run(main())
