"""Decrypt responses as they came, and name the mistake where the key of the callback does not decrypt one."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error, unhexlify
from collections.abc import Callable, Iterable, Iterator
from hashlib import md5, sha1, sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
        data = b64decode(body.strip(b" \t\r\n").translate(None, b"\r\n"), validate=True)
    except Error:
        return None
    padded = _ecb(key, data)
    size = padded[-1] if padded else 0
    return padded[:-size] if 1 <= size <= _BLOCK and padded.endswith(bytes([size]) * size) else None


def explain(body: bytes, keys: Iterable[bytes], issued: Iterable[str]) -> str:
    """Say how a response is encrypted instead; ``""`` if that cannot be told."""
    ways = list(_ways(keys, issued))
    for form, made in _FORMS.items():
        try:
            data = made(body)
        except ValueError:
            continue
        if says_1000(data):
            return f"{form}, not encrypted"
        for key, what, decrypt in ways:
            if says_1000(decrypt(key, data)):
                return f"{form}, {what}" if what else form
    return ""


def _ecb(key: bytes, data: bytes) -> bytes:
    return _aes(key, data, cbc=None)


def _aes(key: bytes, data: bytes, cbc: bytes | None) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

    decryptor = Cipher(AES(key), ECB() if cbc is None else CBC(cbc)).decryptor()  # noqa: S305
    return decryptor.update(data[: len(data) - len(data) % _BLOCK]) + decryptor.finalize()


_Decrypt = Callable[[bytes, bytes], bytes]


def _ways(keys: Iterable[bytes], issued: Iterable[str]) -> Iterator[tuple[bytes, str, _Decrypt]]:
    """Ways in which people encrypt instead."""
    keys = tuple(keys)
    for key in keys:
        yield key, "", _ecb  # with any padding, too
        yield key, "in CBC mode instead of ECB", lambda key, data: _aes(key, data, bytes(_BLOCK))
        yield key, "in CBC mode instead of ECB", lambda key, data: _aes(key, data, key)
    for text in issued:
        raw = text.encode()
        if len(raw) in (16, 24, 32):
            yield raw, "under the issued key as it is, without SHA-1 of SHA-1", _ecb
        for size in (16, 32):
            yield raw[:size].ljust(size, b"\0"), "under the issued key cut or filled to size", _ecb
        once = sha1(raw)  # noqa: S324
        yield once.digest()[:_BLOCK], "under one SHA-1 of the key instead of SHA-1 of SHA-1", _ecb
        twice = sha1(once.hexdigest().encode())  # noqa: S324
        yield twice.digest()[:_BLOCK], "under SHA-1 of the hexadecimal SHA-1 instead of its bytes", _ecb
        twice = sha1(once.digest())  # noqa: S324
        yield twice.hexdigest()[:_BLOCK].encode(), "under hexadecimal digits instead of bytes", _ecb
        yield md5(raw).digest(), "under MD5 of the key", _ecb  # noqa: S324
        yield sha256(raw).digest()[:_BLOCK], "under SHA-256 of the key", _ecb
        yield sha256(raw).digest(), "under SHA-256 of the key", _ecb


def _standard(body: bytes) -> bytes:
    return b64decode(body.translate(None, b" \t\r\n"), validate=True)


def _filled(body: bytes) -> bytes:
    text = body.strip().rstrip(b"=")
    return _standard(text + b"=" * (-len(text) % 4))


def _half(body: bytes) -> bytes:
    text = body.translate(None, b"\r\n")
    if text[: len(text) // 2] != text[len(text) // 2 :]:
        raise ValueError
    return _standard(text[: len(text) // 2])


_FORMS: dict[str, Callable[[bytes], bytes]] = {
    "one in Base64 with another padding than PKCS#7": _standard,
    "one without the = at its end": _filled,
    "one in the alphabet of URLs, - and _": lambda body: _filled(
        body.replace(b"-", b"+").replace(b"_", b"/")
    ),
    "one written twice": _half,
    "one in quotes": lambda body: _standard(body.strip(b"\"' \r\n")),
    "one with a byte order mark": lambda body: _standard(body.removeprefix(b"\xef\xbb\xbf")),
    "one in hexadecimal instead of Base64": lambda body: unhexlify(body.strip()),
    "one in Base64 of Base64": lambda body: _standard(_standard(body)),
    "one without Base64": bytes,
    "one in a JSON field": lambda body: _standard(_longest(body)),
}
"""Forms in which people send it instead."""


def _longest(body: bytes) -> bytes:
    return max(re.findall(rb"[A-Za-z0-9+/=]+", body), key=len, default=b"")
