"""``PayoutCallback``: a frozen value, and its way through queues and tables."""

from __future__ import annotations

import json
import pickle
from collections import UserDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from itertools import count
from types import MappingProxyType
from typing import Any

import pytest
from attrs import evolve
from attrs.exceptions import FrozenInstanceError

from skypay_payout import (
    IDEMPOTENCY_KEY_MAX_LENGTH,
    ControlNumber,
    InvalidCallbackError,
    PayoutCallback,
    PayoutHistory,
    PayType,
)
from skypay_payout._formatting import digest
from skypay_payout.testing import AUTHENTICATION, SAMPLE, USER_NAME, body, encode, payload
from tests.support.callbacks import PARSER, UTC8, with_fields

AT = datetime(2018, 8, 7, 11, 58, 33, tzinfo=UTC8)
BY_HAND = PayoutCallback(USER_NAME, ControlNumber("SK99123456789"), PayType.UPLOAD, AT)
NAIVE = evolve(BY_HAND, deal_time=AT.replace(tzinfo=None))

DATA: dict[str, object] = {
    "userName": "AppName@skypay",
    "action": "payoutQueuePayout",
    "controlNumber": "SK99123456789",
    "payType": 4,
    "dealTime": "2018-08-07T11:58:33.000000+08:00",
    "failDescription": "余额不足",
    "referenceNumber": "MLA1",
    "channel": {"z": [1, 2.5, None, True], "a": "\ud800"},
}
CALLBACK = PARSER.parse(with_fields(DATA))


def revalidated(data: Mapping[str, object]) -> PayoutCallback:
    """Read stored fields as ``from_dict`` does, but in quarantine: one copy serves both."""
    return PARSER.revalidate(data)


def by_hand(data: Mapping[str, object]) -> PayoutCallback:
    """Build a callback with these unknown fields, and have it written."""
    callback = evolve(BY_HAND, extra=data)
    callback.to_dict()
    return callback


def test_the_attributes_have_their_types() -> None:
    callback = PARSER.parse(SAMPLE)
    assert type(callback.control_number) is ControlNumber
    assert type(callback.pay_type) is PayType
    assert callback.deal_time.utcoffset() == timedelta(hours=8)
    assert callback.extra == {}
    assert not {"authentication", "action", "key"} & set(vars(callback))


def test_a_callback_is_frozen_hashable_equal_by_its_content_and_pickles_without_the_secret() -> None:
    callback = PARSER.parse(body(x=[1]))
    with pytest.raises(FrozenInstanceError):
        callback.pay_type = PayType.PAYOUT  # type: ignore[misc]
    assert len({callback, PARSER.parse(body(x=[1]))}) == 1
    assert callback != PARSER.parse(body(x=[2]))
    stored = pickle.dumps(callback)
    assert AUTHENTICATION.encode() not in stored
    assert pickle.loads(stored) == callback  # noqa: S301


def test_what_is_optional_is_named() -> None:
    build: Any = PayoutCallback
    with pytest.raises(TypeError, match="positional"):
        build(USER_NAME, BY_HAND.control_number, PayType.FAILURE, AT, "why")


def test_to_dict_has_the_wire_names_in_order_and_the_unknown_fields_beside_them() -> None:
    assert list(CALLBACK.to_dict().items()) == list(DATA.items())
    assert list(BY_HAND.to_dict()) == ["userName", "action", "controlNumber", "payType", "dealTime"]


def test_the_known_fields_of_a_callback_built_by_hand_take_precedence_over_unknown_ones() -> None:
    callback = evolve(BY_HAND, extra={"payType": 9, "action": "x", "x": 1})
    assert callback.to_dict() == BY_HAND.to_dict() | {"x": 1}


class Text(str, Enum):  # noqa: UP042  # str() of a StrEnum is its text
    NUMBER = "SK99123456789"
    NAME = "channel"


class Whole(int):
    def __repr__(self) -> str:
        return "0"


class Fraction(float):
    def __repr__(self) -> str:
        return "0"


class Fields(dict[str, object]):
    pass


class Items(list[object]):
    pass


def plain(value: object) -> None:
    """Check that there are plain built-in types only."""
    if type(value) is dict:
        for name, item in value.items():
            assert type(name) is str
            plain(item)
    elif type(value) is list:
        for item in value:
            plain(item)
    else:
        assert value is None or type(value) in (str, int, float, bool)


@pytest.mark.parametrize("build", [PayoutCallback.from_dict, revalidated])
def test_what_is_read_has_plain_built_in_types_only_and_shares_nothing_with_its_source(
    build: Callable[[Mapping[str, object]], PayoutCallback],
) -> None:
    items: list[object] = [Whole(7), Fraction(1.5), True, None, Text.NUMBER, Fields(a=Items([1]))]
    source = DATA | {"controlNumber": Text.NUMBER, "payType": PayType.FAILURE, Text.NAME: items}
    callback = build(source)
    expected = DATA | {"channel": [7, 1.5, True, None, "SK99123456789", {"a": [1]}]}
    assert type(callback.control_number) is ControlNumber
    assert str(callback.control_number) == "SK99123456789"
    items.clear()
    data: Any = callback.to_dict()
    plain(data)
    assert json.dumps(data) == json.dumps(expected)
    data["channel"][5]["a"].append("more")
    assert callback.to_dict() == expected
    assert PayoutCallback.from_dict(callback.to_dict()) == callback


@pytest.mark.parametrize("callback", [CALLBACK, BY_HAND, evolve(BY_HAND, extra={"x": Whole(1)})])
def test_to_dict_can_be_written_as_yaml(callback: PayoutCallback) -> None:
    yaml = pytest.importorskip("yaml")
    assert yaml.safe_load(yaml.safe_dump(callback.to_dict() | {"channel": 1}, allow_unicode=True))["payType"]
    plain(callback.to_dict())


@pytest.mark.parametrize("wrap", [dict, MappingProxyType, UserDict], ids=lambda wrap: wrap.__name__)
def test_from_dict_gives_the_equal_callback_back_also_through_json(wrap: Any) -> None:
    for callback in (CALLBACK, BY_HAND, PARSER.parse(SAMPLE)):
        for data in (callback.to_dict(), json.loads(json.dumps(callback.to_dict()))):
            again = PayoutCallback.from_dict(wrap(data))
            assert again == callback
            assert repr(again) == repr(callback)


def nested(depth: int) -> list[object]:
    return [nested(depth - 1)] if depth > 1 else []


endless: list[object] = []
endless.append(endless)

NO_JSON = "expected a value that JSON has, got "
NOT_JSON: list[tuple[object, str]] = [
    *[({1}, f"{NO_JSON}set"), ((1,), f"{NO_JSON}tuple"), (b"x", f"{NO_JSON}bytes")],
    *[(float("nan"), f"{NO_JSON}float"), (float("-inf"), f"{NO_JSON}float"), (AT, f"{NO_JSON}datetime")],
    *[(object(), f"{NO_JSON}object"), (count(), f"{NO_JSON}count"), (UserDict(), f"{NO_JSON}UserDict")],
    *[(10**5000, f"{NO_JSON}int"), (-(10**5000), f"{NO_JSON}int"), (Decimal(1), f"{NO_JSON}Decimal")],
    (MappingProxyType({}), f"{NO_JSON}mappingproxy"),
    ({1: 2}, "expected texts as names of fields, got int"),
    ({None: 2}, "expected texts as names of fields, got NoneType"),
    *(
        (deep, "expected at most 64 levels of objects and arrays, got more")
        for deep in (nested(64), nested(65), nested(900), endless)
    ),
]


@pytest.mark.parametrize("build", [PayoutCallback.from_dict, revalidated, by_hand])
@pytest.mark.parametrize(("value", "problem"), NOT_JSON, ids=lambda it: type(it).__name__)
def test_what_json_does_not_have_is_an_error_that_names_the_field(
    value: object, problem: str, build: Callable[[Mapping[str, object]], PayoutCallback]
) -> None:
    for wrong in (value, [value], {"a": value}):
        with pytest.raises(ValueError, match="expected") as caught:
            build(DATA | {"x": wrong})
        assert type(caught.value) is ValueError
        assert str(caught.value) == f"field 'x': {problem}"
        assert caught.value.__context__ is None
    with pytest.raises(ValueError, match="^fields: expected texts as names of fields, got int$"):
        build({**DATA, 1: value})  # type: ignore[dict-item]


def test_what_is_read_can_be_written_and_has_a_history_at_the_greatest_depth() -> None:
    for build in (PayoutCallback.from_dict, revalidated, by_hand):
        callback = build(DATA | {"x": nested(63)})
        assert PayoutHistory([callback, callback]).events == (callback,)
    assert PARSER.parse(body(x=nested(63))).extra == {"x": nested(63)}


@pytest.mark.parametrize("data", [None, "{}", b"{}", [("userName", "x")], 1])
def test_from_dict_takes_a_mapping_only(data: Any) -> None:
    expected = f"^expected the mapping that to_dict returned, got {type(data).__name__}$"
    with pytest.raises(TypeError, match=expected):
        PayoutCallback.from_dict(data)


def test_from_dict_rejects_a_raw_callback_without_showing_its_secret() -> None:
    for data in (payload(), {"authentication": None}):
        with pytest.raises(ValueError, match="^authentication: expected no such field, got a raw") as caught:
            PayoutCallback.from_dict(data)
        assert AUTHENTICATION not in repr(caught.value)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"action": "x"}, "^action: expected 'payoutQueuePayout', got 'x'"),
        ({"action": 5}, "^action: expected a string, got 5$"),
        ({"action": None}, "^action: expected a string, got null$"),
        ({"userName": ""}, "^userName: expected 1 to 50 characters, got ''$"),
        ({"userName": 1}, "^userName: expected a string, got 1$"),
        ({"payType": 7}, "^payType: expected 1 to 6, got 7"),
        ({"failDescription": "\0"}, "^failDescription: expected text without U"),
        (
            {"userName": "", "action": "", "payType": None, "dealTime": "x"},
            "^userName: .*; action: .*; payType: .*; dealTime: [^;]*$",
        ),
        *(
            ({name: ...}, f"^{name}: expected in every callback, got no such field$")
            for name in ("userName", "action", "controlNumber", "payType", "dealTime")
        ),
    ],
)
def test_from_dict_names_everything_that_is_invalid_or_missing(
    fields: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        PayoutCallback.from_dict({name: it for name, it in (DATA | fields).items() if it is not ...})
    assert type(caught.value) is ValueError
    assert caught.value.__context__ is None


SAME_EVENT = [
    *[body(dealTime="2018-08-07 11:58:33"), body(dealTime="2018-08-07T11:58:33.000"), body(payType=1)],
    *[body(dealTime="2018-08-07T03:58:33Z"), body(failDescription="x", referenceNumber="y", unknown=1)],
    json.dumps(payload(), indent=4).encode(),
]
OTHER_EVENTS = [
    *[body(controlNumber="SK991234567890"), body(controlNumber="sk99123456789"), body(payType="3")],
    *[body(dealTime="2018-08-07 11:58:34"), body(dealTime="2018-08-07 11:58:33.000001")],
    body(dealTime="2018-08-07T11:58:33Z"),
]


def test_the_idempotency_key_is_equal_for_the_same_event_only() -> None:
    key = "SK99123456789/1/2018-08-07T11:58:33.000000+08:00"
    assert {PARSER.parse(sent).idempotency_key for sent in SAME_EVENT} == {key}
    assert evolve(BY_HAND, deal_time=AT.astimezone(UTC)).idempotency_key == key
    assert len({PARSER.parse(sent).idempotency_key for sent in OTHER_EVENTS} | {key}) == 7


def test_the_digest_is_equal_for_the_same_content_only() -> None:
    callbacks = [PARSER.parse(sent) for sent in SAME_EVENT + OTHER_EVENTS]
    assert len({callback.digest for callback in callbacks}) == 2 + len(OTHER_EVENTS)
    assert CALLBACK.digest == digest(DATA) == PayoutCallback.from_dict(dict(reversed(DATA.items()))).digest
    extras: list[dict[str, object]] = [{}, {"x": 1}, {"x": 1.0}, {"x": True}, {"x": "1"}, {"x": [1]}]
    assert len({evolve(BY_HAND, extra=extra).digest for extra in extras}) == len(extras)


def test_both_identities_have_the_documented_length() -> None:
    longest = PARSER.parse(body(controlNumber="SKY991234567890", dealTime="9998-12-31 23:59:59.999999"))
    assert len(longest.idempotency_key) == IDEMPOTENCY_KEY_MAX_LENGTH == 50
    with pytest.raises(InvalidCallbackError) as caught:
        PARSER.parse(body(7, x="余" * 1000))
    for one in (longest.digest, caught.value.digest):
        assert len(one) == 64
        assert int(one, 16)
    assert longest.idempotency_key.isascii()


@pytest.mark.parametrize(
    "use",
    [lambda: NAIVE.idempotency_key, lambda: NAIVE.digest, NAIVE.to_dict],
    ids=["key", "digest", "to_dict"],
)
def test_a_callback_built_by_hand_with_a_naive_time_names_no_event(use: Any) -> None:
    with pytest.raises(ValueError, match="^expected an aware datetime, got a naive one"):
        use()


def test_a_callback_can_be_sent_again_as_it_was() -> None:
    assert PARSER.parse(encode(CALLBACK.to_dict() | {"authentication": AUTHENTICATION})) == CALLBACK
