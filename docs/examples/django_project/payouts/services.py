"""Store what the parser returned, and derive each payout's status from what is stored."""

import json
import logging
from contextlib import closing
from datetime import timedelta
from hashlib import sha256
from typing import assert_never

from django.db import connection, transaction
from django.utils import timezone

import monitoring
from skypay_payout import Accepted, PayoutCallback, PayoutHistory, PayoutStatus, Quarantined, Rejected

from .models import Event, Payout, QuarantinedCallback

log = logging.getLogger(__name__)


@transaction.atomic
def store_event(callback: PayoutCallback) -> None:
    """Store the callback once. A known key with different content is another event, so it is kept too."""
    content = json.dumps(callback.to_dict(), sort_keys=True)
    payout, _ = Payout.objects.get_or_create(pk=str(callback.control_number))
    values = {"idempotency_key": callback.idempotency_key, "payout": payout, "content": content}
    Event.objects.get_or_create(values, pk=sha256(content.encode()).hexdigest())


def save(result: Accepted | Quarantined | Rejected) -> None:
    """Store an accepted or a quarantined callback once; it is committed when this returns."""
    match result:
        case Accepted(callback):
            store_event(callback)
        case Quarantined(error):
            payload = json.dumps(dict(error.payload))
            values = {"control_number": error.control_number, "errors": str(error), "payload": payload}
            with transaction.atomic():
                _, is_new = QuarantinedCallback.objects.get_or_create(values, pk=error.idempotency_key)
                if is_new:  # alert a person, but not before the callback can be found in the admin
                    transaction.on_commit(lambda: log.error("new in quarantine: %.500s", error))
        case Rejected():
            pass
        case _:
            assert_never(result)


def process_events() -> None:
    """Process each payout that has new events. Any number of processes may do so at the same time."""
    # In random order: a payout that raises an exception must not keep back the same others every time.
    new = Event.objects.filter(processed_at=None).order_by("?").values_list("payout", flat=True)
    try:
        for control_number in dict.fromkeys(new):
            process_payout(control_number)
    except Exception:
        log.exception("not all events were processed; trying again")


@transaction.atomic
def process_payout(control_number: str) -> None:
    """Derive the status from the whole history, unless another process is doing so."""
    # NO KEY, since rows of new events refer to this one and are inserted meanwhile.
    rows = Payout.objects.select_for_update(skip_locked=True, no_key=True)
    for payout in rows.filter(pk=control_number):
        events = {event.pk: event.content for event in payout.events.all()}
        history = PayoutHistory(PayoutCallback.from_dict(json.loads(text)) for text in events.values())
        if payout.status != history.status:
            # Change your own tables here: it is committed together with the new status, or not at all.
            log.info("payout %s is %s", payout.pk, history.status)
        payout.status = history.status
        payout.reference_number, payout.fail_description = history.reference_number, history.fail_description
        payout.save()
        payout.events.filter(pk__in=events, processed_at=None).update(processed_at=timezone.now())
        monitoring.report(history)


def open_work() -> dict[str, int]:
    """Count what waits for a person or for the worker."""
    now, day, minute = timezone.now(), timedelta(days=1), timedelta(minutes=1)
    with closing(connection):  # each scrape has a thread of its own, and so a connection
        return {
            "overdue": Payout.objects.filter(status=PayoutStatus.UPLOADED, created_at__lt=now - day).count(),
            "conflicting": Payout.objects.filter(status=PayoutStatus.CONFLICTING).count(),
            "quarantined": QuarantinedCallback.objects.filter(resolved_at=None).count(),
            "unprocessed": Event.objects.filter(processed_at=None, received_at__lt=now - 5 * minute).count(),
        }
