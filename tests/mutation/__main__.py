"""Change the package in every small way that mutmut knows, in parallel, and see that a test fails each time.

``python -m tests.mutation [--all | PATTERN...]`` tries the mutants of the modules that differ from
origin/main, all mutants, or those whose names match. Those of contrib that survive the tests on SQLite meet
all of contrib's tests, with the servers. It succeeds when at least 98 of 100 are killed and each survivor is
one that ``equivalent.toml`` explains.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from contextlib import suppress
from functools import cache
from pathlib import Path

from tests.support.latest import headline

HERE = Path(__file__).parent

ENOUGH = 98
KILLED = {"killed", "timeout"}
NOT_RUN = 255
"""The exit status of a mutant's process in which pytest did not even start; mutmut calls it a timeout."""


def mutmut(*arguments: str) -> str:
    command = [sys.executable, "-m", "mutmut", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603


def change(mutant: str) -> tuple[str, str]:
    """What the mutant takes out and what it puts in its place."""
    lines = [line for line in mutmut("show", mutant).splitlines() if not line.startswith(("---", "+++", "#"))]
    return tuple(  # type: ignore[return-value]
        " ".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+"
    )


def not_run() -> set[str]:
    """The mutants of which nothing is known."""
    return {
        mutant
        for meta in Path("mutants").rglob("*.meta")
        for mutant, status in json.loads(meta.read_text())["exit_code_by_key"].items()
        if status == NOT_RUN
    }


def passes_with_servers(library: str, mutant: str = "") -> bool:
    """Return whether the library's tests pass, with the servers, in five minutes: a mutant may hang."""
    tests = ["tests/contrib", "-k", f"{library} and not pure_core"]
    run = [sys.executable, "-m", "pytest", "-qx", "-n", "4", "--dist", "loadgroup", *tests]
    environ = os.environ | {"MUTANT_UNDER_TEST": mutant}
    with suppress(subprocess.TimeoutExpired):
        done = subprocess.run(run, cwd="mutants", env=environ, stdout=subprocess.DEVNULL, timeout=300)  # noqa: S603
        return done.returncode == 0
    return False


def changed() -> list[str]:
    """The patterns of the modules that differ from where this branch left origin/main."""
    git = ["git", "diff", "--name-only", "--merge-base", "origin/main", "--", "skypay_payout"]
    names = subprocess.run(git, check=True, capture_output=True, text=True).stdout.split()  # noqa: S603
    return [name.removesuffix(".py").replace("/", ".") + ".*" for name in names if name.endswith(".py")]


def main() -> int:
    arguments = sys.argv[1:]
    patterns = [] if arguments == ["--all"] else arguments or changed()
    if not patterns and not arguments:
        print("no module differs from origin/main")
        return 0
    run = [sys.executable, "-m", "mutmut", "run", *patterns]
    subprocess.run(run, check=True, stdout=sys.stderr)  # noqa: S603
    results = dict(
        line.strip().split(": ") for line in mutmut("results", "--all", "true").splitlines() if ": " in line
    )
    named = {
        (one["module"], one["was"], one.get("becomes")): one["why"]
        for one in tomllib.loads((HERE / "equivalent.toml").read_text())["equivalent"]
    }
    unknown = not_run()
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    unexplained: list[str] = []
    servers_work = cache(passes_with_servers)  # without a mutant, or its result would mean nothing
    met: set[tuple[str, str, str | None]] = set()
    for mutant, result in results.items():
        if result == "not checked" and patterns:
            continue
        module = mutant.removeprefix("skypay_payout.").rpartition(".")[0]
        counts[module]["mutants"] += 1
        if result in KILLED and mutant not in unknown:
            counts[module]["killed"] += 1
            continue
        key = (module, *change(mutant))
        if explained := named.keys() & {key, (*key[:2], None)}:
            counts[module]["equivalent"] += 1
            met |= explained
        elif (
            module.startswith("contrib.")
            and servers_work(library := module.split(".")[1])
            and not passes_with_servers(library, mutant)
        ):
            counts[module]["killed"] += 1
        else:
            counts[module]["survived"] += 1
            unexplained.append(f"{mutant}: {result}\n  - {key[1]}\n  + {key[2]}")
    columns = ("mutants", "killed", "equivalent", "survived")
    counts["all"] = sum(counts.values(), Counter())
    killed = 100 * counts["all"]["killed"] / counts["all"]["mutants"]
    table = [
        headline(),
        "",
        f"{killed:.1f} % killed",
        "",
        f"{'module':24}" + "".join(f"{column:>12}" for column in columns),
    ]
    for module, count in counts.items():
        table.append(f"{module:24}" + "".join(f"{count[column]:12}" for column in columns))
    print(*table, *unexplained, sep="\n")
    if not patterns:
        for key in named.keys() - met:
            print(f"no longer a survivor, remove it from equivalent.toml: {key}")
            unexplained.append("")
    return 0 if killed >= ENOUGH and not unexplained else 1


if __name__ == "__main__":
    sys.exit(main())
