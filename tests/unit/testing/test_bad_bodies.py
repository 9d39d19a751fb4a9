"""Bad bodies are rejected or quarantined as they say, by every parser."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from skypay_payout import (
    Accepted,
    CallbackError,
    CallbackParser,
    Credentials,
    ErrorCode,
    InvalidCallbackError,
)
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import (
    AUTHENTICATION,
    CREDENTIALS,
    ENCRYPTION_KEY,
    USER_NAME,
    WRONG_AUTHENTICATION,
    BadBody,
    bad_bodies,
    payload,
)
from tests.support.parsers import ENCRYPTED, PLAIN

BOTH = pytest.mark.parametrize("parser", [PLAIN, ENCRYPTED], ids=["plain", "encrypted"])


def bad_body(parser: CallbackParser, name: str) -> BadBody:
    (found,) = (bad for bad in bad_bodies(parser) if bad.name == name)
    return found


def raised(parser: CallbackParser, body: bytes) -> tuple[object, ...]:
    """Return what ``parse`` raises for the body, in the terms of a ``BadBody``."""
    with pytest.raises(CallbackError) as found:
        parser.parse(body)
    errors = found.value.errors if isinstance(found.value, InvalidCallbackError) else ()
    return type(found.value), found.value.code, tuple((error.field, error.code) for error in errors)


@pytest.mark.parametrize(
    ("parser", "bad"),
    [
        pytest.param(parser, bad, id=f"{how}, {bad}")
        for how, parser in (("plain", PLAIN), ("encrypted", ENCRYPTED))
        for bad in bad_bodies(parser)
    ],
)
def test_bad_body_raises_what_it_says_and_has_the_status_of_the_library(
    parser: CallbackParser, bad: BadBody
) -> None:
    assert raised(parser, bad.body) == (bad.error, bad.code, bad.field_errors)
    assert parser.receive(bad.body).respond().status == bad.status


def test_every_code_has_a_bad_body() -> None:
    found = {
        code
        for parser in (PLAIN, ENCRYPTED)
        for bad in bad_bodies(parser)
        for code in (bad.code, *(code for _, code in bad.field_errors))
    }
    assert found == set(ErrorCode)


def test_every_field_has_a_bad_body() -> None:
    found = {field for bad in bad_bodies(PLAIN) for field, _ in bad.field_errors}
    assert found == {*payload(4), *payload(1)} - {"userName", "authentication"}


@BOTH
def test_each_bad_body_has_a_name_and_a_payout_of_its_own(parser: CallbackParser) -> None:
    bodies = bad_bodies(parser)
    assert [name for name, times in Counter(map(str, bodies)).items() if times > 1] == []
    assert len({bad.control_number for bad in bodies}) == len(bodies)


def test_body_that_a_lenient_reader_accepts_is_an_event_of_its_own() -> None:
    def lenient(value: object) -> object:
        return value.strip() if isinstance(value, str) else value

    for bad in bad_bodies(PLAIN):
        if bad.kind == "invalid-control-number" and "space b" in bad.name:
            fields = {name: lenient(value) for name, value in json.loads(bad.body).items()}
            result = PLAIN.receive(json.dumps(fields))
            assert isinstance(result, Accepted)
            assert result.callback.control_number == bad.control_number


def test_payouts_begin_with_the_serial_number() -> None:
    first, second, *_ = bad_bodies(PLAIN, serial=123_456_789)
    assert (first.control_number, second.control_number) == ("SK991123456789", "SK991123456790")
    assert {bad.control_number for bad in bad_bodies(PLAIN)}.isdisjoint(
        bad.control_number for bad in bad_bodies(PLAIN, serial=1000)
    )


def test_kind_is_shared_and_names_the_field_of_an_invalid_callback() -> None:
    kinds = {bad.kind for bad in bad_bodies(ENCRYPTED)}
    assert {kind for kind in kinds if kind.startswith("invalid-")} == {
        *("invalid-action", "invalid-control-number", "invalid-pay-type", "invalid-deal-time"),
        *("invalid-fail-description", "invalid-reference-number", "invalid-several"),
    }
    of_encryption = kinds - {bad.kind for bad in bad_bodies(PLAIN)}
    assert of_encryption == {"plain-json", "not-base64", "broken-blocks", "wrong-padding", "other-key"}


def test_repr_does_not_show_the_body() -> None:
    assert all(AUTHENTICATION not in repr(bad) for bad in bad_bodies(PLAIN))


def test_body_that_is_too_large_follows_the_limit_of_the_parser() -> None:
    parser = CallbackParser(CREDENTIALS, max_body_size=25_000)
    sizes = [len(bad.body) for bad in bad_bodies(parser) if bad.code is ErrorCode.TOO_LARGE]
    assert sizes == [25_001]


@pytest.mark.parametrize(
    "parser",
    [
        CallbackParser(CREDENTIALS, max_body_size=4096),
        CallbackParser(CREDENTIALS, max_body_size=400, cipher=BodyCipher(ENCRYPTION_KEY)),
        CallbackParser(Credentials("Other@skypay", [f"{WRONG_AUTHENTICATION} ", WRONG_AUTHENTICATION])),
        CallbackParser(Credentials("1@2", "12345")),
        CallbackParser(Credentials("same@skypay", "same@skypay")),
        CallbackParser([CREDENTIALS, Credentials("Other@skypay", AUTHENTICATION)]),
        CallbackParser(Credentials(USER_NAME, AUTHENTICATION, prefixes="00000")),
    ],
    ids=[
        "a lower limit",
        "the lowest limit",
        "the kit's wrong account",
        "no letters",
        "a secret that is the account",
        "two accounts with one secret",
        "a prefix of digits",
    ],
)
def test_unusual_parser_rejects_bad_bodies_as_they_say(parser: CallbackParser) -> None:
    for bad in bad_bodies(parser):
        assert (bad.name, *raised(parser, bad.body)) == (bad.name, bad.error, bad.code, bad.field_errors)


@pytest.mark.parametrize("number", [*range(20), 33])  # the last yields valid padding at the first trial
def test_body_that_no_key_decrypts_has_padding_that_fits_none(number: int) -> None:
    parser = CallbackParser(CREDENTIALS, cipher=BodyCipher([f"key {number}", f"key {number + 20}"]))
    for bad in bad_bodies(parser):
        if bad.code is ErrorCode.DECRYPTION_FAILED:
            assert raised(parser, bad.body) == (bad.error, bad.code, ())


def test_secret_of_another_account_is_wrong_where_there_is_one() -> None:
    name = "authentication of another account"
    assert name not in map(str, bad_bodies(PLAIN))
    same = CallbackParser([CREDENTIALS, Credentials("Other@skypay", AUTHENTICATION)])
    assert name not in map(str, bad_bodies(same))
    other = CallbackParser(
        [CREDENTIALS, Credentials("Other@skypay", [AUTHENTICATION, "a secret of its own"])]
    )
    assert b'"a secret of its own"' in bad_body(other, name).body


def test_unexpected_prefix_is_one_of_another_account_or_one_that_nobody_has() -> None:
    name = "controlNumber of another partner"
    account = Credentials(USER_NAME, AUTHENTICATION, prefixes={"00000", "00001"})
    assert b'"00002000000' in bad_body(CallbackParser(account), name).body
    two = [account, Credentials("Other@skypay", "secret", prefixes={"00001", "SKY99"})]
    assert b'"SKY99000000' in bad_body(CallbackParser(two), name).body
    assert name not in map(str, bad_bodies(PLAIN))


def test_configured_prefix_in_another_case_is_unexpected() -> None:
    parser = CallbackParser(Credentials(USER_NAME, AUTHENTICATION, prefixes="SKYab"))
    assert b'"skyab000000' in bad_body(parser, "controlNumber with its prefix in lower case").body
    assert b'"SKYAB000000' in bad_body(parser, "controlNumber with its prefix in capitals").body
    digits = CallbackParser(Credentials(USER_NAME, AUTHENTICATION, prefixes="12345"))
    assert not any("with its prefix" in bad.name for bad in bad_bodies(digits))
