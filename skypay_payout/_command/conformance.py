"""``conformance``: check an endpoint against the specification, for people and for machines."""

from __future__ import annotations

import json
import os
import signal
import sys
from argparse import ArgumentTypeError, Namespace
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from math import isfinite
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from .._environ import ENCRYPTION_KEY, PREFIXES, several
from . import reports, settings, stored
from .send import control_number
from .terminal import Subparsers, UsageError, printable

if TYPE_CHECKING:
    from ..conformance import Result

_MAX_PAUSE = 60.0


def add_to(subparsers: Subparsers) -> None:
    """Add the subcommand to the command."""
    parser = subparsers.add_parser(
        "conformance",
        help="check a running endpoint against the specification",
        description="Send every kind of callback to a running endpoint, and check its responses against the "
        "specification. If the settings have several secrets or keys, all of them are tested.",
        epilog="Do not run it against an endpoint in production: the callbacks report fictitious payouts. "
        "The exit status is 0 if no case failed or was inconclusive, else 1.",
    )
    parser.add_argument("url", metavar="URL", nargs="?", help="where the endpoint listens")
    parser.add_argument("--list", action="store_true", help="list the cases without sending anything")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="CASE",
        help="run only this case; * stands for any text; may be repeated",
    )
    parser.add_argument(
        "--control-number",
        type=control_number,
        metavar="NUMBER",
        help="report this payout in every callback, for an endpoint that takes only the ones that it knows",
    )
    parser.add_argument(
        "--pause",
        type=_pause,
        default=0.0,
        metavar="SECONDS",
        help="wait before each delivery, for an endpoint with a rate limit",
    )
    parser.add_argument(
        "--stored",
        metavar="COMMAND",
        help="also check the stored events: this command runs in a shell after the last delivery, and prints "
        "each of them as a line of JSON, in the form of PayoutCallback.to_dict()",
    )
    parser.add_argument("--json", action="store_true", help="print one line of JSON for each case")
    parser.add_argument("--junit", metavar="FILE", help="also write the results as JUnit XML")
    parser.add_argument(
        "--html", metavar="FILE", help="also write the results as a page to send to a colleague"
    )
    parser.set_defaults(run=run)


def _pause(text: str) -> float:
    with suppress(ValueError):
        seconds = float(text)
        if isfinite(seconds) and 0 <= seconds <= _MAX_PAUSE:
            return seconds
    raise ArgumentTypeError(f"expected seconds from 0 to {_MAX_PAUSE:.0f}, got {printable(text[:40])}")


def run(args: Namespace) -> int:
    """Try the cases on the endpoint: 0 if all is well, 1 if one failed or was inconclusive."""
    try:
        from .. import conformance
        from ..conformance._delivery import DeliveryError
    except ImportError as error:
        raise UsageError(str(error)) from None
    if args.list:
        _list(args)
        return 0
    if args.url is None:
        raise UsageError("expected the URL of the endpoint, got none")
    parser = settings.parser()
    if parser.credentials[0].prefixes is None:
        print(
            f"skypay-payout: {PREFIXES} is not set: if the endpoint has prefixes, acknowledged may mean "
            "quarantined",
            file=sys.stderr,
        )
    results = conformance.check_endpoint(
        args.url,
        parser,
        control_number=args.control_number,
        only=args.only,
        pause=args.pause,
        keys=several(os.environ, ENCRYPTION_KEY) or (),
        stored=partial(stored.events, args.stored) if args.stored else None,
    )
    done: list[Result] = []
    with ExitStack() as stack:
        for name, written in ((args.junit, reports.junit), (args.html, reports.html)):
            if name is not None:
                stack.enter_context(_report(name, partial(written, reports.without_password(args.url), done)))
        stack.enter_context(_terminated_as_interrupted())
        try:
            for result in results:
                done.append(result)
                print(_as_json(result) if args.json else _as_text(result), flush=True)
        except (DeliveryError, ValueError) as error:
            raise UsageError(printable(str(error))) from None
    counts = Counter(str(result.outcome) for result in done)
    summary = {outcome.value: counts[outcome] for outcome in conformance.Outcome}
    if args.json:
        print(json.dumps({"summary": {"cases": len(done)} | summary}))
    else:
        print(f"\n{len(done)} cases: {', '.join(f'{count} {outcome}' for outcome, count in summary.items())}")
        for outcome in ("failed", "inconclusive"):
            if summary[outcome]:
                names = ", ".join(result.id for result in done if result.outcome == outcome)
                print(fill(f"{outcome}: {names}", 80, subsequent_indent="  ", break_on_hyphens=False))
    return int(summary["failed"] + summary["inconclusive"] > 0)


def _list(args: Namespace) -> None:
    from ..conformance._cases import RULES

    for rule in RULES:
        if args.json:
            print(json.dumps({"case": rule.id, "rule": rule.rule, "point": rule.point, "why": rule.why}))
        else:
            print(f"{rule.id:30}  {rule.rule}")


def _as_text(result: Result) -> str:
    bad = result.outcome in ("failed", "inconclusive")
    outcome = result.outcome.upper() if bad else result.outcome
    lines = [fill(f"{outcome:12}  {result.id}: {result.rule}", 80, subsequent_indent=" " * 14)]
    if result.message:
        lines.append(_indented(printable(result.message)))
    if bad:
        lines += [_indented(f"Specification: {result.point}."), _indented(result.why)]
    return "\n".join(lines)


def _indented(text: str) -> str:
    return fill(text, 80, initial_indent=" " * 14, subsequent_indent=" " * 16)


def _as_json(result: Result) -> str:
    fields: dict[str, object] = {"case": result.id, "rule": result.rule, "outcome": result.outcome}
    if result.message:
        fields["message"] = printable(result.message)
    fields |= {"point": result.point, "why": result.why, "seconds": round(result.seconds, 3)}
    return json.dumps(fields)


@contextmanager
def _report(name: str, content: Callable[[str], str]) -> Generator[None]:
    """Write the report at the end, however that comes, and see now whether it can be written."""
    _write(name, "")
    ended = "the check was interrupted"
    try:
        yield
        ended = ""
    except UsageError as error:
        ended = str(error)
        raise
    finally:
        _write(name, content(ended))


def _write(name: str, text: str) -> None:
    try:
        Path(name).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"cannot write {printable(name)}: {error.strerror}") from None


@contextmanager
def _terminated_as_interrupted() -> Generator[None]:
    """What a build server sends to end a job ends it as Ctrl-C does, so that the reports are written."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
