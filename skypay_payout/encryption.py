"""The encryption of SkyPay's bodies: AES-128 in ECB mode with PKCS#7 padding, as standard Base64.

ECB and SHA-1 are SkyPay's choice, not ours. They hide the text from someone who only reads. They do not show
that a body is complete, unchanged or recent, and equal blocks stay equal: TLS, an address allow-list and the
authentication secret stay necessary.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence
from contextlib import suppress
from typing import final

from ._credentials import as_text, as_tuple
from ._errors import DecryptionError, ErrorCode, MalformedBodyError, strip
from ._json import decode

__all__ = ["BodyCipher"]

_BLOCK = 16
"""Bytes."""

_NO_KEY_FITS = (
    "expected a body encrypted with a configured key, got one that none of them decrypts: if SkyPay sent it, "
    "compare the key with the one that SkyPay issued, and configure the old and the new key during a rotation"
)
_NOT_BASE64 = (
    f"expected the Base64 of whole blocks of {_BLOCK} bytes, got something else: if SkyPay sent it, look for "
    "a proxy that changed it (plain JSON is never accepted where a cipher is set)"
)


class Key:
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
        self.aes: bytes = aes
        self._cipher = Cipher(AES(aes), ECB())  # noqa: S305
        self._padding = PKCS7(8 * _BLOCK)

    def __reduce__(self) -> tuple[type[Key], tuple[bytes]]:
        return Key, (self.aes,)  # a Cipher cannot be pickled

    def decrypt(self, encrypted: bytes) -> bytes | None:
        """Decrypt whole blocks; None if this key does not yield valid padding."""
        decryptor = self._cipher.decryptor()
        unpadder = self._padding.unpadder()
        padded = decryptor.update(encrypted) + decryptor.finalize()
        try:
            return unpadder.update(padded) + unpadder.finalize()
        except ValueError:
            return None

    def encrypt(self, data: bytes) -> bytes:
        """Encrypt the bytes, as Base64 without line breaks."""
        encryptor = self._cipher.encryptor()
        padder = self._padding.padder()
        padded = padder.update(data) + padder.finalize()
        return b2a_base64(encryptor.update(padded) + encryptor.finalize(), newline=False)


def _key(text: str) -> Key:
    from hashlib import sha1  # slow to import, and not needed for plain bodies

    # SHA-1 twice is what Java's SHA1PRNG-seeded KeyGenerator yields, which SkyPay's reference uses.
    return Key(sha1(sha1(as_text("keys", text).encode()).digest()).digest()[:16])  # noqa: S324


@final
class BodyCipher:
    """The cipher of bodies and responses.

    ``keys`` is SkyPay's key, a text; during a rotation several, oldest first. It is neither kept nor shown.

    Raises ``TypeError`` or ``ValueError`` for anything else, and ``ImportError`` without the extra.
    """

    __slots__ = ("keys",)

    def __init__(self, keys: str | Sequence[str]) -> None:
        self.keys: tuple[Key, ...] = tuple(map(_key, as_tuple("keys", keys, str)))

    def __repr__(self) -> str:
        return f"BodyCipher(keys=<{len(self.keys)} not shown>)"

    def decrypt(self, body: bytes | str, /) -> bytes:
        """Decrypt standard Base64 of one JSON object, and return that as UTF-8 bytes.

        A byte order mark, white space around it, and line breaks in it are tolerated (point 9). Raises
        ``MalformedBodyError``, its subclass ``DecryptionError`` if no key fits, and ``TypeError`` for another
        type.
        """
        if not isinstance(body, (bytes, str)):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"expected a body as bytes or str, got {type(body).__name__}")
        # Lone surrogates become "?", which is not Base64 either.
        data = body.encode(errors="replace") if isinstance(body, str) else body
        return decrypt_object(self, data)[1]

    def encrypt(self, data: bytes, /) -> bytes:
        """Encrypt the bytes with the newest key, as Base64 without line breaks."""
        return self.keys[-1].encrypt(data)


def decrypt_object(cipher: BodyCipher, body: bytes) -> tuple[dict[str, object], bytes, Key, bool]:
    """Return the JSON object in ``body``, its text, what encrypts the response, and if that is the newest.

    Raises as ``BodyCipher.decrypt`` does. The response to all of its codes is the same: no padding oracle.
    """
    encrypted = _blocks(body)
    failure: MalformedBodyError = DecryptionError(ErrorCode.DECRYPTION_FAILED, _NO_KEY_FITS)
    for key in reversed(cipher.keys):
        text = key.decrypt(encrypted)
        if text is not None:
            try:
                return decode(text), text, key, key is cipher.keys[-1]
            except MalformedBodyError as error:
                # A wrong key yields valid padding once in about 250 times, and then what is no UTF-8.
                if failure.code in (ErrorCode.DECRYPTION_FAILED, ErrorCode.NOT_UTF8):
                    failure = error
                    strip(error)
    raise failure


def _blocks(body: bytes) -> bytes:
    """Return the bytes that the Base64 stands for, in whole blocks of AES (point 9)."""
    base64 = body.removeprefix(b"\xef\xbb\xbf").strip(b" \t\r\n").translate(None, b"\r\n")
    if not base64:
        raise MalformedBodyError(ErrorCode.EMPTY_BODY, "expected an encrypted callback, got an empty body")
    with suppress(ValueError):
        encrypted = a2b_base64(base64)
        # The decoder skips what is not Base64, in ways that differ between versions of Python.
        if len(encrypted) % _BLOCK == 0 and b2a_base64(encrypted, newline=False) == base64:
            return encrypted
    raise MalformedBodyError(ErrorCode.NOT_BASE64, _NOT_BASE64)
