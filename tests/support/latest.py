"""Keep the figures of the latest whole run, as the documentation shows them."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from subprocess import run


def keep(path: Path, lines: list[str]) -> None:
    """Write the lines to the file, under the date, the commit and the versions that they belong to."""
    git = ["git", "rev-parse", "--short", "HEAD"]
    commit = run(git, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603
    python = sys.version.split()[0]
    head = f"{datetime.now(UTC):%Y-%m-%d}, commit {commit or 'unknown'}, Python {python} on {sys.platform}"
    path.write_text("\n".join([head, "", *lines]) + "\n")
