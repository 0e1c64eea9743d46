"""`cave-agent demo`."""

import csv
import json
import re
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from cave_agent.cli import demo, demo_replies, penguins
from cave_agent.cli.main import main
from tests.display.terminal import terminal
from tests.servers import ChatServer

pytest.importorskip("pandas")
pytest.importorskip("matplotlib")

NUMBER = re.compile(r"\d[\d.,]*")
CASSETTE = [json.loads(line) for line in demo.CASSETTE.read_text(encoding="utf-8").splitlines()]


def run_demo(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Return the exit code and what was printed."""
    code = main(["demo", *arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def change_table(monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> None:
    text = penguins.TABLE.read_text(encoding="utf-8")
    assert old in text
    path = Path("changed.csv")
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    monkeypatch.setattr(penguins, "TABLE", path)


# By default: a replay


def test_the_demo_runs_without_a_model(capsys: pytest.CaptureFixture[str]) -> None:
    code, text, errors = run_demo(capsys)
    assert (code, errors) == (0, "")
    assert text.startswith("No model was given, so the replies are replayed from a recording;")
    assert "not by a model" in text.split("You (1/3)")[0]
    assert all(question in text for question in penguins.QUESTIONS)
    assert text.index("╰─ failed") < text.index("│ difference: 3.03 lb\n")
    assert text.count("\n✓ ") == 11
    assert "✗" not in text
    assert "\x1b" not in text


def test_native_objects_are_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, _ = run_demo(capsys, "--output", str(tmp_path / "made" / "here"))
    assert code == 0
    assert (tmp_path / "made/here/penguins.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    with (tmp_path / "made/here/penguins.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["species"]: row for row in csv.DictReader(file)}
    assert {name: row["birds"] for name, row in rows.items()} == {
        "Adelie": "151",
        "Chinstrap": "68",
        "Gentoo": "123",
    }
    assert float(rows["Gentoo"]["mass_lb"]) == pytest.approx(5076.016 / 453.59237)


def test_it_looks_like_a_model_at_work_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "_SECONDS_PER_PIECE", 0.0)
    with terminal(monkeypatch, columns=110) as shown:
        assert main(["demo"]) == 0
    assert "running" in shown.text
    assert "\x1b[3" in shown.raw
    assert shown.cursor_is_visible()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Gentoo,Biscoe,46.1,13.2,211,4500", "Gentoo,Biscoe,46.1,13.2,211,9500"),
        ("Gentoo,Biscoe,46.1,13.2,211,4500", "Gentoo,Biscoe,46.1,13.2,211,NA"),
        ("Adelie,Torgersen,39.1", "Emperor,Torgersen,39.1"),
    ],
)
def test_where_the_data_change_it_fails_loudly(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, old: str, new: str
) -> None:
    change_table(monkeypatch, old, new)
    code, text, errors = run_demo(capsys)
    assert code == 1
    assert errors.startswith("cave-agent: This run is not the one that was recorded")
    assert re.search(r"^-.*\d", errors, re.MULTILINE), "what was recorded"
    assert re.search(r"^\+.*\d", errors, re.MULTILINE), "what is so now"
    assert "Traceback" not in errors
    assert "by far the heaviest" not in text
    assert "✓" not in text


def test_where_the_data_change_and_nothing_that_is_said_it_is_still_right(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    change_table(monkeypatch, "Adelie,Torgersen,39.1,18.7,181", "Adelie,Torgersen,40.1,18.7,181")
    code, text, _ = run_demo(capsys)
    assert code == 0
    assert text.count("\n✓ ") == 11


# The recording


@pytest.mark.parametrize("line", CASSETTE, ids=range(len(CASSETTE)))
def test_no_reply_states_a_number_that_the_cell_has_not_just_printed(line: dict[str, Any]) -> None:
    prose = re.sub(r"```.*?```", "", line["reply"], flags=re.DOTALL)
    answered = line["messages"][-1]["content"]
    printed = {number.rstrip(".,") for number in NUMBER.findall(answered)}
    stated = {number.rstrip(".,") for number in NUMBER.findall(prose)}
    assert stated <= printed


def test_the_recording_states_numbers_at_all() -> None:
    assert sum("5,076 g" in line["reply"] for line in CASSETTE) == 1


def test_no_request_depends_on_the_machine() -> None:
    for line in CASSETTE:
        for message in line["messages"]:
            assert not re.search(r"(?<!<)/\w+/|\w:\\|0x[0-9a-f]{6}|dtype", message["content"])
    assert len({line["messages"][0]["content"] for line in CASSETTE}) == 1


@pytest.fixture
def own_cassette(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the recording that a test may change."""
    path = tmp_path / "demo.jsonl"
    path.write_text("\n", encoding="utf-8")
    monkeypatch.setattr(demo, "CASSETTE", path)
    return path


def test_recording_anew_gives_the_recording_that_is_there(
    capsys: pytest.CaptureFixture[str], own_cassette: Path
) -> None:
    recorded = [json.dumps(line, ensure_ascii=False) for line in CASSETTE]
    code, text, _ = run_demo(capsys, "--record")
    assert code == 0
    assert own_cassette.read_text(encoding="utf-8").splitlines() == recorded
    assert text.startswith("A replay was asked for, so")


def test_a_number_that_no_cell_printed_cannot_be_recorded(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, own_cassette: Path
) -> None:
    replies = (*demo_replies.REPLIES[:2], "The heaviest weigh 5,077 g.")
    monkeypatch.setattr(demo_replies, "REPLIES", replies)
    code, _, errors = run_demo(capsys, "--record")
    assert code == 1
    assert "states 5,077, which the cell before it has not printed" in errors
    assert own_cassette.read_text(encoding="utf-8") == "\n", "the old recording is lost"
    assert sorted(path.name for path in own_cassette.parent.iterdir()) == ["demo.jsonl"]


# A real model


def ask_server(
    capsys: pytest.CaptureFixture[str], server: ChatServer, replies: list[str]
) -> tuple[int, str, str]:
    server.script(replies)
    return run_demo(capsys, "--model", "qwen", "--base-url", server.base_url)


def test_a_model_on_a_server_of_ones_own(
    capsys: pytest.CaptureFixture[str], chat_server: ChatServer
) -> None:
    code, text, errors = ask_server(capsys, chat_server, list(demo_replies.REPLIES))
    assert (code, errors) == (0, "")
    assert text.startswith("The replies come from OpenAIServerModel('qwen', ")
    assert "recording" not in text
    assert "What the model made, checked by the host" in text
    assert [request.body["model"] for request in chat_server.requests()] == ["qwen"] * 8


Change = Callable[[list[str]], None]


def replace(old: str, new: str) -> Change:
    def change(replies: list[str]) -> None:
        assert any(old in reply for reply in replies)
        replies[:] = [reply.replace(old, new) for reply in replies]

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            replace('summary["mass_lb"] = [', 'summary["mass_lb"] = [2 * '),
            (
                "✗ `summary.mass_lb` is right: Adelie 8.15856, Chinstrap 8.23005, Gentoo 11.1907: "
                "no, it is Gentoo 22.3814, Chinstrap 16.4601, Adelie 16.3171"
            ),
        ),
        (replace("mass_lb", "pounds"), "✗ `summary.mass_lb` is right"),
        (replace("summary", "table"), "✗ `summary` came out as a pandas DataFrame: no, it is None"),
        (replace("summary = (", "summary = str("), "it is str"),
        (replace("correlation =", "r = correlation = 1 -"), "✗ `correlation` is right"),
        (replace("figure, axes", "figure_1, axes"), "✗ `figure` came out as a matplotlib Figure"),
        (replace("Gentoo penguins", "Adelie penguins"), "✗ the first answer names Gentoo"),
        (
            replace("measured = penguins", "penguins = penguins.copy()\nmeasured = penguins"),
            "✗ `penguins` in the runtime is the very object",
        ),
    ],
)
def test_wrong_work_of_a_model_is_found(
    capsys: pytest.CaptureFixture[str], chat_server: ChatServer, change: Change, told: str
) -> None:
    replies = list(demo_replies.REPLIES)
    change(replies)
    code, text, errors = ask_server(capsys, chat_server, replies + ["Done."] * 20)
    assert code == 1
    assert told in text
    assert "failed; see above" in errors


def test_a_model_that_cannot_be_reached_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--model", "qwen", "--base-url", "http://127.0.0.1:1/v1"]
    code, _, errors = run_demo(capsys, *arguments)
    assert code == 1
    assert errors.startswith("cave-agent: No connection to qwen")
    assert errors.count("\n") == 1


@pytest.mark.skipif(find_spec("openai") is None, reason="the openai extra is not installed")
def test_a_key_in_the_environment_is_used(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    code, text, errors = run_demo(capsys)
    assert code == 1
    assert text.startswith(f"The replies come from OpenAIServerModel('{demo.DEFAULT_MODEL}')")
    assert "about to send a real request" in errors
    assert "sk-secret" not in text + errors


def test_a_key_for_a_server_without_a_model_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    code, text, _ = run_demo(capsys)
    assert code == 0
    assert text.startswith("OPENAI_API_KEY is set, but OPENAI_BASE_URL is too, and no --model")
    assert "replayed from a recording" in text


@pytest.mark.parametrize("arguments", [["--replay"], []])
def test_a_key_does_not_stand_in_the_way_of_a_replay(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    if not arguments:
        monkeypatch.setitem(sys.modules, "openai", None)
    code, text, _ = run_demo(capsys, *arguments)
    assert code == 0
    assert "replayed from a recording" in text
    assert ("pip install 'cave-agent[openai]'" in text) == (not arguments)
