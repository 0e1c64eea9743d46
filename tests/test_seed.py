"""The samples of the text that asked for this project run as they stand, and are the README's."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.samples import PROVIDERS, play
from tests.servers import ChatServer
from tests.test_readme import SAMPLES as README_SAMPLES

ROOT = Path(__file__).parent.parent
SEED = ROOT.parent / "shared" / "seed.txt"

pytestmark = pytest.mark.skipif(
    not SEED.is_file(), reason=f"there is no {SEED}; its samples run from the README"
)

HEADINGS = {
    "Hello World": "Hello World",
    "Function Calling": "Function calling",
    "Stateful Object Interactions": "Stateful objects",
    "Multi-Agent Coordination": "Multi-agent coordination",
    "Real-time Streaming": "Streaming",
    "Security Rules": "Security rules",
    "Using Skills": "Agent Skills",
    "Injection Module (CaveAgent Extension)": "Skills with functions",
    "OpenAI-Compatible Models": "OpenAI-compatible models",
    "LiteLLM Models (Recommended)": "LiteLLM models",
}
"""Every heading with a sample, and what the README calls it."""


def text() -> str:
    return SEED.read_text(encoding="utf-8")


@cache
def samples() -> dict[str, str]:
    """Return the Python samples by their headings.

    The text has no fences. A sample is the longest run of paragraphs that is Python, up to the last
    statement that does something: a heading such as `Examples` is Python too.
    """
    paragraphs = re.split(r"\n\s*\n", text())
    found, start = {}, 0
    while start < len(paragraphs):
        end, sample = _longest_sample(paragraphs, start)
        if sample:
            found[_heading_before(paragraphs[:start])] = sample
        start = end
    return found


def _longest_sample(paragraphs: list[str], start: int) -> tuple[int, str]:
    """Return where the run of Python that begins here ends, and its text; empty where none does."""
    for end in range(len(paragraphs), start, -1):
        source = "\n\n".join(paragraphs[start:end])
        try:
            tree = ast.parse(source)
        except SyntaxError:
            continue
        last = max((node.end_lineno or 0 for node in tree.body if _acts(node)), default=0)
        return (end, "\n".join(source.splitlines()[:last]) + "\n") if last else (start + 1, "")
    return start + 1, ""


def _acts(statement: ast.stmt) -> bool:
    """Whether a statement is more than a word or two that happen to be Python."""
    return not isinstance(statement, ast.Expr) or any(
        isinstance(node, ast.Call | ast.Await) for node in ast.walk(statement)
    )


def _heading_before(paragraphs: list[str]) -> str:
    """Return the last line that stands alone and ends like no sentence."""
    return next(
        paragraph
        for paragraph in reversed(paragraphs)
        if "\n" not in paragraph and not paragraph.endswith((".", ":", "!", "?"))
    )


def test_all_samples_are_found() -> None:
    assert list(samples()) == list(HEADINGS)
    assert len(samples()) == 10
    rest = text()
    for sample in samples().values():
        assert rest.count(sample) == 1, "it does not stand there as it is run"
        rest = rest.replace(sample, "")
    left = re.compile(r"^\s*(from|import|def|class|async|await|with)\b|^\w+ = ", re.MULTILINE)
    assert left.search(rest) is None, "there is code left"


@pytest.mark.parametrize("heading", HEADINGS)
def test_sample(
    heading: str, chat_server: ChatServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = re.search(r"^---\nname: .*?(?=\n\nRequired fields)", text(), re.DOTALL | re.MULTILINE)
    assert found is not None
    injection = samples()["Injection Module (CaveAgent Extension)"]
    name = HEADINGS[heading]
    play(name, samples()[heading], PROVIDERS[name][0], chat_server, found[0], injection)


@pytest.mark.parametrize("heading", HEADINGS)
def test_the_readme_has_the_same_sample(heading: str) -> None:
    ours, theirs = README_SAMPLES[HEADINGS[heading]], samples()[heading]
    assert ast.dump(ast.parse(ours)) == ast.dump(ast.parse(theirs))


def test_every_example_that_it_names_exists() -> None:
    named = set(re.findall(r"examples/\w+\.py", text()))
    assert len(named) == 5
    for path in named:
        assert (ROOT / path).is_file(), f"there is no {path}"
