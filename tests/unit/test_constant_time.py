"""How long authentication takes tells nothing about the configured secrets: all of them are always compared.

The comparisons are counted; a stopwatch would show nothing.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import NoReturn

import pytest
from attrs import evolve

from skypay_payout import AuthenticationError, CallbackParser, Credentials, MalformedBodyError
from skypay_payout._credentials import login
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import ENCRYPTION_KEY, body, encode, payload
from tests.support.callbacks import short, with_fields, without

SECRETS = {
    "One@skypay": ["first-secret", "second-secret", "third-secret"],
    "Two@skypay": ["fourth-secret"],
    "Three@skypay": ["fifth-secret", "first-secret"],
}
PLAIN = CallbackParser([Credentials(name, secrets) for name, secrets in SECRETS.items()])
CIPHER = BodyCipher(ENCRYPTION_KEY)
PARSERS = {"plain": PLAIN, "encrypted": evolve(PLAIN, cipher=CIPHER, max_body_size=2**17)}
PAIRS = [(name, secret) for name, secrets in SECRETS.items() for secret in secrets]
LOGINS = [login(*pair) for pair in PAIRS]


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bytes, bytes]]:
    """Every pair that ``hmac.compare_digest`` was given, in order."""
    pairs: list[tuple[bytes, bytes]] = []

    def counting(one: bytes, other: bytes) -> bool:
        pairs.append((one, other))
        return compare_digest(one, other)

    monkeypatch.setattr("skypay_payout._parser.compare_digest", counting)
    return pairs


def is_authenticated(kind: str, data: bytes) -> bool:
    try:
        PARSERS[kind].parse(CIPHER.encrypt(data) if kind == "encrypted" else data)
    except AuthenticationError:
        return False
    return True


def check_all_were_compared(compared: list[tuple[bytes, bytes]]) -> None:
    """Check that each secret was compared once, in the configured order, with one and the same sent text."""
    assert [known for known, _ in compared] == LOGINS
    assert len({sent for _, sent in compared}) == 1


@pytest.mark.parametrize("kind", PARSERS)
@pytest.mark.parametrize(("user_name", "secret"), PAIRS)
def test_all_secrets_are_compared_whichever_matches(
    compared: list[tuple[bytes, bytes]], kind: str, user_name: str, secret: str
) -> None:
    assert is_authenticated(kind, body(userName=user_name, authentication=secret))
    check_all_were_compared(compared)
    matches = [compare_digest(known, sent) for known, sent in compared]
    assert matches.index(True) == PAIRS.index((user_name, secret))
    assert matches.count(True) == 1


@pytest.mark.parametrize("kind", PARSERS)
@pytest.mark.parametrize(
    "wrong",
    [
        {"userName": "One@skypay", "authentication": "fourth-secret"},
        {"userName": "Two@skypay", "authentication": "first-secret"},
        {"userName": "Nobody@skypay", "authentication": "first-secret"},
        {"userName": "One@skypay", "authentication": "no-secret"},
        {"userName": "One@skypay", "authentication": "first-secre"},
        {"userName": "One@skypay", "authentication": "first-secret "},
        {"userName": "One@skypay", "authentication": "x" * 40000},
        {"userName": "One@skypayf", "authentication": "irst-secret"},
        {"userName": "", "authentication": ""},
        {"userName": None, "authentication": None},
        {"userName": 1, "authentication": True},
        {"userName": 1.5, "authentication": 1e300},
        {"userName": ["One@skypay"], "authentication": ["first-secret"]},
        {"userName": "One@skypay", "authentication": "\ud800"},
        {"userName": "\ud800", "authentication": "first-secret"},
        {"userName": "One@skypay", "authentication": "first-secret\xff"},
        {"userName": "余额", "authentication": "余额"},
    ],
    ids=short,
)
def test_all_secrets_are_compared_when_none_matches(
    compared: list[tuple[bytes, bytes]], kind: str, wrong: dict[str, object]
) -> None:
    assert not is_authenticated(kind, with_fields(wrong))
    check_all_were_compared(compared)


@pytest.mark.parametrize("kind", PARSERS)
@pytest.mark.parametrize("missing", [["userName"], ["authentication"], ["userName", "authentication"]])
def test_all_secrets_are_compared_when_there_is_nothing_to_compare(
    compared: list[tuple[bytes, bytes]], kind: str, missing: list[str]
) -> None:
    assert not is_authenticated(kind, without(*missing))
    check_all_were_compared(compared)


def test_the_other_fields_do_not_change_what_is_compared(compared: list[tuple[bytes, bytes]]) -> None:
    wrong: list[dict[str, object]] = [
        {"payType": 9},
        {"action": None, "dealTime": ""},
        {"controlNumber": "x", "unknown": [1]},
        {"note": "fourth-secret"},
    ]
    for fields in wrong:
        sent = payload(userName="Two@skypay", authentication="fourth-secret") | fields
        assert PLAIN.receive(encode(sent)).respond().status == 200
        check_all_were_compared(compared)
        compared.clear()


def test_a_secret_is_never_compared_in_any_other_way(
    compared: list[tuple[bytes, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``==`` on the way to the response would raise here, and so would hashing, sorting or searching."""

    class OnlyConstantTime(bytes):
        def _fail(self, *_: object) -> NoReturn:
            raise AssertionError("compared in variable time")

        __eq__ = __ne__ = __lt__ = __contains__ = startswith = find = _fail
        __hash__ = None  # type: ignore[assignment]

    def constant_time_login(user_name: object, authentication: object) -> bytes:
        return OnlyConstantTime(login(user_name, authentication))

    monkeypatch.setattr("skypay_payout._parser.login", constant_time_login)
    parser = CallbackParser(PLAIN.credentials)
    for user_name, secret in [*PAIRS, ("x", "y"), ("One@skypay", "fifth-secret")]:
        result = parser.receive(body(userName=user_name, authentication=secret))
        assert (result.respond().status == 200) is ((user_name, secret) in PAIRS)
        assert len(compared) == len(LOGINS)
        compared.clear()


def test_a_body_that_is_malformed_is_compared_with_nothing(compared: list[tuple[bytes, bytes]]) -> None:
    for data in (b"", b"[]", b"{", body()[:-1] + b',"payType":"2"}'):
        with pytest.raises(MalformedBodyError):
            PLAIN.parse(data)
    assert not compared
