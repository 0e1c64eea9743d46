"""The corpora: each cell does what it is there for, and how many get past which rules."""

from tests.security.corpus import BENIGN
from tests.security.harness import run_all
from tests.security.jobs import Job

UNPROTECTED = "tests.security.runtimes:unprotected"


def test_every_benign_cell_passes_unprotected() -> None:
    runs = run_all([Job(UNPROTECTED, cell) for cell in BENIGN])
    assert not [str(run) for run in runs if not run.reached]
