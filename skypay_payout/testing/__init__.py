"""Bodies as SkyPay sends them, for the tests of an endpoint.

Everything here is made from the published sample: its account, its secret and its payout. Nothing but the core
is needed; ``strategies`` needs Hypothesis, and ``plugin`` is what pytest loads by itself.
"""

from __future__ import annotations

import json
from typing import Protocol

from ..credentials import Credentials
from ..pay_type import PayType
from ..wire import ACTION

SAMPLE = b"""{
    "userName": "AppName@skypay",
    "action": "payoutQueuePayout",
    "authentication": "30AC21B2-9EAA-4503-B0F0-7BE5C277ED75",
    "controlNumber":"SK99123456789",
    "payType":"1",
    "dealTime":"2018-08-07 11:58:33",
    "referenceNumber": "MLA001041380755361119",
}"""
"""The published sample, byte for byte, with the comma that ends it (point 1)."""

USER_NAME = "AppName@skypay"
"""The sample's account."""
AUTHENTICATION = "30AC21B2-9EAA-4503-B0F0-7BE5C277ED75"
"""The sample's secret, which is published: it protects nothing."""
CREDENTIALS = Credentials(USER_NAME, AUTHENTICATION)
"""The sample's account and secret."""
ENCRYPTION_KEY = "0123456789abcdef"
"""A key for tests, for ``BodyCipher``: it protects nothing."""


class Sealer(Protocol):
    """What encrypts a body: ``skypay_payout.encryption.BodyCipher``, or anything like it."""

    def encrypt(self, data: bytes, /) -> bytes:
        """The bytes as a body to send."""
        ...


def payload(status: int = PayType.UPLOAD, **members: object) -> dict[str, object]:
    """The members of a good callback of that status, by wire name, in the specification's order.

    ``status`` is a ``PayType``, or a number that the specification does not know yet. ``members`` replace what
    the sample holds or come on top of it: ``payload(PayType.PAYOUT, controlNumber="SK99100000001")``.
    """
    known: dict[str, object] = {
        "userName": USER_NAME,
        "action": ACTION,
        "authentication": AUTHENTICATION,
        "controlNumber": "SK99123456789",
        "payType": f"{status:d}",
        "dealTime": "2018-08-07 11:58:33",
    }
    if status == PayType.FAILURE:
        known["failDescription"] = "余额不足"
    if status in (PayType.UPLOAD, PayType.AMENDED_SUCCESS):
        known["referenceNumber"] = "MLA001041380755361119"
    return known | members


def body(status: int = PayType.UPLOAD, *, cipher: Sealer | None = None, **members: object) -> bytes:
    """The body that SkyPay would send for ``payload(status, **members)``: JSON, encrypted if there is a cipher.

    Raises ``TypeError`` or ``ValueError`` for a member that is not JSON.
    """
    return written(payload(status, **members), cipher=cipher)


def written(members: dict[str, object], *, cipher: Sealer | None = None) -> bytes:
    """A payload as a body, such as one from which members were taken away."""
    text = json.dumps(members, ensure_ascii=False).encode()
    return text if cipher is None else cipher.encrypt(text)
