"""The results of the conformance check as files: JUnit XML for a build server, HTML for a colleague."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from importlib.metadata import version
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.etree import ElementTree  # only written, never read

from .terminal import printable

if TYPE_CHECKING:
    from ..conformance import Result


def without_password(url: str) -> str:
    """The URL as a report may show it: without user, password, query and fragment."""
    try:
        parts = urlsplit(url)
        return printable(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}")
    except ValueError:
        return "not a URL"


def junit(_url: str, results: Sequence[Result], ended: str) -> str:
    """The results as JUnit XML, in the elements and attributes that the schema of Jenkins allows.

    ``ended`` says why the check ended early; it becomes an error of its own.
    """
    counts = Counter(str(result.outcome) for result in results)
    errors = counts["inconclusive"] + bool(ended)
    totals = {
        "name": "skypay-payout conformance",
        "tests": f"{len(results) + bool(ended)}",
        "failures": f"{counts['failed']}",
        "errors": f"{errors}",
        "time": f"{sum(result.seconds for result in results):.3f}",
    }
    root = ElementTree.Element("testsuites", totals)
    suite = ElementTree.SubElement(root, "testsuite", totals | {"skipped": f"{counts['skipped']}"})
    for result in results:
        case = _testcase(suite, f"{result.id}: {result.rule}", result.seconds)
        message = printable(result.message)
        detail = f"{message}\nSpecification: {result.point}.\n{result.why}"
        if result.outcome == "failed":
            ElementTree.SubElement(case, "failure", message=message, type="failed").text = detail
        elif result.outcome == "inconclusive":
            ElementTree.SubElement(case, "error", message=message, type="inconclusive").text = detail
        elif result.outcome == "skipped":
            ElementTree.SubElement(case, "skipped").text = message
        elif message:
            ElementTree.SubElement(case, "system-out").text = message
    if ended:
        case = _testcase(suite, "the check runs to its end", 0.0)
        ElementTree.SubElement(case, "error", message=printable(ended), type="ended")
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _testcase(suite: ElementTree.Element, name: str, seconds: float) -> ElementTree.Element:
    fields = {"classname": "conformance", "name": name, "time": f"{seconds:.3f}"}
    return ElementTree.SubElement(suite, "testcase", fields)


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>SkyPay payout callback: conformance of {url}</title>
<style>
body {{
  font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #222;
}}
h1 {{ font-size: 1.4rem; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ border-bottom: 1px solid #ddd; padding: .4rem .6rem; text-align: left; vertical-align: top; }}
td p {{ margin: .2rem 0; overflow-wrap: anywhere; }}
.failed, .inconclusive {{ color: #a40000; font-weight: bold; }}
.passed {{ color: #1a6b1a; }}
.skipped, .more {{ color: #555; }}
code {{ white-space: nowrap; }}
</style>
</head>
<body>
<h1>Conformance of an endpoint for SkyPay's payout callback</h1>
<p>{url}<br>{time} UTC, skypay-payout {version}</p>
<p><strong>{summary}</strong></p>
<table>
<thead><tr><th scope="col">Outcome</th><th scope="col">Case</th><th scope="col">Rule</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</body>
</html>
"""
_ORDER = ("failed", "inconclusive", "passed", "skipped")


def html(url: str, results: Sequence[Result], ended: str) -> str:
    """The results as one page, without scripts and anything from elsewhere: what failed comes first."""
    counts = Counter(str(result.outcome) for result in results)
    summary = ", ".join(f"{counts[outcome]} {outcome}" for outcome in _ORDER)
    return _PAGE.format(
        url=escape(url),
        time=f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
        version=escape(version("skypay-payout")),
        summary=escape(f"{len(results)} cases: {summary}. {printable(ended)}"),
        rows="\n".join(map(_row, sorted(results, key=lambda one: _ORDER.index(one.outcome)))),
    )


def _row(result: Result) -> str:
    texts = [f"<p>{escape(result.rule)}</p>"]
    if result.message:
        texts.append(f"<p>{escape(printable(result.message))}</p>")
    texts.append(f'<p class="more">{escape(result.point)}. {escape(result.why)}</p>')
    outcome = f'<td class="{result.outcome}">{result.outcome}</td>'
    return f"<tr>{outcome}<td><code>{escape(result.id)}</code></td><td>{''.join(texts)}</td></tr>"
