"""One run: delivers the callbacks of each rule, and keeps every exchange for the observers."""

from collections.abc import Mapping
from functools import cached_property
from time import monotonic, sleep
from typing import TYPE_CHECKING

from attrs import define, field

from ._bodies import NEEDS, TOGETHER, Bodies
from ._http import HttpResponse, Request, Response, Unreachable
from ._ledger import Ledger, Source
from ._outcome import Outcome, Problem, Result, Stop
from ._rule import ANY_ORDER, Delivery, Problems, Rule, Seen
from ._verification import Verifier

if TYPE_CHECKING:
    from ._delivery import Client

SECONDS = 5.0  # how long a response may take: the specification names no limit; this one is generous
PATIENCE = 60.0  # seconds that responses later than that, or waits for a rate limit, may take together
_QUICK = 1.0  # seconds for several responses at once, from which on one delivery goes out at a time
_RESTART = 1.0  # seconds in which a supervisor may start the endpoint again


@define(slots=False, eq=False)
class Run:
    """The state of one run."""

    client: "Client"
    verifier: Verifier
    bodies: Bodies
    pause: float
    sources: Mapping[str, Source]  # by the name of the option: stored, quarantined, statuses
    seen: list[Seen] = field(init=False, factory=list[Seen])
    gone: str = field(init=False, default="")  # why nobody listens any more
    last: Seen = field(init=False)  # what the endpoint got before it went away
    begun: float = field(init=False, default=0.0)  # when the first callback was acknowledged
    _waited: float = field(init=False, default=0.0)

    @property
    def acknowledged(self) -> bool:
        """Whether anything was."""
        return any(seen.acknowledged for seen in self.seen)

    @cached_property
    def ledger(self) -> Ledger:
        """What has to be stored; it is made when it is first needed, at the end."""
        return Ledger(self)

    def probe(self, rule: Rule) -> bool:
        """Whether it acknowledges a callback of any status. Raises ``Unreachable`` where nobody is there."""
        for delivery in self.bodies.probes():
            (seen,) = self.exchanged(rule, [delivery])
            if isinstance(seen.response, Unreachable):
                raise seen.response
            if seen.acknowledged or self._waited > PATIENCE:
                break
        self.begun = monotonic()
        return self.acknowledged

    def result(self, rule: Rule) -> Result:
        """Try a rule, or observe what came of the others."""
        problems, outcome, message = list[Problem](), Outcome.PASSED, ""
        try:
            for problem in rule.made(self) if rule.how == "observing" else self._problems(rule):
                problems.append(problem)
        except Stop as stop:
            outcome, message = stop.outcome, str(stop)
        if problems:
            outcome = Outcome.WARNING if all(problem.warning for problem in problems) else Outcome.FAILED
            message = str(problems[0]) + (f"; and {len(problems) - 1} more" if len(problems) > 1 else "")
        seconds = max((seen.response.seconds for seen in self.seen if seen.rule is rule), default=0.0)
        return Result(rule, outcome, message, tuple(problems), seconds)

    def _problems(self, rule: Rule) -> Problems:
        deliveries = list[Delivery](rule.made(self.bodies) if NEEDS[rule.needs](self.bodies) else ())
        if not deliveries:
            raise Stop(f"it needs {rule.needs or 'a key'}", Outcome.SKIPPED)
        if any(one.request.chunked for one in deliveries) and self.seen[-1].response.version == "HTTP/1.0":
            raise Stop("the server speaks HTTP/1.0, which has no chunked requests", Outcome.SKIPPED)
        size = {"in turn": 1, "together": TOGETHER}.get(rule.how, len(deliveries))
        if rule.how == ANY_ORDER:  # for a few, it is not worth finding out whether several may go at once
            size = TOGETHER if len(deliveries) > TOGETHER and not self.pause and self._copes else 1
        for start in range(0, len(deliveries), size):
            self.require_patience()
            for seen in self.exchanged(rule, deliveries[start : start + size]):
                if problem := self.verifier.problem(seen):
                    yield problem

    def require_patience(self) -> None:
        """Raise ``Stop`` where late responses took so long that nothing more is delivered."""
        if self._waited > PATIENCE:
            raise Stop("not completed, because earlier responses took too long")

    def exchanged(self, rule: Rule, deliveries: list[Delivery]) -> list[Seen]:
        """Deliver at once, or over one connection if the rule says so. Raises ``Stop`` if nobody is left."""
        if self.gone:
            raise Stop(self.gone)
        requests = [delivery.request for delivery in deliveries]
        missed = list[Response]()
        for _ in range(2):
            seen = list[Seen]()
            for one, response in zip(deliveries, self._delivered(rule, requests), strict=True):
                reading = self.verifier.read(response, one.key) if one.expected == "acknowledged" else None
                seen.append(Seen(rule, one, response, reading))
            missed = [one.response for one in seen if isinstance(one.response, Unreachable)]
            if not missed or not self.acknowledged:
                self.seen += seen
                return seen
            self.seen += [one for one in seen if not isinstance(one.response, Unreachable)]
            sleep(_RESTART)
        self.last = ([one for one in self.seen[-TOGETHER:] if not one.response.status] or self.seen)[-1]
        self.gone = f"{missed[0]}, since {self.last.name}"
        raise Stop(self.gone)

    @cached_property
    def _copes(self) -> bool:
        """Whether several go through at once, and quickly."""
        good = [self.bodies.good() for _ in range(TOGETHER)]
        start = monotonic()
        copes = all(seen.acknowledged for seen in self.exchanged(self.seen[0].rule, good))
        return copes and monotonic() - start < _QUICK

    def _delivered(self, rule: Rule, requests: list[Request]) -> list[Response]:
        sleep(self.pause)
        start = monotonic()
        responses = self.client.deliver(requests, over_one_connection=rule.how == "over one connection")
        seconds = monotonic() - start
        self._waited += seconds if seconds > SECONDS else 0
        return list(map(self._after_a_limit, requests, responses))

    def _after_a_limit(self, request: Request, response: Response) -> Response:
        """The response once the time of Retry-After is over."""
        while isinstance(response, HttpResponse) and response.status == 429:
            after = response.header(b"retry-after")
            seconds = max(1, int(after)) if after.isdecimal() and len(after) < 4 else PATIENCE
            if self._waited + seconds >= PATIENCE:
                break
            self._waited += seconds
            sleep(seconds)
            response = self.client.deliver([request])[0]
        return response
