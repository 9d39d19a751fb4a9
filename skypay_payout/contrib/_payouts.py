"""The state of a payout and its changes: what both stores share. No database here."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, final

from attrs import frozen

from .._callback import PayoutCallback
from .._control_number import ControlNumber
from .._history import Anomaly, PayoutHistory, PayoutStatus
from .._pay_type import PayType

WAIT = 5.0
"""Seconds that ``save`` takes at most, whatever stands in line and whatever the connections do."""
LEASE = timedelta(minutes=5)
"""The time that ``act`` has for one change; after that another worker may take it."""
MAX_ATTEMPTS = 20
"""How often ``act`` is tried for one change, over about nine hours; then it waits for a person."""
MAX_BACKOFF = timedelta(hours=1)
PERSISTENT = 9
"""Failures in a row, over more than four minutes, after which it is no callback that came too early."""
RETRIES = 1.0
"""Seconds that one round of actions spends on retries before new changes have their turn again."""

OVERDUE = timedelta(days=1)
UNPROCESSED = timedelta(minutes=5)

FINAL = {
    PayoutStatus.PAID: PayType.PAYOUT,
    PayoutStatus.CANCELLED: PayType.CANCEL,
    PayoutStatus.FAILED: PayType.FAILURE,
}
"""What a person can decide, and what is settled; with the events that say the same."""


def backoff(attempts: int) -> timedelta:
    """Return how long to wait after so many failures in a row: 1 s, 2 s, 4 s and so on, an hour at most."""
    return MAX_BACKOFF if attempts > 12 else timedelta(seconds=2 ** (attempts - 1))


@final
@frozen
class PayoutState:
    """The state of one payout."""

    status: PayoutStatus | None = None
    """The status of its history; None if there are only quarantined callbacks so far."""
    anomalies: frozenset[Anomaly] = frozenset()
    """The anomalies of its history."""
    quarantined: int = 0
    """The number of its quarantined callbacks that nobody has resolved."""
    decision: PayoutStatus | None = None
    """A person's decision about a conflicting payout, until a later event contradicts it."""

    def to_json(self) -> str:
        """Return the state as ASCII text, for a column."""
        return json.dumps(
            {
                "status": self.status,
                "anomalies": sorted(self.anomalies),
                "quarantined": self.quarantined,
                "decision": self.decision,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> PayoutState:
        """Build the state that ``to_json`` was called on."""
        data: dict[str, Any] = json.loads(text)
        return cls(
            data["status"] and PayoutStatus(data["status"]),
            frozenset(map(Anomaly, data["anomalies"])),
            data["quarantined"],
            data["decision"] and PayoutStatus(data["decision"]),
        )


@final
@frozen
class Change:
    """A change of one payout: new events, a quarantine, its resolution, or a decision."""

    id: str
    """Control number and version: the idempotency key of your own actions."""
    control_number: ControlNumber
    """The payout."""
    before: PayoutState
    """The state that the hook saw last; at first one with the status None."""
    after: PayoutState
    """The current state."""
    events: tuple[PayoutCallback, ...]
    """The new events, in the order of their arrival; none after a decision, for example."""


def opposing(events: Iterable[PayoutCallback], decision: PayoutStatus) -> int:
    """Count the events with another final status than the decision: when there are more, it has ended."""
    return sum(event.pay_type.is_final and event.pay_type is not FINAL[decision] for event in events)


def derive(
    history: PayoutHistory | None, quarantined: int, decision: tuple[PayoutStatus, int] | None = None
) -> PayoutState:
    """Derive the state: the only place that does.

    ``decision`` is the latest one that has not ended, with how many events opposed it when it was made.
    Compared are counts and not times, so that no clock and no order of commits matters. It is in the state
    if it holds.
    """
    if history is None:
        return PayoutState(quarantined=quarantined)
    holds = decision is not None and opposing(history.events, decision[0]) <= decision[1]
    return PayoutState(
        history.status, history.anomalies, quarantined, decision[0] if decision and holds else None
    )
