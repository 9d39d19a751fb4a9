"""Check an endpoint, written in whatever language, against the specification, over real HTTP.

Every callback is delivered as SkyPay delivers it, and the responses are verified. Do not run it against an
endpoint in production: the callbacks report fictitious payouts.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from fnmatch import fnmatchcase

from attrs import frozen

from .._control_number import ControlNumber
from .._parser import CallbackParser
from ._bodies import Bodies
from ._http import HttpResponse, TimedOut
from ._rule import RULES, Consequence, Inconclusive, Outcome, Problem, Rule, Skip
from ._run import Gone, Run, Source
from ._verification import RateLimited, Verifier
from .rules import ALIVE, ANY

__all__ = ["RULES", "Consequence", "Outcome", "Problem", "Result", "Rule", "check_endpoint"]


@frozen
class Result:
    """The outcome of one rule."""

    rule: Rule
    """The rule."""
    outcome: Outcome
    """What came of it."""
    message: str = ""
    """Why it did not pass, or what a passed run could not detect, in one line. It holds no secret."""
    problems: tuple[Problem, ...] = ()
    """Everything that is wrong, with what was sent and what came back."""
    seconds: float = 0.0
    """How long the slowest response took."""

    @property
    def id(self) -> str:
        """The short name of the rule."""
        return self.rule.id

    @property
    def consequence(self) -> Consequence | None:
        """What the worst of the problems costs; None if there is none."""
        return min((one.consequence for one in self.problems), key=list(Consequence).index, default=None)


def check_endpoint(
    url: str,
    parser: CallbackParser,
    *,
    control_number: ControlNumber | None = None,
    only: str | Iterable[str] = (),
    pause: float = 0.0,
    keys: Iterable[str] = (),
    stored: Source | None = None,
    quarantined: Source | None = None,
    statuses: Source | None = None,
) -> Generator[Result]:
    """Try every rule on the endpoint at ``url``, and yield each result as soon as it is available.

    ``parser`` is configured as the endpoint is: the callbacks are those of its first account, with all
    secrets and all keys. ``control_number`` is the payout that every callback reports, for an endpoint that
    accepts only payouts that it knows. ``only`` names rules by ``Rule.id``; ``*`` stands for any text.
    ``pause`` is the number of seconds to wait before each delivery; without one, up to 8 callbacks whose
    order does not matter are delivered at a time. ``keys`` are the keys as SkyPay issued them, which a
    parser does not keep, so that a response that repeats one fails.

    ``stored`` returns every stored event in the form of ``PayoutCallback.to_dict``; ``quarantined`` a mapping
    with the ``payload`` of each quarantined callback; ``statuses`` one with the ``controlNumber`` and the
    ``status`` of each payout. Each may raise ``ValueError`` that says why it cannot.

    Where nothing is acknowledged, or nothing listens any more, the run ends with the result that says so.

    Raises ``ConnectionError`` if nothing listens at ``url`` at the start, and ``ValueError`` if it is not an
    HTTP URL or if ``only`` names no rule; both when the first result is requested.
    """
    from ._delivery import connected  # the extra http, which the list of rules does not need

    rules = selected(only)
    options = {"stored": stored, "quarantined": quarantined, "statuses": statuses}
    verifier = Verifier(parser, tuple(keys))
    with connected(url) as client:
        run = Run(
            client,
            verifier,
            Bodies(parser, control_number),
            pause,
            {name: source for name, source in options.items() if source},
            {rule.id: rule.observer() for rule in (*rules, ANY, ALIVE) if rule.observer},
        )
        if not run.probe(ANY):
            yield _observed(run, ANY)
            return
        for rule in rules:
            if rule.deliveries:
                yield _tried(run, rule)
            if run.gone:
                yield _observed(run, ALIVE)
                return
        for rule in rules:
            if rule.observer:
                yield _observed(run, rule)


def selected(only: str | Iterable[str]) -> list[Rule]:
    """Return the rules of these names, in their order; all of them for none. Raises ``ValueError``."""
    patterns = [only] if isinstance(only, str) else list(only)
    for pattern in patterns:
        if not any(fnmatchcase(rule.id, pattern) for rule in RULES):
            raise ValueError(f"expected the name of a rule, got {pattern!r}; see the list of rules")
    return [
        rule for rule in RULES if not patterns or any(fnmatchcase(rule.id, pattern) for pattern in patterns)
    ]


def _tried(run: Run, rule: Rule) -> Result:
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


def _observed(run: Run, rule: Rule) -> Result:
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
