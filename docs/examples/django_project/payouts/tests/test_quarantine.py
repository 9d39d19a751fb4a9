"""The quarantine, end to end: stored, alerted, corrected by a person, revalidated, stored as accepted."""

import json
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from payouts.models import Event, Payout, QuarantinedCallback
from payouts.services import process_events
from skypay_payout import PayoutStatus, PayType

from .conftest import Deliver

pytestmark = pytest.mark.django_db


def revalidate(admin: Client) -> str:
    """Select the quarantined callbacks in the admin, choose the action, and read what it says."""
    keys = list(QuarantinedCallback.objects.values_list("pk", flat=True))
    data = {"action": "revalidate", "_selected_action": keys}
    url = reverse("admin:payouts_quarantinedcallback_changelist")
    return admin.post(url, data, follow=True).content.decode()


def correct(admin: Client, **fields: object) -> None:
    """Correct the payload in the admin, as a person would."""
    row = QuarantinedCallback.objects.get()
    url = reverse("admin:payouts_quarantinedcallback_change", args=[row.pk])
    page = admin.get(url)
    assert "corrected_payload" in page.content.decode()
    corrected = json.dumps(json.loads(row.payload) | fields)
    data = {"corrected_payload": corrected, "resolved_at_0": "", "resolved_at_1": ""}
    assert admin.post(url, data).status_code == 302


def alerts(caplog: pytest.LogCaptureFixture) -> int:
    return len([record for record in caplog.records if record.msg.startswith("new in quarantine")])


@pytest.mark.parametrize("extra", [{}, {"note": "half of a pair: \ud83d"}], ids=["plain", "surrogate"])
def test_a_quarantined_callback_is_alerted_corrected_revalidated_and_processed(
    deliver: Deliver,
    admin_client: Client,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: Any,
    extra: dict[str, object],
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert deliver(PayType.PAYOUT, dealTime="yesterday", **extra) == 200
    assert alerts(caplog) == 1
    assert "new in quarantine: control number SK99123456789: dealTime: " in caplog.text

    assert "dealTime" in revalidate(admin_client)  # nothing is corrected yet
    assert not Event.objects.exists()

    correct(admin_client, dealTime="2018-08-07 11:58:33")
    assert "Accepted: SK99123456789/2/2018-08-07T11:58:33.000000+08:00" in revalidate(admin_client)
    row = QuarantinedCallback.objects.get()
    assert Event.objects.count() == 1
    assert row.resolved_at is not None
    assert LogEntry.objects.filter(change_message__startswith="Revalidated", user__username="admin").exists()
    process_events()
    assert Payout.objects.get().status == PayoutStatus.PAID

    with django_capture_on_commit_callbacks(execute=True):
        assert deliver(PayType.PAYOUT, dealTime="yesterday", **extra) == 200
    row.refresh_from_db()
    assert row.resolved_at is not None
    assert alerts(caplog) == 1

    # The callback that SkyPay sends later, valid, is the same event.
    assert deliver(PayType.PAYOUT, dealTime="2018-08-07 11:58:33", **extra) == 200
    assert Event.objects.count() == 1


@pytest.mark.parametrize("correction", ["", "[]", "no JSON", '"text"', '{"authentication": "x"}', "{}"])
def test_what_cannot_be_revalidated_stays_in_quarantine(
    deliver: Deliver, admin_client: Client, correction: str
) -> None:
    deliver(7)
    QuarantinedCallback.objects.update(corrected_payload=correction)
    assert "errorlist" not in revalidate(admin_client)
    assert QuarantinedCallback.objects.get().resolved_at is None
    assert not Event.objects.exists()


def test_nobody_adds_deletes_or_changes_events_in_the_admin(deliver: Deliver, admin_client: Client) -> None:
    deliver(PayType.UPLOAD)
    deliver(7)
    for model, row in (("event", Event), ("payout", Payout), ("quarantinedcallback", QuarantinedCallback)):
        key = row.objects.get().pk
        for view, arguments in (("add", []), ("delete", [key])):
            assert (
                admin_client.post(reverse(f"admin:payouts_{model}_{view}", args=arguments)).status_code == 403
            )
        assert admin_client.get(reverse(f"admin:payouts_{model}_changelist")).status_code == 200
        assert admin_client.get(reverse(f"admin:payouts_{model}_change", args=[key])).status_code == 200
        if model != "quarantinedcallback":
            assert admin_client.post(reverse(f"admin:payouts_{model}_change", args=[key])).status_code == 403
