"""Derive the states of payouts from what is stored, and act on their changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import uuid4

from django.db import connections, transaction
from django.db.models import F, Q, QuerySet

from ..._callback import PayoutCallback
from ..._control_number import ControlNumber
from ..._history import PayoutHistory, PayoutStatus
from .._payouts import LEASE, MAX_ATTEMPTS, MAX_BACKOFF, RETRIES, Change, PayoutState, backoff, derive
from .._worker import do_nothing, log_failure, work
from .apps import hook
from .models import Decision, Event, Payout, QuarantinedCallback
from .store import bounded, database, is_new, log, now, on_sqlite, rows

Hook = Callable[[Change], object]
Stop = Callable[[], bool]

BATCH = 200
LIMIT = 60.0
"""Seconds for one transaction, ``on_change`` included, except on SQLite."""
PAUSE = 0.15
"""The longest pause that leaves SQLite's lock to others, who look for it every 0.1 seconds."""


def _never() -> bool:
    return False


def process(on_change: Hook | None = None, *, stop: Stop = _never) -> int:
    """Derive the state of each payout with something new by now, and return how many it did: one round.

    ``on_change`` is called in the transaction that stores the state. If it raises, that payout is tried again
    later, and the round goes on. ``stop`` says whether to end after the current payout.
    """
    seen: set[str] = set()
    count = 0
    for model in (Event, QuarantinedCallback, Decision):
        some = rows(model).exclude(control_number=None)
        for _, number in _due(some, "due_at", _clock()):
            if stop():
                return count
            if number in seen:
                continue
            seen.add(number)
            began = time.monotonic()
            try:
                count += _process(number, on_change)
            except Exception as error:
                log_failure(f"{number}: this payout could not be processed yet", _put_off(number), error)
            _pause(began)
    return count


def dispatch(act: Hook, *, stop: Stop = _never) -> int:
    """Call ``act`` for each payout with a change due by now, and return how often that worked: one round.

    It is called outside any transaction. If it raises, it is called again later; after ``MAX_ATTEMPTS`` a
    person must ``retry``. ``stop`` says whether to end after the current action.
    """
    began, count = _clock(), 0
    ends: float | None = None
    for attempts in range(MAX_ATTEMPTS + 1):  # new changes first
        some = rows(Payout).filter(act_attempts=attempts)
        for due_at, number in _due(some, "act_due_at", began):
            if stop():
                return count
            started, claim = time.monotonic(), uuid4().hex
            if attempts and ends is None:
                ends = started + RETRIES
            change = _claim(number, due_at, claim)
            if change is None:
                continue
            try:
                act(change)
            except Exception as error:
                log_failure(f"{change.id}: could not act on this change", attempts + 1, error)
                _finish(change, claim, failed=True)
            else:
                _finish(change, claim, failed=False)
                count += 1
            _pause(started)
            if ends is not None and time.monotonic() > ends:
                return count
    return count


def run_worker() -> None:
    """Process and dispatch with the hooks of the settings, each in a thread of its own, until SIGTERM."""
    on_change, act = hook("SKYPAY_ON_CHANGE"), hook("SKYPAY_ACT")
    # Without an act, changes count as acted on: one that is configured later must not act on all of the past.
    act = act or do_nothing
    work(
        _connected(lambda stop: process(on_change, stop=stop)),
        _connected(lambda stop: dispatch(act, stop=stop)),
    )


def _connected(round_: Callable[[Stop], int]) -> Callable[[Stop], int]:
    """Have each round make its own connections: one that is kept can go silent meanwhile."""

    def run(stop: Stop) -> int:
        try:
            return round_(stop)
        finally:
            connections.close_all()

    return run


@contextmanager
def _transaction() -> Iterator[None]:
    with bounded(LIMIT), transaction.atomic(database(), durable=True):
        yield


def _clock() -> datetime:
    with bounded(LIMIT):
        return now()


def _due(rows: QuerySet, due: str, began: datetime) -> Iterator[tuple[datetime, str]]:
    """Give when each row became due, if it was when the round began, and its number: oldest first.

    What is due later than anything could be was put off while a clock was ahead: it is due now.
    """
    for is_due in (Q(**{f"{due}__lte": began}), Q(**{f"{due}__gt": began + 2 * MAX_BACKOFF})):
        some = rows.filter(is_due).order_by(due, "pk").values_list(due, "control_number", "pk")[:BATCH]
        while True:
            with bounded(LIMIT):
                batch = list(some)
            for due_at, number, _ in batch:
                yield due_at, number
            if len(batch) < BATCH:
                break
            last, _, key = batch[-1]
            # The first condition is what lets databases start in the middle of the index.
            after = Q(**{f"{due}__gte": last}) & (Q(**{f"{due}__gt": last}) | Q(pk__gt=key))
            some = (
                rows.filter(is_due, after)
                .order_by(due, "pk")
                .values_list(due, "control_number", "pk")[:BATCH]
            )


def _pause(began: float) -> None:
    """Leave SQLite's lock to others for as long as it was held."""
    if on_sqlite():
        time.sleep(min(time.monotonic() - began, PAUSE))


def _lock(row: QuerySet) -> Payout | None:
    """Lock the payout's row; None if there is none, or another worker has it."""
    skip = connections[database()].features.has_select_for_update_skip_locked
    return row.select_for_update(skip_locked=skip).first()


def _insert(number: str, time: datetime) -> None:
    new = Payout(control_number=number, created_at=time, changed_at=time)
    rows(Payout).bulk_create([new], ignore_conflicts=True)


def _process(number: str, on_change: Hook | None) -> bool:
    """Process the payout, unless another worker does or did."""
    row = rows(Payout).filter(pk=number)
    inserts = is_new(row)
    with _transaction():
        time = now()
        if inserts:
            _insert(number, time)
        payout = _lock(row)
        if payout is None:
            return False
        # Mark first and read what is marked: what is committed in between stays due for the next round.
        events = rows(Event).filter(control_number=number)
        cases = rows(QuarantinedCallback).filter(control_number=number)
        decisions = rows(Decision).filter(control_number=number)
        has_work = has_new = events.filter(version=None).update(version=payout.version + 1, due_at=None)
        for some in (cases, decisions):
            has_work += some.exclude(due_at=None).update(due_at=None)
        if not has_work:
            return False
        stored = _callbacks(events.exclude(version=None))
        history = PayoutHistory(callback for _, callback in stored) if stored else None
        decision = decisions.filter(due_at=None, ended_at=None).order_by("pk").last()
        before = payout.state
        payout.state = after = derive(
            history,
            cases.filter(due_at=None, resolved_at=None).count(),
            (PayoutStatus(decision.status), decision.opposing) if decision else None,
        )
        if decision and after.decision is None:
            decisions.filter(pk=decision.pk).update(ended_at=time)
        payout.failures = 0
        if not has_new and after == before:
            payout.save()
            return True
        payout.version += 1
        if after != before:
            payout.changed_at = time
        if history is not None:
            payout.reference_number = history.reference_number
            payout.fail_description = history.fail_description
        if payout.act_claim is None:  # else whoever has the claim sees the new version when it is done
            payout.act_due_at, payout.act_attempts, payout.act_failed_at = time, 0, None
        payout.save()
        if on_change is not None:
            new = [callback for version, callback in stored if version == payout.version]
            on_change(_change(payout, before, new))
    return True


def _callbacks(events: QuerySet) -> list[tuple[int, PayoutCallback]]:
    """Return the events with their versions, oldest first."""
    found = list(events.values_list("received_at", "digest", "version", "event"))
    found.sort()  # not by the database: MariaDB sorts long texts on its disk
    return [(version, PayoutCallback.from_dict(event)) for _, _, version, event in found]


def _change(payout: Payout, before: PayoutState, events: list[PayoutCallback]) -> Change:
    return Change(
        f"{payout.control_number}/{payout.version}",
        ControlNumber(payout.control_number),
        before,
        payout.state,
        tuple(events),
    )


def _put_off(number: str) -> int:
    """Process the payout again later: the later, the more often it failed in a row."""
    with _transaction():
        time = now()
        _insert(number, time)
        row = rows(Payout).filter(pk=number)
        row.update(failures=F("failures") + 1)
        failures: int = row.values_list("failures", flat=True).get()
        due_at = time + backoff(failures)
        for model in (Event, QuarantinedCallback, Decision):
            rows(model).filter(control_number=number).exclude(due_at=None).update(due_at=due_at)
    return failures


def _claim(number: str, due_at: datetime, claim: str) -> Change | None:
    """Claim the payout's action for the length of a lease; None if another worker did, or it is given up."""
    row = rows(Payout).filter(pk=number, act_due_at=due_at)
    with _transaction():
        if on_sqlite():
            row.update(act_due_at=due_at)  # a transaction must begin with a write
        payout = _lock(row)
        if payout is None:
            return None
        time = now()
        if payout.act_attempts >= MAX_ATTEMPTS:  # the last worker that had it ended in the middle
            row.update(act_due_at=None, act_claim=None, act_failed_at=time)
            return None
        row.update(act_due_at=time + LEASE, act_claim=claim, act_attempts=F("act_attempts") + 1)
        events = rows(Event).filter(control_number=number, version__gt=payout.acted_version)
        before = PayoutState.from_json(payout.acted_state) if payout.acted_state else PayoutState()
        return _change(payout, before, [callback for _, callback in _callbacks(events)])


def _finish(change: Change, claim: str, *, failed: bool) -> None:
    """Record how the action ended, unless another worker has the claim by now."""
    row = rows(Payout).filter(pk=str(change.control_number), act_claim=claim)
    version = int(change.id.removeprefix(f"{change.control_number}/"))
    with _transaction():
        if not row.update(act_due_at=None):
            log.warning("%s: acting took longer than %s, and may be done twice", change.id, LEASE)
            return
        payout = row.get()
        payout.act_claim, time = None, now()
        if not failed:
            payout.acted_version, payout.acted_state = version, change.after.to_json()
        if payout.version != version:  # changed meanwhile: that is new work
            payout.act_due_at, payout.act_attempts = time, 0
        elif not failed:
            payout.act_attempts = 0
        elif payout.act_attempts < MAX_ATTEMPTS:
            payout.act_due_at = time + backoff(payout.act_attempts)
        else:
            payout.act_failed_at = time
        payout.save()
