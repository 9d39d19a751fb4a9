"""The results of rules."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from attrs import frozen

from ._outcome import Consequence, Outcome, Problem, Stop
from ._rule import RULES, Rule
from ._run import Run


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
    return [rule for rule in RULES if any(fnmatchcase(rule.id, pattern) for pattern in patterns or ["*"])]


def result_of(run: Run, rule: Rule) -> Result:
    """Try a rule, or observe what came of the others."""
    problems, outcome, message = list[Problem](), Outcome.PASSED, ""
    try:
        for problem in rule.observer(run) if rule.observer else run.problems(rule):
            problems.append(problem)
    except Stop as stop:
        outcome, message = stop.outcome, str(stop)
    if problems:
        outcome = Outcome.WARNING if all(problem.warning for problem in problems) else Outcome.FAILED
        message = str(problems[0]) + (f"; and {len(problems) - 1} more" if len(problems) > 1 else "")
    seconds = max((seen.response.seconds for seen in run.seen if seen.rule is rule), default=0.0)
    return Result(rule, outcome, message, tuple(problems), seconds)
