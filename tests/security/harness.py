"""Runs the cells of a corpus, spread over observers on all cores."""

import io
import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.security.jobs import Job, NotStartedError, Run

ROOT = Path(__file__).parent.parent.parent
_ENVIRONMENT = {
    # Libraries that start threads when they are imported would make forking unsafe.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MPLBACKEND": "agg",
    "PYTHONHASHSEED": "0",
}


def run_all(jobs: Sequence[Job]) -> list[Run]:
    """Run jobs, each in a process of its own, and return the runs in the same order.

    Raises:
        NotStartedError: A child or an observer did not start, so that nothing was measured.
    """
    if not jobs:
        return []
    count = min(os.cpu_count() or 1, len(jobs))
    shares = [list(jobs[first::count]) for first in range(count)]
    runs: list[Run | None] = [None] * len(jobs)
    with ThreadPoolExecutor(count) as pool:
        for first, observed in enumerate(pool.map(_observe, shares)):
            runs[first::count] = observed
    return [run for run in runs if run is not None]


def _observe(jobs: list[Job]) -> list[Run]:
    process = subprocess.run(
        [sys.executable, "-m", "tests.security.observer"],
        input=pickle.dumps(jobs),
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, **_ENVIRONMENT},
        check=False,
    )
    if process.returncode:
        raise NotStartedError(process.stderr.decode(errors="replace"))
    results = io.BytesIO(process.stdout)
    return [pickle.load(results) for _ in jobs]
