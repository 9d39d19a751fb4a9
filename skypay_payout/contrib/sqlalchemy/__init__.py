"""Store callbacks with SQLAlchemy, derive what became of each payout, and act on its changes.

For SQLite (one machine), PostgreSQL 13 and MariaDB 10.6, or later. The endpoint calls ``Store.save`` and then
responds; a worker calls ``run_worker``. Needs the extra ``sqlalchemy`` and the driver: psycopg or PyMySQL.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from secrets import token_hex
from time import monotonic
from typing import Any, final

from attrs import frozen
from sqlalchemy import URL, Connection, Engine, Table, bindparam, case, exists, func, or_, select
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from ..._callback import PayoutCallback
from ..._control_number import ControlNumber
from ..._errors import ErrorCode, FieldError
from ..._formatting import digest as digest_of
from ..._history import Anomaly, PayoutHistory, PayoutStatus
from ..._results import Accepted, Quarantined, Rejected, Result
from .._payouts import (
    FINAL,
    LEASE,
    MAX_ATTEMPTS,
    MAX_BACKOFF,
    OVERDUE,
    PERSISTENT,
    RETRIES,
    UNPROCESSED,
    Change,
    PayoutState,
    backoff,
    derive,
    opposing,
)
from .._worker import do_nothing, log_failure, work
from ._database import CLOCK, WORK, Database, utc
from ._tables import DECISIONS, EVENTS, PAYOUTS, QUARANTINE, metadata

__all__ = ["Change", "PayoutState", "QuarantinedCallback", "Store", "metadata", "run_worker"]

_log = logging.getLogger("skypay_payout.store")

_BATCH = 100
_CHUNK = 500
_PART = 1000
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_END = datetime(9999, 1, 1, tzinfo=UTC)
_ZERO = timedelta(0)
_ATTEMPTS = range(MAX_ATTEMPTS + 1)

OnChange = Callable[[Change, Connection], object]
Act = Callable[[Change], object]


@final
@frozen
class QuarantinedCallback:
    """A quarantined callback that nobody has resolved."""

    digest: str
    """Its key, for ``Store.accept`` and ``Store.dismiss``."""
    control_number: ControlNumber | None
    """The payout, if the number is well-formed."""
    payload: Mapping[str, object]
    """The fields that arrived, without the secret: correct them for ``CallbackParser.revalidate``."""
    errors: tuple[FieldError, ...]
    """The invalid fields."""
    received_at: datetime
    """The time of its arrival, in UTC."""


def _go_on() -> bool:
    return False


@final
class Store:
    """A store of callbacks. Use it from any thread, before and after a fork.

    ``url`` is ``sqlite:///file``, ``postgresql+psycopg://…``, ``mariadb+pymysql://…`` or
    ``mysql+pymysql://…``, or an ``Engine``; the pool is the store's own. For SQLite the file and its tables
    are made here. Raises ``ValueError`` for any other URL.
    """

    def __init__(self, url: str | URL | Engine) -> None:
        self._database = Database(url)
        if self._database.kind == "sqlite":
            self.create_all()

    def close(self) -> None:
        """Close idle connections; the store can still be used."""
        self._database.close()

    def create_all(self) -> None:
        """Make the tables that do not exist yet."""
        is_sqlite = self._database.kind == "sqlite"
        if is_sqlite:
            open(self._database.path, "ab").close()
        deadline = monotonic() + WORK
        failures = 0
        while True:
            try:
                # Without a transaction in SQLite: where the tables exist, no lock is needed.
                with self._database.transaction(deadline=deadline, begin=not is_sqlite) as connection:
                    for table in metadata.sorted_tables:
                        table.create(connection, checkfirst=True)
                        for index in table.indexes:
                            index.create(connection, checkfirst=True)
                break
            except DBAPIError:  # another process may be making them; no lock for that works with PgBouncer
                failures += 1
                if failures == 10 or monotonic() > deadline:
                    raise
        self._database.close()

    # Callbacks

    def save(self, result: Result) -> None:
        """Commit an accepted or quarantined callback, once, within five seconds; log a rejected body.

        Raises ``TimeoutError``, ``OSError`` or ``sqlalchemy.exc.SQLAlchemyError`` if it may not be stored:
        respond with 500 then.
        """
        if isinstance(result, Rejected):
            _log.warning("rejected: %s: %s", result.error.code, result.error)
            return
        if isinstance(result, Accepted):
            insert = partial(self._insert_event, callback=result.callback)
        else:
            insert = partial(
                self._insert_once,
                table=QUARANTINE,
                digest=result.error.digest,
                control_number=result.error.control_number,
                payload=json.dumps(dict(result.error.payload)),
                errors=json.dumps([[each.field, each.code, each.message] for each in result.error.errors]),
            )
        if self._database.attempt(insert, begin=False) and isinstance(result, Quarantined):
            _log.error("quarantined: %.500s", result.error)

    def _insert_event(self, connection: Connection, callback: PayoutCallback) -> bool:
        event = callback.to_dict()
        return self._insert_once(
            connection,
            EVENTS,
            digest=digest_of(event),
            idempotency_key=callback.idempotency_key,
            control_number=callback.control_number,
            event=json.dumps(event),
        )

    def _insert_once(self, connection: Connection, table: Table, **values: Any) -> bool:
        """Insert the row unless its primary key is known; any other problem is still an error.

        Returns whether it is new.
        """
        kind = self._database.kind
        now = ["created_at", "changed_at"] if table is PAYOUTS else ["received_at"]
        if table is not PAYOUTS and values["control_number"] is not None:
            now.append("due_at")
        if kind == "sqlite":
            values |= dict.fromkeys(now, self._database.clock())
        elif kind == "mysql":
            (key,) = table.primary_key
            # An INSERT would wait for a worker that has the row; what is committed is enough.
            if connection.scalar(select(exists().where(key == values[key.name]))):
                return False
        return connection.execute(_insert(kind, table, tuple(values), tuple(now)), values).rowcount == 1

    def events(self, control_number: str | None = None) -> Iterator[PayoutCallback]:
        """Yield each stored event in no particular order, or those of one payout, oldest first."""
        rows: Iterable[Any] = self._rows(EVENTS)
        if control_number is not None:
            with self._database.reading() as connection:
                rows = _oldest_first(connection.execute(_of(EVENTS, control_number)).all())
        return (_callback(row.event) for row in rows)

    def quarantined(self) -> list[QuarantinedCallback]:
        """Return the quarantined callbacks that nobody has resolved, oldest first."""
        unresolved = QUARANTINE.c.resolved_at.is_(None)
        with self._database.reading() as connection:
            rows = connection.execute(select(QUARANTINE).where(unresolved)).all()
        return [
            QuarantinedCallback(
                row.digest,
                row.control_number and ControlNumber(row.control_number),
                json.loads(row.payload),
                tuple(
                    FieldError(field, ErrorCode(code), text) for field, code, text in json.loads(row.errors)
                ),
                utc(row.received_at),
            )
            for row in _oldest_first(rows)
        ]

    def states(self) -> Iterator[tuple[ControlNumber, PayoutState]]:
        """Yield each payout with its state, by control number."""
        return (
            (ControlNumber(row.control_number), _state(row)) for row in self._rows(PAYOUTS) if row.version
        )

    def state(self, control_number: str) -> PayoutState | None:
        """Return the state of one payout; None if none is derived yet."""
        with self._database.reading() as connection:
            row = connection.execute(_of(PAYOUTS, control_number)).one_or_none()
        return None if row is None or not row.version else _state(row)

    def _rows(self, table: Table) -> Iterator[Any]:
        (key,) = table.primary_key
        last = ""
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(select(table).where(key > last).order_by(key).limit(_PART)).all()
            yield from rows
            if not rows:
                return
            last = getattr(rows[-1], key.name)

    # Derivation

    def process(self, on_change: OnChange | None = None, *, stop: Callable[[], bool] = _go_on) -> int:
        """Derive the state of each payout that is due, in a transaction each, and return how many.

        ``on_change(change, connection)`` is called in that transaction: use the connection for your own
        tables, and do not commit. If it raises, all is rolled back, logged and tried again later.
        """
        count = 0
        for table in (EVENTS, QUARANTINE, DECISIONS):
            with self._database.reading() as connection:
                start = self._database.now(connection)
            for first, last in _ranges(start):
                locked: list[str] = []
                while not stop() and (batch := self._due(table, first, last, locked)):
                    for number in dict.fromkeys(row.control_number for row in batch):
                        if stop():
                            break
                        with self._database.courtesy():
                            derived = self._derive_or_put_off(number, on_change)
                        count += derived is True
                        if derived is None:
                            locked.append(number)
                    first = utc(batch[-1].due_at)  # not from the start: deleted rows may be in the index
        return count

    def _due(self, table: Table, first: datetime, last: datetime, locked: list[str]) -> Sequence[Any]:
        due = table.c.due_at
        with self._database.reading() as connection:
            return connection.execute(
                select(table.c.control_number, due)
                .where(due.between(first, last), table.c.control_number.not_in(locked))
                .order_by(due)
                .limit(_BATCH)
            ).all()

    def _derive_or_put_off(self, number: str, on_change: OnChange | None) -> bool | None:
        """Return whether it was derived and not put off; None if another worker has or had it."""
        try:
            with self._database.transaction(WORK) as connection:
                return self._derive(connection, number, on_change)
        except Exception as error:
            # If this fails as well, it is the database's failure and not the payout's.
            failures = self._put_off(number)
            log_failure(f"{number}: this payout could not be processed yet", failures, error)
            return False

    def _put_off(self, number: str) -> int:
        with self._database.transaction() as connection:
            self._insert_once(connection, PAYOUTS, control_number=number)
            failures = connection.execute(_of(PAYOUTS, number)).one().failures + 1
            now = self._database.now(connection)
            due_at = now + backoff(failures)
            connection.execute(PAYOUTS.update().where(_is(PAYOUTS, number)).values(failures=failures))
            for table in (EVENTS, QUARANTINE, DECISIONS):
                pending = _is(table, number) & table.c.due_at.is_not(None)
                connection.execute(table.update().where(pending).values(due_at=due_at))
        return int(failures)

    def _lock(self, connection: Connection, number: str) -> Any | None:
        its_row = _for_update(number)
        row = connection.execute(its_row).one_or_none()
        if row is None:
            self._insert_once(connection, PAYOUTS, control_number=number)
            row = connection.execute(its_row).one_or_none()
        return row

    def _derive(self, connection: Connection, number: str, on_change: OnChange | None) -> bool | None:
        payout = self._lock(connection, number)
        if payout is None:
            return None
        stored = _Stored(connection, number)
        if not stored.is_pending:
            return None
        before, after, version = _state(payout), stored.state, payout.version + 1
        new = [row for row in stored.events if row.version is None]
        changed = bool(new) or before != after
        if changed and on_change is not None:
            callbacks = tuple(stored.callbacks[row.digest] for row in new)
            on_change(
                Change(f"{number}/{version}", ControlNumber(number), before, after, callbacks), connection
            )
        now = self._database.now(connection)
        for table, rows, values in (
            (EVENTS, new, {"due_at": None, "version": version}),
            (QUARANTINE, stored.quarantine, {"due_at": None}),
            (DECISIONS, stored.decisions, {"due_at": None}),
        ):
            (key,) = table.primary_key
            keys = [getattr(row, key.name) for row in rows]
            for at in range(0, len(keys), _CHUNK):  # no more: others may have arrived since they were read
                connection.execute(table.update().where(key.in_(keys[at : at + _CHUNK])).values(values))
        if stored.decisions and after.decision is None:
            _end_decisions(connection, number, now)
        values = {
            "status": after.status,
            "anomalies": json.dumps(sorted(after.anomalies)),
            "quarantined": after.quarantined,
            "decision": after.decision,
            "changed_at": payout.changed_at if before == after else now,
            "version": version if changed else payout.version,
            "failures": 0,
        }
        if stored.history is not None:
            values |= {
                "reference_number": json.dumps(stored.history.reference_number),
                "fail_description": json.dumps(stored.history.fail_description),
            }
        if changed and payout.act_claim is None:  # else whoever acts on it sees that there is more
            values |= {"act_due_at": now, "act_attempts": 0, "act_failed_at": None}
        connection.execute(PAYOUTS.update().where(_is(PAYOUTS, number)).values(values))
        return True

    # Actions

    def dispatch(self, act: Act, *, stop: Callable[[], bool] = _go_on) -> int:
        """Call ``act`` for each payout with changes that it has not seen; return how many calls succeeded.

        It is called outside any transaction, at least once, and within five minutes never twice at a time for
        one payout. If it raises, it is called again later, at most 20 times; then the payout waits for
        ``retry`` or its next change.
        """
        with self._database.reading() as connection:
            start = self._database.now(connection)
            is_due = or_(*(PAYOUTS.c.act_due_at.between(*range_) for range_ in _ranges(start)))
            due = connection.execute(
                select(*(exists().where(PAYOUTS.c.act_attempts == each, is_due) for each in _ATTEMPTS))
            ).one()
        count = 0
        ends = None
        for attempts in (each for each in _ATTEMPTS if due[each]):  # new changes first
            if attempts and ends is None:
                ends = monotonic() + RETRIES
            for first, last in _ranges(start):
                while not stop() and (claim := self._claim(attempts, first, last)):
                    first, change = claim
                    if change is not None:
                        count += self._act(act, change, attempts + 1)
                    if ends is not None and monotonic() > ends:
                        return count
        return count

    def _claim(
        self, attempts: int, first: datetime, last: datetime
    ) -> tuple[datetime, tuple[str, Change] | None] | None:
        """Return when the next one was due, and the claim on it with the change."""
        of_class = (PAYOUTS.c.act_attempts == attempts) & PAYOUTS.c.act_due_at.between(first, last)
        due = select(PAYOUTS).where(of_class).order_by(PAYOUTS.c.act_due_at).limit(1)
        with self._database.courtesy(), self._database.transaction() as connection:
            row = connection.execute(due.with_for_update(skip_locked=True)).one_or_none()
            if row is None:
                return None
            now = self._database.now(connection)
            update = PAYOUTS.update().where(_is(PAYOUTS, row.control_number))
            if attempts == MAX_ATTEMPTS:  # the last attempt ended with its worker
                connection.execute(update.values(act_claim=None, act_due_at=None, act_failed_at=now))
                return utc(row.act_due_at), None
            claim = token_hex(16)
            connection.execute(
                update.values(act_claim=claim, act_due_at=now + LEASE, act_attempts=attempts + 1)
            )
            new = _of(EVENTS, row.control_number).where(EVENTS.c.version > row.acted_version)
            events = connection.execute(new).all()
        before = PayoutState.from_json(row.acted_state) if row.acted_state else PayoutState()
        number = ControlNumber(row.control_number)
        callbacks = tuple(_callback(each.event) for each in _oldest_first(events))
        change = Change(f"{number}/{row.version}", number, before, _state(row), callbacks)
        return utc(row.act_due_at), (claim, change)

    def _act(self, act: Act, claimed: tuple[str, Change], attempts: int) -> bool:
        claim, change = claimed
        version = int(change.id.removeprefix(f"{change.control_number}/"))
        try:
            act(change)
        except Exception as error:
            log_failure(f"{change.id}: could not act on this change", attempts, error)
            done = False
        else:
            done = True

        def note(connection: Connection) -> int:
            now = self._database.now(connection)
            values: dict[str, Any]
            if done:
                values = {"acted_version": version, "acted_state": change.after.to_json()}
                if_current: dict[str, Any] = {"act_due_at": None, "act_attempts": 0}
            elif attempts < MAX_ATTEMPTS:
                values, if_current = {}, {"act_due_at": now + backoff(attempts), "act_attempts": attempts}
            else:
                values, if_current = {}, {"act_due_at": None, "act_failed_at": now}
            is_current = PAYOUTS.c.version == version
            if_changed = {"act_due_at": now, "act_attempts": 0, "act_failed_at": None}
            for name, value in if_current.items():
                values[name] = case((is_current, value), else_=if_changed[name])
            return connection.execute(
                PAYOUTS.update()
                .where(_is(PAYOUTS, change.control_number), PAYOUTS.c.act_claim == claim)
                .values(act_claim=None, **values)
            ).rowcount

        with self._database.courtesy():
            if not self._database.attempt(note):
                _log.warning("%s: acting took longer than %s, and may be done twice", change.id, LEASE)
        return done

    # People

    def accept(self, digest: str, callback: PayoutCallback, *, who: str) -> None:
        """Store a corrected callback, from ``CallbackParser.revalidate``, and close the quarantined one.

        Raises ``ValueError`` if that is not open or is of another payout.
        """

        def close(connection: Connection) -> None:
            number = self._resolve(connection, digest, "accepted", who, None)
            if number is not None and number != callback.control_number:
                raise ValueError(
                    f"expected a callback of the payout {number}, got one of {callback.control_number}: "
                    "correct the payload that was quarantined, and not another one"
                )
            self._insert_event(connection, callback)

        self._database.attempt(close)

    def dismiss(self, digest: str, *, who: str, why: str) -> None:
        """Close a quarantined callback without an event. Raises ``ValueError`` if it is not open."""
        self._database.attempt(lambda connection: self._resolve(connection, digest, "dismissed", who, why))

    def _resolve(
        self, connection: Connection, digest: str, resolution: str, who: str, why: str | None
    ) -> str | None:
        is_it = (QUARANTINE.c.digest == digest) & QUARANTINE.c.resolved_at.is_(None)
        row = connection.execute(select(QUARANTINE).where(is_it).with_for_update()).one_or_none()
        if row is None:
            raise ValueError(
                f"expected an open quarantined callback, got {digest!r}: it is resolved already, or not whole"
            )
        now = self._database.now(connection)
        connection.execute(
            QUARANTINE.update()
            .where(is_it)
            .values(
                resolved_at=now,
                resolution=resolution,
                who=json.dumps(who),
                why=json.dumps(why),
                due_at=None if row.control_number is None else now,
            )
        )
        number: str | None = row.control_number
        return number

    def decide(self, control_number: str, status: PayoutStatus, *, who: str, why: str) -> None:
        """Record a person's decision about a conflicting payout; it holds until an event contradicts it.

        Raises ``ValueError`` unless the payout is conflicting and the status final.
        """
        if status not in FINAL:
            raise ValueError(f"expected PAID, CANCELLED or FAILED, got {status}")
        status = PayoutStatus(status)

        def record(connection: Connection) -> None:
            stored = _Stored(connection, control_number)
            if stored.history is None or stored.history.status is not PayoutStatus.CONFLICTING:
                raise ValueError(f"expected a conflicting payout, got {control_number!r}, which is not")
            now = self._database.now(connection)
            _end_decisions(connection, control_number, now)
            connection.execute(
                DECISIONS.insert().values(
                    control_number=control_number,
                    status=status,
                    opposing=opposing(stored.history.events, status),
                    who=json.dumps(who),
                    why=json.dumps(why),
                    decided_at=now,
                    due_at=now,
                )
            )

        self._database.attempt(record)

    def retry(self, control_number: str) -> None:
        """Call ``act`` again for a payout that it failed for. Raises ``ValueError`` for any other."""

        def again(connection: Connection) -> int:
            now = self._database.now(connection)
            return connection.execute(
                PAYOUTS.update()
                .where(_is(PAYOUTS, control_number), PAYOUTS.c.act_failed_at.is_not(None))
                .values(act_failed_at=None, act_attempts=0, act_due_at=now)
            ).rowcount

        if not self._database.attempt(again):
            raise ValueError(f"expected a payout whose action failed, got {control_number!r}")

    # Operation

    def open_work(self) -> dict[str, int]:
        """Count what needs somebody: quarantined, conflicting, overdue, unprocessed, failed_actions.

        Conflicting without a decision, overdue after a day, unprocessed (also by ``act``) after five minutes.
        """
        with self._database.reading() as connection:
            now = self._database.now(connection)

            def count(table: Table, *conditions: Any) -> int:
                return connection.scalar(select(func.count()).select_from(table).where(*conditions)) or 0

            old = now - UNPROCESSED
            since_resolved = func.coalesce(QUARANTINE.c.resolved_at, QUARANTINE.c.received_at)
            status = PAYOUTS.c.status
            return {
                "quarantined": count(QUARANTINE, QUARANTINE.c.resolved_at.is_(None)),
                "conflicting": count(
                    PAYOUTS, status == PayoutStatus.CONFLICTING, PAYOUTS.c.decision.is_(None)
                ),
                "overdue": count(
                    PAYOUTS, status == PayoutStatus.UPLOADED, PAYOUTS.c.changed_at < now - OVERDUE
                ),
                "unprocessed": sum(
                    count(
                        table,
                        table.c.due_at.is_not(None),
                        # Of a clock that was ahead: they are processed, but somebody should know.
                        or_(since < old, table.c.due_at > now + 2 * MAX_BACKOFF),
                    )
                    for table, since in (
                        (EVENTS, EVENTS.c.received_at),
                        (QUARANTINE, since_resolved),
                        (DECISIONS, DECISIONS.c.decided_at),
                    )
                )
                # In the form that the index on both columns serves.
                + count(PAYOUTS, PAYOUTS.c.act_attempts.in_(range(PERSISTENT)), PAYOUTS.c.act_due_at < old)
                + count(PAYOUTS, PAYOUTS.c.act_attempts >= PERSISTENT, PAYOUTS.c.act_due_at.is_not(None)),
                "failed_actions": count(PAYOUTS, PAYOUTS.c.act_failed_at.is_not(None)),
            }

    def prune(self, older_than: timedelta) -> int:
        """Delete settled payouts that have not changed for so long, and return how many.

        Settled: final or decided, nothing quarantined, unprocessed or left to act on. A redelivery would
        begin the payout anew, so choose months. Raises ``ValueError`` for a negative age.
        """
        if older_than < _ZERO:
            raise ValueError("expected an age, got a negative one")
        with self._database.reading() as connection:
            now = self._database.now(connection)
        before = now - older_than
        settled = (
            PAYOUTS.c.status.in_(FINAL) | PAYOUTS.c.decision.is_not(None),
            PAYOUTS.c.quarantined == 0,
            PAYOUTS.c.changed_at < before,
            PAYOUTS.c.act_due_at.is_(None),
            PAYOUTS.c.act_failed_at.is_(None),
        )
        count, last = 0, ""
        while True:
            with self._database.reading() as connection:
                numbers = connection.scalars(
                    select(PAYOUTS.c.control_number)
                    .where(*settled, PAYOUTS.c.control_number > last)
                    .order_by(PAYOUTS.c.control_number)
                    .limit(_BATCH)
                ).all()
            if not numbers:
                break
            last = numbers[-1]
            for number in numbers:
                with self._database.courtesy(), self._database.transaction(WORK) as connection:
                    count += self._delete(connection, number, before, settled)
        resolved = QUARANTINE.c.control_number.is_(None) & (QUARANTINE.c.resolved_at < before)
        with self._database.transaction(WORK) as connection:
            connection.execute(QUARANTINE.delete().where(resolved))
        return count

    def _delete(self, connection: Connection, number: str, before: datetime, settled: Sequence[Any]) -> bool:
        if connection.execute(_for_update(number).where(*settled)).one_or_none() is None:
            return False
        times = {EVENTS: "received_at", QUARANTINE: "received_at", DECISIONS: "decided_at"}
        for table, time in times.items():
            recent = or_(table.c.due_at.is_not(None), table.c[time] >= before)
            if connection.scalar(select(exists().where(_is(table, number), recent))):
                return False
        for table in (EVENTS, QUARANTINE, DECISIONS, PAYOUTS):
            connection.execute(table.delete().where(_is(table, number)))
        return True

    def backup(self, path: str | os.PathLike[str]) -> None:
        """Copy the SQLite database to a new file, while it is in use. Raises ``ValueError`` for any other."""
        if self._database.kind != "sqlite":
            raise ValueError("expected a SQLite database: use the server's own tool, such as pg_dump")
        with open(path, "xb"):  # never over another backup
            pass
        try:
            with (
                closing(sqlite3.connect(self._database.path)) as source,
                closing(sqlite3.connect(path)) as target,
            ):
                source.backup(target)
        except BaseException:
            os.unlink(path)
            raise


def run_worker(store: Store, on_change: OnChange | None = None, act: Act | None = None) -> None:
    """Derive states in one thread and act on changes in another, until SIGTERM or SIGINT.

    It stops after the current change, and survives failures of the database. Run one or several with the same
    hooks: without ``act``, changes are marked as done.
    """
    work(
        lambda stop: store.process(on_change, stop=stop),
        lambda stop: store.dispatch(act or do_nothing, stop=stop),
    )


class _Stored:
    """All that is stored about one payout, and its state."""

    def __init__(self, connection: Connection, number: str) -> None:
        columns = (EVENTS.c.digest, EVENTS.c.event, EVENTS.c.version, EVENTS.c.received_at)
        rows = connection.execute(select(*columns).where(_is(EVENTS, number))).all()
        self.events = _oldest_first(rows)
        pending = or_(QUARANTINE.c.resolved_at.is_(None), QUARANTINE.c.due_at.is_not(None))
        # Locked, since a person may be resolving one.
        self.quarantine = connection.execute(
            select(QUARANTINE.c.digest, QUARANTINE.c.resolved_at, QUARANTINE.c.due_at)
            .where(_is(QUARANTINE, number), pending)
            .with_for_update()
        ).all()
        self.decisions = connection.execute(
            select(DECISIONS)
            .where(_is(DECISIONS, number), DECISIONS.c.ended_at.is_(None))
            .order_by(DECISIONS.c.id)
        ).all()
        self.callbacks = {row.digest: _callback(row.event) for row in self.events}
        self.history = PayoutHistory(self.callbacks.values()) if self.callbacks else None
        quarantined = sum(row.resolved_at is None for row in self.quarantine)
        latest = self.decisions[-1] if self.decisions else None
        decision = latest and (PayoutStatus(latest.status), latest.opposing)
        self.state = derive(self.history, quarantined, decision)
        self.is_pending = any(row.version is None for row in self.events) or any(
            row.due_at is not None for row in (*self.quarantine, *self.decisions)
        )


@cache  # building it takes as long as executing it
def _insert(kind: str, table: Table, names: tuple[str, ...], now: tuple[str, ...]) -> Any:
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    if kind != "sqlite":
        values |= dict.fromkeys(now, CLOCK[kind])
    if kind == "mysql":
        (key,) = table.primary_key
        insert: Any = mysql.insert(table).on_duplicate_key_update({key.name: key})
    else:
        insert = (sqlite if kind == "sqlite" else postgresql).insert(table).on_conflict_do_nothing()
    return insert.values(values).execution_options(preserve_rowcount=True)


def _oldest_first(rows: Sequence[Any]) -> list[Any]:
    # Not by the database: MariaDB sorts long texts on its disk.
    return sorted(rows, key=lambda row: (row.received_at, row.digest))


def _is(table: Table, number: str) -> Any:
    return table.c.control_number == number


def _of(table: Table, number: str) -> Any:
    return select(table).where(_is(table, number))


def _for_update(number: str) -> Any:
    """Select and lock the payout's row, or nothing while another transaction has it."""
    return _of(PAYOUTS, number).with_for_update(skip_locked=True)


def _ranges(start: datetime) -> tuple[tuple[datetime, datetime], tuple[datetime, datetime]]:
    """What is due: until now, and so late that the clock must have been ahead when that was set."""
    return (_EPOCH, start), (start + 2 * MAX_BACKOFF, _END)


def _end_decisions(connection: Connection, number: str, now: datetime) -> None:
    open_ones = _is(DECISIONS, number) & DECISIONS.c.ended_at.is_(None)
    connection.execute(DECISIONS.update().where(open_ones).values(ended_at=now, due_at=None))


def _callback(event: str) -> PayoutCallback:
    return PayoutCallback.from_dict(json.loads(event))


def _state(row: Any) -> PayoutState:
    return PayoutState(
        row.status and PayoutStatus(row.status),
        frozenset(map(Anomaly, json.loads(row.anomalies or "[]"))),
        row.quarantined,
        row.decision and PayoutStatus(row.decision),
    )
