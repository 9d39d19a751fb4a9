"""Bodies as SkyPay sends them, for the tests of an endpoint: good ones, whole lives, and bad ones.

Everything is made from the published sample: its account, its secret and its payout. Nothing but the core is
needed. ``skypay_payout.testing.strategies`` needs Hypothesis, and ``skypay_payout.testing.plugin`` is what
pytest loads by itself; both come with the extra ``testing``.

There is no clock here: time-machine and freezegun freeze what ``acknowledge()`` and ``reply`` answer.
"""

from ._rejection_cases import BadBody, bad_bodies
from ._bodies import (
    AUTHENTICATION,
    CREDENTIALS,
    ENCRYPTION_KEY,
    SAMPLE,
    USER_NAME,
    WRONG_AUTHENTICATION,
    BodyFactory,
    Sealer,
    body,
    payload,
    written,
)
from ._scenarios import CANCELLED, FAILED, LIVES, PAID, Life, out_of_order, repeated

__all__ = [
    "AUTHENTICATION",
    "CANCELLED",
    "CREDENTIALS",
    "ENCRYPTION_KEY",
    "FAILED",
    "LIVES",
    "PAID",
    "SAMPLE",
    "USER_NAME",
    "WRONG_AUTHENTICATION",
    "BadBody",
    "BodyFactory",
    "Life",
    "Sealer",
    "bad_bodies",
    "body",
    "out_of_order",
    "payload",
    "repeated",
    "written",
]
