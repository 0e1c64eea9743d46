"""The layers: a module imports from its own layer or below, never upwards and never in a ring."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import cave_agent

PACKAGE = Path(cave_agent.__file__).parent
LAYERS = [
    {
        "errors",
        "usage",
        "tokens",
        "clock",
        "_extras",
        "_lock",
        "messages",
        "objects",
        "results",
        "events",
        "serialization",
    },
    {
        "_strings",
        "replies",
        "parsing",
        "options",
        "prompts",
        "reports",
        "earlier",
        "conversation",
        "security",
        "finding",
        "images",
    },
    {"models", "runtime"},
    {"display", "returns", "skills", "compaction"},
    {"nesting", "blocking", "asking", "running", "settings", "loop", "agent"},
    {"testing", "cli", "__main__"},
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
OPTIONAL = ("openai", "litellm", "pandas", "numpy", "matplotlib", "pydantic", "rich", "yaml")


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in PACKAGE.rglob("*.py")}


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            for alias in node.names:
                assert alias.name != "*", f"{path}: star import"
                submodule = f"{module}.{alias.name}"
                found.add(submodule if submodule in MODULES else module)
    return {name for name in found if name in MODULES}


def layer_of(module: str) -> int:
    parts = module.split(".")
    return len(LAYERS) if len(parts) == 1 else LEVEL[parts[1]]


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_never_go_upwards(module: str) -> None:
    upwards = {name for name in imports_of(MODULES[module]) if layer_of(name) > layer_of(module)}
    assert not upwards, f"{module} imports from a layer above it: {upwards}"


def test_imports_have_no_ring() -> None:
    packages = {name for name, path in MODULES.items() if path.name == "__init__.py"}
    graph = {
        module: imports_of(path) - {module}
        for module, path in MODULES.items()
        if module not in packages
    }
    TopologicalSorter(graph).prepare()  # raises CycleError and names the ring


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=module_name)
def test_sizes(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    limit = 250 if path.name == "loop.py" else 400
    assert text.count("\n") <= limit, f"{path.name} is longer than {limit} lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = ast.get_docstring(node, clean=False)
            lines = (node.end_lineno or 0) - node.lineno + 1
            lines -= docstring.count("\n") + 1 if docstring else 0
            assert lines <= 50, f"{path.name}: {node.name} has {lines} lines"


def test_a_bare_import_loads_nothing_optional_and_nothing_slow() -> None:
    program = (
        "import sys, cave_agent, cave_agent.runtime, cave_agent.models\n"
        f"print([name for name in {OPTIONAL!r} if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "package",
    [name for name in MODULES if MODULES[name].name == "__init__.py" and "." in name]
    + ["cave_agent"],
)
def test_all_names_what_is_there(package: str) -> None:
    module = __import__(package, fromlist=["__all__"])
    exported = getattr(module, "__all__", [])
    assert exported == sorted(exported)
    for name in exported:
        assert hasattr(module, name), f"{package}.__all__ names {name}, which is not there"
