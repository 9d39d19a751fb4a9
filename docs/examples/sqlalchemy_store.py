"""Store each callback once in PostgreSQL, MariaDB or MySQL, and derive the status of each payout.

For any number of machines, with SQLAlchemy 2. Set ``DATABASE_URL``, with the driver's name in it:

    postgresql+psycopg://user:password@host/database
    mysql+pymysql://user:password@host/database         (MariaDB too)

The interface and the promises are those of ``sqlite_store``, which describes them: change the line that
imports ``Store``. ``save`` raises ``TimeoutError`` or ``sqlalchemy.exc.SQLAlchemyError`` within a few seconds
if the callback cannot be stored: let the endpoint respond with 500 then. The tables are made at the start; if
you have migrations, move them there.
"""

from __future__ import annotations

import json
import logging
import os
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple, assert_never

from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    exists,
    select,
    text,
)
from sqlalchemy.dialects import mysql, postgresql

from skypay_payout import (
    IDEMPOTENCY_KEY_MAX_LENGTH,
    Accepted,
    PayoutCallback,
    PayoutHistory,
    PayoutStatus,
    Quarantined,
    Rejected,
)

log = logging.getLogger(__name__)

WAIT = 3
"""Seconds to wait for a lock, a connection or a reply of the server; ``save`` takes no longer in all."""
RETRY = timedelta(seconds=60)
"""The time that your code has for one event; after that it is handed over again."""
CONNECTIONS = 8

# Unless they are set, these waits last for hours or forever.
CONNECT = {
    "postgresql": {
        "connect_timeout": WAIT,
        "options": f"-c lock_timeout={WAIT}s -c statement_timeout={2 * WAIT}s",
        # A peer that vanished, while sending and while waiting for its reply.
        "tcp_user_timeout": WAIT * 1000,
        "keepalives_idle": WAIT,
        "keepalives_interval": 1,
        "keepalives_count": 3,
    },
    "mysql": {
        "charset": "utf8mb4",
        "connect_timeout": WAIT,
        "read_timeout": 2 * WAIT,
        "write_timeout": 2 * WAIT,
        # lock_wait_timeout is for locks of whole tables. TRADITIONAL: nothing is cut off silently.
        "init_command": f"SET SESSION lock_wait_timeout={WAIT}, innodb_lock_wait_timeout={WAIT}, "
        "sql_mode='TRADITIONAL'",
    },
}
START_LOCK = {
    "postgresql": "SELECT pg_advisory_lock(hashtext('skypay_payout'))",
    "mysql": f"SELECT GET_LOCK('skypay_payout', {WAIT})",
}

# The usual collations of MySQL would take SKYab... and SKYAB... for one payout.
MYSQL: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
# Texts from outside are kept as JSON in ASCII, since no TEXT of PostgreSQL holds U+0000, and no UTF-8 half of
# a surrogate pair. (JSONB would not take the \u0000 either.) A TEXT of MySQL ends after 65535 bytes.
JSON_TEXT = Text().with_variant(mysql.MEDIUMTEXT(), "mysql")
CONTROL_NUMBER = String(15)
STATUS = String(16)
# In UTC, where the database keeps no zone.
TIME = DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql")
METADATA = MetaData()
EVENTS = Table(
    "skypay_events",
    METADATA,
    # Of the content: one row for each event, however often it is delivered.
    Column("digest", String(64), primary_key=True),
    # Two rows with the same one: different content, which a person looks at.
    Column("idempotency_key", String(IDEMPOTENCY_KEY_MAX_LENGTH), nullable=False),
    Column("control_number", CONTROL_NUMBER, nullable=False, index=True),
    Column("event", JSON_TEXT, nullable=False),  # PayoutCallback.to_dict()
    Column("received_at", TIME, nullable=False),
    # Null until the event is processed:
    Column("position", Integer),  # 1, 2, 3 and so on within its payout
    Column("previous", STATUS),  # the payout's status before this event, null for the first one
    Column("status", STATUS, index=True),  # the payout's status with this event
    Column("due_at", TIME),  # when your code gets it
    Column("done_at", TIME, index=True),  # when your code was done with it
    **MYSQL,
)
QUARANTINE = Table(
    "skypay_quarantine",
    METADATA,
    Column("idempotency_key", String(IDEMPOTENCY_KEY_MAX_LENGTH), primary_key=True),
    Column("control_number", CONTROL_NUMBER),
    Column("payload", JSON_TEXT, nullable=False),
    Column("errors", JSON_TEXT, nullable=False),
    Column("received_at", TIME, nullable=False),
    Column("resolved_at", TIME),  # resolved rows stay, or a redelivery would open them again
    **MYSQL,
)
PAYOUTS = Table(
    "skypay_payouts",
    METADATA,
    Column("control_number", CONTROL_NUMBER, primary_key=True),
    Column("status", STATUS),  # null only while the first transaction of the worker runs
    Column("reference_number", JSON_TEXT),
    Column("fail_description", JSON_TEXT),
    Column("changed_at", TIME),  # when the status was derived that the payout has now
    **MYSQL,
)


class Processed(NamedTuple):
    """An event, and what it made of its payout's status."""

    id: str
    """The digest of the event: the idempotency key of what you do because of it."""
    callback: PayoutCallback
    previous: PayoutStatus | None
    """Before this event; None for the first one of its payout."""
    status: PayoutStatus
    """With this event; the same as ``previous`` for most amendments, and for what changes no final status."""


class Store:
    """Use it from any thread. It may be made before a fork, but is then used only after it."""

    def __init__(self, url: str | None = None) -> None:
        url = os.environ["DATABASE_URL"] if url is None else url
        url = url.replace("mariadb+", "mysql+", 1)  # SQLAlchemy has two names for it
        self._engine = create_engine(
            url,
            connect_args=CONNECT[url.partition("+")[0]],
            # What other transactions have committed shows as soon as their locks are free.
            isolation_level="READ COMMITTED",
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_timeout=WAIT,
            pool_pre_ping=True,
        )
        self._savers = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="save")
        with self._engine.connect() as connection:
            # Several processes may start at once. The lock ends with this connection, which leaves the pool.
            connection.detach()
            connection.execute(text(START_LOCK[self._engine.dialect.name]))
            METADATA.create_all(connection)
            connection.commit()

    def save(self, result: Accepted | Quarantined | Rejected) -> None:
        """Store what ``CallbackParser.receive`` gave, once; it is committed when this returns.

        Raises ``TimeoutError`` or ``sqlalchemy.exc.SQLAlchemyError`` if it may not be.
        """
        # No setting bounds all waits together, nor that for a server that hangs: another thread does it.
        saving = self._savers.submit(self._save, result)
        try:
            saving.result(2 * WAIT)
        finally:
            saving.cancel()

    def _save(self, result: Accepted | Quarantined | Rejected) -> None:
        match result:
            case Accepted(callback):
                with self._engine.begin() as connection:
                    _insert_event(connection, callback)
            case Quarantined(error):
                errors = [[each.field, each.code, each.message] for each in error.errors]
                with self._engine.begin() as connection:
                    _insert_once(
                        connection,
                        QUARANTINE,
                        idempotency_key=error.idempotency_key,
                        control_number=error.control_number,
                        payload=json.dumps(dict(error.payload)),
                        errors=json.dumps(errors),
                        received_at=_now(),
                    )
            case Rejected():
                pass
            case _:
                assert_never(result)

    def quarantined(self) -> list[tuple[str, dict[str, object]]]:
        """The idempotency key and the payload of each quarantined callback that nobody has resolved."""
        rows = (
            select(QUARANTINE.c.idempotency_key, QUARANTINE.c.payload)
            .where(QUARANTINE.c.resolved_at.is_(None))
            .order_by(QUARANTINE.c.received_at)
        )
        with self._engine.begin() as connection:
            return [(key, json.loads(payload)) for key, payload in connection.execute(rows)]

    def resolve(self, idempotency_key: str, callback: PayoutCallback) -> None:
        """Store what ``CallbackParser.revalidate`` gave for a quarantined payload, and close its row.

        Raises ``KeyError`` if no such row is open.
        """
        is_open = (QUARANTINE.c.idempotency_key == idempotency_key) & QUARANTINE.c.resolved_at.is_(None)
        with self._engine.begin() as connection:
            closed = connection.execute(QUARANTINE.update().where(is_open).values(resolved_at=_now()))
            if not closed.rowcount:
                raise KeyError(idempotency_key)
            _insert_event(connection, callback)

    def process(self) -> int:
        """Process all unprocessed events, payout by payout. Returns how many there were.

        A payout that cannot be processed is logged and does not stop the others.
        """
        with self._engine.begin() as connection:
            numbers = connection.scalars(
                select(EVENTS.c.control_number).where(EVENTS.c.status.is_(None)).distinct()
            ).all()
        count = 0
        for control_number in numbers:
            try:
                count += self.process_payout(control_number)
            except Exception:
                log.exception("%s: the callbacks could not be processed", control_number)
        return count

    def process_payout(self, control_number: str) -> int:
        """Derive the status of one payout from all of its events, in one transaction.

        Returns how many events were unprocessed.
        """
        of_payout = PAYOUTS.c.control_number == control_number
        with self._engine.begin() as connection:
            # The lock of this payout: whoever comes second reads its events after the first has committed.
            _insert_once(connection, PAYOUTS, control_number=control_number)
            previous = connection.scalar(select(PAYOUTS.c.status).where(of_payout).with_for_update())
            rows = connection.execute(
                select(EVENTS.c.digest, EVENTS.c.event, EVENTS.c.status)
                .where(EVENTS.c.control_number == control_number)
                .order_by(EVENTS.c.received_at, EVENTS.c.digest)
            ).all()
            known = [_callback(row.event) for row in rows if row.status]
            unprocessed = [(row.digest, _callback(row.event)) for row in rows if not row.status]
            if not unprocessed:
                connection.rollback()
                return 0
            now = _now()
            before = previous
            for digest, callback in unprocessed:
                known.append(callback)
                status = PayoutHistory(known).status
                connection.execute(
                    EVENTS.update()
                    .where(EVENTS.c.digest == digest)
                    .values(position=len(known), previous=previous, status=status, due_at=now)
                )
                previous = status
            history = PayoutHistory(known)
            connection.execute(
                PAYOUTS.update()
                .where(of_payout)
                .values(
                    status=history.status,
                    reference_number=history.reference_number,
                    fail_description=history.fail_description,
                    changed_at=PAYOUTS.c.changed_at if history.status == before else now,
                )
            )
            _report(history)
            return len(unprocessed)

    def dispatch(self, act: Callable[[Processed], None]) -> int:
        """Hand over each processed event that is due, those of one payout one after the other.

        Returns how many. If ``act`` raises, that is logged, and the event is due again after ``RETRY``;
        later ones of its payout wait for it. No transaction is open while ``act`` runs.
        """
        count = 0
        while processed := self._claim():
            try:
                act(processed)
            except Exception:
                log.exception("%s: could not act on this event", processed.callback.idempotency_key)
                continue
            with self._engine.begin() as connection:
                connection.execute(
                    EVENTS.update().where(EVENTS.c.digest == processed.id).values(done_at=_now())
                )
            count += 1
        return count

    def _claim(self) -> Processed | None:
        earlier = EVENTS.alias()
        due = (
            select(EVENTS)
            .where(
                EVENTS.c.done_at.is_(None),
                EVENTS.c.due_at <= _now(),
                ~exists().where(
                    earlier.c.control_number == EVENTS.c.control_number,
                    earlier.c.position < EVENTS.c.position,
                    earlier.c.done_at.is_(None),
                ),
            )
            .order_by(EVENTS.c.received_at)
            .limit(1)
        )
        while True:
            with self._engine.begin() as connection:
                row = connection.execute(due).one_or_none()
                if row is None:
                    return None
                # Due again if this process dies: nobody else takes it before.
                claimed = connection.execute(
                    EVENTS.update()
                    .where(EVENTS.c.digest == row.digest, EVENTS.c.due_at == row.due_at)
                    .values(due_at=_now() + RETRY)
                )
            if claimed.rowcount:  # else another worker was faster
                previous = PayoutStatus(row.previous) if row.previous else None
                return Processed(row.digest, _callback(row.event), previous, PayoutStatus(row.status))


def _now() -> datetime:
    return datetime.now(UTC)


def _insert_once(connection: Connection, table: Table, **values: object) -> None:
    """Insert the row unless its primary key is known; any other problem is still an error."""
    if connection.dialect.name == "postgresql":
        connection.execute(postgresql.insert(table).values(values).on_conflict_do_nothing())
    else:
        (key,) = table.primary_key
        connection.execute(mysql.insert(table).values(values).on_duplicate_key_update({key.name: key}))


def _callback(event: str) -> PayoutCallback:
    return PayoutCallback.from_dict(json.loads(event))


def _insert_event(connection: Connection, callback: PayoutCallback) -> None:
    event = json.dumps(callback.to_dict(), sort_keys=True)
    _insert_once(
        connection,
        EVENTS,
        digest=sha256(event.encode()).hexdigest(),
        idempotency_key=callback.idempotency_key,
        control_number=callback.control_number,
        event=event,
        received_at=_now(),
    )


def _report(history: PayoutHistory) -> None:
    """Log what a person must look at."""
    if history.status is PayoutStatus.CONFLICTING:
        log.error("%s: final statuses of different kinds: ask SkyPay what is true", history.control_number)
    keys = Counter(event.idempotency_key for event in history.events)
    for key in sorted(key for key in keys if keys[key] > 1):
        log.warning("%s: events with different content have this idempotency key", key)
    final = next((event for event in history.events if event.pay_type.is_final), None)
    for event in history.events:
        if final and event.deal_time > final.deal_time:
            log.warning("%s: dated after a final status", event.idempotency_key)
