"""Times all groups in this process and prints the seconds per call as JSON: ``... timing SCALE``."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable
from functools import partial
from itertools import repeat
from random import Random
from time import perf_counter

import cattrs

from . import subjects
from .scale import Scale
from .subjects import Group, Subject


def interleaved(group: Group, rounds: int, seconds: float) -> dict[str, list[float]]:
    """The seconds that a call took, in each round. All subjects have a turn in every round, in an order that
    changes, so that whatever else the machine does hits all of them alike.

    Raises ``AssertionError`` if a subject does not do its job.
    """
    loops = {name: _loops(name, subject, seconds) for name, subject in group.items()}
    times: dict[str, list[float]] = {name: [] for name in group}
    order, shuffle = list(group), Random(0).shuffle  # noqa: S311
    # What is there now is not collected again and again while others are timed.
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        shuffle(order)
        for name in order:
            times[name].append(_turn(group[name].call, loops[name]) / loops[name])
    gc.unfreeze()
    return times


def _turn(call: Callable[[], object], loops: int) -> float:
    start = perf_counter()
    for _ in repeat(None, loops):
        call()
    return perf_counter() - start


def _loops(name: str, subject: Subject, seconds: float) -> int:
    start = perf_counter()
    result = subject.call()
    took = perf_counter() - start
    if not subject.is_right(result):
        raise AssertionError(f"{name} does not give what it should")
    loops = 1
    while took < seconds:
        loops = max(2 * loops, int(loops * seconds / max(took, 1e-9)))
        took = _turn(subject.call, loops)
    return loops


def all_groups(scale: Scale) -> dict[str, list[float]]:
    """The seconds per call of every subject of every group, under ``group: subject``."""
    groups: dict[str, tuple[Callable[[], Group], int]] = {
        "parse": (subjects.parsing, scale.rounds),
        "answer": (subjects.answering, scale.rounds),
        "refuse": (subjects.refusing, scale.rounds),
        "grow": (subjects.growing, scale.rounds),
        "accounts": (subjects.several_accounts, scale.rounds),
    } | {
        f"bounds {size}": (partial(subjects.bounds, size), rounds)
        for size, rounds in zip(scale.hostile_sizes, scale.hostile_rounds, strict=True)
    }
    smallest, rounds = scale.hostile_sizes[0], scale.hostile_rounds[0]
    groups["secret"] = (partial(subjects.only_unauthenticated, smallest), rounds)
    return {
        f"{group}: {name}": times
        for group, (make, rounds) in groups.items()
        for name, times in interleaved(make(), rounds, scale.seconds).items()
    }


if __name__ == "__main__":
    json.dump(all_groups(cattrs.structure(json.loads(sys.argv[1]), Scale)), sys.stdout)
