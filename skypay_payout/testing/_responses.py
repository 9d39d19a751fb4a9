"""Assert what an endpoint responded."""

from __future__ import annotations

from datetime import datetime

from .._times import SKYPAY_ZONE
from ..encryption import BodyCipher
from ._bodies import AUTHENTICATION, ENCRYPTION_KEY, WRONG_AUTHENTICATION
from ._leaks import holds_any, parts
from ._misreading import aes_keys, decrypted_by
from ._reading import not_acknowledged, not_rejected, read


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
    body = _as_bytes(body)
    texts = [body, *decrypted_by(aes_keys(cipher), body)]
    if problem := not_rejected(status, texts):
        raise AssertionError(problem)
    for name, secrets in (
        ("authentication secret", (AUTHENTICATION, *parts(AUTHENTICATION))),
        ("authentication secret that was sent", (WRONG_AUTHENTICATION,)),
        ("key", (ENCRYPTION_KEY, *parts(ENCRYPTION_KEY))),
    ):
        if holds_any(texts, secrets):
            raise AssertionError(f"expected a rejection that repeats no secret, got one with the {name}")


def _as_bytes(body: bytes | str) -> bytes:
    return body.encode(errors="surrogatepass") if isinstance(body, str) else body
