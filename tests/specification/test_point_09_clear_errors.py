"""Point 9: what is empty, too long, of a wrong type, no object, not UTF-8 or too large has a clear error.

The details of the JSON reader stand in ``tests/unit/test_json.py``, and what a text may hold in
``tests/unit/test_never_lost.py``.
"""

from __future__ import annotations

import pytest

from skypay_payout import CallbackParser, Credentials, ErrorCode, PayoutCallback
from skypay_payout.testing import AUTHENTICATION, USER_NAME, body, encode
from tests.support.callbacks import (
    NEW,
    OLD,
    PARSER,
    ROTATING,
    comparable,
    everywhere,
    field_errors,
    malformed,
    outcome,
    with_fields,
    without,
)

REQUIRED = ["action", "controlNumber", "payType", "dealTime"]


@pytest.mark.parametrize("name", REQUIRED)
def test_a_required_field_that_is_missing_null_or_empty_has_its_own_code(name: str) -> None:
    assert field_errors(without(name)) == [(name, ErrorCode.MISSING)]
    assert field_errors(with_fields({name: None})) == [(name, ErrorCode.INVALID_TYPE)]
    assert field_errors(with_fields({name: ""})) == [(name, ErrorCode.EMPTY)]


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("value", [True, 1.5, [], {}, ["x"], {"x": 1}])
def test_a_field_of_another_type_is_invalid(name: str, value: object) -> None:
    assert field_errors(with_fields({name: value})) == [(name, ErrorCode.INVALID_TYPE)]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("payoutQueueUpload", ErrorCode.UNEXPECTED_ACTION),
        ("PayoutQueuePayout", ErrorCode.UNEXPECTED_ACTION),
        ("payoutQueuePayout ", ErrorCode.UNEXPECTED_ACTION),
        ("payoutQueuePayout\n", ErrorCode.UNEXPECTED_ACTION),
        ("x" * 50, ErrorCode.UNEXPECTED_ACTION),
        ("x" * 51, ErrorCode.TOO_LONG),
        (1, ErrorCode.INVALID_TYPE),
    ],
)
def test_there_is_only_one_action(value: object, code: ErrorCode) -> None:
    assert field_errors(with_fields({"action": value})) == [("action", code)]


def test_all_invalid_fields_are_reported_at_once_in_the_order_of_the_specification() -> None:
    own = CallbackParser(Credentials(USER_NAME, AUTHENTICATION, prefixes={"SK991"}))
    fields = {
        "referenceNumber": 1,
        "failDescription": 2,
        "dealTime": "Tuesday",
        "payType": 7,
        "controlNumber": "SKY9912345678",
        "authentication": AUTHENTICATION,
        "userName": USER_NAME,
    }
    assert field_errors(encode(fields), own) == [
        *[("action", ErrorCode.MISSING), ("controlNumber", ErrorCode.UNEXPECTED_PREFIX)],
        *[("payType", ErrorCode.UNKNOWN_STATUS), ("dealTime", ErrorCode.INVALID_FORMAT)],
        *[("failDescription", ErrorCode.INVALID_TYPE), ("referenceNumber", ErrorCode.INVALID_TYPE)],
    ]


@pytest.mark.parametrize("text", ["[]", '["a"]', "1", "1.5", '"{}"', "true", "null", "\ufeff[1]"])
def test_a_body_that_is_not_one_object_is_rejected(text: str) -> None:
    assert malformed(text) is ErrorCode.NOT_AN_OBJECT
    assert malformed(f"{{}}{text}") is ErrorCode.NOT_JSON


def test_a_body_that_is_not_utf8_is_rejected() -> None:
    text = body(failDescription="余额不足").decode()
    assert malformed(text.encode("gb18030")) is malformed(text.encode("utf-16")) is ErrorCode.NOT_UTF8


def test_a_body_that_is_larger_than_the_limit_is_rejected() -> None:
    assert malformed(b" " * 65536 + b"x") is ErrorCode.TOO_LARGE


MARK = b"\xef\xbb\xbf"


@pytest.mark.parametrize("after", [b"", b" ", b"\r\n", b"\t \r\n"])
@pytest.mark.parametrize("before", [b"", b" ", b"\r\n", MARK, MARK + b"\r\n\t "])
def test_a_byte_order_mark_and_white_space_are_tolerated_around_json_and_base64_alike(
    before: bytes, after: bytes
) -> None:
    expected = comparable(outcome(PARSER, body()))
    plain = before + body() + after
    for parser, sent in (
        (PARSER, plain),
        *((ROTATING, key.encrypt(plain)) for key in (OLD, NEW)),
        *((ROTATING, before + key.encrypt(body()) + after) for key in (OLD, NEW)),
    ):
        assert comparable(outcome(parser, sent)) == comparable(outcome(parser, sent.decode())) == expected


def test_a_second_mark_or_one_behind_white_space_is_not_tolerated() -> None:
    for wrong in (MARK * 2, b" " + MARK):
        assert malformed(wrong + body()) is ErrorCode.NOT_JSON
        assert malformed(wrong + NEW.encrypt(body()), ROTATING) is ErrorCode.NOT_BASE64


def test_size_and_nesting_are_the_only_limits() -> None:
    callback = everywhere(body(x=[[{}]] * 5000, failDescription='{"a":[1,2,{}]}' * 1000, y=10**4000))
    assert isinstance(callback, PayoutCallback)
    for depth, code in ((62, None), (63, ErrorCode.TOO_DEEP)):
        sent = body(x="@").replace(b'"@"', b"[" * depth + b"[1]" + b"]" * depth)
        assert getattr(everywhere(sent), "code", None) is code


@pytest.mark.parametrize("nothing", [b"", b" \r\n", MARK])
def test_an_empty_body_has_its_own_code(nothing: bytes) -> None:
    assert malformed(nothing) is malformed(nothing, ROTATING) is ErrorCode.EMPTY_BODY
    assert malformed(NEW.encrypt(nothing), ROTATING) is ErrorCode.EMPTY_BODY
