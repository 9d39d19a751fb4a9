"""What pytest loads by itself, what freezes the time, and what importing the kit brings."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points

import freezegun
import pytest
import time_machine

from skypay_payout import AuthenticationError, CallbackParser, Credentials, PayType, acknowledge, testing
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import SAMPLE, WRONG_AUTHENTICATION, BodyFactory, strategies
from tests.support.parsers import PLAIN


def test_pytest_finds_the_plugin_by_itself() -> None:
    (plugin,) = entry_points(group="pytest11", name="skypay_payout")
    assert plugin.value == "skypay_payout.testing.plugin"


def test_fixtures_fit_each_other(
    skypay_credentials: Credentials,
    skypay_cipher: BodyCipher,
    skypay_parser: CallbackParser,
    skypay_body: BodyFactory,
) -> None:
    assert skypay_parser.parse(skypay_body(PayType.CANCEL)).pay_type is PayType.CANCEL
    parser = CallbackParser(skypay_credentials, cipher=skypay_cipher)
    assert parser.parse(skypay_body(cipher=skypay_cipher, fee=1)).extra == {"fee": 1}


class TestWithAnotherAccount:
    @pytest.fixture
    def skypay_credentials(self) -> Credentials:
        return Credentials("Another@skypay", ["an older secret", "a newer secret"])

    def test_other_fixtures_follow(self, skypay_parser: CallbackParser, skypay_body: BodyFactory) -> None:
        assert skypay_parser.parse(skypay_body()).user_name == "Another@skypay"
        with pytest.raises(AuthenticationError):
            skypay_parser.parse(skypay_body(authentication=WRONG_AUTHENTICATION))


@time_machine.travel("2018-06-18T09:52:10.52119+00:00", tick=False)
def test_time_machine_freezes_the_acknowledgement() -> None:
    assert acknowledge().to_dict()["responseTime"] == "2018-06-18 17:52:10.5211"
    assert b"2018-06-18 17:52:10.5211" in PLAIN.receive(SAMPLE).respond().body


@freezegun.freeze_time("2018-06-18T09:52:10.52119+00:00")
def test_freezegun_freezes_the_acknowledgement() -> None:
    assert acknowledge().to_dict()["responseTime"] == "2018-06-18 17:52:10.5211"
    assert b"2018-06-18 17:52:10.5211" in PLAIN.receive(SAMPLE).respond().body


@pytest.mark.parametrize("names", [testing.__all__, strategies.__all__])
def test_public_names_are_sorted(names: list[str]) -> None:
    # Constants, then classes, then functions, as ruff sorts them.
    assert names == sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))


@pytest.mark.parametrize(
    ("module", "never"),
    [
        (
            "skypay_payout",
            ["skypay_payout.testing", "skypay_payout.conformance"],
        ),
        ("skypay_payout.testing", ["hypothesis", "pytest", "httpx", "cryptography"]),
        ("skypay_payout.testing.plugin", ["hypothesis", "httpx", "cryptography"]),
    ],
)
def test_import_loads_nothing_that_is_not_asked_for(module: str, never: list[str]) -> None:
    program = f"import sys, {module}; print(*sorted(set({never!r}) & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout == "\n"
