"""What is stored once the run is over: by the options --stored, --quarantined and --statuses."""

import json
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from time import sleep

from ..._callback import PayoutCallback
from ..._formatting import quoted
from ..._history import PayoutHistory
from .._ledger import Events, Record, as_record
from .._outcome import Consequence, Outcome, Problem, Stop
from .._rule import Problems, Seen, observer
from .._run import Run
from ._reasons import ANY_STATUS, FORGED, HISTORY, INVALID, REPEATS, SECRET, TIME

_WAITS = 10  # seconds in which a worker may derive the statuses
SHOWN = 40  # characters of a value that are shown
STORED_WRONG = Consequence.STORED_WRONG
ONE = "the endpoint seems to take callbacks with equal controlNumber and payType for one"
COARSE = f": {ONE}: dealTime is missing in its key"
NOT_FIRST = "What is acknowledged first is lost if the process ends in between. Print a durable queue, too."


@observer("stored-form", "points 2 to 9: what an event holds", "What cannot be read back cannot be used.")
def _form(run: Run) -> Problems:
    """Each stored event can be read."""
    invalid = run.ledger.numbers.keys() | run.ledger.tolerated
    for number, (line, event) in enumerate(run.ledger.stored, 1):
        if isinstance(event, str) and str(as_record(line).get("controlNumber", "")) not in invalid:
            yield Problem(f"line {number} is not in the form of to_dict(): {event}", STORED_WRONG)


@observer("stored-once", REPEATS, "What is not stored is lost; what is stored twice may be processed twice.")
def _once(run: Run) -> Problems:
    """Every acknowledged callback is stored once."""
    missing = dict[str, Events]()
    for key, events in run.ledger.events.items():
        kept = run.ledger.kept.get(key, [])
        twin = max(kept, key=kept.count, default=events[0][0])
        if (times := kept.count(twin)) > 1:
            forms = [_texts(as_record(line)).items() for line, event in run.ledger.stored if event == twin]
            differ = sorted({f"{name} {value[:SHOWN]}" for one in forms for name, value in one ^ forms[0]})
            how = f"with {', '.join(differ)}" if differ else "in equal lines"
            yield _wrong(events[0][1], f"{key} is stored {times} times, {how}")
        acknowledged = [event for event in events if event[1].acknowledged]
        if acknowledged and not kept and not _nearest(events[0][0], run.ledger.unexpected):
            missing[key] = acknowledged
    all_kept = [one for kept in run.ledger.kept.values() for one in kept]
    coarse = not run.bodies.control_number and all(_nearest(one[0][0], all_kept) for one in missing.values())
    for key, ((_, seen), *_) in missing.items():
        yield _wrong(seen, f"{key} was acknowledged, but is not stored{COARSE * coarse}", Consequence.LOST)


@observer("stored-first", "point 12: store before acknowledging", NOT_FIRST)
def _first(run: Run) -> Problems:
    """A callback is stored before it is acknowledged."""
    run.ledger.lines("stored")  # or Stop
    if run.gone:
        raise Stop(run.gone)
    if run.ledger.late:
        yield Problem("it was acknowledged first, and stored later", Consequence.LOST, "the last callback")


@observer("stored-intact", "points 7 and 11", "A damaged text cannot be restored.")
def _intact(run: Run) -> Problems:
    """Events are stored as they arrived, including Chinese and unknown fields."""
    for key, events in run.ledger.events.items():
        sent = [_texts(callback.to_dict()) for callback, _ in events]
        for stored in (_texts(callback.to_dict()) for callback in run.ledger.kept.get(key, [])):
            if stored not in sent:
                closest = min(sent, key=lambda one: len(one.items() ^ stored.items()))
                name = min(name for name, _ in closest.items() ^ stored.items())
                expected, got = (one.get(name, "none")[:SHOWN] for one in (closest, stored))
                yield _wrong(events[0][1], f"{key}: {quoted(name)}: expected {expected}, got {got}")


@observer("stored-time", TIME, "Events at another time are sorted and reconciled wrongly.")
def _time(run: Run) -> Problems:
    """A dealTime is stored as the same instant, UTC+8."""
    for key, ((callback, seen), *_) in run.ledger.events.items():
        is_missing = seen.acknowledged and key not in run.ledger.kept
        if is_missing and (other := _nearest(callback, run.ledger.unexpected)):
            late = other.deal_time - callback.deal_time
            hours = late / timedelta(hours=1)
            much = f"{hours:+.0f} h" if hours == int(hours) else f"{late.total_seconds():+.6f} s"
            warning = abs(late) < timedelta(milliseconds=1)  # which is all that many stores keep
            yield _wrong(seen, f"{key} is stored {much} off, at {other.deal_time}", warning=warning)


@observer("stored-rejected", SECRET, FORGED)
def _rejected(run: Run) -> Problems:
    """Nothing that was rejected is stored."""
    forged = run.ledger.forged
    for callback in run.ledger.unexpected:
        if seen := forged.get(callback.idempotency_key) or forged.get(callback.control_number):
            message = f"{callback.idempotency_key} had to be rejected, but is stored"
            yield _wrong(seen, message, Consequence.ACKNOWLEDGED)


@observer("stored-invalid", INVALID, "A payout that nobody reported is processed: a guess may be wrong.")
def _invalid(run: Run) -> Problems:
    """Nothing invalid is stored as an event."""
    if run.bodies.control_number:
        raise Stop("it needs payouts of its own", Outcome.SKIPPED)
    for line, event in run.ledger.stored:
        fields = as_record(line)
        number = str(fields.get("controlNumber", ""))
        seen = run.ledger.numbers.get(number) or run.ledger.numbers.get(number.casefold())
        if seen and (isinstance(event, str) or event.idempotency_key not in run.ledger.events):
            told = ", ".join(f"{name} {quoted(fields.get(name))}" for name in ("payType", "dealTime"))
            message = f"it is invalid, but stored as the event of {quoted(number)} with {told}"
            # .NET sends year 1 for no time, and nothing else of such a callback is wrong.
            warning = str(fields.get("dealTime")).startswith(("0001", "9999"))
            yield _wrong(seen, message, Consequence.MISTAKEN, warning=warning)


@observer("stored-different", HISTORY, "A person must see both contents: nobody can know which one is right.")
def _both_contents(run: Run) -> Problems:
    """Two contents under one control number, status and time are both stored."""
    for key, ((_, seen), *_) in run.ledger.events.items():
        kept = {callback.digest for callback in run.ledger.kept.get(key, [])}
        if seen.rule.id == "different-content" and len(kept) == 1:
            yield _wrong(seen, f"{key} arrived with two contents, but one is stored")


@observer("quarantined", ANY_STATUS, "Nobody will ever hear of it again, or it is taken for an event.")
def _quarantined(run: Run) -> Problems:
    """Every invalid callback that was acknowledged is quarantined."""
    records, malformed = run.ledger.records("quarantined", "payload")
    yield from malformed
    payloads = [_texts(_payload(record)).items() for record in records]
    for error, seen in run.ledger.invalid if payloads or not malformed else ():
        if not any(_texts(error.payload).items() <= payload for payload in payloads):
            message = f"it was acknowledged, but is not quarantined ({error.control_number or 'no number'})"
            yield _wrong(seen, message, Consequence.MISTAKEN)


@observer("quarantined-valid", ANY_STATUS, "Until a person looks, a payout that was acknowledged is unknown.")
def _valid_is_quarantined(run: Run) -> Problems:
    """No valid callback is quarantined."""
    for record in run.ledger.records("quarantined", "payload")[0]:
        callback = run.ledger.valid(_payload(record))
        key = callback.idempotency_key if callback else ""
        if key in run.ledger.events:
            yield _wrong(run.ledger.events[key][0][1], f"{key} is valid, but quarantined", Consequence.LOST)


@observer("derived-status", HISTORY, "Code that acts on it pays, refunds or waits wrongly.")
def _derived_status(run: Run) -> Problems:
    """The status of each payout follows from all of its callbacks."""
    for wait in range(_WAITS):
        if not _wrong_statuses(run, again=wait > 0):
            return
        sleep(1)
    yield from _wrong_statuses(run, again=True)


def _wrong_statuses(run: Run, *, again: bool = False) -> list[Problem]:
    records, problems = run.ledger.records("statuses", "controlNumber", "status", again=again)
    known = {str(record["controlNumber"]): str(record["status"]) for record in records}
    payouts = defaultdict[str, Events](list)
    for callback, seen in (event for events in run.ledger.events.values() for event in events):
        payouts[callback.control_number].append((callback, seen))
    for number, events in payouts.items():
        expected = PayoutHistory(callback for callback, _ in events).status
        got = known.get(number, "nothing")
        if got.upper() != expected and all(seen.acknowledged for _, seen in events):  # so that all count
            arrived = ", ".join(dict.fromkeys(callback.pay_type.name for callback, _ in events))
            problems.append(_wrong(events[0][1], f"{number} with {arrived}: expected {expected}, got {got}"))
    return problems


def _wrong(seen: Seen, message: str, costs: Consequence = STORED_WRONG, *, warning: bool = False) -> Problem:
    return Problem(message, costs, seen.name, warning=warning)


def _nearest(callback: PayoutCallback, others: Iterable[PayoutCallback]) -> PayoutCallback | None:
    """Return the one that may be the same callback at another time; None if there is none."""
    mine = callback.control_number, callback.pay_type
    same = (other for other in others if (other.control_number, other.pay_type) == mine)
    return min(same, key=lambda other: abs(other.deal_time - callback.deal_time), default=None)


def _payload(record: Record) -> Record:
    """Return the payload, which a text column may hold as text."""
    payload = record["payload"]
    with suppress(ValueError, TypeError):
        payload = json.loads(payload)
    return as_record(payload)


def _texts(fields: Record) -> dict[str, str]:
    """Return fields as JSON, without the secret; lone surrogates are replaced, as point 11 allows here."""
    texts = {name: json.dumps(one, sort_keys=True, ensure_ascii=False) for name, one in fields.items()}
    text = json.dumps(texts, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    readable: dict[str, str] = json.loads(text)
    return {name: value for name, value in readable.items() if name != "authentication"}
