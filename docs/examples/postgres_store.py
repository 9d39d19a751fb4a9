"""Each callback stored once in PostgreSQL: for an endpoint on any number of machines.

It takes the place of ``sqlite_store`` in every recipe: change the one line that imports ``Store``.
"""

from __future__ import annotations

import json
from hashlib import sha256

from psycopg_pool import ConnectionPool

from skypay_payout import InvalidCallbackError, PayoutCallback

# Texts from outside are kept as JSON in ASCII, since a TEXT of PostgreSQL cannot hold the character NUL.
TABLES = """
SELECT pg_advisory_xact_lock(hashtext('skypay-payout'));  -- two workers may start at the same time
CREATE TABLE IF NOT EXISTS callbacks (
    idempotency_key TEXT PRIMARY KEY,
    user_name TEXT NOT NULL,
    control_number TEXT NOT NULL,
    pay_type SMALLINT NOT NULL,
    deal_time TIMESTAMPTZ NOT NULL,
    details TEXT NOT NULL,
    received_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS set_aside (
    digest TEXT PRIMARY KEY,
    payload TEXT NOT NULL,
    problems TEXT NOT NULL,
    received_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
"""


class Store:
    """Open it in the process that uses it: a connection does not survive a fork."""

    def __init__(self, conninfo: str = "") -> None:
        """``conninfo`` is as libpq takes it; what it leaves out comes from PGHOST, PGDATABASE and so on."""
        self._pool = ConnectionPool(
            conninfo, min_size=1, max_size=8, timeout=5, open=True, check=ConnectionPool.check_connection
        )
        with self._pool.connection() as connection:
            connection.execute(TABLES)

    def keep(self, callback: PayoutCallback) -> None:
        """Store the event, once however often it is delivered; it is committed when this returns."""
        details = {
            "failDescription": callback.fail_description,
            "referenceNumber": callback.reference_number,
            "extra": dict(callback.extra),
        }
        # Of two deliveries at once the second waits until the first is committed: no reply comes too early.
        with self._pool.connection() as connection:
            connection.execute(
                "INSERT INTO callbacks "
                "(idempotency_key, user_name, control_number, pay_type, deal_time, details) "
                "VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (
                    callback.idempotency_key,
                    callback.user_name,
                    str(callback.control_number),
                    int(callback.pay_type),
                    callback.deal_time,
                    json.dumps(details),
                ),
            )

    def set_aside(self, invalid: InvalidCallbackError) -> None:
        """Store what an authenticated but invalid callback held, once, for somebody to look at."""
        payload = json.dumps(dict(invalid.payload), sort_keys=True)
        with self._pool.connection() as connection:
            connection.execute(
                "INSERT INTO set_aside (digest, payload, problems) "
                "VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                (sha256(payload.encode()).hexdigest(), payload, str(invalid)),
            )
