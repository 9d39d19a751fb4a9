"""What holds for anything at all that is sent: nothing gets through, nothing leaks."""

from __future__ import annotations

import json
import re
from collections import UserDict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import NoReturn, TypeAlias

import pytest
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from shown import check_error, shown
from skypay_payout import (
    AuthenticationError,
    CallbackError,
    CallbackParser,
    Credentials,
    DecryptionError,
    ErrorCode,
    InvalidCallbackError,
    MalformedBodyError,
    PayoutCallback,
    PayType,
)
from skypay_payout.encryption import BodyCipher

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Outcome: TypeAlias = "PayoutCallback | CallbackError"

MARK = "§"
"""Every secret and key here holds it, and nothing else does: where it is shown, a part of a secret is."""

USER_NAME = "AppName@skypay"
SECRET = f"{MARK}30AC21B2-9EAA-4503-B0F0-7BE5C277ED75{MARK}"
CIPHER = BodyCipher([f"{MARK}old key", f"{MARK}new key"])

plain = CallbackParser(Credentials(USER_NAME, SECRET))
sealed = CallbackParser(Credentials(USER_NAME, SECRET), cipher=CIPHER)

GOOD: dict[str, Json] = {
    "userName": USER_NAME,
    "action": "payoutQueuePayout",
    "authentication": SECRET,
    "controlNumber": "SK99123456789",
    "payType": "4",
    "dealTime": "2018-08-07 11:58:33",
    "failDescription": "余额不足",
    "referenceNumber": "MLA001041380755361119",
}

characters = st.characters(exclude_characters=MARK, exclude_categories=["Cs"])
texts = st.text(characters)
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)


def values_of(strings: st.SearchStrategy[str]) -> st.SearchStrategy[Json]:
    scalars: st.SearchStrategy[Json] = st.none() | st.booleans() | numbers | strings
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(strings, inner, max_size=4),
        max_leaves=12,
    )


values = values_of(texts)
names = st.sampled_from([name for name in GOOD if name != "authentication"])


def written(members: object, *, ascii_only: bool = False) -> bytes:
    return json.dumps(members, ensure_ascii=ascii_only).encode()


def outcome(parser: CallbackParser, body: bytes | str | Mapping[str, object]) -> Outcome:
    """What ``parse`` makes of the body. Anything but a callback or a CallbackError fails the test."""
    try:
        result = parser.parse(body)
    except CallbackError as error:
        check_error(error)
        return error
    assert isinstance(result, PayoutCallback)
    return result


def judgement(one: Outcome) -> object:
    if isinstance(one, PayoutCallback):
        return one
    return type(one), str(one), getattr(one, "errors", ()), getattr(one, "payload", {})


def assert_conceals(one: Outcome) -> None:
    text = shown(one)
    for mark in (MARK, ascii(MARK)[1:-1], json.dumps(MARK)[1:-1]):
        assert mark not in text


# Anything at all.


@given(st.binary())
def test_any_bytes_are_refused_or_understood(body: bytes) -> None:
    assert_conceals(outcome(plain, body))
    assert isinstance(outcome(sealed, body), DecryptionError)
    assert_conceals(outcome(sealed, CIPHER.encrypt(body)))


@given(st.text())
def test_any_text_is_refused_or_understood(body: str) -> None:
    assert_conceals(outcome(plain, body))
    assert isinstance(outcome(sealed, body), MalformedBodyError)


@given(values, st.booleans())
def test_any_json_value_is_refused_or_understood(value: Json, ascii_only: bool) -> None:
    body = written(value, ascii_only=ascii_only)
    for result in (outcome(plain, body), outcome(sealed, CIPHER.encrypt(body))):
        assert isinstance(result, MalformedBodyError | AuthenticationError)
    for parser in (plain, sealed):
        if isinstance(value, dict):
            outcome(parser, value)


@given(
    st.dictionaries(names, values | st.sampled_from(list(GOOD.values())[3:])), st.dictionaries(texts, values)
)
def test_any_members_in_a_callback_of_the_right_account_are_refused_or_understood(
    wrong: dict[str, Json], unknown: dict[str, Json]
) -> None:
    members = unknown | GOOD | wrong | {"userName": USER_NAME, "authentication": SECRET}
    result = outcome(plain, written(members))
    assert isinstance(result, PayoutCallback | InvalidCallbackError)
    assert_conceals(result)
    for same in (
        outcome(plain, written(members, ascii_only=True).decode()),
        outcome(plain, MappingProxyType(members)),
        outcome(sealed, CIPHER.encrypt(written(members))),
    ):
        assert judgement(same) == judgement(result)


@given(st.data())
def test_bytes_that_a_good_body_became_on_its_way_are_refused_or_understood(data: st.DataObject) -> None:
    for parser, good in ((plain, written(GOOD)), (sealed, CIPHER.encrypt(written(GOOD)))):
        start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(good))] * 2)))
        assert_conceals(outcome(parser, good[:start] + data.draw(st.binary(max_size=20)) + good[end:]))
        assert_conceals(outcome(parser, good[:start]))


# Mappings that no JSON text gives.


class Hostile:
    """An object of which every use raises, with the secret in the message."""

    def _raise(self, *_: object) -> NoReturn:
        raise RuntimeError(SECRET)

    __str__ = __repr__ = __len__ = __iter__ = __bool__ = __int__ = __float__ = __index__ = _raise
    __getattr__ = __getitem__ = __call__ = __contains__ = __lt__ = __format__ = __reduce__ = _raise


class HostileName(str):
    """A name with a life of its own."""

    __slots__ = ()

    def _raise(self, *_: object) -> NoReturn:
        raise RuntimeError(SECRET)

    __str__ = __repr__ = __format__ = __iter__ = __len__ = _raise
    encode = replace = _raise  # type: ignore[assignment]


class HostileMapping(UserDict[str, object]):
    """A mapping that fails in the middle of being read."""

    def __init__(self, members: Mapping[str, object], method: str) -> None:
        super().__init__(members)
        self._method = method

    def _fail(self, method: str) -> None:
        if self._method == method:
            raise RuntimeError(SECRET)

    def __iter__(self) -> Iterator[str]:
        for index, name in enumerate(self.data):
            if index == 1:
                self._fail("__iter__")
            yield name

    def keys(self) -> object:  # type: ignore[override]
        self._fail("keys")
        return super().keys()

    def __getitem__(self, name: str) -> object:
        self._fail("__getitem__")
        return super().__getitem__(name)


hostile_values = st.one_of(
    values,
    st.builds(Hostile),
    st.just(float("nan")),
    st.just(float("-inf")),
    st.binary(),
    st.sets(st.integers(), max_size=2),
    st.just("half a surrogate pair \ud800"),
    st.builds(HostileName, st.just("payType")),
    st.just(datetime(2018, 8, 7, tzinfo=UTC)),
    st.dictionaries(st.none() | st.booleans() | st.integers() | st.tuples(st.just(1)), values, max_size=2),
    st.lists(st.builds(Hostile), min_size=1, max_size=1),
)
hostile_names = st.one_of(
    st.sampled_from(list(GOOD)),
    texts,
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.binary(),
    st.tuples(st.integers()),
    st.builds(Hostile),
    st.builds(HostileName, st.just("payType")),
    st.just("half a surrogate pair \udfff"),
)


@given(st.dictionaries(hostile_names, hostile_values, min_size=1))
def test_hostile_members_of_a_mapping_are_refused_or_understood(members: dict[str, object]) -> None:
    for body in (members, {**GOOD, **members}, MappingProxyType(members)):
        assert_conceals(outcome(plain, body))
        assert isinstance(outcome(sealed, body), DecryptionError | MalformedBodyError)


@pytest.mark.parametrize("method", ["__iter__", "keys", "__getitem__"])
def test_a_mapping_that_fails_while_it_is_read_is_not_json(method: str) -> None:
    for parser in (plain, sealed):
        refusal = outcome(parser, HostileMapping(GOOD, method))
        assert isinstance(refusal, MalformedBodyError)
        assert refusal.code is ErrorCode.NOT_JSON
        assert_conceals(refusal)


# A good callback survives wire → callback → wire.

years = st.datetimes(datetime(2, 1, 1, 12), datetime(9998, 12, 30))
offsets = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))
given_texts = st.none() | st.just("") | texts


@frozen
class Good:
    """Members on the wire, and what they mean."""

    members: dict[str, Json]
    deal_time: datetime


@st.composite
def good_callbacks(draw: st.DrawFn) -> Good:
    instant = draw(years).replace(tzinfo=draw(st.none() | offsets))
    separator = draw(st.sampled_from(" T"))
    if instant.tzinfo is None:
        form = draw(st.sampled_from(["seconds", "milliseconds", "microseconds"]))
        time = instant.isoformat(separator, form)
        instant = datetime.fromisoformat(f"{time}+08:00")
    else:
        time = instant.isoformat(separator)
    members: dict[str, Json] = {
        "userName": USER_NAME,
        "action": "payoutQueuePayout",
        "authentication": SECRET,
        "controlNumber": draw(st.from_regex("[A-Za-z0-9]{5}[0-9]{8,10}", fullmatch=True)),
        "payType": draw(st.integers(1, 6) | st.sampled_from("123456")),
        "dealTime": time,
    }
    for name in ("failDescription", "referenceNumber"):
        if draw(st.booleans()):
            members[name] = draw(given_texts)
    unknown = draw(st.dictionaries(texts.filter(lambda name: name not in GOOD), values, max_size=3))
    order = draw(st.permutations(list(members | unknown)))
    return Good({name: (members | unknown)[name] for name in order}, instant)


def to_wire(callback: PayoutCallback) -> dict[str, object]:
    return {
        "userName": callback.user_name,
        "action": "payoutQueuePayout",
        "authentication": SECRET,
        "controlNumber": callback.control_number,
        "payType": callback.pay_type,
        "dealTime": callback.deal_time.isoformat(),
        "failDescription": callback.fail_description,
        "referenceNumber": callback.reference_number,
        **callback.extra,
    }


@given(good_callbacks(), st.booleans())
def test_a_good_callback_survives_the_wire_both_ways(good: Good, ascii_only: bool) -> None:
    body = written(good.members, ascii_only=ascii_only)
    for parser, sent in ((plain, body), (sealed, CIPHER.encrypt(body))):
        callback = parser.parse(sent)
        assert callback.user_name == USER_NAME
        assert callback.control_number == good.members["controlNumber"]
        assert callback.pay_type is PayType(int(str(good.members["payType"])))
        assert callback.deal_time == good.deal_time
        assert callback.deal_time.utcoffset() == timedelta(hours=8)
        assert callback.fail_description == (good.members.get("failDescription") or None)
        assert callback.reference_number == (good.members.get("referenceNumber") or None)
        assert callback.extra == {name: it for name, it in good.members.items() if name not in GOOD}
        assert plain.parse(written(to_wire(callback))) == callback
        assert_conceals(callback)


@given(good_callbacks(), good_callbacks())
def test_the_idempotency_key_tells_events_apart_and_deliveries_together(one: Good, other: Good) -> None:
    first, second = plain.parse(one.members), plain.parse(other.members)
    event = (first.control_number, first.pay_type, first.deal_time)
    same_event = event == (second.control_number, second.pay_type, second.deal_time)
    assert (first.idempotency_key == second.idempotency_key) is same_event
    assert plain.parse(to_wire(first)).idempotency_key == first.idempotency_key


# Each member wrong in each way names exactly that member.

not_texts: st.SearchStrategy[Json] = st.one_of(
    st.none(),
    st.booleans(),
    numbers,
    st.lists(values, max_size=2),
    st.dictionaries(texts, values, max_size=2),
)
halves = st.sampled_from(["\ud800", "\udfff", "a\udc00b", "\udc00\ud800"])
not_ascii_digits = st.sampled_from("٣３²Ⅷ५")

WRONG: dict[tuple[str, ErrorCode], st.SearchStrategy[Json]] = {
    ("action", ErrorCode.WRONG_TYPE): not_texts,
    ("action", ErrorCode.EMPTY): st.just(""),
    ("action", ErrorCode.TOO_LONG): st.text(characters, min_size=51),
    ("action", ErrorCode.WRONG_VALUE): st.one_of(
        st.text(characters, min_size=1, max_size=50),
        st.sampled_from(["payoutqueuepayout", "payoutQueuePayout ", "payoutQueueCancel", "x" * 50]),
    ),
    ("controlNumber", ErrorCode.WRONG_TYPE): not_texts,
    ("controlNumber", ErrorCode.EMPTY): st.just(""),
    ("controlNumber", ErrorCode.MASKED): st.tuples(texts, texts).map("*".join),
    ("controlNumber", ErrorCode.TOO_LONG): st.one_of(
        st.from_regex("[A-Za-z0-9]{5}[0-9]{11,20}", fullmatch=True),
        st.text(characters, min_size=16).filter(lambda text: "*" not in text),
    ),
    ("controlNumber", ErrorCode.WRONG_FORMAT): st.one_of(
        st.from_regex("[A-Za-z0-9]{5}[0-9]{0,7}", fullmatch=True),
        st.from_regex("[A-Za-z0-9]{4}[^A-Za-z0-9*§][0-9]{8,10}", fullmatch=True),
        st.from_regex("[A-Za-z0-9]{5}[0-9]{8,9}[^0-9*§]", fullmatch=True),
        st.from_regex("[^A-Za-z0-9*§][A-Za-z0-9]{5}[0-9]{8,9}", fullmatch=True),
        not_ascii_digits.map(lambda digit: "SK9912345678" + digit),
        not_ascii_digits.map(lambda digit: digit + "K9912345678"),
    ),
    ("controlNumber", ErrorCode.FOREIGN_PREFIX): st.from_regex(
        "([A-RT-Za-z0-9][A-Za-z0-9]{4}|SK99[02-9])[0-9]{8,10}", fullmatch=True
    ),
    ("payType", ErrorCode.WRONG_TYPE): st.one_of(
        st.none(),
        st.booleans(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.lists(values, max_size=2),
        st.dictionaries(texts, values, max_size=2),
    ),
    ("payType", ErrorCode.EMPTY): st.just(""),
    ("payType", ErrorCode.UNKNOWN_STATUS): st.one_of(
        st.integers(max_value=0),
        st.integers(min_value=7),
        st.text(characters, min_size=1).filter(lambda text: text not in "123456"),
        st.sampled_from([" 1", "1 ", "01", "１", "1\n", "+1", "1.0", "0", "7", "true", "12"]),
    ),
    ("dealTime", ErrorCode.WRONG_TYPE): not_texts,
    ("dealTime", ErrorCode.EMPTY): st.just(""),
    ("dealTime", ErrorCode.WRONG_FORMAT): st.one_of(
        st.text(characters, min_size=1).filter(
            lambda text: not re.match("[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]", text)
        ),
        st.sampled_from(
            [
                "2018-08-07",
                "2018-W32-2",
                "2018-08-07 24:00:00",
                "Tuesday",
                "1533614313",
                "2018-08-07 11:58",
                "2018-08-07 11:58:33\n",
                " 2018-08-07 11:58:33",
                "2018-08-07t11:58:33",
                "2018-08-07 11:58:33z",
                "2018-08-07  11:58:33",
                "2018-8-7 11:58:33",
                "20180807T115833",
                "2018-08-07 11:58:33.",
                "2018-08-07 11:58:33.1234567890",
                "2018-08-07 11:58:33+8",
                "２０１８-08-07 11:58:33",
            ]
        ),
    ),
    ("dealTime", ErrorCode.NO_SUCH_TIME): st.one_of(
        st.dates().map(lambda day: f"{day} 11:60:33"),
        st.dates().map(lambda day: f"{day} 11:58:60"),
        st.dates().map(lambda day: f"{day.year:04}-02-30T11:58:33Z"),
        st.sampled_from(
            [
                "2018-13-07 11:58:33",
                "2018-00-07 11:58:33",
                "2018-04-31 11:58:33",
                "2019-02-29 11:58:33",
                "0000-01-01 00:00:00",
                "0001-01-01 00:00:00",
                "9999-12-31 23:59:59",
                "2018-08-07 11:58:33+24:00",
                "2018-08-07 11:58:33+08:60",
            ]
        ),
    ),
    ("failDescription", ErrorCode.WRONG_TYPE): not_texts.filter(lambda value: value is not None),
    ("failDescription", ErrorCode.NOT_TEXT): halves,
    ("referenceNumber", ErrorCode.WRONG_TYPE): not_texts.filter(lambda value: value is not None),
    ("referenceNumber", ErrorCode.NOT_TEXT): halves,
}

REQUIRED = ("action", "controlNumber", "payType", "dealTime")
own = CallbackParser(Credentials(USER_NAME, SECRET), prefixes=["SK991"])


@pytest.mark.parametrize(("name", "code"), WRONG, ids=lambda part: str(part))
@given(data=st.data())
@settings(max_examples=30)
def test_a_wrong_member_is_named_and_no_other(data: st.DataObject, name: str, code: ErrorCode) -> None:
    body = written(GOOD | {name: data.draw(WRONG[name, code])}, ascii_only=True)
    refusal = outcome(own, body)
    assert isinstance(refusal, InvalidCallbackError)
    assert [(error.field, error.code) for error in refusal.errors] == [(name, code)]
    assert_conceals(refusal)


@given(st.data(), st.sets(st.sampled_from(REQUIRED)), st.sets(st.sampled_from(list(WRONG))))
def test_all_wrong_and_missing_members_are_named_at_once_in_order(
    data: st.DataObject, missing: set[str], wrong: set[tuple[str, ErrorCode]]
) -> None:
    members = dict(GOOD)
    expected: dict[str, ErrorCode] = {}
    for name, code in wrong:
        members[name] = data.draw(WRONG[name, code])
        expected[name] = code
    for name in missing:
        del members[name]
        expected[name] = ErrorCode.MISSING
    result = outcome(own, written(members, ascii_only=True))
    if expected:
        assert isinstance(result, InvalidCallbackError)
        assert [(error.field, error.code) for error in result.errors] == [
            (name, expected[name]) for name in GOOD if name in expected
        ]
        del members["authentication"]
        assert result.payload == members
    else:
        assert isinstance(result, PayoutCallback)


@given(not_texts | texts, not_texts | texts, values_of(texts))
def test_a_stranger_gets_one_and_the_same_answer(user_name: Json, secret: Json, value: Json) -> None:
    strange: list[dict[str, Json]] = [
        GOOD | {"userName": user_name, "authentication": secret},
        GOOD | {"authentication": secret, "payType": value},
        GOOD | {"userName": SECRET, "authentication": USER_NAME, "dealTime": value},
        {name: it for name, it in GOOD.items() if name != "authentication"} | {"action": value},
        {name: it for name, it in GOOD.items() if name != "userName"} | {"controlNumber": value},
    ]
    for members in strange:
        for parser, body in ((plain, written(members)), (sealed, CIPHER.encrypt(written(members)))):
            refusal = outcome(parser, body)
            assert isinstance(refusal, AuthenticationError)
            assert (str(refusal), refusal.args) == (str(AuthenticationError()), ())
            assert_conceals(refusal)


# The secret is nowhere, whatever was sent.

secrets = st.text(characters, max_size=48).map(lambda text: f"{MARK}{text}{MARK}")
"""Any text that begins and ends with the mark, so that a part of it shows as well as the whole."""


def around(secret: str) -> st.SearchStrategy[str]:
    return st.tuples(texts, st.sampled_from([secret, secret * 2]), texts).map("".join)


@st.composite
def revealing(draw: st.DrawFn, secret: str) -> dict[str, Json]:
    """Members of an authenticated callback that repeat the secret wherever a sender could put it."""
    strings = around(secret)
    revealed: st.SearchStrategy[Json] = strings | values_of(texts | strings)
    members: dict[str, Json] = GOOD | draw(st.dictionaries(names, revealed, max_size=3))
    members |= draw(st.dictionaries(strings, revealed, max_size=3))
    return members | {"userName": USER_NAME, "authentication": secret}


@given(st.data(), st.lists(secrets, min_size=1, max_size=3), st.booleans())
def test_no_secret_is_shown_wherever_the_sender_repeats_it(
    data: st.DataObject, known: list[str], ascii_only: bool
) -> None:
    credentials = Credentials(USER_NAME, known)
    body = written(data.draw(revealing(data.draw(st.sampled_from(known)))), ascii_only=ascii_only)
    end = data.draw(st.integers(0, len(body)))
    for parser, seal in (
        (CallbackParser(credentials), bytes),
        (CallbackParser(credentials, cipher=CIPHER), CIPHER.encrypt),
    ):
        result = outcome(parser, seal(body))
        assert isinstance(result, PayoutCallback | InvalidCallbackError)
        assert_conceals(result)
        assert_conceals(outcome(parser, seal(body[:end])))
        assert_conceals(outcome(parser, seal(body[:end] + body[-1:])))
        assert_conceals(outcome(parser, seal(body + body)))
        assert MARK not in repr(parser) + repr(credentials) + str(parser) + repr(CIPHER)


@given(st.data(), secrets)
def test_every_character_of_the_secret_may_be_escaped_on_the_wire(data: st.DataObject, secret: str) -> None:
    units = secret.encode("utf-16-be").hex()
    escaped = "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
    name = data.draw(names | st.just("unknown"))
    text = written(GOOD | {"authentication": "@", name: "@"} | {"userName": USER_NAME}).decode()
    result = outcome(CallbackParser(Credentials(USER_NAME, secret)), text.replace('"@"', f'"{escaped}"'))
    assert isinstance(result, PayoutCallback | InvalidCallbackError)
    assert_conceals(result)


@given(st.from_regex("[1-9][0-9]{11,49}", fullmatch=True), names, values)
def test_a_secret_of_digits_is_concealed_in_numbers_too(secret: str, name: str, value: Json) -> None:
    parser = CallbackParser(Credentials(USER_NAME, secret))
    number = int(secret)
    for members in ({name: number}, {"unknown": [number, {"deep": -number}, value]}, {"x": number * 10}):
        sent = GOOD | members | {"userName": USER_NAME, "authentication": secret}
        result = outcome(parser, written(sent))
        assert isinstance(result, PayoutCallback | InvalidCallbackError)
        assert secret not in shown(result)


@given(st.text(characters, min_size=1, max_size=50))
def test_any_secret_opens_the_sample(secret: str) -> None:
    members = GOOD | {"authentication": secret, "failDescription": None, "referenceNumber": ""}
    callback = CallbackParser(Credentials(USER_NAME, secret)).parse(members)
    assert (callback.control_number, callback.pay_type) == ("SK99123456789", PayType.FAILURE)


@pytest.mark.parametrize(
    "secret", [*GOOD, "a", "e", "pay", "Type", "1", "SK99123456789", "payoutQueuePayout"]
)
def test_a_secret_that_is_a_word_of_the_specification_opens_the_sample(secret: str) -> None:
    callback = CallbackParser(Credentials(USER_NAME, secret)).parse(GOOD | {"authentication": secret})
    assert (callback.control_number, callback.pay_type) == ("SK99123456789", PayType.FAILURE)


@given(st.binary(), st.sampled_from([f"{MARK}old key", f"{MARK}new key"]))
def test_whatever_a_key_sealed_is_judged_as_the_plain_body_is(text: bytes, key: str) -> None:
    judged = outcome(plain, text)
    opened = outcome(sealed, BodyCipher(key).encrypt(text))
    if isinstance(judged, MalformedBodyError) and judged.code is not ErrorCode.MEMBER_TWICE:
        assert isinstance(opened, DecryptionError)
    else:
        assert judgement(opened) == judgement(judged)
