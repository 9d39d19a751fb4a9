"""The test kit: its bodies are SkyPay's, bad ones are refused as they say, and pytest finds the fixtures."""

from __future__ import annotations

import subprocess
import sys
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from importlib.metadata import entry_points
from itertools import permutations

import freezegun
import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from skypay_payout import (
    AuthenticationError,
    CallbackError,
    CallbackParser,
    Credentials,
    ErrorCode,
    InvalidCallbackError,
    MalformedBodyError,
    PayType,
    acknowledge,
)
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import (
    AUTHENTICATION,
    CANCELLED,
    CREDENTIALS,
    ENCRYPTION_KEY,
    FAILED,
    LIVES,
    PAID,
    SAMPLE,
    USER_NAME,
    WRONG_AUTHENTICATION,
    BadBody,
    BodyFactory,
    Life,
    bad_bodies,
    body,
    out_of_order,
    payload,
    repeated,
    strategies,
    written,
)
from skypay_payout.testing.strategies import bodies, invalid_bodies, refused_bodies

CIPHER = BodyCipher(["an older key", ENCRYPTION_KEY])
PLAIN = CallbackParser(CREDENTIALS)
ENCRYPTED = CallbackParser(
    [Credentials(USER_NAME, ["an older secret", AUTHENTICATION]), Credentials("余额@skypay", 'a "secret"')],
    prefixes={"SK991", "00000"},
    cipher=CIPHER,
)
PARSERS = pytest.mark.parametrize("parser", [PLAIN, ENCRYPTED], ids=["plain", "encrypted"])


# One body.


def test_the_sample_is_the_published_one_with_the_comma_that_ends_it() -> None:
    assert SAMPLE.endswith(b'"referenceNumber": "MLA001041380755361119",\n}')
    assert PLAIN.parse(SAMPLE) == PLAIN.parse(body())


@pytest.mark.parametrize("status", PayType)
def test_a_body_of_any_status_takes_one_line(status: PayType) -> None:
    callback = PLAIN.parse(body(status))
    assert callback.pay_type is status
    assert (callback.fail_description is not None) == (status is PayType.FAILURE)
    assert (callback.reference_number is not None) == (status in (PayType.UPLOAD, PayType.AMENDED_SUCCESS))


def test_members_replace_what_the_body_holds_or_come_on_top() -> None:
    callback = PLAIN.parse(body(PayType.PAYOUT, controlNumber="SKY99000000001", fee="12.50"))
    assert (callback.control_number, dict(callback.extra)) == ("SKY99000000001", {"fee": "12.50"})


def test_a_status_of_the_future_is_a_number() -> None:
    with pytest.raises(InvalidCallbackError, match="'7' is no known status"):
        PLAIN.parse(body(7))


def test_a_body_is_encrypted_where_there_is_a_cipher() -> None:
    assert ENCRYPTED.parse(body(cipher=CIPHER)) == PLAIN.parse(body())


def test_a_member_can_be_taken_away() -> None:
    members = payload()
    del members["authentication"]
    with pytest.raises(AuthenticationError):
        PLAIN.parse(written(members))


def test_a_member_that_is_not_json_is_wrong_use() -> None:
    with pytest.raises(TypeError):
        body(fee=object())
    with pytest.raises(ValueError, match="not JSON compliant"):
        body(fee=float("nan"))


# Whole lives.


@pytest.mark.parametrize(
    ("life", "statuses"),
    [
        (PAID, [PayType.UPLOAD, PayType.AMENDED_SUCCESS, PayType.PAYOUT]),
        (FAILED, [PayType.UPLOAD, PayType.FAILURE]),
        (CANCELLED, [PayType.UPLOAD, PayType.CANCEL]),
    ],
    ids=lambda value: value.name if isinstance(value, Life) else "",
)
def test_a_life_tells_what_happens_to_one_payout_hour_by_hour(life: Life, statuses: list[PayType]) -> None:
    callbacks = [PLAIN.parse(body) for body in life.bodies()]
    assert [callback.pay_type for callback in callbacks] == statuses
    assert {callback.control_number for callback in callbacks} == {life.control_number}
    times = [callback.deal_time for callback in callbacks]
    assert times == [times[0] + timedelta(hours=hours) for hours in range(len(times))]


def test_the_events_of_all_lives_differ() -> None:
    events = [PLAIN.parse(body).idempotency_key for life in LIVES for body in life.bodies()]
    assert len(set(events)) == len(events) == 7


def test_a_life_can_start_at_any_time_and_be_of_any_payout_and_encrypted() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    sent = PAID.bodies(start=start, cipher=CIPHER, controlNumber="0000012345678")
    callbacks = [ENCRYPTED.parse(body) for body in sent]
    assert callbacks[0].deal_time == start
    assert {callback.control_number for callback in callbacks} == {"0000012345678"}


def test_a_life_cannot_start_at_a_naive_time() -> None:
    with pytest.raises(ValueError, match="naive"):
        PAID.bodies(start=datetime(2026, 1, 1))


def test_a_life_can_come_repeated_and_in_another_order() -> None:
    upload, amended, payout = PAID.bodies()
    assert repeated(PAID.bodies()) == [upload, upload, amended, amended, payout, payout]
    assert repeated([payout], 3) == [payout] * 3
    assert out_of_order(PAID.bodies()) == [payout, amended, upload]


def test_in_whatever_order_a_life_comes_its_times_tell_the_same() -> None:
    for order in permutations(repeated(CANCELLED.bodies())):
        events = {PLAIN.parse(body).deal_time: PLAIN.parse(body).pay_type for body in order}
        assert [events[time] for time in sorted(events)] == list(CANCELLED.statuses)


# Bad bodies.


@pytest.mark.parametrize("name", [bad.name for bad in bad_bodies(PLAIN)])
def test_a_plain_bad_body_is_refused_as_it_says(name: str) -> None:
    bad = bad_body(PLAIN, name)
    assert refusal(PLAIN, bad.body) == (bad.error, bad.code, bad.wrong)


@pytest.mark.parametrize("name", [bad.name for bad in bad_bodies(ENCRYPTED)])
def test_an_encrypted_bad_body_is_refused_as_it_says(name: str) -> None:
    bad = bad_body(ENCRYPTED, name)
    assert refusal(ENCRYPTED, bad.body) == (bad.error, bad.code, bad.wrong)


def bad_body(parser: CallbackParser, name: str) -> BadBody:
    (bad,) = (bad for bad in bad_bodies(parser) if bad.name == name)
    return bad


def test_a_body_that_is_not_json_is_what_its_name_says() -> None:
    good = bad_body(PLAIN, "two bodies").body
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
        assert bad_body(PLAIN, name).body == text
    assert PLAIN.parse(good)


def test_what_no_key_opens_is_whole_blocks_or_half_a_block_short() -> None:
    half, whole = (
        len(b64decode(bad_body(ENCRYPTED, name).body)) for name in ("half a block", "sealed with another key")
    )
    assert whole % 16 == 0
    assert half == whole - 8 > 16


def refusal(parser: CallbackParser, received: bytes) -> tuple[object, ...]:
    with pytest.raises(CallbackError) as raised:
        parser.parse(received)
    wrong = raised.value.errors if isinstance(raised.value, InvalidCallbackError) else ()
    return type(raised.value), raised.value.code, tuple((error.field, error.code) for error in wrong)


def test_no_code_is_without_a_bad_body() -> None:
    found = {
        code
        for parser in (PLAIN, ENCRYPTED)
        for bad in bad_bodies(parser)
        for code in (bad.code, *(code for _, code in bad.wrong))
    }
    assert found == set(ErrorCode)


@PARSERS
def test_bad_bodies_have_names_of_their_own(parser: CallbackParser) -> None:
    names = [str(bad) for bad in bad_bodies(parser)]
    assert len(set(names)) == len(names)


def test_the_body_that_is_too_large_follows_the_limit_of_the_parser() -> None:
    parser = CallbackParser(CREDENTIALS, max_body_size=10_000)
    sizes = [len(bad.body) for bad in bad_bodies(parser) if bad.code is ErrorCode.TOO_LARGE]
    assert sizes == [10_001]


@pytest.mark.parametrize(
    "parser",
    [
        CallbackParser(CREDENTIALS, max_body_size=4096),
        CallbackParser(CREDENTIALS, max_body_size=400, cipher=CIPHER),
        CallbackParser(Credentials("Other@skypay", [f"{WRONG_AUTHENTICATION} ", WRONG_AUTHENTICATION])),
        CallbackParser([CREDENTIALS, Credentials("Other@skypay", AUTHENTICATION)]),
    ],
    ids=["a lower limit", "the lowest limit", "the kit's wrong account", "two accounts with one secret"],
)
def test_an_unusual_parser_refuses_its_bad_bodies_as_they_say_too(parser: CallbackParser) -> None:
    for bad in bad_bodies(parser):
        assert (bad.name, *refusal(parser, bad.body)) == (bad.name, bad.error, bad.code, bad.wrong)


def test_where_integers_may_have_any_number_of_digits_none_has_too_many() -> None:
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        assert not [
            bad for bad in bad_bodies(PLAIN) if "digits" in bad.name and bad.code is ErrorCode.NOT_JSON
        ]
    finally:
        sys.set_int_max_str_digits(limit)


def test_the_foreign_prefix_is_none_of_the_partners() -> None:
    parser = CallbackParser(CREDENTIALS, prefixes={"00000", "00001"})
    (foreign,) = (
        bad for bad in bad_bodies(parser) if bad.wrong == (("controlNumber", ErrorCode.FOREIGN_PREFIX),)
    )
    assert b"0000223456789" in foreign.body


def test_a_parser_that_can_only_decrypt_has_no_bad_bodies() -> None:
    class DecryptOnly:
        def decrypt(self, body: bytes, /) -> bytes:
            return body

    with pytest.raises(TypeError, match="DecryptOnly has no encrypt method"):
        bad_bodies(CallbackParser(CREDENTIALS, cipher=DecryptOnly()))


# Hypothesis strategies.


@PARSERS
@given(data=st.data())
def test_what_the_strategy_of_good_bodies_makes_is_taken(parser: CallbackParser, data: st.DataObject) -> None:
    parser.parse(data.draw(bodies(parser)))


@PARSERS
@given(data=st.data())
def test_what_the_strategy_of_invalid_bodies_makes_is_authenticated_but_invalid(
    parser: CallbackParser, data: st.DataObject
) -> None:
    with pytest.raises(InvalidCallbackError):
        parser.parse(data.draw(invalid_bodies(parser)))


@PARSERS
@given(data=st.data())
def test_what_the_strategy_of_refused_bodies_makes_is_never_acknowledged(
    parser: CallbackParser, data: st.DataObject
) -> None:
    with pytest.raises((AuthenticationError, MalformedBodyError)):
        parser.parse(data.draw(refused_bodies(parser)))


# What pytest finds by itself.


def test_pytest_finds_the_plugin_by_itself() -> None:
    (plugin,) = entry_points(group="pytest11", name="skypay_payout")
    assert plugin.value == "skypay_payout.testing.plugin"


def test_the_fixtures_fit_each_other(
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

    def test_the_other_fixtures_follow(self, skypay_parser: CallbackParser, skypay_body: BodyFactory) -> None:
        assert skypay_parser.parse(skypay_body()).user_name == "Another@skypay"
        with pytest.raises(AuthenticationError):
            skypay_parser.parse(skypay_body(authentication=WRONG_AUTHENTICATION))


@pytest.mark.parametrize("text", ["SK99123456789", "SKY99000000001", "zzzzz0123456789"])
def test_a_control_number_is_no_wrong_value_for_one(text: str) -> None:
    assert not strategies._no_control_number(text)
    for wrong in (f"{text}\n", f" {text}", text[:-6], f"{text}000", "SKY**12345678", 1, None, [text]):
        assert strategies._no_control_number(wrong)


# Frozen time.


@time_machine.travel("2018-06-18T09:52:10.52119+00:00", tick=False)
def test_time_machine_freezes_the_acknowledgement() -> None:
    assert acknowledge().to_dict()["responseTime"] == "2018-06-18 17:52:10.5211"
    assert b"2018-06-18 17:52:10.5211" in PLAIN.reply(PLAIN.parse(SAMPLE))


@freezegun.freeze_time("2018-06-18T09:52:10.52119+00:00")
def test_freezegun_freezes_the_acknowledgement() -> None:
    assert acknowledge().to_dict()["responseTime"] == "2018-06-18 17:52:10.5211"
    assert b"2018-06-18 17:52:10.5211" in PLAIN.reply(PLAIN.parse(SAMPLE))


# What is imported.


@pytest.mark.parametrize(
    ("module", "never"),
    [
        ("skypay_payout", ["skypay_payout.testing", "skypay_payout.conformance", "skypay_payout._delivery"]),
        ("skypay_payout.testing", ["hypothesis", "pytest", "httpx", "cryptography"]),
        ("skypay_payout.testing.plugin", ["hypothesis", "httpx", "cryptography"]),
    ],
)
def test_importing_brings_nothing_that_is_not_asked_for(module: str, never: list[str]) -> None:
    program = f"import sys, {module}; print(*sorted(set({never!r}) & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout == "\n"
