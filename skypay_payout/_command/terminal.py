"""Read the user's files, and write text that is safe to show on a terminal."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from io import BufferedReader, FileIO
from shutil import get_terminal_size
from textwrap import fill
from typing import TypeAlias
from unicodedata import category

from .._callback import PayoutCallback
from .._errors import CallbackError, InvalidCallbackError

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # pyright: ignore[reportPrivateUsage]
"""What a subcommand's ``add_to`` takes."""

BUFFER = 256 * 1024
"""Bytes that are read at a time."""


class UsageError(Exception):
    """Report wrong use of the command. The message is one line that says what to do; the exit status is 2."""


@contextmanager
def opened(name: str) -> Generator[BufferedReader]:
    """Open the file to read, or standard input for ``-``. Raises ``UsageError`` if it cannot be opened."""
    try:
        file: BufferedReader = BufferedReader(FileIO(0 if name == "-" else name, closefd=name != "-"), BUFFER)
    except OSError as error:
        raise UsageError(f"cannot open {printable(name)}: {error.strerror}") from None
    with file:
        yield file


def note(message: str) -> None:
    """Tell the user something that is not output: on standard error, if there is one."""
    if sys.stderr is not None:  # pyright: ignore[reportUnnecessaryComparison]
        with suppress(OSError):
            print(f"skypay-payout: {message}", file=sys.stderr)


def printable(text: str) -> str:
    """Return the text on one line, with what a terminal would obey, or not show, escaped as in JSON."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or category(char) == "Zs" else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def rows(callback: PayoutCallback) -> str:
    """Format the callback for people: a line for each attribute that is given, times with their zone."""
    values = {
        "user_name": callback.user_name,
        "control_number": callback.control_number,
        "pay_type": f"{callback.pay_type.name} ({callback.pay_type:d})",
        "deal_time": callback.deal_time.isoformat(" "),
        "fail_description": callback.fail_description,
        "reference_number": callback.reference_number,
        "extra": json.dumps(callback.extra, ensure_ascii=False) if callback.extra else None,
        "idempotency_key": callback.idempotency_key,
    }
    return "".join(row(name, value) + "\n" for name, value in values.items() if value is not None)


def row(name: str, value: str) -> str:
    """Format one line of a table: the name, and the value at column 20."""
    return f"  {name:16}  {printable(value)}"


def filled(problem: str) -> str:
    """Format one problem as a paragraph."""
    return paragraph(problem, indent=2)


def paragraph(text: str, *, indent: int = 0, hanging: int = 2) -> str:
    """Format a text for the width of the terminal, or for 80 columns where there is none."""
    width = max(get_terminal_size().columns, 40)
    return fill(
        text,
        width,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + hanging),
        break_on_hyphens=False,
    )


RED, YELLOW = "31;1", "33"


def styled(text: str, style: str) -> str:
    """Return the text in a style, on a terminal that has them and unless NO_COLOR is set."""
    is_terminal = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    return f"\033[{style}m{text}\033[m" if style and is_terminal and not os.environ.get("NO_COLOR") else text


def problems(error: CallbackError) -> list[str]:
    """Return all that is wrong with a body, a line for each: where, the stable code, and what to do."""
    if isinstance(error, InvalidCallbackError):
        return [f"{one.field}: {one.code}: {one.message}" for one in error.errors]
    return [f"{error.code}: {error}"]
