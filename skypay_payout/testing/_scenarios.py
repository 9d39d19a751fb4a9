"""Scenarios: the callbacks of one payout, and the orders in which they can arrive."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TypeVar

from attrs import frozen

from .._control_number import ControlNumber
from .._history import PayoutStatus
from .._pay_type import PayType
from .._times import SKYPAY_ZONE, in_skypay_zone
from ..encryption import BodyCipher
from ._bodies import body

_HOUR = timedelta(hours=1)
_REFERENCE_NUMBER = 1041380755361119
_SAMPLE_TIME = datetime(2018, 8, 7, 11, 58, 33, tzinfo=SKYPAY_ZONE)

_Body = TypeVar("_Body")


@frozen
class Scenario:
    """The callbacks of one payout. Its ``str()`` is its name."""

    name: str
    """What happens, in a few words."""
    control_number: ControlNumber
    """Which payout it happens to."""
    statuses: tuple[int, ...]
    """Each a ``PayType``, or a number that the specification does not know yet, as they happen."""
    status: PayoutStatus
    """The status of the payout after all of them."""
    interval: timedelta = _HOUR
    """The time from one to the next."""

    def __str__(self) -> str:
        return self.name

    def bodies(
        self, *, start: datetime = _SAMPLE_TIME, cipher: BodyCipher | None = None, **fields: object
    ) -> list[bytes]:
        """Make the bodies in the order of the events, the first at ``start``, an aware time.

        ``fields`` replace or add to those of each. Raises ``TypeError`` or ``ValueError`` as ``body`` does,
        and for a naive ``start``.
        """
        start = in_skypay_zone(start)
        return [
            body(status, cipher=cipher, **self._fields(count, status, start + count * self.interval) | fields)
            for count, status in enumerate(self.statuses)
        ]

    def _fields(self, count: int, status: int, time: datetime) -> dict[str, object]:
        fields: dict[str, object] = {
            "controlNumber": self.control_number,
            "dealTime": f"{time:%Y-%m-%d %H:%M:%S}",
        }
        if status in (PayType.UPLOAD, PayType.AMENDED_SUCCESS):
            fields["referenceNumber"] = f"MLA{_REFERENCE_NUMBER + count:018}"
        return fields


PAID = Scenario(
    "paid",
    ControlNumber("SK99100000001"),
    (PayType.UPLOAD, PayType.AMENDED_SUCCESS, PayType.PAYOUT),
    PayoutStatus.PAID,
)
"""Uploaded, amended, and withdrawn by the payee."""
FAILED = Scenario(
    "failed", ControlNumber("SK99100000002"), (PayType.UPLOAD, PayType.FAILURE), PayoutStatus.FAILED
)
"""Uploaded, and then the payment failed."""
CANCELLED = Scenario(
    "cancelled", ControlNumber("SK99100000003"), (PayType.UPLOAD, PayType.CANCEL), PayoutStatus.CANCELLED
)
"""Uploaded, and then cancelled by the partner."""

LATE_UPLOAD = Scenario(
    "late-upload", ControlNumber("SK99100000004"), (PayType.PAYOUT, PayType.UPLOAD), PayoutStatus.PAID
)
"""Withdrawn by the payee before it was uploaded, according to the cashier's clock: still paid."""
AMENDED_TWICE = Scenario(
    "amended-twice",
    ControlNumber("SK99100000005"),
    (PayType.UPLOAD, PayType.AMENDED_SUCCESS, PayType.AMENDED_SUCCESS),
    PayoutStatus.UPLOADED,
    timedelta(0),
)
"""Amended twice in the second of its upload: two events that share an ``idempotency_key``."""
CANCELLED_AND_PAID = Scenario(
    "cancelled-and-paid",
    ControlNumber("SK99100000006"),
    (PayType.UPLOAD, PayType.CANCEL, PayType.PAYOUT),
    PayoutStatus.CONFLICTING,
)
"""Cancelled by the partner, and withdrawn by the payee: a person must resolve it."""
UNKNOWN_STATUS = Scenario(
    "unknown-status",
    ControlNumber("SK99100000007"),
    (PayType.UPLOAD, 7, PayType.PAYOUT),
    PayoutStatus.PAID,
)
"""Uploaded, then a status that SkyPay may add, which is quarantined, and then withdrawn by the payee."""

SCENARIOS = (PAID, FAILED, CANCELLED, LATE_UPLOAD, AMENDED_TWICE, CANCELLED_AND_PAID, UNKNOWN_STATUS)
"""One payout each: no two of them share an ``idempotency_key``."""


def redelivered(bodies: Iterable[_Body], times: int = 2) -> list[_Body]:
    """Return every body ``times`` times in a row."""
    return [body for body in bodies for _ in range(times)]


def out_of_order(bodies: Iterable[_Body]) -> list[_Body]:
    """Return the bodies in reverse order."""
    return list(bodies)[::-1]
