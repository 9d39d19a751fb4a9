"""The command ``skypay-payout``: try the library, check bodies, decrypt and encrypt them, check an endpoint,
manage a store.

Exit status: 0 all valid, 1 something was not, 2 usage error; by the shells' convention, 130 interrupted, 141
the reader of the output went away.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper
from typing import Any

from .. import __version__
from . import check, conformance, demo, encryption, send, settings, store
from .terminal import UsageError, note

_MODULES = (demo, check, encryption, send, conformance, store)


class _Parser(ArgumentParser):
    """One whose options are written out: a new one must not change what an abbreviation means."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.allow_abbrev = False


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments, or with the program's, and return the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # Chinese on an ASCII terminal is shown escaped
    try:
        status = _run(argv)
        print(end="", flush=True)  # here, where a closed pipe can still be reported
    except UsageError as error:
        return _ended(2, str(error))
    except KeyboardInterrupt:
        return _ended(130, "interrupted")
    except OSError as error:
        _drop_output()
        if isinstance(error, BrokenPipeError):
            return _ended(141, "the output was closed before everything was written")
        return _ended(2, f"cannot read or write: {error.strerror or error}")
    return status


def _drop_output() -> None:
    """Drop what is still buffered, or it would fail again when the interpreter ends."""
    with suppress(AttributeError, OSError):  # there may be no output at all
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(argv: Sequence[str] | None) -> int:
    parser = _Parser(
        "skypay-payout",
        description="Receive SkyPay's payout callback (payoutQueuePayout).",
        epilog=settings.HELP,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for module in _MODULES:
        module.add_to(subparsers)
    try:
        args = parser.parse_args(argv)
    except SystemExit as end:
        return int(end.code or 0)
    return int(args.run(args))


def _ended(status: int, message: str) -> int:
    note(message)
    return status
