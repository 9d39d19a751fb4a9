"""How fast a fresh interpreter imports a library, builds its parser or model, and parses one body."""

from __future__ import annotations

import os
import subprocess
import sys
from resource import RUSAGE_CHILDREN, getrusage

from skypay_payout.testing import payload

from .bodies import compact
from .figures import ROOT
from .peers import PEERS


def start_times(rounds: int) -> dict[str, list[float]]:
    """The seconds of CPU above those of a bare interpreter, in each round."""
    body = compact(payload())
    programs = {"": "pass"} | {
        name: f"from tests.benchmarks.peers.{module} import parse; parse({body!r})"
        for name, module in PEERS.items()
    }
    times: dict[str, list[float]] = {name: [] for name in PEERS}
    for program in programs.values():
        _run(program)  # compiles what it imports
    for _ in range(rounds):
        took = {name: _run(program) for name, program in programs.items()}
        for name in PEERS:
            times[name].append(took[name] - took[""])
    return times


def _run(program: str) -> float:
    # Or the modules of this checkout would be compiled at each start, and those that pip installed would not.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environ, check=True)  # noqa: S603
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
