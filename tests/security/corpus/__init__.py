"""Ordinary cells and escapes, which are always counted together."""

from tests.security.corpus.benign_classes import CLASSES
from tests.security.corpus.benign_language import LANGUAGE
from tests.security.corpus.benign_numbers import NUMBERS
from tests.security.corpus.benign_surroundings import SURROUNDINGS
from tests.security.corpus.benign_tables import TABLES
from tests.security.corpus.benign_text import TEXT
from tests.security.corpus.records import Benign, Cell, Escape, Goal

BENIGN: tuple[Benign, ...] = (*TABLES, *NUMBERS, *TEXT, *LANGUAGE, *CLASSES, *SURROUNDINGS)

__all__ = ["BENIGN", "Benign", "Cell", "Escape", "Goal"]
