"""The table of the corpora: what it counts and what it lists."""

from pathlib import Path

import pytest

from tests.security import table
from tests.security.corpus import Benign, Cell, Escape, Goal
from tests.security.jobs import Job, Run, Status

ORDINARY = [Benign("add", "1 + 1"), Benign("read", "read()")]
ATTACKS = [
    Escape("open", "files", Goal.READ_FILE, "open()"),
    Escape("frame", "frames", Goal.READ_HOST, "frame"),
    Escape("crash", "frames", Goal.READ_HOST, "crash"),
]


def run(cell: Cell, *, reached: bool, status: Status = Status.COMPLETED) -> Run:
    return Run(Job("factory", cell), status, reached, "", "", "")


CELLS: list[Cell] = [*ORDINARY, *ATTACKS]
MEASURED = {
    "unprotected": [run(cell, reached=True) for cell in CELLS],
    "strict": [
        run(ORDINARY[0], reached=True),
        run(ORDINARY[1], reached=False),
        run(ATTACKS[0], reached=False),
        run(ATTACKS[1], reached=True),
        run(ATTACKS[2], reached=False, status=Status.CRASHED),
    ],
}


def test_the_table_counts_and_lists() -> None:
    assert (
        table.render(MEASURED)
        == """\
| rules | ordinary cells that pass | escapes that are stopped |
|---|---|---|
| unprotected | 2 of 2 | 0 of 3 |
| strict | 1 of 2 | 1 of 3 |

| escapes stopped, by technique | cells | unprotected | strict |
|---|---|---|---|
| files | 1 | 0 | 1 |
| frames | 2 | 0 | 0 |

Ordinary cells that `strict` refuses: `read`.

Escapes that `strict` lets through:

- frames: `frame`, `crash` (crashed)
"""
    )


def test_the_table_says_none() -> None:
    text = table.render(
        {"strict": [run(ORDINARY[0], reached=True), run(ATTACKS[0], reached=False)]}
    )
    assert "Ordinary cells that `strict` refuses: none." in text
    assert "Escapes that `strict` lets through: none." in text


def test_the_table_goes_between_the_markers() -> None:
    page = f"# Security\n\n{table.BEGIN}\nold\n{table.END}\n\nMore.\n"
    written = table.splice(page, "new\n")
    assert written == f"# Security\n\n{table.BEGIN}\n\nnew\n\n{table.END}\n\nMore.\n"
    assert table.splice(written, "new\n") == written


@pytest.mark.parametrize("page", ["no markers", f"{table.END}\n{table.BEGIN}"])
def test_a_page_without_markers_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="security table: begin"):
        table.splice(page, "new")


def test_there_must_be_a_page_to_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        table.main(["--write"], tmp_path / "security.md")
    assert "is not there" in capsys.readouterr().err
