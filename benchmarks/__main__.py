"""Compare cave-agent with bare Python and two peers in one run."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import report
from benchmarks.catalog import OURS, PROBES, SUBJECTS
from benchmarks.environments import NotInstalledError, prepare
from benchmarks.harness import Results, measure_all, progress


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options."""
    names = [plan.name for plan in SUBJECTS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", default=",".join(PROBES), help="some of: %(default)s")
    parser.add_argument("--subjects", default=",".join(names), help="some of: %(default)s")
    parser.add_argument(
        "--write", action="store_true", help="put the results into benchmarks/README.md"
    )
    options = parser.parse_args(arguments)
    options.only = options.only.split(",")
    options.subjects = options.subjects.split(",")
    for chosen, known in ((options.only, list(PROBES)), (options.subjects, names)):
        if unknown := set(chosen) - set(known):
            parser.error(f"unknown: {', '.join(sorted(unknown))}; choose from {', '.join(known)}")
        if options.write and set(chosen) != set(known):
            parser.error("--write needs the whole run: leave out --only and --subjects")
    return options


def main() -> int:
    """Make the venvs, measure, show the table; fail if this checkout could not be measured."""
    options = parse(sys.argv[1:])
    plans = [plan for plan in SUBJECTS if plan.name in options.subjects]
    results = {plan.name: Results() for plan in plans}
    interpreters = {}
    with tempfile.TemporaryDirectory() as scratch:
        for plan in plans:
            progress(f"preparing {plan.name}")
            try:
                interpreters[plan] = prepare(plan, Path(scratch))
            except NotInstalledError as error:
                results[plan.name].missing = dict.fromkeys(options.only, str(error))
        measure_all(interpreters, tuple(options.only), results, progress)
    text = report.render(plans, options.only, results)
    sys.stdout.write(text)
    ours = results.get(OURS.name, Results())
    if options.write and not ours.missing:
        report.write(text)
    return 1 if ours.missing else 0


if __name__ == "__main__":
    sys.exit(main())
