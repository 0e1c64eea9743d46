"""Run one probe on one subject: `python -m benchmarks.subjects MODULE PROBE`; prints JSON."""

import asyncio
import importlib
import json
import os
import sys
from typing import TYPE_CHECKING

from benchmarks.subjects.probes import PROBES

if TYPE_CHECKING:
    from benchmarks.subjects.protocol import Subject


async def measure(module: str, probe: str) -> str:
    """Return the figures and the subject's version as JSON."""
    subject: Subject = importlib.import_module(f"benchmarks.subjects.{module}").make()
    found = await PROBES[probe](subject)
    constant = {row: note for row, note in subject.notes.items() if row.startswith(probe)}
    notes = constant | found.notes
    return json.dumps({"version": subject.version, "values": found.values, "notes": notes})


def main() -> None:
    """Keep standard output for the figures: what a subject draws there goes nowhere."""
    module, probe = sys.argv[1:]
    figures = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.write(figures, asyncio.run(measure(module, probe)).encode())


if __name__ == "__main__":
    main()
