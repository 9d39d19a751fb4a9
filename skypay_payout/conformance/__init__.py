"""Check an endpoint, written in whatever language, against the specification, over real HTTP.

Every callback is delivered as SkyPay delivers it, and the responses are verified. Do not run it against an
endpoint in production: the callbacks report fictitious payouts.
"""

from collections.abc import Generator, Iterable

from .._control_number import ControlNumber
from .._parser import CallbackParser
from ._bodies import Bodies
from ._ledger import Source
from ._outcome import Consequence, Outcome, Problem, Result
from ._rule import RULES, Rule, selected
from ._run import Run
from ._verification import Verifier
from .rules import ALIVE, ANY

__all__ = ["RULES", "Consequence", "Outcome", "Problem", "Result", "Rule", "check_endpoint"]


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

    ``parser`` is configured as the endpoint is; the callbacks are those of its first account. ``only`` names
    rules by ``Rule.id``; ``*`` stands for any text. ``control_number`` is the payout of all callbacks, for an
    endpoint that accepts only payouts that it knows. ``pause``: seconds to wait before each delivery; without
    one, up to 8 are delivered at a time. ``keys``: the keys as SkyPay issued them, to find them in responses.

    ``stored`` returns each stored event as ``PayoutCallback.to_dict`` does; ``quarantined`` a mapping with
    the ``payload`` of each quarantined callback; ``statuses`` one with the ``controlNumber`` and ``status``
    of each payout. They may raise ``ValueError`` that says why they cannot.

    Raises, when the first result is requested, ``ConnectionError`` if nothing listens at ``url``, and
    ``ValueError`` if it is not an HTTP URL or ``only`` names no rule.
    """
    from ._delivery import connected  # the extra http, which the list of rules does not need

    rules = selected(only)
    options = {"stored": stored, "quarantined": quarantined, "statuses": statuses}
    sources = {name: source for name, source in options.items() if source}
    with connected(url) as client:
        run = Run(client, Verifier(parser, keys), Bodies(parser, control_number), pause, sources)
        if not run.probe(ANY):
            yield run.result(ANY)
            return
        judges_stored = sources and rules[-1].section == "stored"  # which needs what the others deliver
        for rule in RULES if judges_stored else rules:  # the observers come last
            delivers, gone = rule.how != "observing", run.gone
            if (gone and (delivers or rule is ALIVE)) or not (delivers or rule in rules):
                continue
            result = run.result(rule)
            if rule in rules or result.outcome is Outcome.INCONCLUSIVE:
                yield result
            if run.gone and not gone:
                yield run.result(ALIVE)
