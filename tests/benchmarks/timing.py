"""Time all groups in this process and print the seconds of CPU per call: ``... timing ROUNDS SECONDS``."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable
from itertools import repeat
from random import Random
from time import process_time

from .subjects import Group, Subject, groups


def interleaved(group: Group, rounds: int, seconds: float) -> dict[str, list[float]]:
    """The seconds of CPU that a call took, in each round.

    All subjects have a turn in every round, in an order that changes, so that whatever else the machine does
    hits all of them alike.

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
    start = process_time()
    for _ in repeat(None, loops):
        call()
    return process_time() - start


def _loops(name: str, subject: Subject, seconds: float) -> int:
    if not subject.is_right(subject.call()):
        raise AssertionError(f"{name} does not give what it should")
    loops, took = 1, _turn(subject.call, 1)
    while took < seconds:
        loops = max(2 * loops, int(loops * seconds / max(took, 1e-9)))
        took = _turn(subject.call, loops)
    return loops


if __name__ == "__main__":
    rounds, seconds = int(sys.argv[1]), float(sys.argv[2])
    json.dump({name: interleaved(make(), rounds, seconds) for name, make in groups().items()}, sys.stdout)
