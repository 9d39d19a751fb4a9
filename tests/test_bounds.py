"""What a body can cost: never more than in proportion to its size, and no more to refuse than to take.

Costs are counted in bytecode instructions, which measure the work in Python, and in the highest number of
bytes allocated; never in seconds. What CPython does in C for a body (decoding, scanning, searching) is linear
by its own making.
"""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Mapping
from importlib import import_module
from types import FrameType
from typing import TYPE_CHECKING

import pytest

from hostile import PROVED, STRANGE, WRONG
from skypay_payout import (
    AuthenticationError,
    CallbackError,
    CallbackParser,
    ErrorCode,
    InvalidCallbackError,
    MalformedBodyError,
    PayoutCallback,
)
from skypay_payout._control_number import CONTROL_NUMBER_PATTERN, PREFIX_PATTERN
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import CREDENTIALS, body
from skypay_payout._times import DEAL_TIME_PATTERN

if TYPE_CHECKING:
    from _typeshed import TraceFunction

LIMIT = 65536
CIPHER = BodyCipher(["old key", "new key"])
plain = CallbackParser(CREDENTIALS, prefixes=["SK991"])
sealed = CallbackParser(CREDENTIALS, prefixes=["SK991"], cipher=CIPHER, max_body_size=2 * LIMIT)
roomy = CallbackParser(CREDENTIALS, max_body_size=2**25)
roomy_sealed = CallbackParser(CREDENTIALS, max_body_size=2**25, cipher=CIPHER)


def outcome(
    parser: CallbackParser, data: bytes | str | Mapping[str, object]
) -> PayoutCallback | CallbackError:
    try:
        return parser.parse(data)
    except CallbackError as error:
        return error


def instructions(parser: CallbackParser, data: bytes | str | Mapping[str, object]) -> int:
    """How many bytecode instructions it takes to judge the body."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> TraceFunction:
        nonlocal count
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        count += event == "opcode"
        return trace

    outcome(parser, data)  # what is done once only, such as an import, is not counted
    before = sys.gettrace()
    gc.disable()  # others may have asked to be called when it collects
    sys.settrace(trace)
    try:
        outcome(parser, data)
    finally:
        sys.settrace(before)
        gc.enable()
    return count


def peak(parser: CallbackParser, data: bytes | str | Mapping[str, object]) -> int:
    """How many bytes it takes to judge the body, at most at once, the result included."""
    outcome(parser, data)
    tracemalloc.start()
    try:
        kept = outcome(parser, data)
        del kept
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


BODIES = STRANGE | PROVED | WRONG


@pytest.mark.parametrize("name", STRANGE)
def test_a_stranger_is_refused(name: str) -> None:
    refusal = outcome(plain, STRANGE[name](LIMIT))
    assert isinstance(refusal, MalformedBodyError | AuthenticationError)
    assert refusal.code is not ErrorCode.TOO_LARGE
    assert len(str(refusal)) < 400
    assert isinstance(outcome(sealed, STRANGE[name](LIMIT)), MalformedBodyError)


@pytest.mark.parametrize("name", PROVED)
def test_a_large_callback_is_taken(name: str) -> None:
    data = PROVED[name](LIMIT)
    assert LIMIT * 0.99 < len(data) <= LIMIT
    callback = outcome(plain, data)
    assert isinstance(callback, PayoutCallback)
    assert outcome(sealed, CIPHER.encrypt(data)) == callback


@pytest.mark.parametrize("name", WRONG)
def test_a_large_wrong_member_is_named(name: str) -> None:
    refusal = outcome(plain, WRONG[name](LIMIT))
    assert isinstance(refusal, InvalidCallbackError)
    assert len(str(refusal)) < 1000


@pytest.mark.parametrize("name", BODIES)
def test_the_work_grows_at_most_linearly_with_the_body(name: str) -> None:
    small, large = (BODIES[name](size) for size in (LIMIT // 16, LIMIT // 4))
    for parser, one, other in (
        (plain, small, large),
        (sealed, CIPHER.encrypt(small), CIPHER.encrypt(large)),
        (sealed, small, large),
    ):
        assert instructions(parser, other) <= 4.5 * instructions(parser, one) + 1000


@pytest.mark.parametrize("name", BODIES)
def test_the_memory_grows_at_most_linearly_with_the_body(name: str) -> None:
    small, large = (BODIES[name](size) for size in (LIMIT // 8, LIMIT // 2))
    for parser, one, other in (
        (plain, small, large),
        (sealed, CIPHER.encrypt(small), CIPHER.encrypt(large)),
        (sealed, small, large),
    ):
        assert peak(parser, other) <= 5 * peak(parser, one) + 20_000
        assert peak(parser, other) <= 100 * len(other) + 20_000


def test_a_stranger_costs_no_more_than_the_dearest_callback_of_the_size() -> None:
    most_work = max(instructions(plain, make(LIMIT)) for make in PROVED.values())
    most_memory = max(peak(plain, make(LIMIT)) for make in PROVED.values())
    for name, make in STRANGE.items():
        data = make(LIMIT)
        assert instructions(plain, data) <= most_work, name
        assert peak(plain, data) <= most_memory, name


@pytest.mark.parametrize("name", PROVED)
def test_a_wrong_secret_costs_less_than_the_right_one(name: str) -> None:
    data = PROVED[name](LIMIT)
    strange = data.replace(b'"authentication": "30', b'"authentication": "31')
    assert isinstance(outcome(plain, strange), AuthenticationError)
    assert instructions(plain, strange) < instructions(plain, data)
    assert peak(plain, strange) <= peak(plain, data) + 1000


@pytest.mark.parametrize("name", PROVED)
def test_an_invalid_callback_costs_hardly_more_than_the_same_one_with_good_members(name: str) -> None:
    data = PROVED[name](LIMIT)
    wrong = data.replace(b'"payType": "1"', b'"payType": "7"').replace(b"2018-08-07 11", b"2018-08-07T24")
    assert isinstance(outcome(plain, wrong), InvalidCallbackError)
    assert instructions(plain, wrong) <= 1.25 * instructions(plain, data) + 1000
    assert peak(plain, wrong) <= 1.1 * peak(plain, data) + 20_000


@pytest.mark.parametrize("name", STRANGE)
def test_a_body_that_is_broken_costs_a_constant_number_of_instructions(name: str) -> None:
    data = STRANGE[name](LIMIT)
    if outcome(plain, data).__class__ is MalformedBodyError:
        assert instructions(plain, data) < 1000


@pytest.mark.parametrize("name", BODIES)
def test_ten_megabytes_of_anything_are_refused_unread(name: str) -> None:
    data = BODIES[name](10_000_000)
    if len(data) > LIMIT:
        for parser in (plain, sealed):
            refusal = outcome(parser, data)
            assert isinstance(refusal, MalformedBodyError)
            assert refusal.code is ErrorCode.TOO_LARGE
        assert instructions(plain, data) < 200
        assert peak(plain, data) < 5_000


def test_ten_megabytes_of_text_are_refused_unread() -> None:
    text = "余" * 10_000_000
    refusal = outcome(plain, text)
    assert isinstance(refusal, MalformedBodyError)
    assert refusal.code is ErrorCode.TOO_LARGE
    assert instructions(plain, text) < 200
    assert peak(plain, text) <= 3 * len(text) + 5_000


def test_a_mapping_costs_what_its_text_does() -> None:
    members = {f"a{number:05}": "x" * 90 for number in range(100_000)}
    refusal = outcome(plain, members)
    assert isinstance(refusal, MalformedBodyError)
    assert refusal.code is ErrorCode.TOO_LARGE
    assert instructions(plain, members) < 1000
    assert peak(plain, members) <= 50_000_000


@pytest.mark.parametrize("name", STRANGE)
def test_where_the_limit_is_raised_a_megabyte_costs_ten_times_a_tenth(name: str) -> None:
    small, large = STRANGE[name](100_000), STRANGE[name](1_000_000)
    for parser in (roomy, roomy_sealed):
        assert instructions(parser, large) <= 10.5 * instructions(parser, small) + 1000
        assert peak(parser, large) <= 16 * peak(parser, small) + 20_000
        assert outcome(parser, large).__class__ is outcome(parser, small).__class__


def test_a_million_commas_are_refused_in_a_few_instructions() -> None:
    for data in (b'{"a":1' + b"," * 10**6 + b"}", body()[:-1] + b"," * 10**6 + b"}"):
        refusal = outcome(roomy, data)
        assert isinstance(refusal, MalformedBodyError)
        assert refusal.code is ErrorCode.NOT_JSON
        assert instructions(roomy, data) < 1000
        assert peak(roomy, data) < 5 * len(data)


@pytest.mark.parametrize("accounts", [1, 10, 100])
def test_more_accounts_cost_in_proportion(accounts: int) -> None:
    from skypay_payout import Credentials

    def parser(count: int) -> CallbackParser:
        others = [Credentials(f"Other{number}@skypay", f"other-secret-{number}") for number in range(count)]
        return CallbackParser([*others, CREDENTIALS])

    data = PROVED["an array of numbers"](LIMIT // 16)
    assert instructions(parser(2 * accounts), data) <= 2.2 * instructions(parser(accounts), data) + 1000


@pytest.mark.parametrize("pattern", [CONTROL_NUMBER_PATTERN, PREFIX_PATTERN, DEAL_TIME_PATTERN])
def test_no_pattern_can_match_or_backtrack_further_than_a_few_characters(pattern: str) -> None:
    shortest, longest = import_module("re._parser").parse(pattern).getwidth()
    assert shortest <= longest <= 40


@pytest.mark.parametrize("name", BODIES)
def test_an_error_is_no_larger_than_what_was_sent(name: str) -> None:
    import pickle

    data = BODIES[name](LIMIT)
    result = outcome(plain, data)
    if isinstance(result, CallbackError):
        assert len(pickle.dumps(result)) <= 2 * len(data) + 3000
        assert len(repr(result)) < 2000
