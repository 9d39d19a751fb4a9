"""Errors: whose fault it is, a stable code, and a message that is safe to log."""

from __future__ import annotations

import copy
import pickle
from hashlib import sha256

import pytest
from attrs.exceptions import FrozenInstanceError

from skypay_payout import (
    AuthenticationError,
    CallbackError,
    ControlNumber,
    DecryptionError,
    ErrorCode,
    FieldError,
    InvalidCallbackError,
    MalformedBodyError,
)
from skypay_payout.testing import AUTHENTICATION, body, payload
from tests.support.callbacks import PARSER, outcome, with_fields, without

FIELD = FieldError("payType", ErrorCode.MISSING, "why")
INVALID = InvalidCallbackError((FIELD,), {"controlNumber": "SK99123456789", "a": [1]})


def invalid(sent: bytes) -> InvalidCallbackError:
    error = outcome(PARSER, sent)
    assert isinstance(error, InvalidCallbackError)
    return error


def test_every_error_is_a_callback_error_and_a_value_error() -> None:
    for error in (MalformedBodyError, AuthenticationError, InvalidCallbackError):
        assert error.__mro__[1] is CallbackError
    assert DecryptionError.__mro__[1] is MalformedBodyError
    assert CallbackError.__mro__[1] is ValueError


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MalformedBodyError(ErrorCode.NOT_JSON, "why"), "not_json"),
        (DecryptionError(), "decryption_failed"),
        (AuthenticationError(), "authentication_failed"),
        (INVALID, "invalid_callback"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_has_a_code_and_can_be_pickled_and_copied(error: CallbackError, code: str) -> None:
    assert error.code == code
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):  # noqa: S301
        assert type(again) is type(error)
        assert (str(again), again.code, vars(again)) == (str(error), error.code, vars(error))


def test_what_an_error_is_built_from_are_its_arguments() -> None:
    assert MalformedBodyError(ErrorCode.NOT_JSON, "why").args == (ErrorCode.NOT_JSON, "why")
    assert InvalidCallbackError((FIELD,), {"a": 1}).args == ((FIELD,), {"a": 1})


def test_the_codes_are_stable() -> None:
    assert {code.name.lower() for code in ErrorCode} == {code.value for code in ErrorCode}
    assert sorted(ErrorCode) == sorted(
        [
            "too_large",
            "too_complex",
            "not_utf8",
            "not_json",
            "not_an_object",
            "duplicate_field",
            "decryption_failed",
            "authentication_failed",
            "invalid_callback",
            "missing",
            "invalid_type",
            "empty",
            "too_long",
            "unexpected_action",
            "invalid_format",
            "masked",
            "unexpected_prefix",
            "unknown_status",
            "invalid_datetime",
            "invalid_text",
        ]
    )
    assert f"{ErrorCode.NOT_JSON}" == "not_json"


def test_the_messages_say_what_was_expected_what_arrived_and_what_to_do() -> None:
    assert str(MalformedBodyError(ErrorCode.NOT_JSON, "why")) == "why"
    assert str(AuthenticationError()) == (
        "expected the userName and authentication of a configured account, got others or none: do not "
        "acknowledge; if SkyPay really sent this, compare the configured Credentials with SkyPay's account "
        "email, and configure the old and the new secret during a rotation"
    )
    assert str(DecryptionError()) == (
        "expected a body encrypted with a configured key, got one that none of them decrypts: pass SkyPay's "
        "Base64 text on unchanged, and configure the old and the new key during a rotation (plain JSON is "
        "never accepted where a cipher is set)"
    )


def test_an_invalid_callback_says_which_payout_and_every_invalid_field() -> None:
    error = invalid(body(payType=7, action=None))
    assert str(error) == (
        "control number SK99123456789: action: expected a string, got null; "
        "payType: expected 1 to 6, got 7: check whether there is a newer specification"
    )
    assert repr(error) == f"InvalidCallbackError({str(error)!r})"
    assert error.errors == (
        FieldError("action", ErrorCode.INVALID_TYPE, "expected a string, got null"),
        FieldError(
            "payType",
            ErrorCode.UNKNOWN_STATUS,
            "expected 1 to 6, got 7: check whether there is a newer specification",
        ),
    )


def test_all_missing_fields_are_named() -> None:
    missing = "expected in every callback, got no such field"
    assert str(invalid(without("action", "controlNumber", "payType", "dealTime"))) == (
        f"control number unknown: action: {missing}; controlNumber: {missing}; payType: {missing}; "
        f"dealTime: {missing}"
    )


def test_a_message_of_many_invalid_fields_stays_short_and_printable() -> None:
    error = invalid(
        with_fields(dict.fromkeys(["action", "controlNumber", "payType", "dealTime"], "\x1b" * 999 + "\n"))
    )
    assert len(str(error)) < 2000
    assert str(error).isprintable()
    assert len(error.errors) == 4


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("SK99123456789", "SK99123456789"),
        ("SKY9912345678", "SKY9912345678"),
        ("SKY**12345678", None),
        ("", None),
        (None, None),
        (1234512345678, None),
        (["SK99123456789"], None),
    ],
)
def test_the_control_number_is_the_well_formed_one_or_none(value: object, number: str | None) -> None:
    error = invalid(body(7, controlNumber=value))
    assert error.control_number == number
    assert type(error.control_number) in (ControlNumber, type(None))
    assert str(error).startswith(f"control number {number or 'unknown'}: ")
    assert InvalidCallbackError((FIELD,), {}).control_number is None


def test_the_payload_is_what_arrived_without_the_secret() -> None:
    error = invalid(body(payType=7, unknown=[AUTHENTICATION], dealTime=f"{AUTHENTICATION} o'clock"))
    expected = payload() | {"payType": 7, "dealTime": "[redacted] o'clock", "unknown": ["[redacted]"]}
    del expected["authentication"]
    assert error.payload == expected
    assert list(error.payload) == list(expected)


def test_redeliveries_have_one_idempotency_key_and_other_content_has_another() -> None:
    error = invalid(body(7, b=1, a="余"))
    assert error.idempotency_key == invalid(body(7, a="余", b=1)).idempotency_key
    canonical = (
        r'{"a":"\u4f59","action":"payoutQueuePayout","b":1,"controlNumber":"SK99123456789",'
        r'"dealTime":"2018-08-07 11:58:33","payType":"7","userName":"AppName@skypay"}'
    )
    assert error.idempotency_key == f"invalid/{sha256(canonical.encode()).hexdigest()}"
    others = [body(7), body(8), body(7, b=1, a="余 "), body(7, b="1", a="余"), body(7, b=1.0, a="余")]
    assert len({invalid(sent).idempotency_key for sent in others} | {error.idempotency_key}) == 6


def test_the_idempotency_key_does_not_depend_on_the_secret() -> None:
    from skypay_payout import CallbackParser, Credentials

    parser = CallbackParser(Credentials("AppName@skypay", ["old-secret", "new-secret"]))
    keys = set[str]()
    for secret in ("old-secret", "new-secret"):
        error = outcome(parser, body(7, authentication=secret, note=f"sent with {secret}"))
        assert isinstance(error, InvalidCallbackError)
        keys.add(error.idempotency_key)
    assert len(keys) == 1


def test_a_field_error_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        FIELD.code = ErrorCode.EMPTY  # type: ignore[misc]
