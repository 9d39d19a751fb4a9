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
    CallbackParser,
    ControlNumber,
    Credentials,
    DecryptionError,
    ErrorCode,
    FieldError,
    InvalidCallbackError,
    MalformedBodyError,
)
from skypay_payout.testing import AUTHENTICATION, USER_NAME, body, payload
from tests.support.callbacks import NEW, PARSER, ROTATING, outcome, with_fields, without

FIELD = FieldError("payType", ErrorCode.MISSING, "why")
INVALID = InvalidCallbackError((FIELD,), {"controlNumber": "SK99123456789", "a": [1]})


def invalid(sent: bytes, parser: CallbackParser = PARSER) -> InvalidCallbackError:
    error = outcome(parser, sent)
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
        (DecryptionError(ErrorCode.DECRYPTION_FAILED, "why"), "decryption_failed"),
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


def test_an_error_is_built_from_its_arguments() -> None:
    assert MalformedBodyError(ErrorCode.NOT_JSON, "why").args == (ErrorCode.NOT_JSON, "why")
    assert InvalidCallbackError((FIELD,), {"a": 1}).args == ((FIELD,), {"a": 1})


def test_the_codes_are_stable() -> None:
    assert {code.name.lower() for code in ErrorCode} == {code.value for code in ErrorCode}
    body_codes = "too_large too_deep empty_body not_base64 not_utf8 not_json not_an_object duplicate_field"
    sender_codes = "decryption_failed authentication_failed invalid_callback"
    field_codes = (
        "missing invalid_type empty too_long unexpected_action invalid_format masked unexpected_prefix "
        "unknown_status invalid_datetime invalid_text"
    )
    assert [*ErrorCode] == f"{body_codes} {sender_codes} {field_codes}".split()
    assert f"{ErrorCode.NOT_JSON}" == "not_json"


def test_the_messages_say_what_was_expected_what_arrived_and_what_to_do() -> None:
    assert str(MalformedBodyError(ErrorCode.NOT_JSON, "why")) == "why"
    assert str(AuthenticationError()) == (
        "expected the userName and authentication of a configured account, got others or none: do not "
        "acknowledge; if SkyPay really sent this, compare the configured Credentials with SkyPay's account "
        "email, and configure the old and the new secret during a rotation"
    )
    for sent, message in (
        (
            NEW.encrypt(body())[24:],
            "expected the Base64 of whole blocks of 16 bytes, got something else: if SkyPay sent it, look "
            "for a proxy that changed it (plain JSON is never accepted where a cipher is set)",
        ),
        (
            NEW.encrypt(body())[64:128],
            "expected a body encrypted with a configured key, got one that none of them decrypts: if SkyPay "
            "sent it, compare the key with the one that SkyPay issued, and configure the old and the new key "
            "during a rotation",
        ),
        (b"\n", "expected an encrypted callback, got an empty body"),
    ):
        assert str(outcome(ROTATING, sent)) == message


def test_an_invalid_callback_says_which_payout_and_every_invalid_field() -> None:
    error = invalid(body(payType=7, action=None))
    status = "expected 1 to 6, got 7: check whether there is a newer specification"
    assert error.errors == (
        FieldError("action", ErrorCode.INVALID_TYPE, "expected a string, got null"),
        FieldError("payType", ErrorCode.UNKNOWN_STATUS, status),
    )
    assert str(error) == (
        f"control number SK99123456789: action: expected a string, got null; payType: {status}"
    )
    assert repr(error) == f"InvalidCallbackError({str(error)!r})"


def test_all_missing_fields_are_named() -> None:
    missing = "expected in every callback, got no such field"
    assert str(invalid(without("action", "controlNumber", "payType", "dealTime"))) == (
        f"control number unknown: action: {missing}; controlNumber: {missing}; payType: {missing}; "
        f"dealTime: {missing}"
    )


def test_a_message_of_many_invalid_fields_stays_short_and_printable() -> None:
    names = ["action", "controlNumber", "payType", "dealTime"]
    error = invalid(with_fields(dict.fromkeys(names, "\x1b" * 999 + "\n")))
    assert len(str(error)) < 2000
    assert str(error).isprintable()
    assert len(error.errors) == 4


@pytest.mark.parametrize(
    ("value", "number"),
    [
        *[("SK99123456789", "SK99123456789"), ("SKY9912345678", "SKY9912345678"), ("SKY**12345678", None)],
        *[("", None), (None, None), (1234512345678, None), (["SK99123456789"], None)],
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
    assert list(error.payload.items()) == list(expected.items())


def test_the_digest_is_equal_for_the_same_content_only() -> None:
    error = invalid(body(7, b=1, a="余"))
    canonical = (
        r'{"a":"\u4f59","action":"payoutQueuePayout","b":1,"controlNumber":"SK99123456789",'
        r'"dealTime":"2018-08-07 11:58:33","payType":"7","userName":"AppName@skypay"}'
    )
    assert error.digest == sha256(canonical.encode()).hexdigest()
    assert error.digest == invalid(body(7, a="余", b=1)).digest
    others = [body(7), body(8), body(7, b=1, a="余 "), body(7, b="1", a="余"), body(7, b=1.0, a="余")]
    assert len({invalid(sent).digest for sent in others} | {error.digest}) == 6
    assert not hasattr(error, "idempotency_key")


def test_the_digest_does_not_depend_on_the_secret_that_was_sent() -> None:
    parser = CallbackParser(Credentials(USER_NAME, ["old-secret", "new-secret"]))
    sent = (body(7, authentication=secret, note=f"with {secret}") for secret in ("old-secret", "new-secret"))
    assert len({invalid(one, parser).digest for one in sent}) == 1


def test_a_field_error_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        FIELD.code = ErrorCode.EMPTY  # type: ignore[misc]
