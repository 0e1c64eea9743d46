"""A skill with functions of its own: the model activates it, and leaves an object of its class.

Run it as it is, on scripted replies: python examples/skill_data_processor.py
With a real model: python examples/skill_data_processor.py --model gpt-5-mini [--base-url URL]
"""

import asyncio
from pathlib import Path

from _model import Script, model_from_arguments

from cave_agent import CaveAgent
from cave_agent.runtime import PythonRuntime, Variable

SKILLS = Path(__file__).parent / "skills"
SCRIPT: Script = [
    'There is a skill for this.\n```python\nactivate_skill("data-processor")\n```',
    """\
Now I follow its workflow.
```python
statistics = analyze_data(readings[: CONFIG["max_items"]])
status = "high" if statistics["mean"] > CONFIG["threshold"] else "low"
result = AnalysisResult(**statistics, status=status)
print(f"The mean of the {result.count} readings is {result.mean:.2f}, which is {result.status}.")
```""",
    lambda printed: printed,
]


async def main() -> None:
    model = model_from_arguments(SCRIPT)
    readings = Variable("readings", [0.2, 0.9, 0.7, 0.4, 0.8], "What a sensor measured")
    result = Variable("result", description="Leave the result of the analysis here")
    runtime = PythonRuntime(variables=[readings, result])
    agent = CaveAgent(model, runtime, skills_dir=SKILLS)

    response = await agent.run("Analyze the readings and leave a structured result")
    print(response.content)
    print(f"active skills: {', '.join(agent.skills.active)}")
    print(f"result: {runtime.retrieve('result')}")

    assert runtime.retrieve("result").count == 5
    assert runtime.retrieve("result").status == "high"


if __name__ == "__main__":
    asyncio.run(main())
