"""Check an endpoint, written in whatever language, against the specification, over real HTTP.

Every case is delivered as SkyPay delivers callbacks, and the responses are verified. Do not run it against
an endpoint in production: the callbacks report fictitious payouts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import partial
from time import monotonic, sleep

from attrs import define, field, frozen

from .._callback import PayoutCallback
from .._control_number import ControlNumber
from .._formatting import quoted
from .._parser import CallbackParser
from .._results import Accepted
from .._times import SKYPAY_ZONE
from ..testing import encode
from ._bodies import TOGETHER, Bodies, Case, Delivery, Rule, Skip
from ._cases import (
    ANY,
    CASES,
    IN_TIME,
    RULES,
    STORED_INTACT,
    STORED_ONCE,
    STORED_REJECTED,
    STORED_TIME,
    TIME,
)
from ._delivery import (
    Client,
    ConnectionClosed,
    DeliveryError,
    HttpResponse,
    Request,
    TimedOut,
    Unreachable,
    connected,
)
from ._verification import LEAKED, RateLimited, Verifier

SECONDS = 5.0
"""How long a response may take. The specification names no limit; this one is generous."""
PATIENCE = 60.0
"""Seconds that responses later than that may take together, before the remaining cases are skipped."""
_SHOWN = 3
"""Problems of one case that are spelled out."""
_APART = 0.5
"""Seconds between the responses whose responseTime is compared, at least."""
_APART_IN_WHOLE_SECONDS = 2.2
"""The same where responseTime has only whole seconds."""
_SAME_MOMENT = timedelta(seconds=0.1)
"""How far two clocks may drift apart while they are compared."""

_QUICK = 1.0
"""Seconds for several responses at once, from which on one delivery goes out at a time."""

_NOTHING = "nothing was acknowledged"
_NOT_TRIED = "not completed, because earlier responses took too long"


class _OutOfPatience(Exception):
    pass


class Outcome(StrEnum):
    """The outcome of one rule."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    """It cannot run with these settings."""
    INCONCLUSIVE = "inconclusive"
    """The endpoint could not be tested: a rate limit, nothing acknowledged at all, or no response in time."""


@frozen
class Result:
    """The outcome of one rule."""

    id: str
    """A stable short name."""
    rule: str
    """The rule, as a sentence."""
    point: str
    """Where the specification says so."""
    why: str
    """What breaking the rule costs the partner."""
    outcome: Outcome
    message: str = ""
    """Why the rule did not pass, or what a passed run could not detect. It holds no secret and no key."""
    seconds: float = 0.0
    """How long the slowest response took."""


def check_endpoint(
    url: str,
    parser: CallbackParser,
    *,
    control_number: ControlNumber | None = None,
    only: Iterable[str] = (),
    pause: float = 0.0,
    keys: Iterable[str] = (),
    stored: Callable[[], Iterable[Mapping[str, object]]] | None = None,
) -> Iterator[Result]:
    """Try every rule on the endpoint at ``url``, and yield each result as soon as it is available.

    ``parser`` is configured as the endpoint is: the callbacks are those of its first account, with all
    secrets and all keys. ``control_number`` is the payout that every callback reports, for an endpoint that
    accepts only payouts that it knows. ``only`` names rules by ``Result.id``; ``*`` stands for any text.
    ``pause`` is the number of seconds to wait before each delivery; without one, up to 8 callbacks whose
    order does not matter are delivered at a time. ``keys`` are the keys as SkyPay issued them, which a
    parser does not keep, so that a response that repeats one fails. ``stored`` returns every stored event in
    the form of ``PayoutCallback.to_dict``, or raises ``ValueError`` that says why it cannot.

    Raises ``ConnectionError`` if nothing listens at ``url`` at the start, and ``ValueError`` if it is not an
    HTTP URL or if ``only`` names no rule; both when the first result is requested.
    """
    selected = _selected(only)
    with connected(url) as client:
        check = _Check(
            client, Verifier(parser, tuple(keys)), Bodies(parser, control_number), pause, stored is not None
        )
        check.probe()
        if TIME.id in selected:
            check.begin_response_time()
        for case in CASES:
            if case.id in selected:
                yield check.run(case)
        if TIME.id in selected:
            yield check.response_time()
    if ANY.id in selected or not check.acknowledged:
        yield check.any_acknowledged()
    if IN_TIME.id in selected:
        yield check.in_time()
    for result in check.check_stored(stored):
        if result.id in selected:
            yield result


def _selected(patterns: Iterable[str]) -> set[str]:
    known = [rule.id for rule in RULES]
    selected = set[str]()
    for pattern in patterns:
        found = {name for name in known if fnmatchcase(name, pattern)}
        if not found:
            raise ValueError(f"expected the name of a case, got {pattern!r}; see the list of cases")
        selected |= found
    return selected or set(known)


@frozen
class _Moment:
    sent: datetime
    received: datetime
    told: datetime


@define
class _Check:
    client: Client
    verifier: Verifier
    bodies: Bodies
    pause: float
    keeps_events: bool
    acknowledged: int = 0
    _statuses: set[int] = field(factory=set[int])
    """The statuses of all responses where an acknowledgement was expected."""
    _version: str = ""
    _in_any_order: int = 0
    """How many deliveries go out together where their order does not matter; 0 until it is known."""
    _waited: float = 0.0
    _slowest: float = 0.0
    _slowest_rule: str = ""
    _moments: list[_Moment] = field(factory=list[_Moment])
    _events: defaultdict[str, list[PayoutCallback]] = field(
        factory=partial(defaultdict[str, list[PayoutCallback]], list[PayoutCallback])
    )
    _rejected_events: set[str] = field(factory=set[str])
    _again: list[Delivery] = field(factory=list[Delivery])
    _begun: float = 0.0

    def probe(self) -> None:
        """Whether anybody is there, and whether it acknowledges. Raises ``Unreachable``."""
        delivery = self.bodies.good()
        response = self._delivered([delivery], self.client.deliver_together)[0]
        if isinstance(response, Unreachable):
            raise response
        if isinstance(response, HttpResponse):
            self._version = response.version
        self._problem(delivery, response)

    def run(self, case: Case) -> Result:
        """Deliver the callbacks of a case, and verify each response."""
        problems = list[str]()
        limited, rejections, seconds = False, False, 0.0
        try:
            for delivery, response in self._responses(case):
                if isinstance(response, (HttpResponse, TimedOut)):
                    seconds = max(seconds, response.seconds)
                if seconds > self._slowest:
                    self._slowest, self._slowest_rule = seconds, case.rule
                rejections |= delivery.expected == "rejected"
                try:
                    problem = self._problem(delivery, response)
                except RateLimited:
                    limited = True
                else:
                    if problem:
                        problems.append(f"{delivery.what}: {problem}" if delivery.what else problem)
        except Skip as reason:
            return _result(case, Outcome.SKIPPED, str(reason))
        except _OutOfPatience:
            if not problems:
                return _result(case, Outcome.INCONCLUSIVE, _NOT_TRIED, seconds)
        if problems:
            return _result(case, Outcome.FAILED, _summary(problems), seconds)
        if limited:
            message = (
                "got status 429, which is a rate limit and not a rejection: try a pause between deliveries"
            )
            return _result(case, Outcome.INCONCLUSIVE, message, seconds)
        if rejections and not self.acknowledged:
            message = f"{_NOTHING}, so a rejection proves nothing"
            return _result(case, Outcome.INCONCLUSIVE, message, seconds)
        return _result(case, Outcome.PASSED, seconds=seconds)

    def _responses(self, case: Case) -> Iterator[tuple[Delivery, HttpResponse | DeliveryError]]:
        deliveries = list(case.deliveries(self.bodies))
        if self._version == "HTTP/1.0" and any(delivery.request.chunked for delivery in deliveries):
            raise Skip("the server speaks HTTP/1.0, which has no chunked requests")
        send, size = self.client.deliver_together, len(deliveries)
        if case.how == "over one connection":
            send = self.client.deliver_over_one_connection
        elif case.how == "in turn":
            size = 1
        elif case.how == "in any order":
            size = self._at_once(size)
        for start in range(0, len(deliveries), size):
            self._check_patience()
            batch = deliveries[start : start + size]
            yield from zip(batch, self._delivered(batch, send), strict=True)

    def _at_once(self, deliveries: int) -> int:
        """How many of so many deliveries go out together where their order does not matter."""
        if self.pause or not self.acknowledged:
            return 1
        if not self._in_any_order and deliveries > TOGETHER:  # for fewer, finding it out is not worth it
            self._in_any_order = TOGETHER if self._copes_with_several() else 1
        return self._in_any_order or 1

    def _copes_with_several(self) -> bool:
        """Whether callbacks may arrive at once without failing other rules than those about that."""
        good = [self.bodies.good() for _ in range(TOGETHER)]
        start = monotonic()
        responses = self._delivered(good, self.client.deliver_together)
        quick = monotonic() - start < _QUICK
        return quick and not any(map(self._problem, good, responses))

    def _check_patience(self) -> None:
        if self._waited > PATIENCE:
            raise _OutOfPatience

    def _delivered(
        self, deliveries: list[Delivery], send: Callable[[list[Request]], list[HttpResponse | DeliveryError]]
    ) -> list[HttpResponse | DeliveryError]:
        if self.pause:
            sleep(self.pause)
        start = monotonic()
        responses = send([delivery.request for delivery in deliveries])
        seconds = monotonic() - start
        if seconds > SECONDS:
            self._waited += seconds
        return responses

    def _problem(self, delivery: Delivery, response: HttpResponse | DeliveryError) -> str:
        """Why the response is not what was expected; ``""`` if it is. Raises ``RateLimited``."""
        if isinstance(response, DeliveryError):
            closed = delivery.may_close and isinstance(response, ConnectionClosed)
            return "" if closed or delivery.expected == "anything" else str(response)
        if delivery.expected == "acknowledged":
            self._statuses.add(response.status)
            problem = self.verifier.acknowledgement_problem(response, delivery.cipher)
            if not problem:
                self._note_acknowledged(delivery, response)
            return problem
        if self.verifier.leaks(response, delivery.secrets):
            return LEAKED
        if delivery.expected == "anything":
            return ""
        problem = self.verifier.rejection_problem(response)
        if not problem:
            self._note_rejected(delivery)
        return problem

    def _note_acknowledged(self, delivery: Delivery, response: HttpResponse) -> None:
        self.acknowledged += 1
        told = self.verifier.response_time(response, delivery.cipher)
        self._moments.append(
            _Moment(response.sent, response.sent + timedelta(seconds=response.seconds), told)
        )
        if self.keeps_events:
            result = self.bodies.parser.receive(delivery.request.body)
            if isinstance(result, Accepted):
                self._events[result.callback.idempotency_key].append(result.callback)

    def _note_rejected(self, delivery: Delivery) -> None:
        if self.keeps_events:
            self._rejected_events.add(self.bodies.event(delivery))

    def begin_response_time(self) -> None:
        """Deliver what ``response_time`` delivers again, so that most of the time between has passed then."""
        self._again = [self.bodies.acknowledged("", encode(self.bodies.fields())), self.bodies.good()]
        self._begun = monotonic()
        self._deliver_all(self._again)

    def response_time(self) -> Result:
        """Whether each responseTime is of its own moment, on a clock that runs as fast as this one."""
        if self._waited > PATIENCE:
            return _result(TIME, Outcome.INCONCLUSIVE, _NOT_TRIED)
        self._wait_until(self._begun + _APART)
        self._deliver_all(self._again)
        moments = self._moments
        whole_seconds = not any(moment.told.microsecond for moment in moments)
        if moments and whole_seconds:
            self._wait_until(self._begun + _APART_IN_WHOLE_SECONDS)
            self._deliver_all(self._again)
        if not moments:
            return _result(TIME, Outcome.SKIPPED, _NOTHING)
        early = max(moments, key=lambda moment: moment.told - moment.received)
        late = min(moments, key=lambda moment: moment.told - moment.sent)
        precision = timedelta(seconds=whole_seconds)
        if early.told - early.received > late.told - late.sent + precision + _SAME_MOMENT:
            passed = abs((late.sent - early.sent).total_seconds())
            message = (
                f"expected two responses {passed:.2f} s apart to differ by as much, got "
                f"{_clock(early.told)} and {_clock(late.told)}: read the clock for each response, and "
                "write all four digits"
            )
            return _result(TIME, Outcome.FAILED, message)
        return _result(TIME, Outcome.PASSED, _unseen(datetime.now(SKYPAY_ZONE)))

    def _deliver_all(self, deliveries: Iterable[Delivery]) -> None:
        for delivery in deliveries:
            self._problem(delivery, self._delivered([delivery], self.client.deliver_together)[0])

    def _wait_until(self, end: float) -> None:
        sleep(max(0.0, end - monotonic()))

    def any_acknowledged(self) -> Result:
        """One hint, where nothing at all was acknowledged."""
        if self.acknowledged:
            return _result(ANY, Outcome.PASSED)
        how = (
            "the same key, of which AES takes the first 16 bytes of SHA-1 of SHA-1 of its UTF-8 bytes"
            if self.bodies.keys
            else "no key: these bodies were plain JSON"
        )
        message = (
            f"{_NOTHING}. Check the path of the URL; that the endpoint knows the account "
            f"{self.bodies.user_name!r} and the same secret; and that it uses {how}"
        )
        if self._statuses == {400}:
            message += (
                ". Status 400 is also what a framework itself responds to a Host header that it does not "
                "allow: in Django, add the host of the URL to ALLOWED_HOSTS"
            )
        return _result(ANY, Outcome.FAILED, message)

    def in_time(self) -> Result:
        """Whether every response came in time."""
        late = f"the slowest took {self._slowest:.1f} s, where {self._slowest_rule}"
        outcome = Outcome.FAILED if self._slowest > SECONDS else Outcome.PASSED
        return _result(IN_TIME, outcome, late if outcome is Outcome.FAILED else "", self._slowest)

    def check_stored(self, stored: Callable[[], Iterable[Mapping[str, object]]] | None) -> Iterator[Result]:
        """Compare what is stored with what was acknowledged."""
        rules = (STORED_ONCE, STORED_INTACT, STORED_TIME, STORED_REJECTED)
        if stored is None or not self.acknowledged:
            reason = "no stored events were given" if stored is None else _NOTHING
            yield from (_result(rule, Outcome.SKIPPED, reason) for rule in rules)
            return
        try:
            found = _found(stored())
        except ValueError as error:
            yield from (_result(rule, Outcome.FAILED, str(error)) for rule in rules)
            return
        problems = list(self._stored_problems(found))
        for rule in rules:
            wrong = [problem for broken, problem in problems if broken is rule]
            yield _result(rule, Outcome.FAILED if wrong else Outcome.PASSED, _summary(wrong))

    def _stored_problems(self, found: list[PayoutCallback]) -> Iterator[tuple[Rule, str]]:
        stored = defaultdict[str, list[PayoutCallback]](list)
        for callback in found:
            stored[callback.idempotency_key].append(callback)
        for key, sent in self._events.items():
            # A redelivery may differ, and a store may keep one of them or both.
            kept = stored.get(key, [])
            times = max(map(kept.count, kept), default=0)
            if times > 1:
                yield STORED_ONCE, f"{key} is stored {times} times"
            for callback in kept:
                if callback not in sent:
                    yield STORED_INTACT, f"{key}: {_difference(sent[0], callback)}"
            if not kept:
                yield _missing(key, sent[0], found)
        for key in sorted(self._rejected_events & (stored.keys() - self._events.keys())):
            yield STORED_REJECTED, f"{key} was rejected, but is stored"


def _missing(key: str, callback: PayoutCallback, found: Iterable[PayoutCallback]) -> tuple[Rule, str]:
    elsewhere = _at_another_time(callback, found)
    if elsewhere is None:
        return STORED_ONCE, f"{key} is not stored"
    hours = (elsewhere.deal_time - callback.deal_time) / timedelta(hours=1)
    return STORED_TIME, f"{key} is stored {hours:+.0f} h off, at {elsewhere.deal_time}"


def _found(records: Iterable[Mapping[str, object]]) -> list[PayoutCallback]:
    found = list[PayoutCallback]()
    for number, record in enumerate(records, 1):
        try:
            found.append(PayoutCallback.from_dict(record))
        except (ValueError, TypeError) as error:
            raise ValueError(f"stored event {number} is not in the form of to_dict(): {error}") from None
    return found


def _at_another_time(callback: PayoutCallback, found: Iterable[PayoutCallback]) -> PayoutCallback | None:
    for other in found:
        off = abs(other.deal_time - callback.deal_time)
        same = (other.control_number, other.pay_type) == (callback.control_number, callback.pay_type)
        if same and off in (timedelta(hours=8), timedelta(hours=16)):
            return other
    return None


def _difference(sent: PayoutCallback, stored: PayoutCallback) -> str:
    before, after = sent.to_dict(), stored.to_dict()
    names = [name for name in dict.fromkeys((*before, *after)) if before.get(name) != after.get(name)]
    return f"expected {names[0]} {quoted(before.get(names[0]))}, got {quoted(after.get(names[0]))}"


def _unseen(now: datetime) -> str:
    unseen = list[str]()
    if 1 <= now.hour <= 12:
        unseen.append("a 12-hour clock, which shows from 13:00 to 00:59")
    if abs(now.minute - now.month) <= 1:
        unseen.append("the month in place of the minutes")
    if not unseen:
        return ""
    what = " or ".join(unseen)
    return f"at this time of day, {now:%H:%M} in UTC+8, a run cannot detect {what}: run it again later"


def _clock(time: datetime) -> str:
    return f"{time:%H:%M:%S.%f}"[:-2]


def _summary(problems: list[str]) -> str:
    more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
    return "; ".join(problems[:_SHOWN]) + more


def _result(rule: Rule, outcome: Outcome, message: str = "", seconds: float = 0.0) -> Result:
    return Result(rule.id, rule.rule, rule.point, rule.why, outcome, message, seconds)
