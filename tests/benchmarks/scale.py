"""How much a run does."""

from __future__ import annotations

import os

from attrs import frozen


@frozen
class Scale:
    """How often, how long and how large. Every figure of the full scale is a median of many rounds."""

    processes: int = 5
    """Fresh processes that time what takes microseconds, since no two lay out their memory alike."""
    rounds: int = 80
    """In each of these processes; in every round each subject has its turn."""
    seconds: float = 0.005
    """How long a turn is, at least."""
    hostile_sizes: tuple[int, int, int] = (65_536, 1_000_000, 10_000_000)
    """Bytes; the first is the default ``max_body_size``."""
    hostile_rounds: tuple[int, int, int] = (15, 5, 1)
    """Instead of ``rounds``, for bodies of these sizes."""
    starts: int = 30
    """Fresh interpreters for each subject."""
    held: int = 100_000
    """Callbacks that are held in memory at once."""
    holders: int = 3
    """Fresh processes for each subject that hold them."""
    bodies: int = 1_000_000
    """In the large archive; the small one has a tenth."""
    archive_rounds: int = 3


SMOKE = Scale(
    processes=1,
    rounds=1,
    seconds=0,
    hostile_sizes=(8_000, 9_000, 10_000),
    hostile_rounds=(1, 1, 1),
    starts=1,
    held=100,
    holders=1,
    bodies=100,
    archive_rounds=1,
)
"""Everything once, small: to see that it works. Its figures mean nothing."""

QUICK = Scale(
    processes=2,
    rounds=20,
    hostile_rounds=(3, 2, 1),
    starts=10,
    bodies=50_000,
    archive_rounds=1,
)
"""For a first look, in about a minute."""


def full() -> Scale:
    """The scale of the published figures; ``SKYPAY_BENCH_BODIES`` sets the size of the archive."""
    return Scale(bodies=int(os.environ.get("SKYPAY_BENCH_BODIES", Scale().bodies)))
