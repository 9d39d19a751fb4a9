"""``Credentials``: one account, its secrets compared in constant time and never shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs.exceptions import FrozenInstanceError

from skypay_payout import AuthenticationError, CallbackParser, Credentials
from skypay_payout._credentials import login
from skypay_payout.testing import AUTHENTICATION, SAMPLE, USER_NAME, body
from tests.support.callbacks import without

SECRET = "30AC21B2-9EAA-4503-B0F0-7BE5C277ED75"
NONE = "expected text, got none: is its setting filled in?"
LONG = "expected at most 50 characters, got 51"
HALF = "expected text, got half of a surrogate pair, which no body can carry"
PREFIX = "prefixes: expected 5 ASCII letters or digits each, such as 'SKY99', got others"


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: Credentials(None, SECRET), TypeError, "user_name: expected a str, got NoneType"),  # type: ignore[arg-type]
        (lambda: Credentials(1, SECRET), TypeError, "user_name: expected a str, got int"),  # type: ignore[arg-type]
        (lambda: Credentials("", SECRET), ValueError, f"user_name: {NONE}"),
        (lambda: Credentials("n" * 51, SECRET), ValueError, f"user_name: {LONG}"),
        (lambda: Credentials("\udfff", SECRET), ValueError, f"user_name: {HALF}"),
        (lambda: Credentials("n", ""), ValueError, f"authentication: {NONE}"),
        (lambda: Credentials("n", [SECRET, ""]), ValueError, f"authentication: {NONE}"),
        (lambda: Credentials("n", SECRET + "x" * 15), ValueError, f"authentication: {LONG}"),
        (lambda: Credentials("n", f"{SECRET}\ud800"), ValueError, f"authentication: {HALF}"),
        (lambda: Credentials("n", []), ValueError, "authentication: expected one str or several, got none"),
        (
            lambda: Credentials("n", None),  # type: ignore[arg-type]
            TypeError,
            "authentication: expected one str or several, got NoneType",
        ),
        (
            lambda: Credentials("n", SECRET.encode()),  # type: ignore[arg-type]
            TypeError,
            "authentication: expected one str or several, got int",
        ),
        (
            lambda: Credentials("n", SECRET, prefixes=[]),
            ValueError,
            "prefixes: expected one str or several, got none",
        ),
        (
            lambda: Credentials("n", SECRET, prefixes=1),  # type: ignore[arg-type]
            TypeError,
            "prefixes: expected one str or several, got int",
        ),
        *(
            (lambda prefix=prefix: Credentials("n", SECRET, prefixes=["SKY99", prefix]), ValueError, PREFIX)
            for prefix in ("", "SKY9", "SKY999", "SKY99\n", "SKY**", "SKY-9", "SKYÄ9", "SKY9９", SECRET)
        ),
    ],
)
def test_anything_else_is_an_error_that_never_contains_the_secret(
    build: Callable[[], object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as caught:
        build()
    assert str(caught.value) == message
    assert SECRET not in f"{caught.value!r} {caught.value.__context__!r}"


def test_fifty_characters_are_the_most() -> None:
    credentials = Credentials("n" * 50, "密" * 50)
    assert (credentials.user_name, credentials.authentication) == ("n" * 50, ("密" * 50,))


def test_as_tuple_values_of_any_iterable_are_kept_in_order() -> None:
    assert Credentials("n", "one").authentication == ("one",)
    assert Credentials("n", iter(["old", "new"])).authentication == ("old", "new")
    assert Credentials("n", "x").prefixes is None
    assert Credentials("n", "x", prefixes="SKY99").prefixes == frozenset({"SKY99"})
    assert Credentials("n", "x", prefixes=iter(["SKY99", "SK991"])).prefixes == frozenset({"SKY99", "SK991"})


def test_prefixes_are_named_so_that_a_secret_is_never_taken_for_one() -> None:
    build: Any = Credentials
    with pytest.raises(TypeError):
        build("n", "secret", "SKY99")


def test_the_secret_is_in_no_repr() -> None:
    credentials = Credentials(USER_NAME, [SECRET, "another-secret"])
    for shown in (repr(credentials), str(credentials), repr(CallbackParser(credentials))):
        assert SECRET not in shown
        assert "another-secret" not in shown
        assert USER_NAME in shown


def test_credentials_are_immutable_and_equal_to_themselves_alone() -> None:
    credentials: Any = Credentials(USER_NAME, SECRET)
    assert credentials == credentials
    assert credentials != Credentials(USER_NAME, SECRET)
    with pytest.raises(FrozenInstanceError):
        credentials.authentication = ("x",)


PARSER = CallbackParser(Credentials(USER_NAME, AUTHENTICATION))

OTHER_SECRETS: list[object] = [
    None,
    "",
    AUTHENTICATION.lower(),
    f"{AUTHENTICATION} ",
    AUTHENTICATION[:-1],
    30,
    False,
    [AUTHENTICATION],
    {},
    f"{AUTHENTICATION}\ud800",
]


@pytest.mark.parametrize(
    "sent",
    [
        *(
            body(userName=name)
            for name in (
                None,
                "",
                "appname@skypay",
                f"{USER_NAME} ",
                USER_NAME + "x" * 50,
                1,
                True,
                [USER_NAME],
            )
        ),
        *(body(authentication=secret) for secret in OTHER_SECRETS),
        without("userName"),
        without("authentication"),
        without("userName", "authentication"),
        body(authentication="x", payType=9, dealTime=0),
        b"{}",
    ],
)
def test_whatever_is_missing_or_wrong_the_error_is_the_same(sent: bytes) -> None:
    with pytest.raises(AuthenticationError) as caught:
        PARSER.parse(sent)
    assert (str(caught.value), caught.value.args) == (str(AuthenticationError()), ())


def test_old_and_new_secret_are_both_accepted_during_a_rotation() -> None:
    parser = CallbackParser(Credentials(USER_NAME, ["old-secret", "new-secret"]))
    for secret in ("old-secret", "new-secret"):
        assert parser.parse(body(authentication=secret)).user_name == USER_NAME
    for secret in ("older-secret", "old-secretnew-secret"):
        with pytest.raises(AuthenticationError):
            parser.parse(body(authentication=secret))


def test_one_parser_accepts_several_accounts_each_with_its_own_secret() -> None:
    parser = CallbackParser([Credentials("One@skypay", "one"), Credentials("Two@skypay", "two")])
    assert parser.parse(body(userName="Two@skypay", authentication="two")).user_name == "Two@skypay"
    for wrong in ({"userName": "One@skypay", "authentication": "two"}, {"authentication": "one"}):
        with pytest.raises(AuthenticationError):
            parser.parse(body(**wrong))  # type: ignore[arg-type]


def test_user_name_and_secret_cannot_borrow_characters_from_each_other() -> None:
    parser = CallbackParser(Credentials("ab", "cd"))
    for name, secret in (
        ("a", "bcd"),
        ("abc", "d"),
        ("abcd", ""),
        ("", "abcd"),
        ("ab\xff", "cd"),
        ("ab\xffcd", ""),
    ):
        with pytest.raises(AuthenticationError):
            parser.parse(body(userName=name, authentication=secret))
        assert login(name, secret) != login("ab", "cd")


def test_what_cannot_be_encoded_gives_a_login_that_matches_nothing() -> None:
    for wrong in (("\ud800", "x"), ("x", "\ud800"), (None, "x"), ("x", 1)):
        assert login(*wrong) == b""


def test_credentials_beyond_ascii_are_compared_exactly() -> None:
    parser = CallbackParser(Credentials("应用@skypay", "密钥"))
    assert parser.parse(body(userName="应用@skypay", authentication="密钥")).user_name == "应用@skypay"
    with pytest.raises(AuthenticationError):
        parser.parse(body(userName="应用@skypay", authentication="密钥\ud800"))


def test_the_sample_is_authenticated_by_its_published_secret() -> None:
    assert PARSER.parse(SAMPLE).user_name == USER_NAME
