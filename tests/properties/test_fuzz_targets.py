"""What the fuzzer checks holds for its seeds, and for everything that it ever found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS, seeds

FOUND = Path(__file__).parents[1] / "fuzz" / "found"


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_hold(name: str) -> None:
    bodies = list(seeds(name))
    assert len(bodies) > 100
    for seed in bodies:
        TARGETS[name](seed)


@pytest.mark.parametrize("path", sorted(FOUND.glob("*-*")), ids=lambda path: path.name)
def test_what_the_fuzzer_found_holds_now(path: Path) -> None:
    TARGETS[path.name.split("-")[0]](path.read_bytes())
