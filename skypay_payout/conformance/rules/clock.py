"""responseTime, and how long responses take."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from time import monotonic, sleep
from typing import TYPE_CHECKING

from attrs import frozen

from ..._times import SKYPAY_ZONE
from .._http import HttpResponse, TimedOut
from .._outcome import Consequence, Inconclusive, Problem
from .._response_time import off_by, time_of
from .._rule import RULES, Observer, observer
from .._run import SECONDS
from ._reasons import RESPONSE_TIME

if TYPE_CHECKING:
    from .._rule import Rule, Seen
    from .._run import Run

_APART = 0.5
"""Seconds between the responses whose responseTime is compared, at least."""
_APART_IN_WHOLE_SECONDS = 2.2
"""The same where responseTime has only whole seconds."""
_SAME_MOMENT = timedelta(seconds=0.1)
"""How far two clocks may drift apart while they are compared."""
_AGAIN = 4
"""The first callbacks, which are delivered again at the end."""
_READ_AT = "SkyPay reads it as the moment when the callback was received."


@frozen
class _Moment:
    seen: Seen
    told: datetime

    @property
    def sent(self) -> datetime:
        return self.seen.response.sent if isinstance(self.seen.response, HttpResponse) else self.told

    @property
    def received(self) -> datetime:
        taken = self.seen.response.seconds if isinstance(self.seen.response, HttpResponse) else 0
        return self.sent + timedelta(seconds=taken)


class _Clock(Observer):
    """Keeps each responseTime."""

    def __init__(self) -> None:
        self.moments: list[_Moment] = []
        self.malformed: list[tuple[Seen, str]] = []
        self.begun: float = monotonic()

    def saw(self, seen: Seen) -> None:
        """Keep the time, or what is wrong with its form."""
        if seen.reading and seen.acknowledged and seen.reading.time is not None:
            told = time_of(seen.reading.time)
            if isinstance(told, str):
                self.malformed.append((seen, told))
            else:
                self.moments.append(_Moment(seen, told))

    def problem(self, run: Run, seen: Seen, message: str) -> Problem:
        """Return one problem, with the exchange that shows it."""
        what = f"{seen.rule.id}, {seen.delivery.what}"
        return run.verifier.told(Problem(message, Consequence.FORM, what), seen.delivery, seen.response)

    def rule(self, run: Run) -> Rule:
        """Return the rule that this is."""
        return next(rule for rule in RULES if run.observers.get(rule.id) is self)

    def again(self, run: Run, seconds: float) -> None:
        """Deliver the first callbacks again, so many seconds after the start."""
        if run.is_out_of_patience:
            raise Inconclusive("not completed, because earlier responses took too long")
        sleep(max(0.0, self.begun + seconds - monotonic()))
        first = [moment.seen.delivery for moment in self.moments[:_AGAIN]]
        for delivery in (*first, *(run.bodies.good() for _ in range(_AGAIN))):
            run.exchanged(self.rule(run), [delivery])


@observer("response-time-form", RESPONSE_TIME, "SkyPay may not be able to read it.")
class Form(_Clock):
    """Each responseTime has the form yyyy-MM-dd HH:mm:ss.SSSS."""

    def results(self, run: Run) -> Iterator[Problem]:
        """Yield an example of what has another form."""
        for seen, message in self.malformed[:1]:
            yield self.problem(
                run, seen, f"{message} ({len(self.malformed)} of {self.count} have another form)"
            )

    @property
    def count(self) -> int:
        """How many acknowledgements had a responseTime."""
        return len(self.malformed) + len(self.moments)


@observer("response-time", RESPONSE_TIME, _READ_AT)
class Moment(_Clock):
    """Each responseTime is the moment of its own response, in UTC+8."""

    def results(self, run: Run) -> Iterator[Problem]:
        """Yield what is not the present, or else the two that differ most."""
        self.again(run, _APART)
        whole_seconds = not any(moment.told.microsecond for moment in self.moments)
        if self.moments and whole_seconds:
            self.again(run, _APART_IN_WHOLE_SECONDS)
        if not self.moments:
            return
        for moment in self.moments:
            seconds = (moment.received - moment.sent).total_seconds()
            if off := off_by(moment.told, moment.sent, seconds):
                yield self.problem(run, moment.seen, off)
                return
        early = max(self.moments, key=lambda moment: moment.told - moment.received)
        late = min(self.moments, key=lambda moment: moment.told - moment.sent)
        precision = timedelta(seconds=whole_seconds)
        if early.told - early.received > late.told - late.sent + precision + _SAME_MOMENT:
            passed = abs((late.sent - early.sent).total_seconds())
            yield self.problem(
                run,
                late.seen,
                f"expected two responses {passed:.2f} s apart to differ by as much, got {_clock(early.told)} "
                f"and {_clock(late.told)}: read the clock for each response, and write all four digits",
            )
        self.note: str = _unseen(datetime.now(SKYPAY_ZONE))


@observer("response-time-digits", RESPONSE_TIME, _READ_AT)
class Digits(_Clock):
    """responseTime has all four digits of the fraction of its second."""

    def results(self, run: Run) -> Iterator[Problem]:
        """Yield that they are always 0."""
        self.again(run, _APART)
        if self.moments and not any(moment.told.microsecond for moment in self.moments):
            message = f"expected the fraction of the second, got .0000 in each of {len(self.moments)}"
            yield self.problem(run, self.moments[0].seen, message)


@observer(
    "in-time",
    "section 3.2 names no limit; this one is generous",
    "A sender that stops waiting closes the connection, and the callback may be lost.",
)
class InTime(Observer):
    """Every response comes within 5 s."""

    def __init__(self) -> None:
        self.slowest: tuple[Rule, str] | None = None

    def saw(self, seen: Seen) -> None:
        """Keep the slowest."""
        if isinstance(seen.response, (HttpResponse, TimedOut)) and seen.response.seconds > self.seconds:
            self.seconds: float = seen.response.seconds
            self.slowest = seen.rule, seen.delivery.what

    def results(self, run: Run) -> Iterator[Problem]:  # noqa: ARG002
        """Yield the slowest, if it is too slow."""
        if self.slowest and self.seconds > SECONDS:
            rule, what = self.slowest
            message = f"expected each response within {SECONDS:.0f} s, the slowest took {self.seconds:.1f} s"
            yield Problem(message, Consequence.LOST, f"{rule.id}, {what}")


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
