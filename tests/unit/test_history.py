"""What became of a payout follows from its callbacks alone, in any order and with repeats (point 10)."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime, timedelta, timezone
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skypay_payout import CallbackParser, ControlNumber, PayoutCallback, PayoutHistory, PayoutStatus, PayType
from skypay_payout.testing import CREDENTIALS, SCENARIOS, USER_NAME, Scenario, out_of_order, redelivered

NUMBER = ControlNumber("SK99123456789")
NOON = datetime(2018, 8, 7, 12, tzinfo=timezone(timedelta(hours=8)))
FINAL = {
    PayType.PAYOUT: PayoutStatus.PAID,
    PayType.CANCEL: PayoutStatus.CANCELLED,
    PayType.FAILURE: PayoutStatus.FAILED,
}


def callback(
    pay_type: PayType,
    hours: int = 0,
    *,
    user_name: str = USER_NAME,
    fail: str | None = None,
    reference: str | None = None,
    **extra: object,
) -> PayoutCallback:
    time = NOON + timedelta(hours=hours)
    return PayoutCallback(user_name, NUMBER, pay_type, time, fail, reference, extra)


# Few values, so that equal and almost equal callbacks are common.
extras = st.fixed_dictionaries(
    {}, optional={"note": st.sampled_from([1, 1.0, True, 0, False, None, "", [1], [True]])}
)
callbacks_of_one_payout = st.lists(
    st.builds(
        PayoutCallback,
        user_name=st.sampled_from([USER_NAME, "Other@skypay"]),
        control_number=st.just(NUMBER),
        pay_type=st.sampled_from(PayType),
        deal_time=st.sampled_from([NOON, NOON.astimezone(UTC), NOON + timedelta(microseconds=1)]),
        fail_description=st.sampled_from([None, "余额不足", "expired"]),
        reference_number=st.sampled_from([None, "MLA1", "MLA2"]),
        extra=extras,
    ),
    min_size=1,
    max_size=8,
)


def facts(history: PayoutHistory) -> tuple[object, ...]:
    """All that a history says, as texts that show a difference of type too."""
    return (
        history.control_number,
        [json.dumps(event.to_dict(), sort_keys=True) for event in history.events],
        history.status,
        history.reference_number,
        history.fail_description,
    )


@given(callbacks_of_one_payout, st.data())
def test_every_order_and_repetition_gives_the_same_history(
    callbacks: list[PayoutCallback], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(callbacks)))
    arrived = data.draw(st.permutations(callbacks + again))
    first, second = PayoutHistory(callbacks), PayoutHistory(arrived)
    assert first == second
    assert hash(first) == hash(second)
    assert facts(first) == facts(second)


@given(callbacks_of_one_payout, callbacks_of_one_payout)
def test_no_further_callback_undoes_a_final_status(
    callbacks: list[PayoutCallback], more: list[PayoutCallback]
) -> None:
    before, after = PayoutHistory(callbacks).status, PayoutHistory(callbacks + more).status
    assert after in {
        PayoutStatus.UPLOADED: set(PayoutStatus),
        PayoutStatus.CONFLICTING: {PayoutStatus.CONFLICTING},
    }.get(before, {before, PayoutStatus.CONFLICTING})


@given(callbacks_of_one_payout)
def test_the_kinds_of_final_statuses_alone_decide(callbacks: list[PayoutCallback]) -> None:
    kinds = {FINAL[one.pay_type] for one in callbacks if one.pay_type in FINAL}
    expected = {0: PayoutStatus.UPLOADED, 1: next(iter(kinds), None)}.get(
        len(kinds), PayoutStatus.CONFLICTING
    )
    assert PayoutHistory(callbacks).status is expected


@given(callbacks_of_one_payout)
def test_each_distinct_callback_is_there_once_and_in_order(callbacks: list[PayoutCallback]) -> None:
    events = PayoutHistory(callbacks).events
    texts = [json.dumps(event.to_dict(), sort_keys=True) for event in events]
    assert sorted(set(texts)) == sorted(texts)
    assert set(texts) == {json.dumps(one.to_dict(), sort_keys=True) for one in callbacks}
    keys = [(event.deal_time, event.pay_type, text) for event, text in zip(events, texts, strict=True)]
    assert keys == sorted(keys)


@given(callbacks_of_one_payout)
def test_a_callback_read_from_a_table_is_the_one_that_was_written(callbacks: list[PayoutCallback]) -> None:
    texts = [json.dumps(one.to_dict()) for one in callbacks]
    read = PayoutHistory(PayoutCallback.from_dict(json.loads(text)) for text in texts)
    assert read == PayoutHistory(callbacks)


def test_values_that_python_takes_for_equal_make_different_events() -> None:
    events = [callback(PayType.UPLOAD, note=value) for value in (1, 1.0, True)]
    assert len(PayoutHistory(events).events) == 3
    assert PayoutHistory(events[:1]) != PayoutHistory(events[1:2])


def test_callbacks_of_two_accounts_are_two_events_of_one_payout() -> None:
    events = [callback(PayType.UPLOAD), callback(PayType.UPLOAD, user_name="Other@skypay")]
    assert len(PayoutHistory(events).events) == 2


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_scenario_ends_with_its_status_however_it_arrives(scenario: Scenario) -> None:
    bodies = scenario.bodies()
    expected = {
        "paid": PayoutStatus.PAID,
        "failed": PayoutStatus.FAILED,
        "cancelled": PayoutStatus.CANCELLED,
        "late-upload": PayoutStatus.PAID,
        "amended-twice": PayoutStatus.UPLOADED,
        "cancelled-and-paid": PayoutStatus.CONFLICTING,
    }
    parser = CallbackParser(CREDENTIALS)
    for order in (redelivered(bodies), out_of_order(bodies), *permutations(bodies)):
        history = PayoutHistory(map(parser.parse, order))
        assert history.status is expected[scenario.name]
        assert len(history.events) == len(bodies)


def test_two_amendments_in_one_second_are_both_known() -> None:
    history = PayoutHistory(
        [
            callback(PayType.AMENDED_SUCCESS, 1, reference="MLA2"),
            callback(PayType.UPLOAD, reference="MLA0"),
            callback(PayType.AMENDED_SUCCESS, 1, reference="MLA1"),
        ]
    )
    assert [event.reference_number for event in history.events] == ["MLA0", "MLA1", "MLA2"]
    assert history.reference_number == "MLA2"


@pytest.mark.parametrize(
    ("events", "reference"),
    [
        pytest.param([callback(PayType.UPLOAD)], None, id="none has one"),
        pytest.param(
            [callback(PayType.UPLOAD, reference="MLA1"), callback(PayType.AMENDED_SUCCESS, 1)],
            "MLA1",
            id="the amendment has none",
        ),
        pytest.param(
            [
                callback(PayType.UPLOAD, 2, reference="MLA1"),
                callback(PayType.AMENDED_SUCCESS, 1, reference="MLA2"),
            ],
            "MLA1",
            id="the upload is later",
        ),
        pytest.param(
            [callback(PayType.UPLOAD, reference="MLA1"), callback(PayType.AMENDED_FAIL, 1, reference="MLA2")],
            "MLA1",
            id="the amendment failed",
        ),
        pytest.param(
            [callback(PayType.UPLOAD, reference="MLA1"), callback(PayType.PAYOUT, 1, reference="MLA2")],
            "MLA1",
            id="only uploads and amendments count",
        ),
    ],
)
def test_the_latest_upload_or_amendment_with_a_reference_number_gives_it(
    events: list[PayoutCallback], reference: str | None
) -> None:
    assert PayoutHistory(events).reference_number == reference


@pytest.mark.parametrize(
    ("events", "description"),
    [
        pytest.param([callback(PayType.FAILURE)], None, id="none has one"),
        pytest.param(
            [callback(PayType.FAILURE, fail="first"), callback(PayType.FAILURE, 1, fail="second")],
            "second",
            id="the latest",
        ),
        pytest.param(
            [callback(PayType.FAILURE, fail="first"), callback(PayType.FAILURE, 1)],
            "first",
            id="the latest has none",
        ),
        pytest.param(
            [callback(PayType.FAILURE, fail="paid"), callback(PayType.AMENDED_FAIL, 1, fail="amended")],
            "paid",
            id="why an amendment failed is something else",
        ),
    ],
)
def test_the_latest_failure_with_a_description_gives_it(
    events: list[PayoutCallback], description: str | None
) -> None:
    assert PayoutHistory(events).fail_description == description


def test_no_callbacks_are_no_history() -> None:
    with pytest.raises(ValueError, match="expected callbacks of one payout, got none"):
        PayoutHistory([])


def test_callbacks_of_two_payouts_are_no_history_and_two_of_them_are_named() -> None:
    others = [
        PayoutCallback(USER_NAME, ControlNumber(number), PayType.UPLOAD, NOON)
        for number in ("SK99100000001", "SK99200000002")
    ]
    for numbers in (others[:1], others):
        with pytest.raises(
            ValueError, match="got 'SK99100000001' and 'SK99123456789': make a PayoutHistory for each"
        ):
            PayoutHistory([callback(PayType.UPLOAD), *numbers])


def test_what_is_no_callback_is_no_event() -> None:
    events: list[Any] = [callback(PayType.UPLOAD), {}]
    with pytest.raises(TypeError, match="^expected PayoutCallback objects, got dict$"):
        PayoutHistory(events)


def test_a_naive_deal_time_is_no_event() -> None:
    naive = PayoutCallback(USER_NAME, NUMBER, PayType.UPLOAD, datetime(2018, 8, 7))
    with pytest.raises(ValueError, match="zone"):
        PayoutHistory([naive])


def test_a_history_can_be_pickled_and_a_status_is_its_name() -> None:
    history = PayoutHistory([callback(PayType.PAYOUT, note=[1])])
    assert pickle.loads(pickle.dumps(history)) == history  # noqa: S301
    assert json.dumps(history.status) == '"PAID"'
    assert all(status == status.name for status in PayoutStatus)
