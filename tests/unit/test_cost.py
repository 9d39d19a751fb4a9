"""What a body can cost: at most in proportion to its size, and no more to reject than to accept.

Costs are counted in bytecode instructions, which measure the work in Python, and in the highest number of
bytes allocated; never in seconds. What CPython does in C (decoding, scanning, searching) is linear.
"""

from __future__ import annotations

import pickle
from functools import partial
from importlib import import_module

import pytest
from attrs import evolve

from skypay_payout import (
    Accepted,
    AuthenticationError,
    CallbackError,
    CallbackParser,
    Credentials,
    ErrorCode,
    InvalidCallbackError,
    MalformedBodyError,
    PayoutCallback,
)
from skypay_payout._control_number import CONTROL_NUMBER_PATTERN, PREFIX_PATTERN
from skypay_payout._times import DEAL_TIME_PATTERN
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import AUTHENTICATION, CREDENTIALS, USER_NAME, body
from tests.support.callbacks import Body, outcome
from tests.support.counting import instructions, peak, python_calls
from tests.support.hostile import ACCEPTED, BODIES, INVALID, REJECTED

pytestmark = pytest.mark.unmeasured

LIMIT = 65536
CIPHER = BodyCipher(["old key", "new key"])
PLAIN = CallbackParser(Credentials(USER_NAME, AUTHENTICATION, prefixes="SK991"))
ENCRYPTED = evolve(PLAIN, cipher=CIPHER, max_body_size=2 * LIMIT)


def work(parser: CallbackParser, sent: Body) -> int:
    return instructions(partial(parser.receive, sent))


def memory(parser: CallbackParser, sent: Body) -> int:
    return peak(partial(parser.receive, sent))


@pytest.mark.parametrize("name", REJECTED)
def test_a_large_body_of_an_unauthenticated_sender_is_rejected(name: str) -> None:
    sent = REJECTED[name](LIMIT)
    assert LIMIT * 0.97 < len(sent) <= LIMIT
    for parser in (PLAIN, ENCRYPTED):
        error = outcome(parser, sent)
        assert isinstance(error, MalformedBodyError | AuthenticationError)
        assert error.code is not ErrorCode.TOO_LARGE
        assert len(str(error)) < 400


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_large_callback_is_accepted(name: str) -> None:
    for size in (1000, 4000, LIMIT):
        sent = ACCEPTED[name](size)
        assert size * 0.95 < len(sent) <= size
        callback = outcome(PLAIN, sent)
        assert isinstance(callback, PayoutCallback)
        assert outcome(ENCRYPTED, CIPHER.encrypt(sent)) == callback


@pytest.mark.parametrize("name", INVALID)
def test_a_large_invalid_field_is_named(name: str) -> None:
    error = outcome(PLAIN, INVALID[name](LIMIT))
    assert isinstance(error, InvalidCallbackError)
    assert len(str(error)) < 1000


@pytest.mark.parametrize("name", BODIES)
def test_the_work_and_the_memory_grow_at_most_linearly_with_the_body(name: str) -> None:
    small, large = (BODIES[name](size) for size in (LIMIT // 16, LIMIT // 4))
    for parser, one, other in (
        (PLAIN, small, large),
        (ENCRYPTED, CIPHER.encrypt(small), CIPHER.encrypt(large)),
    ):
        assert work(parser, other) <= 4.5 * work(parser, one) + 1000
        assert memory(parser, other) <= 5 * memory(parser, one) + 20_000
        assert memory(parser, other) <= 100 * len(other) + 20_000


@pytest.mark.parametrize("size", [600, 4000, LIMIT])
def test_to_reject_an_unauthenticated_body_is_never_more_work_than_to_accept_an_honest_one(size: int) -> None:
    honest = ACCEPTED["honest extra fields"](size)
    assert isinstance(PLAIN.receive(honest), Accepted)
    most = work(PLAIN, honest)
    for name, make in REJECTED.items():
        assert work(PLAIN, make(size)) <= most, name


NUMBERS = {
    "whole": b",1",
    "fraction": b",0.5",
    "exponent": b",1e5",
    "infinite": b",1e999",
    "long": b",12345678901",
}


@pytest.mark.parametrize("part", NUMBERS.values(), ids=NUMBERS)
def test_no_python_code_runs_for_a_number_of_an_unauthenticated_body(part: bytes) -> None:
    def sent(count: int) -> bytes:
        start = body(authentication="x")[:-1] + b',"x":[0' + part * count + b'],"y":"'
        return start + b"y" * (40_000 - len(start)) + b'"}'

    few, many = sent(3), sent(1000)
    for one in (few, many):
        assert isinstance(outcome(PLAIN, one), AuthenticationError)
    assert work(PLAIN, few) == work(PLAIN, many)
    assert python_calls(partial(PLAIN.receive, few)) == python_calls(partial(PLAIN.receive, many))


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_wrong_secret_costs_less_than_the_right_one(name: str) -> None:
    accepted = ACCEPTED[name](LIMIT)
    rejected = REJECTED[f"another's secret, and {name}"](LIMIT)
    assert isinstance(outcome(PLAIN, rejected), AuthenticationError)
    assert work(PLAIN, rejected) < work(PLAIN, accepted)
    assert memory(PLAIN, rejected) <= memory(PLAIN, accepted) + 1000


@pytest.mark.parametrize("name", ACCEPTED)
def test_to_redact_an_invalid_callback_costs_at_most_eight_times_what_it_costs_to_accept_it(
    name: str,
) -> None:
    accepted = ACCEPTED[name](LIMIT)
    invalid = accepted.replace(b'"payType": "1"', b'"payType": "7"')
    assert isinstance(outcome(PLAIN, invalid), InvalidCallbackError)
    assert work(PLAIN, invalid) <= 8 * work(PLAIN, accepted)
    assert memory(PLAIN, invalid) <= 2 * memory(PLAIN, accepted)


@pytest.mark.parametrize("name", REJECTED)
def test_a_malformed_body_costs_a_constant_number_of_instructions_and_one_for_each_object(name: str) -> None:
    sent = REJECTED[name](LIMIT)
    if isinstance(outcome(PLAIN, sent), MalformedBodyError):
        assert work(PLAIN, sent) < 2500


@pytest.mark.parametrize("name", BODIES)
def test_ten_megabytes_of_anything_are_rejected_unread(name: str) -> None:
    sent = BODIES[name](10_000_000)
    if len(sent) > LIMIT:
        for parser in (PLAIN, ENCRYPTED):
            error = outcome(parser, sent)
            assert isinstance(error, MalformedBodyError)
            assert error.code is ErrorCode.TOO_LARGE
        assert work(PLAIN, sent) < 300
        assert memory(PLAIN, sent) < 5_000


def test_ten_megabytes_of_text_are_rejected_unread() -> None:
    text = "余" * 10_000_000
    error = outcome(PLAIN, text)
    assert isinstance(error, MalformedBodyError)
    assert error.code is ErrorCode.TOO_LARGE
    assert work(PLAIN, text) < 300
    assert memory(PLAIN, text) < 6 * LIMIT  # the limit, and not the text, bounds what is copied


@pytest.mark.parametrize("accounts", [1, 10, 100])
def test_more_accounts_cost_in_proportion(accounts: int) -> None:
    def parser(count: int) -> CallbackParser:
        others = [Credentials(f"Other{number}@skypay", f"other-secret-{number}") for number in range(count)]
        return CallbackParser([*others, CREDENTIALS])

    sent = ACCEPTED["as many numbers as allowed"](LIMIT // 16)
    assert work(parser(2 * accounts), sent) <= 2.2 * work(parser(accounts), sent) + 1000


@pytest.mark.parametrize("pattern", [CONTROL_NUMBER_PATTERN, PREFIX_PATTERN, DEAL_TIME_PATTERN])
def test_no_pattern_can_match_or_backtrack_further_than_a_few_characters(pattern: str) -> None:
    shortest, longest = import_module("re._parser").parse(pattern).getwidth()
    assert shortest <= longest <= 40


@pytest.mark.parametrize("name", BODIES)
def test_an_error_is_no_larger_than_what_was_sent(name: str) -> None:
    sent = BODIES[name](LIMIT)
    error = outcome(PLAIN, sent)
    if isinstance(error, CallbackError):
        assert len(pickle.dumps(error)) <= 2 * len(sent) + 3000
        assert len(repr(error)) < 2000
