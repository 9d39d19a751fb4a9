"""Point 12: whether SkyPay sends again is not specified: a redelivery is the same event."""

from __future__ import annotations

from datetime import datetime

import pytest

from skypay_payout import Accepted, Quarantined, Rejected
from skypay_payout.testing import SCENARIOS, body, redelivered
from tests.support.callbacks import PARSER, UTC8

AT = datetime(2018, 8, 7, 12, tzinfo=UTC8)
STATUSES = [*range(10), "UPLOAD", None]


@pytest.mark.parametrize("status", STATUSES)
def test_whatever_status_is_received_the_response_is_the_same_acknowledgement(status: object) -> None:
    result = PARSER.receive(body(payType=status))
    assert isinstance(result, Accepted | Quarantined)
    assert result.respond(AT) == PARSER.receive(body()).respond(AT)
    assert b'"responseCode":"1000"' in result.respond(AT).body


def test_what_is_rejected_never_gets_the_acknowledgement() -> None:
    for sent in (b"", b"{}", body(authentication="x"), b"x" * 70_000, body()[:-2]):
        result = PARSER.receive(sent)
        assert isinstance(result, Rejected)
        response = result.respond(AT)
        assert response.body == b""
        assert 400 <= response.status < 500


def test_a_redelivery_has_both_identities_of_the_first_delivery() -> None:
    bodies = [sent for scenario in SCENARIOS for sent in redelivered(scenario.bodies(), 3)]
    results = [PARSER.receive(sent) for sent in bodies]
    callbacks = [result.callback for result in results if isinstance(result, Accepted)]
    keys = [callback.idempotency_key for callback in callbacks]
    assert keys[::3] == keys[1::3] == keys[2::3]
    events = {(one.control_number, one.pay_type, one.deal_time) for one in callbacks}
    assert len(set(keys)) == len(events) > 6
    assert len({one.digest for one in callbacks}) == len(callbacks) / 3


def test_a_redelivery_to_quarantine_has_the_digest_of_the_first_delivery() -> None:
    first, again, other = (PARSER.receive(sent) for sent in (body(7), body(7), body(8)))
    assert isinstance(first, Quarantined)
    assert isinstance(again, Quarantined)
    assert isinstance(other, Quarantined)
    assert first.error.digest == again.error.digest != other.error.digest
