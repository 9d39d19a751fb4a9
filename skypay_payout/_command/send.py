"""``send``: plays SkyPay against a running endpoint, and shows what went out and what came back."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError, Namespace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from .._control_number import ControlNumber
from .._credentials import Credentials
from .._pay_type import PayType
from .._redaction import REDACTED
from .._times import SKYPAY_ZONE
from ..testing import SCENARIOS, WRONG_AUTHENTICATION, body, out_of_order, redelivered
from ..testing._bodies import encrypted, encrypters
from . import settings
from .terminal import Subparsers, UsageError, filled, printable, row

if TYPE_CHECKING:
    from .._delivery import Endpoint

_STATUSES = {status.name.lower().replace("_", "-"): status for status in PayType}
_SCENARIOS = {life.name: life for life in SCENARIOS}
_SHOWN = 1000
"""Characters of a reply that are shown."""


def add_to(subparsers: Subparsers) -> None:
    """Adds the subcommand to the command."""
    parser = subparsers.add_parser(
        "send",
        help="send callbacks to a running endpoint, as SkyPay would",
        description="Send a callback to a running endpoint, as SkyPay would, and show the reply. "
        "It is encrypted if SKYPAY_ENCRYPTION_KEY is set.",
        epilog="The exit status is 1 if a reply is not what the specification wants.",
    )
    parser.add_argument("url", metavar="URL", help="where the endpoint listens")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--status",
        type=_status,
        default=PayType.UPLOAD,
        help=f"{', '.join(_STATUSES)}, or a number, also of a status to come; upload if not given",
    )
    what.add_argument("--life", choices=_SCENARIOS, help="all callbacks of one payout, from its upload on")
    parser.add_argument(
        "--control-number", type=control_number, metavar="NUMBER", help="the payout that the endpoint knows"
    )
    parser.add_argument("--repeat", type=_times, default=1, metavar="N", help="send each callback N times")
    parser.add_argument("--out-of-order", action="store_true", help="with --life: the last callback first")
    parser.add_argument(
        "--wrong-secret", action="store_true", help="send a secret that the endpoint must refuse"
    )
    parser.set_defaults(run=run)


def control_number(text: str) -> ControlNumber:
    """The option ``--control-number``."""
    try:
        return ControlNumber(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


def _status(text: str) -> int:
    if text in _STATUSES:
        return _STATUSES[text]
    if text.isdecimal() and len(text) < 10:
        return int(text)
    raise ArgumentTypeError(f"{printable(text)} is no status; expected one of {', '.join(_STATUSES)}")


def _times(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise ArgumentTypeError(f"{printable(text)} is not a number of times, from 1 upwards")
    return int(text)


def run(args: Namespace) -> int:
    """Sends what the arguments name: 0 if every reply is right, 1 if one is not."""
    if args.out_of_order and not args.life:
        raise UsageError("--out-of-order is for several callbacks; add --life")
    try:
        from .._delivery import NoReply, Unreachable, endpoint
    except ImportError as error:
        raise UsageError(str(error)) from None
    parser = settings.parser()
    texts = redelivered(_texts(args, parser.credentials[0]), args.repeat)
    cipher = next(reversed(encrypters(parser)), None)
    wrong = False
    try:
        with endpoint(args.url, parser) as partner:
            for number, text in enumerate(texts, 1):
                how = "plain" if cipher is None else "encrypted"
                print(f"callback {number} of {len(texts)}, {how}")
                _show_members(text)
                try:
                    wrong |= not _judged(partner, encrypted(text, cipher), refused=args.wrong_secret)
                except Unreachable:
                    raise
                except NoReply as error:
                    wrong = True
                    print(f"WRONG\n{filled(printable(str(error)))}")
    except (Unreachable, ValueError) as error:
        raise UsageError(printable(str(error))) from None
    return int(wrong)


def _texts(args: Namespace, account: Credentials) -> list[bytes]:
    secret = WRONG_AUTHENTICATION if args.wrong_secret else account.authentication[-1]
    now = datetime.now(SKYPAY_ZONE)
    if args.life:
        life = _SCENARIOS[args.life]
        bodies = life.bodies(
            start=now - timedelta(hours=len(life.statuses) - 1),
            userName=account.user_name,
            authentication=secret,
            controlNumber=args.control_number or life.control_number,
        )
        return out_of_order(bodies) if args.out_of_order else bodies
    number = {"controlNumber": args.control_number} if args.control_number else {}
    return [
        body(
            args.status,
            userName=account.user_name,
            authentication=secret,
            dealTime=f"{now:%Y-%m-%d %H:%M:%S}",
            **number,
        )
    ]


def _show_members(text: bytes) -> None:
    for name, value in json.loads(text).items():
        print(row(name, REDACTED if name == "authentication" else value))


def _judged(partner: Endpoint, sent: bytes, *, refused: bool) -> bool:
    reply = partner.deliver(sent)
    print(f"answered {reply.status} in {reply.seconds:.3f} s")
    shown = partner.shown(reply)
    more = f" ... ({len(shown)} characters)" if len(shown) > _SHOWN else ""
    if shown:
        print(f"  {printable(shown[:_SHOWN])}{more}")
    problem = partner.unrefused(reply) if refused else partner.unacknowledged(reply)
    if problem:
        print(f"WRONG\n{filled(printable(problem))}\n")
    else:
        print("refused, as it must be\n" if refused else "acknowledged\n")
    return not problem
