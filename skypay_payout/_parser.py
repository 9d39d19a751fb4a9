"""The way of a body: decrypted, read, authenticated, and only then validated."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from functools import partial
from hmac import compare_digest
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import Factory, evolve, field, frozen

from . import _environ
from ._arguments import as_tuple
from ._callback import NAMES, PayoutCallback, Structure, structurer
from ._credentials import Credentials, login
from ._errors import AuthenticationError, CallbackError, FieldError, InvalidCallbackError
from ._json import complete, decode, to_bytes
from ._redaction import contains, longest_first, redact
from ._results import Accepted, Encrypter, Quarantined, Rejected

if TYPE_CHECKING:
    from .encryption import BodyCipher

Body: TypeAlias = "bytes | bytearray | memoryview | str"

# The text does not show whether a number's value spells such a secret: 1e2 becomes 100.0.
_is_numeric = re.compile(r"[0-9eE+.\-]+").fullmatch

_FREE_TEXTS = ("fail_description", "reference_number", "extra")
_NOT_SHOWN = "expected what the specification says, got a value that repeats a secret and is not shown"


@frozen(eq=False)
class _Login:
    """One secret of one account, and what follows from a callback that carries it."""

    login: bytes = field(repr=False)
    structure: Structure
    is_newest_secret: bool
    secret_counts: tuple[tuple[bytes, int | None], ...] = field(repr=False)
    """How often each secret is in this one: more often means repeated. None if a number can spell it."""


def _credentials(value: Credentials | Iterable[Credentials]) -> tuple[Credentials, ...]:
    accounts = as_tuple("credentials", value, Credentials)
    for account in accounts:
        if any(one.user_name == account.user_name and one.prefixes != account.prefixes for one in accounts):
            raise ValueError(
                "credentials: expected one set of prefixes for a user name, got several: put all secrets and "
                "prefixes of an account into one Credentials"
            )
    return accounts


def _cipher(value: BodyCipher | None) -> BodyCipher | None:
    if value is not None:
        from .encryption import BodyCipher

        if not isinstance(value, BodyCipher):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"cipher: expected one BodyCipher or None, got {type(value).__name__}")
    return value


def _max_body_size(value: int) -> int:
    if type(value) is not int or value < 1:
        raise ValueError(f"max_body_size: expected a number of bytes from 1 upwards, got {value!r}")
    return value


def _logins(parser: CallbackParser) -> tuple[_Login, ...]:
    return tuple(
        _Login(
            login(account.user_name, secret),
            structurer(account.user_name, account.prefixes),
            secret == account.authentication[-1],
            tuple(
                (one.encode(), None if _is_numeric(one) else secret.count(one)) for one in _secrets(parser)
            ),
        )
        for account in parser.credentials
        for secret in account.authentication
    )


def _secrets(parser: CallbackParser) -> tuple[str, ...]:
    return longest_first(secret for account in parser.credentials for secret in account.authentication)


# Equality is identity, as for Credentials.
@frozen(eq=False)
class CallbackParser:
    """Turn the body of a ``payoutQueuePayout`` into a ``PayoutCallback``, and decide what to respond.

    Immutable: build one when the program starts, and share it among threads, tasks and processes. A pickle of
    it contains the secrets.

    Raises ``TypeError`` or ``ValueError`` for invalid arguments.
    """

    credentials: tuple[Credentials, ...] = field(converter=_credentials)
    """One account or several; callbacks of all of them are accepted."""
    cipher: BodyCipher | None = field(default=None, converter=_cipher, kw_only=True, repr=False)
    """What decrypts the bodies, with one key or several; None where they are plain JSON."""
    max_body_size: int = field(default=65536, converter=_max_body_size, kw_only=True)
    """Bytes, counted before decryption (point 9)."""
    _logins: tuple[_Login, ...] = field(init=False, repr=False, default=Factory(_logins, takes_self=True))
    _secrets: tuple[str, ...] = field(init=False, repr=False, default=Factory(_secrets, takes_self=True))

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ, *, plain: bool = False) -> CallbackParser:
        """Build a parser from environment variables.

        - ``SKYPAY_USER_NAME``: the account name that SkyPay issued. Required.
        - ``SKYPAY_AUTHENTICATION``: its secret. Required.
        - ``SKYPAY_ENCRYPTION_KEY``: the key of the encrypted bodies. Required, unless ``plain`` says that
          they are plain JSON; then it must not be set. A forgotten key never disables encryption silently.
        - ``SKYPAY_PREFIXES``: the prefixes issued to the account. Without it any are accepted.

        The last three hold one value, or several with commas between them, from oldest to newest. White space
        around values is dropped. A value with a comma in it cannot be given this way: call the constructor.

        Raises ``ValueError`` that names the variable and shows no value, and ``ImportError`` if there is a
        key but the extra ``encryption`` is not installed.
        """
        account = _environ.credentials(environ)
        cipher = _environ.cipher(environ)
        if plain and cipher is not None:
            raise ValueError(f"{_environ.ENCRYPTION_KEY}: expected no key with plain=True, got one")
        if not plain and cipher is None:
            wanted = (
                "the key that SkyPay issued, got none: set it, or pass plain=True if bodies are plain JSON"
            )
            raise ValueError(f"{_environ.ENCRYPTION_KEY}: expected {wanted}")
        return cls(account, cipher=cipher)

    def __reduce__(self) -> tuple[object, tuple[()]]:
        # The structuring functions cannot be pickled, so the copy makes its own.
        return partial(
            CallbackParser, self.credentials, cipher=self.cipher, max_body_size=self.max_body_size
        ), ()

    def parse(self, body: Body) -> PayoutCallback:
        """Return the callback in ``body``: what was received, as any bytes-like object or as str.

        The sender is authenticated before a field is validated, so an unauthenticated sender learns nothing.

        For a body, raises only a ``CallbackError``: ``MalformedBodyError`` if it is not one JSON object
        within the limits, ``DecryptionError``, its subclass, if no key decrypts it, ``AuthenticationError``
        if userName or authentication is missing or wrong, and ``InvalidCallbackError`` if fields are invalid.
        Raises ``TypeError`` for any other type, such as the mapping that a framework made of the body.
        """
        outcome = self._outcome(body)[0]
        if isinstance(outcome, PayoutCallback):
            return outcome
        try:
            raise outcome
        finally:
            del body, outcome  # error reports show what the frames of a traceback hold

    def receive(self, body: Body) -> Accepted | Quarantined | Rejected:
        """Decide what to do with ``body`` and what to respond; it never raises for a body.

        - ``Accepted``: store its callback, then send its response, the acknowledgement.
        - ``Quarantined``: store its payload for a person, then send its response, the acknowledgement.
        - ``Rejected``: nothing to store; its response is no acknowledgement.

        Raises ``TypeError`` unless ``body`` is bytes-like or str.
        """
        outcome, encrypter, newest_key, newest_secret = self._outcome(body)
        if isinstance(outcome, PayoutCallback):
            return Accepted(
                outcome, used_newest_key=newest_key, used_newest_secret=newest_secret, encrypter=encrypter
            )
        if isinstance(outcome, InvalidCallbackError):
            return Quarantined(
                outcome, used_newest_key=newest_key, used_newest_secret=newest_secret, encrypter=encrypter
            )
        return Rejected(outcome)

    def revalidate(self, payload: Mapping[str, object]) -> PayoutCallback:
        """Return the callback in a quarantined payload that a person corrected or a newer version accepts.

        It needs no secret and no key and does not authenticate the sender: never pass it data from a request.

        Raises ``InvalidCallbackError`` if it is still invalid; ``ValueError`` for a payload with
        ``authentication``, which only a raw callback has, for a ``userName`` of none of the parser's
        accounts, and for values that are not JSON; and ``TypeError`` for anything but a mapping.
        """
        if not isinstance(payload, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"payload: expected a mapping from quarantine, got {type(payload).__name__}")
        if "authentication" in payload:
            raise ValueError("payload: expected no authentication, got a raw callback: use receive or parse")
        for account in self.credentials:
            if account.user_name == payload.get("userName"):
                fields = _json_copy(payload)
                result = structurer(account.user_name, account.prefixes)(fields)
                if isinstance(result, PayoutCallback):
                    return self._redacted(result)
                raise self._invalid(result, fields)
        raise ValueError("payload: expected the userName of one of the parser's accounts, got another")

    def _outcome(self, body: Body) -> tuple[PayoutCallback | CallbackError, Encrypter | None, bool, bool]:
        """Return what became of it, what encrypts its response, and if newest key and secret were used."""
        encrypter, newest_key = None, True
        try:
            data = body
            if type(data) is not bytes or len(data) > self.max_body_size:
                data = to_bytes(data, self.max_body_size)
            if self.cipher is None:
                fields = decode(data)
            else:
                from .encryption import decrypt_object

                fields, data, encrypter, newest_key = decrypt_object(self.cipher, data)
            given = login(fields.get("userName"), fields.pop("authentication", None))
            found = None
            for one in self._logins:  # all of them, each in constant time
                if compare_digest(one.login, given):
                    found = one
            if found is None:
                raise AuthenticationError
            result = found.structure(fields)
            if not isinstance(result, PayoutCallback):
                outcome: PayoutCallback | CallbackError = self._invalid(result, fields)
            else:
                extra: Any = result.extra
                if extra:  # the known fields hold no fraction and nothing nested
                    complete(extra)
                searched = self._may_repeat_a_secret(fields, data, found)
                outcome = self._redacted(result) if searched else result
        except CallbackError as error:
            # Without the traceback, whose frames hold the body.
            return error.with_traceback(None), None, True, True
        return outcome, encrypter, newest_key, found.is_newest_secret

    def _may_repeat_a_secret(self, fields: dict[str, Any], data: bytes, found: _Login) -> bool:
        """Return whether a field other than ``authentication`` may hold a secret, and must be searched."""
        # Without a backslash, the bytes hold every text as it is: a secret that is not there is in no field.
        if b"\\" in data:
            try:
                return contains("\0".join([*fields, *fields.values()]), self._secrets)
            except TypeError:  # not all values are texts
                return True
        for secret, count in found.secret_counts:  # noqa: SIM110  any() takes several times as long
            if data.count(secret) != count:
                return True
        return False

    def _redacted(self, callback: PayoutCallback) -> PayoutCallback:
        texts = {name: redact(getattr(callback, name), self._secrets) for name in _FREE_TEXTS}
        return evolve(callback, **texts)

    def _invalid(self, errors: tuple[FieldError, ...], fields: dict[str, object]) -> InvalidCallbackError:
        complete(fields)
        # The specification's own names stay, whatever the secret is.
        payload = {
            name if name in NAMES else redact(name, self._secrets): redact(value, self._secrets)
            for name, value in fields.items()
        }
        # The message too: escaping what arrived can spell a secret, and shortening it can leave part of one.
        return InvalidCallbackError(
            tuple(
                evolve(error, message=_NOT_SHOWN)
                if contains(error.message, self._secrets)
                or payload.get(error.field) != fields.get(error.field)
                else error
                for error in errors
            ),
            payload,
        )


def _json_copy(payload: Mapping[str, object]) -> dict[str, object]:
    try:
        return json.loads(json.dumps(dict(payload), allow_nan=False))  # type: ignore[no-any-return]
    except (TypeError, ValueError, RecursionError):
        pass
    raise ValueError("payload: expected values that JSON has, got others")
