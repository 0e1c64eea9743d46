"""The samples of the README run as they stand, against a server that speaks the real protocol."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.samples import PROVIDERS, SCENES, play
from tests.servers import ChatServer

README = Path(__file__).parent.parent / "README.md"
BLOCK = re.compile(r"^## ([^\n]+)$|^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def samples() -> list[tuple[str, str]]:
    """Return the Python samples in order, each with the heading that it stands under."""
    found, heading = [], ""
    for title, sample in BLOCK.findall(README.read_text(encoding="utf-8")):
        if sample:
            found.append((heading, sample))
        heading = title or heading
    return found


SAMPLES = dict(samples())


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_demo_s_fresh_environment_can_ask_a_model(tmp_path: Path) -> None:
    dry_run = ["make", "--dry-run", f"VENV={tmp_path}/fresh", "demo", "ARGS=--model gpt-5-mini"]
    own = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        dry_run, cwd=README.parent, env=own, capture_output=True, text=True, check=True
    )
    *preparing, last = done.stdout.splitlines()
    assert last.endswith("cave-agent demo --model gpt-5-mini")
    assert any("--editable '.[demo,openai]'" in line for line in preparing)


def test_every_sample_is_run_here() -> None:
    assert [heading for heading, _ in samples()] == list(SCENES)


@pytest.mark.parametrize(
    ("heading", "provider"),
    [(heading, provider) for heading in SAMPLES for provider in PROVIDERS[heading]],
)
def test_sample(
    heading: str,
    provider: str,
    chat_server: ChatServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    skill = re.findall(r"```markdown\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)[0]
    injection = SAMPLES["Skills with functions"]
    play(heading, SAMPLES[heading], provider, chat_server, skill, injection)
