"""Scenarios and the orders in which their callbacks arrive."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from skypay_payout import (
    Accepted,
    CallbackParser,
    PayoutCallback,
    PayoutHistory,
    PayoutStatus,
    PayType,
    Quarantined,
    Rejected,
)
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import (
    AMENDED_TWICE,
    CANCELLED,
    CANCELLED_AND_PAID,
    CREDENTIALS,
    ENCRYPTION_KEY,
    FAILED,
    LATE_UPLOAD,
    PAID,
    SCENARIOS,
    UNKNOWN_STATUS,
    Scenario,
    out_of_order,
    redelivered,
)

PARSER = CallbackParser(CREDENTIALS)
EXPECTED = [
    (PAID, [PayType.UPLOAD, PayType.AMENDED_SUCCESS, PayType.PAYOUT], PayoutStatus.PAID),
    (FAILED, [PayType.UPLOAD, PayType.FAILURE], PayoutStatus.FAILED),
    (CANCELLED, [PayType.UPLOAD, PayType.CANCEL], PayoutStatus.CANCELLED),
    (LATE_UPLOAD, [PayType.PAYOUT, PayType.UPLOAD], PayoutStatus.PAID),
    (
        AMENDED_TWICE,
        [PayType.UPLOAD, PayType.AMENDED_SUCCESS, PayType.AMENDED_SUCCESS],
        PayoutStatus.UPLOADED,
    ),
    (CANCELLED_AND_PAID, [PayType.UPLOAD, PayType.CANCEL, PayType.PAYOUT], PayoutStatus.CONFLICTING),
    (UNKNOWN_STATUS, [PayType.UPLOAD, 7, PayType.PAYOUT], PayoutStatus.PAID),
]


def accepted(bodies: Iterable[bytes]) -> list[PayoutCallback]:
    """Return the callbacks in the bodies that are accepted; the others have to be quarantined."""
    results = [PARSER.receive(body) for body in bodies]
    assert not any(isinstance(result, Rejected) for result in results)
    return [result.callback for result in results if isinstance(result, Accepted)]


def test_scenarios_are_the_named_ones() -> None:
    assert list(SCENARIOS) == [scenario for scenario, _, _ in EXPECTED]
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)


@pytest.mark.parametrize(("scenario", "statuses", "outcome"), EXPECTED)
def test_scenario_says_what_happens_to_one_payout(
    scenario: Scenario, statuses: list[int], outcome: PayoutStatus
) -> None:
    callbacks = accepted(scenario.bodies())
    assert list(scenario.statuses) == statuses
    assert [callback.pay_type for callback in callbacks] == [status for status in statuses if status != 7]
    assert {callback.control_number for callback in callbacks} == {scenario.control_number}
    assert PayoutHistory(callbacks).status is outcome is scenario.status


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_events_of_a_scenario_are_its_interval_apart(scenario: Scenario) -> None:
    times = [datetime.fromisoformat(json.loads(body)["dealTime"]) for body in scenario.bodies()]
    assert times == [times[0] + count * scenario.interval for count in range(len(times))]
    assert scenario.interval == timedelta(0 if scenario is AMENDED_TWICE else 1 / 24)


def test_tests_that_are_parametrized_with_scenarios_have_their_names(request: pytest.FixtureRequest) -> None:
    assert str(PAID) == "paid"
    names = [
        item.callspec.id
        for item in request.session.items
        if isinstance(item, pytest.Function) and "interval_apart" in item.name and item.path == request.path
    ]
    assert names in ([], [scenario.name for scenario in SCENARIOS])


def test_one_scenario_has_a_quarantined_callback() -> None:
    quarantined = [
        (scenario, result.error.control_number, result.error.errors[0].field)
        for scenario in SCENARIOS
        for result in map(PARSER.receive, scenario.bodies())
        if isinstance(result, Quarantined)
    ]
    assert quarantined == [(UNKNOWN_STATUS, "SK99100000007", "payType")]


def test_only_the_two_amendments_in_one_second_share_an_idempotency_key() -> None:
    keys = Counter(
        callback.idempotency_key for scenario in SCENARIOS for callback in accepted(scenario.bodies())
    )
    _, amendment, _ = map(PARSER.parse, AMENDED_TWICE.bodies())
    assert [key for key in keys if keys[key] > 1] == [amendment.idempotency_key]


def test_each_upload_and_amendment_has_a_reference_number_of_its_own() -> None:
    history = PayoutHistory(map(PARSER.parse, AMENDED_TWICE.bodies()))
    numbers = [event.reference_number for event in history.events]
    assert numbers == [f"MLA0010413807553611{number}" for number in (19, 20, 21)]
    assert history.reference_number == numbers[-1]
    assert [PARSER.parse(body).reference_number for body in CANCELLED.bodies()] == [numbers[0], None]


def test_scenario_takes_a_start_a_cipher_and_fields() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    cipher = BodyCipher(ENCRYPTION_KEY)
    bodies = PAID.bodies(start=start, cipher=cipher, controlNumber="0000012345678")
    callbacks = [CallbackParser(CREDENTIALS, cipher=cipher).parse(body) for body in bodies]
    assert callbacks[0].deal_time == start
    assert {callback.control_number for callback in callbacks} == {"0000012345678"}


def test_scenario_cannot_start_at_a_naive_time() -> None:
    with pytest.raises(ValueError, match="naive"):
        PAID.bodies(start=datetime(2026, 1, 1))


def test_bodies_can_be_redelivered_and_arrive_out_of_order() -> None:
    upload, amended, payout = PAID.bodies()
    assert redelivered(PAID.bodies()) == [upload, upload, amended, amended, payout, payout]
    assert redelivered([payout], 3) == [payout] * 3
    assert out_of_order(PAID.bodies()) == [payout, amended, upload]
