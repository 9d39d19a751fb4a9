"""Parse bodies and say what became of them, for the tests of the core."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta, timezone
from typing import TypeAlias

from attrs import evolve

from skypay_payout import (
    Accepted,
    CallbackError,
    CallbackParser,
    ErrorCode,
    InvalidCallbackError,
    MalformedBodyError,
    PayoutCallback,
    Quarantined,
    Rejected,
)
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import CREDENTIALS, encode, payload

UTC8 = timezone(timedelta(hours=8))
PARSER = CallbackParser(CREDENTIALS)
OLD, NEW = BodyCipher("old key"), BodyCipher("new key")
ROTATING = evolve(PARSER, cipher=BodyCipher(["old key", "new key"]), max_body_size=2**17)
"""The same under two keys, with room for Base64."""

Body: TypeAlias = "bytes | bytearray | memoryview | str"
Outcome: TypeAlias = "PayoutCallback | CallbackError"


def with_fields(fields: Mapping[str, object]) -> bytes:
    """Make the sample's body with other or more fields."""
    return encode({**payload(), **fields})


def without(*names: str) -> bytes:
    """Make the sample's body without some fields."""
    return encode({name: value for name, value in payload().items() if name not in names})


def outcome(parser: CallbackParser, body: Body) -> Outcome:
    """Return what ``parse`` returns or raises, after a check that ``receive`` says the same."""
    result = parser.receive(body)
    try:
        parsed: Outcome = parser.parse(body)
    except CallbackError as error:
        parsed = error
    if isinstance(parsed, PayoutCallback):
        assert isinstance(result, Accepted)
        assert (result.callback, repr(result.callback)) == (parsed, repr(parsed))
        return parsed
    if isinstance(parsed, InvalidCallbackError):
        assert isinstance(result, Quarantined)
        assert (result.error.errors, result.error.payload) == (parsed.errors, parsed.payload)
    else:
        assert isinstance(result, Rejected)
    assert (type(result.error), str(result.error), result.error.code) == (
        type(parsed),
        str(parsed),
        parsed.code,
    )
    return parsed


def everywhere(text: bytes) -> Outcome:
    """Return the outcome of a plain body, after a check that each form of it and each key has the same."""
    plain = outcome(PARSER, text)
    forms: list[tuple[CallbackParser, Body]] = [(PARSER, bytearray(text)), (PARSER, memoryview(text))]
    forms += [(ROTATING, OLD.encrypt(text)), (ROTATING, NEW.encrypt(text))]
    try:
        forms.append((PARSER, text.decode()))
    except UnicodeDecodeError:
        assert isinstance(plain, CallbackError)
        assert plain.code is ErrorCode.NOT_UTF8
    for parser, form in forms:
        assert comparable(outcome(parser, form)) == comparable(plain)
    return plain


def comparable(one: Outcome) -> object:
    """Return everything that two outcomes of one body must have in common."""
    if isinstance(one, PayoutCallback):
        return one, repr(one), one.deal_time.utcoffset()
    if isinstance(one, InvalidCallbackError):
        return one.errors, list(one.payload.items())
    return type(one), str(one), one.code


def malformed(body: Body, parser: CallbackParser = PARSER) -> ErrorCode:
    """Return the code with which the body is rejected as malformed; any other outcome fails the test."""
    error = outcome(parser, body)
    assert type(error) is MalformedBodyError
    return error.code


def field_errors(body: Body, parser: CallbackParser = PARSER) -> list[tuple[str, ErrorCode]]:
    """Return field and code of all that makes the body invalid; any other outcome fails the test."""
    error = outcome(parser, body)
    assert isinstance(error, InvalidCallbackError)
    return [(one.field, one.code) for one in error.errors]


def short(value: object) -> str:
    """Name a value in the id of a test: without backslashes, which pytest would double."""
    return ascii(getattr(value, "__name__", value))[:40].replace("\\", "/")
