"""Point 10: final statuses stay, whatever else arrives, in whatever order; different final ones conflict.

The details of ``PayoutHistory`` stand in ``tests/unit/test_history.py``.
"""

from __future__ import annotations

from itertools import combinations_with_replacement, permutations

import pytest

from skypay_payout import Anomaly, PayoutHistory, PayoutStatus, PayType
from skypay_payout.testing import body
from tests.support.callbacks import PARSER

EXPECTED = {
    frozenset[PayType](): PayoutStatus.UPLOADED,
    frozenset({PayType.PAYOUT}): PayoutStatus.PAID,
    frozenset({PayType.CANCEL}): PayoutStatus.CANCELLED,
    frozenset({PayType.FAILURE}): PayoutStatus.FAILED,
}
FINAL = {PayType.PAYOUT, PayType.CANCEL, PayType.FAILURE}


def history(statuses: tuple[PayType, ...]) -> PayoutHistory:
    """Make a history in which each callback is dated an hour after the one before it."""
    return PayoutHistory(
        PARSER.parse(body(status, dealTime=f"2018-08-07 {hour:02}:00:00"))
        for hour, status in enumerate(statuses)
    )


@pytest.mark.parametrize(
    "statuses",
    [one for count in (1, 2, 3) for one in combinations_with_replacement(PayType, count)],
    ids=lambda statuses: " ".join(status.name for status in statuses),
)
def test_the_final_statuses_alone_decide_in_any_order_and_with_any_dates(
    statuses: tuple[PayType, ...],
) -> None:
    final = frozenset(status for status in statuses if status in FINAL)
    expected = EXPECTED.get(final, PayoutStatus.CONFLICTING)
    for order in set(permutations(statuses)):
        one = history(order)
        assert one.status is expected
        assert (Anomaly.CONFLICTING_STATUSES in one.anomalies) is (len(final) > 1)
        dated_after = any(status in FINAL for status in order[:-1])
        assert (Anomaly.DATED_AFTER_FINAL in one.anomalies) is dated_after


def test_events_of_one_instant_are_ordered_by_status_and_then_by_content() -> None:
    sent = [body(6), body(2), body(1, note="b"), body(1, note="a"), body(2)]
    for order in permutations(sent):
        events = PayoutHistory(map(PARSER.parse, order)).events
        assert [(event.pay_type, event.extra.get("note")) for event in events] == [
            *[(1, "a"), (1, "b"), (2, None), (6, None)]
        ]
        assert PayoutHistory(events).anomalies == {Anomaly.DIFFERENT_CONTENT}


def test_the_latest_upload_or_amendment_with_a_reference_number_gives_it() -> None:
    one = history((PayType.UPLOAD, PayType.PAYOUT))
    assert one.reference_number == "MLA001041380755361119"
    amended = PARSER.parse(body(5, referenceNumber="MLA2", dealTime="2018-08-07 01:00:00"))
    assert PayoutHistory([amended, *one.events]).reference_number == "MLA2"
    failed = PARSER.parse(body(6, referenceNumber="MLA3", dealTime="2018-08-07 02:00:00"))
    assert PayoutHistory([failed, amended, *one.events]).reference_number == "MLA2"
