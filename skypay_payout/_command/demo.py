"""``demo``: the library at work on the published sample, on every status, and on an invalid body."""

from __future__ import annotations

from argparse import Namespace
from textwrap import fill

from .._parser import CallbackParser
from .._pay_type import PayType
from .._results import Quarantined
from ..testing import CREDENTIALS, ENCRYPTION_KEY, SAMPLE, body
from .terminal import Subparsers, filled, problems, row, rows


def add_to(subparsers: Subparsers) -> None:
    """Add the subcommand to the command."""
    what = "show the library at work; needs no settings"
    subparsers.add_parser("demo", help=what, description=what.capitalize() + ".").set_defaults(run=run)


def run(_: Namespace) -> int:
    """Show what becomes of valid, invalid and encrypted bodies, and the response to each."""
    parser = CallbackParser(CREDENTIALS)
    print("The published sample")
    _show(parser, SAMPLE)
    for status in PayType:
        print(f"\nA callback of status {status.name}")
        _show(parser, body(status, controlNumber=f"SK991{status:08}"))
    print("\nA quarantined callback: authenticated, but invalid; it is stored for a person and acknowledged")
    _show_quarantined(parser)
    print("\nAn encrypted body, as on the real wire")
    _show_encrypted()
    return 0


def _show(parser: CallbackParser, received: bytes) -> None:
    callback = parser.parse(received)
    print(rows(callback), end="")
    _show_text("response", parser.receive(received).respond().body)


def _show_quarantined(parser: CallbackParser) -> None:
    result = parser.receive(body(9, controlNumber="SKY**12345678", dealTime="2018-02-30 11:58:33"))
    if isinstance(result, Quarantined):
        print(*map(filled, problems(result.error)), sep="\n")
        _show_text("response", result.respond().body)


def _show_encrypted() -> None:
    try:
        from ..encryption import BodyCipher
    except ImportError as error:
        print(f"  {error}")
        return
    cipher = BodyCipher(ENCRYPTION_KEY)
    received = body(PayType.PAYOUT, cipher=cipher)
    _show_text("body", received)
    _show(CallbackParser(CREDENTIALS, cipher=cipher), received)


def _show_text(name: str, text: bytes) -> None:
    breakable = text.decode().replace(",", ", ", 1)  # an answer behind its time
    print(fill(breakable, 78, initial_indent=row(name, ""), subsequent_indent=row("", "")))
