"""The check catches every wrong endpoint, and names the rule that it breaks."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from skypay_payout import CallbackParser, Credentials
from skypay_payout.conformance import Outcome, check_endpoint
from skypay_payout.conformance._cases import RULES
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import AUTHENTICATION, ENCRYPTION_KEY, USER_NAME
from tests.conformance.served import OLDER_KEY, OLDER_SECRET, Encrypted, served
from tests.conformance.wrong import WRONG

HINT = "any-acknowledged"
KEYS = (OLDER_KEY, ENCRYPTION_KEY)
ACCOUNT = Credentials(USER_NAME, (OLDER_SECRET, AUTHENTICATION))
PLAIN = CallbackParser(ACCOUNT)
ENCRYPTED = CallbackParser(ACCOUNT, cipher=BodyCipher(KEYS))


def endpoints() -> Iterator[object]:
    """Each by its name, measured unless others break the same rules, and its responses are right."""
    broken = set[str]()
    for name, (_, cases) in WRONG.items():
        yield pytest.param(name, marks=[pytest.mark.unmeasured] if "sample" not in cases <= broken else [])
        broken |= cases


@pytest.mark.parametrize("name", list(endpoints()))
def test_an_endpoint_is_caught_that(name: str) -> None:
    make, cases = WRONG[name]
    endpoint = make()
    parser = ENCRYPTED if isinstance(endpoint, Encrypted) else PLAIN
    with served(endpoint) as server:
        results = list(check_endpoint(server.url, parser, only=cases, keys=KEYS))
    # Where nothing was acknowledged, there is a hint besides what was asked for.
    assert {result.id for result in results if result.outcome is Outcome.FAILED} | {HINT} == cases | {HINT}
    for result in results:
        assert result.outcome is not Outcome.FAILED or result.message
        assert not re.search(f"{AUTHENTICATION}|{OLDER_SECRET}|{ENCRYPTION_KEY}|{OLDER_KEY}", result.message)


def test_there_are_at_least_150_wrong_endpoints() -> None:
    assert len(WRONG) >= 150


def test_every_case_catches_a_wrong_endpoint() -> None:
    caught = {case for _, cases in WRONG.values() for case in cases}
    elsewhere = {"in-time", "stored-once", "stored-intact", "stored-time", "stored-rejected"}
    assert {rule.id for rule in RULES} - caught == elsewhere
