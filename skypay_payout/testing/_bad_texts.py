"""Texts that are not one JSON object, and bodies that no key decrypts: how each is made of a valid one."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from typing import TypeAlias

from .._errors import ErrorCode
from .._json import MAX_DEPTH
from ..encryption import BodyCipher

Change: TypeAlias = Callable[[bytes], bytes]
"""Makes a text of the text of a valid body."""


def _remark(text: bytes, remark: bytes) -> bytes:
    return text[:-1] + b', "remark": "' + remark + b'"}'


def _replaced(old: bytes, new: bytes, times: int = -1) -> Change:
    return lambda text: text.replace(old, new, times)


def _instead(text: bytes) -> Change:
    return lambda _: text


def _with_field(text: bytes) -> Change:
    return lambda good: good[:-1] + b", " + text + b"}"


def _before(text: bytes) -> Change:
    return lambda good: b"{" + text + b", " + good[1:]


def _again(name: str) -> Change:
    return lambda good: good[:-1] + f', "{name}": {json.dumps(json.loads(good)[name])}}}'.encode()


def _nested(levels: int) -> Change:
    return _with_field(b'"items": ' + b"[" * levels + b"]" * levels)


MALFORMED: tuple[tuple[str, ErrorCode, Mapping[str, Change]], ...] = (
    (
        "empty-body",
        ErrorCode.EMPTY_BODY,
        {
            "an empty text": _instead(b""),
            "white space alone": _instead(b" \r\n"),
            "a byte order mark alone": _instead(b"\xef\xbb\xbf"),
        },
    ),
    (
        "not-json",
        ErrorCode.NOT_JSON,
        {
            "a word": _instead(b"payout"),
            "a page of HTML": _instead(b"<!DOCTYPE html><title>502</title>"),
            "a form": _instead(b"userName=AppName%40skypay&payType=1"),
            "single quotes": _replaced(b'"', b"'"),
            "names without quotes": _replaced(b'"payType"', b"payType"),
            "a comment": lambda text: text[:-1] + b"/* paid */}",
            "a line break in a text": lambda text: _remark(text, b"a\nb"),
            "an unknown escape": lambda text: _remark(text, rb"a\qb"),
            "UTF-16 without a byte order mark": lambda text: text.decode().encode("utf-16-le"),
        },
    ),
    (
        "not-finite",
        ErrorCode.NOT_JSON,
        {
            "NaN": _with_field(b'"fee": NaN'),
            "Infinity": _with_field(b'"fee": Infinity'),
            "minus Infinity": _with_field(b'"fee": -Infinity'),
            "a number out of range": _with_field(b'"fee": 1e999'),
        },
    ),
    (
        "other-commas",
        ErrorCode.NOT_JSON,
        {
            "two commas before the last brace": lambda text: text[:-1] + b",,}",
            "two commas between fields": _replaced(b",", b",,", 1),
            "a comma after the first brace": lambda text: b"{," + text[1:],
            "a comma in braces": _with_field(b'"fee": {,}'),
            "a comma at the end of an array": _with_field(b'"items": [1,]'),
            "a comma at the end of an inner object": _with_field(b'"fee": {"php": 1,}'),
            "no comma between fields": _replaced(b",", b"", 1),
        },
    ),
    (
        "cut-short",
        ErrorCode.NOT_JSON,
        {
            "without the last brace": lambda text: text[:-1],
            "cut in a value": lambda text: text[:-5],
            "cut after a comma": lambda text: text[: text.rindex(b",") + 1],
            "cut in the middle": lambda text: text[: len(text) // 2],
        },
    ),
    (
        "trailing-text",
        ErrorCode.NOT_JSON,
        {
            "the callback twice": lambda text: text + text,
            "a letter behind it": lambda text: text + b"x",
            "a second brace behind it": lambda text: text + b"}",
            "a second object in a line of its own": lambda text: text + b"\n{}",
            "a comma behind it": lambda text: text + b",",
        },
    ),
    (
        "not-an-object",
        ErrorCode.NOT_AN_OBJECT,
        {
            "the callback in an array": lambda text: b"[" + text + b"]",
            "the callback in a JSON string": lambda text: json.dumps(text.decode()).encode(),
            "an empty array": _instead(b"[]"),
            "a number": _instead(b"1000"),
            "true": _instead(b"true"),
            "null": _instead(b"null"),
        },
    ),
    (
        "not-utf8",
        ErrorCode.NOT_UTF8,
        {
            "UTF-16": lambda text: text.decode().encode("utf-16"),
            "GBK": lambda text: _remark(text, "余额不足".encode("gbk")),
            "Latin-1": lambda text: _remark(text, b"caf\xe9"),
            "half a character": lambda text: _remark(text, "余".encode()[:2]),
            "a surrogate in UTF-8": lambda text: _remark(text, b"\xed\xa0\xbd"),
        },
    ),
    (
        "duplicate-field",
        ErrorCode.DUPLICATE_FIELD,
        {
            "payType twice, another one last": _with_field(b'"payType": "2"'),
            "payType twice, another one first": _before(b'"payType": "2"'),
            "payType twice, once with an escape": _with_field(rb'"payT\u0079pe": "2"'),
            "userName twice, another one first": _before(b'"userName": "Other@skypay"'),
            "controlNumber twice": _again("controlNumber"),
            "a field of an inner object twice": _with_field(b'"fee": {"php": 1, "php": 2}'),
            "an unknown field twice": _with_field(b'"fee": 1, "fee": 1'),
        },
    ),
    (
        "duplicate-secret",
        ErrorCode.DUPLICATE_FIELD,
        {
            "authentication twice": _again("authentication"),
            "authentication twice, a wrong one last": _with_field(b'"authentication": "wrong"'),
            "authentication twice, a wrong one first": _before(b'"authentication": "wrong"'),
            "authentication twice, null first": _before(b'"authentication": null'),
        },
    ),
    (
        "too-deep",
        ErrorCode.TOO_DEEP,
        {
            f"nested {MAX_DEPTH + 1} levels deep": _nested(MAX_DEPTH),  # the body is the first level
            "nested 10,000 levels deep": _nested(9_999),
        },
    ),
)


NOT_BASE64: tuple[tuple[str, str, Callable[[bytes, bytes], bytes]], ...] = (
    ("plain-json", "plain JSON where encryption is expected", lambda _, text: text),
    ("plain-json", "plain JSON in Base64", lambda _, text: b64encode(text.ljust(489))),
    ("not-base64", "a % before the Base64", lambda body, _: b"%" + body),
    ("not-base64", "a % in the Base64", lambda body, _: body[:40] + b"%" + body[40:]),
    ("not-base64", "a space in the Base64", lambda body, _: body[:76] + b" " + body[76:]),
    ("not-base64", "text behind the Base64", lambda body, _: body + b" paid"),
    ("not-base64", "Base64 in quotes", lambda body, _: b'"' + body + b'"'),
    ("not-base64", "the encrypted bytes without Base64", lambda body, _: b64decode(body)),
    ("broken-blocks", "Base64 cut short", lambda body, _: body[:-1]),
    ("broken-blocks", "half a block too few", lambda body, _: b64encode(b64decode(body)[:-8])),
    ("broken-blocks", "half a block", lambda body, _: b64encode(b64decode(body)[:8])),
)
"""Kind, name, and what makes it of the encrypted body and its text."""


def _under_another_key(_: Change, text: bytes) -> bytes:
    # A byte less, so that the last block is not one of padding alone, which would always be the same.
    return BodyCipher("a key that nobody issued").encrypt(text.replace(b" ", b"", 1))


def _padded(padding: bytes) -> Callable[[Change, bytes], bytes]:
    """Pad a text of whole blocks otherwise, whose last block still differs for each trial."""
    spaces = b" " * (16 - len(padding))

    def make(encrypt: Change, text: bytes) -> bytes:
        padded = text.replace(b'"remark"', spaces + b'"remark"') + padding
        return b64encode(b64decode(encrypt(padded))[:-16])

    return make


OTHER_BLOCKS: tuple[tuple[str, str, Callable[[Change, bytes], bytes]], ...] = (
    ("plain-json", "plain JSON of whole blocks in Base64", lambda _, text: b64encode(text)),
    ("broken-blocks", "one block too few", lambda encrypt, text: b64encode(b64decode(encrypt(text))[:-16])),
    ("other-key", "encrypted with another key", _under_another_key),
    (
        "broken-blocks",
        "blocks in reverse order",
        lambda encrypt, text: b64encode(b64decode(encrypt(text))[::-1]),
    ),
    ("wrong-padding", "padding of which only the last byte is right", _padded(b"\x01" * 6 + b"\x07")),
    ("wrong-padding", "padding of which only the first byte is wrong", _padded(b"\x01" + b"\x07" * 6)),
    ("wrong-padding", "padding of zeros", _padded(bytes(7))),
)
"""Kind, name, and what makes it of what encrypts and of a text of whole blocks."""
