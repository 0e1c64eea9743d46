"""The samples of the README run as they stand, against a server that speaks the real protocol."""

import ast
import asyncio
import importlib.util
import inspect
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cave_agent import CaveAgent, runtime, security
from cave_agent.models import LiteLLMModel, OpenAIServerModel
from cave_agent.runtime import PythonRuntime, Variable
from tests.servers import ChatServer

README = Path(__file__).parent.parent / "README.md"
NAMES = {name: getattr(module, name) for module in (runtime, security) for name in module.__all__}


def samples() -> dict[str, str]:
    """Return the Python samples by the heading that they stand under."""
    found: dict[str, str] = {}
    heading = ""
    parts = re.split(r"^(## .*)$", README.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for part in parts:
        if part.startswith("## "):
            heading = part.removeprefix("## ")
        elif match := re.search(r"```python\n(.*?)```", part, re.DOTALL):
            found[heading] = match[1]
    return found


SAMPLES = samples()


def require(package: str) -> None:
    """Skip where a package is missing; to import litellm plainly would use the network."""
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")


async def run_sample(name: str, namespace: dict[str, Any]) -> None:
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    result = eval(compile(SAMPLES[name], name, "exec", flags=flags), namespace)
    if inspect.iscoroutine(result):
        await result


@pytest.fixture(params=["openai", "litellm"])
def model(request: pytest.FixtureRequest, chat_server: ChatServer) -> Any:
    require(request.param)
    if request.param == "openai":
        return OpenAIServerModel("model-id", base_url=chat_server.base_url, api_key="key")
    return LiteLLMModel(
        "model-id", base_url=chat_server.base_url, api_key="key", custom_llm_provider="openai"
    )


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_demo_s_fresh_environment_can_ask_a_model(tmp_path: Path) -> None:
    dry_run = ["make", "--dry-run", f"VENV={tmp_path}/fresh", "demo", "ARGS=--model gpt-5-mini"]
    own = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        dry_run, cwd=README.parent, env=own, capture_output=True, text=True, check=True
    )
    *preparing, last = done.stdout.splitlines()
    assert last.endswith("cave-agent demo --model gpt-5-mini")
    assert any("--editable '.[demo,openai]'" in line for line in preparing)


def test_every_sample_is_run_here() -> None:
    assert set(SAMPLES) == {
        "Hello World",
        "Function calling",
        "Stateful objects",
        "Streaming",
        "Security rules",
        "Agent Skills",
        "Skills with functions",
    }


def test_hello_world(chat_server: ChatServer, capsys: pytest.CaptureFixture[str]) -> None:
    require("litellm")
    chat_server.script(
        ["I reverse it.\n```python\ngreeting = reverse(secret)\n```", "It says: Hello, world!"]
    )
    # An address and a key aside, it is the sample as it stands.
    address = f'base_url="{chat_server.base_url}", api_key='
    source = SAMPLES["Hello World"].replace("api_key=", address)
    exec(compile(source, "Hello World", "exec"), {"__name__": "sample"})
    assert capsys.readouterr().out == "Hello, world!\nIt says: Hello, world!\n"
    first, second = chat_server.requests()
    assert "def reverse(s: str) -> str" in first.body["messages"][0]["content"]
    assert "secret: str - A reversed message" in first.body["messages"][0]["content"]
    assert second.body["messages"][:2] == first.body["messages"]


def test_function_calling(
    chat_server: ChatServer, model: Any, capsys: pytest.CaptureFixture[str]
) -> None:

    def add_task(name: str) -> None:
        """Add a task to the list"""
        agent_runtime = namespace["runtime"]
        agent_runtime.retrieve("tasks").append({"name": name, "done": False})

    def complete_task(name: str) -> None:
        """Mark a task as done"""

    chat_server.script(["```python\nadd_task('buy groceries')\n```", "I added it."])
    namespace: dict[str, Any] = {
        **NAMES,
        "CaveAgent": CaveAgent,
        "model": model,
        "add_task": add_task,
        "complete_task": complete_task,
    }
    asyncio.run(run_sample("Function calling", namespace))
    assert capsys.readouterr().out == "[{'name': 'buy groceries', 'done': False}]\n"


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


def test_stateful_objects(chat_server: ChatServer, model: Any) -> None:
    chat_server.script(
        ["```python\nlight.dim(20)\nthermostat.set_temperature(22)\n```", "Dimmed and set."]
    )
    namespace: dict[str, Any] = {
        **NAMES,
        "CaveAgent": CaveAgent,
        "model": model,
        "Light": Light,
        "Thermostat": Thermostat,
    }
    asyncio.run(run_sample("Stateful objects", namespace))
    assert namespace["light"].brightness == 20
    assert namespace["runtime"].retrieve("thermostat").celsius == 22
    briefing = chat_server.requests()[0].body["messages"][0]["content"]
    assert "def dim(self, percent: int) -> None  # Set the brightness in percent" in briefing


def test_streaming(chat_server: ChatServer, model: Any, capsys: pytest.CaptureFixture[str]) -> None:
    chat_server.script(["```python\nprint(sum(data))\n```", "The sum is 6."])
    agent = CaveAgent(model, PythonRuntime(variables=[Variable("data", [1, 2, 3])]))
    asyncio.run(run_sample("Streaming", {"agent": agent}))
    assert capsys.readouterr().out == "Executing: print(sum(data))\nResult: 6\n\n"


def test_security_rules(chat_server: ChatServer, model: Any) -> None:
    namespace: dict[str, Any] = dict(NAMES)
    asyncio.run(run_sample("Security rules", namespace))
    chat_server.script(["```python\nimport os.path\n```", "I may not."])
    agent = CaveAgent(model, namespace["runtime"])
    assert asyncio.run(agent.run("Where are we?")).content == "I may not."
    assert "`import os.path`" in agent.messages[3].content


def test_agent_skills(
    chat_server: ChatServer, model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = re.findall(r"```markdown\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)[0]
    for name in ("skills/data-processor", "my-skill"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "SKILL.md").write_text(text, encoding="utf-8")
        injection = tmp_path / name / "injection.py"
        injection.write_text(SAMPLES["Skills with functions"], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    chat_server.script(
        ["```python\nactivate_skill('data-processor')\nanalyze_data([1, 2])\n```", "It is 1.5."]
    )
    namespace: dict[str, Any] = {"model": model}
    asyncio.run(run_sample("Agent Skills", namespace))
    response = asyncio.run(namespace["agent"].run("Analyze 1 and 2"))
    assert response.cells[0].result.stdout == "{'mean': 1.5, 'count': 2}\n"
    first, second = (request.body["messages"] for request in chat_server.requests())
    assert "<skill><name>data-processor</name><description>Process and" in first[0]["content"]
    assert "# Data Processing Instructions" not in first[0]["content"]
    told = second[-1]["content"]
    assert "# Data Processing Instructions" in told
    assert "- CONFIG: dict - Analysis configuration" in told
    assert 'class AnalysisResult:\n    """Result structure"""\n    mean: float' in told


def test_skills_with_functions() -> None:
    namespace: dict[str, Any] = {"__name__": "sample"}
    asyncio.run(run_sample("Skills with functions", namespace))
    assert [export.name for export in namespace["__exports__"]] == [
        "analyze_data",
        "CONFIG",
        "AnalysisResult",
    ]
