"""Count the tokens of an agent's conversations, by four ways of acting."""

import argparse
import dataclasses
import sys

from rich.console import Console

from benchmarks.tokens import report
from benchmarks.tokens.gold import GoldSet
from benchmarks.tokens.measure import measure
from benchmarks.tokens.sets.assistant import ASSISTANT
from benchmarks.tokens.sets.desk import DESK
from benchmarks.tokens.sets.home import HOME
from benchmarks.tokens.sets.sales import ORDERS_TURN, SALES

NOTHING_HANDED_OVER = dataclasses.replace(
    SALES,
    name="sales-five",
    title="Data task, no table handed over",
    conversations=(SALES.conversations[0][:-1],),
)
ORDERS_HANDED_OVER = dataclasses.replace(
    SALES,
    name="sales-orders",
    title="Data task, the table of orders handed over",
    conversations=((*SALES.conversations[0][:-1], ORDERS_TURN),),
)
WIDTH = 150
"""Columns that a table needs."""

SETS: tuple[GoldSet, ...] = (
    HOME,
    DESK,
    ASSISTANT,
    SALES,
    ORDERS_HANDED_OVER,
    NOTHING_HANDED_OVER,
)


def main() -> int:
    """Measure the sets, show them, and write them into benchmarks/README.md."""
    names = [gold.name for gold in SETS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tokens", description=__doc__)
    parser.add_argument("--only", choices=names, help="one set, which is shown and not written")
    only = parser.parse_args().only
    console = Console(width=max(Console().width, WIDTH))
    shown: list[report.Section] = []
    for gold in SETS:
        if only in (None, gold.name):
            shown += report.sections(gold, measure(gold))
    for section in shown:
        report.draw(section, console)
    if only is None:
        report.write(shown)
    return 0


if __name__ == "__main__":
    sys.exit(main())
