"""The callback: typed, frozen, and equal to itself however often it is delivered (settled points 3 and 7)."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from attrs.exceptions import FrozenInstanceError

from skypay_payout import (
    CallbackParser,
    ControlNumber,
    ErrorCode,
    FieldError,
    InvalidCallbackError,
    PayoutCallback,
    PayType,
)
from skypay_payout.testing import AUTHENTICATION, CREDENTIALS, SAMPLE, USER_NAME, body, payload, written

parser = CallbackParser(CREDENTIALS)


def sent(members: Mapping[str, object]) -> bytes:
    return written({**payload(), **members})


def errors_of(
    data: bytes | Mapping[str, object], *, with_parser: CallbackParser = parser
) -> list[tuple[str, str]]:
    with pytest.raises(InvalidCallbackError) as refused:
        with_parser.parse(data)
    return [(error.field, error.code) for error in refused.value.errors]


def test_the_published_sample_as_a_callback() -> None:
    assert parser.parse(SAMPLE) == PayoutCallback(
        user_name="AppName@skypay",
        control_number=ControlNumber("SK99123456789"),
        pay_type=PayType.UPLOAD,
        deal_time=datetime(2018, 8, 7, 11, 58, 33, tzinfo=timezone(timedelta(hours=8))),
        fail_description=None,
        reference_number="MLA001041380755361119",
        extra={},
    )


def test_the_members_have_their_types() -> None:
    callback = parser.parse(SAMPLE)
    assert type(callback.control_number) is ControlNumber
    assert type(callback.pay_type) is PayType
    assert callback.deal_time.tzinfo is not None


@pytest.mark.parametrize("member", ["failDescription", "referenceNumber"])
def test_null_and_empty_and_absent_are_all_not_given(member: str) -> None:
    without = payload()
    without.pop(member, None)
    callback = parser.parse(without)
    assert callback.fail_description is None
    assert parser.parse({**without, member: None}) == callback
    assert parser.parse({**without, member: ""}) == callback


@pytest.mark.parametrize(
    ("member", "attribute"),
    [("failDescription", "fail_description"), ("referenceNumber", "reference_number")],
)
def test_what_is_given_is_kept_as_it_is(member: str, attribute: str) -> None:
    for text in ("余额不足", " ", "null", "0", "x" * 10000, "line\nbreak\0", "💸"):
        assert getattr(parser.parse(sent({member: text})), attribute) == text


@pytest.mark.parametrize("member", ["failDescription", "referenceNumber"])
@pytest.mark.parametrize("value", [0, False, 1.5, [], {}, ["text"]])
def test_what_is_given_is_a_string(member: str, value: object) -> None:
    assert errors_of(sent({member: value})) == [(member, ErrorCode.WRONG_TYPE)]


@pytest.mark.parametrize("member", ["failDescription", "referenceNumber"])
def test_half_a_surrogate_pair_is_no_text(member: str) -> None:
    escaped = sent({member: "%"}).replace(b"%", b"cut \\ud83d")
    assert errors_of(escaped) == [(member, ErrorCode.NOT_TEXT)]
    with pytest.raises(InvalidCallbackError, match=r"'cut \\ud83d' holds half of a surrogate pair"):
        parser.parse(escaped)


@pytest.mark.parametrize("member", ["action", "controlNumber", "payType", "dealTime"])
def test_a_required_member_is_required(member: str) -> None:
    without = payload()
    del without[member]
    assert errors_of(without) == [(member, ErrorCode.MISSING)]
    assert errors_of(sent({member: None})) == [(member, ErrorCode.WRONG_TYPE)]
    assert errors_of(sent({member: ""})) == [(member, ErrorCode.EMPTY)]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("payoutQueueUpload", ErrorCode.WRONG_VALUE),
        ("PayoutQueuePayout", ErrorCode.WRONG_VALUE),
        ("payoutQueuePayout ", ErrorCode.WRONG_VALUE),
        ("x" * 50, ErrorCode.WRONG_VALUE),
        ("x" * 51, ErrorCode.TOO_LONG),
        (1, ErrorCode.WRONG_TYPE),
        (["payoutQueuePayout"], ErrorCode.WRONG_TYPE),
    ],
)
def test_the_action_is_fixed(value: object, code: ErrorCode) -> None:
    assert errors_of(body(action=value)) == [("action", code)]


@pytest.mark.parametrize("value", [1234512345678, ["SK99123456789"], True, None])
def test_a_control_number_is_a_string(value: object) -> None:
    assert errors_of(body(controlNumber=value)) == [("controlNumber", ErrorCode.WRONG_TYPE)]


def test_the_prefixes_of_others_are_refused_where_the_own_ones_are_known() -> None:
    own = CallbackParser(CREDENTIALS, prefixes=["SK991", "SKY88"])
    assert own.parse(body(controlNumber="SK99123456789")).control_number.prefix == "SK991"
    assert own.parse(body(controlNumber="SKY8812345678")).control_number.prefix == "SKY88"
    assert errors_of(body(controlNumber="SKY9912345678"), with_parser=own) == [
        ("controlNumber", ErrorCode.FOREIGN_PREFIX)
    ]
    assert errors_of(body(controlNumber="SK**123456789"), with_parser=own) == [
        ("controlNumber", ErrorCode.MASKED)
    ]
    with pytest.raises(
        InvalidCallbackError, match="'SKY9912345678' has the prefix 'SKY99', .* 2 configured prefixes"
    ):
        own.parse(body(controlNumber="SKY9912345678"))


def test_all_wrong_members_are_reported_at_once_in_the_order_of_the_specification() -> None:
    own = CallbackParser(CREDENTIALS, prefixes={"SK991"})
    wrong = {
        "userName": USER_NAME,
        "authentication": AUTHENTICATION,
        "referenceNumber": 1,
        "failDescription": 2,
        "dealTime": "Tuesday",
        "payType": 7,
        "controlNumber": "SKY9912345678",
    }
    assert errors_of(wrong, with_parser=own) == [
        ("action", ErrorCode.MISSING),
        ("controlNumber", ErrorCode.FOREIGN_PREFIX),
        ("payType", ErrorCode.UNKNOWN_STATUS),
        ("dealTime", ErrorCode.WRONG_FORMAT),
        ("failDescription", ErrorCode.WRONG_TYPE),
        ("referenceNumber", ErrorCode.WRONG_TYPE),
    ]


def test_unknown_members_are_kept_in_their_order() -> None:
    extra: dict[str, object] = {"z": [1, 2.5, None, True, {"a": "b"}], "a": "余额", "PayType": 9}
    callback = parser.parse(sent(extra))
    assert callback.extra == extra
    assert list(callback.extra) == list(extra)
    assert parser.parse(body()).extra == {}


def test_the_verified_members_are_not_kept_twice() -> None:
    assert {"action", "authentication", "userName"}.isdisjoint(parser.parse(body(x=1)).extra)


def test_a_callback_is_frozen_and_hashable() -> None:
    callback = parser.parse(body(x=[1]))
    with pytest.raises(FrozenInstanceError):
        callback.pay_type = PayType.PAYOUT  # type: ignore[misc]
    assert len({callback, parser.parse(body(x=[1]))}) == 1


def test_a_callback_and_a_parser_pickle_and_the_callback_without_the_secret() -> None:
    callback = parser.parse(body(x=[1]))
    stored = pickle.dumps(callback)
    assert AUTHENTICATION.encode() not in stored
    assert pickle.loads(stored) == callback  # noqa: S301
    own = CallbackParser(CREDENTIALS, prefixes=["SK991"], max_body_size=1000)
    again: CallbackParser = pickle.loads(pickle.dumps(own))  # noqa: S301
    assert again.parse(SAMPLE) == callback.__class__(**_fields(parser.parse(SAMPLE)))
    assert (again.prefixes, again.max_body_size) == (frozenset({"SK991"}), 1000)


def _fields(callback: PayoutCallback) -> dict[str, Any]:
    return {name: getattr(callback, name) for name in PayoutCallback.__annotations__}


def test_the_idempotency_key_is_equal_for_two_deliveries_of_the_same_event() -> None:
    key = parser.parse(body(dealTime="2018-08-07 11:58:33")).idempotency_key
    assert key == "SK99123456789/1/2018-08-07T11:58:33.000000+08:00"
    for same in (
        body(dealTime="2018-08-07T11:58:33.000"),
        body(dealTime="2018-08-07T03:58:33Z"),
        body(payType=1),
        body(failDescription="x", referenceNumber="y", unknown=1),
        json.dumps(payload(), indent=4).encode(),
    ):
        assert parser.parse(same).idempotency_key == key


def test_the_idempotency_key_is_different_for_any_other_event() -> None:
    keys = {
        parser.parse(sent(members)).idempotency_key
        for members in (
            {},
            {"controlNumber": "SK991234567890"},
            {"controlNumber": "sk99123456789"},
            {"payType": "3"},
            {"dealTime": "2018-08-07 11:58:34"},
            {"dealTime": "2018-08-07 11:58:33.000001"},
            {"dealTime": "2018-08-07T11:58:33Z"},
        )
    }
    assert len(keys) == 7


def test_the_idempotency_key_of_a_callback_built_by_hand_is_the_same_instant() -> None:
    callback = PayoutCallback(
        USER_NAME,
        ControlNumber("SK99123456789"),
        PayType.UPLOAD,
        datetime(2018, 8, 7, 3, 58, 33, tzinfo=UTC),
    )
    assert callback.idempotency_key == "SK99123456789/1/2018-08-07T11:58:33.000000+08:00"


def test_a_callback_built_by_hand_with_a_naive_time_has_no_idempotency_key() -> None:
    callback = PayoutCallback(
        USER_NAME, ControlNumber("SK99123456789"), PayType.PAYOUT, datetime(2018, 8, 7, 11, 58, 33)
    )
    with pytest.raises(ValueError, match="a naive datetime names no instant"):
        _ = callback.idempotency_key


def test_what_arrived_is_set_aside_without_the_secret() -> None:
    with pytest.raises(InvalidCallbackError) as refused:
        parser.parse(body(payType=7, unknown=[AUTHENTICATION], dealTime=f"{AUTHENTICATION} o'clock"))
    error = refused.value
    assert error.payload == {
        **{name: value for name, value in payload().items() if name != "authentication"},
        "payType": 7,
        "dealTime": "[authentication] o'clock",
        "unknown": ["[authentication]"],
    }
    again: InvalidCallbackError = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (again.errors, again.payload, str(again)) == (error.errors, error.payload, str(error))
    assert AUTHENTICATION.encode() not in pickle.dumps(error)
    assert AUTHENTICATION not in str(error) + repr(error) + repr(error.errors)


def test_the_error_says_what_arrived_and_what_was_expected() -> None:
    with pytest.raises(InvalidCallbackError) as refused:
        parser.parse(body(payType=7, action=None))
    assert refused.value.errors == (
        FieldError("action", ErrorCode.WRONG_TYPE, "null arrived; expected a string"),
        FieldError(
            "payType",
            ErrorCode.UNKNOWN_STATUS,
            "7 is no known status; expected 1 to 6: is there a newer specification?",
        ),
    )
    assert str(refused.value) == (
        "action: null arrived; expected a string; "
        "payType: 7 is no known status; expected 1 to 6: is there a newer specification?"
    )
