"""``CallbackParser``: what it is built with, and ``revalidate``."""

from __future__ import annotations

import json
import pickle
from collections import UserDict
from collections.abc import Callable
from functools import partial
from traceback import walk_tb
from types import MappingProxyType
from typing import Any

import pytest
from attrs import evolve
from attrs.exceptions import FrozenInstanceError

from skypay_payout import (
    Accepted,
    CallbackError,
    CallbackParser,
    Credentials,
    DecryptionError,
    ErrorCode,
    InvalidCallbackError,
    MalformedBodyError,
    PayType,
)
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import AUTHENTICATION, CREDENTIALS, SAMPLE, USER_NAME, body, encode, payload
from tests.support.callbacks import PARSER, field_errors, malformed, outcome, with_fields
from tests.support.counting import python_calls
from tests.support.exposure import PACKAGE, exposed

CIPHER = BodyCipher(["old key", "new key"])
FULL = CallbackParser(
    [
        Credentials(USER_NAME, ["old-secret", AUTHENTICATION], prefixes="SK991"),
        Credentials("Two@skypay", "two", prefixes=["SKY99", "SKY88"]),
        Credentials("Two@skypay", "two-new", prefixes=["SKY88", "SKY99"]),
    ],
    cipher=CIPHER,
    max_body_size=1000,
)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"credentials": []}, ValueError, "credentials: expected one Credentials or several, got none"),
        ({"credentials": ["x"]}, TypeError, "credentials: expected one Credentials or several, got str"),
        ({"credentials": "x"}, TypeError, "credentials: expected one Credentials or several, got str"),
        ({"credentials": None}, TypeError, "credentials: expected one Credentials or several, got NoneType"),
        (
            {"credentials": [Credentials("n", "a", prefixes="SKY99"), Credentials("n", "b")]},
            ValueError,
            "credentials: expected one set of prefixes for a user name, got several: put all secrets and "
            "prefixes of an account into one Credentials",
        ),
        (
            {
                "credentials": [
                    Credentials("n", "a", prefixes="SKY99"),
                    Credentials("n", "b", prefixes=["SKY99", "SKY88"]),
                ]
            },
            ValueError,
            "credentials: expected one set of prefixes for a user name, got several: put all secrets and "
            "prefixes of an account into one Credentials",
        ),
        *(
            (
                {"max_body_size": size},
                ValueError,
                f"max_body_size: expected a number of bytes from 1 upwards, got {size}",
            )
            for size in (0, -1, 1.5, True, None)
        ),
        ({"cipher": []}, TypeError, "cipher: expected one BodyCipher or None, got list"),
        ({"cipher": [CIPHER]}, TypeError, "cipher: expected one BodyCipher or None, got list"),
        ({"cipher": "a key"}, TypeError, "cipher: expected one BodyCipher or None, got str"),
    ],
)
def test_wrong_arguments_are_an_error_at_once(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as caught:
        CallbackParser(**{"credentials": CREDENTIALS} | arguments)
    assert str(caught.value) == message


def test_cipher_and_limit_are_named() -> None:
    build: Any = CallbackParser
    with pytest.raises(TypeError):
        build(CREDENTIALS, CIPHER)


def test_one_account_is_as_good_as_any_iterable_of_one() -> None:
    for credentials in (CREDENTIALS, [CREDENTIALS], iter([CREDENTIALS])):
        parser = CallbackParser(credentials)
        assert parser.credentials == (CREDENTIALS,)
        assert parser.parse(SAMPLE) == PARSER.parse(SAMPLE)


def test_a_parser_is_immutable_equal_to_itself_alone_and_shows_no_secret() -> None:
    parser: Any = CallbackParser(Credentials("n", "a-secret"), cipher=CIPHER)
    assert parser == parser
    assert parser != CallbackParser(parser.credentials, cipher=CIPHER)
    with pytest.raises(FrozenInstanceError):
        parser.max_body_size = 1
    assert repr(parser) == (
        "CallbackParser(credentials=(Credentials(user_name='n', prefixes=None),), max_body_size=65536)"
    )


def bodies() -> list[bytes]:
    two = {"userName": "Two@skypay", "controlNumber": "SKY9912345678"}
    texts = [
        SAMPLE,
        body(authentication="old-secret"),
        with_fields(two | {"authentication": "two"}),
        with_fields(two | {"authentication": "two-new"}),
        with_fields(two | {"authentication": "two", "controlNumber": "SK99123456789"}),
        body(controlNumber="SKY9912345678"),
        body(7),
        body(authentication="x"),
        body(x="y" * 800),
    ]
    return [BodyCipher(key).encrypt(text) for key in ("old key", "new key") for text in texts]


@pytest.mark.parametrize(
    "rebuild",
    [
        lambda parser: pickle.loads(pickle.dumps(parser)),  # noqa: S301
        evolve,
        lambda parser: evolve(parser, max_body_size=parser.max_body_size),
        lambda parser: CallbackParser(parser.credentials, cipher=parser.cipher, max_body_size=1000),
    ],
    ids=["pickle", "evolve", "evolve with an argument", "rebuild"],
)
def test_a_parser_that_is_moved_or_rebuilt_decides_the_same(
    rebuild: Callable[[CallbackParser], CallbackParser],
) -> None:
    again = rebuild(FULL)
    for sent in bodies():
        one, other = FULL.receive(sent), again.receive(sent)
        assert type(one) is type(other)
        assert repr(one) == repr(other)
        at = FULL.parse(bodies()[0]).deal_time
        assert one.respond(at) == other.respond(at)


def test_a_parser_evolves() -> None:
    assert isinstance(evolve(FULL, cipher=None).receive(SAMPLE), Accepted)
    other = evolve(FULL, credentials=Credentials(USER_NAME, "other"))
    assert isinstance(other.receive(CIPHER.encrypt(body(authentication="other"))), Accepted)
    assert not isinstance(other.receive(CIPHER.encrypt(SAMPLE)), Accepted)
    assert malformed(b"x" * 11, evolve(PARSER, max_body_size=10)) is ErrorCode.TOO_LARGE


def test_each_account_has_its_own_prefixes() -> None:
    plain = evolve(FULL, cipher=None)
    for user_name, secret, own, others in (
        (USER_NAME, AUTHENTICATION, "SK991", "SKY99"),
        ("Two@skypay", "two", "SKY99", "SK991"),
        ("Two@skypay", "two-new", "SKY88", "SK991"),
    ):
        account = {"userName": user_name, "authentication": secret}
        assert isinstance(plain.receive(with_fields(account | {"controlNumber": f"{own}23456789"})), Accepted)
        wrong = with_fields(account | {"controlNumber": f"{others}23456789"})
        assert field_errors(wrong, plain) == [("controlNumber", ErrorCode.UNEXPECTED_PREFIX)]


def test_the_prefix_of_one_account_stands_beside_its_other_errors() -> None:
    plain = evolve(FULL, cipher=None)
    assert field_errors(body(7, controlNumber="SKY9912345678", dealTime=""), plain) == [
        ("controlNumber", ErrorCode.UNEXPECTED_PREFIX),
        ("payType", ErrorCode.UNKNOWN_STATUS),
        ("dealTime", ErrorCode.EMPTY),
    ]


def test_with_a_cipher_plain_json_is_not_accepted() -> None:
    for sent in (SAMPLE, SAMPLE.decode(), body(), b"{}", b""):
        with pytest.raises(DecryptionError):
            FULL.parse(sent)


def test_the_limit_is_checked_before_decryption(monkeypatch: pytest.MonkeyPatch) -> None:
    decrypted: list[object] = []

    def decrypt_object(*arguments: object) -> object:
        decrypted.append(arguments)
        raise DecryptionError

    monkeypatch.setattr("skypay_payout.encryption.decrypt_object", decrypt_object)
    with pytest.raises(MalformedBodyError, match=r"expected at most 1000 bytes \(max_body_size\)"):
        FULL.parse(b"A" * 1001)
    assert not decrypted
    with pytest.raises(DecryptionError):
        FULL.parse(b"A" * 1000)
    assert decrypted


def invalid_payload(parser: CallbackParser, sent: bytes) -> dict[str, object]:
    error = outcome(parser, sent)
    assert isinstance(error, InvalidCallbackError)
    return dict(error.payload)


@pytest.mark.parametrize("wrap", [dict, MappingProxyType, UserDict, lambda one: json.loads(json.dumps(one))])
def test_a_corrected_payload_gives_the_callback_that_parse_would_have_given(wrap: Any) -> None:
    extra: dict[str, object] = {"note": "half \ud83d", "a\udfff": ["\ud800", {"x": 1.5, "y": None}]}
    fields = {"controlNumber": "SK99123456789", "payType": "2", **extra}
    quarantined = invalid_payload(PARSER, with_fields(fields | {"payType": "7", "dealTime": "yesterday"}))
    corrected = quarantined | {"payType": "2", "dealTime": "2018-08-07 11:58:33"}
    callback = PARSER.revalidate(wrap(corrected))
    parsed = PARSER.parse(with_fields(fields))
    assert callback == parsed
    assert repr(callback) == repr(parsed)
    assert callback.pay_type is PayType.PAYOUT


def test_revalidate_needs_no_secret_and_no_key() -> None:
    sent = CIPHER.encrypt(body(7, authentication="old-secret"))
    quarantined = invalid_payload(FULL, sent)
    other = CallbackParser(Credentials(USER_NAME, "another-secret"), cipher=BodyCipher("another key"))
    assert other.revalidate(quarantined | {"payType": 1}).pay_type is PayType.UPLOAD


def test_what_is_still_invalid_raises_with_the_same_key_and_payload() -> None:
    quarantined = invalid_payload(PARSER, body(7, x=[1]))
    with pytest.raises(InvalidCallbackError) as caught:
        PARSER.revalidate(quarantined)
    assert caught.value.payload == quarantined
    assert caught.value.payload is not quarantined
    assert caught.value.idempotency_key == InvalidCallbackError((), quarantined).idempotency_key
    assert [(error.field, error.code) for error in caught.value.errors] == [
        ("payType", ErrorCode.UNKNOWN_STATUS)
    ]


def test_revalidate_keeps_the_prefixes_of_the_account() -> None:
    plain = evolve(FULL, cipher=None)
    quarantined = invalid_payload(plain, body(7))
    for user_name, number, valid in (
        (USER_NAME, "SK99123456789", True),
        (USER_NAME, "SKY9912345678", False),
        ("Two@skypay", "SKY8812345678", True),
        ("Two@skypay", "SK99123456789", False),
    ):
        fields = {"userName": user_name, "controlNumber": number, "payType": 1}
        if valid:
            assert plain.revalidate(quarantined | fields).control_number == number
        else:
            with pytest.raises(InvalidCallbackError, match="expected one of the . prefixes configured"):
                plain.revalidate(quarantined | fields)


def test_revalidate_shares_nothing_with_the_payload() -> None:
    nested: list[object] = [1]
    fields = invalid_payload(PARSER, body(7)) | {"payType": 1, "x": nested}
    callback = PARSER.revalidate(fields)
    nested.append(2)
    assert callback.extra == {"x": [1]}


def test_revalidate_redacts_as_parse_does() -> None:
    fields = invalid_payload(PARSER, body(7)) | {"payType": 1, "x": f"now {AUTHENTICATION}"}
    assert PARSER.revalidate(fields).extra == {"x": "now [redacted]"}
    with pytest.raises(InvalidCallbackError) as caught:
        PARSER.revalidate(fields | {"payType": AUTHENTICATION})
    assert AUTHENTICATION not in f"{caught.value} {caught.value.payload} {caught.value.errors}"


RAW = "payload: expected no authentication, got a raw callback: use receive or parse"
ACCOUNT = "payload: expected the userName of one of the parser's accounts, got another"
JSON = "payload: expected values that JSON has, got others"
GOOD = {name: value for name, value in payload().items() if name != "authentication"}


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        (
            payload(),
            ValueError,
            RAW,
        ),
        (
            GOOD | {"authentication": None},
            ValueError,
            RAW,
        ),
        (
            GOOD | {"userName": "Other@skypay"},
            ValueError,
            "payload: expected the userName of one of the parser's",
        ),
        (
            GOOD | {"userName": None},
            ValueError,
            "payload: expected the userName of one of the parser's accounts",
        ),
        (
            {},
            ValueError,
            "payload: expected the userName of one of the parser's accounts, got another",
        ),
        (GOOD | {"x": object()}, ValueError, JSON),
        (GOOD | {"x": float("nan")}, ValueError, JSON),
        (GOOD | {"x": float("-inf")}, ValueError, JSON),
        (GOOD | {"x": b"bytes"}, ValueError, JSON),
        (GOOD | {"x": {(1,): 1}}, ValueError, JSON),
        (SAMPLE, TypeError, "payload: expected a mapping from quarantine, got bytes"),
        (SAMPLE.decode(), TypeError, "payload: expected a mapping from quarantine, got str"),
        (None, TypeError, "payload: expected a mapping from quarantine, got NoneType"),
        ([("userName", USER_NAME)], TypeError, "payload: expected a mapping from quarantine, got list"),
    ],
)
def test_revalidate_takes_a_quarantined_payload_and_nothing_else(
    fields: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as caught:
        PARSER.revalidate(fields)
    assert type(caught.value) is error
    assert str(caught.value).startswith(message)
    assert AUTHENTICATION not in repr(caught.value)
    assert caught.value.__context__ is None


def test_a_payload_that_contains_itself_is_not_json() -> None:
    endless: dict[str, object] = {**GOOD}
    endless["x"] = endless
    with pytest.raises(ValueError, match="^payload: expected values that JSON has, got others$"):
        PARSER.revalidate(endless)


@pytest.mark.parametrize("name", GOOD)
def test_a_payload_without_a_field_is_as_invalid_as_the_body_was(name: str) -> None:
    fields = {key: value for key, value in GOOD.items() if key != name}
    if name == "userName":
        with pytest.raises(ValueError, match="^payload: expected the userName"):
            PARSER.revalidate(fields)
    elif name == "referenceNumber":
        assert PARSER.revalidate(fields).reference_number is None
    else:
        with pytest.raises(InvalidCallbackError) as caught:
            PARSER.revalidate(fields)
        expected = outcome(PARSER, encode(fields | {"authentication": AUTHENTICATION}))
        assert isinstance(expected, InvalidCallbackError)
        assert caught.value.errors == expected.errors


def test_each_reader_is_called_once_for_each_field() -> None:
    parser = CallbackParser(Credentials(USER_NAME, AUTHENTICATION, prefixes="SK991"))
    for sent in (SAMPLE, with_fields({"payType": 7, "dealTime": "x", "x": AUTHENTICATION})):
        calls = python_calls(partial(parser.receive, sent))
        assert {name: count for name, count in calls.items() if "read" in name} == {
            "action_reader.<locals>.read": 1,
            "own_control_number_reader.<locals>.read": 1,
            "read_control_number": 1,
            "read_pay_type": 1,
            "read_deal_time": 1,
            "read_optional_text": 1,
        }
        assert calls["structurer.<locals>.structure"] == 1
        assert calls["decode"] == 1


@pytest.mark.parametrize(
    ("secret", "number"), [("100.0", b"1e2"), ("1e+16", b"10000000000000000.0"), ("0.0001", b"1e-4")]
)
def test_a_secret_that_only_the_value_of_a_number_spells_is_redacted(secret: str, number: bytes) -> None:
    parser = CallbackParser(Credentials(USER_NAME, secret))
    for fields, name in (({}, "x"), ({"payType": 7}, "x"), ({}, "dealTime")):
        sent = with_fields(fields | {"authentication": secret, name: "%"}).replace(b'"%"', number)
        result = outcome(parser, sent)
        kept = result.payload if isinstance(result, InvalidCallbackError) else result.extra  # type: ignore[union-attr]
        assert kept[name] == "[redacted]"


@pytest.mark.parametrize(
    ("fields", "is_redacted"),
    [
        ({}, False),
        ({"failDescription": "no secret"}, False),
        ({"x": ["old-secret"]}, True),
        ({"x": {"a new-secret": 1}}, True),
        ({"failDescription": "\told-secret"}, True),
        ({"failDescription": "\tno secret"}, False),
        ({"new-secret": None}, True),
        ({"x": "other-secret"}, True),
    ],
)
def test_every_secret_of_every_account_is_redacted_in_every_field(
    fields: dict[str, object], is_redacted: bool
) -> None:
    parser = CallbackParser(
        [Credentials(USER_NAME, ["old-secret", "new-secret"]), Credentials("Two@skypay", "other-secret")]
    )
    for secret in ("old-secret", "new-secret"):
        callback = parser.parse(with_fields({**fields, "authentication": secret}))
        assert ("[redacted]" in repr(callback)) is is_redacted
        assert "-secret" not in repr(callback)


@pytest.mark.parametrize(
    "sent",
    [
        body(7),
        body(authentication="x"),
        body()[:-1],
        body()[:-1] + b',"payType":"1"}',
        body(x="\ud800" * 20_000),
    ],
    ids=["invalid", "not authenticated", "cut short", "duplicate", "too large"],
)
@pytest.mark.parametrize("form", [bytes, bytearray, bytes.decode], ids=lambda form: form.__name__)
@pytest.mark.parametrize(
    "parser", [PARSER, CallbackParser(CREDENTIALS, cipher=CIPHER)], ids=["plain", "encrypted"]
)
def test_no_frame_and_no_attribute_of_what_parse_raises_holds_the_body(
    parser: CallbackParser, form: Callable[[bytes], Any], sent: bytes
) -> None:
    with pytest.raises(CallbackError) as caught:
        parser.parse(form(sent if parser.cipher is None else CIPHER.encrypt(sent)))
    frames = [frame for frame, _ in walk_tb(caught.value.__traceback__)]
    inside = [frame for frame in frames if frame.f_code.co_filename.startswith(PACKAGE)]
    assert [frame.f_code.co_name for frame in inside] == ["parse"]
    assert set(inside[0].f_locals) == {"self"}
    assert AUTHENTICATION not in exposed(caught.value)
    result = parser.receive(form(sent if parser.cipher is None else CIPHER.encrypt(sent)))
    assert not isinstance(result, Accepted)
    assert result.error.__traceback__ is None


@pytest.mark.parametrize("start", range(0, 40, 8))
def test_no_part_of_a_secret_stays_where_a_message_is_shortened(start: int) -> None:
    error = outcome(PARSER, body(dealTime="x" * start + AUTHENTICATION))
    assert isinstance(error, InvalidCallbackError)
    assert [one.message for one in error.errors] == [
        "expected what the specification says, got a value that repeats a secret and is not shown"
    ]
