"""Every example runs as it stands: on its script, and with the same command on a server."""

import asyncio
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cave_agent import MissingObjectError
from cave_agent.skills import SkillDiscovery
from tests.servers.answering import answering_server

FOLDER = Path(__file__).parent.parent / "examples"
EXAMPLES = {path.stem: path for path in sorted(FOLDER.glob("[!_]*.py"))}
NOTICE = "No --model was given, so the replies are scripted; the cells really run.\n\n"

SHOWN = {
    "basic_usage": [
        "Your list: [{'name': 'buy groceries', 'done': False}]\n",
        "{'name': 'buy groceries', 'done': True}, {'name': 'cook dinner', 'done': False}]\n",
    ],
    "checked_objects": [
        "wanted: Annotated[DataFrame, no_gaps]; ValueError: values are missing: {'sex': 9}\n",
        "The table is clean and the means are in place: 333 birds, heaviest: Gentoo.\n",
    ],
    "multi_agent": [
        "Mean mass in kg: {'Adelie': 3.70",
        "Birds by sex: {'male': 168, 'female': 165, 'unknown': 9}\n",
    ],
    "object_methods": ["Done: Living Room light at 20%, thermostat at 22 °C\n"],
    "security_rules": [
        "Refused: line 1: `import os`: the module `os` is not allowed.",
        "Refused: line 2: `Path(report).unlink`: the attribute `unlink` is not allowed.",
    ],
    "skill_data_processor": [
        "active skills: data-processor\n",
        "result: AnalysisResult(mean=0.6, count=5, status='high')\n",
    ],
    "stream": [
        "Executing:\nmean = sum(data) / len(data)\n",
        "Result: mean: 3.30\n",
        "This is what the data say: mean: 3.30, largest distance from it: 1.10.\nDone, with 3",
    ],
}
"""What each shows; a new example is to be entered here."""


@pytest.fixture(params=EXAMPLES)
def name(request: pytest.FixtureRequest) -> str:
    example: str = request.param
    if "pandas" in EXAMPLES[example].read_text(encoding="utf-8"):
        pytest.importorskip("pandas")
    return example


def load(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Import an example, as it is when it is run without arguments."""
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.setattr(sys, "argv", [name])
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES[name])
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


def shown(name: str, *arguments: str) -> str:
    """Run an example as a process, and return what it printed."""
    environment = {key: value for key, value in os.environ.items() if "OPENAI" not in key}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES[name]), *arguments],
        capture_output=True,
        check=False,
        encoding="utf-8",
        env={**environment, "PYTHONIOENCODING": "utf-8"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_it_runs_on_a_script(name: str) -> None:
    printed = shown(name)
    assert printed.startswith(NOTICE)
    for part in SHOWN[name]:
        assert part in printed


def test_the_same_command_asks_a_server(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("openai") is None:
        pytest.skip("openai is not installed")
    script = load(name, monkeypatch).SCRIPT
    with answering_server(sys.modules["_model"].replies(script)) as server:
        printed = shown(name, "--model", "model-id", "--base-url", server.base_url)
    scripts = script.values() if isinstance(script, Mapping) else [script]
    assert len(server.bodies) == sum(map(len, scripts))
    assert {body["model"] for body in server.bodies} == {"model-id"}
    assert NOTICE not in printed
    for part in SHOWN[name]:
        assert part in printed


# A model that does nothing keeps the rules.
@pytest.mark.parametrize("name", sorted(EXAMPLES.keys() - {"security_rules"}), indirect=True)
def test_it_fails_if_the_model_does_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = load(name, monkeypatch)
    monkeypatch.setattr(module, "SCRIPT", ["Done."] * 10)
    with pytest.raises((AssertionError, AttributeError, TypeError, MissingObjectError)):
        asyncio.run(module.main())


def test_a_script_states_only_what_cells_have_printed(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    script: Any = load(name, monkeypatch).SCRIPT
    for replies in script.values() if isinstance(script, Mapping) else [script]:
        for reply in replies:
            text = reply("") if callable(reply) else reply
            prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
            assert not re.search(r"\d", prose), f"a number that no cell has printed: {prose}"


def test_the_table_lists_every_example_and_nothing_else() -> None:
    rows = re.findall(r"^\| \[.*\]\((\w+)\.py\)", (FOLDER / "README.md").read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(EXAMPLES) == sorted(SHOWN)


@pytest.mark.parametrize("path", EXAMPLES.values(), ids=EXAMPLES)
def test_the_docstring_tells_how_to_run_it(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    docstring = source.split('"""')[1]
    assert f"on scripted replies: python examples/{path.name}\n" in docstring
    assert f"python examples/{path.name} --model gpt-5-mini [--base-url URL]\n" in docstring


def test_the_skill_is_valid() -> None:
    found = SkillDiscovery.from_directory(FOLDER / "skills", strict=True)
    assert [skill.name for skill in found] == ["data-processor"]
    assert found.diagnostics == []
