"""The command line itself."""

import io
import subprocess
import sys
from pathlib import Path

import pytest

import cave_agent
from cave_agent.cli.main import main


def test_the_package_can_be_run() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cave_agent", "--version"],
        capture_output=True,
        check=True,
        text=True,
    )
    assert done.stdout == f"cave-agent {cave_agent.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "the following arguments are required: command"),
        (["dance"], "invalid choice: 'dance'"),
        (["demo", "--base-url", "http://127.0.0.1:1/v1"], "--base-url needs --model"),
    ],
)
def test_wrong_arguments_are_told(
    capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert told in capsys.readouterr().err


def test_help_names_the_options_for_users_only(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["demo", "--help"])
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    for option in ("--model", "--base-url", "--api-key", "--replay", "--output"):
        assert option in text
    assert "--record" not in text
    words = " ".join(text.split())
    assert "A model is used where --model or --api-key is given, or where OPENAI_API_KEY" in words


def test_a_missing_package_is_one_line_that_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main(["demo"]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert error.startswith("cave-agent: matplotlib could not be imported")
    assert "pip install 'cave-agent[demo]'" in error


def test_a_directory_that_cannot_be_made_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("matplotlib")
    Path("taken").write_text("a file", encoding="utf-8")
    assert main(["demo", "--output", "taken"]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "'taken'" in error


def test_ctrl_c_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from cave_agent.cli import demo

    def interrupt(options: demo.Options) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "run", interrupt)
    assert main(["demo"]) == 130
    assert capsys.readouterr().err == "cave-agent: interrupted\n"


def test_a_terminal_that_lacks_characters_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("matplotlib")
    data = io.BytesIO()
    stream = io.TextIOWrapper(data, encoding="ascii")
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        assert main(["demo"]) == 0
        stream.flush()
    assert "? `figure` came out as a matplotlib Figure" in data.getvalue().decode("ascii")
