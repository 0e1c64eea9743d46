"""Runs the probes, each in a process of its own, the subjects taking turns."""

import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from benchmarks.catalog import PROBES, SubjectPlan
from benchmarks.environments import ROOT, Interpreter

ROUNDS = 5
STARTS_PER_ROUND = 3
SLOW_SECONDS = 10.0
"""A probe that takes longer than this on a subject runs there once."""
PROBE_SECONDS = 300


@dataclass
class Results:
    """What is known of one subject.

    Attributes:
        version: The version that was measured.
        samples: Figures by row, one for each round.
        notes: What a reader must know, by row.
        missing: Why there is no figure, by probe.
    """

    version: str = ""
    samples: dict[str, list[float]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def median(self, row: str) -> float | None:
        """Return the figure to report."""
        return statistics.median(self.samples[row]) if row in self.samples else None

    def spread(self, row: str) -> float | None:
        """Return how far the median round is from `median`, as a part of it.

        There is none if the row was measured once.
        """
        samples = self.samples[row]
        middle = statistics.median(samples)
        if len(samples) == 1 or not middle:
            return None
        return statistics.median(abs(sample - middle) for sample in samples) / middle

    def add(self, values: Mapping[str, float]) -> None:
        """Add the figures of one round."""
        for row, value in values.items():
            self.samples.setdefault(row, []).append(value)


class ProbeError(Exception):
    """A probe failed on a subject.

    Args:
        output: What the process said; the message is its last line, without paths.
    """

    def __init__(self, output: str) -> None:
        last = (output.strip() or "the process ended without a word").splitlines()[-1]
        super().__init__(re.sub(r"(?<!\w)/\S+/", "…/", last))


def measure_all(
    subjects: Mapping[SubjectPlan, Interpreter],
    probes: tuple[str, ...],
    results: Mapping[str, Results],
    report: Callable[[str], None],
) -> None:
    """Run the probes in rounds: A B C, A B C, so that a slow minute of the machine hits all alike.

    Args:
        subjects: The subjects and their interpreters.
        probes: Names of probes.
        results: Takes what is found, by the subject's name.
        report: Is told what runs.
    """
    for probe in (probe for probe in PROBES if probe in probes):
        running = dict(subjects)
        if probe == "start":
            _warm_up(running)
        for number in range(ROUNDS):
            for plan, interpreter in tuple(running.items()):
                report(f"{probe}: round {number + 1}, {plan.name}")
                start = time.perf_counter()
                try:
                    _measure(plan, interpreter, probe, results[plan.name])
                except ProbeError as error:
                    results[plan.name].missing[probe] = str(error)
                    del running[plan]
                else:
                    if time.perf_counter() - start > SLOW_SECONDS:
                        del running[plan]


def _measure(plan: SubjectPlan, interpreter: Interpreter, probe: str, found: Results) -> None:
    if probe == "start":
        for _ in range(STARTS_PER_ROUND):
            found.add({"first_cell": _milliseconds_to(plan.first_cell, interpreter)})
            found.add({"first_run": _milliseconds_to(plan.first_run, interpreter)})
        return
    command = [interpreter.python, "-m", "benchmarks.subjects", plan.module, probe]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=interpreter.variables,
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        message = f"not done after {PROBE_SECONDS} s"
        raise ProbeError(message) from error
    if done.returncode:
        raise ProbeError(done.stderr)
    answer = json.loads(done.stdout)
    found.version = answer["version"]
    found.add(answer["values"])
    found.notes.update(answer["notes"])


def _warm_up(subjects: Mapping[SubjectPlan, Interpreter]) -> None:
    """Start every program once, so that all bytecode is written before the first round."""
    for plan, interpreter in subjects.items():
        for program in (plan.first_cell, plan.first_run):
            subprocess.run(
                [interpreter.python, "-c", program],
                cwd=ROOT,
                env=interpreter.variables,
                capture_output=True,
                timeout=PROBE_SECONDS,
                check=False,
            )


def _milliseconds_to(program: str, interpreter: Interpreter) -> float:
    """Return the time from starting the process until the program's last line has run."""
    start = time.perf_counter()
    with subprocess.Popen(
        [interpreter.python, "-c", f"{program}\nprint('ready', flush=True)"],
        cwd=ROOT,
        env=interpreter.variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline()
        took = time.perf_counter() - start
        errors = process.stderr.read()
    if line != "ready\n":
        raise ProbeError(errors)
    return took * 1e3


def progress(text: str) -> None:
    """Show what runs now, on standard error."""
    end = "\r" if sys.stderr.isatty() else "\n"
    sys.stderr.write(f"{text:<60}{end}")
    sys.stderr.flush()
