"""The option ``--stored``: the events that a command of the user's prints."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from tempfile import TemporaryFile
from typing import cast

SECONDS = 30.0
"""How long the command may take."""
_LINE = 1024 * 1024
"""Bytes of one event."""


def events(command: str) -> Iterator[Mapping[str, object]]:
    """Yield each event that the command prints, one JSON object a line.

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
            raise ValueError(f"expected the command of --stored to end within {SECONDS:.0f} s") from None
        finally:
            with suppress(OSError, AttributeError):  # Windows has no process groups
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            process.wait()
        if status:
            raise ValueError(f"the command of --stored ended with status {status}")
        output.seek(0)
        number = 0
        while line := output.readline(_LINE):
            number += 1
            if line.strip():
                yield _event(line, number)


def _event(line: bytes, number: int) -> Mapping[str, object]:
    try:
        value: object = json.loads(line)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict):
        return cast("dict[str, object]", value)
    raise ValueError(f"expected a JSON object in line {number} of what --stored prints, got something else")
