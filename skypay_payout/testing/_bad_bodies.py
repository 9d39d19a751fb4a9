"""The catalogue of bad bodies: every kind that must be rejected or quarantined, and its error."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, count, cycle
from typing import TypeAlias, cast

import attrs
from attrs import evolve, frozen

from .._control_number import PREFIX_LENGTH
from .._errors import (
    AuthenticationError,
    CallbackError,
    DecryptionError,
    ErrorCode,
    InvalidCallbackError,
    MalformedBodyError,
)
from .._parser import CallbackParser
from .._pay_type import PayType
from ..encryption import BodyCipher
from ._bad_fields import ABSENT, INVALID_FIELDS, WRONG_TYPES, near_misses, value_for
from ._bad_texts import MALFORMED, NOT_BASE64, OTHER_BLOCKS, Change
from ._bodies import WRONG_AUTHENTICATION, ciphers, encode, encrypted, payload_for

_Fields: TypeAlias = dict[str, object]


@frozen
class BadBody:
    """A body for which ``parse`` must raise, what it must raise, and what an endpoint must respond."""

    kind: str
    """What is wrong with it, in a word that several share, such as ``not-json``."""
    name: str
    """What is wrong with it: no two of a catalogue share it. Also its ``str()``."""
    control_number: str
    """The payout of this body alone: nothing may be stored under it as an event."""
    body: bytes = attrs.field(repr=False)
    """What is sent."""
    error: type[CallbackError]
    """The class that ``parse`` must raise."""
    code: ErrorCode
    """The error's code."""
    field_errors: tuple[tuple[str, ErrorCode], ...] = ()
    """For an ``InvalidCallbackError``: field and code of every one of its ``errors``."""

    @property
    def status(self) -> int:
        """The HTTP status that must come back.

        200 if it is authenticated but invalid, which is quarantined and acknowledged; else it is rejected:
        403 if it is not authenticated, 413 if it is too large, 400 for everything else.
        """
        if self.error is InvalidCallbackError:
            return 200
        if self.error is AuthenticationError:
            return 403
        return 413 if self.code is ErrorCode.TOO_LARGE else 400

    def __str__(self) -> str:
        return self.name


def bad_bodies(parser: CallbackParser, *, serial: int = 0) -> tuple[BadBody, ...]:
    """Return every kind of bad body for this parser: for its account, prefixes, limit and newest key.

    Where the parser has a cipher, the bodies are encrypted, and bodies that no key decrypts are added. Each
    is of a payout of its own, the first of which has this serial number: pass another one each time for an
    endpoint that keeps what it stored.
    """
    cipher = next(reversed(ciphers(parser)), None)
    catalogue = _Catalogue(parser, cipher, count(serial))
    return tuple(
        bad
        if len(bad.body) <= parser.max_body_size
        else evolve(bad, error=MalformedBodyError, code=ErrorCode.TOO_LARGE, field_errors=())
        for bad in chain(
            catalogue.malformed(),
            catalogue.not_decryptable(),
            catalogue.unauthenticated(),
            catalogue.invalid(),
        )
    )


@frozen
class _Catalogue:
    """Makes the bodies, each of a payout of its own."""

    parser: CallbackParser
    cipher: BodyCipher | None
    serials: Iterator[int]

    def fields(self, status: int = PayType.UPLOAD) -> tuple[str, _Fields]:
        """Return a control number that no other body has, and what a valid callback of it holds."""
        fields = payload_for(self.parser, status)
        number = f"{str(fields['controlNumber'])[:PREFIX_LENGTH]}{next(self.serials):09}"
        return number, fields | {"controlNumber": number}

    def sent(self, fields: _Fields, change: Change = bytes) -> bytes:
        """Return the fields as a body whose text is changed."""
        return encrypted(change(encode(fields)), self.cipher)

    def malformed(self) -> Iterator[BadBody]:
        """Make what is not one JSON object within the limits."""
        for kind, code, changes in MALFORMED:
            for name, change in changes.items():
                number, fields = self.fields()
                yield BadBody(kind, name, number, self.sent(fields, change), MalformedBodyError, code)
        number, fields = self.fields()
        large = self.sent(fields, lambda text: text.ljust(self.parser.max_body_size + 1))
        yield BadBody("too-large", "too large", number, large, MalformedBodyError, ErrorCode.TOO_LARGE)
        for name, nothing in (("no byte at all", b""), ("a line break alone", b"\r\n")):
            yield BadBody(
                "empty-body", name, self.fields()[0], nothing, MalformedBodyError, ErrorCode.EMPTY_BODY
            )

    def not_decryptable(self) -> Iterator[BadBody]:
        """Make what no key decrypts."""
        if self.cipher is None:
            return
        for kind, name, change in NOT_BASE64:
            number, fields = self.fields()
            body = change(self.sent(fields), encode(fields))
            yield BadBody(kind, name, number, body, MalformedBodyError, ErrorCode.NOT_BASE64)
        other = BodyCipher("a key that nobody issued")
        for kind, name, change in (
            *OTHER_BLOCKS,
            # One byte less, so that the last block is no block of padding alone, which no trial changes.
            ("other-key", "encrypted with another key", lambda _, text: other.encrypt(_shorter(text))),
        ):
            number, fields = self.fields()
            # A wrong key yields valid padding once in 250 times, and then the code is another.
            texts = (_of_whole_blocks(fields, trial) for trial in count())
            made = (change(encrypted(text, self.cipher), text) for text in texts)
            body = next(filter(self.is_not_decrypted, made))
            yield BadBody(kind, name, number, body, DecryptionError, ErrorCode.DECRYPTION_FAILED)

    def is_not_decrypted(self, body: bytes) -> bool:
        """Return whether padding fits under no key."""
        try:
            cast(BodyCipher, self.parser.cipher).decrypt(body)
        except DecryptionError as error:
            return error.code is ErrorCode.DECRYPTION_FAILED
        except MalformedBodyError:
            pass
        return False

    def unauthenticated(self) -> Iterator[BadBody]:
        """Make what is not authenticated, of every status, and whatever else is wrong with it."""
        for kind, name, status, change in self.wrong_senders():
            number, fields = self.fields(status)
            body = self.sent(change(fields))
            code = ErrorCode.AUTHENTICATION_FAILED
            yield BadBody(kind, name, number, body, AuthenticationError, code)

    def wrong_senders(self) -> Iterator[tuple[str, str, int, Callable[[_Fields], _Fields]]]:
        """Yield kind, name, status, and what makes the fields those of somebody else."""
        accounts = self.parser.credentials
        own = accounts[0]
        names = [one.user_name for one in accounts]
        secrets = [text for one in accounts for text in one.authentication]
        statuses = cycle(PayType)
        for field, kind, wrong, known in (
            ("authentication", "secret", _other(WRONG_AUTHENTICATION, secrets), secrets[::-1]),
            ("userName", "account", _other("Other@skypay", names), names),
        ):
            for status in (*PayType, 7):
                label = f"{status.name if isinstance(status, PayType) else 'status 7'} with {field}"
                for how, value in (("wrong", wrong), ("missing", ABSENT), ("null", None), ("empty", "")):
                    yield f"{kind}-wrong", f"{label} {how}", status, _set({field: value})
            right = known[0] if field == "userName" else own.authentication[-1]
            for how, value in (*WRONG_TYPES, ("in an array", [right]), ("in an object", {"value": right})):
                yield f"{kind}-type", f"{field} {how}", next(statuses), _set({field: value})
            for how, text in near_misses(known):
                yield f"{kind}-near", f"{field} {how}", next(statuses), _set({field: text})
            for how, value in (
                ("no action", {"action": ABSENT}),
                ("no controlNumber", {"controlNumber": ABSENT}),
                ("an empty controlNumber", {"controlNumber": ""}),
                ("a masked controlNumber", {"controlNumber": "SKY**12345678"}),
                ("no payType", {"payType": ABSENT}),
                ("payType 0", {"payType": 0}),
                ("no dealTime", {"dealTime": ABSENT}),
                ("dealTime Tuesday", {"dealTime": "Tuesday"}),
                ("failDescription 4", {"failDescription": 4}),
            ):
                label = f"{field} wrong and {how}"
                yield "authenticated-first", label, PayType.UPLOAD, _set({field: wrong, **value})
        for text in [text for text in secrets if text not in own.authentication][:1]:
            how = "authentication of another account"
            yield "secret-near", how, PayType.PAYOUT, _set({"authentication": text})
        how = "authentication with all secrets and commas between them"
        if len(secrets) > 1 and (text := ",".join(secrets)) not in secrets:
            yield "secret-near", how, PayType.PAYOUT, _set({"authentication": text})
        if own.user_name not in secrets:
            how = "authentication with the name of the account"
            yield "secret-near", how, PayType.PAYOUT, _set({"authentication": own.user_name})
        yield "authenticated-first", "an empty object", PayType.UPLOAD, lambda _: {}
        yield "authenticated-first", "unknown fields alone", PayType.UPLOAD, lambda _: {"hello": "world"}

    def invalid(self) -> Iterator[BadBody]:
        """Make what is authenticated but invalid."""
        for field, codes in INVALID_FIELDS.items():
            status = PayType.FAILURE if field == "failDescription" else PayType.UPLOAD
            for code, values in codes.items():
                for how, value in values.items():
                    number, fields = self.fields(status)
                    changed = _set({field: value_for(value, number)})(fields)
                    yield self.quarantined(f"{field} {how}", number, changed, (field, code))
        for how, prefix in self.unexpected_prefixes():
            number, fields = self.fields()
            fields["controlNumber"] = prefix + number[PREFIX_LENGTH:]
            error = ("controlNumber", ErrorCode.UNEXPECTED_PREFIX)
            yield self.quarantined(f"controlNumber {how}", number, fields, error)
        required = ("action", "controlNumber", "payType", "dealTime")
        number, fields = self.fields()
        fields = _set(dict.fromkeys(required, ABSENT))(fields)
        errors = ((field, ErrorCode.MISSING) for field in required)
        yield self.quarantined("only userName, authentication and optional fields", number, fields, *errors)
        number, fields = self.fields()
        yield self.quarantined(
            "payType and dealTime unknown",
            number,
            fields | {"payType": 7, "dealTime": "Tuesday"},
            ("payType", ErrorCode.UNKNOWN_STATUS),
            ("dealTime", ErrorCode.INVALID_FORMAT),
        )

    def quarantined(self, name: str, number: str, fields: _Fields, *errors: tuple[str, ErrorCode]) -> BadBody:
        """Make one that is authenticated but has these errors."""
        kind = "several" if len(errors) > 1 else _slug(errors[0][0])
        code = ErrorCode.INVALID_CALLBACK
        return BadBody(f"invalid-{kind}", name, number, self.sent(fields), InvalidCallbackError, code, errors)

    def unexpected_prefixes(self) -> Iterator[tuple[str, str]]:
        """Yield prefixes that are not the account's, if there are any."""
        prefixes = self.parser.credentials[0].prefixes
        if prefixes is None:
            return
        others = (prefix for account in self.parser.credentials for prefix in sorted(account.prefixes or ()))
        any_text = (f"{number:05}" for number in count())
        yield "of another partner", next(text for text in chain(others, any_text) if text not in prefixes)
        for how, other in (("in lower case", min(prefixes).lower()), ("in capitals", min(prefixes).upper())):
            if other not in prefixes:
                yield f"with its prefix {how}", other


def _of_whole_blocks(fields: _Fields, trial: int) -> bytes:
    """Return a text whose first and last blocks differ for each trial."""
    text = encode({"trial": trial, **fields, "remark": f"{trial:04}" * 8})
    return text[:-1].replace(b'"remark"', b" " * (-len(text) % 16) + b'"remark"') + b"}"


def _shorter(text: bytes) -> bytes:
    return text.replace(b" ", b"", 1)


def _set(changes: Mapping[str, object]) -> Callable[[_Fields], _Fields]:
    def change(fields: _Fields) -> _Fields:
        return {name: value for name, value in {**fields, **changes}.items() if value is not ABSENT}

    return change


def _slug(field: str) -> str:
    return re.sub("[A-Z]", lambda capital: f"-{capital[0].lower()}", field)


def _other(text: str, known: Iterable[str]) -> str:
    while text in known:
        text += " "
    return text
