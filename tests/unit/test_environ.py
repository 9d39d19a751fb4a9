"""``from_environ``: the settings, every branch, and no value in any error, signature or help text."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from skypay_payout import Accepted, CallbackParser
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import AUTHENTICATION, SAMPLE, body
from tests.support.callbacks import short

KEY = "a key of 16 bits"
PLAIN = {"SKYPAY_USER_NAME": "AppName@skypay", "SKYPAY_AUTHENTICATION": AUTHENTICATION}
FULL = PLAIN | {"SKYPAY_ENCRYPTION_KEY": KEY}
SEVERAL = ["SKYPAY_AUTHENTICATION", "SKYPAY_ENCRYPTION_KEY", "SKYPAY_PREFIXES"]


def run(program: str, **environ: str) -> str:
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=os.environ | environ, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout


def test_user_name_secret_and_key_make_a_parser_of_encrypted_bodies() -> None:
    parser = CallbackParser.from_environ(FULL)
    (account,) = parser.credentials
    assert (account.user_name, account.authentication) == ("AppName@skypay", (AUTHENTICATION,))
    assert account.prefixes is None
    assert isinstance(parser.receive(BodyCipher(KEY).encrypt(SAMPLE)), Accepted)
    assert not isinstance(parser.receive(SAMPLE), Accepted)


def test_plain_bodies_are_accepted_only_where_plain_says_so() -> None:
    assert isinstance(CallbackParser.from_environ(PLAIN, plain=True).receive(SAMPLE), Accepted)
    with pytest.raises(ValueError, match="^SKYPAY_ENCRYPTION_KEY: ") as caught:
        CallbackParser.from_environ(PLAIN)
    assert str(caught.value).endswith(
        "expected SkyPay's key, got none: set it, or pass plain=True if bodies are plain JSON"
    )
    with pytest.raises(ValueError, match="^SKYPAY_ENCRYPTION_KEY: expected no key with plain=True, got one$"):
        CallbackParser.from_environ(FULL, plain=True)


def test_the_environment_is_read_when_it_is_asked_for_and_not_when_the_module_is_imported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("SKYPAY_ENCRYPTION_KEY", "SKYPAY_PREFIXES"):
        monkeypatch.delenv(name, raising=False)
    for name, value in PLAIN.items():
        monkeypatch.setenv(name, value)
    assert isinstance(CallbackParser.from_environ(plain=True).receive(SAMPLE), Accepted)
    monkeypatch.setattr(os, "environ", PLAIN | {"SKYPAY_AUTHENTICATION": "another"})
    assert not isinstance(CallbackParser.from_environ(plain=True).receive(SAMPLE), Accepted)
    with pytest.raises(ValueError, match="^SKYPAY_USER_NAME: "):
        CallbackParser.from_environ({}, plain=True)


def test_no_signature_and_no_help_shows_a_setting() -> None:
    program = (
        "import inspect, pydoc, skypay_payout, skypay_payout._parser as parser\n"
        "method = skypay_payout.CallbackParser.from_environ\n"
        "names = [getattr(skypay_payout, name) for name in skypay_payout.__all__]\n"
        "for one in [parser, method, *names]: print(pydoc.plain(pydoc.render_doc(one)))\n"
        "print([one.default for one in inspect.signature(method).parameters.values()])"
    )
    shown = run(program, SKYPAY_AUTHENTICATION="a-hidden-secret", SKYPAY_ENCRYPTION_KEY="a-hidden-key")
    assert "from_environ(environ" in "".join(shown.split())  # Python 3.13 writes an argument a line
    assert "SKYPAY_AUTHENTICATION" in shown
    assert shown.endswith("[None, False]\n")
    assert "hidden" not in shown


def test_several_values_stand_between_commas_from_oldest_to_newest() -> None:
    parser = CallbackParser.from_environ(
        {
            "SKYPAY_USER_NAME": " AppName@skypay\n",
            "SKYPAY_AUTHENTICATION": "\told-secret ,  new-secret\r\n",
            "SKYPAY_ENCRYPTION_KEY": " old key,new key\u3000",
            "SKYPAY_PREFIXES": "SK991 , SKY99",
            "SKYPAY_SOMETHING_ELSE": "",
        }
    )
    (account,) = parser.credentials
    assert (account.user_name, account.authentication) == ("AppName@skypay", ("old-secret", "new-secret"))
    assert account.prefixes == frozenset({"SK991", "SKY99"})
    for key, secret, newest in (("old key", "new-secret", False), ("new key", "old-secret", True)):
        result = parser.receive(body(authentication=secret, cipher=BodyCipher(key)))
        assert isinstance(result, Accepted)
        assert (result.used_newest_key, result.used_newest_secret) == (newest, not newest)


@pytest.mark.parametrize("value", ["a, b", "it's", '"quoted" within', "'", "X"])
def test_a_user_name_may_have_a_comma_a_quote_and_any_letter_within(value: str) -> None:
    name = f"x{value}"
    parser = CallbackParser.from_environ(PLAIN | {"SKYPAY_USER_NAME": name}, plain=True)
    assert parser.credentials[0].user_name == name


EMPTY = (
    "expected one value, or several with commas between them, got an empty one: fill it in, or unset the "
    "variable if not needed"
)
NONE = "expected text, got {}: is its setting filled in?"
COMMAS = "expected commas (,) between several values, got "
QUOTES = "expected no quotes around a value (Docker's --env-file keeps them), got some"
HIDDEN = "expected printable characters, got others: was it copied from a page?"
PREFIX = "expected 5 ASCII letters or digits each, such as 'SKY99', got others"
LONG = "expected at most 50 characters, got 51"
INVALID: list[tuple[str, object, str]] = [
    *((name, text, EMPTY) for name in [*FULL, "SKYPAY_PREFIXES"] for text in ("", " ", "\t\r\n", "\u3000")),
    *(
        (name, text, EMPTY)
        for name in SEVERAL
        for text in (",SK991", "SK991,", "SK991,,SK992", ",", "SK991, ,SK992")
    ),
    *((name, None, NONE.format("NoneType")) for name in [*FULL, "SKYPAY_PREFIXES"]),
    *((name, b"SK991", NONE.format("bytes")) for name in FULL),
    *(
        (name, f"SK991{sign}SK992", f"{COMMAS}{sign!r}")
        for name in [*FULL, *SEVERAL]
        for sign in "，、；､﹐،"
    ),
    *((name, f"{a}SK991{b}", QUOTES) for name in [*FULL, *SEVERAL] for a, b in ("''", '""', "‘’", "“”")),
    *((name, text, QUOTES) for name in SEVERAL for text in ("SK991,'SK992'", '"SK991","SK992"', " 'SK991' ")),
    *[("SKYPAY_USER_NAME", "n" * 51, LONG), ("SKYPAY_AUTHENTICATION", AUTHENTICATION + "x" * 15, LONG)],
    *((name, f"SK991{sign}", HIDDEN) for name in [*FULL, *SEVERAL] for sign in "\u200b\ufeff\0\udce4"),
    *((name, f"SK991{space}SK992", HIDDEN) for name in [*FULL, *SEVERAL] for space in "\n\u00a0\u3000"),
    *[("SKYPAY_PREFIXES", AUTHENTICATION, PREFIX), ("SKYPAY_PREFIXES", "SK991,SK99", PREFIX)],
]


@pytest.mark.parametrize(("name", "value", "message"), INVALID, ids=short)
def test_an_invalid_value_is_an_error_that_names_the_variable_and_shows_no_value(
    name: str, value: Any, message: str
) -> None:
    for plain in (False, True):
        environ = {key: it for key, it in FULL.items() if not plain or key in PLAIN} | {name: value}
        with pytest.raises(ValueError, match="SKYPAY") as caught:
            CallbackParser.from_environ(environ, plain=plain)
        assert str(caught.value) == f"{name}: {message}"
        assert caught.value.__context__ is None
        assert type(caught.value) is ValueError


@pytest.mark.parametrize("name", PLAIN)
def test_user_name_and_authentication_are_required(name: str) -> None:
    environ = {key: value for key, value in FULL.items() if key != name}
    with pytest.raises(ValueError, match=f"^{name}: expected text, got none: is its setting filled in[?]$"):
        CallbackParser.from_environ(environ)


def test_no_error_shows_a_value() -> None:
    marked = {name: f"§{value}" for name, value in FULL.items()} | {"SKYPAY_PREFIXES": "§K991"}
    wrong: list[Mapping[str, str]] = [
        *({key: value for key, value in marked.items() if key != name} for name in FULL),
        *(
            marked | {name: value}
            for name in marked
            for value in ("", "§,", "§" * 51, "§\ud800", "§，", "'§'")
        ),
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
    assert run(program) == (
        "encrypted bodies need the extra 'encryption': pip install 'skypay-payout[encryption]'\n"
    )
