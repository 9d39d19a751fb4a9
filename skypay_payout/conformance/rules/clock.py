"""responseTime, and how long responses take."""

from datetime import datetime, timedelta
from time import monotonic, sleep

from attrs import frozen

from ..._times import SKYPAY_ZONE
from ...testing._reading import off_by
from .._http import HttpResponse
from .._outcome import Consequence, Outcome, Problem, Stop
from .._rule import Problems, Seen, observer
from .._run import SECONDS, Run

RESPONSE_TIME = "point 6: responseTime"
READ_AT = "SkyPay reads it as the moment when the callback was received."
GENEROUS = "section 3.2 names no limit; this one is generous"
LATE = "A sender that stops waiting closes the connection, and the callback may be lost."
_APART = 0.5  # seconds between the responses whose responseTime is compared, at least
_APART_IN_WHOLE_SECONDS = 2.2  # the same where responseTime has only whole seconds
_SAME_MOMENT = timedelta(seconds=0.1)  # how far two clocks may drift apart while they are compared
_AGAIN = 4  # the first callbacks, which are delivered again at the end


@observer("response-time-form", RESPONSE_TIME, "SkyPay may not be able to read it.")
def _form(run: Run) -> Problems:
    """Each responseTime has the form yyyy-MM-dd HH:mm:ss.SSSS."""
    told = _told(run)
    wrong = [(seen, time) for seen, time in told if isinstance(time, str)]
    for seen, time in wrong[:1]:
        message = f"{time} ({len(wrong)} of {len(told)} have another form)"
        yield run.verifier.about(seen, message, Consequence.FORM)


@observer("response-time", RESPONSE_TIME, READ_AT)
def _moment(run: Run) -> Problems:
    """Each responseTime is the moment of its own response, in UTC+8."""
    moments = _moments(run, _APART)
    whole_seconds = bool(moments) and not any(one.told.microsecond for one in moments)
    if whole_seconds:
        moments = _moments(run, _APART_IN_WHOLE_SECONDS)
    for one in moments:
        if off := off_by(one.told, one.sent, one.seen.response.seconds):
            yield run.verifier.about(one.seen, off, Consequence.FORM)
            return
    if moments:
        early = max(moments, key=lambda one: one.told - one.received)
        late = min(moments, key=lambda one: one.told - one.sent)
        drift = (early.told - early.received) - (late.told - late.sent)
        if drift > _SAME_MOMENT + timedelta(seconds=whole_seconds):
            passed = abs((late.sent - early.sent).total_seconds())
            times = " and ".join(f"{one.told:%H:%M:%S.%f}"[:-2] for one in (early, late))
            message = f"expected two responses {passed:.2f} s apart to differ by as much, got {times}"
            advice = "read the clock for each response, and write all four digits"
            yield run.verifier.about(late.seen, f"{message}: {advice}", Consequence.FORM)
    if unseen := _unseen(datetime.now(SKYPAY_ZONE)):
        raise Stop(unseen, Outcome.PASSED)


@observer("response-time-digits", RESPONSE_TIME, READ_AT)
def _digits(run: Run) -> Problems:
    """responseTime has all four digits of the fraction of its second."""
    moments = _moments(run, _APART)
    if moments and not any(one.told.microsecond for one in moments):
        message = f"expected the fraction of the second, got .0000 in each of {len(moments)}"
        yield run.verifier.about(moments[0].seen, message, Consequence.FORM)


@observer("in-time", GENEROUS, LATE)
def _in_time(run: Run) -> Problems:
    """Every response comes within 5 s."""
    slowest = max(run.seen, key=lambda seen: seen.response.seconds)
    if (seconds := slowest.response.seconds) > SECONDS:
        message = f"expected each response within {SECONDS:.0f} s, the slowest took {seconds:.1f} s"
        yield Problem(message, Consequence.LOST, slowest.name)


@frozen
class _Moment:
    seen: Seen
    told: datetime
    sent: datetime
    received: datetime


def _told(run: Run) -> list[tuple[Seen, datetime | str]]:
    """Each responseTime, or by which it has another form."""
    read = [(seen, seen.reading.time if seen.reading else None) for seen in run.seen if seen.acknowledged]
    return [(seen, time) for seen, time in read if time is not None]


def _moments(run: Run, seconds: float) -> list[_Moment]:
    """Each responseTime, once the first callbacks are delivered again, so many seconds after the start."""
    run.require_patience()
    first = [seen.delivery for seen, time in _told(run) if not isinstance(time, str)][:_AGAIN]
    sleep(max(0.0, run.begun + seconds - monotonic()))
    for delivery in (*first, *(run.bodies.good() for _ in range(_AGAIN))):
        run.exchanged(run.seen[0].rule, [delivery])
    moments = list[_Moment]()
    for seen, time in _told(run):
        if isinstance(seen.response, HttpResponse) and not isinstance(time, str):
            sent = seen.response.sent
            moments.append(_Moment(seen, time, sent, sent + timedelta(seconds=seen.response.seconds)))
    return moments


def _unseen(now: datetime) -> str:
    clock = ["a 12-hour clock, which shows from 13:00 to 00:59"] * (1 <= now.hour <= 12)
    unseen = [*clock, *["the month in place of the minutes"] * (abs(now.minute - now.month) <= 1)]
    told = f"at this time of day, {now:%H:%M} in UTC+8, a run cannot detect {' or '.join(unseen)}"
    return f"{told}: run it again later" if unseen else ""
