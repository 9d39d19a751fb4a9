"""Assert what an endpoint responded."""

from __future__ import annotations

from datetime import datetime

from .._parser import CallbackParser
from .._times import SKYPAY_ZONE
from ..encryption import BodyCipher
from ._bodies import CREDENTIALS, ENCRYPTION_KEY, WRONG_AUTHENTICATION
from ._misreading import aes_keys
from ._reading import not_acknowledged, not_rejected, read
from ._secrets import Secrets


def assert_acknowledged(status: int, body: bytes | str, cipher: BodyCipher | None = None) -> None:
    """Assert that a response is the acknowledgement.

    Status 200; the three fields and nothing else; responseTime in its form, in UTC+8, and within a minute of
    now; with a cipher, encrypted with its newest key. Raises ``AssertionError`` with all that is wrong.
    """
    __tracebackhide__ = True
    reading = read(status, _as_bytes(body), aes_keys(cipher)[::-1])
    if problem := not_acknowledged(reading, datetime.now(SKYPAY_ZONE)):
        raise AssertionError(problem)


def assert_rejected(status: int, body: bytes | str, cipher: BodyCipher | None = None) -> None:
    """Assert that a response is a rejection.

    A status from 400 to 499 but 429; in the body, encrypted or not, no responseCode 1000 and no secret or key
    of this kit. Raises ``AssertionError`` that says what is wrong.
    """
    __tracebackhide__ = True
    secrets = Secrets(CallbackParser(CREDENTIALS, cipher=cipher), [ENCRYPTION_KEY])
    body = _as_bytes(body)
    if problem := not_rejected(status, secrets.texts(body)):
        raise AssertionError(problem)
    if secrets.leak((), body, [WRONG_AUTHENTICATION]):
        raise AssertionError("expected a rejection that repeats no secret, got one with a secret or a key")


def _as_bytes(body: bytes | str) -> bytes:
    return body.encode(errors="surrogatepass") if isinstance(body, str) else body
