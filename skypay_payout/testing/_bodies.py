"""One body as SkyPay sends it."""

from __future__ import annotations

import json
from typing import Protocol, runtime_checkable

from .._credentials import Credentials
from .._parser import CallbackParser
from .._pay_type import PayType
from .._fields import ACTION

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
WRONG_AUTHENTICATION = "00000000-0000-0000-0000-000000000000"
"""A secret that nobody was issued, for a sender who is not SkyPay."""
ENCRYPTION_KEY = "0123456789abcdef"
"""A key for tests, for ``BodyCipher``: it protects nothing."""


@runtime_checkable
class Sealer(Protocol):
    """What encrypts a body: ``skypay_payout.encryption.BodyCipher``, or anything like it."""

    def encrypt(self, data: bytes, /) -> bytes:
        """The bytes as a body to send."""
        ...


class BodyFactory(Protocol):
    """Makes a body of any status: ``body``, and what the fixture ``skypay_body`` gives."""

    def __call__(
        self, status: int = PayType.UPLOAD, *, cipher: Sealer | None = None, **members: object
    ) -> bytes:
        """The body of that status; ``members`` by wire name replace or add to what it holds."""
        ...


def payload(status: int = PayType.UPLOAD, **members: object) -> dict[str, object]:
    """The members of a good callback of that status, by wire name, in the specification's order.

    ``status`` is a ``PayType``, or a number that the specification does not know yet. ``members`` replace
    what the sample holds, or come on top: ``payload(PayType.PAYOUT, controlNumber="SK99100000001")``.
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
    """The body that SkyPay would send for ``payload(status, **members)``: JSON, encrypted with a cipher.

    Raises ``TypeError`` or ``ValueError`` for a member that is not JSON.
    """
    return written(payload(status, **members), cipher=cipher)


def written(members: dict[str, object], *, cipher: Sealer | None = None) -> bytes:
    """A payload as a body, such as one from which members were taken away.

    Raises ``TypeError`` or ``ValueError`` for a member that is not JSON.
    """
    text = json.dumps(members, ensure_ascii=False, allow_nan=False)
    # Half of a surrogate pair has no UTF-8, but JSON can escape it.
    return sealed(text.encode(errors="backslashreplace"), cipher)


def sealed(text: bytes, cipher: Sealer | None) -> bytes:
    """The text as a body: encrypted if there is a cipher."""
    return text if cipher is None else cipher.encrypt(text)


def payload_for(parser: CallbackParser, status: int = PayType.UPLOAD) -> dict[str, object]:
    """The payload that this parser accepts: of its first account, with its newest secret and its prefix."""
    account = parser.credentials[0]
    prefix = min(parser.prefixes) if parser.prefixes else "SK991"
    return payload(
        status,
        userName=account.user_name,
        authentication=account.authentication[-1],
        controlNumber=f"{prefix}23456789",
    )


def sealers(parser: CallbackParser) -> tuple[Sealer, ...]:
    """What seals bodies for this parser, from the oldest key to the newest; empty where bodies are plain.

    Raises ``TypeError`` if a cipher of the parser can only decrypt.
    """
    return tuple(_sealer(cipher) for cipher in parser.cipher)


def _sealer(cipher: object) -> Sealer:
    if isinstance(cipher, Sealer):
        return cipher
    raise TypeError(f"{type(cipher).__name__} has no encrypt method, so nothing can seal bodies for it")
