"""Point 2: payType is 1 to 6, as a number or as a string of one digit.

What is no status stands in ``bad_bodies``.
"""

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


@pytest.mark.parametrize("text", [b"1.0", b"1e0", b"1E0", b"10e-1", b"-0.0", b"0.1e1"])
def test_a_number_with_a_fraction_or_an_exponent_is_no_status_even_if_it_is_whole(text: bytes) -> None:
    assert field_errors(with_fields({"payType": "@"}).replace(b'"@"', text)) == [
        ("payType", ErrorCode.INVALID_TYPE)
    ]
