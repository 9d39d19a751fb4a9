"""From a delivered callback to the status of the payout."""

import json
import logging

import pytest
from django.test import Client

from payouts.models import Event, Payout, QuarantinedCallback
from payouts.services import process_events
from skypay_payout import CallbackParser, PayoutStatus, PayType
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
    RejectionCase,
    Scenario,
    out_of_order,
    redelivered,
    rejection_cases,
)

from .conftest import Deliver

pytestmark = pytest.mark.django_db

CIPHER = BodyCipher(ENCRYPTION_KEY)
CASES = rejection_cases(CallbackParser(CREDENTIALS, cipher=CIPHER))


def test_a_known_key_with_different_content_is_kept_too_and_reported(
    deliver: Deliver, caplog: pytest.LogCaptureFixture
) -> None:
    for reference in ("ML1", "ML2"):
        assert deliver(PayType.UPLOAD, referenceNumber=reference) == 200
    assert Event.objects.count() == 2
    process_events()
    assert "different_content" in caplog.text


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_is_not_authenticated_is_rejected_and_what_is_invalid_is_quarantined(
    deliver: Deliver, case: RejectionCase
) -> None:
    status = deliver(case.body)
    assert QuarantinedCallback.objects.count() == (status == 200)
    assert (status == 200) == (case.code == "invalid_callback")
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("scenario", "status"),
    [
        (PAID, PayoutStatus.PAID),
        (FAILED, PayoutStatus.FAILED),
        (CANCELLED, PayoutStatus.CANCELLED),
        (LATE_UPLOAD, PayoutStatus.PAID),
        (AMENDED_TWICE, PayoutStatus.UPLOADED),
        (CANCELLED_AND_PAID, PayoutStatus.CONFLICTING),
    ],
    ids=lambda one: getattr(one, "name", one),
)
def test_the_status_does_not_depend_on_order_and_repeats(
    deliver: Deliver, scenario: Scenario, status: PayoutStatus
) -> None:
    for body in redelivered(out_of_order(scenario.bodies(cipher=CIPHER))):
        assert deliver(body) == 200
        process_events()
    assert Payout.objects.get().status == status
    assert not Event.objects.filter(processed_at=None).exists()


def test_a_payout_that_cannot_be_processed_does_not_stop_the_others(
    deliver: Deliver, caplog: pytest.LogCaptureFixture
) -> None:
    deliver(PayType.PAYOUT, controlNumber="SK99100000001")
    Event.objects.update(content="{}")
    deliver(PayType.PAYOUT, controlNumber="SK99100000002")
    while Payout.objects.get(pk="SK99100000002").status == "":
        process_events()
    process_events()
    assert "not all events were processed" in caplog.text
    assert Payout.objects.get(pk="SK99100000001").status == ""


def test_any_text_can_be_stored(deliver: Deliver) -> None:
    texts = {"note": "\0\ud83d", "half": {"\udcff": ["余额不足"]}}
    assert deliver(PayType.UPLOAD, **texts) == 200
    assert deliver(PayType.FAILURE, failDescription="\0", referenceNumber="\ud83d", **texts) == 200
    assert json.loads(Event.objects.get().content).items() >= texts.items()
    assert json.loads(QuarantinedCallback.objects.get().payload).items() >= texts.items()
    process_events()


def test_only_post_to_the_exact_path_is_answered(client: Client) -> None:
    assert client.get("/callback").status_code == 405
    for path in ("/callback/", "/callback%0A", "//callback", "/Callback"):
        assert client.post(path).status_code == 404


def test_log_lines_of_rejected_bodies_are_short(deliver: Deliver, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for body in (b"x" * 65536, b"x" * 65537, b"\n" * 5000, b""):
        assert deliver(body) in (400, 413)
    lines = [record.getMessage() for record in caplog.records if record.name == "skypay"]
    assert len(lines) == 4
    assert all(line.isprintable() and len(line) < 300 for line in lines)
