"""What several files of the suite use."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from skypay_payout import CallbackParser, PayType, Result
from skypay_payout.contrib._payouts import Change
from skypay_payout.testing import CREDENTIALS, body
from tests.contrib.adapters import StoreAdapter
from tests.support.databases import Database

PARSER = CallbackParser(CREDENTIALS)
NUMBER = "SK99123456789"
INVALID = 7
"""A status that the specification does not know: the callback is quarantined."""

one_database = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""For rules that the libraries keep by themselves, whatever the database; all others run on each."""


def number(count: int) -> str:
    return f"SK991{count:08}"


def received(status: int = PayType.UPLOAD, **fields: Any) -> Result:
    return PARSER.receive(body(status, **fields))


def save_all(store: StoreAdapter, results: Iterable[Result]) -> None:
    for result in results:
        store.save(result)


def process_all(store: StoreAdapter, results: Iterable[Result]) -> None:
    """Save them all, and let a worker derive the states."""
    save_all(store, results)
    store.process()


def changes(store: StoreAdapter) -> list[Change]:
    """The changes that a round of derivations raises."""
    raised: list[Change] = []
    store.process(lambda change, _: raised.append(change))
    return raised


def actions(store: StoreAdapter) -> list[Change]:
    """The changes that a round of actions sees."""
    seen: list[Change] = []
    store.dispatch(seen.append)
    return seen


def make_due(store: StoreAdapter, database: Database) -> None:
    """As if the time had passed until all that waits is tried again."""
    tables = store.tables
    database.query(f"UPDATE {tables['events']} SET due_at = received_at WHERE due_at IS NOT NULL")
    database.query(f"UPDATE {tables['quarantine']} SET due_at = received_at WHERE due_at IS NOT NULL")
    database.query(f"UPDATE {tables['decisions']} SET due_at = decided_at WHERE due_at IS NOT NULL")
    database.query(f"UPDATE {tables['payouts']} SET act_due_at = created_at WHERE act_due_at IS NOT NULL")


def shift(store: StoreAdapter, database: Database, table: str, column: str, hours: int) -> None:
    """Move the times of a column, by hours."""
    later = {
        "sqlite": f"strftime('%Y-%m-%d %H:%M:%f000', {column}, '{hours} hours')",
        "postgresql": f"{column} + INTERVAL '{hours} hours'",
        "mysql": f"{column} + INTERVAL {hours} HOUR",
    }[database.url.partition(":")[0].partition("+")[0]]
    database.query(f"UPDATE {store.tables[table]} SET {column} = {later}")
