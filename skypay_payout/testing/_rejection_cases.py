"""Every kind of body that must be rejected or quarantined, by name, with the error that it must give."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from itertools import chain, count

from attrs import frozen

from .._errors import (
    AuthenticationError,
    CallbackError,
    DecryptionError,
    ErrorCode,
    InvalidCallbackError,
    MalformedBodyError,
)
from .._parser import CallbackParser
from ..encryption import BodyCipher as Encrypter
from ._bodies import WRONG_AUTHENTICATION, encode, encrypted, encrypters, payload_for


@frozen
class RejectionCase:
    """Hold one body for which ``parse`` must raise, and what it must raise."""

    name: str
    """What is wrong with it; also its ``str()``, so that it can serve as a test's id."""
    body: bytes
    error: type[CallbackError]
    """The class that ``parse`` must raise. Only an ``InvalidCallbackError`` is acknowledged."""
    code: ErrorCode
    """The error's code."""
    field_errors: tuple[tuple[str, ErrorCode], ...] = ()
    """For an ``InvalidCallbackError``: field and code of every one of its ``errors``."""

    def __str__(self) -> str:
        return self.name


ABSENT = object()

INVALID_FIELDS: dict[str, tuple[tuple[str, object, ErrorCode], ...]] = {
    "action": (
        ("missing", ABSENT, ErrorCode.MISSING),
        ("null", None, ErrorCode.INVALID_TYPE),
        ("a number", 1, ErrorCode.INVALID_TYPE),
        ("empty", "", ErrorCode.EMPTY),
        ("of 51 characters", "payout" * 8 + "pay", ErrorCode.TOO_LONG),
        ("in another case", "PayoutQueuePayout", ErrorCode.UNEXPECTED_ACTION),
        ("of another callback", "payoutQueue", ErrorCode.UNEXPECTED_ACTION),
        ("with a newline behind it", "payoutQueuePayout\n", ErrorCode.UNEXPECTED_ACTION),
    ),
    "controlNumber": (
        ("missing", ABSENT, ErrorCode.MISSING),
        ("null", None, ErrorCode.INVALID_TYPE),
        ("a number", 9912345678901, ErrorCode.INVALID_TYPE),
        ("empty", "", ErrorCode.EMPTY),
        ("masked", "SKY**12345678", ErrorCode.MASKED),
        ("of 12 characters", "SK9911234567", ErrorCode.INVALID_FORMAT),
        ("of 16 characters", "SK99112345678901", ErrorCode.TOO_LONG),
        ("with a letter among its digits", "SK9912345678O", ErrorCode.INVALID_FORMAT),
        ("with a hyphen in its prefix", "SK-9123456789", ErrorCode.INVALID_FORMAT),
        ("with a full-width letter in its prefix", "ＳK99123456789", ErrorCode.INVALID_FORMAT),  # noqa: RUF001
        ("with full-width digits", "SK991２３４５６７８９", ErrorCode.INVALID_FORMAT),  # noqa: RUF001
        ("with a newline behind it", "SK99123456789\n", ErrorCode.INVALID_FORMAT),
        ("with a space before it", " SK99123456789", ErrorCode.INVALID_FORMAT),
    ),
    "payType": (
        ("missing", ABSENT, ErrorCode.MISSING),
        ("null", None, ErrorCode.INVALID_TYPE),
        ("true", True, ErrorCode.INVALID_TYPE),
        ("1.0", 1.0, ErrorCode.INVALID_TYPE),
        ("an array", [1], ErrorCode.INVALID_TYPE),
        ("empty", "", ErrorCode.EMPTY),
        ("0", 0, ErrorCode.UNKNOWN_STATUS),
        ("7", 7, ErrorCode.UNKNOWN_STATUS),
        ("the text 7", "7", ErrorCode.UNKNOWN_STATUS),
        ("negative", -1, ErrorCode.UNKNOWN_STATUS),
        ("with a space before it", " 1", ErrorCode.UNKNOWN_STATUS),
        ("with a newline behind it", "1\n", ErrorCode.UNKNOWN_STATUS),
        ("with a zero before it", "01", ErrorCode.UNKNOWN_STATUS),
        ("a full-width digit", "１", ErrorCode.UNKNOWN_STATUS),  # noqa: RUF001
        ("a word", "UPLOAD", ErrorCode.UNKNOWN_STATUS),
    ),
    "dealTime": (
        ("missing", ABSENT, ErrorCode.MISSING),
        ("null", None, ErrorCode.INVALID_TYPE),
        ("an epoch number", 1533614313, ErrorCode.INVALID_TYPE),
        ("an epoch number as text", "1533614313", ErrorCode.INVALID_FORMAT),
        ("empty", "", ErrorCode.EMPTY),
        ("a bare date", "2018-08-07", ErrorCode.INVALID_FORMAT),
        ("a week date", "2018-W32-2T11:58:33", ErrorCode.INVALID_FORMAT),
        ("at 24:00", "2018-08-07 24:00:00", ErrorCode.INVALID_FORMAT),
        ("a weekday", "Tuesday", ErrorCode.INVALID_FORMAT),
        ("with a newline behind it", "2018-08-07 11:58:33\n", ErrorCode.INVALID_FORMAT),
        ("with full-width digits", "２０１８-08-07 11:58:33", ErrorCode.INVALID_FORMAT),  # noqa: RUF001
        ("with the name of its zone", "2018-08-07 11:58:33 GMT", ErrorCode.INVALID_FORMAT),
        ("on 30 February", "2018-02-30 11:58:33", ErrorCode.INVALID_DATETIME),
        ("in month 13", "2018-13-07 11:58:33", ErrorCode.INVALID_DATETIME),
        ("in minute 60", "2018-08-07 11:60:33", ErrorCode.INVALID_DATETIME),
        ("with an offset of 24 hours", "2018-08-07 11:58:33+24:00", ErrorCode.INVALID_DATETIME),
        ("with 60 minutes in its offset", "2018-08-07 11:58:33+08:60", ErrorCode.INVALID_DATETIME),
        ("in year 1", "0001-01-01 00:00:00", ErrorCode.INVALID_DATETIME),
    ),
    "failDescription": (
        ("a number", 4, ErrorCode.INVALID_TYPE),
        ("false", False, ErrorCode.INVALID_TYPE),
        ("an array", ["余额不足"], ErrorCode.INVALID_TYPE),
        ("with U+0000", "余额\0不足", ErrorCode.INVALID_TEXT),
        ("half of a surrogate pair", "\ud83d", ErrorCode.INVALID_TEXT),
    ),
    "referenceNumber": (
        ("a number", 1041380755361119, ErrorCode.INVALID_TYPE),
        ("an object", {}, ErrorCode.INVALID_TYPE),
        ("with U+0000", "\0", ErrorCode.INVALID_TEXT),
        ("half of a surrogate pair", "\udca9", ErrorCode.INVALID_TEXT),
    ),
}


def rejection_cases(parser: CallbackParser) -> tuple[RejectionCase, ...]:
    """Return every kind of rejection case for this parser: for its account, prefixes, limit and newest key.

    Where the parser has a cipher, the bodies are encrypted, and bodies that no key decrypts are added. Pass
    the result to ``pytest.mark.parametrize`` with ``ids=str``.
    """
    cipher = next(reversed(encrypters(parser)), None)
    return tuple(
        case if len(case.body) <= parser.max_body_size else _too_large(case.name, case.body)
        for case in (
            *_malformed(parser, cipher),
            *(() if cipher is None else _not_decryptable(parser, cipher)),
            *_unauthenticated(parser, cipher),
            *_invalid(parser, cipher),
        )
    )


def _too_large(name: str, text: bytes) -> RejectionCase:
    return RejectionCase(name, text, MalformedBodyError, ErrorCode.TOO_LARGE)


def _malformed(parser: CallbackParser, cipher: Encrypter | None) -> Iterator[RejectionCase]:
    good = encode(payload_for(parser))
    start = good[:-1]  # without the last brace
    not_json = {
        "nothing": b"",
        "white space": b" \r\n",
        "no JSON": b"payout",
        "a page of HTML": b"<!DOCTYPE html><title>502</title>",
        "a form": b"userName=AppName%40skypay&payType=1",
        "cut short": start,
        "text behind it": good + b"x",
        "two bodies": good + good,
        "two commas before the last brace": start + b",,}",
        "a comma in an array": start + b',"items":[1,]}',
        "single quotes": b"{'payType': '1'}",
        "a comment": start + b"/* paid */}",
        "NaN": start + b',"fee":NaN}',
        "Infinity": start + b',"fee":-Infinity}',
        "a newline in a text": start + b',"note":"a\nb"}',
    }
    not_an_object = {
        "an array": b"[" + good + b"]",
        "a text": json.dumps(good.decode()).encode(),
        "a number": b"1000",
        "null": b"null",
    }
    not_utf8 = {
        "UTF-16": good.decode().encode("utf-16"),
        "GBK": start + ',"failDescription":"余额不足"}'.encode("gbk"),
        "Latin-1": start + b',"failDescription":"caf\xe9"}',
    }
    duplicates = {
        "a duplicate field": start + b',"payType":"2"}',
        "a duplicate field, spelled with an escape": start + b',"payT\\u0079pe":"2"}',
        "a duplicate authentication": start + b',"authentication":""}',
        "a duplicate field in a nested object": start + b',"fee":{"php":1,"php":2}}',
    }
    for texts, code in (
        (not_json, ErrorCode.NOT_JSON),
        (not_an_object, ErrorCode.NOT_AN_OBJECT),
        (not_utf8, ErrorCode.NOT_UTF8),
    ):
        for name, text in texts.items():
            if cipher is None:
                yield RejectionCase(name, text, MalformedBodyError, code)
            else:  # only a JSON object counts as decrypted
                yield RejectionCase(name, cipher.encrypt(text), DecryptionError, ErrorCode.DECRYPTION_FAILED)
    for name, text in duplicates.items():
        yield RejectionCase(name, encrypted(text, cipher), MalformedBodyError, ErrorCode.DUPLICATE_FIELD)
    infinite = start + b',"fee":1e999}'
    yield RejectionCase(
        "a number out of range", encrypted(infinite, cipher), MalformedBodyError, ErrorCode.NOT_JSON
    )
    too_complex = {
        "too many elements": start + b',"items":[' + b"0," * len(good) + b"0]}",
        "too deep": start + b',"items":' + b"[" * len(good) + b"]" * len(good) + b"}",
        "an integer of too many digits": start + b',"fee":' + b"9" * 5000 + b"}",
    }
    for name, text in too_complex.items():
        yield RejectionCase(name, encrypted(text, cipher), MalformedBodyError, ErrorCode.TOO_COMPLEX)
    yield _too_large("too large", encrypted(good.ljust(parser.max_body_size + 1), cipher))


def _not_decryptable(parser: CallbackParser, cipher: Encrypter) -> Iterator[RejectionCase]:
    good = encode(payload_for(parser))
    base64 = cipher.encrypt(good)
    bodies = {
        "an empty body": b"",
        "plain JSON where encryption is expected": good,
        "not Base64": b"%" + base64,
        "Base64 with a space in it": b" ".join([base64[:76], base64[76:]]),
        "Base64 cut short": base64[:-1],
        "half a block": b64encode(b64decode(base64)[:-8]),
        "encrypted with another key": b64encode(b64decode(base64)[::-1]),
    }
    for name, bad in bodies.items():
        yield RejectionCase(name, bad, DecryptionError, ErrorCode.DECRYPTION_FAILED)


def _unauthenticated(parser: CallbackParser, cipher: Encrypter | None) -> Iterator[RejectionCase]:
    account = parser.credentials[0]
    secret = account.authentication[-1]
    names = [one.user_name for one in parser.credentials]
    secrets = [text for one in parser.credentials for text in one.authentication]
    ways: dict[str, list[tuple[str, object]]] = {
        "authentication": [
            ("wrong", _other(WRONG_AUTHENTICATION, secrets)),
            ("missing", ABSENT),
            ("null", None),
            ("a number", 30),
            ("empty", ""),
            ("in an array", [secret]),
            ("in another case", _other(secret.swapcase(), secrets)),
            ("with a space behind it", _other(f"{secret} ", secrets)),
        ],
        "userName": [
            ("another", _other("Other@skypay", names)),
            ("missing", ABSENT),
            ("null", None),
            ("in an array", [account.user_name]),
            ("in another case", _other(account.user_name.swapcase(), names)),
        ],
    }
    own = {
        text
        for one in parser.credentials
        if one.user_name == account.user_name
        for text in one.authentication
    }
    if foreign := [text for text in secrets if text not in own]:
        ways["authentication"].append(("of another account", foreign[0]))
    for field, values in ways.items():
        for how, value in values:
            yield RejectionCase(
                f"{field} {how}",
                encrypted(_with(parser, field, value), cipher),
                AuthenticationError,
                ErrorCode.AUTHENTICATION_FAILED,
            )


def _other(text: str, known: list[str]) -> str:
    while text in known:
        text += " "
    return text


def _invalid(parser: CallbackParser, cipher: Encrypter | None) -> Iterator[RejectionCase]:
    for field, values in INVALID_FIELDS.items():
        for how, value, code in values:
            yield _invalid_case(f"{field} {how}", _with(parser, field, value), cipher, (field, code))
    if (prefixes := parser.credentials[0].prefixes) is not None:
        others = (prefix for account in parser.credentials for prefix in sorted(account.prefixes or ()))
        any_text = (f"{number:05}" for number in count())
        unexpected = next(text for text in chain(others, any_text) if text not in prefixes)
        other = _with(parser, "controlNumber", f"{unexpected}23456789")
        error = ("controlNumber", ErrorCode.UNEXPECTED_PREFIX)
        yield _invalid_case("controlNumber of another partner", other, cipher, error)
    fields = payload_for(parser)
    required = [field for field, values in INVALID_FIELDS.items() if values[0][1] is ABSENT]
    for field in required:
        del fields[field]
    errors = ((field, ErrorCode.MISSING) for field in required)
    yield _invalid_case("all fields missing but userName and authentication", encode(fields), cipher, *errors)


def _invalid_case(
    name: str, text: bytes, cipher: Encrypter | None, *errors: tuple[str, ErrorCode]
) -> RejectionCase:
    return RejectionCase(
        name, encrypted(text, cipher), InvalidCallbackError, ErrorCode.INVALID_CALLBACK, errors
    )


def _with(parser: CallbackParser, field: str, value: object) -> bytes:
    fields = payload_for(parser) | {field: value}
    if value is ABSENT:
        del fields[field]
    return encode(fields)
