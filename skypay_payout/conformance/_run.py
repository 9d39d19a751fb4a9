"""One run: delivers the callbacks of each rule, and lets the observers see every response."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from time import monotonic, sleep
from typing import TYPE_CHECKING

from attrs import define, evolve, field

from ._bodies import TOGETHER, Bodies
from ._http import DeliveryError, HttpResponse, Request, Unreachable
from ._outcome import Gone, Inconclusive, Skip
from ._rule import Delivery, Observer, Rule, Seen
from ._verification import Verifier

if TYPE_CHECKING:
    from ._delivery import Client
    from ._ledger import Ledger, Source

SECONDS = 5.0
"""How long a response may take. The specification names no limit; this one is generous."""
PATIENCE = 60.0
"""Seconds that responses later than that, or waits for a rate limit, may take together."""
_QUICK = 1.0
"""Seconds for several responses at once, from which on one delivery goes out at a time."""
_RESTART = 1.0
"""Seconds in which a supervisor may start the endpoint again."""


@define
class Run:
    """The state of one run."""

    client: Client
    verifier: Verifier
    bodies: Bodies
    pause: float
    sources: Mapping[str, Source]
    """By the name of the option: stored, quarantined, statuses."""
    observers: Mapping[str, Observer]
    """By the id of their rules."""
    acknowledged: int = 0
    gone: str = ""
    statuses: Counter[int] = field(factory=Counter[int])
    """The HTTP statuses where an acknowledgement was expected."""
    seen: list[Seen] = field(factory=list["Seen"])
    ledger: Ledger | None = None
    _version: str = ""
    _in_any_order: int = 0
    """How many deliveries go out together where their order does not matter; 0 until it is known."""
    _waited: float = 0.0
    _last: str = "the first callback"

    @property
    def is_out_of_patience(self) -> bool:
        """Whether late responses took so long that nothing more is delivered."""
        return self._waited > PATIENCE

    def probe(self, rule: Rule) -> bool:
        """Whether it acknowledges a callback of any status. Raises ``Unreachable`` where nobody is there."""
        for delivery in self.bodies.probes():
            (seen,) = self.exchanged(rule, [delivery])
            if isinstance(seen.response, Unreachable):
                raise seen.response
            if isinstance(seen.response, HttpResponse):
                self._version = seen.response.version
            if seen.acknowledged or self._waited > PATIENCE:
                break
        return self.acknowledged > 0

    def tried(self, rule: Rule) -> Iterator[Seen]:
        """Deliver the callbacks of a rule. Raises ``Skip``, ``Inconclusive`` and ``Gone``."""
        deliveries = list(rule.deliveries(self.bodies) if rule.deliveries else ())
        if self._version == "HTTP/1.0" and any(delivery.request.chunked for delivery in deliveries):
            raise Skip("the server speaks HTTP/1.0, which has no chunked requests")
        size = {"in turn": 1, "together": TOGETHER}.get(rule.how, len(deliveries))
        if rule.how == "in any order":
            size = self._at_once(rule, size)
        for start in range(0, len(deliveries), size):
            if self._waited > PATIENCE:
                raise Inconclusive("not completed, because earlier responses took too long")
            yield from self.exchanged(rule, deliveries[start : start + size])

    def exchanged(self, rule: Rule, deliveries: list[Delivery]) -> list[Seen]:
        """Deliver at once, or over one connection if the rule says so, and show it to the observers."""
        over_one = rule.how == "over one connection"
        send = self.client.deliver_over_one_connection if over_one else self.client.deliver_together
        responses = self._delivered([delivery.request for delivery in deliveries], send)
        if any(isinstance(response, Unreachable) for response in responses) and self.acknowledged:
            sleep(_RESTART)
            responses = self._delivered([delivery.request for delivery in deliveries], send)
            for unreachable in responses:
                if isinstance(unreachable, Unreachable):
                    self.gone = f"{unreachable}, since {self._last}"
                    raise Gone(self.gone)
        self._last = f"{rule.id}: {deliveries[-1].what or rule.rule}"
        return [self._seen(rule, *pair) for pair in zip(deliveries, responses, strict=True)]

    def _seen(self, rule: Rule, delivery: Delivery, response: HttpResponse | DeliveryError) -> Seen:
        seen = Seen(rule, delivery, response)
        if delivery.expected == "acknowledged" and isinstance(response, HttpResponse):
            self.statuses[response.status] += 1
            if response.status != 429:
                seen = evolve(seen, reading=self.verifier.read(response, delivery.key))
                self.acknowledged += seen.acknowledged
        self.seen.append(seen)
        for observer in self.observers.values():
            observer.saw(seen)
        return seen

    def _delivered(
        self, requests: list[Request], send: Callable[[list[Request]], list[HttpResponse | DeliveryError]]
    ) -> list[HttpResponse | DeliveryError]:
        sleep(self.pause)
        start = monotonic()
        responses = send(requests)
        seconds = monotonic() - start
        if seconds > SECONDS:
            self._waited += seconds
        return [
            self._after_a_limit(request, response)
            for request, response in zip(requests, responses, strict=True)
        ]

    def _after_a_limit(
        self, request: Request, response: HttpResponse | DeliveryError
    ) -> HttpResponse | DeliveryError:
        """The response once the time of Retry-After is over."""
        while isinstance(response, HttpResponse) and response.status == 429:
            after = response.header(b"retry-after")
            seconds = max(1, int(after)) if after.isdecimal() and len(after) < 4 else PATIENCE
            if self._waited + seconds >= PATIENCE:
                break
            self._waited += seconds
            sleep(seconds)
            response = self.client.deliver_together([request])[0]
        return response

    def _at_once(self, rule: Rule, deliveries: int) -> int:
        """How many of so many deliveries go out together where their order does not matter."""
        if self.pause:
            return 1
        if not self._in_any_order and deliveries > TOGETHER:  # for fewer, finding it out is not worth it
            good = [self.bodies.good() for _ in range(TOGETHER)]
            start = monotonic()
            copes = all(seen.acknowledged for seen in self.exchanged(evolve(rule, how="together"), good))
            self._in_any_order = TOGETHER if copes and monotonic() - start < _QUICK else 1
        return self._in_any_order or 1
