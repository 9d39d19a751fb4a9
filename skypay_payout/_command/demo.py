"""``demo``: the library at work on the published sample, on every status, and on a refused body."""

from __future__ import annotations

from argparse import Namespace
from textwrap import fill

from .._errors import InvalidCallbackError
from .._parser import CallbackParser
from .._pay_type import PayType
from ..testing import CREDENTIALS, ENCRYPTION_KEY, SAMPLE, body
from .terminal import Subparsers, filled, problems, row, rows


def add_to(subparsers: Subparsers) -> None:
    """Adds the subcommand to the command."""
    what = "show the library at work; needs no settings"
    subparsers.add_parser("demo", help=what, description=what.capitalize() + ".").set_defaults(run=run)


def run(_: Namespace) -> int:
    """Shows what becomes of good, bad and encrypted bodies, and what is answered to each."""
    parser = CallbackParser(CREDENTIALS)
    print("The published sample")
    _show(parser, SAMPLE)
    for status in PayType:
        print(f"\nA callback of status {status.name}")
        _show(parser, body(status, controlNumber=f"SK991{status:08}"))
    print("\nA refused callback: it is SkyPay's, but wrong; set it aside and acknowledge it")
    _show_refused(parser)
    print("\nAn encrypted body, as on the real wire")
    _show_encrypted()
    return 0


def _show(parser: CallbackParser, received: bytes) -> None:
    callback = parser.parse(received)
    print(rows(callback), end="")
    _show_text("answer", parser.reply(callback))


def _show_refused(parser: CallbackParser) -> None:
    try:
        parser.parse(body(9, controlNumber="SKY**12345678", dealTime="2018-02-30 11:58:33"))
    except InvalidCallbackError as error:
        print(*map(filled, problems(error)), sep="\n")
        _show_text("answer", parser.reply(error))


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
