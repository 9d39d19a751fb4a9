"""Who may send: userName and authentication, compared in constant time and never shown."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from skypay_payout import AuthenticationError, CallbackParser, Credentials, InvalidCallbackError
from skypay_payout.testing import AUTHENTICATION, USER_NAME, body, payload, written

SECRET = "30AC21B2-9EAA-4503-B0F0-7BE5C277ED75"


@pytest.mark.parametrize(
    "name",
    [None, "", "appname@skypay", "AppName@skypay ", USER_NAME + "x" * 50, 1, True, ["AppName@skypay"], {}],
)
def test_another_user_name_is_not_authenticated(name: object) -> None:
    with pytest.raises(AuthenticationError):
        CallbackParser(Credentials(USER_NAME, AUTHENTICATION)).parse(body(userName=name))


@pytest.mark.parametrize(
    "secret",
    [
        None,
        "",
        AUTHENTICATION.lower(),
        AUTHENTICATION + " ",
        AUTHENTICATION[:-1],
        30,
        False,
        [AUTHENTICATION],
    ],
)
def test_another_secret_is_not_authenticated(secret: object) -> None:
    with pytest.raises(AuthenticationError):
        CallbackParser(Credentials(USER_NAME, AUTHENTICATION)).parse(body(authentication=secret))


@pytest.mark.parametrize("member", ["userName", "authentication"])
def test_a_body_without_credentials_is_not_authenticated(member: str) -> None:
    members = payload()
    del members[member]
    with pytest.raises(AuthenticationError):
        CallbackParser(Credentials(USER_NAME, AUTHENTICATION)).parse(members)


def test_the_error_does_not_say_which_of_the_two_is_wrong() -> None:
    parser = CallbackParser(Credentials(USER_NAME, AUTHENTICATION))
    messages: set[str] = set()
    for wrong in ({"userName": "x"}, {"authentication": "x"}, {"userName": 1}, {"authentication": None}):
        with pytest.raises(AuthenticationError) as refused:
            parser.parse(written({**payload(), **wrong}))
        messages.add(repr((str(refused.value), refused.value.args)))
    assert len(messages) == 1


def test_a_stranger_learns_nothing_about_the_other_members() -> None:
    with pytest.raises(AuthenticationError):
        CallbackParser(Credentials(USER_NAME, AUTHENTICATION)).parse(
            body(authentication="x", payType=9, dealTime=0)
        )


def test_old_and_new_secret_are_both_taken_while_the_secret_is_changed() -> None:
    parser = CallbackParser(Credentials(USER_NAME, ["old-secret", "new-secret"]))
    for secret in ("old-secret", "new-secret"):
        assert parser.parse(body(authentication=secret)).user_name == USER_NAME
    with pytest.raises(AuthenticationError):
        parser.parse(body(authentication="older-secret"))


def test_one_endpoint_takes_several_accounts_each_with_its_own_secret() -> None:
    parser = CallbackParser(
        [Credentials("One@skypay", "secret-one"), Credentials("Two@skypay", "secret-two")]
    )
    assert parser.parse(body(userName="Two@skypay", authentication="secret-two")).user_name == "Two@skypay"
    with pytest.raises(AuthenticationError):
        parser.parse(body(userName="One@skypay", authentication="secret-two"))


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


def test_credentials_beyond_ascii_are_compared_exactly() -> None:
    parser = CallbackParser(Credentials("应用@skypay", "密钥"))
    assert parser.parse(body(userName="应用@skypay", authentication="密钥")).user_name == "应用@skypay"
    with pytest.raises(AuthenticationError):
        parser.parse(
            body(userName="应用@skypay", authentication="%").replace(b"%", "密钥".encode() + rb"\ud800")
        )


def test_fifty_characters_are_the_most() -> None:
    assert Credentials("n" * 50, "密" * 50).authentication == ("密" * 50,)


@pytest.mark.parametrize(
    ("build", "error"),
    [
        pytest.param(lambda: Credentials("", SECRET), ValueError, id="an empty name"),
        pytest.param(lambda: Credentials("n" * 51, SECRET), ValueError, id="a name of 51 characters"),
        pytest.param(lambda: Credentials("name", ""), ValueError, id="an empty secret"),
        pytest.param(
            lambda: Credentials("name", SECRET + "x" * 15), ValueError, id="a secret of 51 characters"
        ),
        pytest.param(lambda: Credentials("name", []), ValueError, id="no secret"),
        pytest.param(lambda: Credentials("name", [SECRET, ""]), ValueError, id="one of two secrets empty"),
        pytest.param(lambda: Credentials("name", SECRET + "\ud800"), ValueError, id="half a surrogate pair"),
        pytest.param(lambda: Credentials(None, SECRET), TypeError, id="no name"),  # type: ignore[arg-type]
        pytest.param(lambda: Credentials("name", None), TypeError, id="None for a secret"),  # type: ignore[arg-type]
        pytest.param(lambda: Credentials("name", SECRET.encode()), TypeError, id="bytes for a secret"),  # type: ignore[arg-type]
    ],
)
def test_wrong_credentials_are_refused_at_once_and_not_shown(
    build: Callable[[], Credentials], error: type[Exception]
) -> None:
    with pytest.raises(error) as refused:
        build()
    assert SECRET not in repr(refused.value)


def test_an_empty_setting_is_named_in_the_message() -> None:
    with pytest.raises(
        ValueError, match="^authentication has 1 to 50 characters, not 0; is its setting filled in"
    ):
        Credentials("name", "")
    with pytest.raises(ValueError, match="^user_name has 1 to 50 characters, not 51"):
        Credentials("n" * 51, "secret")
    with pytest.raises(ValueError, match="^authentication is empty; give one str or several$"):
        Credentials("name", ())
    with pytest.raises(ValueError, match="^user_name holds half of a surrogate pair"):
        Credentials("\udfff", "secret")


def test_the_secret_is_in_no_repr() -> None:
    credentials = Credentials(USER_NAME, [SECRET, "another-secret"])
    for shown in (repr(credentials), str(credentials), repr(CallbackParser(credentials))):
        assert SECRET not in shown
        assert "another-secret" not in shown
        assert USER_NAME in shown


def test_credentials_are_equal_to_themselves_alone() -> None:
    credentials = Credentials(USER_NAME, SECRET)
    assert credentials == credentials
    assert credentials != Credentials(USER_NAME, SECRET)


def test_a_secret_that_the_sender_repeats_elsewhere_is_concealed_in_the_callback() -> None:
    callback = CallbackParser(Credentials(USER_NAME, [SECRET, SECRET + "-new"])).parse(
        body(
            authentication=SECRET,
            failDescription=f"{SECRET} was wrong, {SECRET}-new is right, not {SECRET}",
            unknown={f"a {SECRET}": [SECRET, {"b": SECRET}, 1, None, True]},
            referenceNumber="MLA1",
        )
    )
    assert callback.fail_description == (
        "[authentication] was wrong, [authentication] is right, not [authentication]"
    )
    assert callback.reference_number == "MLA1"
    assert callback.extra == {
        "unknown": {"a [authentication]": ["[authentication]", {"b": "[authentication]"}, 1, None, True]}
    }


def test_a_secret_of_ordinary_characters_does_not_disturb_the_members_that_have_a_form() -> None:
    callback = CallbackParser(Credentials("p", "1")).parse(
        body(userName="p", authentication="1", payType="1", controlNumber="SK99123456789")
    )
    assert (callback.user_name, callback.control_number, callback.pay_type) == ("p", "SK99123456789", 1)


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("30AC21B2-9EAA-4503-B0F0-7BE5C277ED75", "\udca30AC21B2-9EAA-4503-B0F0-7BE5C277ED75"),
        ("b-secret", "\x1b-secret"),
        ("n-secret", "\n-secret"),
    ],
)
@pytest.mark.parametrize("member", ["referenceNumber", "failDescription", "unknown", "dealTime"])
def test_a_secret_that_escaping_puts_together_is_concealed_too(secret: str, text: str, member: str) -> None:
    members = {**payload(), "authentication": secret, member: text}
    try:
        shown = repr(CallbackParser(Credentials(USER_NAME, secret)).parse(json.dumps(members)))
    except InvalidCallbackError as error:
        shown = f"{error} {error!r} {error.errors!r} {error.payload!r}"
    assert secret not in shown
    assert "[authentication]" in shown
