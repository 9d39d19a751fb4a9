"""One body as SkyPay sends it."""

from __future__ import annotations

import json
import re
from copy import copy
from typing import Protocol

from .._callback import NAMES
from .._credentials import Credentials
from .._fields import ACTION
from .._parser import CallbackParser
from .._pay_type import PayType
from ..encryption import BodyCipher

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

_WIRE_NAMES = {re.sub("([A-Z])", r"_\1", name).lower(): name for name in NAMES if not name.islower()}


class BodyFactory(Protocol):
    """The value of the fixture ``skypay_body``: makes the body of any status, ready to be delivered."""

    def __call__(self, status: int = PayType.UPLOAD, **fields: object) -> bytes:
        """Make the body of that status; ``fields`` by wire name replace or add to what it holds."""
        ...


def payload(status: int = PayType.UPLOAD, **fields: object) -> dict[str, object]:
    """Return the fields of a valid callback of that status, by wire name.

    ``status`` can be a number that the specification does not know. ``fields`` replace or add to the
    sample's: ``payload(PayType.PAYOUT, controlNumber="SK99100000001")``. Raises ``TypeError`` for the name of
    an attribute, such as ``control_number``.
    """
    for name in fields.keys() & _WIRE_NAMES.keys():
        raise TypeError(f"expected wire names, got {name}: write {_WIRE_NAMES[name]}")
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
    return known | fields


def body(status: int = PayType.UPLOAD, *, cipher: BodyCipher | None = None, **fields: object) -> bytes:
    """Make the body of ``payload(status, **fields)``: JSON, encrypted with a cipher.

    Raises as ``payload`` and ``encode`` do.
    """
    return encode(payload(status, **fields), cipher=cipher)


def encode(fields: dict[str, object], *, cipher: BodyCipher | None = None) -> bytes:
    """Encode a payload as a body, such as one from which fields were removed.

    Raises ``TypeError`` or ``ValueError`` for a field that is not JSON.
    """
    text = json.dumps(fields, ensure_ascii=False, allow_nan=False)
    # A lone surrogate has no UTF-8, but JSON can escape it.
    return encrypted(text.encode(errors="backslashreplace"), cipher)


def encrypted(text: bytes, cipher: BodyCipher | None) -> bytes:
    """Return the text as a body: encrypted if there is a cipher."""
    return text if cipher is None else cipher.encrypt(text)


def payload_for(parser: CallbackParser, status: int = PayType.UPLOAD, **fields: object) -> dict[str, object]:
    """Return a payload that this parser accepts, with the newest secret and a prefix of its first account."""
    account = parser.credentials[0]
    prefix = min(account.prefixes) if account.prefixes else "SK991"
    known = {
        "userName": account.user_name,
        "authentication": account.authentication[-1],
        "controlNumber": f"{prefix}23456789",
    }
    return payload(status, **known | fields)


def ciphers(parser: CallbackParser) -> tuple[BodyCipher, ...]:
    """Return a cipher for each of the parser's keys, oldest first; none without a cipher."""
    ciphers: list[BodyCipher] = []
    for key in parser.cipher.keys if parser.cipher else ():
        ciphers.append(copy(parser.cipher))  # type: ignore[arg-type]
        ciphers[-1].keys = (key,)
    return tuple(ciphers)
