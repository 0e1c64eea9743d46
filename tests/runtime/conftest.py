"""Fixtures for tests of the runtime."""

from collections.abc import Iterator

import pytest

from cave_agent.runtime import PythonRuntime
from tests.runtime.cells import Mode


@pytest.fixture(params=["caller", "thread"])
def mode(request: pytest.FixtureRequest) -> Mode:
    """Each of the two ways to run cells."""
    chosen: Mode = request.param
    return chosen


@pytest.fixture
def runtime(mode: Mode) -> Iterator[PythonRuntime]:
    """An empty runtime, in each of the two ways to run cells."""
    with PythonRuntime(run_in=mode) as made:
        yield made
