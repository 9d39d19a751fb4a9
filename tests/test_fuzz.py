"""The fuzzer's judgement holds for its seeds, and for everything that it ever found."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).parent / "fuzz"
sys.path.insert(0, str(FUZZ))

from judge import JUDGES, seeds  # noqa: E402


@pytest.mark.parametrize("name", JUDGES)
def test_the_seeds_hold(name: str) -> None:
    bodies = list(seeds(name))
    assert len(bodies) > 100
    for seed in bodies:
        JUDGES[name](seed)


def test_what_the_fuzzer_found_holds_now() -> None:
    for path in sorted((FUZZ / "found").glob("*-*")):
        JUDGES[path.name.split("-")[0]](path.read_bytes())
