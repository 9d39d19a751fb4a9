"""What failed in the conformance check, by cause, for people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from .terminal import RED, YELLOW, paragraph, printable, styled

if TYPE_CHECKING:
    from ..conformance import Problem, Result

_NAMED = 4
"""Callbacks that are named where several fail."""
_EXAMPLES = 4
"""Rules that show an example, of those that fail in one way."""
_OF_ONE_MISTAKE = 8
"""More rules than that fail in one way for one reason."""

Cause = Sequence[tuple["Result", "Problem"]]


def by_cause(results: Iterable[Result]) -> list[Cause]:
    """What failed in the same way, the worst consequence first, and warnings last."""
    from ..conformance import Consequence

    causes: dict[tuple[bool, int, str], list[tuple[Result, Problem]]] = {}
    for result in results:
        for problem in result.problems:
            same = re.sub(r"'.*'|\d+", "…", problem.message)
            key = problem.warning, list(Consequence).index(problem.consequence), same
            causes.setdefault(key, []).append((result, problem))
    return [causes[key] for key in sorted(causes, key=lambda key: (key[:2], -len(causes[key])))]


def print_cause(cause: Cause, files: Mapping[Problem, str]) -> None:
    _, problem = cause[0]
    kind, style = ("WARNING", YELLOW) if problem.warning else ("FAILED", RED)
    print(f"\n{styled(f'{kind}: {problem.consequence}', style)}")
    print_indented(printable(problem.message))
    # What fails in order fails at once too, and is easier to look into.
    ranked = sorted(cause, key=lambda one: one[0].rule.how != "in any order")
    by_rule: dict[str, list[tuple[Result, Problem]]] = {}
    for one in ranked:
        by_rule.setdefault(one[0].id, []).append(one)
    # Where so many rules fail in one way, one mistake is behind it; else each may be of another.
    examples = 1 if len(by_rule) > _OF_ONE_MISTAKE else _EXAMPLES
    if len(cause) > 1:
        print_indented(f"{counted(len(cause), 'time')} in {counted(len(by_rule), 'rule')}:")
    for failed in list(by_rule.values())[:examples]:
        _print_example(failed, files)
    if others := [one for failed in list(by_rule.values())[examples:] for one in failed]:
        print_indented(f"Also in {_listed(others)}")


def _print_example(failed: Cause, files: Mapping[Problem, str]) -> None:
    result, problem = failed[0]
    whats = list(dict.fromkeys(printable(one.what) for _, one in failed if one.what))
    more = f" and {len(whats) - _NAMED} more (all with --json)" if len(whats) > _NAMED else ""
    told = _listed(failed) if more and result.rule.how == "observing" else ", ".join(whats[:_NAMED]) + more
    print_indented(": ".join(filter(None, (result.id, result.rule.rule, told))))
    for name, text in (("sent", problem.sent), ("received", problem.received), ("saved", files.get(problem))):
        if text:
            print_indented(f"{name:9} {printable(text)}", indent=4, hanging=10)
    print_indented(f"Specification: {result.rule.point}. {result.rule.why}", indent=4, hanging=0)


def _listed(failed: Cause) -> str:
    """Name each rule with its callbacks, which an observer tells with the rule that delivered them."""
    by_rule: dict[str, list[str]] = {}
    for result, problem in failed:
        pair = (
            problem.what.partition(", ")[::2] if result.rule.how == "observing" else (result.id, problem.what)
        )
        by_rule.setdefault(pair[0], []).append(printable(pair[1]))
    named = _NAMED if len(by_rule) <= _OF_ONE_MISTAKE else 0
    told = list[str]()
    for name, whats in by_rule.items():
        some = ", ".join([*whats[:named], *["…"] * (len(whats) > named)]) if named else ""
        told.append(f"{name} ({len(whats)})" + (f": {some}" if some else ""))
    is_cut = any(len(whats) > named for whats in by_rule.values())
    return "; ".join(told) + " (all with --json)" * is_cut


def print_indented(text: str, *, indent: int = 2, hanging: int = 2) -> None:
    print(paragraph(text, indent=indent, hanging=hanging))


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
