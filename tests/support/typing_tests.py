"""Every public name as a user's code would have it, read by the type checkers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import assert_never, assert_type

from skypay_payout import (
    IDEMPOTENCY_KEY_MAX_LENGTH,
    Accepted,
    Acknowledgement,
    Anomaly,
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
    PayoutCallback,
    PayoutHistory,
    PayoutStatus,
    PayType,
    Quarantined,
    Rejected,
    Response,
    Result,
    acknowledge,
    schema,
)
from skypay_payout.encryption import BodyCipher


def build(user_name: str, secrets: list[str]) -> list[CallbackParser]:
    return [
        CallbackParser(Credentials(user_name, secrets[0])),
        CallbackParser(Credentials(user_name=user_name, authentication=secrets, prefixes={"SKY99"})),
        CallbackParser(Credentials(user_name, secrets, prefixes="SKY99"), cipher=None),
        CallbackParser([Credentials(user_name, secret) for secret in secrets]),
        CallbackParser(Credentials(user_name, secrets), cipher=BodyCipher(secrets), max_body_size=1024),
        CallbackParser(Credentials(user_name, secrets), cipher=BodyCipher("key")),
        CallbackParser.from_environ(),
        CallbackParser.from_environ({"SKYPAY_USER_NAME": user_name}, plain=True),
    ]


def rebuild(parser: CallbackParser) -> CallbackParser:
    assert_type(parser.credentials, tuple[Credentials, ...])
    assert_type(parser.cipher, BodyCipher | None)
    assert_type(parser.max_body_size, int)
    assert_type(parser.credentials[0].prefixes, frozenset[str] | None)
    assert_type(parser.credentials[0].authentication, tuple[str, ...])
    return CallbackParser(parser.credentials, cipher=parser.cipher, max_body_size=parser.max_body_size)


def endpoint(parser: CallbackParser, body: bytes | bytearray | memoryview | str) -> Response:
    result = parser.receive(body)
    assert_type(result, Result)
    match result:
        case Accepted(callback):
            assert_type(callback, PayoutCallback)
            assert_type(result.used_newest_key, bool)
            assert_type(result.used_newest_secret, bool)
        case Quarantined(error):
            assert_type(error, InvalidCallbackError)
            assert_type(result.used_newest_secret, bool)
        case Rejected(error):
            assert_type(error, CallbackError)
        case _:
            assert_never(result)
    response = result.respond()
    assert_type(response, Response)
    assert_type(response.status, int)
    assert_type(response.body, bytes)
    assert_type(response.content_type, str)
    return result.respond(at=datetime.now())


def read(parser: CallbackParser, body: bytes) -> PayoutCallback | None:
    try:
        callback = parser.parse(body)
    except InvalidCallbackError as error:
        assert_type(error.errors, tuple[FieldError, ...])
        assert_type(error.errors[0].field, str)
        assert_type(error.errors[0].code, ErrorCode)
        assert_type(error.errors[0].message, str)
        assert_type(error.payload, Mapping[str, object])
        assert_type(error.control_number, ControlNumber | None)
        assert_type(error.digest, str)
        return parser.revalidate(error.payload)
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
    assert_type(callback.pay_type.is_final, bool)
    assert_type(callback.deal_time, datetime)
    assert_type(callback.fail_description, str | None)
    assert_type(callback.reference_number, str | None)
    assert_type(callback.extra, Mapping[str, object])
    assert_type(callback.idempotency_key, str)
    assert_type(callback.digest, str)
    assert_type(callback.idempotency_key[:IDEMPOTENCY_KEY_MAX_LENGTH], str)
    assert_type(callback.to_dict(), dict[str, object])
    return PayoutCallback.from_dict(callback.to_dict())


def history(callbacks: list[PayoutCallback]) -> PayoutHistory:
    one = PayoutHistory(callbacks)
    assert_type(one.control_number, ControlNumber)
    assert_type(one.events, tuple[PayoutCallback, ...])
    assert_type(one.status, PayoutStatus)
    assert_type(one.anomalies, frozenset[Anomaly])
    assert_type(one.reference_number, str | None)
    assert_type(one.fail_description, str | None)
    return one


def response(at: datetime) -> bytes:
    acknowledgement = acknowledge(at)
    assert_type(acknowledgement, Acknowledgement)
    assert_type(acknowledgement.response_time, datetime)
    assert_type(acknowledgement.to_dict(), dict[str, str])
    assert_type(acknowledge().to_json(), bytes)
    return acknowledgement.to_json()


def number(text: str) -> ControlNumber:
    return ControlNumber(text)


def schemas() -> None:
    assert_type(schema.callback(), dict[str, object])
    assert_type(schema.acknowledgement(), dict[str, object])


def encrypt(keys: list[str], body: bytes | str) -> bytes:
    return BodyCipher(keys).encrypt(BodyCipher(keys).decrypt(body))
