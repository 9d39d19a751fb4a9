"""The options ``--stored``, ``--quarantined`` and ``--statuses``: what commands of the user's print."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from tempfile import TemporaryFile

SECONDS = 30.0
"""How long the command may take."""
_LINE = 1024 * 1024
"""Bytes of one line."""


def values(command: str, option: str) -> Iterator[object]:
    """Yield each JSON value that the command of that option prints, one a line, and other lines as texts.

    Raises ``ValueError`` that says why it cannot.
    """
    # A file and not a pipe: what the command leaves running cannot hold it open.
    with TemporaryFile() as output:
        process = subprocess.Popen(  # noqa: S602  the user's own command, as in a shell
            command, shell=True, stdin=subprocess.DEVNULL, stdout=output, start_new_session=True
        )
        try:
            status = process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            raise ValueError(f"expected the command of {option} to end within {SECONDS:.0f} s") from None
        finally:
            with suppress(OSError, AttributeError):  # Windows has no process groups
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            process.wait()
        if status:
            raise ValueError(f"the command of {option} ended with status {status}")
        output.seek(0)
        while line := output.readline(_LINE):
            if line.strip():
                yield _value(line)


def _value(line: bytes) -> object:
    """Return what the line holds, or the line itself if it is no JSON: the others may still be checked."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return line.decode(errors="backslashreplace").strip()
