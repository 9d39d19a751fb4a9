"""The tables, for ``create_all`` and for Alembic."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, DateTime, Index, Integer, MetaData, String, Table, Text
from sqlalchemy.dialects import mysql

from ..._callback import IDEMPOTENCY_KEY_MAX_LENGTH

# SQLAlchemy has two names for one database. Its usual collations take SKYab... and SKYAB... for one payout.
_NAMES = ("mysql", "mariadb")
_MARIADB: dict[str, Any] = {
    f"{name}_{option}": value
    for name in _NAMES
    for option, value in {"engine": "InnoDB", "charset": "utf8mb4", "collate": "utf8mb4_bin"}.items()
}
# Texts from outside are kept as JSON in ASCII: no database rejects that, whatever its encoding. A TEXT of
# MariaDB ends after 65535 bytes.
_JSON = Text().with_variant(mysql.MEDIUMTEXT(), *_NAMES)
# In UTC, where the database keeps no zone.
_TIME = DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), *_NAMES)
_DIGEST = String(64)
_CONTROL_NUMBER = String(15)
_WORD = String(16)

metadata: MetaData = MetaData()
"""The tables of this store, for Alembic's ``target_metadata``; ``Store.create_all`` makes them without it."""


def _where_set(name: str, column: Column[Any]) -> Index:
    """Index what is open only: the cost of finding it does not grow with what is done."""
    return Index(name, column, postgresql_where=column.is_not(None), sqlite_where=column.is_not(None))


EVENTS = Table(
    "skypay_events",
    metadata,
    # Of the content: one row for each event, however often it is delivered.
    Column("digest", _DIGEST, primary_key=True),
    # Two rows with the same one have different content, which a person looks at.
    Column("idempotency_key", String(IDEMPOTENCY_KEY_MAX_LENGTH), nullable=False),
    Column("control_number", _CONTROL_NUMBER, nullable=False, index=True),
    Column("event", _JSON, nullable=False),  # PayoutCallback.to_dict()
    Column("received_at", _TIME, nullable=False),
    Column("due_at", _TIME),  # when it is processed; null: it is in the payout's state
    Column("version", Integer),  # of the payout, the first one with this event
    **_MARIADB,
)
QUARANTINE = Table(
    "skypay_quarantine",
    metadata,
    Column("digest", _DIGEST, primary_key=True),
    Column("control_number", _CONTROL_NUMBER, index=True),  # null unless it is well-formed
    Column("payload", _JSON, nullable=False),
    Column("errors", _JSON, nullable=False),  # [field, code, message] of each
    Column("received_at", _TIME, nullable=False),
    Column("resolved_at", _TIME),  # resolved rows stay, or a redelivery would open them again
    Column("resolution", _WORD),  # accepted or dismissed
    Column("who", _JSON),
    Column("why", _JSON),
    Column("due_at", _TIME),
    **_MARIADB,
)
DECISIONS = Table(
    "skypay_decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("control_number", _CONTROL_NUMBER, nullable=False, index=True),
    Column("status", _WORD, nullable=False),
    # How many events with another final status were there when it was made; it ends when there are more.
    Column("opposing", Integer, nullable=False),
    Column("who", _JSON, nullable=False),
    Column("why", _JSON, nullable=False),
    Column("decided_at", _TIME, nullable=False),
    Column("ended_at", _TIME),
    Column("due_at", _TIME),
    **_MARIADB,
)
PAYOUTS = Table(
    "skypay_payouts",
    metadata,
    Column("control_number", _CONTROL_NUMBER, primary_key=True),
    Column("status", _WORD),
    Column("anomalies", _JSON),
    Column("quarantined", Integer, nullable=False, default=0),
    Column("decision", _WORD),
    Column("reference_number", _JSON),
    Column("fail_description", _JSON),
    Column("created_at", _TIME, nullable=False),
    Column("changed_at", _TIME, nullable=False),  # when the state became what it is
    Column("version", Integer, nullable=False, default=0),
    Column("failures", Integer, nullable=False, default=0),  # of deriving it, in a row
    # The outbox: what act has seen, and when it is called again.
    Column("acted_version", Integer, nullable=False, default=0),
    Column("acted_state", _JSON),
    Column("act_due_at", _TIME),
    Column("act_claim", String(32)),  # whoever is acting on it
    Column("act_attempts", Integer, nullable=False, default=0),
    Column("act_failed_at", _TIME),  # it waits for a person
    Index("skypay_payouts_status", "status", "changed_at"),
    Index("skypay_payouts_act", "act_attempts", "act_due_at"),
    **_MARIADB,
)
for _table in (EVENTS, QUARANTINE, DECISIONS):
    _where_set(f"{_table.name}_due", _table.c.due_at)
_where_set("skypay_payouts_failed", PAYOUTS.c.act_failed_at)
Index(
    "skypay_quarantine_open",
    QUARANTINE.c.received_at,
    postgresql_where=QUARANTINE.c.resolved_at.is_(None),
    sqlite_where=QUARANTINE.c.resolved_at.is_(None),
)
