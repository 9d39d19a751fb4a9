"""The encryption of SkyPay's bodies: AES-128 in ECB mode with PKCS#7 padding, as standard Base64.

ECB and SHA-1 are SkyPay's choice, not ours. They hide the text from someone who only reads. They do not show
that a body is complete, unchanged or recent, and equal blocks stay equal: TLS, an address allow-list and the
authentication secret stay necessary.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence
from typing import final

from attrs import field, frozen

from ._arguments import as_text, as_tuple
from ._errors import DecryptionError, ErrorCode, MalformedBodyError, bare
from ._json import decode
from ._results import Encrypter

__all__ = ["BodyCipher"]

_BLOCK = 16
"""Bytes."""


class _Key:
    """One AES key. This is no attrs class, or ``attrs.asdict`` of a result would show it."""

    __slots__ = ("_cipher", "_padding", "aes")

    def __init__(self, aes: bytes) -> None:
        try:
            from cryptography.hazmat.primitives.ciphers import Cipher
            from cryptography.hazmat.primitives.ciphers.algorithms import AES
            from cryptography.hazmat.primitives.ciphers.modes import ECB
            from cryptography.hazmat.primitives.padding import PKCS7
        except ImportError as missing:
            raise ImportError(
                "encrypted bodies need the extra 'encryption': pip install 'skypay-payout[encryption]'"
            ) from missing
        self.aes = aes
        self._cipher = Cipher(AES(aes), ECB())  # noqa: S305
        self._padding = PKCS7(8 * _BLOCK)

    def __reduce__(self) -> tuple[type[_Key], tuple[bytes]]:
        return _Key, (self.aes,)  # a Cipher cannot be pickled

    def decrypt(self, encrypted: bytes) -> bytes | None:
        """Decrypt whole blocks; None if this key does not yield valid padding."""
        decryptor = self._cipher.decryptor()
        unpadder = self._padding.unpadder()
        padded = decryptor.update(encrypted) + decryptor.finalize()
        try:
            return unpadder.update(padded) + unpadder.finalize()
        except ValueError:
            return None

    def encrypt(self, data: bytes, /) -> bytes:
        encryptor = self._cipher.encryptor()
        padder = self._padding.padder()
        padded = padder.update(data) + padder.finalize()
        return b2a_base64(encryptor.update(padded) + encryptor.finalize(), newline=False)


def _keys(value: str | Sequence[str] | _Key) -> tuple[_Key, ...]:
    if isinstance(value, _Key):
        return (value,)
    from hashlib import sha1  # slow to import, and not needed for plain bodies

    # SHA-1 twice is what Java's SHA1PRNG-seeded KeyGenerator yields, which SkyPay's reference uses.
    return tuple(
        _Key(sha1(sha1(as_text("keys", key).encode()).digest()).digest()[:16])  # noqa: S324
        for key in as_tuple("keys", value, str)
    )


@final
@frozen(eq=False)
class BodyCipher:
    """What decrypts the bodies that SkyPay sends, and encrypts the responses.

    ``keys`` is the key that SkyPay issued, a text, or a sequence of them from oldest to newest during a
    rotation. The AES key is the first 16 bytes of SHA-1 of SHA-1 of its UTF-8 bytes. The text is not kept,
    and neither is ever shown.

    Raises ``TypeError`` or ``ValueError`` for anything else, and ``ImportError`` without the extra
    ``encryption``.
    """

    _keys: tuple[_Key, ...] = field(
        converter=_keys, alias="keys", repr=lambda keys: f"<{len(keys)} not shown>"
    )

    def decrypt(self, body: bytes | str, /) -> bytes:
        """Decrypt ``body``, standard Base64 of one JSON object, and return its text as UTF-8 bytes.

        The Base64 may be in several lines, with a byte order mark before it and white space around it. The
        newest key that yields one JSON object counts, whatever the number of keys.

        Raises ``MalformedBodyError`` (``empty_body``, ``not_base64``, and where a key fits ``not_utf8``,
        ``not_json``, ``not_an_object``, ``duplicate_field`` or ``too_deep``), its subclass
        ``DecryptionError`` if no key fits, and ``TypeError`` for another type.
        """
        if not isinstance(body, (bytes, str)):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"expected a body as bytes or str, got {type(body).__name__}")
        # Lone surrogates become "?", which is not Base64 either.
        data = body.encode(errors="replace") if isinstance(body, str) else body
        try:
            return decrypt_object(self, data)[1]
        except MalformedBodyError as error:
            failure = bare(error)
        raise failure

    def encrypt(self, data: bytes, /) -> bytes:
        """Encrypt the bytes with the newest key, as Base64 without line breaks."""
        return self._keys[-1].encrypt(data)


def decrypt_object(cipher: BodyCipher, body: bytes) -> tuple[dict[str, object], bytes, Encrypter, bool]:
    """Return the JSON object in ``body``, its text, what encrypts the response, and if that is the newest.

    Raises as ``BodyCipher.decrypt`` does. The codes are for the operator: the response to all of them is the
    same, so that it serves nobody as a padding oracle.
    """
    encrypted = _blocks(body)
    failure: MalformedBodyError = DecryptionError()
    for key in reversed(cipher._keys):
        text = key.decrypt(encrypted)
        if text is not None:
            try:
                return decode(text), text, key, key is cipher._keys[-1]
            except MalformedBodyError as error:
                # A wrong key yields valid padding once in about 250 times, and then what is no UTF-8.
                if failure.code in (ErrorCode.DECRYPTION_FAILED, ErrorCode.NOT_UTF8):
                    failure = error
    raise failure


def _blocks(body: bytes) -> bytes:
    """Return the bytes that the Base64 stands for, in whole blocks of AES (point 9)."""
    base64 = body.removeprefix(b"\xef\xbb\xbf").strip(b" \t\r\n").translate(None, b"\r\n")
    if not base64:
        raise MalformedBodyError(ErrorCode.EMPTY_BODY, "expected an encrypted callback, got an empty body")
    try:
        encrypted = a2b_base64(base64)
    except ValueError:
        encrypted = b""
    # The decoder skips what is not Base64, in ways that differ between versions of Python.
    if not encrypted or len(encrypted) % _BLOCK or b2a_base64(encrypted, newline=False) != base64:
        raise MalformedBodyError(
            ErrorCode.NOT_BASE64,
            f"expected SkyPay's Base64 of whole blocks of {_BLOCK} bytes, got something else: if it is from "
            "SkyPay, look for what changed the body on its way (plain JSON is never accepted where a cipher "
            "is set)",
        )
    return encrypted


def single_keys(cipher: BodyCipher) -> tuple[BodyCipher, ...]:
    """Return a cipher for each key, oldest first."""
    return tuple(BodyCipher(key) for key in cipher._keys)
