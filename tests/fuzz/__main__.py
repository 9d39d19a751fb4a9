"""Fuzz the parser with plain and with encrypted bodies, for FUZZ_SECONDS each, and report what was reached.

What it learned is kept in .fuzz_cache, so that the next run goes on from there. An input that breaks a rule
is left in tests/fuzz/found, where the tests pick it up.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import coverage

HERE = Path(__file__).parent
FOUND = HERE / "found"
CORE = [
    "_acknowledgement",
    "_callback",
    "_control_number",
    "_credentials",
    "_errors",
    "_fields",
    "_formatting",
    "_json",
    "_parser",
    "_results",
    "_times",
    "encryption",
]


def fuzz(name: str, seconds: int) -> str:
    """What one run reached, in a line; empty where something was found."""
    corpus = Path(".fuzz_cache", name)
    command = [sys.executable, "-m", "tests.fuzz.one", name, f"-max_total_time={seconds}", "-max_len=6000"]
    command += [f"-dict={HERE / 'json.dict'}", f"-artifact_prefix={FOUND}{os.sep}{name}-"]
    command += ["-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1", "-verbosity=1", str(corpus)]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, errors="replace", check=False)  # noqa: S603
    executions = re.search(r"number_of_executed_units: (\d+)", done.stderr)
    edges = re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)", done.stderr)
    if done.returncode or not executions or not edges:
        print(done.stderr[-4000:])
        print(f"{name}: stopped with {done.returncode}; the input is in {FOUND}")
        return ""
    cov, features, kept = edges[-1]
    return (
        f"{name}: {int(executions[1]):,} executions in {seconds} s, nothing found\n"
        f"    {cov} edges and {features} features reached, {kept} inputs kept,\n"
        f"    which execute {reached(name, corpus):.1f} % of the core's lines and branches"
    )


def reached(name: str, corpus: Path) -> float:
    """How much of the core's lines and branches the kept inputs execute, in per cent."""
    measured = coverage.Coverage(
        branch=True,
        include=[f"skypay_payout/{module}.py" for module in CORE],
        data_file=None,
        config_file=False,
    )
    measured.start()
    for module in [one for one in sys.modules if one.split(".")[0] in ("skypay_payout", "tests")]:
        del sys.modules[module]
    from tests.fuzz.targets import TARGETS

    for path in corpus.iterdir():
        TARGETS[name](path.read_bytes())
    measured.stop()
    with open(os.devnull, "w") as nowhere:
        return measured.report(file=nowhere)


def main() -> int:
    seconds = int(os.environ.get("FUZZ_SECONDS", "300"))
    FOUND.mkdir(exist_ok=True)
    for name in ("plain", "encrypted"):  # before ``reached`` imports the package anew
        corpus = Path(".fuzz_cache", name)
        corpus.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(seeds(name)):
            (corpus / f"seed-{number:03}").write_bytes(seed)
    lines = [fuzz(name, seconds) for name in ("plain", "encrypted")]
    if not all(lines):
        return 1
    print(headline(), "", *lines, sep="\n")
    return 0


if __name__ == "__main__":
    from tests.fuzz.targets import seeds
    from tests.support.latest import headline

    sys.exit(main())
