"""``CallbackParser``: what it is built with, what passes through it, and ``revalidate``."""

from __future__ import annotations

import copy
import json
import pickle
import signal
import sys
from collections import UserDict, deque
from collections.abc import Callable
from traceback import walk_tb
from types import FrameType, MappingProxyType, SimpleNamespace
from typing import Any, NoReturn

import pytest
from attrs import evolve
from attrs.exceptions import FrozenInstanceError

from skypay_payout import (
    Accepted,
    CallbackError,
    CallbackParser,
    Credentials,
    ErrorCode,
    InvalidCallbackError,
    MalformedBodyError,
    PayoutCallback,
    PayType,
    _callback,
)
from skypay_payout._fields import ACTION, InvalidField, Rule
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import AUTHENTICATION, CREDENTIALS, SAMPLE, USER_NAME, body, encode, payload
from tests.support.callbacks import NEW, OLD, PARSER, ROTATING, field_errors, malformed, outcome, with_fields
from tests.support.exposure import PACKAGE, exposed

FULL = CallbackParser(
    [
        Credentials(USER_NAME, ["old-secret", AUTHENTICATION], prefixes="SK991"),
        Credentials("Two@skypay", ["two", "two-new"], prefixes=["SKY99", "SKY88"]),
    ],
    cipher=ROTATING.cipher,
    max_body_size=1000,
)
PLAIN = evolve(FULL, cipher=None)
STRUCTURER: Any = _callback.structurer.__wrapped__

ONCE = (
    "credentials: expected each user name once, got one several times: put all secrets and prefixes of an "
    "account into one Credentials"
)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        *(
            (
                {"credentials": [Credentials("n", "a", prefixes=one), Credentials("n", other)]},
                ValueError,
                ONCE,
            )
            for one, other in ((None, "b"), (None, "a"), ("SKY99", "b"))
        ),
        *(
            (
                {"max_body_size": it},
                ValueError,
                f"max_body_size: expected a number of bytes from 1 upwards, got {it!r}",
            )
            for it in (0, -1, 1.5, None, "1", True)
        ),
        *(
            ({"cipher": it}, TypeError, f"cipher: expected one BodyCipher or None, got {type(it).__name__}")
            for it in ([], [NEW], "a key", NEW.keys[0])
        ),
    ],
)
def test_wrong_arguments_are_an_error_at_once(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as caught:
        CallbackParser(**{"credentials": CREDENTIALS} | arguments)
    assert str(caught.value.args[0]).startswith(message)
    assert caught.value.__context__ is None


def test_cipher_and_limit_are_named() -> None:
    build: Any = CallbackParser
    with pytest.raises(TypeError):
        build(CREDENTIALS, NEW)


def test_one_account_is_as_good_as_any_sequence_of_one() -> None:
    for credentials in (CREDENTIALS, [CREDENTIALS], (CREDENTIALS,), deque([CREDENTIALS])):
        parser = CallbackParser(credentials)
        assert parser.credentials == (CREDENTIALS,)
        assert parser.parse(SAMPLE) == PARSER.parse(SAMPLE)


def test_a_parser_is_immutable_equal_to_itself_alone_and_shows_no_secret() -> None:
    parser: Any = CallbackParser(Credentials("n", "a-secret"), cipher=NEW)
    assert parser == parser
    assert parser != CallbackParser(parser.credentials, cipher=NEW)
    with pytest.raises(FrozenInstanceError):
        parser.max_body_size = 1
    assert repr(parser) == (
        "CallbackParser(credentials=(Credentials(user_name='n', prefixes=None),), max_body_size=65536)"
    )
    assert "a-secret" not in repr(parser._logins)


def bodies() -> list[bytes]:
    two = {"userName": "Two@skypay", "controlNumber": "SKY9912345678"}
    texts = [
        *[SAMPLE, body(authentication="old-secret"), body(controlNumber="SKY9912345678"), body(7)],
        *[with_fields(two | {"authentication": secret}) for secret in ("two", "two-new", AUTHENTICATION)],
        with_fields(two | {"authentication": "two", "controlNumber": "SK99123456789"}),
        *[body(authentication="x"), body(x="y" * 800), b"{}"],
    ]
    return [cipher.encrypt(text) for cipher in (OLD, NEW) for text in texts]


@pytest.mark.parametrize(
    "rebuild",
    [
        lambda parser: pickle.loads(pickle.dumps(parser)),  # noqa: S301
        copy.copy,
        copy.deepcopy,
        lambda parser: evolve(parser, max_body_size=parser.max_body_size),
        lambda parser: CallbackParser(parser.credentials, cipher=parser.cipher, max_body_size=1000),
    ],
    ids=["pickle", "copy", "deepcopy", "evolve", "rebuild"],
)
def test_a_parser_that_is_moved_or_rebuilt_decides_the_same(
    rebuild: Callable[[CallbackParser], CallbackParser],
) -> None:
    again = rebuild(FULL)
    at = FULL.parse(bodies()[0]).deal_time
    for sent in bodies():
        one, other = FULL.receive(sent), again.receive(sent)
        assert (type(one), repr(one), one.respond(at)) == (type(other), repr(other), other.respond(at))


def test_a_parser_evolves() -> None:
    assert isinstance(PLAIN.receive(SAMPLE), Accepted)
    other = evolve(FULL, credentials=Credentials(USER_NAME, "other"))
    assert isinstance(other.receive(NEW.encrypt(body(authentication="other"))), Accepted)
    assert not isinstance(other.receive(NEW.encrypt(SAMPLE)), Accepted)
    assert malformed(b"x" * 11, evolve(PARSER, max_body_size=10)) is ErrorCode.TOO_LARGE


def test_each_account_has_its_own_prefixes() -> None:
    for user_name, secret, own, others in (
        (USER_NAME, AUTHENTICATION, "SK991", "SKY99"),
        ("Two@skypay", "two", "SKY99", "SK991"),
        ("Two@skypay", "two-new", "SKY88", "SK991"),
    ):
        account = {"userName": user_name, "authentication": secret}
        assert isinstance(PLAIN.receive(with_fields(account | {"controlNumber": f"{own}23456789"})), Accepted)
        wrong = with_fields(account | {"controlNumber": f"{others}23456789"})
        assert field_errors(wrong, PLAIN) == [("controlNumber", ErrorCode.UNEXPECTED_PREFIX)]


def test_the_limit_is_checked_before_decryption(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skypay_payout._parser.decrypt_object", None)
    with pytest.raises(MalformedBodyError, match=r"expected at most 1000 bytes \(max_body_size\)"):
        FULL.parse(b"A" * 1001)


# What is not about the callback passes through: it must neither be quarantined nor acknowledged.


class SoftTimeLimit(Exception):
    """What a host program raises in a signal handler, as Celery does."""


VALUES = {
    "userName": USER_NAME,
    "action": "another",
    "controlNumber": "SK99123456789",
    "payType": "2",
    "dealTime": "2018-08-07 11:58:33",
    "failDescription": "why",
    "referenceNumber": "MLA1",
}
STORED = {name: value for name, value in (payload() | VALUES).items() if name != "authentication"}
USES: dict[str, Callable[[CallbackParser], object]] = {
    "receive": lambda parser: parser.receive(with_fields(VALUES)),
    "parse": lambda parser: parser.parse(with_fields(VALUES)),
    "revalidate": lambda parser: parser.revalidate(STORED),
    "from_dict": lambda _: PayoutCallback.from_dict(STORED),
}


@pytest.fixture
def parser_with(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable[..., object]], CallbackParser]:
    """What builds a parser with another reader of one field."""

    def build(name: str, read: Callable[..., object]) -> CallbackParser:
        wire_fields = {
            attribute: SimpleNamespace(metadata={**one.metadata, "rule": Rule(read, {})})
            if one.metadata["name"] == name
            else one
            for attribute, one in _callback._WIRE_FIELDS.items()
        }
        monkeypatch.setattr(_callback, "_WIRE_FIELDS", wire_fields)
        if name == "controlNumber":
            monkeypatch.setattr("skypay_payout._fields.control_number_reader", lambda _: read)
        if name == "action":
            monkeypatch.setattr("skypay_payout._fields.read_action", read)
        for module in ("_callback", "_parser"):
            monkeypatch.setattr(f"skypay_payout.{module}.structurer", STRUCTURER)
        return CallbackParser(CREDENTIALS)

    return build


@pytest.mark.parametrize(
    "error",
    [
        *[MemoryError(), TimeoutError(), ImportError("x"), KeyError("x"), AttributeError("x")],
        *[RuntimeError(), RecursionError(), AssertionError(), TypeError("x"), ValueError("x")],
        *[KeyboardInterrupt(), SystemExit()],
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_any_other_error_inside_a_reader_passes_through(
    parser_with: Callable[..., CallbackParser],
    use: Callable[[CallbackParser], object],
    name: str,
    error: BaseException,
) -> None:
    def read(*_: object) -> NoReturn:
        raise error

    parser = parser_with(name, read)
    with pytest.raises(type(error)) as caught:
        use(parser)
    assert caught.value is error


@pytest.mark.parametrize("time", range(2))
@pytest.mark.parametrize("name", VALUES)
def test_an_exception_that_a_signal_raises_inside_a_reader_passes_through(
    parser_with: Callable[..., CallbackParser], name: str, time: int
) -> None:
    def handler(_: int, __: FrameType | None) -> None:
        raise SoftTimeLimit

    def read(*_: object) -> NoReturn:
        times.append(name)
        if len(times) > time:
            signal.raise_signal(signal.SIGINT)
        raise InvalidField(ErrorCode.EMPTY, "")

    times: list[str] = []
    parser = parser_with(name, read)
    before = signal.signal(signal.SIGINT, handler)
    fields = VALUES | ({"action": ACTION} if time and name != "action" else {})
    try:
        if time and name == "action":  # which is read only once
            assert not isinstance(parser.receive(with_fields(fields)), Accepted)
        else:
            with pytest.raises(SoftTimeLimit):
                parser.receive(with_fields(fields))
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_key_error_of_a_moment_is_no_missing_field(parser_with: Callable[..., CallbackParser]) -> None:
    def read(*_: object) -> object:
        times.append("read")
        if len(times) == 1:
            raise KeyError("payType")
        return 1

    times: list[str] = []
    with pytest.raises(KeyError, match="payType"):
        parser_with("payType", read).receive(body())


def test_a_module_that_cannot_be_imported_is_no_fault_of_the_callback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent = body(dealTime="2018-08-07T11:58:33+07:75")
    assert field_errors(sent) == [("dealTime", ErrorCode.INVALID_DATETIME)]
    monkeypatch.setitem(sys.modules, "dateutil.parser", None)
    with pytest.raises(ImportError, match="dateutil"):
        PARSER.receive(sent)


# Quarantine.


def invalid_payload(parser: CallbackParser, sent: bytes) -> dict[str, object]:
    error = outcome(parser, sent)
    assert isinstance(error, InvalidCallbackError)
    return dict(error.payload)


@pytest.mark.parametrize("wrap", [dict, MappingProxyType, UserDict, lambda one: json.loads(json.dumps(one))])
def test_a_corrected_payload_gives_the_callback_that_parse_would_have_given(wrap: Any) -> None:
    extra: dict[str, object] = {"note": "half \ud83d", "a\udfff": ["\ud800", {"x": 1.5, "y": None}]}
    fields = {"controlNumber": "SK99123456789", "payType": "2", **extra}
    quarantined = invalid_payload(PARSER, with_fields(fields | {"payType": "7", "dealTime": "yesterday"}))
    callback = PARSER.revalidate(wrap(quarantined | {"payType": "2", "dealTime": "2018-08-07 11:58:33"}))
    parsed = PARSER.parse(with_fields(fields))
    assert (callback, repr(callback)) == (parsed, repr(parsed))
    assert callback.pay_type is PayType.PAYOUT


def test_revalidate_needs_no_secret_and_no_key() -> None:
    quarantined = invalid_payload(FULL, NEW.encrypt(body(7, authentication="old-secret")))
    other = CallbackParser(Credentials(USER_NAME, "another-secret"), cipher=BodyCipher("another key"))
    assert other.revalidate(quarantined | {"payType": 1}).pay_type is PayType.UPLOAD


def test_what_is_still_invalid_raises_with_the_same_digest_and_a_copy_of_the_payload() -> None:
    quarantined = invalid_payload(PARSER, body(7, x=[1]))
    with pytest.raises(InvalidCallbackError) as caught:
        PARSER.revalidate(quarantined)
    assert caught.value.payload == quarantined
    assert caught.value.payload["x"] is not quarantined["x"]
    assert caught.value.digest == InvalidCallbackError((), quarantined).digest
    assert [(it.field, it.code) for it in caught.value.errors] == [("payType", ErrorCode.UNKNOWN_STATUS)]


def test_revalidate_keeps_the_prefixes_of_the_account() -> None:
    quarantined = invalid_payload(PLAIN, body(7))
    for user_name, number, valid in (
        (USER_NAME, "SK99123456789", True),
        (USER_NAME, "SKY9912345678", False),
        ("Two@skypay", "SKY8812345678", True),
        ("Two@skypay", "SK99123456789", False),
    ):
        fields = {"userName": user_name, "controlNumber": number, "payType": 1}
        if valid:
            assert PLAIN.revalidate(quarantined | fields).control_number == number
        else:
            with pytest.raises(InvalidCallbackError, match="expected one of the account's . prefixes"):
                PLAIN.revalidate(quarantined | fields)


def test_revalidate_redacts_as_parse_does() -> None:
    fields = invalid_payload(PARSER, body(7)) | {"payType": 1, "x": f"now {AUTHENTICATION}"}
    assert PARSER.revalidate(fields).extra == {"x": "now [redacted]"}
    with pytest.raises(InvalidCallbackError) as caught:
        PARSER.revalidate(fields | {"payType": AUTHENTICATION})
    assert AUTHENTICATION not in f"{caught.value} {caught.value.payload} {caught.value.errors}"


RAW = "payload: expected no authentication, got a raw callback: use receive or parse"
ACCOUNT = "payload: expected the userName of one of the parser's accounts, got another"
MAPPING = "payload: expected a mapping from quarantine, got "
GOOD = {name: value for name, value in payload().items() if name != "authentication"}


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        *((fields, ValueError, RAW) for fields in (payload(), GOOD | {"authentication": None})),
        *(
            (GOOD | {"userName": name}, ValueError, ACCOUNT)
            for name in ("Other@skypay", None, "", [USER_NAME])
        ),
        ({}, ValueError, ACCOUNT),
        *(
            (fields, TypeError, f"{MAPPING}{type(fields).__name__}")
            for fields in (SAMPLE, SAMPLE.decode(), None, [("userName", USER_NAME)])
        ),
    ],
)
def test_revalidate_takes_a_quarantined_payload_and_nothing_else(
    fields: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as caught:
        PARSER.revalidate(fields)
    assert (type(caught.value), str(caught.value)) == (error, message)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("name", ["action", "controlNumber", "payType", "dealTime", "referenceNumber"])
def test_a_payload_without_a_field_is_as_valid_as_the_body_is(name: str) -> None:
    fields = {key: value for key, value in GOOD.items() if key != name}
    try:
        revalidated: object = PARSER.revalidate(fields)
    except InvalidCallbackError as error:
        revalidated = error.errors
    expected = outcome(PARSER, encode(fields | {"authentication": AUTHENTICATION}))
    assert revalidated == (expected.errors if isinstance(expected, InvalidCallbackError) else expected)


@pytest.mark.parametrize(
    "sent",
    [
        *[body(7), body(authentication="x"), body()[:-1], body()[:-1] + b',"payType":"1"}'],
        *[body(x="\ud800" * 20_000), body(x=json.loads("[" * 70 + "]" * 70)), b"\xff" + body()],
    ],
    ids=["invalid", "not authenticated", "cut short", "duplicate", "too large", "too deep", "not UTF-8"],
)
@pytest.mark.parametrize("form", [bytes, bytearray, memoryview], ids=lambda form: form.__name__)
@pytest.mark.parametrize("parser", [PARSER, evolve(PARSER, cipher=NEW)], ids=["plain", "encrypted"])
def test_no_frame_and_no_attribute_of_what_parse_raises_holds_the_body(
    parser: CallbackParser, form: Callable[[bytes], Any], sent: bytes
) -> None:
    received = form(sent if parser.cipher is None else NEW.encrypt(sent))
    with pytest.raises(CallbackError) as caught:
        parser.parse(received)
    frames = [frame for frame, _ in walk_tb(caught.value.__traceback__)]
    inside = [frame for frame in frames if frame.f_code.co_filename.startswith(PACKAGE)]
    assert [frame.f_code.co_name for frame in inside] == ["parse"]
    assert set(inside[0].f_locals) == {"self"}
    assert AUTHENTICATION not in exposed(caught.value)
    result = parser.receive(received)
    assert not isinstance(result, Accepted)
    assert result.error.__traceback__ is None
    assert result.error.__context__ is result.error.__cause__ is None
