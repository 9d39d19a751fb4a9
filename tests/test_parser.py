"""The parser: what it is built with, and the one-line reply."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from attrs.exceptions import FrozenInstanceError

from skypay_payout import (
    AuthenticationError,
    CallbackParser,
    ControlNumber,
    Credentials,
    DecryptionError,
    InvalidCallbackError,
    MalformedBodyError,
    PayoutCallback,
    PayType,
    acknowledge,
)
from skypay_payout.testing import CREDENTIALS, SAMPLE, body

AT = datetime(2018, 6, 18, 9, 52, 10, 521100, tzinfo=UTC)


class Reversing:
    """A cipher that anyone can read: the text backwards."""

    def decrypt(self, body: bytes) -> bytes:
        if not body.startswith(b"}"):
            raise LookupError("not reversed")
        return body[::-1]


class Sealing(Reversing):
    def encrypt(self, data: bytes) -> bytes:
        return data[::-1]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"credentials": []}, ValueError, "credentials is empty"),
        ({"credentials": ["x"]}, TypeError, "credentials is one Credentials or several, not str"),
        ({"credentials": None}, TypeError, "credentials is one Credentials or several, not NoneType"),
        ({"prefixes": []}, ValueError, "prefixes is empty"),
        ({"prefixes": ["SKY9"]}, ValueError, "'SKY9' is not a prefix; expected 5 ASCII letters or digits"),
        ({"prefixes": ["SKY99\n"]}, ValueError, "is not a prefix"),
        ({"prefixes": ["SKY99", "SKY**"]}, ValueError, "is not a prefix"),
        ({"prefixes": [1]}, TypeError, "prefixes is one str or several, not int"),
        ({"prefixes": 1}, TypeError, "prefixes is one str or several, not int"),
        ({"max_body_size": 0}, ValueError, "max_body_size is a number of bytes from 1 upwards, not 0"),
        ({"max_body_size": 1.5}, TypeError, "max_body_size is a number of bytes, not float"),
        ({"max_body_size": True}, TypeError, "max_body_size is a number of bytes, not bool"),
        ({"cipher": []}, ValueError, "cipher is empty"),
        ({"cipher": "key"}, TypeError, "cipher is one Cipher or several, not str"),
        ({"cipher": 1}, TypeError, "cipher is one Cipher or several, not int"),
    ],
)
def test_wrong_use_is_refused_at_once(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        CallbackParser(**{"credentials": CREDENTIALS, **arguments})


def test_a_parser_is_immutable() -> None:
    parser = CallbackParser(CREDENTIALS)
    with pytest.raises(FrozenInstanceError):
        parser.max_body_size = 1  # type: ignore[misc]


def test_one_account_is_as_good_as_a_list_of_one() -> None:
    assert CallbackParser([CREDENTIALS]).parse(SAMPLE) == CallbackParser(CREDENTIALS).parse(SAMPLE)


def test_one_prefix_is_as_good_as_a_list_of_one() -> None:
    assert CallbackParser(CREDENTIALS, prefixes="SKY99").prefixes == frozenset({"SKY99"})


def test_the_reply_to_a_callback_is_the_fixed_acknowledgement() -> None:
    parser = CallbackParser(CREDENTIALS)
    for status in PayType:
        assert parser.reply(parser.parse(body(status)), at=AT) == acknowledge(AT).to_json()


def test_a_callback_that_is_authenticated_but_invalid_is_acknowledged_all_the_same() -> None:
    parser = CallbackParser(CREDENTIALS)
    with pytest.raises(InvalidCallbackError) as refused:
        parser.parse(body(payType=7))
    assert parser.reply(refused.value, at=AT) == acknowledge(AT).to_json()


def test_without_a_time_the_reply_is_given_now() -> None:
    parser = CallbackParser(CREDENTIALS)
    answer = json.loads(parser.reply(parser.parse(SAMPLE)))
    assert abs(datetime.fromisoformat(answer["responseTime"] + "+08:00") - datetime.now(UTC)).days == 0


@pytest.mark.parametrize(
    "received", [AuthenticationError(), DecryptionError(), None, {"responseCode": "1000"}]
)
def test_nothing_else_is_acknowledged(received: Any) -> None:
    with pytest.raises(
        TypeError, match=f"only an authenticated callback is acknowledged, never a {type(received).__name__}"
    ):
        CallbackParser(CREDENTIALS).reply(received)


def test_a_cipher_of_several_keys_has_at_least_one() -> None:
    class Ring(Reversing):
        def __iter__(self) -> Iterator[Reversing]:
            return iter(())

    with pytest.raises(ValueError, match=r"^cipher is empty; give one Cipher or several$"):
        CallbackParser(CREDENTIALS, cipher=Ring())


def test_the_reply_goes_through_the_cipher_that_the_callback_came_through() -> None:
    parser = CallbackParser(CREDENTIALS, cipher=Sealing())
    callback = parser.parse(SAMPLE[::-1])
    assert parser.reply(callback, at=AT) == acknowledge(AT).to_json()[::-1]


def test_a_cipher_that_only_opens_cannot_seal_a_reply() -> None:
    parser = CallbackParser(CREDENTIALS, cipher=Reversing())
    with pytest.raises(TypeError, match="Reversing has no encrypt method"):
        parser.reply(parser.parse(SAMPLE[::-1]))


def test_with_a_cipher_plain_json_is_not_accepted() -> None:
    parser = CallbackParser(CREDENTIALS, cipher=Reversing())
    for plain in (SAMPLE, SAMPLE.decode(), json.loads(body())):
        with pytest.raises(DecryptionError):
            parser.parse(plain)


def test_the_limit_is_checked_before_decryption() -> None:
    class Never:
        def decrypt(self, body: bytes) -> bytes:
            raise AssertionError("decrypted a body that is too large")  # pragma: no cover

    with pytest.raises(MalformedBodyError, match="expected at most 10"):
        CallbackParser(CREDENTIALS, cipher=Never(), max_body_size=10).parse(b"x" * 11)


def test_whatever_a_cipher_raises_or_returns_is_one_and_the_same_error() -> None:
    class Gives:
        def __init__(self, text: Any) -> None:
            self.text = text

        def decrypt(self, body: bytes) -> Any:
            return self.text

    failures: set[str] = set()
    for cipher in (
        Reversing(),
        Gives(b""),
        Gives(b"hello"),
        Gives(b"[]"),
        Gives(b"\xff"),
        Gives(b"{"),
        Gives("{}"),
    ):
        with pytest.raises(DecryptionError) as refused:
            CallbackParser(CREDENTIALS, cipher=cipher).parse(b"x")
        assert refused.value.__context__ is None
        failures.add(repr((type(refused.value), refused.value.args)))
    assert len(failures) == 1


def test_a_callback_that_another_parser_opened_is_not_sealed_with_a_guess() -> None:
    callback = PayoutCallback(
        "AppName@skypay", ControlNumber("SK99123456789"), PayType.PAYOUT, AT, key_index=-2
    )
    with pytest.raises(ValueError, match="another parser opened this callback"):
        CallbackParser(CREDENTIALS, cipher=Sealing()).reply(callback)


def test_a_callback_built_by_hand_is_answered_with_the_newest_key() -> None:
    callback = PayoutCallback("AppName@skypay", ControlNumber("SK99123456789"), PayType.PAYOUT, AT)
    parser = CallbackParser(Credentials("x", "y"), cipher=Sealing())
    assert parser.reply(callback, at=AT) == acknowledge(AT).to_json()[::-1]
