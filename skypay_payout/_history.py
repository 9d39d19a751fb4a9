"""The state of one payout, from all of its callbacks (point 10)."""

from collections.abc import Iterable
from enum import StrEnum

from attrs import field, frozen

from ._callback import PayoutCallback
from ._control_number import ControlNumber
from ._formatting import canonical_json
from ._pay_type import PayType


class PayoutStatus(StrEnum):
    """The status of a payout, as far as its callbacks say (point 10)."""

    UPLOADED = "UPLOADED"
    """No final status has arrived; that can also mean that a callback was lost."""
    PAID = "PAID"
    """PAYOUT is the only final status that arrived."""
    CANCELLED = "CANCELLED"
    """CANCEL is the only final status that arrived."""
    FAILED = "FAILED"
    """FAILURE is the only final status that arrived; it does not prove that nothing will be paid."""
    CONFLICTING = "CONFLICTING"
    """Final statuses of different kinds arrived: a person must resolve it with SkyPay."""


class Anomaly(StrEnum):
    """Something in a payout's history that a person must look at (point 10)."""

    CONFLICTING_STATUSES = "conflicting_statuses"
    """Final statuses of different kinds: one of them is wrong, or forged."""
    DATED_AFTER_FINAL = "dated_after_final"
    """An event is dated after a final status."""
    DIFFERENT_CONTENT = "different_content"
    """Two events with one ``idempotency_key`` differ in other fields."""


_STATUS = {
    PayType.PAYOUT: PayoutStatus.PAID,
    PayType.CANCEL: PayoutStatus.CANCELLED,
    PayType.FAILURE: PayoutStatus.FAILED,
}
_REFERENCED = (PayType.UPLOAD, PayType.AMENDED_SUCCESS)


def _content(callback: PayoutCallback) -> str:
    """Return the canonical JSON, in which 1, 1.0 and true differ, as they do not in Python."""
    if not isinstance(callback, PayoutCallback):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"expected PayoutCallback objects, got {type(callback).__name__}")
    return canonical_json(callback.to_dict())


def _distinct_in_order(callbacks: Iterable[PayoutCallback]) -> tuple[PayoutCallback, ...]:
    contents = {_content(callback): callback for callback in callbacks}
    numbers = sorted({callback.control_number for callback in contents.values()})
    if len(numbers) != 1:
        got = " and ".join(map(repr, map(str, numbers[:2]))) or "none"
        raise ValueError(f"expected callbacks of one payout, got {got}: make a PayoutHistory for each payout")

    ordered = sorted(contents.items(), key=lambda item: (item[1].deal_time, item[1].pay_type, item[0]))
    return tuple(callback for _, callback in ordered)


@frozen
class PayoutHistory:
    """One payout's history, from its callbacks in any order, including redeliveries (point 10).

    A final status stays: no callback that arrives later, and no ``deal_time``, undoes it. User names are not
    compared. Raises ``ValueError`` unless all have one control number, and ``TypeError`` for other values.
    """

    events: tuple[PayoutCallback, ...] = field(alias="callbacks", converter=_distinct_in_order)
    """Each distinct callback once, by ``deal_time``, then status, then content."""

    @property
    def control_number(self) -> ControlNumber:
        """Its control number."""
        return self.events[0].control_number

    @property
    def status(self) -> PayoutStatus:
        """Its status."""
        final = {_STATUS[event.pay_type] for event in self.events if event.pay_type in _STATUS}
        if len(final) > 1:
            return PayoutStatus.CONFLICTING
        return final.pop() if final else PayoutStatus.UPLOADED

    @property
    def anomalies(self) -> frozenset[Anomaly]:
        """All that a person must look at."""
        first_final = next((event.deal_time for event in self.events if event.pay_type.is_final), None)
        found = {
            Anomaly.CONFLICTING_STATUSES: self.status is PayoutStatus.CONFLICTING,
            Anomaly.DATED_AFTER_FINAL: first_final is not None and self.events[-1].deal_time > first_final,
            Anomaly.DIFFERENT_CONTENT: len({e.idempotency_key for e in self.events}) < len(self.events),
        }
        return frozenset(anomaly for anomaly, exists in found.items() if exists)

    @property
    def reference_number(self) -> str | None:
        """The latest of an UPLOAD or AMENDED_SUCCESS."""
        return _last(event.reference_number for event in self.events if event.pay_type in _REFERENCED)

    @property
    def fail_description(self) -> str | None:
        """The latest of a FAILURE, not of a failed amendment."""
        return _last(event.fail_description for event in self.events if event.pay_type == PayType.FAILURE)


def _last(values: Iterable[str | None]) -> str | None:
    return [None, *filter(None, values)][-1]
