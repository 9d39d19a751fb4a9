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
from skypay_payout.testing import body
from tests.support.callbacks import NEW, ROTATING, short, with_fields, without

SECRETS = {
    "One@skypay": ["first-secret", "second-secret", "third-secret"],
    "Two@skypay": ["fourth-secret"],
    "Three@skypay": ["fifth-secret", "first-secret"],
}
PLAIN = CallbackParser([Credentials(name, secrets) for name, secrets in SECRETS.items()])
ENCRYPTED = evolve(ROTATING, credentials=PLAIN.credentials)
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


def authenticated(compared: list[tuple[bytes, bytes]], text: bytes) -> bool:
    """Return whether the sender is, after a check that each secret was compared once with one sent text."""
    statuses: set[int] = set()
    for parser, sent in ((PLAIN, text), (ENCRYPTED, NEW.encrypt(text))):
        result = parser.receive(sent)
        assert [known for known, _ in compared] == LOGINS
        assert len({given for _, given in compared}) == 1
        matches = sum(compare_digest(*pair) for pair in compared)
        assert matches == (result.respond().status == 200)
        statuses.add(result.respond().status)
        compared.clear()
    assert statuses in ({200}, {403})
    return statuses == {200}


@pytest.mark.parametrize(("user_name", "secret"), PAIRS)
def test_all_secrets_are_compared_whichever_matches_and_whatever_else_is_sent(
    compared: list[tuple[bytes, bytes]], user_name: str, secret: str
) -> None:
    right = {"userName": user_name, "authentication": secret}
    wrong: list[dict[str, object]] = [{}, {"payType": 9}, {"action": None, "dealTime": ""}]
    wrong += [{"controlNumber": "x", "unknown": [1]}, {"note": "fourth-secret"}]
    for fields in wrong:
        assert authenticated(compared, with_fields(fields | right))


@pytest.mark.parametrize(
    ("user_name", "secret"),
    [
        *[("One@skypay", "fourth-secret"), ("Two@skypay", "first-secret"), ("Nobody@skypay", "first-secret")],
        *[("One@skypay", "no-secret"), ("One@skypay", "first-secre"), ("One@skypay", "first-secret ")],
        *[("One@skypayf", "irst-secret"), ("", ""), (None, None), (1, True), (1.5, 1e300), ("余额", "余额")],
        *[(["One@skypay"], ["first-secret"]), ("One@skypay", "\ud800"), ("\ud800", "first-secret")],
        ("One@skypay", "first-secret\xff"),
    ],
    ids=short,
)
def test_all_secrets_are_compared_when_none_matches(
    compared: list[tuple[bytes, bytes]], user_name: object, secret: object
) -> None:
    assert not authenticated(compared, with_fields({"userName": user_name, "authentication": secret}))


@pytest.mark.parametrize("missing", [["userName"], ["authentication"], ["userName", "authentication"]])
def test_all_secrets_are_compared_when_there_is_nothing_to_compare(
    compared: list[tuple[bytes, bytes]], missing: list[str]
) -> None:
    assert not authenticated(compared, without(*missing))


@pytest.mark.parametrize("long", ["x" * 51, "x" * 60_000, "余" * 51, ["x"] * 9000, "first-secret" * 5])
@pytest.mark.parametrize("name", ["userName", "authentication"])
def test_what_is_longer_than_a_name_or_a_secret_is_never_compared(
    compared: list[tuple[bytes, bytes]], name: str, long: object
) -> None:
    right = {"userName": "One@skypay", "authentication": "first-secret"}
    PLAIN.receive(with_fields(right | {name: long}))
    assert {given for _, given in compared} == {b""}
    compared.clear()
    assert not authenticated(compared, with_fields(right | {name: long}))


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


def test_an_unauthenticated_sender_learns_nothing_of_the_other_fields() -> None:
    others: list[dict[str, object]] = [{}, {"payType": 9}, {"x": [[]] * 9000}, {"controlNumber": None}]
    for fields in others:
        with pytest.raises(AuthenticationError):
            PLAIN.parse(with_fields(fields | {"authentication": "no-secret"}))
