"""Nothing about the configured secrets can be learned from how long an answer takes: all are always compared.

The comparisons are counted; a stopwatch would prove nothing.
"""

from __future__ import annotations

import json
from hmac import compare_digest

import pytest

from skypay_payout import AuthenticationError, CallbackError, CallbackParser, Credentials, MalformedBodyError
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import ENCRYPTION_KEY, body, payload

SECRETS = {
    "One@skypay": ["first-secret", "second-secret", "third-secret"],
    "Two@skypay": ["fourth-secret"],
    "Three@skypay": ["fifth-secret", "first-secret"],
}
ACCOUNTS = [Credentials(name, secrets) for name, secrets in SECRETS.items()]
PAIRS = [(name, secret) for name, secrets in SECRETS.items() for secret in secrets]
CIPHER = BodyCipher(ENCRYPTION_KEY)
PARSERS = {"plain": CallbackParser(ACCOUNTS), "sealed": CallbackParser(ACCOUNTS, cipher=CIPHER)}


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bytes, bytes]]:
    """Every pair that ``hmac.compare_digest`` was given, in order."""
    pairs: list[tuple[bytes, bytes]] = []

    def counting(one: bytes, other: bytes) -> bool:
        pairs.append((one, other))
        return compare_digest(one, other)

    monkeypatch.setattr("skypay_payout._credentials.compare_digest", counting)
    return pairs


def is_taken(kind: str, data: bytes) -> bool:
    try:
        PARSERS[kind].parse(CIPHER.encrypt(data) if kind == "sealed" else data)
    except AuthenticationError:
        return False
    return True


def check_all_were_compared(compared: list[tuple[bytes, bytes]], accounts: list[Credentials]) -> None:
    """Each secret of each account, once, in the configured order, with one and the same given text."""
    assert [known for known, _ in compared] == [known for account in accounts for known in account.proofs()]
    assert len({given for _, given in compared}) == 1
    assert len(compared) == sum(len(account.authentication) for account in accounts)


@pytest.mark.parametrize("kind", PARSERS)
@pytest.mark.parametrize(("user_name", "secret"), PAIRS)
def test_all_secrets_are_compared_whichever_matches(
    compared: list[tuple[bytes, bytes]], kind: str, user_name: str, secret: str
) -> None:
    assert is_taken(kind, body(userName=user_name, authentication=secret))
    check_all_were_compared(compared, ACCOUNTS)
    matches = [compare_digest(known, given) for known, given in compared]
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
        {"userName": ["One@skypay"], "authentication": ["first-secret"]},
        {"userName": "One@skypay", "authentication": "\ud800"},
        {"userName": "\ud800", "authentication": "first-secret"},
        {"userName": "One@skypay", "authentication": "first-secret\xff"},
        {"userName": "余额", "authentication": "余额"},
    ],
    ids=lambda wrong: ascii(list(wrong.values()))[:50].replace("\\", "/"),
)
def test_all_secrets_are_compared_when_none_matches(
    compared: list[tuple[bytes, bytes]], kind: str, wrong: dict[str, object]
) -> None:
    assert not is_taken(kind, json.dumps(payload() | wrong).encode())
    check_all_were_compared(compared, ACCOUNTS)


@pytest.mark.parametrize("kind", PARSERS)
@pytest.mark.parametrize("missing", [["userName"], ["authentication"], ["userName", "authentication"]])
def test_all_secrets_are_compared_when_there_is_nothing_to_compare(
    compared: list[tuple[bytes, bytes]], kind: str, missing: list[str]
) -> None:
    members = {name: value for name, value in payload().items() if name not in missing}
    assert not is_taken(kind, json.dumps(members).encode())
    check_all_were_compared(compared, ACCOUNTS)


def test_the_other_members_do_not_change_what_is_compared(compared: list[tuple[bytes, bytes]]) -> None:
    given: dict[str, object] = {"userName": "Two@skypay", "authentication": "fourth-secret"}
    wrong: list[dict[str, object]] = [
        {"payType": 9},
        {"action": None, "dealTime": ""},
        {"controlNumber": "x", "unknown": [1]},
    ]
    for members in wrong:
        with pytest.raises(CallbackError):
            PARSERS["plain"].parse(payload() | given | members)
        check_all_were_compared(compared, ACCOUNTS)
        compared.clear()


def test_one_account_with_one_secret_is_compared_once(compared: list[tuple[bytes, bytes]]) -> None:
    account = ACCOUNTS[1]
    parser = CallbackParser(account)
    parser.parse(body(userName="Two@skypay", authentication="fourth-secret"))
    check_all_were_compared(compared, [account])


def test_a_secret_is_never_compared_in_any_other_way(compared: list[tuple[bytes, bytes]]) -> None:
    """``==`` on the way to the answer would raise here, and so would hashing, sorting or searching."""

    class OnlyConstantTime(bytes):
        def _refuse(self, *_: object) -> bool:
            raise AssertionError("compared in variable time")

        __eq__ = __ne__ = __lt__ = __contains__ = startswith = find = _refuse
        __hash__ = None  # type: ignore[assignment]

    from skypay_payout._credentials import proved

    known = [OnlyConstantTime(proof) for account in ACCOUNTS for proof in account.proofs()]
    for given in [*(bytes(bytearray(one)) for one in known), b"", b"x"]:
        assert proved(OnlyConstantTime(given), known) is (given != b"" and given != b"x")
        assert len(compared) == len(known)
        compared.clear()


def test_a_body_that_is_no_callback_compares_nothing(compared: list[tuple[bytes, bytes]]) -> None:
    for data in (b"", b"[]", b"{", body()[:-1] + b',"payType":"2"}'):
        with pytest.raises(MalformedBodyError):
            PARSERS["plain"].parse(data)
    assert not compared
