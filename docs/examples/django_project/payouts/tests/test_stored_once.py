"""A redelivery changes nothing."""

import pytest

from payouts.models import Event, Payout
from skypay_payout import PayType

from .conftest import Deliver


@pytest.mark.django_db
def test_an_event_is_stored_once_however_often_it_is_delivered(deliver: Deliver) -> None:
    for _ in range(3):
        for status in PayType:
            assert deliver(status) == 200
    assert Event.objects.count() == len(PayType)
    assert Payout.objects.get().status == ""
