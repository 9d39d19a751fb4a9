"""The readers: each returns the value of a field, or says what was expected, what arrived, and what to do."""

from __future__ import annotations

from datetime import timedelta

import pytest

from skypay_payout import ControlNumber, ErrorCode, PayType, schema
from skypay_payout._fields import (
    TEXT,
    InvalidField,
    Reader,
    action_reader,
    own_control_number_reader,
    read_control_number,
    read_deal_time,
    read_optional_text,
    read_pay_type,
    read_user_name,
)
from skypay_payout._times import SKYPAY_ZONE
from tests.support.callbacks import short


def action(value: object, _: object) -> object:
    return action_reader("AppName@skypay")(value, _)


def own(value: object, _: object) -> object:
    return own_control_number_reader({"SK991", "SKY99"})(value, _)


CONTROL_NUMBER = "expected 5 ASCII letters or digits and then 8 to 10 digits, got "
ACTION = "expected 'payoutQueuePayout', got {}: check whether it is another of SkyPay's callbacks"
STATUS = "expected 1 to 6, got {}: check whether there is a newer specification"
TIME = (
    "expected yyyy-MM-dd HH:mm:ss (UTC+8), or the same with a T, fractional seconds or an ISO 8601 "
    "offset, got "
)
STORABLE = "expected text without U+0000 and half surrogate pairs, which databases reject, got "


@pytest.mark.parametrize(
    ("read", "value", "code", "message"),
    [
        (read_user_name, None, ErrorCode.INVALID_TYPE, "expected a string, got null"),
        (read_user_name, "", ErrorCode.EMPTY, "expected 1 to 50 characters, got ''"),
        (
            read_user_name,
            "n" * 51,
            ErrorCode.TOO_LONG,
            f"expected 1 to 50 characters, got '{'n' * 40}'… (51 characters)",
        ),
        (action, 1, ErrorCode.INVALID_TYPE, "expected a string, got 1"),
        (action, "", ErrorCode.EMPTY, ACTION.format("''")),
        (action, "payout", ErrorCode.UNEXPECTED_ACTION, ACTION.format("'payout'")),
        (
            action,
            "x" * 50,
            ErrorCode.UNEXPECTED_ACTION,
            ACTION.format(f"'{'x' * 40}'… (50 characters)"),
        ),
        (action, "x" * 51, ErrorCode.TOO_LONG, ACTION.format(f"'{'x' * 40}'… (51 characters)")),
        (read_control_number, None, ErrorCode.INVALID_TYPE, "expected a string, got null"),
        (read_control_number, "", ErrorCode.EMPTY, f"{CONTROL_NUMBER}''"),
        (
            read_control_number,
            "SKY**12345678",
            ErrorCode.MASKED,
            f"{CONTROL_NUMBER}'SKY**12345678': it looks masked; ask for the full number",
        ),
        (read_control_number, "SK991", ErrorCode.INVALID_FORMAT, f"{CONTROL_NUMBER}'SK991'"),
        (
            read_control_number,
            "SK99112345678901",
            ErrorCode.TOO_LONG,
            f"{CONTROL_NUMBER}'SK99112345678901'",
        ),
        (
            read_control_number,
            "SK9911234567890\n"[1:],
            ErrorCode.INVALID_FORMAT,
            f"{CONTROL_NUMBER}'K9911234567890\\n'",
        ),
        (
            own,
            "SKY**12345678",
            ErrorCode.MASKED,
            f"{CONTROL_NUMBER}'SKY**12345678': it looks masked; ask for the ",
        ),
        (
            own,
            "SK99212345678",
            ErrorCode.UNEXPECTED_PREFIX,
            "expected one of the 2 prefixes configured for the account, got 'SK992' in 'SK99212345678': "
            "check whether the callback is another partner's",
        ),
        (own, 5, ErrorCode.INVALID_TYPE, "expected a string, got 5"),
        (
            read_pay_type,
            True,
            ErrorCode.INVALID_TYPE,
            "expected 1 to 6 as a number or a string, got true",
        ),
        (read_pay_type, 1.0, ErrorCode.INVALID_TYPE, "expected 1 to 6 as a number or a string, got 1.0"),
        (read_pay_type, "", ErrorCode.EMPTY, STATUS.format("''")),
        (read_pay_type, "7", ErrorCode.UNKNOWN_STATUS, STATUS.format("'7'")),
        (read_pay_type, 7, ErrorCode.UNKNOWN_STATUS, STATUS.format("7")),
        (read_deal_time, 1533614313, ErrorCode.INVALID_TYPE, "expected a string, got 1533614313"),
        (read_deal_time, "", ErrorCode.EMPTY, f"{TIME}''"),
        (read_deal_time, "Tuesday", ErrorCode.INVALID_FORMAT, f"{TIME}'Tuesday'"),
        (
            read_deal_time,
            "2019-02-29 00:00:00",
            ErrorCode.INVALID_DATETIME,
            "expected a date and time that exist, got '2019-02-29 00:00:00'",
        ),
        (read_optional_text, {}, ErrorCode.INVALID_TYPE, "expected a string, got an object"),
        (read_optional_text, "\ud800", ErrorCode.INVALID_TEXT, f"{STORABLE}'\\ud800'"),
        (read_optional_text, "a\udfffb", ErrorCode.INVALID_TEXT, f"{STORABLE}'a\\udfffb'"),
        (read_optional_text, "a\0b", ErrorCode.INVALID_TEXT, f"{STORABLE}'a\\x00b'"),
    ],
    ids=short,
)
def test_an_invalid_value_is_described_by_code_and_message(
    read: Reader, value: object, code: ErrorCode, message: str
) -> None:
    with pytest.raises(InvalidField) as caught:
        read(value, None)
    assert caught.value.args[0] is code
    assert caught.value.args[1].startswith(message)
    assert caught.value.__context__ is None
    if not message.endswith(" the "):
        assert caught.value.args[1] == message


def test_an_attribute_carries_name_description_and_rule_of_its_field() -> None:
    assert TEXT.metadata("userName", "The account.") == {
        "name": "userName",
        "description": "The account.",
        "rule": TEXT,
    }


@pytest.mark.parametrize(
    ("read", "value", "result"),
    [
        (read_user_name, "n", "n"),
        (read_user_name, "名" * 50, "名" * 50),
        (action, "payoutQueuePayout", "AppName@skypay"),
        (read_control_number, "SK99123456789", ControlNumber("SK99123456789")),
        (own, "SK99123456789", ControlNumber("SK99123456789")),
        (own, "SKY9912345678", ControlNumber("SKY9912345678")),
        (read_pay_type, 3, PayType.CANCEL),
        (read_pay_type, "3", PayType.CANCEL),
        (read_optional_text, None, None),
        (read_optional_text, "", None),
        (read_optional_text, " ", " "),
    ],
    ids=short,
)
def test_a_valid_value_is_returned_as_its_type(read: Reader, value: object, result: object) -> None:
    assert read(value, None) == result
    assert type(read(value, None)) is type(result)


def test_a_deal_time_has_the_one_zone_of_the_package() -> None:
    for text in ("2018-08-07 11:58:33", "2018-08-07T03:58:33Z", "2018-08-06 20:58:33-07:00"):
        time = read_deal_time(text)
        assert time.isoformat() == "2018-08-07T11:58:33+08:00"
        assert time.utcoffset() == SKYPAY_ZONE.utcoffset(None) == timedelta(hours=8)


def test_the_fields_stand_in_the_order_of_the_specification() -> None:
    properties = schema.CALLBACK["properties"]
    assert isinstance(properties, dict)
    assert list(properties) == [
        "userName",
        "action",
        "authentication",
        "controlNumber",
        "payType",
        "dealTime",
        "failDescription",
        "referenceNumber",
    ]
