"""Point 9: what is empty, too long, of a wrong type, no object, not UTF-8 or too large has a clear error.

What is wrong with a field, a text or an encrypted body stands in ``bad_bodies``, the details of the JSON
reader in ``tests/unit/test_json.py``, and what a text may hold in ``tests/unit/test_never_lost.py``.
"""

from __future__ import annotations

import pytest

from skypay_payout import CallbackParser, Credentials, ErrorCode
from skypay_payout.testing import AUTHENTICATION, USER_NAME, body, encode
from tests.support.callbacks import NEW, OLD, PARSER, ROTATING, comparable, field_errors, malformed, outcome


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
