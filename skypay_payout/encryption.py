"""The encryption that SkyPay wraps around bodies: AES-128-ECB with PKCS#7 padding, in Base64.

ECB and SHA-1 are SkyPay's choice, not ours. They hide the text from someone who only looks. They do not prove
that a body is whole, unchanged or fresh, and equal blocks stay equal: TLS, an address allow-list and the
authentication secret stay necessary.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from collections.abc import Collection, Iterable, Iterator
from hashlib import sha1

from attrs import Factory, field, frozen

try:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import ECB
    from cryptography.hazmat.primitives.padding import PKCS7
except ImportError as _missing:
    raise ImportError(
        "encrypted bodies need the extra 'encryption': pip install 'skypay-payout[encryption]'"
    ) from _missing

from ._arguments import one_or_several
from ._json import read, to_text
from ._errors import DecryptionError, ErrorCode, MalformedBodyError

_padding = PKCS7(128)


def _keys(value: str | Iterable[str]) -> tuple[_Key, ...]:
    return tuple(_Key(_aes_key(key)) for key in one_or_several("key_or_keys", value, str))


def _aes_key(issued: str) -> bytes:
    if not issued:
        raise ValueError("a key is empty; is its setting filled in?")
    # What Java's SHA1PRNG-seeded KeyGenerator yields, which SkyPay's reference uses.
    seed = issued.encode(errors="surrogatepass")
    return sha1(sha1(seed).digest()).digest()[:16]  # noqa: S324


def _ecb(key: _Key) -> Cipher[ECB]:
    return Cipher(AES(key.aes), ECB())  # noqa: S305


# Equality is identity: == over a key would take a time that depends on it.
@frozen(eq=False)
class _Key:
    aes: bytes = field(repr=False)
    _cipher: Cipher[ECB] = field(init=False, repr=False, default=Factory(_ecb, takes_self=True))

    def __reduce__(self) -> tuple[type[_Key], tuple[bytes]]:
        return _Key, (self.aes,)  # a Cipher cannot be pickled

    def decrypt(self, body: bytes | str, /) -> bytes:
        text = self.opened(body)
        # Raised here and not where it was found, so that no __context__ tells how it failed.
        if text is None:
            raise DecryptionError
        return text

    def opened(self, body: bytes | str) -> bytes | None:
        if not isinstance(body, (bytes, str)):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"a body is bytes or str, not {type(body).__name__}")
        decryptor = self._cipher.decryptor()
        unpadder = _padding.unpadder()
        try:
            base64 = (body.encode("ascii") if isinstance(body, str) else body).translate(None, b"\r\n")
            sealed = a2b_base64(base64)
            # The decoder passes over what is no Base64, in ways that differ between Python's versions.
            if b2a_base64(sealed, newline=False) != base64:
                return None
            padded = decryptor.update(sealed) + decryptor.finalize()
            return unpadder.update(padded) + unpadder.finalize()
        except ValueError:
            return None

    def encrypt(self, data: bytes, /) -> bytes:
        encryptor = self._cipher.encryptor()
        padder = _padding.padder()
        padded = padder.update(data) + padder.finalize()
        return b2a_base64(encryptor.update(padded) + encryptor.finalize(), newline=False)


def _count(keys: Collection[_Key]) -> str:
    return f"<{len(keys)} not shown>"


@frozen(eq=False)
class BodyCipher:
    """Opens the bodies that SkyPay encrypts, and seals the replies.

    ``key_or_keys`` is the key that SkyPay issued, a text, or several from the oldest to the newest while a
    key is being changed. The AES key is the first 16 bytes of SHA-1 of SHA-1 of its UTF-8 bytes. The text is
    not kept, and neither is ever shown. Iterating gives a cipher for each single key.

    Raises ``TypeError`` or ``ValueError`` for an empty key and for anything but ``str``.
    """

    _keys: tuple[_Key, ...] = field(converter=_keys, alias="key_or_keys", repr=_count)

    def __iter__(self) -> Iterator[_Key]:
        return iter(self._keys)

    def decrypt(self, body: bytes | str, /) -> bytes:
        """The text in ``body``, which is standard Base64, perhaps wrapped in lines.

        With several keys, the newest that opens the body wins. A wrong key can, rarely, seem to open a body,
        so then only a JSON object counts as opened.

        Raises ``DecryptionError`` where no key opens it, and ``TypeError`` for another type.
        """
        if len(self._keys) == 1:
            return self._keys[0].decrypt(body)
        for key in reversed(self._keys):
            text = key.opened(body)
            if text is not None and _is_object(text):
                return text
        raise DecryptionError

    def encrypt(self, data: bytes, /) -> bytes:
        """The bytes as a body to send: sealed with the newest key, in Base64 without line breaks."""
        return self._keys[-1].encrypt(data)


def _is_object(text: bytes) -> bool:
    try:
        read(to_text(text))
    except MalformedBodyError as error:
        return error.code is ErrorCode.MEMBER_TWICE
    return True
