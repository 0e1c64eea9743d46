"""Finding things by words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cave_agent.finding import matches

ENTRIES = [
    ("csv", "Reads tables from files, also from PDF."),
    ("pdf-forms", "Fills in forms."),
    ("pdf_tables", "Extracts a table."),
    ("transform", "Turns things into others."),
    ("Überweisung", "Überweist Geld. 表格数据"),
]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("form", ["pdf-forms", "transform"]),  # a whole word before a part of one
        ("tables", ["pdf_tables", "csv"]),  # the name before the text
        ("TABLE pdf", ["pdf_tables", "csv"]),  # all words, in any order and case
        ("extract tables by pdf", ["pdf_tables", "csv", "pdf-forms"]),  # none holds all
        ("geld ÜBERWEISUNGS", ["Überweisung"]),
        ("表格", ["Überweisung"]),
        ("nothing-of-it", []),
    ],
)
def test_the_best_come_first(query: str, names: list[str]) -> None:
    assert matches(query, ENTRIES) == names


def test_without_words_everything_is_meant() -> None:
    assert matches(" - ", ENTRIES) == [name for name, _ in ENTRIES]


@settings(max_examples=50)
@given(
    query=st.text(max_size=30),
    entries=st.lists(st.tuples(st.text(max_size=10), st.text(max_size=30)), max_size=8),
)
def test_any_text_is_fine(query: str, entries: list[tuple[str, str]]) -> None:
    found = matches(query, entries)
    assert len(found) <= len(entries)
    assert set(found) <= {name for name, _ in entries}
    for name, text in entries:
        for word in text.split()[:1]:
            if word.isalnum():
                assert name in matches(word, entries)
