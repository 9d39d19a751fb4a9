"""Rejection cases are rejected or quarantined as they say, by every parser."""

from __future__ import annotations

from base64 import b64decode

import pytest

from skypay_payout import (
    CallbackError,
    CallbackParser,
    Credentials,
    ErrorCode,
    InvalidCallbackError,
    Quarantined,
    Rejected,
)
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import (
    AUTHENTICATION,
    CREDENTIALS,
    ENCRYPTION_KEY,
    USER_NAME,
    WRONG_AUTHENTICATION,
    RejectionCase,
    payload,
    rejection_cases,
)
from tests.support.parsers import ENCRYPTED, PLAIN


def rejection_case(parser: CallbackParser, name: str) -> RejectionCase:
    (found,) = (case for case in rejection_cases(parser) if case.name == name)
    return found


def raised(parser: CallbackParser, body: bytes) -> tuple[object, ...]:
    """Return what ``parse`` raises for the body, in the terms of a ``RejectionCase``."""
    with pytest.raises(CallbackError) as found:
        parser.parse(body)
    errors = found.value.errors if isinstance(found.value, InvalidCallbackError) else ()
    return type(found.value), found.value.code, tuple((error.field, error.code) for error in errors)


@pytest.mark.unmeasured
@pytest.mark.parametrize("name", [case.name for case in rejection_cases(PLAIN)])
def test_plain_case_raises_what_it_says(name: str) -> None:
    case = rejection_case(PLAIN, name)
    assert raised(PLAIN, case.body) == (case.error, case.code, case.field_errors)


@pytest.mark.unmeasured
@pytest.mark.parametrize("name", [case.name for case in rejection_cases(ENCRYPTED)])
def test_encrypted_case_raises_what_it_says(name: str) -> None:
    case = rejection_case(ENCRYPTED, name)
    assert raised(ENCRYPTED, case.body) == (case.error, case.code, case.field_errors)


@pytest.mark.parametrize("parser", [PLAIN, ENCRYPTED], ids=["plain", "encrypted"])
def test_only_invalid_callbacks_are_quarantined(parser: CallbackParser) -> None:
    for case in rejection_cases(parser):
        expected = Quarantined if case.error is InvalidCallbackError else Rejected
        assert (case.name, type(parser.receive(case.body))) == (case.name, expected)


def test_every_code_has_a_case() -> None:
    found = {
        code
        for parser in (PLAIN, ENCRYPTED)
        for case in rejection_cases(parser)
        for code in (case.code, *(code for _, code in case.field_errors))
    }
    assert found == set(ErrorCode)


def test_every_field_has_a_case() -> None:
    found = {field for case in rejection_cases(PLAIN) for field, _ in case.field_errors}
    assert found == {*payload(4), *payload(1)} - {"userName", "authentication"}


@pytest.mark.parametrize("parser", [PLAIN, ENCRYPTED], ids=["plain", "encrypted"])
def test_cases_have_unique_names(parser: CallbackParser) -> None:
    names = [str(case) for case in rejection_cases(parser)]
    assert len(set(names)) == len(names)


def test_bodies_that_are_not_json_are_what_their_names_say() -> None:
    good = rejection_case(PLAIN, "two bodies").body
    good = good[: len(good) // 2]
    start = good[:-1]
    for name, text in {
        "white space": b" \r\n",
        "a page of HTML": b"<!DOCTYPE html><title>502</title>",
        "a form": b"userName=AppName%40skypay&payType=1",
        "cut short": start,
        "text behind it": good + b"x",
        "two commas before the last brace": start + b",,}",
        "a comma in an array": start + b',"items":[1,]}',
    }.items():
        assert rejection_case(PLAIN, name).body == text
    assert PLAIN.parse(good)


def test_undecryptable_bodies_are_whole_blocks_or_half_a_block_short() -> None:
    half, whole = (
        len(b64decode(rejection_case(ENCRYPTED, name).body))
        for name in ("half a block", "encrypted with another key")
    )
    assert whole % 16 == 0
    assert half == whole - 8 > 16


def test_body_that_is_too_large_follows_the_limit_of_the_parser() -> None:
    parser = CallbackParser(CREDENTIALS, max_body_size=10_000)
    sizes = [len(case.body) for case in rejection_cases(parser) if case.code is ErrorCode.TOO_LARGE]
    assert sizes == [10_001]


@pytest.mark.parametrize(
    "parser",
    [
        CallbackParser(CREDENTIALS, max_body_size=4096),
        CallbackParser(CREDENTIALS, max_body_size=400, cipher=BodyCipher(ENCRYPTION_KEY)),
        CallbackParser(Credentials("Other@skypay", [f"{WRONG_AUTHENTICATION} ", WRONG_AUTHENTICATION])),
        CallbackParser(Credentials("1@2", "12345")),
        CallbackParser([CREDENTIALS, Credentials("Other@skypay", AUTHENTICATION)]),
        CallbackParser([CREDENTIALS, Credentials(USER_NAME, "another secret of the same account")]),
    ],
    ids=[
        "a lower limit",
        "the lowest limit",
        "the kit's wrong account",
        "no letters",
        "two accounts with one secret",
        "one account twice",
    ],
)
def test_unusual_parser_rejects_its_cases_as_they_say(parser: CallbackParser) -> None:
    for case in rejection_cases(parser):
        assert (case.name, *raised(parser, case.body)) == (
            case.name,
            case.error,
            case.code,
            case.field_errors,
        )


def test_secret_of_another_account_is_a_case_where_there_is_one() -> None:
    name = "authentication of another account"
    assert name not in map(str, rejection_cases(PLAIN))
    same = CallbackParser([CREDENTIALS, Credentials(USER_NAME, "another secret of the same account")])
    assert name not in map(str, rejection_cases(same))
    other = CallbackParser(
        [CREDENTIALS, Credentials("Other@skypay", [AUTHENTICATION, "a secret of its own"])]
    )
    assert b'"a secret of its own"' in rejection_case(other, name).body


def test_unexpected_prefix_is_one_of_another_account_or_one_that_nobody_has() -> None:
    name = "controlNumber of another partner"
    account = Credentials(USER_NAME, AUTHENTICATION, prefixes={"00000", "00001"})
    assert b'"0000223456789"' in rejection_case(CallbackParser(account), name).body
    two = [account, Credentials("Other@skypay", "secret", prefixes={"00001", "SKY99"})]
    assert b'"SKY9923456789"' in rejection_case(CallbackParser(two), name).body
    assert name not in map(str, rejection_cases(PLAIN))
