"""Ordinary cells and escapes, which are always counted together."""

from tests.security.corpus import (
    benign_classes,
    benign_idioms,
    benign_instruments,
    benign_language,
    benign_numbers,
    benign_surroundings,
    benign_tables,
    benign_text,
    escapes_afterwards,
    escapes_attributes,
    escapes_code,
    escapes_evaluated,
    escapes_files,
    escapes_formats,
    escapes_frames,
    escapes_host,
    escapes_interpreter,
    escapes_libraries,
    escapes_memory,
    escapes_modules,
    escapes_names,
    escapes_programs,
    escapes_protocols,
    escapes_tampering,
    escapes_texts,
    escapes_tools,
    escapes_triggers,
)
from tests.security.corpus.records import Benign, Cell, Escape, Goal

BENIGN: tuple[Benign, ...] = (
    *benign_tables.CELLS,
    *benign_numbers.CELLS,
    *benign_text.CELLS,
    *benign_language.CELLS,
    *benign_classes.CELLS,
    *benign_idioms.CELLS,
    *benign_instruments.CELLS,
    *benign_surroundings.CELLS,
)
ESCAPES: tuple[Escape, ...] = (
    *escapes_names.CELLS,
    *escapes_modules.CELLS,
    *escapes_tools.CELLS,
    *escapes_formats.CELLS,
    *escapes_attributes.CELLS,
    *escapes_triggers.CELLS,
    *escapes_evaluated.CELLS,
    *escapes_texts.CELLS,
    *escapes_code.CELLS,
    *escapes_libraries.CELLS,
    *escapes_protocols.CELLS,
    *escapes_frames.CELLS,
    *escapes_interpreter.CELLS,
    *escapes_memory.CELLS,
    *escapes_files.CELLS,
    *escapes_programs.CELLS,
    *escapes_host.CELLS,
    *escapes_tampering.CELLS,
    *escapes_afterwards.CELLS,
)
SAMPLE = ESCAPES[::4]
"""Some escapes of each technique, which take less time than all."""

__all__ = ["BENIGN", "ESCAPES", "SAMPLE", "Benign", "Cell", "Escape", "Goal"]
