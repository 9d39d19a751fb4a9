"""Every public name as a user's code would have it, read by the type checkers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import assert_type

from skypay_payout import (
    Acknowledgement,
    AuthenticationError,
    CallbackError,
    CallbackParser,
    Cipher,
    ControlNumber,
    Credentials,
    DecryptionError,
    ErrorCode,
    FieldError,
    InvalidCallbackError,
    MalformedBodyError,
    PayoutCallback,
    PayType,
    acknowledge,
)
from skypay_payout.encryption import BodyCipher


class OwnCipher:
    def decrypt(self, body: bytes, /) -> bytes:
        return body


def build(user_name: str, secrets: list[str]) -> list[CallbackParser]:
    own: Cipher = OwnCipher()
    return [
        CallbackParser(Credentials(user_name, secrets[0])),
        CallbackParser(Credentials(user_name=user_name, authentication=secrets)),
        CallbackParser([Credentials(user_name, secret) for secret in secrets], prefixes={"SKY99"}),
        CallbackParser(Credentials(user_name, secrets), cipher=BodyCipher(secrets), max_body_size=1024),
        CallbackParser(Credentials(user_name, secrets), cipher=BodyCipher("key")),
        CallbackParser(Credentials(user_name, secrets), cipher=own),
        CallbackParser(Credentials(user_name, secrets), cipher=[BodyCipher("old"), OwnCipher()]),
    ]


def handle(parser: CallbackParser, body: bytes | str | Mapping[str, object]) -> bytes | None:
    try:
        callback = parser.parse(body)
    except InvalidCallbackError as error:
        assert_type(error.errors, tuple[FieldError, ...])
        assert_type(error.errors[0].field, str)
        assert_type(error.errors[0].code, ErrorCode)
        assert_type(error.errors[0].message, str)
        assert_type(error.payload, Mapping[str, object])
        return parser.reply(error)
    except DecryptionError as error:
        assert_type(error.code, ErrorCode)
        return None
    except (MalformedBodyError, AuthenticationError, CallbackError) as error:
        assert_type(error.code, ErrorCode)
        return None
    assert_type(callback, PayoutCallback)
    assert_type(callback.user_name, str)
    assert_type(callback.control_number, ControlNumber)
    assert_type(callback.control_number.prefix, str)
    assert_type(callback.control_number.serial, str)
    assert_type(callback.pay_type, PayType)
    assert_type(callback.deal_time, datetime)
    assert_type(callback.fail_description, str | None)
    assert_type(callback.reference_number, str | None)
    assert_type(callback.extra, Mapping[str, object])
    assert_type(callback.idempotency_key, str)
    return parser.reply(callback, at=callback.deal_time)


def answer(at: datetime) -> bytes:
    acknowledgement = acknowledge(at)
    assert_type(acknowledgement, Acknowledgement)
    assert_type(acknowledgement.response_time, datetime)
    assert_type(acknowledgement.to_dict(), dict[str, str])
    return acknowledge().to_json()


def number(text: str) -> ControlNumber:
    return ControlNumber(text)
