"""The six statuses."""

from __future__ import annotations

from skypay_payout import PayType


def test_there_are_six_statuses_by_the_numbers_of_the_specification() -> None:
    assert {status.name: int(status) for status in PayType} == {
        "UPLOAD": 1,
        "PAYOUT": 2,
        "CANCEL": 3,
        "FAILURE": 4,
        "AMENDED_SUCCESS": 5,
        "AMENDED_FAIL": 6,
    }


def test_payout_cancel_and_failure_are_final() -> None:
    assert {status for status in PayType if status.is_final} == {
        PayType.PAYOUT,
        PayType.CANCEL,
        PayType.FAILURE,
    }
