"""``from_environ``: the settings, every branch, and no value in any error."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import pytest

from skypay_payout import Accepted, CallbackParser
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import SAMPLE, body

SECRET = "30AC21B2-9EAA-4503-B0F0-7BE5C277ED75"
KEY = "a key of 16 bits"
PLAIN = {"SKYPAY_USER_NAME": "AppName@skypay", "SKYPAY_AUTHENTICATION": SECRET}
FULL = PLAIN | {"SKYPAY_ENCRYPTION_KEY": KEY}


def test_user_name_secret_and_key_make_a_parser_of_encrypted_bodies() -> None:
    parser = CallbackParser.from_environ(FULL)
    (account,) = parser.credentials
    assert (account.user_name, account.authentication, account.prefixes) == (
        "AppName@skypay",
        (SECRET,),
        None,
    )
    assert isinstance(parser.receive(BodyCipher(KEY).encrypt(SAMPLE)), Accepted)
    assert not isinstance(parser.receive(SAMPLE), Accepted)


def test_plain_bodies_are_accepted_only_where_plain_says_so() -> None:
    assert isinstance(CallbackParser.from_environ(PLAIN, plain=True).receive(SAMPLE), Accepted)
    with pytest.raises(
        ValueError, match="^SKYPAY_ENCRYPTION_KEY: expected the key that SkyPay issued, got none: set it, or "
    ):
        CallbackParser.from_environ(PLAIN)
    with pytest.raises(ValueError, match="^SKYPAY_ENCRYPTION_KEY: expected no key with plain=True, got one$"):
        CallbackParser.from_environ(FULL, plain=True)


def test_the_environment_of_the_process_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SKYPAY_ENCRYPTION_KEY", "SKYPAY_PREFIXES"):
        monkeypatch.delenv(name, raising=False)
    for name, value in PLAIN.items():
        monkeypatch.setenv(name, value)
    assert isinstance(CallbackParser.from_environ(plain=True).receive(SAMPLE), Accepted)


def test_several_values_stand_between_commas_from_oldest_to_newest() -> None:
    parser = CallbackParser.from_environ(
        {
            "SKYPAY_USER_NAME": " AppName@skypay\n",
            "SKYPAY_AUTHENTICATION": "\told-secret ,  new-secret\r\n",
            "SKYPAY_ENCRYPTION_KEY": " old key,new key ",
            "SKYPAY_PREFIXES": "SK991 , SKY99",
            "SKYPAY_SOMETHING_ELSE": "",
        }
    )
    (account,) = parser.credentials
    assert account.user_name == "AppName@skypay"
    assert account.authentication == ("old-secret", "new-secret")
    assert account.prefixes == frozenset({"SK991", "SKY99"})
    for key, secret, newest in (("old key", "new-secret", False), ("new key", "old-secret", True)):
        result = parser.receive(body(authentication=secret, cipher=BodyCipher(key)))
        assert isinstance(result, Accepted)
        assert (result.used_newest_key, result.used_newest_secret) == (newest, not newest)


def test_a_user_name_may_have_a_comma() -> None:
    parser = CallbackParser.from_environ(PLAIN | {"SKYPAY_USER_NAME": "a, b"}, plain=True)
    assert parser.credentials[0].user_name == "a, b"


@pytest.mark.parametrize("name", ["SKYPAY_USER_NAME", "SKYPAY_AUTHENTICATION"])
def test_user_name_and_authentication_are_required(name: str) -> None:
    environ = {key: value for key, value in FULL.items() if key != name}
    with pytest.raises(ValueError, match=f"^{name}: expected text, got none: is its setting filled in[?]$"):
        CallbackParser.from_environ(environ)


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("empty", ["", " ", "\t\r\n"])
@pytest.mark.parametrize("name", [*FULL, "SKYPAY_PREFIXES"])
def test_a_variable_that_is_set_but_empty_is_an_error(name: str, empty: str, plain: bool) -> None:
    environ = (PLAIN if plain else FULL) | {name: empty}
    with pytest.raises(ValueError, match=f"^{name}: expected .* got (none|an empty one): "):
        CallbackParser.from_environ(environ, plain=plain)


@pytest.mark.parametrize("text", [",{0}", "{0},", "{0},,{0}", ",", "{0}, ,{0}"])
@pytest.mark.parametrize("name", ["SKYPAY_AUTHENTICATION", "SKYPAY_ENCRYPTION_KEY", "SKYPAY_PREFIXES"])
def test_an_empty_value_between_commas_is_an_error(name: str, text: str) -> None:
    with pytest.raises(
        ValueError,
        match=f"^{name}: expected one value, or several with commas between them, got an empty one: fill it "
        "in, or unset the variable if it is not needed$",
    ):
        CallbackParser.from_environ(FULL | {name: text.format("SK991")})


INVALID: dict[str, tuple[str, str, str]] = {
    "a long user name": ("SKYPAY_USER_NAME", "n" * 51, "expected at most 50 characters, got 51"),
    "a user name that is no text": ("SKYPAY_USER_NAME", "n\udce4", "expected text, got half of a surrogate"),
    "a long secret": ("SKYPAY_AUTHENTICATION", SECRET + "x" * 15, "expected at most 50 characters, got 51"),
    "a secret that is no text": ("SKYPAY_AUTHENTICATION", f"{SECRET}\udce4", "expected text, got half of"),
    "a key that is no text": (
        "SKYPAY_ENCRYPTION_KEY",
        f"{KEY}\udce4",
        "expected text, got half of a surrogate",
    ),
    "a secret as the prefix": ("SKYPAY_PREFIXES", SECRET, "expected 5 ASCII letters or digits each"),
    "one of two prefixes": ("SKYPAY_PREFIXES", "SK991,SK99", "expected 5 ASCII letters or digits each"),
}


@pytest.mark.parametrize(("name", "value", "problem"), INVALID.values(), ids=INVALID)
def test_an_invalid_value_is_named_and_not_shown(name: str, value: str, problem: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: {problem}") as caught:
        CallbackParser.from_environ(FULL | {name: value})
    assert caught.value.__context__ is None


def test_no_error_shows_a_value() -> None:
    marked = {name: f"§{value}" for name, value in FULL.items()} | {"SKYPAY_PREFIXES": "§K991"}
    wrong: list[Mapping[str, str]] = [
        *({key: value for key, value in marked.items() if key != name} for name in FULL),
        *(marked | {name: value} for name in marked for value in ("", "§,", "§" * 51, "§\ud800")),
        marked,
    ]
    for environ in wrong:
        for plain in (False, True):
            with pytest.raises(ValueError, match=r"^SKYPAY_[A-Z_]+: expected ") as caught:
                CallbackParser.from_environ(environ, plain=plain)
            assert "§" not in f"{caught.value} {caught.value!r} {caught.value.__context__!r}"


def test_a_key_without_the_extra_says_what_to_install_and_plain_needs_nothing() -> None:
    program = (
        "import sys; sys.modules['cryptography'] = None\n"
        "from skypay_payout import CallbackParser\n"
        f"CallbackParser.from_environ({PLAIN!r}, plain=True)\n"
        f"try: CallbackParser.from_environ({FULL!r})\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout == (
        "encrypted bodies need the extra 'encryption': pip install 'skypay-payout[encryption]'\n"
    )
