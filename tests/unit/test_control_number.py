"""``ControlNumber``: a str that can only hold a well-formed control number (point 4)."""

from __future__ import annotations

import pickle
from enum import Enum

import pytest

from skypay_payout import ControlNumber

EXPECTED = "^expected 5 ASCII letters or digits and then 8 to 10 digits, got "

INVALID = {
    "nothing": "",
    "7 digits": "SK9912345678"[:12],
    "11 digits": "SKYAB01234567890",
    "masked": "SKY**12345678",
    "a letter behind": "SKY9912345678x",
    "a hyphen in the prefix": "SK-9912345678",
    "a letter beyond ASCII": "SKÝ9912345678",
    "a full-width digit": "SKY991234567８",
    "an Arabic digit": "SKY99123456٣8",
    "a newline behind": "SK99123456789\n",
    "a space before": " SK99123456789",
    "a space within": "SKY99 12345678",
    "a NUL behind": "SK99123456789\0",
}


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


@pytest.mark.parametrize("text", INVALID.values(), ids=INVALID)
def test_any_other_text_is_a_value_error_and_nothing_more_special(text: str) -> None:
    with pytest.raises(ValueError, match=EXPECTED) as caught:
        ControlNumber(text)
    assert type(caught.value) is ValueError
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("value", [None, 1234512345678, b"SK99123456789"])
def test_any_other_type_is_a_type_error(value: object) -> None:
    with pytest.raises(
        TypeError, match=f"^expected a control number as str, got {type(value).__name__}$"
    ) as caught:
        ControlNumber(value)  # type: ignore[arg-type]
    assert type(caught.value) is TypeError


def test_a_control_number_can_be_stored_compared_and_pickled_as_a_str() -> None:
    number = ControlNumber("SK99123456789")
    assert isinstance(number, str)
    assert number in {"SK99123456789"}
    again = pickle.loads(pickle.dumps(number))  # noqa: S301
    assert type(again) is ControlNumber
    assert again == number
    assert ControlNumber(number) == number


def test_a_control_number_holds_nothing_beside_its_text() -> None:
    assert not hasattr(ControlNumber("SK99123456789"), "__dict__")


class Numbers(str, Enum):  # noqa: UP042  # str() of a StrEnum is its text
    SAMPLE = "SK99123456789"


def test_a_text_that_str_shows_as_another_is_taken_as_what_it_is() -> None:
    assert str(Numbers.SAMPLE) != "SK99123456789"
    assert str(ControlNumber(Numbers.SAMPLE)) == "SK99123456789"
