"""The corpora: each cell does what it is there for, and how many get past which rules."""

import re
from collections import Counter
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import pytest

from tests.security import table
from tests.security.corpus import BENIGN, ESCAPES, SAMPLE, Cell, Goal
from tests.security.harness import run_all
from tests.security.jobs import Job
from tests.security.table import Measured

HAS_RULES = find_spec("cave_agent.security") is not None
needs_rules = pytest.mark.skipif(not HAS_RULES, reason="there are no rules to count with yet")
# One process measures for all tests of a set of escapes.
pytestmark = pytest.mark.xdist_group("corpora")

PLACEHOLDERS = {
    Goal.READ_FILE: "$CANARY",
    Goal.WRITE_FILE: "$TARGET",
    Goal.RUN_PROCESS: "$PROGRAM",
    Goal.CONNECT: "$PORT",
}


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(SAMPLE, id="sample"),
        pytest.param(ESCAPES, id="all", marks=pytest.mark.slow),
    ],
)
def measured(request: Any) -> Measured:
    rows = table.ROWS if HAS_RULES else {"unprotected": table.ROWS["unprotected"]}
    return table.measure(request.param, rows)


def test_the_corpora_are_large_and_varied() -> None:
    assert len(BENIGN) >= 60
    assert len(ESCAPES) >= 150
    techniques = Counter(escape.technique for escape in ESCAPES)
    assert len(techniques) >= 20
    assert min(techniques.values()) >= 4
    assert {escape.technique for escape in SAMPLE} == set(techniques)
    assert {escape.goal for escape in SAMPLE} == set(Goal)


def test_each_cell_has_a_name_of_its_own_and_something_to_see() -> None:
    cells: tuple[Cell, ...] = (*BENIGN, *ESCAPES)
    names = Counter(cell.name for cell in cells)
    assert not [name for name, count in names.items() if count > 1]
    assert all(cell.check or cell.stdout or cell.pictures for cell in BENIGN)
    for escape in ESCAPES:
        assert bool(escape.probe) == (escape.goal == Goal.TAMPER_HOST), escape.name
        assert PLACEHOLDERS.get(escape.goal, "") in escape.code + escape.then, escape.name
        used = set(re.findall(r"\$[A-Z]+", escape.code + escape.then))
        assert used <= set(PLACEHOLDERS.values()), escape.name


def test_unprotected_every_cell_does_what_it_is_there_for(measured: Measured) -> None:
    assert not [str(run) for run in measured["unprotected"] if not run.reached]


def test_a_host_that_was_left_alone_is_not_changed() -> None:
    idle = [replace(escape, code="1", then="") for escape in ESCAPES if escape.probe]
    runs = run_all([Job(table.ROWS["unprotected"], escape) for escape in idle])
    assert not [str(run) for run in runs if not run.stopped]


@needs_rules
def test_standard_passes_every_benign_cell(measured: Measured) -> None:
    assert not [str(run) for run in table.refused(measured["standard"])]


@needs_rules
def test_strict_passes_benign_cells_and_stops_escapes(measured: Measured) -> None:
    runs = measured["strict"]
    refused, let_through = table.refused(runs), table.let_through(runs)
    assert len(refused) <= 0.05 * len(table.benign(runs)), "\n".join(map(str, refused))
    names = [run.job.cell.name for run in let_through]
    assert len(let_through) <= 0.05 * len(table.escapes(runs)), names


@needs_rules
@pytest.mark.skipif(not table.PAGE.exists(), reason="there is no page for the table yet")
def test_the_page_has_the_table(measured: Measured, request: pytest.FixtureRequest) -> None:
    if len(table.escapes(measured["strict"])) < len(ESCAPES):
        pytest.skip("the table counts all escapes")
    page = table.PAGE.read_text(encoding="utf-8")
    assert table.splice(page, table.render(measured)) == page, "run `make security-table`"
