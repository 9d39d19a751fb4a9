"""``conformance``: check an endpoint against the specification, for people and for machines."""

from __future__ import annotations

import os
import signal
from argparse import ArgumentTypeError, Namespace
from collections.abc import Generator
from contextlib import contextmanager, suppress
from functools import partial
from math import isfinite
from typing import TYPE_CHECKING

from .._environ import ENCRYPTION_KEY, PREFIXES, several
from . import junit, lines, reports, saving, settings, stored
from .send import control_number
from .terminal import Subparsers, UsageError, note, printable

if TYPE_CHECKING:
    from ..conformance import Result

_MAX_PAUSE = 60.0
_COMMANDS = {
    "stored": "each stored event, in the form of PayoutCallback.to_dict()",
    "quarantined": "each quarantined callback, with its fields as payload",
    "statuses": "controlNumber and status of each payout",
}


def add_to(subparsers: Subparsers) -> None:
    """Add the subcommand to the command."""
    parser = subparsers.add_parser(
        "conformance",
        help="check a running endpoint against the specification",
        description="Send every kind of callback to a running endpoint, and check its responses against the "
        "specification. If the settings have several secrets or keys, all of them are tested.",
        epilog="Do not run it against an endpoint in production: the callbacks report fictitious payouts. "
        "The exit status is 0 if no rule failed or was inconclusive, else 1; also 1 if all that --only names "
        "was skipped.",
    )
    parser.add_argument("url", metavar="URL", nargs="?", help="where the endpoint listens")
    parser.add_argument("--list", action="store_true", help="list the rules without sending anything")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="RULE",
        help="try only this rule; * stands for any text; may be repeated",
    )
    parser.add_argument("-x", "--exit-first", action="store_true", help="stop at the first rule that fails")
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
        help="wait before each delivery, for an endpoint with a rate limit; Retry-After is followed anyway",
    )
    for name, prints in _COMMANDS.items():
        parser.add_argument(
            f"--{name}",
            metavar="COMMAND",
            help=f"a command for the shell that prints, as a line of JSON, {prints}; it runs after the last "
            "delivery",
        )
    parser.add_argument("--save", metavar="DIR", help="write each callback that failed, with a line for curl")
    parser.add_argument("--json", action="store_true", help="print one line of JSON for each rule")
    parser.add_argument("--junit", metavar="FILE", help="also write the results as JUnit XML")
    parser.set_defaults(run=run)


def _pause(text: str) -> float:
    with suppress(ValueError):
        seconds = float(text)
        if isfinite(seconds) and 0 <= seconds <= _MAX_PAUSE:
            return seconds
    raise ArgumentTypeError(f"expected seconds from 0 to {_MAX_PAUSE:.0f}, got {printable(text[:40])}")


def run(args: Namespace) -> int:
    """Try the rules on the endpoint: 0 if all is well, 1 if one failed or was inconclusive."""
    from ..conformance import check_endpoint
    from ..conformance._rule import selected

    try:
        rules = selected(args.only)
    except ValueError as error:
        raise UsageError(printable(str(error))) from None
    if args.list:
        lines.print_rules(rules, as_json=args.json)
        return 0
    if args.url is None:
        raise UsageError("expected the URL of the endpoint, got none")
    parser = settings.parser()
    if parser.credentials[0].prefixes is None:
        note(f"{PREFIXES} is not set: if the endpoint has prefixes, acknowledged may mean quarantined")
    sources = {
        name: partial(stored.values, command, f"--{name}")
        for name in _COMMANDS
        if (command := getattr(args, name))
    }
    results = check_endpoint(
        args.url,
        parser,
        control_number=args.control_number,
        only=args.only,
        pause=args.pause,
        keys=several(os.environ, ENCRYPTION_KEY) or (),
        **sources,
    )
    report = reports.Report(as_json=args.json, expected=len(rules))
    with saving.directory(args.save), junit.written(args.junit, report.results), _terminated_as_interrupted():
        try:
            for result in results:
                report.add(result)
                if args.exit_first and result.outcome == "failed":
                    break
        except (ConnectionError, ValueError, ImportError) as error:
            raise UsageError(printable(str(error))) from None
        finally:
            results.close()
            if report.results:
                report.end(saving.write(args.save, args.url, report.results))
    return int(report.has_failed or _tried_nothing(args, report.results))


def _tried_nothing(args: Namespace, results: list[Result]) -> bool:
    """Whether all that ``--only`` names was skipped, so that a build that counts on it must not pass."""
    nothing = bool(args.only) and all(result.outcome == "skipped" for result in results)
    if nothing:
        note("nothing was tried: all that --only names was skipped")
    return nothing


@contextmanager
def _terminated_as_interrupted() -> Generator[None]:
    """What a build server sends to end a job ends it as Ctrl-C does, so that the reports are written."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
