"""What is stored once the run is over: by the options --stored, --quarantined and --statuses."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from time import sleep
from typing import Any

from ..._callback import PayoutCallback
from ..._formatting import canonical_json, quoted
from ..._history import PayoutHistory
from .._ledger import Event, Record, as_record
from .._outcome import Consequence, Problem, Skip
from .._rule import observer
from .._run import Run
from ._reasons import ANY_STATUS, FORGED, HISTORY, INVALID, REPEATS, SECRET, TIME

_WAITS = 10
"""Seconds in which a worker may derive the statuses."""
_WRONG = Consequence.STORED_WRONG


@observer("stored-form", "points 2 to 9: what an event holds", "What cannot be read back cannot be used.")
def form(run: Run) -> Iterator[Problem]:
    """Each stored event can be read."""
    invalid = run.ledger.numbers.keys() | run.ledger.tolerated
    for number, (line, event) in enumerate(run.ledger.stored, 1):
        if isinstance(event, str) and _number(line) not in invalid:
            yield Problem(f"line {number} is not in the form of to_dict(): {event}", _WRONG)


@observer(
    "stored-once",
    REPEATS,
    "One that is acknowledged but not stored is lost; one that is stored twice may be processed twice.",
)
def once(run: Run) -> Iterator[Problem]:
    """Every acknowledged callback is stored once."""
    for key, events in run.ledger.events.items():
        kept = run.ledger.kept.get(key, [])
        acknowledged = [event for event in events if event.seen.acknowledged]
        times = max(Counter(one.digest for one in kept).values(), default=0)
        if times > 1:
            yield Problem(f"{key} is stored {times} times", _WRONG, events[0].seen.name)
        if acknowledged and not kept and not _nearest(events[0].callback, run.ledger.unexpected):
            message = f"{key} was acknowledged, but is not stored"
            yield Problem(message, Consequence.LOST, acknowledged[0].seen.name)


@observer(
    "stored-first",
    "point 12: store before acknowledging",
    "What is acknowledged first is lost if the process ends in between. A queue that survives that counts as "
    "stored: let the command print it too.",
)
def first(run: Run) -> Iterator[Problem]:
    """A callback is stored before it is acknowledged."""
    run.ledger.lines("stored")
    if run.ledger.late:
        yield Problem("it was acknowledged first, and stored later", Consequence.LOST, "the last callback")


@observer("stored-intact", "points 7 and 11", "A damaged text cannot be restored.")
def intact(run: Run) -> Iterator[Problem]:
    """Events are stored as they arrived, including Chinese and unknown fields."""
    for key, kept in run.ledger.kept.items():
        events = run.ledger.events.get(key, [])
        sent = {_readable(event.callback): event.callback for event in events}
        for callback in kept if events else ():
            if _readable(callback) not in sent:
                differences = [_differences(one, callback) for one in sent.values()]
                yield Problem(f"{key}: {min(differences, key=len)[0]}", _WRONG, events[0].seen.name)


@observer("stored-time", TIME, "Events at another time are sorted and reconciled wrongly.")
def time(run: Run) -> Iterator[Problem]:
    """A dealTime is stored as the same instant, UTC+8."""
    for key, (event, *_) in run.ledger.events.items():
        other = _nearest(event.callback, run.ledger.unexpected)
        if other and event.seen.acknowledged and key not in run.ledger.kept:
            late = other.deal_time - event.callback.deal_time
            hours = late / timedelta(hours=1)
            much = f"{hours:+.0f} h" if hours == int(hours) else f"{late.total_seconds():+.6f} s"
            message = f"{key} is stored {much} off, at {other.deal_time}"
            warning = abs(late) < timedelta(milliseconds=1)  # which is all that many stores keep
            yield Problem(message, _WRONG, event.seen.name, warning=warning)


@observer("stored-rejected", SECRET, FORGED)
def rejected(run: Run) -> Iterator[Problem]:
    """Nothing that was rejected is stored."""
    forged = run.ledger.forged
    for callback in run.ledger.unexpected:
        if seen := forged.get(callback.idempotency_key) or forged.get(callback.control_number):
            message = f"{callback.idempotency_key} had to be rejected, but is stored"
            yield Problem(message, Consequence.ACKNOWLEDGED, seen.name)


@observer(
    "stored-invalid",
    INVALID,
    "A payout that nobody reported is processed: guessing is worse than asking a person.",
)
def invalid(run: Run) -> Iterator[Problem]:
    """Nothing invalid is stored as an event."""
    if run.bodies.control_number:
        raise Skip("--control-number names one payout")
    numbers, events = run.ledger.numbers, run.ledger.events
    for line, event in run.ledger.stored:
        seen = numbers.get(_number(line)) or numbers.get(_number(line).casefold())
        if seen and (isinstance(event, str) or event.idempotency_key not in events):
            fields = as_record(line) or {}
            told = ", ".join(f"{name} {quoted(fields.get(name))}" for name in ("payType", "dealTime"))
            message = f"it is invalid, but stored as the event of {quoted(_number(line))} with {told}"
            # .NET sends year 1 for no time, and nothing else of such a callback is wrong.
            warning = str(fields.get("dealTime")).startswith(("0001", "9999"))
            yield Problem(message, Consequence.MISTAKEN, seen.name, warning=warning)


@observer(
    "stored-different", HISTORY, "A person must see both contents: which of them is right, nobody can know."
)
def both_contents(run: Run) -> Iterator[Problem]:
    """Two contents under one control number, status and time are both stored."""
    for key, events in run.ledger.events.items():
        sent = {_readable(one.callback) for one in events if one.seen.rule.id == "different-content"}
        if len(sent) > 1 and len({*map(_readable, run.ledger.kept.get(key, []))}) == 1:
            message = f"{key} arrived with {len(sent)} contents, but one is stored"
            yield Problem(message, _WRONG, events[-1].seen.name)


@observer("quarantined", ANY_STATUS, "Nobody will ever hear of it again, or it is taken for an event.")
def quarantined(run: Run) -> Iterator[Problem]:
    """Every invalid callback that was acknowledged is quarantined."""
    records, malformed = run.ledger.records("quarantined", "payload")
    yield from malformed
    payloads = [_texts(_payload(record)) for record in records]
    for error, seen in run.ledger.invalid if payloads or not malformed else ():
        fields = _texts(error.payload).items()
        if not any(fields <= payload.items() for payload in payloads):
            message = f"it was acknowledged, but is not quarantined ({error.control_number or 'no number'})"
            yield Problem(message, Consequence.MISTAKEN, seen.name)


@observer(
    "quarantined-valid",
    ANY_STATUS,
    "Until a person looks, the payout is not known, though it was acknowledged.",
)
def valid_is_quarantined(run: Run) -> Iterator[Problem]:
    """No valid callback is quarantined."""
    for record in run.ledger.records("quarantined", "payload")[0]:
        callback = run.ledger.valid(_payload(record))
        if callback and (events := run.ledger.events.get(callback.idempotency_key)):
            message = f"{callback.idempotency_key} is valid, but quarantined"
            yield Problem(message, Consequence.LOST, events[0].seen.name)


@observer("derived-status", HISTORY, "Code that acts on it pays, refunds or waits wrongly.")
def derived_status(run: Run) -> Iterator[Problem]:
    """The status of each payout follows from all of its callbacks."""
    payouts = defaultdict[str, list[Event]](list)
    for event in (event for events in run.ledger.events.values() for event in events):
        payouts[event.callback.control_number].append(event)
    problems = _wrong_statuses(run, payouts)
    for _ in range(_WAITS):
        if not problems:
            break
        sleep(1)
        problems = _wrong_statuses(run, payouts, again=True)
    yield from problems


def _wrong_statuses(run: Run, payouts: dict[str, list[Event]], *, again: bool = False) -> list[Problem]:
    records, problems = run.ledger.records("statuses", "controlNumber", "status", again=again)
    known = {str(record["controlNumber"]): str(record["status"]) for record in records}
    for number, events in payouts.items():
        if all(event.seen.acknowledged for event in events):  # or nobody can say which of them count
            expected = PayoutHistory(event.callback for event in events).status
            if (got := known.get(number, "nothing")).upper() != expected:
                arrived = ", ".join(dict.fromkeys(event.callback.pay_type.name for event in events))
                message = f"{number} with {arrived}: expected {expected}, got {got}"
                problems.append(Problem(message, _WRONG, events[0].seen.name))
    return problems


def _number(line: object) -> str:
    return str((as_record(line) or {}).get("controlNumber", ""))


def _nearest(callback: PayoutCallback, others: Iterable[PayoutCallback]) -> PayoutCallback | None:
    """Return the one that may be the same callback at another time; None if there is none."""
    mine = callback.control_number, callback.pay_type
    same = (other for other in others if (other.control_number, other.pay_type) == mine)
    return min(same, key=lambda other: abs(other.deal_time - callback.deal_time), default=None)


def _readable(callback: PayoutCallback) -> str:
    """Return the content with lone surrogates replaced: point 11 keeps them out of two texts only."""
    text = json.dumps(callback.to_dict(), sort_keys=True, ensure_ascii=False)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _differences(sent: PayoutCallback, stored: PayoutCallback) -> list[str]:
    """Say of each field that differs what was sent, and what is stored."""
    before, after = sent.to_dict(), stored.to_dict()
    names = [name for name in before | after if _texts(before).get(name) != _texts(after).get(name)]
    told = [[quoted(one[name]) if name in one else "none" for one in (before, after)] for name in names]
    return [
        f"{quoted(name)}: expected {one}, got {other}" for name, (one, other) in zip(names, told, strict=True)
    ]


def _payload(record: Record) -> Record:
    """Return the payload, which a text column may hold as text."""
    payload: Any = record["payload"]
    if isinstance(payload, str):
        with suppress(ValueError):
            payload = json.loads(payload)
    return as_record(payload) or {}


def _texts(fields: Record) -> dict[str, str]:
    """Return the fields without the secret, in canonical form."""
    return {name: canonical_json(value) for name, value in fields.items() if name != "authentication"}
