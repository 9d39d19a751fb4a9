"""The callback as a partner's code sees it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from attrs import field, frozen

from ._control_number import ControlNumber
from ._pay_type import PayType
from ._times import in_skypay_zone


def _no_members() -> dict[str, object]:
    return {}


@frozen(slots=False)  # with slots, making one takes almost twice as long
class PayoutCallback:
    """One ``payoutQueuePayout``: what happened to one payout, and when (section 3.2).

    The secret that proved the sender is not here: what is not kept cannot leak.
    """

    user_name: str
    """The account that SkyPay issued, ``AppName@skypay``; one of the configured ``Credentials``."""
    control_number: ControlNumber
    """Which payout."""
    pay_type: PayType
    """What happened to it."""
    deal_time: datetime
    """When that happened: aware, told in UTC+8, to the microsecond. Callbacks can come in another order."""
    fail_description: str | None = None
    """Why the payment failed, in the vendor's words; None if not given (point 3)."""
    reference_number: str | None = None
    """The ML channel's reference, sent with UPLOAD and AMENDED_SUCCESS; None if not given (point 3)."""
    extra: Mapping[str, object] = field(factory=_no_members, hash=False)
    """Members that this version does not know, by wire name, as JSON values (point 7)."""
    key_index: int = field(default=-1, eq=False, repr=False)
    """Which of the cipher's keys opened the body, as a position; -1, the newest, where there was none."""

    @property
    def idempotency_key(self) -> str:
        """Equal for two deliveries of the same event and for no others: control number, status, instant.

        About 50 ASCII characters. Store each event once under it: callbacks are repeated, come out of order,
        and carry no event id.

        Raises ``ValueError`` if the callback was built by hand with a naive ``deal_time``.
        """
        instant = in_skypay_zone(self.deal_time).isoformat(timespec="microseconds")
        return f"{self.control_number}/{self.pay_type:d}/{instant}"
