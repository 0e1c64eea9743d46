"""The samples in docstrings run as they stand."""

import doctest
import importlib
import importlib.util
import pkgutil

import pytest

import cave_agent

MODULES = [
    info.name
    for info in pkgutil.walk_packages(cave_agent.__path__, "cave_agent.")
    if not info.name.endswith("__main__")
]


@pytest.mark.parametrize("name", MODULES)
def test_samples_run(name: str) -> None:
    provider = name.removeprefix("cave_agent.models.")
    if provider in ("openai", "litellm") and importlib.util.find_spec(provider) is None:
        pytest.skip(f"{provider} is not installed")
    module = importlib.import_module(name)
    result = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert result.failed == 0


def test_there_are_samples() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = [test for name in MODULES for test in finder.find(importlib.import_module(name))]
    assert sum(len(test.examples) for test in found) > 30
