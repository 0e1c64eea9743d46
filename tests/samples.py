"""The samples that documents show, each run as it stands with the names that it leaves open."""

import ast
import asyncio
import contextlib
import importlib.util
import inspect
import io
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cave_agent import CaveAgent, runtime, security
from cave_agent.errors import RealRequestError
from cave_agent.models import LiteLLMModel, Model, OpenAIServerModel
from cave_agent.runtime import PythonRuntime, Variable
from tests.servers import ChatServer

NAMES = {
    "CaveAgent": CaveAgent,
    **{name: getattr(module, name) for module in (runtime, security) for name in module.__all__},
}


@dataclass(frozen=True)
class Stage:
    """What a sample meets.

    Attributes:
        server: Gives the replies.
        model: Asks the server.
    """

    server: ChatServer
    model: Model


def run(source: str, namespace: dict[str, Any], variables: Any = None) -> str:
    """Run a sample, which may await at its top level, and return what it printed."""
    code = compile(source, "sample", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        result = eval(code, namespace, namespace if variables is None else variables)
        if inspect.iscoroutine(result):
            asyncio.run(result)
    return printed.getvalue()


def hello_world(source: str, stage: Stage) -> None:
    stage.server.script(
        ["I reverse it.\n```python\ngreeting = reverse(secret)\n```", "It says: Hello, world!"]
    )
    # It is a whole program; only the provider's address comes from outside.
    address = {"OPENAI_BASE_URL": stage.server.base_url, "OPENAI_API_BASE": stage.server.base_url}
    done = subprocess.run(
        [sys.executable, "-"],
        input=source,
        capture_output=True,
        check=False,
        encoding="utf-8",
        env={**os.environ, **address},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Hello, world!\nIt says: Hello, world!\n"
    first, second = stage.server.requests()
    assert first.headers["authorization"] == "Bearer your-api-key"
    assert "def reverse(s: str) -> str" in first.body["messages"][0]["content"]
    assert (
        "- secret: str '!dlrow ,olleH' - A reversed message" in first.body["messages"][0]["content"]
    )
    assert second.body["messages"][:2] == first.body["messages"]


def function_calling(source: str, stage: Stage) -> None:
    def add_task(name: str) -> None:
        """Add a task to the list"""
        namespace["runtime"].retrieve("tasks").append({"name": name, "done": False})

    def complete_task(name: str) -> None:
        """Mark a task as done"""

    stage.server.script(["```python\nadd_task('buy groceries')\n```", "I added it."])
    namespace: dict[str, Any] = {
        **NAMES,
        "model": stage.model,
        "add_task": add_task,
        "complete_task": complete_task,
    }
    assert run(source, namespace) == "[{'name': 'buy groceries', 'done': False}]\n"


class Light:
    """A light that can be dimmed"""

    def __init__(self, name: str) -> None:
        self.name = name
        self.brightness = 100

    def dim(self, percent: int) -> None:
        """Set the brightness in percent"""
        self.brightness = percent


class Thermostat:
    """A thermostat"""

    def __init__(self) -> None:
        self.celsius = 18

    def set_temperature(self, celsius: int) -> None:
        """Set the temperature to hold"""
        self.celsius = celsius


def stateful_objects(source: str, stage: Stage) -> None:
    stage.server.script(
        ["```python\nlight.dim(20)\nthermostat.set_temperature(22)\n```", "Dimmed and set."]
    )
    namespace = {**NAMES, "model": stage.model, "Light": Light, "Thermostat": Thermostat}
    run(source, namespace)
    assert namespace["light"].brightness == 20
    assert namespace["runtime"].retrieve("thermostat").celsius == 22
    briefing = stage.server.requests()[0].body["messages"][0]["content"]
    assert "def dim(percent: int) -> None # Set the brightness in percent" in briefing


def multi_agent(source: str, stage: Stage) -> None:
    clean = "cleaner.runtime.update_variable('data', raw_data)\nawait cleaner.run('Drop gaps')"
    analyze = (
        "analyzer.runtime.update_variable('data', cleaner.runtime.retrieve('cleaned_data'))\n"
        "answer = await analyzer.run('Count and add')\nanswer.content"
    )
    stage.server.script(
        [
            f"```python\n{clean}\n```",
            "```python\ncleaned_data = [x for x in data if x is not None]\n```",
            "It is clean.",
            f"```python\n{analyze}\n```",
            "```python\ninsights = {'count': len(data), 'sum': sum(data)}\n```",
            "It is analyzed.",
            "All done.",
        ]
    )
    raw_data = [3, None, 4]
    namespace: dict[str, Any] = {**NAMES, "model": stage.model, "raw_data": raw_data}
    # The sample names the analyzer as the orchestrator does, and gives it its runtime before.
    analyzer = type("Analyzer", (), {"runtime": property(lambda _: runtime_of("analyzer_agent"))})
    namespace["analyzer"] = analyzer()

    def runtime_of(name: str) -> PythonRuntime:
        agent_runtime: PythonRuntime = namespace[name].runtime
        return agent_runtime

    run(source, namespace)
    assert namespace["insights"] == {"count": 2, "sum": 7}
    assert raw_data == [3, None, 4]
    assert runtime_of("cleaner_agent").retrieve("data") is raw_data
    handed_on = runtime_of("cleaner_agent").retrieve("cleaned_data")
    assert runtime_of("analyzer_agent").retrieve("data") is handed_on
    requests = [request.body["messages"] for request in stage.server.requests()]
    assert "- cleaner: CaveAgent - Cleaner agent" in requests[0][0]["content"]
    assert "It is analyzed." in requests[6][-1]["content"]


def streaming(source: str, stage: Stage) -> None:
    stage.server.script(["```python\nprint(sum(data))\n```", "The sum is 6."])
    agent = CaveAgent(stage.model, PythonRuntime(variables=[Variable("data", [1, 2, 3])]))
    assert run(source, {"agent": agent}) == "Executing: print(sum(data))\nResult: 6\n\n"


def security_rules(source: str, stage: Stage) -> None:
    namespace: dict[str, Any] = dict(NAMES)
    run(source, namespace)
    stage.server.script(["```python\nimport os.path\n```", "I may not."])
    agent = CaveAgent(stage.model, namespace["runtime"])
    assert asyncio.run(agent.run("Where are we?")).content == "I may not."
    assert "`import os.path`" in agent.messages[3].content


def agent_skills(source: str, stage: Stage) -> None:
    stage.server.script(
        ["```python\nactivate_skill('data-processor')\nanalyze_data([1, 2])\n```", "It is 1.5."]
    )
    namespace: dict[str, Any] = {"model": stage.model}
    created = _Assignments()
    run(source, namespace, created)
    from_directory, from_file = created.values_of("agent")
    assert list(from_directory.skills) == ["data-processor"]
    response = asyncio.run(from_file.run("Analyze 1 and 2"))
    assert response.cells[0].result.stdout == "{'mean': 1.5, 'count': 2}\n"
    first, second = (request.body["messages"] for request in stage.server.requests())
    assert "<skill><name>data-processor</name><description>Process and" in first[0]["content"]
    assert "# Data Processing Instructions" not in first[0]["content"]
    told = second[-1]["content"]
    assert "# Data Processing Instructions" in told
    assert (
        "- CONFIG: dict of 2 {'threshold': 0.5, 'max_items': 1000} - Analysis configuration"
    ) in told
    assert "class AnalysisResult: # Result structure\n mean: float" in told


def skills_with_functions(source: str, stage: Stage) -> None:
    namespace: dict[str, Any] = {"__name__": "sample"}
    run(source, namespace)
    names = [export.name for export in namespace["__exports__"]]
    assert names == ["analyze_data", "CONFIG", "AnalysisResult"]


def openai_compatible_models(source: str, stage: Stage) -> None:
    namespace: dict[str, Any] = {}
    run(source, namespace)
    model = namespace["model"]
    assert isinstance(model, OpenAIServerModel)
    assert repr(model) == "OpenAIServerModel('gpt-4', base_url='https://api.openai.com/v1')"
    with pytest.raises(RealRequestError):  # it has all that a request needs
        asyncio.run(CaveAgent(model).run("Hello"))


def litellm_models(source: str, stage: Stage) -> None:
    created = _Assignments()
    run(source, {}, created)
    models = created.values_of("model")
    assert list(map(repr, models)) == [
        "LiteLLMModel('gpt-4')",
        "LiteLLMModel('claude-3-sonnet-20240229')",
        "LiteLLMModel('gemini/gemini-pro')",
    ]
    for model in models:
        with pytest.raises(RealRequestError):
            asyncio.run(CaveAgent(model).run("Hello"))


class _Assignments(dict[str, Any]):
    """The variables of a sample that gives one name several values."""

    def __init__(self) -> None:
        super().__init__()
        self._all: list[tuple[str, Any]] = []

    def __setitem__(self, name: str, value: Any) -> None:
        self._all.append((name, value))
        super().__setitem__(name, value)

    def values_of(self, name: str) -> list[Any]:
        return [value for assigned, value in self._all if assigned == name]


SCENES: dict[str, Callable[[str, Stage], None]] = {
    "Hello World": hello_world,
    "Function calling": function_calling,
    "Stateful objects": stateful_objects,
    "Multi-agent coordination": multi_agent,
    "Streaming": streaming,
    "Security rules": security_rules,
    "Agent Skills": agent_skills,
    "Skills with functions": skills_with_functions,
    "OpenAI-compatible models": openai_compatible_models,
    "LiteLLM models": litellm_models,
}
"""How each sample is run and what must come out, by its heading in the README."""

PROVIDERS = {
    **dict.fromkeys(SCENES, ("openai", "litellm")),
    "Hello World": ("litellm",),
    "Skills with functions": ("openai",),  # it asks no model
    "OpenAI-compatible models": ("openai",),
    "LiteLLM models": ("litellm",),
}
"""The packages that a sample is run with."""


def play(
    heading: str, source: str, provider: str, server: ChatServer, skill: str, injection: str
) -> None:
    """Run a sample in the current directory, which is empty, and check what comes out.

    Args:
        heading: Which one it is.
        source: Its text.
        provider: The package that asks the server.
        server: The server.
        skill: The text of the `SKILL.md` that samples look for.
        injection: The text of its `injection.py`.
    """
    # To import litellm plainly would use the network.
    if importlib.util.find_spec(provider) is None:
        pytest.skip(f"{provider} is not installed")
    for place in (Path("skills/data-processor"), Path("my-skill")):
        place.mkdir(parents=True)
        (place / "SKILL.md").write_text(skill, encoding="utf-8")
        (place / "injection.py").write_text(injection, encoding="utf-8")
    SCENES[heading](source, Stage(server, _model(provider, server)))


def _model(provider: str, server: ChatServer) -> Model:
    if provider == "openai":
        return OpenAIServerModel("model-id", base_url=server.base_url, api_key="key")
    return LiteLLMModel(
        "model-id", base_url=server.base_url, api_key="key", custom_llm_provider="openai"
    )
