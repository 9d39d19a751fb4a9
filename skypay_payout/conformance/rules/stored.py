"""What is stored once the run is over: by the options --stored, --quarantined and --statuses."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from time import sleep
from typing import TYPE_CHECKING

from ..._callback import PayoutCallback
from ..._formatting import canonical_json, quoted
from ..._history import PayoutHistory
from .._difference import difference, different, readable
from .._ledger import Event, Ledger, ledger_of, nearest, payload_of
from .._outcome import Consequence, Problem, Skip
from .._rule import Observer, observer
from ._reasons import ANY_STATUS, FORGED, HISTORY, INVALID, LOST, REPEATS, SECRET, TIME

if TYPE_CHECKING:
    from .._run import Run

_MILLISECOND = timedelta(milliseconds=1)
_WAITS = 10
"""Seconds in which a worker may derive the statuses."""


class _Store:
    """What the command of an option prints, beside what has to be there."""

    def __init__(self, ledger: Ledger, option: str) -> None:
        self.ledger = ledger
        self.records = ledger.read(option)
        self.found = list[PayoutCallback]()
        self.unreadable = list[tuple[int, Mapping[str, object], str]]()
        for number, record in enumerate(self.records if option == "stored" else (), 1):
            try:
                self.found.append(PayoutCallback.from_dict({**ledger.constant, **record}))
            except (ValueError, TypeError) as error:
                self.unreadable.append((number, record, str(error)))
        self.kept = defaultdict[str, list[PayoutCallback]](list)
        for callback in self.found:
            self.kept[callback.idempotency_key].append(callback)
        self.unexpected = [one for one in self.found if one.idempotency_key not in ledger.events]


_Differences = Callable[[_Store], Iterator[Problem]]
_Decorator = Callable[[_Differences], _Differences]


def _stored(
    name: str, point: str, why: str, option: str = "stored"
) -> Callable[[_Differences], _Differences]:
    """Make a rule of what yields every difference. The docstring is the sentence."""

    def add(made: _Differences) -> _Differences:
        def results(_: Observer, run: Run) -> Iterator[Problem]:
            yield from made(_Store(ledger_of(run), option))

        fields = {"__doc__": made.__doc__, "__module__": made.__module__, "results": results}
        observer(name, point, why)(type("_Rule", (Observer,), fields))
        return made

    return add


@_stored("stored-form", "points 2 to 9: what an event holds", "What cannot be read back cannot be used.")
def stored_form(store: _Store) -> Iterator[Problem]:
    """Each stored event can be read."""
    for number, record, error in store.unreadable:
        if str(record.get("controlNumber")) not in store.ledger.numbers.keys() | store.ledger.tolerated:
            message = f"line {number} is not in the form of to_dict(): {error}"
            yield Problem(message, Consequence.STORED_WRONG)


@_stored(
    "stored-once",
    REPEATS,
    "One that is acknowledged but not stored is lost; one that is stored twice may be processed twice.",
)
def stored_once(store: _Store) -> Iterator[Problem]:
    """Every acknowledged callback is stored once."""
    for key, events in store.ledger.events.items():
        kept = store.kept.get(key, [])
        acknowledged = [event for event in events if event.acknowledged]
        times = max(Counter(canonical_json(one.to_dict()) for one in kept).values(), default=0)
        if times > 1:
            yield Problem(f"{key} is stored {times} times", Consequence.STORED_WRONG, events[0].what)
        if acknowledged and not kept and not nearest(events[0].callback, store.unexpected):
            message = f"{key} was acknowledged, but is not stored"
            yield Problem(message, Consequence.LOST, acknowledged[0].what)


@_stored(
    "stored-first",
    "point 12: store before acknowledging",
    "What is acknowledged first is lost if the process ends in between. A queue that survives that counts as "
    "stored: let the command print it too.",
)
def stored_first(store: _Store) -> Iterator[Problem]:
    """A callback is stored before it is acknowledged."""
    if store.ledger.late:
        yield Problem("it was acknowledged first, and stored later", Consequence.LOST, "the last callback")


@_stored("stored-intact", "points 7 and 11", "A damaged text cannot be restored.")
def stored_intact(store: _Store) -> Iterator[Problem]:
    """Events are stored as they arrived, including Chinese and unknown fields."""
    for key, events in store.ledger.events.items():
        sent = [event.callback for event in events]
        for callback in store.kept.get(key, []):
            if callback not in sent and readable(callback) not in map(readable, sent):
                closest = min(sent, key=lambda one: len(different(one, callback)))
                message = f"{key}: {difference(closest, callback)}"
                yield Problem(message, Consequence.STORED_WRONG, events[0].what)


@_stored("stored-time", TIME, "Events at another time are sorted and reconciled wrongly.")
def stored_time(store: _Store) -> Iterator[Problem]:
    """A dealTime is stored as the same instant, UTC+8."""
    for key, events in store.ledger.events.items():
        first = events[0]
        other = nearest(first.callback, store.unexpected)
        if not first.acknowledged or store.kept.get(key) or other is None:
            continue
        late = other.deal_time - first.callback.deal_time
        hours = late / timedelta(hours=1)
        much = f"{hours:+.0f} h" if late and hours == int(hours) else f"{late.total_seconds():+.6f} s"
        message = f"{key} is stored {much} off, at {other.deal_time}"
        warning = abs(late) < _MILLISECOND
        yield Problem(message, Consequence.STORED_WRONG, first.what, warning=warning)


@_stored("stored-rejected", SECRET, FORGED)
def stored_rejected(store: _Store) -> Iterator[Problem]:
    """Nothing that was rejected is stored."""
    for callback in store.unexpected:
        for key in (callback.idempotency_key, str(callback.control_number)):
            if key in store.ledger.forged:
                message = f"{callback.idempotency_key} had to be rejected, but is stored"
                yield Problem(message, Consequence.ACKNOWLEDGED, store.ledger.forged[key])
                break


@_stored(
    "stored-invalid",
    INVALID,
    "A payout that nobody reported is processed: guessing is worse than asking a person.",
)
def stored_invalid(store: _Store) -> Iterator[Problem]:
    """Nothing invalid is stored as an event."""
    if store.ledger.one_payout:
        raise Skip("--control-number names one payout")
    records = [record for _, record, _ in store.unreadable] + [one.to_dict() for one in store.unexpected]
    for record in records:
        number = str(record.get("controlNumber"))
        what = store.ledger.numbers.get(number) or store.ledger.numbers.get(number.casefold())
        if what:
            shown = ", ".join(f"{name} {quoted(record.get(name))}" for name in ("payType", "dealTime"))
            message = f"it is invalid, but stored as the event of {quoted(number)} with {shown}"
            # .NET sends year 1 for no time, and nothing else of such a callback is wrong.
            warning = str(record.get("dealTime")).startswith(("0001", "9999"))
            yield Problem(message, Consequence.STORED_WRONG, what, warning=warning)


@_stored(
    "stored-different", HISTORY, "A person must see both contents: which of them is right, nobody can know."
)
def storeddifferent(store: _Store) -> Iterator[Problem]:
    """Two contents under one control number, status and time are both stored."""
    for key, events in store.ledger.events.items():
        different = {readable(one.callback) for one in events if one.what.startswith("different-content")}
        if len(different) > 1 and len({*map(readable, store.kept.get(key, []))}) == 1:
            message = f"{key} arrived with {len(different)} contents, but one is stored"
            yield Problem(message, Consequence.STORED_WRONG, events[0].what, warning=True)


@_stored(
    "quarantined",
    ANY_STATUS,
    f"Nobody will ever hear of it again. {LOST}",
    "quarantined",
)
def is_quarantined(store: _Store) -> Iterator[Problem]:
    """Every invalid callback that was acknowledged is quarantined."""
    payloads = {payload_of(record) for record in store.records}
    digests = {str(record.get("digest")) for record in store.records}
    for error, what in store.ledger.invalid:
        if payload_of({"payload": error.payload}) not in payloads and error.digest not in digests:
            number = error.control_number or "no control number"
            message = f"it was acknowledged, but is not quarantined ({number})"
            yield Problem(message, Consequence.LOST, what)


@_stored(
    "quarantined-valid",
    ANY_STATUS,
    "Until a person looks, the payout is not known, though it was acknowledged.",
    "quarantined",
)
def valid_is_quarantined(store: _Store) -> Iterator[Problem]:
    """No valid callback is quarantined."""
    for record in store.records:
        callback = store.ledger.valid(json.loads(payload_of(record)))
        events = store.ledger.events.get(callback.idempotency_key) if callback else None
        if events:
            message = f"{events[0].callback.idempotency_key} is valid, but quarantined"
            yield Problem(message, Consequence.LOST, events[0].what)


@_stored("derived-status", HISTORY, "Code that acts on it pays, refunds or waits wrongly.", "statuses")
def derived_status(store: _Store) -> Iterator[Problem]:
    """The status of each payout follows from all of its callbacks."""
    payouts = defaultdict[str, list[Event]](list)
    for events in store.ledger.events.values():
        for event in events:
            payouts[event.callback.control_number].append(event)
    problems = list[Problem]()
    for _ in range(_WAITS):
        problems = list(_wrong(store, payouts))
        if not problems:
            return
        sleep(1)
        store.records = store.ledger.read("statuses", again=True)
    yield from problems


def _wrong(store: _Store, payouts: Mapping[str, list[Event]]) -> Iterator[Problem]:
    known = {str(record.get("controlNumber")): str(record.get("status")) for record in store.records}
    for number, events in payouts.items():
        if not all(event.acknowledged for event in events):
            continue  # nobody can say which of them count
        expected = PayoutHistory(event.callback for event in events).status
        got = known.get(number, "nothing")
        if got.upper() != expected:
            arrived = ", ".join(dict.fromkeys(event.callback.pay_type.name for event in events))
            message = f"{number} with {arrived}: expected {expected}, got {got}"
            yield Problem(message, Consequence.STORED_WRONG, events[0].what)
