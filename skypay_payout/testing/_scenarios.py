"""Scenarios: the callbacks of one payout, and the orders in which they can arrive."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TypeVar

from attrs import frozen

from .._control_number import ControlNumber
from .._pay_type import PayType
from .._results import Encrypter
from .._times import SKYPAY_ZONE, in_skypay_zone
from ._bodies import body

_STEP = timedelta(hours=1)
_SAMPLE_TIME = datetime(2018, 8, 7, 11, 58, 33, tzinfo=SKYPAY_ZONE)

_Body = TypeVar("_Body")


@frozen
class Scenario:
    """Hold what happens to one payout, from its upload on."""

    name: str
    """What happens, in a word."""
    control_number: ControlNumber
    """Which payout it happens to."""
    statuses: tuple[PayType, ...]
    """In the order in which they happen."""

    def bodies(
        self, *, start: datetime = _SAMPLE_TIME, cipher: Encrypter | None = None, **fields: object
    ) -> list[bytes]:
        """Make the bodies in the order in which the events happen, an hour apart, the first at ``start``.

        ``fields`` replace or add to what every one of them holds. ``start`` is an aware time.

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
                | fields,
            )
            for count, status in enumerate(self.statuses)
        ]


PAID = Scenario(
    "paid", ControlNumber("SK99100000001"), (PayType.UPLOAD, PayType.AMENDED_SUCCESS, PayType.PAYOUT)
)
"""Uploaded, amended, and withdrawn by the payee."""
FAILED = Scenario("failed", ControlNumber("SK99100000002"), (PayType.UPLOAD, PayType.FAILURE))
"""Uploaded, and then the payment failed."""
CANCELLED = Scenario("cancelled", ControlNumber("SK99100000003"), (PayType.UPLOAD, PayType.CANCEL))
"""Uploaded, and then cancelled by the partner."""

SCENARIOS = (PAID, FAILED, CANCELLED)
"""One payout each: their events never share an ``idempotency_key``."""


def redelivered(bodies: Iterable[_Body], times: int = 2) -> list[_Body]:
    """Return every body ``times`` times in a row, as SkyPay redelivers a callback."""
    return [body for body in bodies for _ in range(times)]


def out_of_order(bodies: Iterable[_Body]) -> list[_Body]:
    """Return the last body first: a payout before its upload."""
    return list(bodies)[::-1]
