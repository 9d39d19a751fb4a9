"""``send``: play SkyPay against a running endpoint, and show the callbacks and the responses."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentTypeError, Namespace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .._control_number import ControlNumber
from .._environ import ENCRYPTION_KEY, several
from .._formatting import REDACTED
from .._pay_type import PayType
from .._results import Quarantined
from .._times import SKYPAY_ZONE
from ..testing import SCENARIOS, body, out_of_order
from ..testing._payouts import Payouts
from ..testing._reading import not_acknowledged
from . import settings
from .terminal import Subparsers, UsageError, filled, note, printable, problems, row

if TYPE_CHECKING:
    from ..conformance._http import Response
    from ..conformance._verification import Verifier

_STATUSES = {status.name.lower().replace("_", "-"): status for status in PayType}
_SCENARIOS = {scenario.name: scenario for scenario in SCENARIOS}
_MAX_REPEAT = 100_000
_SHOWN = 1000
"""Characters of a response that are shown."""


def add_to(subparsers: Subparsers) -> None:
    """Add the subcommand to the command."""
    parser = subparsers.add_parser(
        "send",
        help="send callbacks to a running endpoint, as SkyPay would",
        description="Send a callback to a running endpoint, as SkyPay would, and show the response. "
        "It is encrypted if SKYPAY_ENCRYPTION_KEY is set.",
        epilog="The exit status is 0 if every response is as the specification requires, else 1.",
    )
    parser.add_argument("url", metavar="URL", help="where the endpoint listens")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--status",
        type=_status,
        help=f"{', '.join(_STATUSES)}, or a number, such as one that SkyPay may add; default: upload",
    )
    what.add_argument(
        "--scenario", choices=_SCENARIOS, help="send all callbacks of one payout, in their order"
    )
    parser.add_argument(
        "--control-number",
        type=control_number,
        metavar="NUMBER",
        help="report this payout, for an endpoint that takes only the ones that it knows; default: a new one "
        "each time, with a prefix of SKYPAY_PREFIXES",
    )
    parser.add_argument("--repeat", type=_times, default=1, metavar="N", help="send each callback N times")
    parser.add_argument(
        "--out-of-order", action="store_true", help="with --scenario: send the last callback first"
    )
    parser.add_argument(
        "--wrong-secret", action="store_true", help="send a wrong secret, which the endpoint must reject"
    )
    parser.set_defaults(run=run)


def control_number(text: str) -> ControlNumber:
    """Read the option ``--control-number``."""
    try:
        return ControlNumber(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


def _status(text: str) -> int:
    if text in _STATUSES:
        return _STATUSES[text]
    if text.isascii() and text.isdecimal() and len(text) < 10:
        return int(text)
    raise ArgumentTypeError(
        f"expected one of {', '.join(_STATUSES)}, or a number, got {printable(text[:40])}"
    )


def _times(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= _MAX_REPEAT:
        return int(text)
    raise ArgumentTypeError(f"expected a number from 1 to {_MAX_REPEAT}, got {printable(text[:40])}")


def run(args: Namespace) -> int:
    """Send the callbacks that the arguments name: 0 if every response is right, 1 if one is not."""
    if args.out_of_order and not args.scenario:
        raise UsageError("--out-of-order is for several callbacks: add --scenario")
    try:
        from ..conformance._delivery import connected
    except ImportError as error:
        raise UsageError(str(error)) from None
    from ..conformance._http import Request, Unreachable
    from ..conformance._verification import Verifier

    parser = settings.parser()
    if parser.credentials[0].prefixes is None:
        note(settings.NO_PREFIXES)
    verifier = Verifier(parser, several(os.environ, ENCRYPTION_KEY) or ())
    texts = _texts(args, Payouts(parser, args.control_number))
    total, wrong, number = len(texts) * args.repeat, False, 0
    try:
        with connected(args.url) as client:
            for text in texts:
                request = Request(parser.cipher.encrypt(text) if parser.cipher else text)
                result = parser.receive(request.body)
                for _ in range(args.repeat):
                    number += 1
                    print(f"callback {number} of {total}, {'encrypted' if parser.cipher else 'plain'}")
                    _show_fields(text)
                    if isinstance(result, Quarantined):
                        print(filled(f"to be quarantined: {'; '.join(problems(result.error))}"))
                    (response,) = client.deliver([request])
                    if isinstance(response, Unreachable):
                        raise response
                    problem = _verified(verifier, response, rejected=args.wrong_secret)
                    wrong |= bool(problem)
                    if problem:
                        print(f"WRONG\n{filled(printable(problem))}\n")
                    else:
                        print("rejected, as it must be\n" if args.wrong_secret else "acknowledged\n")
                    sys.stdout.flush()
    except (Unreachable, ValueError) as error:
        raise UsageError(printable(str(error))) from None
    return int(wrong)


def _texts(args: Namespace, payouts: Payouts) -> list[bytes]:
    now = datetime.now(SKYPAY_ZONE)
    # A payout of its own each time: what earlier callbacks reported of another changes nothing.
    known = payouts.fields()
    same: dict[str, Any] = {name: known[name] for name in ("userName", "authentication", "controlNumber")}
    if args.wrong_secret:
        same["authentication"] = payouts.wrong_secret
    if args.scenario:
        scenario = _SCENARIOS[args.scenario]
        bodies = scenario.bodies(start=now - (len(scenario.statuses) - 1) * scenario.interval, **same)
        return out_of_order(bodies) if args.out_of_order else bodies
    status = PayType.UPLOAD if args.status is None else args.status
    return [body(status, dealTime=f"{now:%Y-%m-%d %H:%M:%S}", **same)]


def _show_fields(text: bytes) -> None:
    for name, value in json.loads(text).items():
        print(row(name, REDACTED if name == "authentication" else value))


def _verified(verifier: Verifier, response: Response, *, rejected: bool) -> str:
    """Show the response, and return what is wrong with it."""
    from ..conformance._http import HttpResponse
    from ..conformance._verification import LEAKED

    if not isinstance(response, HttpResponse):
        return str(response)
    print(f"status {response.status} in {response.seconds:.3f} s")
    shown = verifier.shown(response.body)
    if shown is None or verifier.leak(response.headers, response.body):
        return LEAKED
    if shown:
        more = f" ... ({len(shown)} characters)" if len(shown) > _SHOWN else ""
        print(f"  {printable(shown[:_SHOWN])}{more}")
    if response.status == 429:
        wait = response.header(b"retry-after")
        after = f" (Retry-After: {wait[:40]})" if wait else ""
        return f"got status 429, a rate limit, which says nothing about the callback: try it later{after}"
    if rejected:
        return verifier.rejection_problem(response)
    key = verifier.parser.cipher.keys[-1] if verifier.parser.cipher else None
    return not_acknowledged(verifier.read(response, key), response.sent, response.seconds)
