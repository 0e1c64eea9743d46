"""The samples of the README run as they stand, against a server that speaks the real protocol."""

import re
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
