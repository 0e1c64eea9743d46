"""Counting tokens without a network."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cave_agent.tokens import count_tokens, estimate_tokens

ROOT = Path(__file__).parent.parent
SAMPLES = {
    "prose": (ROOT / "README.md").read_text(encoding="utf-8"),
    "code": (ROOT / "src/cave_agent/loop.py").read_text(encoding="utf-8"),
    "table": (ROOT / "src/cave_agent/cli/data/penguins.csv").read_text(encoding="utf-8"),
    "json": json.dumps([{"id": n, "name": f"user_{n}", "total": n / 7} for n in range(80)]),
    "numbers": repr([n * 1.37 for n in range(300)]),
    "rule": "-" * 2_000 + "\n",
    "German": "Die Bürgermeisterin liest einen Zeitungsartikel über Abwasserentsorgung. " * 9,
    "Russian": "Сегодня хорошая погода, и мы пошли гулять в парк. " * 9,
    "Chinese": "今天天气很好，我们去公园散步。数据分析显示销售额增长了百分之十五。" * 9,
    "Arabic": "اليوم الطقس جميل وذهبنا للتنزه في الحديقة. " * 9,
}


@pytest.fixture(scope="module", autouse=True)
def _tokenizer() -> None:
    pytest.importorskip("tiktoken")


@pytest.mark.parametrize("kind", SAMPLES)
def test_an_estimate_is_close_to_what_the_tokenizer_counts(kind: str) -> None:
    text = SAMPLES[kind]
    assert 0.6 <= estimate_tokens(text) / count_tokens(text) <= 1.3


def test_all_kinds_together_are_closer() -> None:
    text = "\n".join(SAMPLES.values())
    assert 0.85 <= estimate_tokens(text) / count_tokens(text) <= 1.15


def test_the_tokenizer_is_there_without_a_network_and_without_importing_litellm() -> None:
    program = (
        "import socket, sys\n"
        "socket.socket.connect = None\n"
        "from cave_agent.tokens import count_tokens\n"
        "print(count_tokens('tokenization ' * 500), 'litellm' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1001", "False"]


def test_without_its_file_tokens_are_estimated(tmp_path: Path) -> None:
    program = "from cave_agent.tokens import count_tokens\nprint(count_tokens('tokenization'))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"TIKTOKEN_CACHE_DIR": str(tmp_path)},
    )
    assert done.stdout.strip() == str(estimate_tokens("tokenization")) == "2"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["a" * 300_000, " " * 300_000, "-" * 300_000, "漢" * 300_000])
def test_long_runs_of_one_character_take_no_longer(text: str) -> None:
    assert count_tokens(text) > 0
    assert estimate_tokens(text) > 0
