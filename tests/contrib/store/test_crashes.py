"""A process that is killed at any step loses nothing, and does nothing twice inside a transaction."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.contrib.killed import Site
from tests.support.databases import Database

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]


def test_a_process_killed_at_any_step_loses_nothing_and_does_nothing_twice(
    library: str, database: Database, tmp_path: Path
) -> None:
    site = Site(library, database, tmp_path)
    first = {"sqlite": 1, "postgresql": 4, "mysql": 7}[database.url.partition(":")[0].partition("+")[0]]
    site.kill(first, stride=9)  # on each database at other steps; the program does it at every one
    found = site.check()
    assert isinstance(found["kills"], int)
    assert found["kills"] >= 6
