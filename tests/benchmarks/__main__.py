"""Run ``python -m tests.benchmarks``: measure everything, show it, and write ``docs/benchmarks/figures.md``.

The suite itself goes to ``.benchmarks/``, named after the commit; ``python -m pyperf compare_to`` compares
two of them.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path

import cattrs

from .figures import ROOT, Figures, Values, collected, read, run_python
from .page import page
from .programs import archives, cold_starts, held_memory
from .scale import QUICK, Scale, full

PAGE = ROOT / "docs" / "benchmarks" / "figures.md"
SUITES = ROOT / ".benchmarks"


def measured(scale: Scale) -> Figures:
    """Everything, on this machine."""
    return collected(scale, lambda: list(_measured(scale)))


def _measured(scale: Scale) -> Iterator[Values]:
    for what, measure in (
        ("cold starts", cold_starts),
        ("memory of callbacks that are held", held_memory),
        ("archives", archives),
    ):
        _tell(what)
        yield measure(scale)
    for number in range(scale.processes):
        _tell(f"timing calls, process {number + 1} of {scale.processes}")
        yield json.loads(run_python("-m", "tests.benchmarks.timing", json.dumps(cattrs.unstructure(scale))))


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Runs the benchmarks, or only writes the page anew."""
    parser = ArgumentParser("python -m tests.benchmarks", description=__doc__)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--quick", action="store_true", help="a first look, which writes no page")
    choice.add_argument(
        "--from", dest="suite", type=Path, help="write the page from a suite of an earlier run"
    )
    arguments = parser.parse_args()
    if arguments.suite:
        figures = read(arguments.suite)
    else:
        figures = measured(QUICK if arguments.quick else full())
        SUITES.mkdir(exist_ok=True)
        figures.dump(SUITES / f"{figures.metadata['git_commit']}.json")
    print(page(figures))
    if not arguments.quick:
        PAGE.write_text(page(figures), "utf-8")


if __name__ == "__main__":
    main()
