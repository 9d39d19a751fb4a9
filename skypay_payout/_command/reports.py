"""The results of the conformance check for people, what to fix first, and as lines of JSON for machines."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from attrs import define, field

from .lines import as_json
from .terminal import RED, YELLOW, paragraph, printable, styled

if TYPE_CHECKING:
    from ..conformance import Problem, Result

_ORDER = ("passed", "warning", "failed", "skipped", "inconclusive")
_STYLES = {"failed": RED, "warning": YELLOW}
_NAMED = 4
"""Callbacks that are named where several fail."""
_EXAMPLES = 4
"""Rules that show an example, of those that fail in one way."""
_OF_ONE_MISTAKE = 8
"""More rules than that fail in one way for one reason."""


@define
class Report:
    """Prints the sections as they end, and at the end what failed, by cause, the worst first."""

    as_json: bool
    expected: int
    """How many rules there are to try."""
    results: list[Result] = field(init=False, factory=lambda: list["Result"]())
    _printed: int = field(init=False, default=0)

    @property
    def has_failed(self) -> bool:
        return any(result.outcome in ("failed", "inconclusive") for result in self.results)

    def add(self, result: Result) -> None:
        if self.results and self.results[-1].rule.section != result.rule.section:
            self._print_section()
        self.results.append(result)
        if self.as_json:
            print(as_json(result), flush=True)

    def end(self, files: Mapping[Problem, str]) -> None:
        counts = Counter(str(result.outcome) for result in self.results)
        missing = self.expected - len({result.id for result in self.results})
        if self.as_json:
            summary = {"rules": len(self.results), **{outcome: counts[outcome] for outcome in _ORDER}}
            print(json.dumps({"summary": summary | {"not_tried": missing}}))
            return
        self._print_section()
        _print_messages(self.results)
        causes = _by_cause(self.results)
        for cause in causes:
            _print_cause(cause, files)
        failed = [cause for cause in causes if not cause[0][1].warning]
        outcomes = ", ".join(f"{counts[outcome]} {outcome}" for outcome in _ORDER)
        text = f"{_counted(len(self.results), 'rule')}: {outcomes}"
        if failed:
            text += f"; {_counted(sum(map(len, failed)), 'failure')} in {_counted(len(failed), 'cause')}"
        if missing > 0:
            text += f"; {_counted(missing, 'rule')} not tried"
        print(f"\n{paragraph(text)}", flush=True)

    def _print_section(self) -> None:
        if self.as_json or self._printed == len(self.results):
            return
        for section, group in groupby(self.results[self._printed :], lambda result: result.rule.section):
            counts = Counter(str(result.outcome) for result in group)
            told = ", ".join(
                styled(f"{counts[outcome]} {outcome}", _STYLES.get(outcome, ""))
                for outcome in _ORDER
                if counts[outcome]
            )
            print(f"{section:18}{told}", flush=True)
        self._printed = len(self.results)


_Cause = Sequence[tuple["Result", "Problem"]]


def _by_cause(results: Iterable[Result]) -> list[_Cause]:
    """What failed in the same way, the worst consequence first, and warnings last."""
    from ..conformance import Consequence

    causes: dict[tuple[bool, int, str], list[tuple[Result, Problem]]] = {}
    for result in results:
        for problem in result.problems:
            same = re.sub(r"'.*'|\d+", "…", problem.message)
            key = problem.warning, list(Consequence).index(problem.consequence), same
            causes.setdefault(key, []).append((result, problem))
    return [causes[key] for key in sorted(causes, key=lambda key: (key[:2], -len(causes[key])))]


def _print_cause(cause: _Cause, files: Mapping[Problem, str]) -> None:
    _, problem = cause[0]
    kind, style = ("WARNING", YELLOW) if problem.warning else ("FAILED", RED)
    print(f"\n{styled(f'{kind}: {problem.consequence}', style)}")
    _print(printable(problem.message))
    # What fails in order fails at once too, and is easier to look into.
    ranked = sorted(cause, key=lambda one: one[0].rule.how != "in any order")
    by_rule: dict[str, list[tuple[Result, Problem]]] = {}
    for one in ranked:
        by_rule.setdefault(one[0].id, []).append(one)
    # Where so many rules fail in one way, one mistake is behind it; else each may be of another.
    examples = 1 if len(by_rule) > _OF_ONE_MISTAKE else _EXAMPLES
    if len(cause) > 1:
        _print(f"{_counted(len(cause), 'time')} in {_counted(len(by_rule), 'rule')}:")
    for failed in list(by_rule.values())[:examples]:
        _print_example(failed, files)
    if others := [f"{name} ({len(failed)})" for name, failed in list(by_rule.items())[examples:]]:
        _print(f"Also in {', '.join(others)}")


def _print_example(failed: _Cause, files: Mapping[Problem, str]) -> None:
    result, problem = failed[0]
    whats = list(dict.fromkeys(printable(one.what) for _, one in failed if one.what))
    more = f" and {len(whats) - _NAMED} more" if len(whats) > _NAMED else ""
    _print(": ".join(filter(None, (result.id, result.rule.rule, ", ".join(whats[:_NAMED]) + more))))
    for name, text in (("sent", problem.sent), ("received", problem.received), ("saved", files.get(problem))):
        if text:
            _print(f"{name:9} {printable(text)}", indent=4, hanging=10)
    _print(f"Specification: {result.rule.point}. {result.rule.why}", indent=4, hanging=0)


def _print_messages(results: Iterable[Result]) -> None:
    """What was not tried, and why; what a run could not detect."""
    told = dict[tuple[str, str], list[str]]()
    for result in results:
        if result.message and not result.problems:
            told.setdefault((str(result.outcome), result.message), []).append(result.id)
    for (outcome, message), names in told.items():
        label = outcome.upper() if outcome == "inconclusive" else outcome
        print()
        _print(f"{label}: {', '.join(names)}: {printable(message)}", indent=0)


def _print(text: str, *, indent: int = 2, hanging: int = 2) -> None:
    print(paragraph(text, indent=indent, hanging=hanging))


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
