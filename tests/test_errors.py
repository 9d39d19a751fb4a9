"""Errors: whose fault it is, a stable code, and a message that is safe to log."""

from __future__ import annotations

import pickle

import pytest

from skypay_payout import (
    AuthenticationError,
    CallbackError,
    CallbackParser,
    DecryptionError,
    ErrorCode,
    FieldError,
    InvalidCallbackError,
    MalformedBodyError,
)
from skypay_payout._errors import WrongValue, quoted
from skypay_payout.testing import CREDENTIALS, payload


def test_every_error_is_a_callback_error_and_a_value_error() -> None:
    for error in (MalformedBodyError, AuthenticationError, InvalidCallbackError):
        assert error.__mro__[1] is CallbackError
    assert DecryptionError.__mro__[1] is MalformedBodyError
    assert CallbackError.__mro__[1] is ValueError


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MalformedBodyError(ErrorCode.NOT_JSON, "why"), "not_json"),
        (DecryptionError(), "undecryptable"),
        (AuthenticationError(), "unauthenticated"),
        (InvalidCallbackError((FieldError("payType", ErrorCode.MISSING, "why"),), {"a": 1}, -2), "invalid"),
        (WrongValue(ErrorCode.MASKED, "why"), "masked"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_has_a_code_and_pickles(error: CallbackError, code: str) -> None:
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(again) is type(error)
    assert (again.code, str(again)) == (error.code, str(error))
    assert error.code == code
    assert getattr(again, "key_index", None) == getattr(error, "key_index", None)
    assert getattr(again, "payload", None) == getattr(error, "payload", None)


def test_the_codes_are_stable() -> None:
    assert {code.name.lower(): code.value for code in ErrorCode} == {
        str(code): str(code) for code in ErrorCode
    }
    assert sorted(ErrorCode) == [
        "empty",
        "foreign_prefix",
        "invalid",
        "masked",
        "member_twice",
        "missing",
        "no_such_time",
        "not_an_object",
        "not_json",
        "not_text",
        "not_utf8",
        "too_large",
        "too_long",
        "unauthenticated",
        "undecryptable",
        "unknown_status",
        "wrong_format",
        "wrong_type",
        "wrong_value",
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("text", "'text'"),
        ("it's", '"it\'s"'),
        ("", "''"),
        ("余额不足", "'余额不足'"),
        ("a\nb\0\x1b[31m\x7f\u202e\ud800", r"'a\nb\x00\x1b[31m\x7f\u202e\ud800'"),
        ("x" * 40, f"'{'x' * 40}'"),
        ("x" * 41, f"'{'x' * 40}'… (41 characters)"),
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (-7, "-7"),
        (10**40 - 1, "9" * 40),
        (10**40, "a very long number"),
        pytest.param(-(10**9999), "a very long number", id="too long to be written"),
        (1.5, "1.5"),
        ([1], "an array"),
        ({}, "an object"),
    ],
)
def test_a_value_is_quoted_escaped_and_shortened(value: object, shown: str) -> None:
    assert quoted(value) == shown


def test_a_message_says_what_to_do() -> None:
    assert "do not acknowledge" in str(AuthenticationError())
    assert "compare the configured Credentials with SkyPay's account mail" in str(AuthenticationError())
    assert "configure the old and the new one" in str(DecryptionError())


def test_a_message_of_many_wrong_members_stays_short_and_printable() -> None:
    with pytest.raises(InvalidCallbackError) as refused:
        CallbackParser(CREDENTIALS).parse(
            {
                **payload(),
                **dict.fromkeys(["action", "controlNumber", "payType", "dealTime"], "\x1b\n" * 1000),
            }
        )
    assert len(str(refused.value)) < 2000
    assert str(refused.value).isprintable()
    assert len(refused.value.errors) == 4
