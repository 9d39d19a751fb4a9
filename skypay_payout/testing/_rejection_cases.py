"""Every kind of bad body, by name, with the error that it must give."""

from __future__ import annotations

import json
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator
from itertools import count

from attrs import frozen

from .._json import MAX_DEPTH
from .._errors import (
    AuthenticationError,
    CallbackError,
    DecryptionError,
    ErrorCode,
    InvalidCallbackError,
    MalformedBodyError,
)
from .._parser import CallbackParser
from ._bodies import WRONG_AUTHENTICATION, Sealer, payload_for, sealed, sealers, written


@frozen
class BadBody:
    """One body that ``parse`` must refuse, and how."""

    name: str
    """What is bad about it; also its ``str()``, so that it can serve as a test's id."""
    body: bytes
    error: type[CallbackError]
    """The class that ``parse`` must raise. Only an ``InvalidCallbackError`` is acknowledged."""
    code: ErrorCode
    """The error's code."""
    wrong: tuple[tuple[str, ErrorCode], ...] = ()
    """For an ``InvalidCallbackError``: field and code of every one of its ``errors``."""

    def __str__(self) -> str:
        return self.name


ABSENT = object()

WRONG_MEMBERS: dict[str, tuple[tuple[str, object, ErrorCode], ...]] = {
    "action": (
        ("missing", ABSENT, ErrorCode.MISSING),
        ("null", None, ErrorCode.WRONG_TYPE),
        ("a number", 1, ErrorCode.WRONG_TYPE),
        ("empty", "", ErrorCode.EMPTY),
        ("of 51 characters", "payout" * 8 + "pay", ErrorCode.TOO_LONG),
        ("in another case", "PayoutQueuePayout", ErrorCode.WRONG_VALUE),
        ("of another callback", "payoutQueue", ErrorCode.WRONG_VALUE),
    ),
    "controlNumber": (
        ("missing", ABSENT, ErrorCode.MISSING),
        ("null", None, ErrorCode.WRONG_TYPE),
        ("a number", 9912345678901, ErrorCode.WRONG_TYPE),
        ("empty", "", ErrorCode.EMPTY),
        ("masked", "SKY**12345678", ErrorCode.MASKED),
        ("of 12 characters", "SK9911234567", ErrorCode.WRONG_FORMAT),
        ("of 16 characters", "SK99112345678901", ErrorCode.TOO_LONG),
        ("with a letter among its digits", "SK9912345678O", ErrorCode.WRONG_FORMAT),
        ("with full-width digits", "SK991２３４５６７８９", ErrorCode.WRONG_FORMAT),  # noqa: RUF001
        ("with a newline behind it", "SK99123456789\n", ErrorCode.WRONG_FORMAT),
        ("with a space before it", " SK99123456789", ErrorCode.WRONG_FORMAT),
    ),
    "payType": (
        ("missing", ABSENT, ErrorCode.MISSING),
        ("null", None, ErrorCode.WRONG_TYPE),
        ("true", True, ErrorCode.WRONG_TYPE),
        ("1.0", 1.0, ErrorCode.WRONG_TYPE),
        ("an array", [1], ErrorCode.WRONG_TYPE),
        ("empty", "", ErrorCode.EMPTY),
        ("0", 0, ErrorCode.UNKNOWN_STATUS),
        ("7", 7, ErrorCode.UNKNOWN_STATUS),
        ("the text 7", "7", ErrorCode.UNKNOWN_STATUS),
        ("with a space before it", " 1", ErrorCode.UNKNOWN_STATUS),
        ("with a zero before it", "01", ErrorCode.UNKNOWN_STATUS),
        ("a full-width digit", "１", ErrorCode.UNKNOWN_STATUS),  # noqa: RUF001
        ("a word", "UPLOAD", ErrorCode.UNKNOWN_STATUS),
    ),
    "dealTime": (
        ("missing", ABSENT, ErrorCode.MISSING),
        ("null", None, ErrorCode.WRONG_TYPE),
        ("an epoch number", 1533614313, ErrorCode.WRONG_TYPE),
        ("an epoch number as text", "1533614313", ErrorCode.WRONG_FORMAT),
        ("empty", "", ErrorCode.EMPTY),
        ("a bare date", "2018-08-07", ErrorCode.WRONG_FORMAT),
        ("a week date", "2018-W32-2T11:58:33", ErrorCode.WRONG_FORMAT),
        ("at 24:00", "2018-08-07 24:00:00", ErrorCode.WRONG_FORMAT),
        ("a weekday", "Tuesday", ErrorCode.WRONG_FORMAT),
        ("with a newline behind it", "2018-08-07 11:58:33\n", ErrorCode.WRONG_FORMAT),
        ("on 30 February", "2018-02-30 11:58:33", ErrorCode.NO_SUCH_TIME),
        ("in minute 60", "2018-08-07 11:60:33", ErrorCode.NO_SUCH_TIME),
        ("in year 1", "0001-01-01 00:00:00", ErrorCode.NO_SUCH_TIME),
    ),
    "failDescription": (
        ("a number", 4, ErrorCode.WRONG_TYPE),
        ("false", False, ErrorCode.WRONG_TYPE),
        ("an array", ["余额不足"], ErrorCode.WRONG_TYPE),
        ("half of a surrogate pair", "\ud83d", ErrorCode.NOT_TEXT),
    ),
    "referenceNumber": (
        ("a number", 1041380755361119, ErrorCode.WRONG_TYPE),
        ("an object", {}, ErrorCode.WRONG_TYPE),
        ("half of a surrogate pair", "\udca9", ErrorCode.NOT_TEXT),
    ),
}


def bad_bodies(parser: CallbackParser) -> tuple[BadBody, ...]:
    """Every kind of bad body for this parser: its account, secret, prefixes, size limit and newest key.

    Where the parser has a cipher, the bodies are sealed, and those come on top that cannot be opened. Give it
    to ``pytest.mark.parametrize`` with ``ids=str``.

    Raises ``TypeError`` if the parser's cipher can only decrypt.
    """
    cipher = next(reversed(sealers(parser)), None)
    return tuple(
        bad if len(bad.body) <= parser.max_body_size else _too_large(bad.name, bad.body)
        for bad in (
            *_malformed(parser, cipher),
            *(() if cipher is None else _undecryptable(parser, cipher)),
            *_unauthenticated(parser, cipher),
            *_invalid(parser, cipher),
        )
    )


def _too_large(name: str, text: bytes) -> BadBody:
    return BadBody(name, text, MalformedBodyError, ErrorCode.TOO_LARGE)


def _malformed(parser: CallbackParser, cipher: Sealer | None) -> Iterator[BadBody]:
    good = written(payload_for(parser))
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
        "a number out of range": start + b',"fee":1e999}',
        "too deep": start + b',"items":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}",
        "a newline in a text": start + b',"note":"a\nb"}',
    }
    if most := sys.get_int_max_str_digits():
        not_json["an integer of too many digits"] = start + b',"fee":' + b"9" * (most + 1) + b"}"
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
    twice = {
        "a member twice": start + b',"payType":"2"}',
        "a member twice inside another": start + b',"fee":{"php":1,"php":2}}',
    }
    for texts, code in (
        (not_json, ErrorCode.NOT_JSON),
        (not_an_object, ErrorCode.NOT_AN_OBJECT),
        (not_utf8, ErrorCode.NOT_UTF8),
    ):
        for name, text in texts.items():
            if cipher is None:
                yield BadBody(name, text, MalformedBodyError, code)
            else:  # a key has opened a body only if a JSON object came out
                yield BadBody(name, cipher.encrypt(text), DecryptionError, ErrorCode.UNDECRYPTABLE)
    for name, text in twice.items():
        yield BadBody(name, sealed(text, cipher), MalformedBodyError, ErrorCode.MEMBER_TWICE)
    yield _too_large("too large", sealed(good.ljust(parser.max_body_size + 1), cipher))


def _undecryptable(parser: CallbackParser, cipher: Sealer) -> Iterator[BadBody]:
    good = written(payload_for(parser))
    base64 = cipher.encrypt(good)
    bodies = {
        "plain JSON where encryption is due": good,
        "not Base64": b"%" + base64,
        "half a block": b64encode(b64decode(base64)[:-8]),
        "sealed with another key": b64encode(b64decode(base64)[::-1]),
    }
    for name, bad in bodies.items():
        yield BadBody(name, bad, DecryptionError, ErrorCode.UNDECRYPTABLE)


def _unauthenticated(parser: CallbackParser, cipher: Sealer | None) -> Iterator[BadBody]:
    secrets = [secret for account in parser.credentials for secret in account.authentication]
    secret = parser.credentials[0].authentication[-1]
    ways: dict[str, tuple[tuple[str, object], ...]] = {
        "authentication": (
            ("wrong", _other(WRONG_AUTHENTICATION, secrets)),
            ("missing", ABSENT),
            ("null", None),
            ("a number", 30),
            ("empty", ""),
            ("with a space behind it", _other(f"{secret} ", secrets)),
        ),
        "userName": (
            ("another", _other("Other@skypay", [account.user_name for account in parser.credentials])),
            ("missing", ABSENT),
            ("null", None),
            ("in an array", [parser.credentials[0].user_name]),
        ),
    }
    for member, values in ways.items():
        for how, value in values:
            yield BadBody(
                f"{member} {how}",
                sealed(_with(parser, member, value), cipher),
                AuthenticationError,
                ErrorCode.UNAUTHENTICATED,
            )


def _other(text: str, known: list[str]) -> str:
    while text in known:
        text += " "
    return text


def _invalid(parser: CallbackParser, cipher: Sealer | None) -> Iterator[BadBody]:
    for member, values in WRONG_MEMBERS.items():
        for how, value, code in values:
            yield _wrong(f"{member} {how}", _with(parser, member, value), cipher, (member, code))
    if parser.prefixes is not None:
        foreign = next(text for number in count() if (text := f"{number:05}") not in parser.prefixes)
        stranger = _with(parser, "controlNumber", f"{foreign}23456789")
        error = ("controlNumber", ErrorCode.FOREIGN_PREFIX)
        yield _wrong("controlNumber of another partner", stranger, cipher, error)
    members = payload_for(parser)
    required = [member for member, values in WRONG_MEMBERS.items() if values[0][1] is ABSENT]
    for member in required:
        del members[member]
    errors = ((member, ErrorCode.MISSING) for member in required)
    yield _wrong("every member missing but the proof", written(members), cipher, *errors)


def _wrong(name: str, text: bytes, cipher: Sealer | None, *errors: tuple[str, ErrorCode]) -> BadBody:
    return BadBody(name, sealed(text, cipher), InvalidCallbackError, ErrorCode.INVALID, errors)


def _with(parser: CallbackParser, member: str, value: object) -> bytes:
    members = payload_for(parser) | {member: value}
    if value is ABSENT:
        del members[member]
    return written(members)
