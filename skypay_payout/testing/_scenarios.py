"""Whole lives of a payout, and the orders in which their callbacks can arrive."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TypeVar

from attrs import frozen

from .._control_number import ControlNumber
from .._pay_type import PayType
from .._times import SKYPAY_ZONE, in_skypay_zone
from ._bodies import Sealer, body

_STEP = timedelta(hours=1)
_SAMPLE_TIME = datetime(2018, 8, 7, 11, 58, 33, tzinfo=SKYPAY_ZONE)

_Body = TypeVar("_Body")


@frozen
class Life:
    """All that happens to one payout, from its upload on."""

    name: str
    """What happens, in a word."""
    control_number: ControlNumber
    """Which payout it happens to."""
    statuses: tuple[PayType, ...]
    """In the order in which they happen."""

    def bodies(
        self, *, start: datetime = _SAMPLE_TIME, cipher: Sealer | None = None, **members: object
    ) -> list[bytes]:
        """The bodies of this life in the order in which they happen, an hour apart from ``start`` on.

        ``members`` replace or add to what every one of them holds. ``start`` is an aware time.

        Raises ``TypeError`` or ``ValueError`` as ``body`` does, and for a time that is not aware.
        """
        start = in_skypay_zone(start)
        return [
            body(
                status,
                cipher=cipher,
                **{
                    "controlNumber": self.control_number,
                    "dealTime": f"{start + count * _STEP:%Y-%m-%d %H:%M:%S}",
                }
                | members,
            )
            for count, status in enumerate(self.statuses)
        ]


PAID = Life("paid", ControlNumber("SK99100000001"), (PayType.UPLOAD, PayType.AMENDED_SUCCESS, PayType.PAYOUT))
"""Uploaded, amended, and withdrawn by the payee."""
FAILED = Life("failed", ControlNumber("SK99100000002"), (PayType.UPLOAD, PayType.FAILURE))
"""Uploaded, and then the payment failed."""
CANCELLED = Life("cancelled", ControlNumber("SK99100000003"), (PayType.UPLOAD, PayType.CANCEL))
"""Uploaded, and then cancelled by the partner."""

LIVES = (PAID, FAILED, CANCELLED)
"""One payout each: their events never share an ``idempotency_key``."""


def repeated(bodies: Iterable[_Body], times: int = 2) -> list[_Body]:
    """Every body ``times`` times, one after the other, as SkyPay repeats a callback."""
    return [body for body in bodies for _ in range(times)]


def out_of_order(bodies: Iterable[_Body]) -> list[_Body]:
    """The last first: a payout before the upload that it belongs to."""
    return list(bodies)[::-1]
