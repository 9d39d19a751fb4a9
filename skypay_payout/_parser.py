"""The way of a body: opened, read, authenticated, and only then understood; and the way of the reply."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from re import Match
from typing import Protocol, TypeAlias, cast, runtime_checkable

from attrs import Factory, evolve, field, frozen

from . import _usual as usual
from ._acknowledgement import acknowledge
from ._arguments import one_or_several
from ._json import read, to_bytes, to_text
from ._callback import PayoutCallback
from ._control_number import PREFIX_PATTERN
from ._credentials import Credentials, conceal, proof, proved
from ._errors import (
    AuthenticationError,
    DecryptionError,
    ErrorCode,
    InvalidCallbackError,
    MalformedBodyError,
)
from ._fields import NAMES, structure

_Received: TypeAlias = "Match[str] | dict[str, object]"
"""A body that was read: a match of the usual form, or the members."""


@runtime_checkable
class Cipher(Protocol):
    """What opens an encrypted body. ``parse`` needs nothing more; ``reply`` needs ``encrypt`` too."""

    def decrypt(self, body: bytes, /) -> bytes:
        """The text that ``body`` hides; whatever it raises means that the body could not be opened."""
        ...


@runtime_checkable
class _Sealing(Protocol):
    def encrypt(self, data: bytes, /) -> bytes: ...


def _credentials(value: Credentials | Iterable[Credentials]) -> tuple[Credentials, ...]:
    return one_or_several("credentials", value, Credentials)


def _prefixes(value: str | Iterable[str] | None) -> frozenset[str] | None:
    if value is None:
        return None
    prefixes = frozenset(one_or_several("prefixes", value, str))
    for prefix in prefixes:
        if not re.fullmatch(PREFIX_PATTERN, prefix):
            raise ValueError(
                f"{prefix!r} is not a prefix; expected 5 ASCII letters or digits, such as 'SKY99'"
            )
    return prefixes


def _ciphers(value: Cipher | Iterable[Cipher] | None) -> tuple[Cipher, ...]:
    if value is None:
        return ()
    ciphers = one_or_several("cipher", value, Cipher)  # type: ignore[type-abstract]
    # A cipher with several keys gives one cipher for each.
    each = [
        one
        for cipher in ciphers
        for one in (cast("Iterable[object]", cipher) if isinstance(cipher, Iterable) else (cipher,))
    ]
    return one_or_several("cipher", each, Cipher)  # type: ignore[type-abstract]


def _size(value: int) -> int:
    if type(value) is not int:
        raise TypeError(f"max_body_size is a number of bytes, not {type(value).__name__}")
    if value < 1:
        raise ValueError(f"max_body_size is a number of bytes from 1 upwards, not {value}")
    return value


def _proofs(parser: CallbackParser) -> tuple[bytes, ...]:
    return tuple(known for account in parser.credentials for known in account.proofs())


def _secrets(parser: CallbackParser) -> tuple[str, ...]:
    secrets = {secret for account in parser.credentials for secret in account.authentication}
    return tuple(sorted(secrets, key=len, reverse=True))  # the longest first: one may hold another


# Equality is identity, as for Credentials.
@frozen(eq=False)
class CallbackParser:
    """Turns the body of a ``payoutQueuePayout`` into a ``PayoutCallback``, or says why it cannot.

    Immutable: build one when the program starts and share it among threads, tasks and processes. A pickle of
    it holds the secrets.

    Raises ``TypeError`` or ``ValueError`` at once where it is used wrongly.
    """

    credentials: tuple[Credentials, ...] = field(converter=_credentials)
    """One account or several; callbacks of all of them are taken."""
    prefixes: frozenset[str] | None = field(default=None, converter=_prefixes, kw_only=True)
    """The five-character prefixes that this partner owns; None takes any (point 4)."""
    cipher: tuple[Cipher, ...] = field(default=None, converter=_ciphers, kw_only=True, repr=False)
    """What opens encrypted bodies, from the oldest key to the newest; empty where bodies are plain JSON."""
    max_body_size: int = field(default=65536, converter=_size, kw_only=True)
    """Bytes, counted before decryption (point 9)."""
    _proofs: tuple[bytes, ...] = field(init=False, repr=False, default=Factory(_proofs, takes_self=True))
    _secrets: tuple[str, ...] = field(init=False, repr=False, default=Factory(_secrets, takes_self=True))

    def parse(self, body: bytes | str | Mapping[str, object]) -> PayoutCallback:
        """The callback that ``body`` holds: what was received, or the mapping that a framework made of it.

        Who sent it is checked before any other member is judged, so a stranger learns nothing.

        Raises, for any body whatsoever, only:

        - ``MalformedBodyError``: not one JSON object within the limit. Never acknowledge.
        - ``DecryptionError``, a kind of it: there is a cipher, and no key opens the body. Never acknowledge.
        - ``AuthenticationError``: userName or authentication is missing or wrong. Never acknowledge.
        - ``InvalidCallbackError``: SkyPay sent it, but members are wrong. Set it aside and acknowledge.

        Raises ``TypeError`` if ``body`` is neither bytes, str nor a mapping.
        """
        data = to_bytes(body, self.max_body_size)
        received, key_index = self._open(data) if self.cipher else (_read(data), -1)
        if isinstance(received, Match):
            given = proof(received[1], received[2])
        else:
            given = proof(received.get("userName"), received.pop("authentication", None))
        if not proved(given, self._proofs):
            raise AuthenticationError
        callback = self._understood(received, key_index)
        return callback if key_index == -1 else evolve(callback, key_index=key_index)

    def reply(self, received: PayoutCallback | InvalidCallbackError, at: datetime | None = None) -> bytes:
        """The body to answer with: the fixed acknowledgement, sealed with the key that opened the callback.

        ``received`` is what ``parse`` returned, or the ``InvalidCallbackError`` that it raised; nothing else
        is acknowledged. The reply is plain JSON where there is no cipher. ``at`` is an aware time, or now.

        Raises ``TypeError`` for anything else that was received, such as an ``AuthenticationError``, and
        where the cipher can only decrypt; ``ValueError`` if another parser opened the callback. An ``at``
        that is no aware time raises as in ``acknowledge``.
        """
        if not isinstance(received, (PayoutCallback, InvalidCallbackError)):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(
                f"only an authenticated callback is acknowledged, never a {type(received).__name__}"
            )
        answer = acknowledge(at).to_json()
        if not self.cipher:
            return answer
        if not -len(self.cipher) <= received.key_index < 0:
            raise ValueError("another parser opened this callback; reply with the one that did")
        cipher = self.cipher[received.key_index]
        if not isinstance(cipher, _Sealing):
            raise TypeError(f"{type(cipher).__name__} has no encrypt method, so nothing can seal the reply")
        return cipher.encrypt(answer)

    def _open(self, data: bytes) -> tuple[_Received, int]:
        key_index = 0
        for cipher in reversed(self.cipher):
            key_index -= 1
            received = _opened(cipher, data)
            if received is not None:
                return received, key_index
        raise DecryptionError

    def _understood(self, received: _Received, key_index: int) -> PayoutCallback:
        if isinstance(received, Match):
            callback = usual.structure(received, self.prefixes, self._secrets)
            if callback is not None:
                return callback
            received = read(received.string)
            del received["authentication"]
        result = structure(received, self.prefixes, self._secrets)
        if isinstance(result, PayoutCallback):
            return result
        # The specification's own names stay, whatever the secret is.
        concealed = {
            name if name in NAMES else conceal(name, self._secrets): conceal(value, self._secrets)
            for name, value in received.items()
        }
        raise InvalidCallbackError(result, concealed, key_index)


def _read(data: bytes) -> _Received:
    text = to_text(data)
    return usual.recognise(text) or read(text)


def _opened(cipher: Cipher, data: bytes) -> _Received | None:
    # ECB proves nothing, and another key can yield valid padding: only a JSON object counts as opened.
    # Whatever else comes out is one and the same failure, so that no answer serves as a padding oracle.
    try:
        return _read(cipher.decrypt(data))
    except MalformedBodyError as error:
        if error.code is ErrorCode.MEMBER_TWICE:
            raise
        return None
    except Exception:
        return None
