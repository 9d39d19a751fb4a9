"""What has to be stored after a run, and what the user's commands print."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from time import sleep
from typing import TYPE_CHECKING, TypeAlias, cast
from unicodedata import normalize

from attrs import define, field, frozen

from .._callback import PayoutCallback
from .._errors import InvalidCallbackError
from .._fields import ACTION
from .._formatting import canonical_json
from .._parser import CallbackParser
from .._results import Accepted, Quarantined
from ..testing import encode
from ._outcome import Inconclusive, Skip

if TYPE_CHECKING:
    from ._rule import Seen
    from ._run import Run

_Payload: TypeAlias = Mapping[str, object]
Source = Callable[[], Iterable[_Payload]]
"""Returns what a command of the user's prints, or raises ``ValueError`` that says why it cannot."""
_LARGE = 10**7
LATER = 2.0
"""Seconds in which an endpoint stores what it did not store before it acknowledged."""


@frozen
class Event:
    """A valid callback that was delivered."""

    callback: PayoutCallback
    what: str
    acknowledged: bool


@define
class Ledger:
    """What the deliveries of a run report, by the identity of the event."""

    parser: CallbackParser
    sources: Mapping[str, Source]
    one_payout: bool
    """Whether every callback reports the same one."""
    events: dict[str, list[Event]] = field(factory=lambda: defaultdict[str, list[Event]](list))
    """Valid callbacks, by idempotency key."""
    invalid: list[tuple[InvalidCallbackError, str]] = field(factory=list[tuple[InvalidCallbackError, str]])
    """Invalid callbacks that were acknowledged."""
    numbers: dict[str, str] = field(factory=dict[str, str])
    """Control numbers of invalid callbacks, and those that lenient readers make of them, with which it is."""
    forged: dict[str, str] = field(factory=dict[str, str])
    """Rejected bodies, by the idempotency key that they would have, or by their control number."""
    tolerated: set[str] = field(factory=set[str])
    """Control numbers of malformed bodies that an endpoint may acknowledge, and then store."""
    late: bool = False
    """Whether a callback was stored only after it was acknowledged."""
    _read: dict[str, list[_Payload]] = field(factory=dict[str, list[_Payload]])

    @property
    def constant(self) -> dict[str, object]:
        """What every event has in common, so that a store may do without it."""
        return {"userName": self.parser.credentials[0].user_name, "action": ACTION}

    def read(self, name: str, *, again: bool = False) -> list[_Payload]:
        """Return what the command of that option prints. Raises ``Skip`` and ``Inconclusive``."""
        if name not in self.sources:
            raise Skip(f"--{name} was not given")
        if again or name not in self._read:
            try:
                self._read[name] = list(self.sources[name]())
            except ValueError as error:
                raise Inconclusive(str(error)) from None
        return self._read[name]

    def is_late(self, run: Run) -> bool:
        """Whether a callback is missing at once, and stored a little later."""
        delivery = run.bodies.good("the last callback")
        (seen,) = run.exchanged(run.seen[0].rule, [delivery])
        if not seen.acknowledged or self._holds(delivery.text):
            return False
        sleep(LATER)
        self._read.clear()
        return self._holds(delivery.text)

    def _holds(self, text: bytes) -> bool:
        sent = self.parser.parse(text)
        with suppress(Inconclusive):
            for record in reversed(self.read("stored")):
                with suppress(ValueError, TypeError):
                    if PayoutCallback.from_dict({**self.constant, **record}) == sent:
                        return True
        return False

    def add(self, seen: Seen) -> None:
        """Take note of one exchange."""
        delivery = seen.delivery
        what = f"{seen.rule.id}, {delivery.what}" if delivery.what else seen.rule.id
        if delivery.lenient:
            self.tolerated.add(delivery.payout)
        elif not delivery.genuine:
            for key in filter(None, (delivery.payout, self._genuine_key(delivery.text))):
                self.forged.setdefault(key, what)
        else:
            self._add_genuine(seen, what)

    def _add_genuine(self, seen: Seen, what: str) -> None:
        delivery = seen.delivery
        result = self.parser.receive(delivery.text)
        if isinstance(result, Accepted):
            event = Event(result.callback, what, seen.acknowledged)
            self.events[result.callback.idempotency_key].append(event)
        elif isinstance(result, Quarantined):
            if seen.acknowledged:
                self.invalid.append((result.error, what))
            for number in _coerced(delivery.payout, result.error.payload.get("controlNumber")):
                self.numbers.setdefault(number, what)

    def valid(self, payload: _Payload) -> PayoutCallback | None:
        """Return the callback that a payload without its secret reports; None if it is invalid."""
        account = self.parser.credentials[0]
        fields = {**payload, "userName": account.user_name, "authentication": account.authentication[-1]}
        with suppress(ValueError):
            result = self.parser.receive(encode(fields))
            return result.callback if isinstance(result, Accepted) else None
        return None

    def _genuine_key(self, text: bytes) -> str:
        with suppress(ValueError, RecursionError):
            value: object = json.loads(text)
            if isinstance(value, dict):
                callback = self.valid(cast("dict[str, object]", value))
                return callback.idempotency_key if callback else ""
        return ""


def ledger_of(run: Run) -> Ledger:
    """Return the ledger of a run; it is made when it is first needed, at the end."""
    if run.ledger is None:
        accounts = run.bodies.parser.credentials
        parser = CallbackParser(accounts, max_body_size=_LARGE)
        run.ledger = Ledger(parser, run.sources, bool(run.bodies.control_number))
        run.ledger.late = "stored" in run.sources and run.ledger.is_late(run)
        for seen in run.seen:
            run.ledger.add(seen)
    return run.ledger


def _coerced(payout: str, value: object) -> Iterator[str]:
    """Numbers under which a lenient reader may store an invalid callback."""
    if payout:
        yield from (payout, payout.casefold(), f"{payout}0")
    if isinstance(value, (str, int)):
        text = normalize("NFKC", str(value))
        yield from {str(value), text, text.strip(), text[:15], text.casefold()}


def nearest(callback: PayoutCallback, others: Iterable[PayoutCallback]) -> PayoutCallback | None:
    """Return the one that may be the same callback at another time; None if there is none."""
    same = [
        other
        for other in others
        if (other.control_number, other.pay_type) == (callback.control_number, callback.pay_type)
    ]
    return min(same, key=lambda other: abs(other.deal_time - callback.deal_time), default=None)


def payload_of(record: _Payload) -> str:
    """Return the payload without the secret, in canonical form; a text column may hold it as text."""
    payload = record.get("payload")
    if isinstance(payload, str):
        with suppress(ValueError):
            payload = json.loads(payload)
    fields = cast("dict[str, object]", payload) if isinstance(payload, dict) else {}
    return canonical_json({name: value for name, value in fields.items() if name != "authentication"})
