"""Test an endpoint: bodies as SkyPay sends them, valid and bad, scenarios, and what must come back.

Everything is made from the published sample: its account, its secret and its payout. Nothing but the core is
needed. ``skypay_payout.testing.strategies`` needs Hypothesis, and ``skypay_payout.testing.plugin`` is what
pytest loads automatically; both come with the extra ``testing``.

There is no clock here: time-machine and freezegun freeze what ``acknowledge()`` and ``respond()`` return.
"""

from ._bad_bodies import BadBody, bad_bodies
from ._bodies import (
    AUTHENTICATION,
    CREDENTIALS,
    ENCRYPTION_KEY,
    SAMPLE,
    USER_NAME,
    WRONG_AUTHENTICATION,
    BodyFactory,
    body,
    encode,
    payload,
)
from ._responses import assert_acknowledged, assert_rejected
from ._scenarios import (
    AMENDED_TWICE,
    CANCELLED,
    CANCELLED_AND_PAID,
    FAILED,
    LATE_UPLOAD,
    PAID,
    SCENARIOS,
    UNKNOWN_STATUS,
    Scenario,
    out_of_order,
    redelivered,
)

__all__ = [
    "AMENDED_TWICE",
    "AUTHENTICATION",
    "CANCELLED",
    "CANCELLED_AND_PAID",
    "CREDENTIALS",
    "ENCRYPTION_KEY",
    "FAILED",
    "LATE_UPLOAD",
    "PAID",
    "SAMPLE",
    "SCENARIOS",
    "UNKNOWN_STATUS",
    "USER_NAME",
    "WRONG_AUTHENTICATION",
    "BadBody",
    "BodyFactory",
    "Scenario",
    "assert_acknowledged",
    "assert_rejected",
    "bad_bodies",
    "body",
    "encode",
    "out_of_order",
    "payload",
    "redelivered",
]
