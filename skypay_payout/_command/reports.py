"""The results of the conformance check for people, what to fix first, and as lines of JSON for machines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import TYPE_CHECKING

from attrs import define, field

from .causes import by_cause, counted, print_cause, print_indented
from .lines import as_json
from .terminal import RED, YELLOW, paragraph, printable, styled

if TYPE_CHECKING:
    from ..conformance import Problem, Result

_ORDER = ("passed", "warning", "failed", "skipped", "inconclusive")
_STYLES = {"failed": RED, "warning": YELLOW}


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
        causes = by_cause(self.results)
        for cause in causes:
            print_cause(cause, files)
        _print_messages(self.results)
        failed = [cause for cause in causes if not cause[0][1].warning]
        outcomes = ", ".join(f"{counts[outcome]} {outcome}" for outcome in _ORDER)
        text = f"{counted(len(self.results), 'rule')}: {outcomes}"
        if failed:
            text += f"; {counted(sum(map(len, failed)), 'failure')} in {counted(len(failed), 'cause')}"
        if missing > 0:
            text += f"; {counted(missing, 'rule')} not tried"
            if any(result.consequence == "the endpoint went away" for result in self.results):
                text += ", since the endpoint went away"
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


def _print_messages(results: Iterable[Result]) -> None:
    """What was not tried, and why; what a run could not detect."""
    told = dict[tuple[str, str], list[str]]()
    for result in results:
        if result.message and not result.problems:
            told.setdefault((str(result.outcome), result.message), []).append(result.id)
    for (outcome, message), names in told.items():
        label = outcome.upper() if outcome == "inconclusive" else outcome
        print()
        print_indented(f"{label}: {', '.join(names)}: {printable(message)}", indent=0)
