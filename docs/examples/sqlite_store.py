"""Each callback stored once in a SQLite file: for an endpoint on one machine, with any number of workers.

Work from what is stored, not from the request: a callback whose reply was lost comes again, but is then
nothing new. Take the rows that you have not handled yet, in the order of ``deal_time``.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import suppress
from hashlib import sha256
from threading import Lock

from skypay_payout import InvalidCallbackError, PayoutCallback

TABLES = """
CREATE TABLE IF NOT EXISTS callbacks (
    idempotency_key TEXT PRIMARY KEY,
    user_name TEXT NOT NULL,
    control_number TEXT NOT NULL,
    pay_type INTEGER NOT NULL,
    deal_time TEXT NOT NULL,
    details TEXT NOT NULL,
    received_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) STRICT;
CREATE TABLE IF NOT EXISTS set_aside (
    digest TEXT PRIMARY KEY,
    payload TEXT NOT NULL,
    problems TEXT NOT NULL,
    received_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) STRICT;
"""


class Store:
    """Open it in the process that uses it: a connection does not survive a fork."""

    def __init__(self, path: str = "callbacks.sqlite3") -> None:
        # Without an isolation level each statement is a transaction of its own.
        self._connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        self._lock = Lock()
        # Locked: another worker is switching the file at this moment, and it stays switched.
        with suppress(sqlite3.OperationalError):
            self._connection.execute("PRAGMA journal_mode = WAL")
        # In WAL mode only FULL has a commit on the disk before it returns.
        self._connection.execute("PRAGMA synchronous = FULL")
        # IMMEDIATE: waits for other workers instead of failing while they make the same tables.
        self._connection.executescript(f"BEGIN IMMEDIATE; {TABLES} COMMIT;")

    def keep(self, callback: PayoutCallback) -> None:
        """Store the event, once however often it is delivered; it is on the disk when this returns."""
        details = {
            "failDescription": callback.fail_description,
            "referenceNumber": callback.reference_number,
            "extra": dict(callback.extra),
        }
        self._insert(
            "INSERT INTO callbacks "
            "(idempotency_key, user_name, control_number, pay_type, deal_time, details) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            callback.idempotency_key,
            callback.user_name,
            str(callback.control_number),
            int(callback.pay_type),
            callback.deal_time.isoformat(timespec="microseconds"),
            json.dumps(details),
        )

    def set_aside(self, invalid: InvalidCallbackError) -> None:
        """Store what an authenticated but invalid callback held, once, for somebody to look at."""
        payload = json.dumps(dict(invalid.payload), sort_keys=True)
        self._insert(
            "INSERT INTO set_aside (digest, payload, problems) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            sha256(payload.encode()).hexdigest(),
            payload,
            str(invalid),
        )

    def _insert(self, statement: str, *values: str | int) -> None:
        with self._lock:
            self._connection.execute(statement, values)
