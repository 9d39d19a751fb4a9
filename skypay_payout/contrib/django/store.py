"""Store callbacks, let people act on them, and count what waits for somebody."""

from __future__ import annotations

import json
import logging
import os
import threading
from _thread import start_new_thread
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from socket import SHUT_RDWR, socket
from typing import Any, TypeVar

from django.db import IntegrityError, connections, router, transaction
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from ..._callback import PayoutCallback
from ..._errors import InvalidCallbackError
from ..._formatting import digest as digest_of
from ..._history import PayoutHistory, PayoutStatus
from ..._results import Accepted, Rejected, Result
from .._payouts import FINAL, MAX_BACKOFF, OVERDUE, PERSISTENT, UNPROCESSED, WAIT, opposing
from .models import Decision, Event, Payout, QuarantinedCallback

log = logging.getLogger("skypay_payout")

M = TypeVar("M", bound=Model)
PART = 1000


def database() -> str:
    """Return the alias of the database that holds the tables."""
    return router.db_for_write(Event)


def rows(model: type[M]) -> QuerySet[M]:
    """Return all rows of the model; a replica, of which a router may read, could be behind."""
    return model._default_manager.using(database())


def in_parts(some: QuerySet) -> Iterator[Any]:
    """Give all rows by primary key, without the cursor of ``iterator``, which PgBouncer can mix up."""
    last = ""
    while part := list(some.filter(pk__gt=last).order_by("pk")[:PART]):
        yield from part
        last = part[-1].pk


_CLOCK = {"postgresql": "statement_timestamp()", "mysql": "UTC_TIMESTAMP(6)"}


def now() -> datetime:
    """Return the time by the database's clock; SQLite is on this machine."""
    connection = connections[database()]
    if connection.vendor not in _CLOCK:
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_CLOCK[connection.vendor]}")
        time: datetime = cursor.fetchone()[0]
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _limits() -> str:
    """Return what ends the waits of a transaction, also behind PgBouncer; elsewhere only settings can."""
    if connections[database()].vendor != "postgresql":
        return ""
    milliseconds = int(WAIT * 900)  # before the connection is shut
    return f"SET LOCAL lock_timeout = {milliseconds}; SET LOCAL statement_timeout = {milliseconds}; "


def on_sqlite() -> bool:
    """Return whether the database is SQLite, which has one lock, and no locks of rows."""
    return connections[database()].vendor == "sqlite"


def save(result: Result) -> None:
    """Store an accepted or a quarantined callback once; it is committed when this returns.

    Rejected bodies are logged only.

    Raises ``RuntimeError`` inside another transaction, whose commit nobody could promise, and the database's
    errors: then nothing may be acknowledged.
    """
    if isinstance(result, Rejected):
        log.warning("rejected: %s: %s", result.error.code, result.error)
        return
    with bounded(WAIT):
        if isinstance(result, Accepted):
            with transaction.atomic(database(), durable=True):
                store_event(result.callback, _limits())
        elif _quarantine(result.error):
            log.error("quarantined: %.500s", result.error)


@contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Shut a connection that has gone silent: drivers have a time-out for each wait, if any, not for all.

    To connect takes as long as the settings say. SQLite has a time-out for its lock.
    """
    connection: Any = connections[database()]
    done = threading.Event()

    def watch() -> None:
        wait = seconds
        while not done.wait(wait):
            wait = 0.2  # Django may have connected anew
            with suppress(Exception):
                # PyMySQL has no fileno of its own.
                source = getattr(connection.connection, "_sock", connection.connection)
                with socket(fileno=os.dup(source.fileno())) as shared:
                    shared.shutdown(SHUT_RDWR)

    if not on_sqlite():
        start_new_thread(watch, ())  # Thread.start() would wait until it runs
    try:
        yield
    finally:
        done.set()


def is_new(row: QuerySet) -> bool:
    """Return whether an INSERT may add the row: where a worker has locked it, an INSERT would wait.

    On SQLite nothing does, and the transaction must begin with a write.
    """
    return on_sqlite() or not row.exists()


_INSERT = """
    INSERT INTO skypay_payout_event (digest, idempotency_key, control_number, event, received_at, due_at)
    SELECT %s, %s, %s, %s, {clock}, {clock}
    WHERE NOT EXISTS (SELECT 1 FROM skypay_payout_event WHERE digest = %s) ON CONFLICT DO NOTHING
"""  # which Django's models cannot say, and would take twice as long for


def store_event(callback: PayoutCallback, limits: str = "") -> None:
    """Insert the event unless it is there, within the caller's transaction, which gets the limits first."""
    connection: Any = connections[database()]
    content = callback.to_dict()
    digest = digest_of(content)
    key, number = callback.idempotency_key, str(callback.control_number)
    if connection.vendor == "mysql":  # where the one statement would wait as well
        if is_new(rows(Event).filter(pk=digest)):
            time = now()
            event = Event(
                digest=digest,
                idempotency_key=key,
                control_number=number,
                event=content,
                received_at=time,
                due_at=time,
            )
            rows(Event).bulk_create([event], ignore_conflicts=True)
        return
    times = [connection.ops.adapt_datetimefield_value(now())] * 2 if on_sqlite() else []
    with connection.cursor() as cursor:
        if limits and connection.settings_dict["OPTIONS"].get("server_side_binding"):
            cursor.execute(limits)  # a statement whose parameters the server binds must be alone
            limits = ""
        insert = _INSERT.format(clock=_CLOCK.get(connection.vendor, "%s"))
        cursor.execute(limits + insert, [digest, key, number, json.dumps(content), *times, digest])


def _quarantine(error: InvalidCallbackError) -> bool:
    """Store it unless it is there, and return whether it is new."""
    row = rows(QuarantinedCallback).filter(pk=error.digest)
    try:
        with transaction.atomic(database(), durable=True):
            if limits := _limits():
                with connections[database()].cursor() as cursor:
                    cursor.execute(limits)
            time = now()
            if not is_new(row):
                return False
            row.create(
                digest=error.digest,
                control_number=error.control_number and str(error.control_number),
                payload=dict(error.payload),
                errors=[[one.field, one.code, one.message] for one in error.errors],
                received_at=time,
                due_at=error.control_number and time,
            )
    except IntegrityError:
        if not row.exists():
            raise
        return False
    return True


def accept(digest: str, callback: PayoutCallback, *, who: str) -> None:
    """Store the corrected callback, and close the case of the quarantined one.

    Raises ``ValueError`` if the case is not open, or the callback is about another payout.
    """
    number = rows(QuarantinedCallback).filter(pk=digest).values_list("control_number", flat=True).first()
    if number and number != callback.control_number:
        raise ValueError(f"expected a callback of payout {number}, got {callback.control_number}")
    with transaction.atomic(database()):
        _close(digest, QuarantinedCallback.Resolution.ACCEPTED, who, None)
        store_event(callback)


def dismiss(digest: str, *, who: str, why: str) -> None:
    """Close the case of a quarantined callback without accepting anything.

    Raises ``ValueError`` if the case is not open.
    """
    _close(digest, QuarantinedCallback.Resolution.DISMISSED, who, why)


def _close(digest: str, resolution: QuarantinedCallback.Resolution, who: str, why: str | None) -> None:
    time = now()
    row = rows(QuarantinedCallback).filter(pk=digest)
    with transaction.atomic(database()):
        # First of all a write, and one that compares: of two people, one succeeds.
        if not row.filter(resolved_at=None).update(resolved_at=time, resolution=resolution, who=who, why=why):
            raise ValueError(f"expected an open case, got one that is closed or unknown: {digest}")
        row.exclude(control_number=None).update(due_at=time)


def decide(control_number: str, status: PayoutStatus, *, who: str, why: str) -> None:
    """Decide what became of a conflicting payout, until a later event contradicts that.

    Raises ``ValueError`` if the payout is not conflicting, or for a status that nobody can decide on.
    """
    if status not in FINAL:
        raise ValueError(f"status: expected PAID, CANCELLED or FAILED, got {status}")
    number, time = str(control_number), now()
    with transaction.atomic(database()):
        ended = rows(Decision).filter(control_number=number, ended_at=None)
        ended.update(ended_at=time)
        stored = rows(Event).filter(control_number=number).values_list("event", flat=True)
        events = [PayoutCallback.from_dict(event) for event in stored]
        if not events or PayoutHistory(events).status is not PayoutStatus.CONFLICTING:
            raise ValueError(f"{number}: expected a payout with conflicting statuses, got another")
        rows(Decision).create(
            control_number=number,
            status=status,
            opposing=opposing(events, status),
            who=who,
            why=why,
            decided_at=time,
            due_at=time,
        )


def retry(control_number: str) -> None:
    """Have ``act`` called again for a payout that it failed for too often.

    Raises ``ValueError`` if it did not.
    """
    failed = rows(Payout).filter(pk=str(control_number)).exclude(act_failed_at=None)
    if not failed.update(act_failed_at=None, act_attempts=0, act_due_at=now()):
        raise ValueError(f"{control_number}: expected a payout with a failed action, got another")


def open_work() -> dict[str, int]:
    """Count what waits for a person or for the worker."""
    time = now()
    payouts = rows(Payout)
    cases = rows(QuarantinedCallback)
    late, ahead = time - UNPROCESSED, Q(due_at__gt=time + 2 * MAX_BACKOFF)  # put off while a clock was ahead
    is_late = {
        Event: Q(received_at__lt=late),
        QuarantinedCallback: Q(resolved_at=None, received_at__lt=late) | Q(resolved_at__lt=late),
        Decision: Q(decided_at__lt=late),
    }
    undecided = payouts.filter(decision=None)
    return {
        "quarantined": cases.filter(resolved_at=None).count(),
        "conflicting": undecided.filter(status=PayoutStatus.CONFLICTING).count(),
        "overdue": undecided.filter(status=PayoutStatus.UPLOADED, changed_at__lt=time - OVERDUE).count(),
        "unprocessed": sum(
            rows(model).exclude(due_at=None).filter(condition | ahead).count()
            for model, condition in is_late.items()
        )
        # In the form that the index on both columns serves.
        + payouts.filter(act_attempts__in=range(PERSISTENT), act_due_at__lt=late).count()
        + payouts.filter(act_attempts__gte=PERSISTENT).exclude(act_due_at=None).count(),
        "failed_actions": payouts.exclude(act_failed_at=None).count(),
    }


def prune(older_than: timedelta) -> int:
    """Delete what is settled and has not changed for so long, and return how many payouts that was.

    Archive the events first if you must keep them (``manage.py skypay_events``). A callback that is
    redelivered after that begins a new payout.
    """
    if older_than < timedelta():
        raise ValueError("expected an age, got a negative one")
    before = now() - older_than
    payouts = rows(Payout).filter(
        Q(status__in=FINAL) | Q(decision__isnull=False),
        quarantined=0,
        changed_at__lt=before,
        act_due_at=None,
        act_failed_at=None,
    )
    pruned = 0
    for number in list(payouts.values_list("pk", flat=True)):
        payout = payouts.filter(pk=number)
        times = {Event: "received_at", QuarantinedCallback: "received_at", Decision: "decided_at"}
        its_rows = {rows(model).filter(control_number=number): time for model, time in times.items()}
        with transaction.atomic(database()):
            # First a write, which has the worker wait: what is new stays, and the payout with it.
            if not payout.update(failures=0) or any(
                each.filter(Q(due_at__isnull=False) | Q(**{f"{time}__gte": before})).exists()
                for each, time in its_rows.items()
            ):
                continue
            for each in its_rows:
                each.filter(due_at=None).delete()
            payout.delete()
            pruned += 1
    rows(QuarantinedCallback).filter(control_number=None, resolved_at__lt=before).delete()
    return pruned
