"""controlNumber: a 5-character prefix, then 8 to 10 digits (settled point 4)."""

from __future__ import annotations

import pickle
from enum import Enum

import pytest

from skypay_payout import ControlNumber, ErrorCode
from skypay_payout._errors import WrongValue


@pytest.mark.parametrize(
    ("text", "prefix", "serial"),
    [
        pytest.param("SK99123456789", "SK991", "23456789", id="8 digits, as in the published sample"),
        pytest.param("SKY99000000001", "SKY99", "000000001", id="9 digits, leading zeros kept"),
        pytest.param("SKYAB0123456789", "SKYAB", "0123456789", id="10 digits"),
        pytest.param("skyab12345678", "skyab", "12345678", id="a prefix in small letters"),
        pytest.param("1234512345678", "12345", "12345678", id="a prefix of digits"),
    ],
)
def test_a_control_number_is_a_prefix_and_a_serial(text: str, prefix: str, serial: str) -> None:
    number = ControlNumber(text)
    assert number == text
    assert (number.prefix, number.serial) == (prefix, serial)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("", ErrorCode.EMPTY, id="nothing"),
        pytest.param("SK9912345678", ErrorCode.WRONG_FORMAT, id="7 digits"),
        pytest.param("SK991234567890123", ErrorCode.TOO_LONG, id="11 digits"),
        pytest.param("SKYAB01234567890", ErrorCode.TOO_LONG, id="16 characters"),
        pytest.param("SK**123456789", ErrorCode.MASKED, id="masked"),
        pytest.param("SKY**12345678", ErrorCode.MASKED, id="the documentation's mask"),
        pytest.param("SKY9912345678x", ErrorCode.WRONG_FORMAT, id="a letter behind"),
        pytest.param("SK-9912345678", ErrorCode.WRONG_FORMAT, id="a hyphen in the prefix"),
        pytest.param("SKÝ9912345678", ErrorCode.WRONG_FORMAT, id="a letter beyond ASCII"),
        pytest.param("SKY991234567８", ErrorCode.WRONG_FORMAT, id="a full-width digit"),
        pytest.param("SKY99123456٣8", ErrorCode.WRONG_FORMAT, id="an Arabic digit"),
        pytest.param("SK99123456789\n", ErrorCode.WRONG_FORMAT, id="a newline behind"),
        pytest.param(" SK99123456789", ErrorCode.WRONG_FORMAT, id="a space before"),
        pytest.param("SKY99 12345678", ErrorCode.WRONG_FORMAT, id="a space within"),
        pytest.param("SK99123456789\0", ErrorCode.WRONG_FORMAT, id="a NUL behind"),
    ],
)
def test_nothing_else_is_a_control_number(text: str, code: ErrorCode) -> None:
    with pytest.raises(ValueError, match="control number") as refused:
        ControlNumber(text)
    assert isinstance(refused.value, WrongValue)
    assert refused.value.code is code


def test_the_message_says_that_a_mask_is_a_mask() -> None:
    with pytest.raises(ValueError, match=r"^'SKY\*\*12345678' looks masked; ask the sender for the whole"):
        ControlNumber("SKY**12345678")


def test_the_message_says_what_was_expected() -> None:
    with pytest.raises(
        ValueError, match=r"^'SK99' is not .* 5 ASCII letters or digits and then 8 to 10 digits"
    ):
        ControlNumber("SK99")


@pytest.mark.parametrize("value", [None, 1234512345678, b"SK99123456789"])
def test_a_control_number_is_made_of_a_str_alone(value: object) -> None:
    with pytest.raises(TypeError, match=f"a control number is a str, not {type(value).__name__}"):
        ControlNumber(value)  # type: ignore[arg-type]


def test_a_control_number_is_a_str_that_can_be_stored_and_sent() -> None:
    number = ControlNumber("SK99123456789")
    assert isinstance(number, str)
    assert number in {"SK99123456789"}
    again = pickle.loads(pickle.dumps(number))  # noqa: S301
    assert type(again) is ControlNumber
    assert again == number


def test_a_control_number_holds_nothing_beside_its_text() -> None:
    assert not hasattr(ControlNumber("SK99123456789"), "__dict__")


class Numbers(str, Enum):  # noqa: UP042  # str() of a StrEnum is its text
    SAMPLE = "SK99123456789"


def test_a_text_that_str_shows_as_another_is_taken_as_what_it_is() -> None:
    assert str(Numbers.SAMPLE) != "SK99123456789"
    assert ControlNumber(Numbers.SAMPLE) == "SK99123456789"
