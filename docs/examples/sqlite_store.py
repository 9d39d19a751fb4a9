"""Store each callback once in a SQLite file, and derive the status of each payout.

For one machine, with any number of processes and threads. Standard library only; on several machines use
``sqlalchemy_store`` instead: it has the same interface, so only the line that imports ``Store`` changes.

The endpoint calls ``save`` and then responds. A worker (``payout_worker.py``) calls ``process``, which
derives the status of each payout from all of its events, and ``dispatch``, which hands each processed event
to your code. Adapt the tables to your own; what must stay is in the comments.

- ``save`` returns when the callback is on the disk, and raises within a few seconds if it cannot be:
  let the endpoint respond with 500 then, and never acknowledge.
- One event is one row, however often it is delivered. Different content under one idempotency key is kept
  as a row of its own, and ``process`` logs a warning.
- ``process`` does everything for one payout in one transaction, so a crash at any point loses nothing and
  does nothing twice, and two workers never process one event twice.
- ``dispatch`` hands over each event at least once, and not again after your code returned: a crash in between
  makes it run again. Use ``Processed.id`` as the idempotency key of what you do.
- The local disk only: SQLite's locks do not work on network file systems.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import NamedTuple, assert_never

from skypay_payout import Accepted, PayoutCallback, PayoutHistory, PayoutStatus, Quarantined, Rejected

log = logging.getLogger(__name__)

WAIT = 3.0
"""Seconds to wait for a locked file; then ``sqlite3.OperationalError``."""
RETRY = 60.0
"""Seconds that your code has for one event; after that it is handed over again."""

# Texts from outside are kept as JSON in ASCII: U+0000 and halves of surrogate pairs can be stored.
TABLES = """
CREATE TABLE IF NOT EXISTS skypay_events (
    digest TEXT PRIMARY KEY,        -- of the content: one row for each event, however often it is delivered
    idempotency_key TEXT NOT NULL,  -- two rows with the same one: different content, which a person looks at
    control_number TEXT NOT NULL,
    event TEXT NOT NULL,            -- PayoutCallback.to_dict() as JSON
    received_at REAL NOT NULL,      -- all times: seconds since 1970, UTC
    -- NULL until the event is processed:
    position INTEGER,               -- 1, 2, 3 and so on within its payout
    previous TEXT,                  -- the payout's status before this event, NULL for the first one
    status TEXT,                    -- the payout's status with this event
    due_at REAL,                    -- when your code gets it
    done_at REAL                    -- when your code was done with it
) STRICT;
CREATE INDEX IF NOT EXISTS skypay_events_of_payout ON skypay_events (control_number);
CREATE INDEX IF NOT EXISTS skypay_events_to_do ON skypay_events (received_at) WHERE done_at IS NULL;
CREATE TABLE IF NOT EXISTS skypay_quarantine (
    idempotency_key TEXT PRIMARY KEY,
    control_number TEXT,
    payload TEXT NOT NULL,
    errors TEXT NOT NULL,
    received_at REAL NOT NULL,
    resolved_at REAL                -- resolved rows stay, or a redelivery would open them again
) STRICT;
CREATE TABLE IF NOT EXISTS skypay_payouts (
    control_number TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    reference_number TEXT,
    fail_description TEXT,
    changed_at REAL NOT NULL        -- when the status was derived that the payout has now
) STRICT;
"""


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
    """Use it from any thread, and before or after a fork: nothing stays open between two calls."""

    def __init__(self, path: str | Path = "payouts.sqlite3") -> None:
        self._path = Path(path).absolute()
        self._turn = Lock()
        with closing(sqlite3.connect(self._path, timeout=WAIT, isolation_level=None)) as connection:
            # Locked: another process is switching the file at this moment, and it stays switched.
            with suppress(sqlite3.OperationalError):
                connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(f"BEGIN IMMEDIATE; {TABLES} COMMIT;")

    def save(self, result: Accepted | Quarantined | Rejected) -> None:
        """Store what ``CallbackParser.receive`` gave, once; it is on the disk when this returns.

        Raises ``sqlite3.Error`` or ``OSError`` if it may not be.
        """
        match result:
            case Accepted(callback):
                with self._transaction() as connection:
                    _insert_event(connection, callback)
            case Quarantined(error):
                errors = [[each.field, each.code, each.message] for each in error.errors]
                with self._transaction() as connection:
                    connection.execute(
                        "INSERT INTO skypay_quarantine "
                        "(idempotency_key, control_number, payload, errors, received_at) "
                        "VALUES (?, ?, ?, ?, ?) ON CONFLICT (idempotency_key) DO NOTHING",
                        (
                            error.idempotency_key,
                            error.control_number,
                            json.dumps(dict(error.payload)),
                            json.dumps(errors),
                            time.time(),
                        ),
                    )
            case Rejected():
                pass
            case _:
                assert_never(result)

    def quarantined(self) -> list[tuple[str, dict[str, object]]]:
        """The idempotency key and the payload of each quarantined callback that nobody has resolved."""
        with self._transaction() as connection:
            rows = connection.execute(
                "SELECT idempotency_key, payload FROM skypay_quarantine "
                "WHERE resolved_at IS NULL ORDER BY received_at"
            ).fetchall()
        return [(key, json.loads(payload)) for key, payload in rows]

    def resolve(self, idempotency_key: str, callback: PayoutCallback) -> None:
        """Store what ``CallbackParser.revalidate`` gave for a quarantined payload, and close its row.

        Raises ``KeyError`` if no such row is open.
        """
        with self._transaction() as connection:
            closed = connection.execute(
                "UPDATE skypay_quarantine SET resolved_at = ? "
                "WHERE idempotency_key = ? AND resolved_at IS NULL",
                (time.time(), idempotency_key),
            )
            if not closed.rowcount:
                raise KeyError(idempotency_key)
            _insert_event(connection, callback)

    def process(self) -> int:
        """Process all unprocessed events, payout by payout. Returns how many there were.

        A payout that cannot be processed is logged and does not stop the others.
        """
        with self._transaction() as connection:
            numbers = connection.execute(
                "SELECT DISTINCT control_number FROM skypay_events WHERE done_at IS NULL AND status IS NULL"
            ).fetchall()
        count = 0
        for (control_number,) in numbers:
            try:
                count += self.process_payout(control_number)
            except Exception:
                log.exception("%s: the callbacks could not be processed", control_number)
        return count

    def process_payout(self, control_number: str) -> int:
        """Derive the status of one payout from all of its events, in one transaction.

        Returns how many events were unprocessed.
        """
        with self._transaction() as connection:
            rows = connection.execute(
                "SELECT digest, event, status FROM skypay_events WHERE control_number = ? "
                "ORDER BY received_at, digest",
                (control_number,),
            ).fetchall()
            known = [_callback(event) for _, event, status in rows if status]
            unprocessed = [(digest, _callback(event)) for digest, event, status in rows if not status]
            if not unprocessed:
                return 0
            previous = PayoutHistory(known).status if known else None
            now = time.time()
            for digest, callback in unprocessed:
                known.append(callback)
                status = PayoutHistory(known).status
                connection.execute(
                    "UPDATE skypay_events SET position = ?, previous = ?, status = ?, due_at = ? "
                    "WHERE digest = ?",
                    (len(known), previous, status, now, digest),
                )
                previous = status
            history = PayoutHistory(known)
            connection.execute(
                "INSERT INTO skypay_payouts "
                "(control_number, status, reference_number, fail_description, changed_at) "
                "VALUES (?, ?, ?, ?, ?) ON CONFLICT (control_number) DO UPDATE SET status = excluded.status, "
                "reference_number = excluded.reference_number, fail_description = excluded.fail_description, "
                "changed_at = iif(status = excluded.status, changed_at, excluded.changed_at)",
                (control_number, history.status, history.reference_number, history.fail_description, now),
            )
            _report(history)
            return len(unprocessed)

    def dispatch(self, act: Callable[[Processed], None]) -> int:
        """Hand over each processed event that is due, those of one payout one after the other.

        Returns how many. If ``act`` raises, that is logged, and the event is due again after ``RETRY``
        seconds; later ones of its payout wait for it. No transaction is open while ``act`` runs.
        """
        count = 0
        while processed := self._claim():
            try:
                act(processed)
            except Exception:
                log.exception("%s: could not act on this event", processed.callback.idempotency_key)
                continue
            with self._transaction() as connection:
                connection.execute(
                    "UPDATE skypay_events SET done_at = ? WHERE digest = ?", (time.time(), processed.id)
                )
            count += 1
        return count

    def _claim(self) -> Processed | None:
        now = time.time()
        with self._transaction() as connection:
            row = connection.execute(
                "SELECT digest, event, previous, status FROM skypay_events AS this "
                "WHERE done_at IS NULL AND due_at <= ? AND NOT EXISTS ("
                "SELECT 1 FROM skypay_events AS earlier WHERE earlier.control_number = this.control_number "
                "AND earlier.position < this.position AND earlier.done_at IS NULL) "
                "ORDER BY received_at LIMIT 1",
                (now,),
            ).fetchone()
            if row is None:
                return None
            digest, event, previous, status = row
            # Due again if this process dies: nobody else takes it before.
            connection.execute("UPDATE skypay_events SET due_at = ? WHERE digest = ?", (now + RETRY, digest))
        return Processed(
            digest, _callback(event), PayoutStatus(previous) if previous else None, PayoutStatus(status)
        )

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        # Where a file is locked, SQLite sleeps and tries again; threads that take turns need not.
        if not self._turn.acquire(timeout=WAIT):
            raise sqlite3.OperationalError("database is locked by another thread")
        try:
            with self._connected() as connection:
                yield connection
        finally:
            self._turn.release()

    @contextmanager
    def _connected(self) -> Generator[sqlite3.Connection]:
        file = self._path.stat()
        # mode=rw: a file that was deleted is an error, not a new and empty one.
        uri = f"{self._path.as_uri()}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, timeout=WAIT, isolation_level=None)) as connection:
            # In WAL mode only FULL has a commit on the disk before it returns.
            connection.execute("PRAGMA synchronous = FULL")
            # IMMEDIATE waits for other writers here, once, and not again later.
            connection.execute("BEGIN IMMEDIATE")
            yield connection  # an exception closes the connection, which rolls back
            connection.execute("COMMIT")
            if not os.path.samestat(file, self._path.stat()):
                raise OSError(f"{self._path} was replaced: what was written to it may be lost")


def _callback(event: str) -> PayoutCallback:
    return PayoutCallback.from_dict(json.loads(event))


def _insert_event(connection: sqlite3.Connection, callback: PayoutCallback) -> None:
    event = json.dumps(callback.to_dict(), sort_keys=True)
    connection.execute(
        "INSERT INTO skypay_events (digest, idempotency_key, control_number, event, received_at) "
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING",
        (
            sha256(event.encode()).hexdigest(),
            callback.idempotency_key,
            callback.control_number,
            event,
            time.time(),
        ),
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
