"""``python -m tests.benchmarks``: measure everything, show it, and keep it for the documentation."""

from __future__ import annotations

import json
import subprocess
import sys
from argparse import ArgumentParser

from attrs import frozen

from .figures import FILE, ROOT, Figures, circumstances, summarised, write
from .report import tables
from .requests import request_times
from .starts import start_times


@frozen
class Scale:
    """How much a run does."""

    processes: int = 3
    """Fresh processes that time calls, since no two lay out their memory alike."""
    rounds: int = 30
    """In each of these processes, of starts and of requests; in every round each subject has its turn."""
    seconds: float = 0.004
    """How long a turn is, at least."""
    requests: int = 100
    """To each endpoint in each round."""


QUICK = Scale(processes=1, rounds=7, seconds=0.002)
"""For a first look."""


def measured(scale: Scale) -> Figures:
    """Everything, on this machine."""
    about = circumstances(
        f"{scale.rounds} of starts and requests ({scale.requests} requests each), "
        f"{scale.processes} processes of {scale.rounds} of calls"
    )
    _tell("stores")
    command = [sys.executable, "-m", "tests.benchmarks.stores"] + ["--quick"] * (scale.processes == 1)
    process = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)  # noqa: S603
    stores = json.loads(process.stdout)
    _tell("requests")
    times = request_times(scale.rounds, scale.requests)
    _tell("cold starts")
    times["start"] = start_times(scale.rounds)
    for number in range(scale.processes):
        _tell(f"calls, process {number + 1} of {scale.processes}")
        command = [sys.executable, "-m", "tests.benchmarks.timing", str(scale.rounds), str(scale.seconds)]
        process = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)  # noqa: S603
        for group, subjects in json.loads(process.stdout).items():
            for name, values in subjects.items():
                times.setdefault(group, {}).setdefault(name, []).extend(values)
    return Figures(about, summarised(times), stores)


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Run the benchmarks."""
    parser = ArgumentParser("python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a first look, which keeps nothing")
    quick: bool = parser.parse_args().quick
    figures = measured(QUICK if quick else Scale())
    if not quick:
        write(figures, FILE)
    print(tables(figures))


if __name__ == "__main__":
    main()
