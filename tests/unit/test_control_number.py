"""``ControlNumber``: a str that can only hold a well-formed control number (its format: see point 4)."""

from __future__ import annotations

import pickle
from enum import Enum

import pytest

from skypay_payout import ControlNumber


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
    assert (number, number.prefix, number.serial) == (text, prefix, serial)


@pytest.mark.parametrize("value", [None, 1234512345678, b"SK99123456789"])
def test_any_other_type_is_a_type_error(value: object) -> None:
    expected = f"^expected a control number as str, got {type(value).__name__}$"
    with pytest.raises(TypeError, match=expected):
        ControlNumber(value)  # type: ignore[arg-type]


def test_a_control_number_can_be_stored_compared_and_pickled_as_a_str() -> None:
    number = ControlNumber("SK99123456789")
    assert isinstance(number, str)
    assert not hasattr(number, "__dict__")
    assert number in {"SK99123456789"}
    again = pickle.loads(pickle.dumps(number))  # noqa: S301
    assert type(again) is ControlNumber
    assert again == number == ControlNumber(number)


class Numbers(str, Enum):  # noqa: UP042  # str() of a StrEnum is its text
    SAMPLE = "SK99123456789"


def test_a_text_that_str_shows_as_another_is_taken_as_what_it_is() -> None:
    assert str(Numbers.SAMPLE) != "SK99123456789"
    assert str(ControlNumber(Numbers.SAMPLE)) == "SK99123456789"
