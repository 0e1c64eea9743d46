"""Security rules: a cell that breaks one is refused before anything of it has run.

Rules are a seat belt and no wall; docs/security.md says where the wall is.

Run it as it is, on scripted replies: python examples/security_rules.py
With a real model: python examples/security_rules.py --model gpt-5-mini [--base-url URL]
"""

import ast
import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from _model import Script, model_from_arguments

from cave_agent import CaveAgent, EventType
from cave_agent.runtime import PythonRuntime, Variable
from cave_agent.security import (
    AttributeRule,
    FunctionRule,
    ImportRule,
    RegexRule,
    SecurityChecker,
    SecurityRule,
    SecurityViolation,
)

SCRIPT: Script = [
    "```python\nimport os\nos.remove(report)\n```",
    "Another way, then.\n```python\nfrom pathlib import Path\nPath(report).unlink()\n```",
    lambda printed: f"I may not delete it. What I was told:\n{printed}",
]


class NoEndlessLoops(SecurityRule):
    """A rule of one's own: it is shown every node of the cell's syntax tree."""

    def check(self, node: ast.AST) -> list[SecurityViolation]:
        """Refuse `while True`."""
        if isinstance(node, ast.While) and isinstance(node.test, ast.Constant):
            return [SecurityViolation("Use `for` with a bound instead.")]
        return []


async def main() -> None:
    model = model_from_arguments(SCRIPT)
    rules = [
        ImportRule({"os", "subprocess", "sys", "shutil"}),
        FunctionRule({"eval", "exec", "open"}),
        AttributeRule({"__globals__", "__builtins__", "unlink"}),
        RegexRule(r"\bpip install\b", "Packages are installed by the host only."),
        NoEndlessLoops(),
    ]
    runtime = PythonRuntime(security_checker=SecurityChecker(rules))

    with TemporaryDirectory() as directory:
        report = Path(directory) / "report.csv"
        report.write_text("species,birds\n", encoding="utf-8")
        runtime.inject_variable(Variable("report", str(report), "Path of the report"))
        agent = CaveAgent(model, runtime=runtime)

        async for event in agent.stream_events("Delete the report"):
            if event.type is EventType.SECURITY_ERROR:
                for violation in event.result.violations:
                    print(f"Refused: {violation}")
            elif event.type is EventType.FINAL_RESPONSE:
                print(event.content)

        assert report.exists(), "a rule was broken"


if __name__ == "__main__":
    asyncio.run(main())
