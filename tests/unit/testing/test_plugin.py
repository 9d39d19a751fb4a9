"""What pytest loads by itself, what freezes the time, and what importing the kit brings."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points

import freezegun
import pytest
import time_machine

import skypay_payout
from skypay_payout import (
    Accepted,
    AuthenticationError,
    CallbackParser,
    Credentials,
    PayType,
    acknowledge,
    testing,
)
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import (
    PAID,
    SAMPLE,
    WRONG_AUTHENTICATION,
    BodyFactory,
    bad_bodies,
    body,
    plugin,
    strategies,
)
from tests.support.parsers import PLAIN


def test_pytest_finds_the_plugin_by_itself() -> None:
    (found,) = entry_points(group="pytest11", name="skypay_payout")
    assert found.value == "skypay_payout.testing.plugin"


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of the developer's own, which no test may see."""
    monkeypatch.setenv("SKYPAY_USER_NAME", "Developer@skypay")
    monkeypatch.setenv("SKYPAY_AUTHENTICATION", "")
    monkeypatch.setenv("SKYPAY_ENCRYPTION_KEY", "'the developer's'")
    monkeypatch.setenv("SKYPAY_PREFIXES", "00000")


def test_fixtures_fit_each_other(
    skypay_credentials: Credentials,
    skypay_cipher: BodyCipher,
    skypay_parser: CallbackParser,
    skypay_body: BodyFactory,
) -> None:
    assert skypay_parser.credentials == (skypay_credentials,)
    assert skypay_parser.cipher is skypay_cipher
    callback = skypay_parser.parse(skypay_body(PayType.CANCEL, fee=1))
    assert (callback.pay_type, callback.extra) == (PayType.CANCEL, {"fee": 1})
    assert skypay_cipher.decrypt(skypay_body())


def test_body_of_a_typo_is_an_error(skypay_body: BodyFactory) -> None:
    with pytest.raises(TypeError, match="write controlNumber"):
        skypay_body(control_number="SK99100000001")


def test_environment_is_that_of_the_parser(
    environ: None, skypay_environ: None, skypay_body: BodyFactory
) -> None:
    parser = CallbackParser.from_environ()
    assert (parser.credentials[0].user_name, parser.credentials[0].prefixes) == ("AppName@skypay", None)
    assert isinstance(parser.receive(skypay_body()), Accepted)


class TestWithAnotherAccount:
    @pytest.fixture
    def skypay_credentials(self) -> Credentials:
        return Credentials(
            "Another@skypay", ["an older secret", "a newer secret"], prefixes={"SKY99", "SKY98"}
        )

    def test_other_fixtures_follow(self, skypay_parser: CallbackParser, skypay_body: BodyFactory) -> None:
        result = skypay_parser.receive(skypay_body())
        assert isinstance(result, Accepted)
        assert result.used_newest_secret
        assert result.callback.user_name == "Another@skypay"
        assert result.callback.control_number.prefix == "SKY98"
        with pytest.raises(AuthenticationError):
            skypay_parser.parse(skypay_body(authentication=WRONG_AUTHENTICATION))

    def test_environment_follows(
        self, environ: None, skypay_environ: None, skypay_credentials: Credentials, skypay_body: BodyFactory
    ) -> None:
        parser = CallbackParser.from_environ()
        (account,) = parser.credentials
        assert (account.authentication, account.prefixes) == (
            skypay_credentials.authentication,
            skypay_credentials.prefixes,
        )
        assert isinstance(parser.receive(skypay_body()), Accepted)


class TestWithoutEncryption:
    @pytest.fixture
    def skypay_encryption_key(self) -> None:
        return None

    def test_other_fixtures_follow(
        self, environ: None, skypay_environ: None, skypay_cipher: None, skypay_body: BodyFactory
    ) -> None:
        assert skypay_cipher is None
        assert CallbackParser.from_environ(plain=True).receive(skypay_body(4))
        assert skypay_body() == body()


@time_machine.travel("2018-06-18T09:52:10.52119+00:00", tick=False)
def test_time_machine_freezes_the_acknowledgement() -> None:
    assert acknowledge().to_dict()["responseTime"] == "2018-06-18 17:52:10.5211"
    assert b"2018-06-18 17:52:10.5211" in PLAIN.receive(SAMPLE).respond().body


@freezegun.freeze_time("2018-06-18T09:52:10.52119+00:00")
def test_freezegun_freezes_the_acknowledgement() -> None:
    assert acknowledge().to_dict()["responseTime"] == "2018-06-18 17:52:10.5211"
    assert b"2018-06-18 17:52:10.5211" in PLAIN.receive(SAMPLE).respond().body


def test_parameters_have_the_names_of_bad_bodies_and_scenarios() -> None:
    (first, *_) = bad_bodies(PLAIN)
    assert plugin.pytest_make_parametrize_id(first) == first.name
    assert plugin.pytest_make_parametrize_id(PAID) == "paid"
    assert plugin.pytest_make_parametrize_id("another") is None


@pytest.mark.parametrize("names", [skypay_payout.__all__, testing.__all__, strategies.__all__])
def test_public_names_are_sorted(names: list[str]) -> None:
    # Constants, then classes, then functions, as ruff sorts them.
    assert names == sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))


@pytest.mark.parametrize(
    ("module", "never"),
    [
        ("skypay_payout.testing", ["hypothesis", "pytest", "httpx", "cryptography"]),
        ("skypay_payout.testing.plugin", ["hypothesis", "httpx", "cryptography"]),
    ],
)
def test_import_loads_nothing_that_is_not_asked_for(module: str, never: list[str]) -> None:
    program = f"import sys, {module}; print(*sorted(set({never!r}) & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout == "\n"
