"""``Credentials``: one account, its secrets compared in constant time and never shown."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import pytest
from attrs.exceptions import FrozenInstanceError

from skypay_payout import AuthenticationError, CallbackParser, Credentials, PayoutCallback
from skypay_payout._credentials import as_tuple, login
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import AUTHENTICATION, CREDENTIALS, USER_NAME, body
from tests.support.callbacks import outcome, short, without

SECRET = AUTHENTICATION
NONE = "expected text, got none: is its setting filled in?"
LONG = "expected at most 50 characters, got 51"
HALF = "expected text, got a lone surrogate, which no body can carry"
PREFIX = "prefixes: expected 5 ASCII letters or digits each, such as 'SKY99', got others"


@pytest.mark.parametrize("value", ["ab", ["ab"], ("ab",), deque(["ab"])])
def test_one_value_is_as_good_as_any_sequence_of_one(value: object) -> None:
    assert as_tuple("name", value, str) == ("ab",)


WHERE_ORDER_MATTERS: dict[str, tuple[type, Callable[[Any], object]]] = {
    "authentication": (str, lambda value: Credentials("n", value)),
    "keys": (str, BodyCipher),
    "credentials": (Credentials, CallbackParser),
}


@pytest.mark.parametrize(("name", "kind", "build"), [(n, *it) for n, it in WHERE_ORDER_MATTERS.items()])
def test_where_order_means_oldest_to_newest_a_value_is_one_or_a_sequence(
    name: str, kind: type, build: Callable[[Any], object]
) -> None:
    expected = f"{name}: expected one {kind.__name__} or a sequence of them, oldest first, got"
    good = CREDENTIALS if kind is Credentials else SECRET
    wrong: list[tuple[object, str]] = [
        *[({good}, "set"), (frozenset({good}), "frozenset"), ({good: 1}, "dict")],
        *[({good: 1}.keys(), "dict_keys")],
        *[({good: 1}.values(), "dict_values"), (SECRET.encode(), "bytes"), (bytearray(b"x"), "bytearray")],
        *[(iter([good]), "list_iterator"), ((one for one in [good]), "generator"), (None, "NoneType")],
        *[(1, "int")],
        *[([good, 1], "int in it"), ([b"x"], "bytes in it"), ([[good]], "list in it")],
        *[(memoryview(b"x"), "int in it")],
    ]
    for value, got in wrong:
        with pytest.raises(TypeError) as caught:
            build(value)
        assert str(caught.value) == f"{expected} {got}"
    for nothing in (list[str](), (), deque[str]()):
        with pytest.raises(ValueError, match=f"^{expected} none$"):
            build(nothing)


def test_several_values_keep_their_order_and_prefixes_have_none() -> None:
    assert Credentials("n", "one").authentication == ("one",)
    assert Credentials("n", deque(["old", "new"])).authentication == ("old", "new")
    assert Credentials("n", "x").prefixes is None
    for prefixes in (
        ["SKY99", "SK991"],
        ("SK991", "SKY99"),
        {"SKY99", "SK991"},
        frozenset({"SKY99", "SK991"}),
    ):
        assert Credentials("n", "x", prefixes=prefixes).prefixes == frozenset({"SKY99", "SK991"})
    assert Credentials("n", "x", prefixes="SKY99").prefixes == frozenset({"SKY99"})


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"user_name": None}, TypeError, "user_name: expected a str, got NoneType"),
        ({"user_name": 1}, TypeError, "user_name: expected a str, got int"),
        ({"user_name": ""}, ValueError, f"user_name: {NONE}"),
        ({"user_name": "n" * 51}, ValueError, f"user_name: {LONG}"),
        ({"user_name": "\udfff"}, ValueError, f"user_name: {HALF}"),
        ({"authentication": ""}, ValueError, f"authentication: {NONE}"),
        ({"authentication": [SECRET, ""]}, ValueError, f"authentication: {NONE}"),
        ({"authentication": SECRET + "x" * 15}, ValueError, f"authentication: {LONG}"),
        ({"authentication": f"{SECRET}\ud800"}, ValueError, f"authentication: {HALF}"),
        *(
            (
                {"prefixes": wrong},
                TypeError,
                f"prefixes: expected one str or a sequence of them, oldest first, {got}",
            )
            for wrong, got in (
                ({"SKY99": 1}, "got dict"),
                (b"SKY99", "got bytes"),
                (1, "got int"),
                ([1], "got int in it"),
            )
        ),
        *(
            (
                {"prefixes": none},
                ValueError,
                "prefixes: expected one str or a sequence of them, oldest first, got none",
            )
            for none in (list[str](), set[str]())
        ),
        *(
            ({"prefixes": ["SKY99", prefix]}, ValueError, PREFIX)
            for prefix in ("", "SKY9", "SKY999", "SKY99\n", "SKY**", "SKY-9", "SKYÄ9", "SKY9９", SECRET)
        ),
    ],
    ids=short,
)
def test_anything_else_is_an_error_that_never_contains_the_secret(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as caught:
        Credentials(**{"user_name": "n", "authentication": SECRET} | arguments)
    assert str(caught.value) == message
    assert SECRET not in f"{caught.value!r} {caught.value.__context__!r}"


def test_prefixes_are_named_so_that_a_secret_is_never_taken_for_one() -> None:
    build: Any = Credentials
    with pytest.raises(TypeError):
        build("n", "secret", "SKY99")


def test_credentials_are_immutable_equal_to_themselves_alone_and_show_no_secret() -> None:
    credentials: Any = Credentials(USER_NAME, [SECRET, "another-secret"])
    assert credentials == credentials
    assert credentials != Credentials(USER_NAME, [SECRET, "another-secret"])
    with pytest.raises(FrozenInstanceError):
        credentials.authentication = ("x",)
    shown = "Credentials(user_name='AppName@skypay', prefixes=None)"
    assert repr(credentials) == str(credentials) == shown
    assert shown in repr(CallbackParser(credentials))


PARSER = CallbackParser(
    [
        Credentials("One@skypay", ["old-secret", "new-secret"]),
        Credentials("n" * 50, "密" * 50),
        Credentials("ab", "cd"),
        Credentials("应用@skypay", "密钥"),
    ]
)
KNOWN = [
    *[("One@skypay", "old-secret"), ("One@skypay", "new-secret"), ("n" * 50, "密" * 50), ("ab", "cd")],
    ("应用@skypay", "密钥"),
]
UNKNOWN: list[tuple[object, object]] = [
    *[("One@skypay", "cd"), ("ab", "old-secret"), ("One@skypay", "older-secret")],
    *[("One@skypay", "OLD-SECRET")],
    *[("One@skypay", "old-secretnew-secret"), ("one@skypay", "old-secret"), ("One@skypay", "old-secret ")],
    *[("One@skypay ", "old-secret"), ("One@skypay", "old-secre"), ("One@skypay", ""), ("", "")],
    *[("a", "bcd"), ("abc", "d"), ("abcd", ""), ("", "abcd"), ("ab\xff", "cd"), ("ab\xffcd", "")],
    *[("ab", "\xffcd")],
    *[("ab", None), (None, "cd"), (None, None), ("ab", 1), (1, "cd"), (True, False), (1.5, 1e300)],
    *[("ab", ["cd"]), (["ab"], "cd"), ({"ab": 1}, "cd"), ("ab", {"cd": 1}), ([], []), ({}, {})],
    *[("应用@skypay", "密钥\ud800"), ("\ud800", "cd"), ("ab", "\ud800"), ("n" * 51, "密" * 50)],
    *[("n" * 50, "密" * 51)],
]


def test_every_configured_account_and_secret_is_accepted() -> None:
    for user_name, secret in KNOWN:
        callback = outcome(PARSER, body(userName=user_name, authentication=secret))
        assert isinstance(callback, PayoutCallback)
        assert callback.user_name == user_name


@pytest.mark.parametrize(
    "sent",
    [
        *(body(userName=user_name, authentication=secret) for user_name, secret in UNKNOWN),
        *(without(*names) for names in (["userName"], ["authentication"], ["userName", "authentication"])),
        *[body(authentication="x", payType=9, dealTime=0), b"{}"],
    ],
)
def test_whatever_is_missing_or_wrong_the_error_is_the_same(sent: bytes) -> None:
    error = outcome(PARSER, sent)
    assert isinstance(error, AuthenticationError)
    assert (str(error), error.args) == (str(AuthenticationError()), ())


def test_another_pair_is_another_login_and_what_no_secret_can_be_is_none() -> None:
    logins = [login(*pair) for pair in KNOWN + UNKNOWN]
    assert len({*logins[: len(KNOWN)]}) == len(KNOWN)
    assert not {*logins[: len(KNOWN)]} & {*logins[len(KNOWN) :]}
    for wrong in (("\ud800", "x"), ("x", "\ud800"), (None, "x"), ("x", 1), ("x" * 51, "x"), ("x", "x" * 51)):
        assert login(*wrong) == b""
