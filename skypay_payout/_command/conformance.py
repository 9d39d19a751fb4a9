"""``conformance``: whether an endpoint does what the specification wants, as a table and for CI."""

from __future__ import annotations

import json
from argparse import Namespace
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree  # only written, never read

from . import settings
from .send import control_number
from .terminal import Subparsers, UsageError, filled, printable

if TYPE_CHECKING:
    from ..conformance import Result


def add_to(subparsers: Subparsers) -> None:
    """Adds the subcommand to the command."""
    parser = subparsers.add_parser(
        "conformance",
        help="check a running endpoint against the specification",
        description="Send every kind of callback to a running endpoint, and check its replies against the "
        "specification. Several secrets or keys in the settings are tried as those of a change.",
        epilog="It is for an endpoint under test: it tells of a payout that may not exist. "
        "The exit status is 1 if a case failed.",
    )
    parser.add_argument("url", metavar="URL", help="where the endpoint listens")
    parser.add_argument(
        "--control-number", type=control_number, metavar="NUMBER", help="the payout that the endpoint knows"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object a case, for machines")
    parser.add_argument("--junit", metavar="FILE", help="write the results as JUnit XML too")
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Tries every case on the endpoint: 0 if none failed, 1 if one did."""
    try:
        from .._delivery import Unreachable
        from ..conformance import check_endpoint
    except ImportError as error:
        raise UsageError(str(error)) from None
    results: list[Result] = []
    try:
        for result in check_endpoint(args.url, settings.parser(), control_number=args.control_number):
            results.append(result)
            print(_as_json(result) if args.json else _as_text(result), flush=True)
    except (Unreachable, ValueError) as error:
        raise UsageError(printable(str(error))) from None
    counts = Counter(map(_outcome, results))
    summary = {outcome: counts[outcome] for outcome in ("passed", "failed", "skipped")}
    if args.json:
        print(json.dumps({"summary": {"cases": len(results)} | summary}))
    else:
        told = ", ".join(f"{count} {outcome}" for outcome, count in summary.items())
        print(f"\n{len(results)} cases: {told}")
    if args.junit:
        _write_junit(args.junit, results)
    return int(counts["failed"] > 0)


def _outcome(result: Result) -> str:
    if result.skipped:
        return "skipped"
    return "failed" if result.problem else "passed"


def _as_text(result: Result) -> str:
    outcome = _outcome(result)
    if result.skipped:
        return f"{outcome:7}  {result.name}\n{filled(result.skipped)}"
    line = f"{outcome.upper() if result.problem else outcome:7}  {result.name:60}  {result.seconds:6.2f} s"
    return f"{line}\n{filled(printable(result.problem))}" if result.problem else line


def _as_json(result: Result) -> str:
    members: dict[str, object] = {"case": result.name, "outcome": _outcome(result)}
    why = result.problem or result.skipped
    if why:
        members["why"] = printable(why)
    return json.dumps(members | {"seconds": round(result.seconds, 3)})


def _write_junit(name: str, results: list[Result]) -> None:
    counts = Counter(map(_outcome, results))
    totals = {
        "tests": f"{len(results)}",
        "failures": f"{counts['failed']}",
        "errors": "0",
        "skipped": f"{counts['skipped']}",
    }
    root = ElementTree.Element("testsuites", totals)
    suite = ElementTree.SubElement(root, "testsuite", {"name": "skypay-payout conformance"} | totals)
    for result in results:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            {"classname": "conformance", "name": result.name, "time": f"{result.seconds:.3f}"},
        )
        if result.problem:
            ElementTree.SubElement(case, "failure", {"message": printable(result.problem)})
        if result.skipped:
            ElementTree.SubElement(case, "skipped", {"message": result.skipped})
    try:
        Path(name).write_bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))
    except OSError as error:
        raise UsageError(f"cannot write {printable(name)}: {error.strerror}") from None
