"""Decrypt responses as they came, and name the mistake where the key of the callback does not decrypt one."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error, unhexlify
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from hashlib import md5, sha1, sha256

from ..encryption import BodyCipher

_BLOCK = 16
_code = re.compile(rb"responseCode\W{1,8}1000(?![0-9])", re.IGNORECASE)


def says_1000(text: bytes) -> bool:
    """Whether the text is meant as an acknowledgement, however malformed it is."""
    return _code.search(text.replace(b"\0", b"")) is not None  # without U+0000 it may be UTF-16


def aes_keys(cipher: BodyCipher | None) -> tuple[bytes, ...]:
    """Return the AES key of each issued key, oldest first; none where bodies are plain."""
    return () if cipher is None else tuple(key.aes for key in cipher.keys)


def decrypted(body: bytes, key: bytes) -> bytes | None:
    """Decrypt standard Base64, in one line or several; None if it is not, or if the key does not fit."""
    try:
        padded = _aes(key, _standard(body.strip(b" \t\r\n")))
    except Error:
        return None
    size = padded[-1] if padded else 0
    return padded[:-size] if 1 <= size <= _BLOCK and padded.endswith(bytes([size]) * size) else None


def decrypted_by(keys: Iterable[bytes], body: bytes) -> Iterator[bytes]:
    """Yield what the keys that fit make of a body."""
    return filter(None, (decrypted(body, key) for key in keys))


def explain(body: bytes, keys: Iterable[bytes], issued: Iterable[str]) -> str:
    """Say how a response is encrypted instead; ``""`` if that cannot be told."""
    ways = [*_modes(keys), *_derivations(issued)]
    for form, made in _FORMS.items():
        with suppress(ValueError):
            data = made(body)
            if says_1000(data):
                return f"{form}, not encrypted"
            for what, key, cbc in ways:
                if says_1000(_aes(key, data, cbc)):
                    return f"{form}{what}"
    return ""


def _aes(key: bytes, data: bytes, cbc: bytes | None = None) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

    decryptor = Cipher(AES(key), ECB() if cbc is None else CBC(cbc)).decryptor()  # noqa: S305
    return decryptor.update(data[: len(data) - len(data) % _BLOCK]) + decryptor.finalize()


def _modes(keys: Iterable[bytes]) -> Iterator[tuple[str, bytes, bytes | None]]:
    for key in keys:
        yield "", key, None  # with any padding, too
        yield ", in CBC mode instead of ECB", key, bytes(_BLOCK)
        yield ", in CBC mode instead of ECB", key, key


def _derivations(issued: Iterable[str]) -> Iterator[tuple[str, bytes, None]]:
    """What people make of an issued key instead of an AES key."""
    for raw in map(str.encode, issued):
        once, twice = sha1(raw), sha1(sha1(raw).digest())  # noqa: S324
        for what, key in (
            ("the issued key as it is, without SHA-1 of SHA-1", raw),
            ("the issued key cut or filled to size", raw[:16].ljust(16, b"\0")),
            ("the issued key cut or filled to size", raw[:32].ljust(32, b"\0")),
            ("one SHA-1 of the key instead of SHA-1 of SHA-1", once.digest()[:_BLOCK]),
            (
                "SHA-1 of the hexadecimal SHA-1 instead of its bytes",
                sha1(once.hexdigest().encode()).digest()[:_BLOCK],  # noqa: S324
            ),
            ("hexadecimal digits instead of bytes", twice.hexdigest()[:_BLOCK].encode()),
            ("MD5 of the key", md5(raw).digest()),  # noqa: S324
            ("SHA-256 of the key", sha256(raw).digest()[:_BLOCK]),
            ("SHA-256 of the key", sha256(raw).digest()),
        ):
            if len(key) in (16, 24, 32):
                yield f", under {what}", key, None


def _standard(body: bytes) -> bytes:
    return b64decode(body.translate(None, b"\r\n"), validate=True)


def _filled(body: bytes) -> bytes:
    text = body.strip().rstrip(b"=")
    return _standard(text + b"=" * (-len(text) % 4))


def _half(body: bytes) -> bytes:
    half = body[: len(body) // 2]
    return _standard(half if half + half == body else b"*")


def _longest(body: bytes) -> bytes:
    return _standard(max(re.findall(rb"[A-Za-z0-9+/=]+", body), key=len, default=b""))


_FORMS: dict[str, Callable[[bytes], bytes]] = {
    "one in Base64 with another padding than PKCS#7": lambda body: _standard(body.replace(b" ", b"")),
    "one without the = at its end": _filled,
    "one in the alphabet of URLs, - and _": lambda body: _filled(
        body.translate(bytes.maketrans(b"-_", b"+/"))
    ),
    "one written twice": _half,
    "one in quotes": lambda body: _standard(body.strip(b"\"' \r\n")),
    "one with a byte order mark": lambda body: _standard(body.removeprefix(b"\xef\xbb\xbf")),
    "one in hexadecimal instead of Base64": lambda body: unhexlify(body.strip()),
    "one in Base64 of Base64": lambda body: _standard(_standard(body)),
    "one without Base64": bytes,
    "one in a JSON field": _longest,
}
"""Forms in which people send it instead."""
