"""The results of rules."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from attrs import frozen

from ._http import HttpResponse, TimedOut
from ._outcome import Consequence, Gone, Inconclusive, Outcome, Problem, Skip
from ._rule import RULES, Rule
from ._run import Run
from ._verification import RateLimited


@frozen
class Result:
    """The outcome of one rule."""

    rule: Rule
    """The rule."""
    outcome: Outcome
    """Its outcome."""
    message: str = ""
    """The reason, or the limits of a passed run, in one line, without secrets."""
    problems: tuple[Problem, ...] = ()
    """Everything that is wrong, with requests and responses."""
    seconds: float = 0.0
    """The seconds of the slowest response."""

    @property
    def id(self) -> str:
        """The rule's name."""
        return self.rule.id

    @property
    def consequence(self) -> Consequence | None:
        """The worst of the problems' consequences."""
        return min((one.consequence for one in self.problems), key=list(Consequence).index, default=None)


def selected(only: str | Iterable[str]) -> list[Rule]:
    """Return the rules of these names, in their order; all of them for none. Raises ``ValueError``."""
    patterns = [only] if isinstance(only, str) else list(only)
    for pattern in patterns:
        if not any(fnmatchcase(rule.id, pattern) for rule in RULES):
            raise ValueError(f"expected the name of a rule, got {pattern!r}; see the list of rules")
    return [
        rule for rule in RULES if not patterns or any(fnmatchcase(rule.id, pattern) for pattern in patterns)
    ]


def tried(run: Run, rule: Rule) -> Result:
    problems, limits, seconds = list[Problem](), list[str](), 0.0
    try:
        for seen in run.tried(rule):
            if isinstance(seen.response, (HttpResponse, TimedOut)):
                seconds = max(seconds, seen.response.seconds)
            try:
                problem = run.verifier.problem(seen.delivery, seen.response)
            except RateLimited as error:
                limits.append(str(error))
            else:
                problems += [problem] if problem else []
    except Skip as reason:
        return Result(rule, Outcome.SKIPPED, str(reason))
    except (Inconclusive, Gone) as reason:
        limits.append(str(reason))
    return _result(rule, problems, limits, seconds)


def observed(run: Run, rule: Rule) -> Result:
    limits = list[str]()
    problems = list[Problem]()
    try:
        problems += run.observers[rule.id].results(run)
    except Skip as reason:
        return Result(rule, Outcome.SKIPPED, str(reason))
    except Inconclusive as reason:
        limits.append(str(reason))
    return _result(rule, problems, limits, run.observers[rule.id].seconds, run.observers[rule.id].note)


def _result(rule: Rule, problems: list[Problem], limits: list[str], seconds: float, note: str = "") -> Result:
    if problems:
        only_warnings = all(problem.warning for problem in problems)
        outcome = Outcome.WARNING if only_warnings else Outcome.FAILED
        return Result(rule, outcome, summary(problems), tuple(problems), seconds)
    if limits:
        return Result(rule, Outcome.INCONCLUSIVE, limits[0], (), seconds)
    return Result(rule, Outcome.PASSED, note, (), seconds)


def summary(problems: Iterable[Problem]) -> str:
    """Return the problems in one line: each message once, behind the first callbacks that show it."""
    whats = dict[str, list[str]]()
    for problem in problems:
        whats.setdefault(problem.message, []).append(problem.what)
    texts = list[str]()
    for message, names in whats.items():
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        shown = ", ".join(filter(None, names[:3])) + more
        texts.append(f"{shown}: {message}" if shown else message)
    more = f"; and {len(texts) - 3} other problems" if len(texts) > 3 else ""
    return "; ".join(texts[:3]) + more
