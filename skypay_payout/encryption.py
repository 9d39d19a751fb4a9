"""The encryption of SkyPay's bodies: AES-128 in ECB mode with PKCS#7 padding, as standard Base64.

ECB and SHA-1 are SkyPay's choice, not ours. They hide the text from someone who only reads. They do not show
that a body is complete, unchanged or recent, and equal blocks stay equal: TLS, an address allow-list and the
authentication secret stay necessary.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable
from hashlib import sha1

from attrs import field, frozen

try:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import ECB
    from cryptography.hazmat.primitives.padding import PKCS7
except ImportError as _missing:
    raise ImportError(
        "encrypted bodies need the extra 'encryption': pip install 'skypay-payout[encryption]'"
    ) from _missing

from ._arguments import as_text, as_tuple
from ._errors import DecryptionError, ErrorCode, MalformedBodyError
from ._json import decode
from ._results import Encrypter

__all__ = ["BodyCipher"]

_padding = PKCS7(128)


class _Key:
    """Hold one AES key. This is no attrs class, or ``attrs.asdict`` of a result would show it."""

    __slots__ = ("_cipher", "aes")

    def __init__(self, aes: bytes) -> None:
        self.aes = aes
        self._cipher = Cipher(AES(aes), ECB())  # noqa: S305

    def __reduce__(self) -> tuple[type[_Key], tuple[bytes]]:
        return _Key, (self.aes,)  # a Cipher cannot be pickled

    def decrypt(self, body: bytes) -> bytes | None:
        base64 = body.translate(None, b"\r\n")
        decryptor = self._cipher.decryptor()
        unpadder = _padding.unpadder()
        try:
            encrypted = a2b_base64(base64)
            # The decoder skips what is not Base64, in ways that differ between versions of Python.
            if b2a_base64(encrypted, newline=False) != base64:
                return None
            padded = decryptor.update(encrypted) + decryptor.finalize()
            return unpadder.update(padded) + unpadder.finalize()
        except ValueError:
            return None

    def encrypt(self, data: bytes, /) -> bytes:
        encryptor = self._cipher.encryptor()
        padder = _padding.padder()
        padded = padder.update(data) + padder.finalize()
        return b2a_base64(encryptor.update(padded) + encryptor.finalize(), newline=False)


def _keys(value: str | Iterable[str] | _Key) -> tuple[_Key, ...]:
    if isinstance(value, _Key):
        return (value,)
    # SHA-1 twice is what Java's SHA1PRNG-seeded KeyGenerator yields, which SkyPay's reference uses.
    return tuple(
        _Key(sha1(sha1(as_text("keys", key).encode()).digest()).digest()[:16])  # noqa: S324
        for key in as_tuple("keys", value, str)
    )


@frozen(eq=False)
class BodyCipher:
    """Decrypt the bodies that SkyPay sends, and encrypt the responses.

    ``keys`` is the key that SkyPay issued, a text, or several from oldest to newest during a rotation. The
    AES key is the first 16 bytes of SHA-1 of SHA-1 of its UTF-8 bytes. The text is not kept, and neither is
    ever shown.

    Raises ``TypeError`` or ``ValueError`` for an empty key and for anything but ``str``.
    """

    _keys: tuple[_Key, ...] = field(
        converter=_keys, alias="keys", repr=lambda keys: f"<{len(keys)} not shown>"
    )

    def decrypt(self, body: bytes | str, /) -> bytes:
        """Decrypt ``body``, which is standard Base64 in one line or several.

        With several keys, only a JSON object counts as decrypted; the newest key that yields one wins.

        Raises ``DecryptionError`` if no key decrypts it, with several keys also another
        ``MalformedBodyError`` for an object with a duplicate field or beyond the limits, and ``TypeError``
        for another type.
        """
        if not isinstance(body, (bytes, str)):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"expected a body as bytes or str, got {type(body).__name__}")
        # What is not ASCII is not Base64 either, whatever stands in its place.
        data = body.encode(errors="replace") if isinstance(body, str) else body
        if len(self._keys) == 1 and (text := self._keys[0].decrypt(data)) is not None:
            return text
        return decrypt_object(self, data)[1]

    def encrypt(self, data: bytes, /) -> bytes:
        """Encrypt the bytes with the newest key, as Base64 without line breaks."""
        return self._keys[-1].encrypt(data)


def decrypt_object(cipher: BodyCipher, body: bytes) -> tuple[dict[str, object], bytes, Encrypter, bool]:
    """Return the JSON object in ``body``, its text, what encrypts the response, and if that is the newest.

    The newest key that yields a JSON object decrypts it: a wrong key yields valid padding once in about 250
    times. Raises ``MalformedBodyError`` for one that is malformed in itself, and ``DecryptionError`` for
    everything else, so that no response serves as a padding oracle.
    """
    failure = None
    for key in reversed(cipher._keys):
        text = key.decrypt(body)
        if text is not None:
            try:
                return decode(text), text, key, key is cipher._keys[-1]
            except MalformedBodyError as error:
                if error.code is ErrorCode.DUPLICATE_FIELD:
                    raise
                if error.code is ErrorCode.TOO_COMPLEX:  # as noise can seem: another key may still fit
                    failure = error
    raise failure or DecryptionError


def single_keys(cipher: BodyCipher) -> tuple[BodyCipher, ...]:
    """Return a cipher for each key, oldest first."""
    return tuple(BodyCipher(key) for key in cipher._keys)
