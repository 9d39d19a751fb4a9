"""Point 2: payType is 1 to 6, as a number or as a string of one digit."""

from __future__ import annotations

import pytest

from skypay_payout import ErrorCode, PayoutCallback, PayType
from tests.support.callbacks import PARSER, field_errors, outcome, with_fields


@pytest.mark.parametrize("status", PayType)
def test_a_status_arrives_as_a_number_or_as_a_string_of_one_digit(status: PayType) -> None:
    for value in (int(status), str(int(status))):
        callback = outcome(PARSER, with_fields({"payType": value}))
        assert isinstance(callback, PayoutCallback)
        assert callback.pay_type is status


@pytest.mark.parametrize(
    ("value", "code"),
    [
        *((value, ErrorCode.INVALID_TYPE) for value in (True, False, 1.0, None, ["1"], {"1": 1}, 1e0, 2.5)),
        ("", ErrorCode.EMPTY),
        *(
            (value, ErrorCode.UNKNOWN_STATUS)
            for value in (" 1", "1 ", "01", "+1", "1.0", "1\n", "１", "٣", "UPLOAD")
        ),
        *(
            (value, ErrorCode.UNKNOWN_STATUS)
            for value in (0, 7, 8, 9, "0", "7", "8", "9", -1, 10**30, "11", "true")
        ),
    ],
)
def test_nothing_else_is_a_status(value: object, code: ErrorCode) -> None:
    assert field_errors(with_fields({"payType": value})) == [("payType", code)]


@pytest.mark.parametrize("text", [b"1.0", b"1e0", b"1E0", b"10e-1", b"-0.0", b"0.1e1"])
def test_a_number_with_a_fraction_or_an_exponent_is_no_status_even_if_it_is_whole(text: bytes) -> None:
    assert field_errors(with_fields({"payType": "@"}).replace(b'"@"', text)) == [
        ("payType", ErrorCode.INVALID_TYPE)
    ]
