"""To which date, commit and versions the figures of a run belong."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from subprocess import run


def headline() -> str:
    """Return the first line of figures that the documentation shows."""
    git = ["git", "rev-parse", "--short", "HEAD"]
    commit = run(git, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603
    python = sys.version.split()[0]
    return f"{datetime.now(UTC):%Y-%m-%d}, commit {commit or 'unknown'}, Python {python} on {sys.platform}"
