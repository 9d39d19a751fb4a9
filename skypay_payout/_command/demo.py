"""``demo``: show the library at work on the published sample, every status, and what is not accepted."""

from __future__ import annotations

from argparse import Namespace
from textwrap import fill

from .._parser import CallbackParser
from .._pay_type import PayType
from .._results import Accepted
from ..encryption import BodyCipher
from ..testing import CREDENTIALS, ENCRYPTION_KEY, SAMPLE, WRONG_AUTHENTICATION, body
from .terminal import Subparsers, filled, problems, row, rows


def add_to(subparsers: Subparsers) -> None:
    """Add the subcommand to the command."""
    what = "show the library at work; needs no settings"
    subparsers.add_parser("demo", help=what, description=what.capitalize() + ".").set_defaults(run=run)


def run(_: Namespace) -> int:
    """Show valid, invalid, unauthenticated and encrypted bodies, and the response to each."""
    parser = CallbackParser(CREDENTIALS)
    print("The published sample")
    _show(parser, SAMPLE)
    for status in PayType:
        print(f"\nA callback of status {status.name}")
        _show(parser, body(status, controlNumber=f"SK991{status:08}"))
    print("\nA quarantined callback: authenticated but invalid, stored and acknowledged")
    _show(parser, body(9, controlNumber="SKY**12345678", dealTime="2018-02-30 11:58:33"))
    print("\nA rejected body: not authenticated, neither stored nor acknowledged")
    _show(parser, body(authentication=WRONG_AUTHENTICATION))
    print("\nAn encrypted body, as SkyPay sends it")
    _show_encrypted()
    return 0


def _show(parser: CallbackParser, received: bytes) -> None:
    result = parser.receive(received)
    if isinstance(result, Accepted):
        print(rows(result.callback), end="")
    else:
        print(*map(filled, problems(result.error)), sep="\n")
    response = result.respond()
    _show_text("response", f"{response.status} {response.body.decode()}")


def _show_encrypted() -> None:
    try:
        cipher = BodyCipher(ENCRYPTION_KEY)
    except ImportError as error:
        print(f"  {error}")
        return
    received = body(PayType.PAYOUT, cipher=cipher)
    _show_text("body", received.decode())
    _show(CallbackParser(CREDENTIALS, cipher=cipher), received)


def _show_text(name: str, text: str) -> None:
    breakable = text.replace(",", ", ", 1)  # an acknowledgement behind its time
    print(fill(breakable, 78, initial_indent=row(name, ""), subsequent_indent=row("", "")))
