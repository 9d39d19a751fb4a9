"""The results of the conformance check as JUnit XML, for a build server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree  # only written, never read

from .terminal import UsageError, printable

if TYPE_CHECKING:
    from ..conformance import Result


@contextmanager
def written(name: str | None, results: Sequence[Result]) -> Generator[None]:
    """Write the report at the end, however that comes, and see now whether it can be written."""
    if name is None:
        yield
        return
    if name == "-" or (Path(name).exists() and not Path(name).is_file()):
        raise UsageError(f"expected the name of a file for --junit, got {printable(name)}")
    _write(name, "")
    ended = "the check was interrupted"
    try:
        yield
        ended = ""
    except UsageError as error:
        ended = str(error)
        raise
    finally:
        _write(name, _xml(results, ended))


def _write(name: str, text: str) -> None:
    try:
        Path(name).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"cannot write {printable(name)}: {error.strerror}") from None


def _xml(results: Sequence[Result], ended: str) -> str:
    """The elements and attributes that the schema of Jenkins allows.

    ``ended`` says why the check ended early; it becomes an error of its own.
    """
    counts = Counter(str(result.outcome) for result in results)
    totals = {
        "name": "skypay-payout conformance",
        "tests": f"{len(results) + bool(ended)}",
        "failures": f"{counts['failed']}",
        "errors": f"{counts['inconclusive'] + bool(ended)}",
        "time": f"{sum(result.seconds for result in results):.3f}",
    }
    root = ElementTree.Element("testsuites", totals)
    suite = ElementTree.SubElement(root, "testsuite", totals | {"skipped": f"{counts['skipped']}"})
    for result in results:
        case = _testcase(suite, f"{result.id}: {result.rule.rule}", result.seconds)
        message = printable(result.message)
        if result.outcome == "failed":
            attributes = {"message": message, "type": str(result.consequence)}
            ElementTree.SubElement(case, "failure", attributes).text = _detail(result)
        elif result.outcome == "inconclusive":
            ElementTree.SubElement(case, "error", message=message, type="inconclusive").text = message
        elif result.outcome == "skipped":
            ElementTree.SubElement(case, "skipped").text = message
        elif message:
            ElementTree.SubElement(case, "system-out").text = message
    if ended:
        case = _testcase(suite, "the check runs to its end", 0.0)
        ElementTree.SubElement(case, "error", message=printable(ended), type="ended")
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _detail(result: Result) -> str:
    lines = [f"Specification: {result.rule.point}.", result.rule.why]
    for problem in result.problems:
        lines += [str(problem), f"  sent: {problem.sent}", f"  received: {problem.received}"]
    return "\n".join(map(printable, lines))


def _testcase(suite: ElementTree.Element, name: str, seconds: float) -> ElementTree.Element:
    fields = {"classname": "conformance", "name": name, "time": f"{seconds:.3f}"}
    return ElementTree.SubElement(suite, "testcase", fields)
