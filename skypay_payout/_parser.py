"""The way of a body: decrypted, read, authenticated, and only then validated."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from hmac import compare_digest
from typing import TypeAlias, final

from attrs import Factory, evolve, field, frozen

from . import _environ
from ._callback import NAMES, PayoutCallback, Structure, structurer
from ._credentials import Credentials, as_tuple, login
from ._errors import AuthenticationError, CallbackError, InvalidCallbackError, strip
from ._formatting import contains, redact
from ._json import collect, decode, json_copy, to_bytes
from ._results import Accepted, Quarantined, Rejected, Result
from .encryption import BodyCipher, Key, decrypt_object

Body: TypeAlias = bytes | bytearray | memoryview | str

_FREE = ("fail_description", "reference_number", "extra")
_NOT_SHOWN = "expected what the specification says, got a value that repeats a secret and is not shown"


@frozen(eq=False)
class _Login:
    """One secret of one account, and the rules for a callback that carries it."""

    user_name: str
    pair: bytes = field(repr=False)
    is_newest_secret: bool
    structure: Structure
    secrets: tuple[str, ...] = field(repr=False)

    def validate(self, fields: dict[str, object]) -> PayoutCallback | InvalidCallbackError:
        """Structure authenticated fields, and redact the secrets that the sender repeats in them."""
        result = self.structure(fields)
        if isinstance(result, PayoutCallback):
            texts = [result.fail_description or "", result.reference_number or ""]
            if result.extra:
                collect(result.extra, texts)
            if not contains("\0".join(texts), self.secrets):
                return result
            return evolve(result, **{name: redact(getattr(result, name), self.secrets) for name in _FREE})
        collect(fields, [])
        # The specification's own names stay, whatever the secret is.
        payload = {
            name if name in NAMES else redact(name, self.secrets): redact(value, self.secrets)
            for name, value in fields.items()
        }
        errors = list(result)
        for index, error in enumerate(errors):
            # Escaping the value can spell a secret, and shortening it can leave part of one.
            changed = payload.get(error.field) != fields.get(error.field)
            if changed or contains(error.message, self.secrets):
                errors[index] = evolve(error, message=_NOT_SHOWN)
        return InvalidCallbackError(tuple(errors), payload)


def _credentials(value: Credentials | Sequence[Credentials]) -> tuple[Credentials, ...]:
    accounts = as_tuple("credentials", value, Credentials)
    if len({account.user_name for account in accounts}) < len(accounts):
        hint = "put all secrets and prefixes of an account into one Credentials"
        raise ValueError(f"credentials: expected each user name once, got one several times: {hint}")
    return accounts


def _cipher(value: BodyCipher | None) -> BodyCipher | None:
    if value is not None and not isinstance(value, BodyCipher):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"cipher: expected one BodyCipher or None, got {type(value).__name__}")
    return value


def _max_body_size(value: int) -> int:
    if type(value) is int and value > 0:
        return value
    raise ValueError(f"max_body_size: expected a number of bytes from 1 upwards, got {value!r}")


def _logins(parser: CallbackParser) -> tuple[_Login, ...]:
    known = {secret for account in parser.credentials for secret in account.authentication}
    # Longest first, since one may contain another, and in one order, or equal contents get two digests.
    secrets = tuple(sorted(known, key=lambda secret: (-len(secret), secret)))
    logins: list[_Login] = []
    for account in parser.credentials:
        structure, newest = structurer(account.prefixes), account.authentication[-1]
        for secret in account.authentication:
            pair = login(account.user_name, secret)
            logins.append(_Login(account.user_name, pair, secret == newest, structure, secrets))
    return tuple(logins)


# Equality is identity, as for Credentials.
@final
@frozen(eq=False)
class CallbackParser:
    """The parser of ``payoutQueuePayout`` bodies, which also decides the response.

    Immutable: share one among threads, tasks and processes. A pickle contains the secrets. Raises
    ``TypeError`` or ``ValueError`` for invalid arguments.
    """

    credentials: tuple[Credentials, ...] = field(converter=_credentials)
    """One account, or a sequence of accounts."""
    cipher: BodyCipher | None = field(default=None, converter=_cipher, kw_only=True, repr=False)
    """The cipher of the bodies; None where they are plain JSON."""
    max_body_size: int = field(default=65536, converter=_max_body_size, kw_only=True)
    """Bytes, counted before decryption (point 9)."""
    _logins: tuple[_Login, ...] = field(init=False, repr=False, default=Factory(_logins, takes_self=True))

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None, *, plain: bool = False) -> CallbackParser:
        """Build a parser from environment variables: ``os.environ`` now, unless a mapping is given.

        ``SKYPAY_USER_NAME``, ``SKYPAY_AUTHENTICATION``, ``SKYPAY_ENCRYPTION_KEY`` and, optional,
        ``SKYPAY_PREFIXES``. The last three hold one value, or several with commas between them, oldest first;
        white space around values is dropped. If bodies are ``plain`` JSON, there must be no key.

        Raises ``ValueError`` that names the variable and shows no value, and ``ImportError`` for a key
        without the extra ``encryption``.
        """
        if environ is None:  # no default argument: help() shows those, and with them every secret
            environ = os.environ
        account, cipher = _environ.credentials(environ), _environ.cipher(environ)
        if plain and cipher is not None:
            raise ValueError(f"{_environ.ENCRYPTION_KEY}: expected no key with plain=True, got one")
        if not plain and cipher is None:
            hint = "set it, or pass plain=True if bodies are plain JSON"
            raise ValueError(f"{_environ.ENCRYPTION_KEY}: expected SkyPay's key, got none: {hint}")
        return cls(account, cipher=cipher)

    def __reduce__(self) -> tuple[object, tuple[()]]:
        # The structuring functions cannot be pickled, so the copy makes its own.
        cipher, size = self.cipher, self.max_body_size
        return partial(CallbackParser, self.credentials, cipher=cipher, max_body_size=size), ()

    def parse(self, body: Body) -> PayoutCallback:
        """Return the callback in ``body``, as received: bytes-like or str.

        Raises, for whatever text, a ``CallbackError`` and nothing else: ``MalformedBodyError``,
        ``DecryptionError``, ``AuthenticationError`` or ``InvalidCallbackError``. Raises ``TypeError`` for
        another type, such as the mapping that a framework made of the body.
        """
        outcome = self._read(body)[0]
        if isinstance(outcome, PayoutCallback):
            return outcome
        try:
            raise outcome
        finally:
            del body, outcome  # error reports show what the frames of a traceback hold

    def receive(self, body: Body) -> Result:
        """Decide what to do with ``body`` and what to respond.

        Never raises for bytes or text; raises ``TypeError`` for another type.
        """
        outcome, key, newest_key, newest_secret = self._read(body)
        if isinstance(outcome, PayoutCallback):
            return Accepted(outcome, used_newest_key=newest_key, used_newest_secret=newest_secret, key=key)
        if isinstance(outcome, InvalidCallbackError):
            return Quarantined(outcome, used_newest_key=newest_key, used_newest_secret=newest_secret, key=key)
        return Rejected(outcome)

    def _read(self, body: Body) -> tuple[PayoutCallback | CallbackError, Key | None, bool, bool]:
        """Return the outcome, the key of the response, and whether newest key and newest secret were used."""
        key, newest_key, found = None, True, None
        try:
            data = to_bytes(body, self.max_body_size)
            if self.cipher is None:
                fields = decode(data)
            else:
                fields, _, key, newest_key = decrypt_object(self.cipher, data)
            given = login(fields.get("userName"), fields.pop("authentication", None))
            for one in self._logins:  # all of them, each in constant time
                if compare_digest(one.pair, given):
                    found = one
            if found is None:
                raise AuthenticationError
            return found.validate(fields), key, newest_key, found.is_newest_secret
        except CallbackError as error:
            strip(error)
            return error, None, newest_key, True

    def revalidate(self, payload: Mapping[str, object]) -> PayoutCallback:
        """Return the callback in a quarantined payload that a person corrected or a newer version accepts.

        It does not authenticate the sender: never pass it data from a request.

        Raises ``InvalidCallbackError`` if it is still invalid, ``TypeError`` if it is no mapping, and
        ``ValueError`` if it has ``authentication``, values that are not JSON, or an unknown ``userName``.
        """
        if not isinstance(payload, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"payload: expected a mapping from quarantine, got {type(payload).__name__}")
        if "authentication" in payload:
            raise ValueError("payload: expected no authentication, got a raw callback: use receive or parse")
        fields = json_copy(dict(payload))
        for one in self._logins:
            if one.user_name == fields.get("userName"):
                result = one.validate(fields)
                if isinstance(result, PayoutCallback):
                    return result
                raise result
        raise ValueError("payload: expected the userName of one of the parser's accounts, got another")
