"""Assert what an endpoint responded."""

from __future__ import annotations

from ..encryption import BodyCipher
from ._bodies import AUTHENTICATION, ENCRYPTION_KEY, WRONG_AUTHENTICATION


def assert_acknowledged(status: int, body: bytes | str, cipher: BodyCipher | None = None) -> None:
    """Assert that a response is the acknowledgement.

    Status 200; the three fields and nothing else; responseTime in its form, in UTC+8, and within a minute of
    now; with a cipher, encrypted with its newest key. Raises ``AssertionError`` with all that is wrong.
    """
    __tracebackhide__ = True
    from ..conformance._acknowledgement import problems

    if found := problems(status, _as_bytes(body), cipher):
        raise AssertionError("; ".join(found))


def assert_rejected(status: int, body: bytes | str, cipher: BodyCipher | None = None) -> None:
    """Assert that a response is a rejection.

    A status from 400 to 499 but 429; in the body, encrypted or not, no responseCode 1000 and no secret or key
    of this kit. Raises ``AssertionError`` that says what is wrong.
    """
    __tracebackhide__ = True
    from ..conformance._misreading import aes_keys, decrypted, says_1000

    body = _as_bytes(body)
    texts = [body, *filter(None, (decrypted(body, key) for key in aes_keys(cipher)))]
    if any(map(says_1000, texts)):
        raise AssertionError(f"expected a rejection, got status {status} with responseCode 1000")
    if status == 429 or not 400 <= status <= 499:
        raise AssertionError(f"expected a status from 400 to 499 but 429, a rate limit, got {status}")
    for name, secret in (
        ("authentication secret", AUTHENTICATION),
        ("authentication secret that was sent", WRONG_AUTHENTICATION),
        ("key", ENCRYPTION_KEY),
    ):
        if any(secret.encode() in text for text in texts):
            raise AssertionError(f"expected a rejection that repeats no secret, got one with the {name}")


def _as_bytes(body: bytes | str) -> bytes:
    return body.encode(errors="surrogatepass") if isinstance(body, str) else body
