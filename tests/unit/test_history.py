"""What became of a payout follows from its callbacks alone, in any order and with repeats (point 10)."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import permutations
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from skypay_payout import (
    Accepted,
    Anomaly,
    ControlNumber,
    PayoutCallback,
    PayoutHistory,
    PayoutStatus,
    PayType,
)
from skypay_payout._formatting import canonical_json
from skypay_payout.testing import SCENARIOS, USER_NAME, Scenario, out_of_order, redelivered
from tests.support.callbacks import PARSER, UTC8

NUMBER = ControlNumber("SK99123456789")
NOON = datetime(2018, 8, 7, 12, tzinfo=UTC8)
FINAL = {
    PayType.PAYOUT: PayoutStatus.PAID,
    PayType.CANCEL: PayoutStatus.CANCELLED,
    PayType.FAILURE: PayoutStatus.FAILED,
}


def callback(pay_type: PayType, hours: int = 0, **optional: Any) -> PayoutCallback:
    return PayoutCallback(USER_NAME, NUMBER, pay_type, NOON + timedelta(hours=hours), **optional)


UPLOAD, PAYOUT, CANCEL, FAILURE, AMENDED, AMENDED_FAIL = (partial(callback, status) for status in PayType)


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
        history.anomalies,
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
    events = [UPLOAD(extra={"note": value}) for value in (1, 1.0, True)]
    assert len(PayoutHistory(events).events) == 3


def test_callbacks_of_two_accounts_are_two_events_of_one_payout() -> None:
    events = [UPLOAD(), evolve(UPLOAD(), user_name="Other@skypay")]
    assert len(PayoutHistory(events).events) == 2


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_scenario_ends_with_its_status_however_it_arrives(scenario: Scenario) -> None:
    results = [PARSER.receive(body) for body in scenario.bodies()]
    callbacks = [result.callback for result in results if isinstance(result, Accepted)]
    for order in (redelivered(callbacks), out_of_order(callbacks), *permutations(callbacks)):
        history = PayoutHistory(order)
        assert history.status is scenario.status
        assert len(history.events) == len(callbacks)


ANOMALIES: list[tuple[list[PayoutCallback], set[Anomaly]]] = [
    *[([UPLOAD()], set()), ([UPLOAD(), AMENDED(1), PAYOUT(2)], set()), ([PAYOUT(), PAYOUT()], set())],
    ([UPLOAD(), PAYOUT(), AMENDED_FAIL()], set()),
    ([PAYOUT(), CANCEL()], {Anomaly.CONFLICTING_STATUSES}),
    ([PAYOUT(), CANCEL(1)], {Anomaly.CONFLICTING_STATUSES, Anomaly.DATED_AFTER_FINAL}),
    ([FAILURE(), PAYOUT(), CANCEL()], {Anomaly.CONFLICTING_STATUSES}),
    *(
        ([PAYOUT(), later(1)], {Anomaly.DATED_AFTER_FINAL})
        for later in (UPLOAD, PAYOUT, AMENDED, AMENDED_FAIL)
    ),
    ([PAYOUT(1), UPLOAD(2), PAYOUT(3), UPLOAD()], {Anomaly.DATED_AFTER_FINAL}),
    ([UPLOAD(), UPLOAD(reference_number="MLA1")], {Anomaly.DIFFERENT_CONTENT}),
    ([UPLOAD(), UPLOAD(extra={"x": 1}), UPLOAD(extra={"x": 1.0})], {Anomaly.DIFFERENT_CONTENT}),
    ([UPLOAD(), evolve(UPLOAD(), user_name="Other@skypay")], {Anomaly.DIFFERENT_CONTENT}),
    ([PAYOUT(), PAYOUT(extra={"x": 1}), CANCEL(), UPLOAD(1)], {*Anomaly}),
]


@pytest.mark.parametrize(("events", "anomalies"), ANOMALIES)
def test_what_needs_a_person_is_an_anomaly_in_any_order(
    events: list[PayoutCallback], anomalies: set[Anomaly]
) -> None:
    for order in permutations(events):
        found = PayoutHistory(order).anomalies
        assert type(found) is frozenset
        assert found == anomalies


def test_the_anomalies_are_stable() -> None:
    assert [*Anomaly] == ["conflicting_statuses", "dated_after_final", "different_content"]
    assert all(anomaly == anomaly.name.lower() for anomaly in Anomaly)


@pytest.mark.parametrize("count", [1, 10, 300])
def test_each_callback_is_written_once_however_many_there_are(
    monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    written: list[object] = []

    def counting(value: object) -> str:
        written.append(value)
        return canonical_json(value)

    monkeypatch.setattr("skypay_payout._history.canonical_json", counting)
    callbacks = [callback(status, hour, extra={"n": hour}) for hour in range(count) for status in PayType]
    history = PayoutHistory(callbacks + callbacks)
    facts = (history.status, history.anomalies, history.reference_number, history.fail_description)
    assert facts[0] is PayoutStatus.CONFLICTING
    assert len(history.events) == 6 * count
    assert len(written) == 12 * count


def test_two_amendments_in_one_second_are_both_known() -> None:
    events = [AMENDED(1, reference_number="MLA2"), UPLOAD(reference_number="MLA0")]
    history = PayoutHistory([*events, AMENDED(1, reference_number="MLA1")])
    assert [event.reference_number for event in history.events] == ["MLA0", "MLA1", "MLA2"]
    assert history.reference_number == "MLA2"


@pytest.mark.parametrize(
    ("events", "reference", "description"),
    [
        ([UPLOAD()], None, None),
        ([UPLOAD(reference_number="MLA1"), AMENDED(1)], "MLA1", None),
        ([UPLOAD(2, reference_number="MLA1"), AMENDED(1, reference_number="MLA2")], "MLA1", None),
        ([UPLOAD(reference_number="MLA1"), AMENDED_FAIL(1, reference_number="MLA2")], "MLA1", None),
        ([UPLOAD(reference_number="MLA1"), PAYOUT(1, reference_number="MLA2")], "MLA1", None),
        ([FAILURE()], None, None),
        ([FAILURE(fail_description="first"), FAILURE(1, fail_description="second")], None, "second"),
        ([FAILURE(fail_description="first"), FAILURE(1)], None, "first"),
        ([FAILURE(fail_description="paid"), AMENDED_FAIL(1, fail_description="amended")], None, "paid"),
    ],
)
def test_the_latest_event_of_the_right_kind_gives_reference_number_and_reason(
    events: list[PayoutCallback], reference: str | None, description: str | None
) -> None:
    for order in permutations(events):
        history = PayoutHistory(order)
        assert (history.reference_number, history.fail_description) == (reference, description)


OTHERS = [evolve(UPLOAD(), control_number=ControlNumber(it)) for it in ("SK99100000001", "SK99200000002")]
PAYOUTS = "expected callbacks of one payout, got {}: make a PayoutHistory for each payout"


@pytest.mark.parametrize(
    ("callbacks", "error", "message"),
    [
        ([], ValueError, PAYOUTS.format("none")),
        ([UPLOAD(), OTHERS[0]], ValueError, PAYOUTS.format("'SK99100000001' and 'SK99123456789'")),
        ([UPLOAD(), *OTHERS], ValueError, PAYOUTS.format("'SK99100000001' and 'SK99123456789'")),
        ([UPLOAD(), {}], TypeError, "expected PayoutCallback objects, got dict"),
        ([None], TypeError, "expected PayoutCallback objects, got NoneType"),
        (
            [evolve(UPLOAD(), deal_time=datetime(2018, 8, 7))],
            ValueError,
            "expected an aware datetime, got a naive one: add its time zone",
        ),
    ],
)
def test_anything_but_callbacks_of_one_payout_is_no_history(
    callbacks: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as caught:
        PayoutHistory(callbacks)
    assert (type(caught.value), str(caught.value)) == (error, message)


def test_a_history_can_be_pickled_and_a_status_is_its_name() -> None:
    history = PayoutHistory([PAYOUT(extra={"note": [1]})])
    assert pickle.loads(pickle.dumps(history)) == history  # noqa: S301
    assert json.dumps(history.status) == '"PAID"'
    assert all(status == status.name for status in PayoutStatus)


def test_there_are_six_statuses_and_payout_cancel_and_failure_are_final() -> None:
    names = ["UPLOAD", "PAYOUT", "CANCEL", "FAILURE", "AMENDED_SUCCESS", "AMENDED_FAIL"]
    assert [(status.name, int(status)) for status in PayType] == [*zip(names, range(1, 7), strict=True)]
    assert {status for status in PayType if status.is_final} == {*FINAL}
