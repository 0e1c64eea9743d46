"""The example of a skill runs as it stands."""

import subprocess
import sys
from pathlib import Path

from cave_agent.skills import SkillDiscovery

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_it_runs_on_a_script() -> None:
    program = [sys.executable, "-W", "error", str(EXAMPLES / "skill_data_processor.py")]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "active skills: data-processor\n" in done.stdout
    assert "result: AnalysisResult(mean=0.6, count=5, status='high')\n" in done.stdout


def test_its_skill_is_valid() -> None:
    found = SkillDiscovery.from_directory(EXAMPLES / "skills", strict=True)
    assert [skill.name for skill in found] == ["data-processor"]
    assert found.diagnostics == []
