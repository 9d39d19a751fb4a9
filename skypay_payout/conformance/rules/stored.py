"""What is stored once the run is over: by the options --stored, --quarantined and --statuses."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from time import sleep
from typing import TYPE_CHECKING, cast

from ..._callback import PayoutCallback
from ..._formatting import canonical_json, quoted
from ..._history import PayoutHistory
from .._ledger import Event, Ledger, ledger_of, nearest, off
from .._rule import Consequence, Observer, Problem, Skip, observer
from ._reasons import ANY_STATUS, FORGED, HISTORY, INVALID, LOST, REPEATS, SECRET, TIME

if TYPE_CHECKING:
    from .._run import Run

_MILLISECOND = timedelta(milliseconds=1)
_WAITS = 10
"""Seconds in which a worker may derive the statuses."""


class _Store(Observer):
    """Compares what is stored with what was delivered."""

    option = "stored"

    def results(self, run: Run) -> Iterator[Problem]:
        """Yield every difference. Raises ``Skip`` and ``Inconclusive``."""
        ledger = ledger_of(run)
        self.records = ledger.read(self.option)
        self.found = list[PayoutCallback]()
        self.unreadable = list[tuple[int, Mapping[str, object], str]]()
        if self.option == "stored":
            self._read_events(ledger)
        self.kept = defaultdict[str, list[PayoutCallback]](list)
        for callback in self.found:
            self.kept[callback.idempotency_key].append(callback)
        self.unexpected = [one for key, kept in self.kept.items() if key not in ledger.events for one in kept]
        yield from self.differences(ledger)

    def _read_events(self, ledger: Ledger) -> None:
        for number, record in enumerate(self.records, 1):
            try:
                self.found.append(PayoutCallback.from_dict({**ledger.constant, **record}))
            except (ValueError, TypeError) as error:
                self.unreadable.append((number, record, str(error)))

    def differences(self, ledger: Ledger) -> Iterator[Problem]:
        """Yield what breaks this rule."""
        raise NotImplementedError


@observer("stored-form", "points 2 to 9: what an event holds", "What cannot be read back cannot be used.")
class StoredForm(_Store):
    """Each stored event can be read."""

    def differences(self, ledger: Ledger) -> Iterator[Problem]:
        """Yield each line that cannot be read."""
        for number, record, error in self.unreadable:
            if str(record.get("controlNumber")) not in ledger.numbers.keys() | ledger.tolerated:
                message = f"line {number} is not in the form of to_dict(): {error}"
                yield Problem(message, Consequence.STORED_WRONG)


@observer(
    "stored-once",
    REPEATS,
    "One that is acknowledged but not stored is lost; one that is stored twice may be processed twice.",
)
class StoredOnce(_Store):
    """Every acknowledged callback is stored once."""

    def differences(self, ledger: Ledger) -> Iterator[Problem]:
        """Yield what is missing, and what is there twice."""
        for key, events in ledger.events.items():
            kept = self.kept.get(key, [])
            acknowledged = [event for event in events if event.acknowledged]
            times = max(Counter(canonical_json(one.to_dict()) for one in kept).values(), default=0)
            if times > 1:
                yield Problem(f"{key} is stored {times} times", Consequence.STORED_WRONG, events[0].what)
            if acknowledged and not kept and not nearest(events[0].callback, self.unexpected):
                message = f"{key} was acknowledged, but is not stored"
                yield Problem(message, Consequence.LOST, acknowledged[0].what)


@observer("stored-intact", "points 7 and 11", "A damaged text cannot be restored.")
class StoredIntact(_Store):
    """Events are stored as they arrived, including Chinese and unknown fields."""

    def differences(self, ledger: Ledger) -> Iterator[Problem]:
        """Yield what is stored otherwise."""
        for key, events in ledger.events.items():
            for callback in self.kept.get(key, []):
                sent = [event.callback for event in events]
                if callback not in sent and _readable(callback) not in map(_readable, sent):
                    closest = min(sent, key=lambda one: len(_different(one, callback)))
                    message = f"{key}: {_difference(closest, callback)}"
                    yield Problem(message, Consequence.STORED_WRONG, events[0].what)


@observer("stored-time", TIME, "Events at another time are sorted and reconciled wrongly.")
class StoredTime(_Store):
    """A dealTime is stored as the same instant, UTC+8."""

    def differences(self, ledger: Ledger) -> Iterator[Problem]:
        """Yield what is stored at another time."""
        for key, events in ledger.events.items():
            first = events[0]
            other = nearest(first.callback, self.unexpected)
            if not first.acknowledged or self.kept.get(key) or other is None:
                continue
            late = off(first.callback, other)
            hours = late / timedelta(hours=1)
            much = f"{hours:+.0f} h" if late and hours == int(hours) else f"{late.total_seconds():+.6f} s"
            message = f"{key} is stored {much} off, at {other.deal_time}"
            warning = abs(late) < _MILLISECOND
            yield Problem(message, Consequence.STORED_WRONG, first.what, warning=warning)


@observer("stored-rejected", SECRET, FORGED)
class StoredRejected(_Store):
    """Nothing that was rejected is stored."""

    def differences(self, ledger: Ledger) -> Iterator[Problem]:
        """Yield what nobody genuine has reported."""
        for callback in self.unexpected:
            for key in (callback.idempotency_key, str(callback.control_number)):
                if key in ledger.forged:
                    message = f"{callback.idempotency_key} had to be rejected, but is stored"
                    yield Problem(message, Consequence.ACKNOWLEDGED, ledger.forged[key])
                    break


@observer(
    "stored-invalid",
    INVALID,
    "A payout that nobody reported is processed: guessing is worse than asking a person.",
)
class StoredInvalid(_Store):
    """Nothing invalid is stored as an event."""

    def differences(self, ledger: Ledger) -> Iterator[Problem]:
        """Yield each invalid callback that was made valid."""
        if ledger.one_payout:
            raise Skip("--control-number names one payout")
        records = [record for _, record, _ in self.unreadable] + [one.to_dict() for one in self.unexpected]
        for record in records:
            number = str(record.get("controlNumber"))
            what = ledger.numbers.get(number) or ledger.numbers.get(number.casefold())
            if what:
                shown = ", ".join(f"{name} {quoted(record.get(name))}" for name in ("payType", "dealTime"))
                message = f"it is invalid, but stored as the event of {quoted(number)} with {shown}"
                # .NET sends year 1 for no time, and nothing else of such a callback is wrong.
                warning = str(record.get("dealTime")).startswith(("0001", "9999"))
                yield Problem(message, Consequence.STORED_WRONG, what, warning=warning)


@observer(
    "stored-different", HISTORY, "A person must see both contents: which of them is right, nobody can know."
)
class StoredDifferent(_Store):
    """Two contents under one control number, status and time are both stored."""

    def differences(self, ledger: Ledger) -> Iterator[Problem]:
        """Yield what is stored once, as a warning: a store may have another place for it."""
        for key, events in ledger.events.items():
            different = {
                _readable(one.callback) for one in events if one.what.startswith("different-content")
            }
            if len(different) > 1 and len({*map(_readable, self.kept.get(key, []))}) == 1:
                message = f"{key} arrived with {len(different)} contents, but one is stored"
                yield Problem(message, Consequence.STORED_WRONG, events[0].what, warning=True)


@observer("quarantined", ANY_STATUS, f"It was acknowledged, so nobody will ever hear of it again. {LOST}")
class IsQuarantined(_Store):
    """Every invalid callback that was acknowledged is quarantined."""

    option = "quarantined"

    def differences(self, ledger: Ledger) -> Iterator[Problem]:
        """Yield what is lost."""
        payloads = {_payload(record) for record in self.records}
        digests = {str(record.get("digest")) for record in self.records}
        for error, what in ledger.invalid:
            if _payload({"payload": error.payload}) not in payloads and error.digest not in digests:
                number = error.control_number or "no control number"
                message = f"it was acknowledged, but is not quarantined ({number})"
                yield Problem(message, Consequence.LOST, what)


@observer(
    "quarantined-valid",
    ANY_STATUS,
    "Until a person looks, the payout is not known, though it was acknowledged.",
)
class ValidIsQuarantined(_Store):
    """No valid callback is quarantined."""

    option = "quarantined"

    def differences(self, ledger: Ledger) -> Iterator[Problem]:
        """Yield each valid callback in the quarantine."""
        for record in self.records:
            callback = ledger.valid(json.loads(_payload(record)))
            events = ledger.events.get(callback.idempotency_key) if callback else None
            if events:
                message = f"{events[0].callback.idempotency_key} is valid, but quarantined"
                yield Problem(message, Consequence.LOST, events[0].what)


@observer("derived-status", HISTORY, "Code that acts on a status pays, refunds or waits wrongly.")
class DerivedStatus(_Store):
    """The status of each payout follows from all of its callbacks."""

    option = "statuses"

    def differences(self, ledger: Ledger) -> Iterator[Problem]:
        """Yield each payout with another status, once a worker had time to derive it."""
        payouts = defaultdict[str, list[Event]](list)
        for events in ledger.events.values():
            for event in events:
                payouts[event.callback.control_number].append(event)
        for _ in range(_WAITS):
            problems = list(self._wrong(payouts))
            if not problems:
                return
            sleep(1)
            self.records = ledger.read(self.option, again=True)
        yield from problems

    def _wrong(self, payouts: Mapping[str, list[Event]]) -> Iterator[Problem]:
        known = {str(record.get("controlNumber")): str(record.get("status")) for record in self.records}
        for number, events in payouts.items():
            if not all(event.acknowledged for event in events):
                continue  # nobody can say which of them count
            expected = PayoutHistory(event.callback for event in events).status
            got = known.get(number, "nothing")
            if got.upper() != expected:
                arrived = ", ".join(dict.fromkeys(event.callback.pay_type.name for event in events))
                message = f"{number} with {arrived}: expected {expected}, got {got}"
                yield Problem(message, Consequence.STORED_WRONG, events[0].what)


def _readable(callback: PayoutCallback) -> str:
    """The content with lone surrogates replaced: point 11 keeps them out of two texts only."""
    text = json.dumps(callback.to_dict(), sort_keys=True, ensure_ascii=False)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _different(sent: PayoutCallback, stored: PayoutCallback) -> list[str]:
    before, after = sent.to_dict(), stored.to_dict()
    return [
        name
        for name in dict.fromkeys((*before, *after))
        if (name in before, before.get(name)) != (name in after, after.get(name))
    ]


def _difference(sent: PayoutCallback, stored: PayoutCallback) -> str:
    before, after = sent.to_dict(), stored.to_dict()
    name = next(iter(_different(sent, stored)), "another value")
    expected, got = (quoted(fields[name]) if name in fields else "none" for fields in (before, after))
    return f"{quoted(name)}: expected {expected}, got {got}"


def _payload(record: Mapping[str, object]) -> str:
    """The payload without the secret, in canonical form; a text column may hold it as text."""
    payload = record.get("payload")
    if isinstance(payload, str):
        with suppress(ValueError):
            payload = json.loads(payload)
    fields = cast("dict[str, object]", payload) if isinstance(payload, dict) else {}
    return canonical_json({name: value for name, value in fields.items() if name != "authentication"})
