"""payType: 1 to 6, as a number or as a string of one digit (settled point 2)."""

from __future__ import annotations

import json

import pytest

from skypay_payout import CallbackParser, ErrorCode, InvalidCallbackError, PayType
from skypay_payout.testing import CREDENTIALS, payload

parser = CallbackParser(CREDENTIALS)


def parse_status(value: object) -> PayType:
    return parser.parse(json.dumps({**payload(), "payType": value}).encode()).pay_type


STATUSES = {
    1: PayType.UPLOAD,
    2: PayType.PAYOUT,
    3: PayType.CANCEL,
    4: PayType.FAILURE,
    5: PayType.AMENDED_SUCCESS,
    6: PayType.AMENDED_FAIL,
}


def test_there_are_six_statuses() -> None:
    assert {int(status): status for status in PayType} == STATUSES


@pytest.mark.parametrize(("number", "status"), STATUSES.items())
def test_a_status_arrives_as_a_number_or_as_a_string(number: int, status: PayType) -> None:
    assert parse_status(number) is status
    assert parse_status(str(number)) is status


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (True, ErrorCode.WRONG_TYPE),
        (False, ErrorCode.WRONG_TYPE),
        (1.0, ErrorCode.WRONG_TYPE),
        (None, ErrorCode.WRONG_TYPE),
        (["1"], ErrorCode.WRONG_TYPE),
        ({"1": 1}, ErrorCode.WRONG_TYPE),
        ("", ErrorCode.EMPTY),
        (" 1", ErrorCode.UNKNOWN_STATUS),
        ("1 ", ErrorCode.UNKNOWN_STATUS),
        ("01", ErrorCode.UNKNOWN_STATUS),
        ("+1", ErrorCode.UNKNOWN_STATUS),
        ("1.0", ErrorCode.UNKNOWN_STATUS),
        ("１", ErrorCode.UNKNOWN_STATUS),
        ("UPLOAD", ErrorCode.UNKNOWN_STATUS),
        (-1, ErrorCode.UNKNOWN_STATUS),
        (10**30, ErrorCode.UNKNOWN_STATUS),
        *[(number, ErrorCode.UNKNOWN_STATUS) for number in (0, 7, 8, 9)],
        *[(str(number), ErrorCode.UNKNOWN_STATUS) for number in (0, 7, 8, 9)],
    ],
)
def test_nothing_else_is_a_status(value: object, code: ErrorCode) -> None:
    with pytest.raises(InvalidCallbackError) as refused:
        parse_status(value)
    (error,) = refused.value.errors
    assert (error.field, error.code) == ("payType", code)


@pytest.mark.parametrize(("value", "shown"), [(9, "9"), ("9", "'9'")])
def test_an_unknown_status_is_quoted_as_it_arrived(value: object, shown: str) -> None:
    with pytest.raises(InvalidCallbackError, match=rf"^payType: {shown} is no known status; expected 1 to 6"):
        parse_status(value)


def test_a_status_of_another_type_is_told_from_an_unknown_one() -> None:
    with pytest.raises(InvalidCallbackError, match=r"^payType: true arrived; expected a number or a string"):
        parse_status(True)
