"""The readers: each returns the value of a field, or says what was expected, what arrived, and what to do."""

from __future__ import annotations

import pytest

from skypay_payout import ControlNumber, ErrorCode, PayType
from skypay_payout._fields import (
    TEXT,
    InvalidField,
    Reader,
    control_number_reader,
    read_action,
    read_deal_time,
    read_optional_text,
    read_pay_type,
    read_user_name,
    whole,
)
from skypay_payout._times import SKYPAY_ZONE
from tests.support.callbacks import short


def read_control_number(value: object, _: object) -> object:
    return control_number_reader(None)(value, None)


def own(value: object, _: object) -> object:
    return control_number_reader({"SK991", "SKY99"})(value, None)


OF_TEXTS = (read_user_name, read_action, read_control_number, own, read_deal_time)
NUMBER = "expected 5 ASCII letters or digits and then 8 to 10 digits, got "
MASKED = f"{NUMBER}'SKY**12345678': it looks masked; ask for the full number"
PREFIX = "expected one of the account's 2 prefixes, got '{}': check whether the callback is another partner's"
ACTION = "expected 'payoutQueuePayout', got {}: check whether it is another of SkyPay's callbacks"
STATUS = "expected 1 to 6, got {}: check whether there is a newer specification"
TIME = (
    "expected yyyy-MM-dd HH:mm:ss (UTC+8), perhaps with a T, fractional seconds or an ISO 8601 offset, got "
)
EXISTS = "expected an existing time, got "
STORABLE = "expected text without U+0000 and lone surrogates, which databases reject, got "
NAME = "expected 1 to 50 characters, got "
X51 = f"'{'x' * 40}'… (51 characters)"


@pytest.mark.parametrize(
    ("read", "value", "code", "message"),
    [
        *(
            (read, value, ErrorCode.INVALID_TYPE, f"expected {expected}, got {got}")
            for read, expected in (
                *((each, "a string") for each in OF_TEXTS),
                (read_pay_type, "1 to 6"),
            )
            for value, got in (
                (None, "null"),
                (True, "true"),
                (1.0, "1.0"),
                ([], "an array"),
                ({}, "an object"),
            )
        ),
        *(
            (read, 1533614313, ErrorCode.INVALID_TYPE, "expected a string, got 1533614313")
            for read in (*OF_TEXTS, read_optional_text)
        ),
        (read_user_name, "", ErrorCode.EMPTY, f"{NAME}''"),
        (read_user_name, "x" * 51, ErrorCode.TOO_LONG, f"{NAME}{X51}"),
        (read_action, "", ErrorCode.EMPTY, "expected 'payoutQueuePayout', got ''"),
        (read_action, "payout", ErrorCode.UNEXPECTED_ACTION, ACTION.format("'payout'")),
        (read_action, "x" * 50, ErrorCode.UNEXPECTED_ACTION, ACTION.format(X51.replace("51", "50"))),
        (read_action, "x" * 51, ErrorCode.TOO_LONG, ACTION.format(X51)),
        *((read, "", ErrorCode.EMPTY, f"{NUMBER}''") for read in (read_control_number, own)),
        *((read, "SKY**12345678", ErrorCode.MASKED, MASKED) for read in (read_control_number, own)),
        (read_control_number, "SK991", ErrorCode.INVALID_FORMAT, f"{NUMBER}'SK991'"),
        (read_control_number, "SK9911234567890x", ErrorCode.TOO_LONG, f"{NUMBER}'SK9911234567890x'"),
        (own, "K9911234567890\n", ErrorCode.INVALID_FORMAT, f"{NUMBER}'K9911234567890\\n'"),
        (own, "SK99212345678", ErrorCode.UNEXPECTED_PREFIX, PREFIX.format("SK99212345678")),
        (read_pay_type, "", ErrorCode.EMPTY, STATUS.format("''")),
        (read_pay_type, "7", ErrorCode.UNKNOWN_STATUS, STATUS.format("'7'")),
        (read_pay_type, 7, ErrorCode.UNKNOWN_STATUS, STATUS.format("7")),
        (read_deal_time, "", ErrorCode.EMPTY, f"{TIME}''"),
        (read_deal_time, "Tuesday", ErrorCode.INVALID_FORMAT, f"{TIME}'Tuesday'"),
        (read_deal_time, "2019-02-29 00:00:00", ErrorCode.INVALID_DATETIME, f"{EXISTS}'2019-02-29 00:00:00'"),
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
    assert caught.value.args == (code, message)


@pytest.mark.parametrize(
    ("read", "value", "result"),
    [
        *[(read_user_name, "n", "n"), (read_user_name, "名" * 50, "名" * 50)],
        *[(read_action, "payoutQueuePayout", None)],
        (read_control_number, "SK99123456789", ControlNumber("SK99123456789")),
        *((own, number, ControlNumber(number)) for number in ("SK99123456789", "SKY9912345678")),
        *[(read_pay_type, 3, PayType.CANCEL), (read_pay_type, "3", PayType.CANCEL)],
        *[(read_optional_text, None, None), (read_optional_text, "", None), (read_optional_text, " ", " ")],
        (read_optional_text, "why", "why"),
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
        assert time.utcoffset() == SKYPAY_ZONE.utcoffset(None)


def test_a_schema_of_a_text_matches_it_as_a_whole() -> None:
    assert whole("a[0-9]") == {"type": "string", "pattern": "^a[0-9]$", "not": {"pattern": "[^ -~]"}}


def test_an_attribute_carries_name_description_and_rule_of_its_field() -> None:
    expected = {"name": "userName", "description": "The account.", "rule": TEXT}
    assert TEXT.of("userName", "The account.") == expected
