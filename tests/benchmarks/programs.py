"""What is measured of whole programs: how fast they start, what they hold, what an archive takes."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import perf_counter

import psutil

from .figures import Values, run_python
from .holding import body
from .peers import AUTHENTICATION, USER_NAME
from .scale import Scale

PEERS = {"skypay-payout": "by_skypay_payout", "pydantic": "by_pydantic", "msgspec": "by_msgspec"}


def cold_starts(scale: Scale) -> Values:
    """Seconds from nothing to one parsed body, in a fresh interpreter."""
    programs = {"start: bare": "pass"} | {
        f"start: {name}": f"from tests.benchmarks.peers.{module} import parse; parse({body(0)!r})"
        for name, module in PEERS.items()
    }
    times: dict[str, list[float]] = {name: [] for name in programs}
    for program in programs.values():
        run_python("-c", program)  # compiles what it imports
    for _ in range(scale.starts):
        for name, program in programs.items():
            start = perf_counter()
            run_python("-c", program)
            times[name].append(perf_counter() - start)
    return times


def held_memory(scale: Scale) -> Values:
    """Bytes for each callback that is held."""
    memory: dict[str, list[float]] = {f"held memory: {name}": [] for name in PEERS}
    for _ in range(scale.holders):
        for name, module in PEERS.items():
            grown = int(run_python("-m", "tests.benchmarks.holding", module, str(scale.held)))
            # A process that holds next to nothing may not have grown at all.
            memory[f"held memory: {name}"].append(max(grown, 1) / scale.held)
    return memory


JOBS = {"one process": 1, "all cores": os.cpu_count() or 1}


def archives(scale: Scale) -> Values:
    """Seconds a body that ``skypay-payout check --lines`` takes, and the most memory it had, in bytes."""
    values: dict[str, list[float]] = {}
    with TemporaryDirectory() as directory:
        sizes = {"small": scale.bodies // 10, "large": scale.bodies}
        for name, count in sizes.items():
            with open(Path(directory, name), "wb") as file:
                file.writelines(body(number) + b"\n" for number in range(count))
        for _ in range(scale.archive_rounds):
            for name, count in sizes.items():
                for how, processes in JOBS.items():
                    seconds, memory = _check(Path(directory, name), count, processes)
                    values.setdefault(f"archive: {name}, {how}", []).append(seconds / count)
                    values.setdefault(f"archive memory: {name}, {how}", []).append(memory)
    return values


def _check(archive: Path, count: int, processes: int) -> tuple[float, int]:
    settings = {"SKYPAY_USER_NAME": USER_NAME, "SKYPAY_AUTHENTICATION": AUTHENTICATION}
    command = ["-m", "skypay_payout", "check", "--lines", "--jobs", str(processes), str(archive)]
    with _peak_memory() as peak:
        start = perf_counter()
        summary = run_python(*command, **settings)
        seconds = perf_counter() - start
    if f"{count:,} accepted, 0 refused" not in summary:
        raise AssertionError(f"the archive was not accepted: {summary}")
    return seconds, peak[0]


@contextmanager
def _peak_memory() -> Generator[list[int]]:
    """The most bytes that the processes started meanwhile had together."""
    peak, ended = [1], Event()

    def watch() -> None:
        this = psutil.Process()
        while True:
            total = 0
            for process in this.children(recursive=True):
                with suppress(psutil.Error):
                    # Until it runs a program of its own, a new process has this one's memory.
                    if process.cmdline() != this.cmdline():
                        total += process.memory_info().rss
            peak[0] = max(peak[0], total)
            if ended.wait(0.1):
                return

    watcher = Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        ended.set()
        watcher.join()
