"""The interpreter of each subject: ours for us and the floor, a venv of its own for each peer."""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.catalog import OURS, SubjectPlan

ROOT = Path(__file__).resolve().parent.parent
VENVS = ROOT / "benchmarks" / ".venvs"
INSTALL_SECONDS = 600


class NotInstalledError(Exception):
    """A peer cannot be installed; the message is the installer's reason."""


@dataclass(frozen=True)
class Interpreter:
    """How to start a subject's processes.

    Attributes:
        python: The executable.
        variables: Its environment.
    """

    python: str
    variables: dict[str, str]


def prepare(plan: SubjectPlan, scratch: Path) -> Interpreter:
    """Return the subject's interpreter; make its venv, unless an earlier run did.

    Args:
        plan: The subject.
        scratch: A directory for what a subject would write into the user's home.

    Raises:
        NotInstalledError: The peer cannot be installed here.
    """
    python = _peer_python(plan) if plan.requirement else sys.executable
    # Without PYTHONDONTWRITEBYTECODE above all: imports from source are several times slower.
    variables = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
    variables["IPYTHONDIR"] = str(scratch)
    if plan is OURS:
        variables["PYTHONPATH"] = str(ROOT / "src")
    return Interpreter(python, variables)


def _peer_python(plan: SubjectPlan) -> str:
    venv = VENVS / f"{plan.name}-{sys.version_info.major}.{sys.version_info.minor}"
    python = venv / ("Scripts" if os.name == "nt" else "bin") / "python"
    installed = venv / "installed.txt"
    if not installed.exists() or installed.read_text() != plan.requirement:
        shutil.rmtree(venv, ignore_errors=True)
        _run(sys.executable, "-m", "venv", str(venv))
        _run(str(python), "-m", "pip", "install", "--quiet", "--retries=2", plan.requirement)
        installed.write_text(plan.requirement)
    return str(python)


def _run(*command: str) -> None:
    with tempfile.TemporaryFile("w+") as output:
        try:
            done = subprocess.run(
                command, stdout=output, stderr=output, timeout=INSTALL_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            message = f"not installed after {INSTALL_SECONDS} s"
            raise NotInstalledError(message) from error
        if done.returncode == 0:
            return
        output.seek(0)
        lines = [line.strip() for line in output if line.strip()]
    reasons = [line for line in lines if line.startswith("ERROR:")] or lines or ["no reason given"]
    raise NotInstalledError(reasons[-1].removeprefix("ERROR: "))
