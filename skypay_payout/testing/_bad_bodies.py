"""The catalogue of bad bodies: every kind that must be rejected or quarantined, and its error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, count
from typing import cast

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
from ._bad_fields import ABSENT, INVALID_FIELDS, Fields, changed, value_for
from ._bad_senders import wrong_senders
from ._bad_texts import MALFORMED, NOT_BASE64, OTHER_BLOCKS, Change
from ._bodies import ciphers, encode, encrypted, payload_for


@frozen
class BadBody:
    """A body for which ``parse`` must raise an error."""

    kind: str
    """The kind, which several share, such as ``not-json``."""
    name: str
    """Its own name, also its ``str()``."""
    control_number: str
    """Its own payout: no event may be stored for it."""
    body: bytes = attrs.field(repr=False)
    """The bytes to send."""
    error: type[CallbackError]
    """The class of the error."""
    code: ErrorCode
    """The error's code."""
    field_errors: tuple[tuple[str, ErrorCode], ...] = ()
    """Field and code of each of the ``errors`` of an ``InvalidCallbackError``."""

    @property
    def status(self) -> int:
        """The HTTP status: 200 if quarantined, 403 if not authenticated, 413 if too large, else 400."""
        if self.error is InvalidCallbackError:
            return 200
        if self.error is AuthenticationError:
            return 403
        return 413 if self.code is ErrorCode.TOO_LARGE else 400

    def __str__(self) -> str:
        return self.name


def bad_bodies(parser: CallbackParser, *, serial: int = 0) -> tuple[BadBody, ...]:
    """Return every kind of bad body for this parser: for its account, prefixes, limit and newest key.

    Each is of a payout of its own, the first with this serial number: pass another one each time for an
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

    def fields(self, status: int = PayType.UPLOAD) -> tuple[str, Fields]:
        """Return a control number that no other body has, and what a valid callback of it holds."""
        fields = payload_for(self.parser, status)
        number = f"{str(fields['controlNumber'])[:PREFIX_LENGTH]}{next(self.serials):09}"
        return number, fields | {"controlNumber": number}

    def sent(self, fields: Fields, change: Change = bytes) -> bytes:
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
        for kind, name, make in OTHER_BLOCKS:
            number, fields = self.fields()
            # A wrong key yields valid padding once in 250 times, and then the code is another.
            texts = (_of_whole_blocks(fields, trial) for trial in count())
            made = (make(self.cipher.encrypt, text) for text in texts)
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
        for kind, name, status, change in wrong_senders(self.parser.credentials):
            number, fields = self.fields(status)
            body = self.sent(change(fields))
            code = ErrorCode.AUTHENTICATION_FAILED
            yield BadBody(kind, name, number, body, AuthenticationError, code)

    def invalid(self) -> Iterator[BadBody]:
        """Make what is authenticated but invalid."""
        for field, codes in INVALID_FIELDS.items():
            status = PayType.FAILURE if field == "failDescription" else PayType.UPLOAD
            for code, values in codes.items():
                for how, value in values.items():
                    number, fields = self.fields(status)
                    wrong = changed({field: value_for(value, number)})(fields)
                    yield self.quarantined(f"{field} {how}", number, wrong, ((field, code),))
        for how, prefix in self.unexpected_prefixes():
            number, fields = self.fields()
            fields["controlNumber"] = prefix + number[PREFIX_LENGTH:]
            errors = (("controlNumber", ErrorCode.UNEXPECTED_PREFIX),)
            yield self.quarantined(f"controlNumber {how}", number, fields, errors)
        required = ("action", "controlNumber", "payType", "dealTime")
        number, fields = self.fields()
        fields = changed(dict.fromkeys(required, ABSENT))(fields)
        missing = tuple((field, ErrorCode.MISSING) for field in required)
        yield self.quarantined("only userName, authentication and optional fields", number, fields, missing)
        number, fields = self.fields()
        yield self.quarantined(
            "payType and dealTime unknown",
            number,
            fields | {"payType": 7, "dealTime": "Tuesday"},
            (("payType", ErrorCode.UNKNOWN_STATUS), ("dealTime", ErrorCode.INVALID_FORMAT)),
        )

    def quarantined(
        self, name: str, number: str, fields: Fields, errors: tuple[tuple[str, ErrorCode], ...]
    ) -> BadBody:
        """Make one that is authenticated but has these errors."""
        names = [name for name, _ in errors]
        kind = "several" if len(names) > 1 else _slug(names[0])
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


def _of_whole_blocks(fields: Fields, trial: int) -> bytes:
    """Return a text whose first and last blocks differ for each trial."""
    text = encode({"trial": trial, **fields, "remark": f"{trial:04}" * 8})
    return text[:-1].replace(b'"remark"', b" " * (-len(text) % 16) + b'"remark"') + b"}"


def _slug(field: str) -> str:
    return re.sub("[A-Z]", lambda capital: f"-{capital[0].lower()}", field)
