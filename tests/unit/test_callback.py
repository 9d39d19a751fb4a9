"""``PayoutCallback``: a frozen value, and its way through queues and tables."""

from __future__ import annotations

import json
import pickle
from collections import UserDict
from datetime import UTC, datetime, timedelta
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
    PayType,
)
from skypay_payout.testing import AUTHENTICATION, SAMPLE, USER_NAME, body, encode, payload
from tests.support.callbacks import PARSER, UTC8, with_fields

AT = datetime(2018, 8, 7, 11, 58, 33, tzinfo=UTC8)
NUMBER = ControlNumber("SK99123456789")
BY_HAND = PayoutCallback(USER_NAME, NUMBER, PayType.UPLOAD, AT)
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


def test_the_attributes_have_their_types() -> None:
    callback = PARSER.parse(SAMPLE)
    assert type(callback.control_number) is ControlNumber
    assert type(callback.pay_type) is PayType
    assert callback.deal_time.utcoffset() == timedelta(hours=8)
    assert callback.extra == {}
    assert not {"authentication", "action", "key"} & set(vars(callback))


def test_a_callback_is_frozen_hashable_and_equal_by_its_content() -> None:
    callback = PARSER.parse(body(x=[1]))
    with pytest.raises(FrozenInstanceError):
        callback.pay_type = PayType.PAYOUT  # type: ignore[misc]
    assert len({callback, PARSER.parse(body(x=[1]))}) == 1
    assert callback != PARSER.parse(body(x=[2]))


def test_a_pickled_callback_is_equal_and_has_no_secret() -> None:
    callback = PARSER.parse(body(x=[1]))
    stored = pickle.dumps(callback)
    assert AUTHENTICATION.encode() not in stored
    assert pickle.loads(stored) == callback  # noqa: S301


def test_to_dict_has_the_wire_names_in_order_and_the_unknown_fields_beside_them() -> None:
    data = CALLBACK.to_dict()
    assert list(data.items()) == list(DATA.items())
    assert type(data["payType"]) is int
    assert "authentication" not in data


def test_to_dict_omits_optional_fields_that_are_not_given() -> None:
    assert list(BY_HAND.to_dict()) == ["userName", "action", "controlNumber", "payType", "dealTime"]


def test_to_dict_shares_nothing_with_the_callback() -> None:
    data: Any = CALLBACK.to_dict()
    data["channel"]["z"].append("more")
    assert CALLBACK.to_dict()["channel"] == DATA["channel"]


def test_the_known_fields_of_a_callback_built_by_hand_take_precedence_over_unknown_ones() -> None:
    callback = evolve(BY_HAND, extra={"payType": 9, "x": 1})
    assert callback.to_dict() == BY_HAND.to_dict() | {"x": 1}


@pytest.mark.parametrize("wrap", [dict, MappingProxyType, UserDict], ids=lambda wrap: wrap.__name__)
def test_from_dict_gives_the_equal_callback_back_also_through_json(wrap: Any) -> None:
    for callback in (CALLBACK, BY_HAND, PARSER.parse(SAMPLE)):
        for data in (callback.to_dict(), json.loads(json.dumps(callback.to_dict()))):
            again = PayoutCallback.from_dict(wrap(data))
            assert again == callback
            assert repr(again) == repr(callback)


@pytest.mark.parametrize("data", [None, "{}", b"{}", [("userName", "x")], 1])
def test_from_dict_takes_a_mapping_only(data: Any) -> None:
    with pytest.raises(
        TypeError, match=f"^expected the mapping that to_dict returned, got {type(data).__name__}$"
    ):
        PayoutCallback.from_dict(data)


def test_from_dict_rejects_a_raw_callback_without_showing_its_secret() -> None:
    with pytest.raises(ValueError, match="^authentication: expected no such field, got a raw") as caught:
        PayoutCallback.from_dict(payload())
    assert AUTHENTICATION not in repr(caught.value)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"action": "x"}, "^action: expected 'payoutQueuePayout', got 'x'"),
        ({"action": 5}, "^action: expected 'payoutQueuePayout', got 5$"),
        ({"action": None}, "^action: expected 'payoutQueuePayout', got null$"),
        ({"userName": ""}, "^userName: expected 1 to 50 characters, got ''$"),
        ({"userName": 1}, "^userName: expected a string, got 1$"),
        ({"payType": 7}, "^payType: expected 1 to 6, got 7"),
        ({"payType": PayType.UPLOAD}, "^payType: expected 1 to 6 as a number or a string, got 1$"),
        ({"dealTime": AT}, "^dealTime: expected a string, got an object$"),
        ({"failDescription": "\0"}, "^failDescription: expected text without U"),
        (
            {"userName": "", "action": "", "payType": None, "dealTime": "x"},
            "^action: .*; userName: .*; payType: .*; dealTime: [^;]*$",
        ),
    ],
)
def test_from_dict_names_everything_that_is_invalid(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        PayoutCallback.from_dict(DATA | fields)
    assert type(caught.value) is ValueError
    assert caught.value.__context__ is None


@pytest.mark.parametrize("name", ["userName", "controlNumber", "payType", "dealTime"])
def test_from_dict_names_a_missing_field(name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: expected in every callback, got no such field$"):
        PayoutCallback.from_dict({key: value for key, value in DATA.items() if key != name})


def test_two_deliveries_of_one_event_have_the_same_idempotency_key() -> None:
    key = PARSER.parse(body(dealTime="2018-08-07 11:58:33")).idempotency_key
    assert key == "SK99123456789/1/2018-08-07T11:58:33.000000+08:00"
    for same in (
        body(dealTime="2018-08-07T11:58:33.000"),
        body(dealTime="2018-08-07T03:58:33Z"),
        body(payType=1),
        body(failDescription="x", referenceNumber="y", unknown=1),
        json.dumps(payload(), indent=4).encode(),
    ):
        assert PARSER.parse(same).idempotency_key == key
    assert evolve(BY_HAND, deal_time=AT.astimezone(UTC)).idempotency_key == key


def test_any_other_event_has_another_idempotency_key() -> None:
    keys = {
        PARSER.parse(sent).idempotency_key
        for sent in (
            body(),
            body(controlNumber="SK991234567890"),
            body(controlNumber="sk99123456789"),
            body(payType="3"),
            body(dealTime="2018-08-07 11:58:34"),
            body(dealTime="2018-08-07 11:58:33.000001"),
            body(dealTime="2018-08-07T11:58:33Z"),
        )
    }
    assert len(keys) == 7


def test_both_idempotency_keys_are_ascii_and_fit_the_documented_length() -> None:
    longest = PARSER.parse(body(controlNumber="SKY991234567890", dealTime="9998-12-31 23:59:59.999999"))
    assert len(longest.idempotency_key) == 50
    with pytest.raises(InvalidCallbackError) as caught:
        PARSER.parse(body(7, x="余" * 1000))
    assert len(caught.value.idempotency_key) == IDEMPOTENCY_KEY_MAX_LENGTH == 72
    assert (longest.idempotency_key + caught.value.idempotency_key).isascii()


@pytest.mark.parametrize("use", [lambda: NAIVE.idempotency_key, NAIVE.to_dict], ids=["key", "to_dict"])
def test_a_callback_built_by_hand_with_a_naive_time_names_no_event(use: Any) -> None:
    with pytest.raises(ValueError, match="^expected an aware datetime, got a naive one"):
        use()


def test_a_callback_can_be_sent_again_as_it_was() -> None:
    again = PARSER.parse(encode(CALLBACK.to_dict() | {"authentication": AUTHENTICATION}))
    assert again == CALLBACK
