"""What several files of the suite use."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from typing import Any, Self

import pytest

from skypay_payout import CallbackParser, PayType, Result
from skypay_payout.contrib._payouts import Change, PayoutState
from skypay_payout.testing import CREDENTIALS, body
from tests.contrib.adapters import StoreAdapter
from tests.support.databases import Database
from tests.support.servers import PATIENCE

PARSER = CallbackParser(CREDENTIALS)
NUMBER = "SK99123456789"
INVALID = 7
"""A status that the specification does not know: the callback is quarantined."""

one_database = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""For rules that the libraries keep by themselves, whatever the database; all others run on each."""
servers_only = pytest.mark.parametrize("database", ["postgres", "mariadb"], indirect=True)
"""For rules about connections, or locks of rows."""


def number(count: int) -> str:
    return f"SK991{count:08}"


def received(status: int = PayType.UPLOAD, **fields: Any) -> Result:
    return PARSER.receive(body(status, **fields))


class Crowd:
    """Threads that begin a thing together, each with another argument, as often as they are asked to."""

    def __init__(self, size: int) -> None:
        self._barrier = Barrier(size)
        self._threads = ThreadPoolExecutor(size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown()

    def begin(self, work: Callable[[Any], object], arguments: Iterable[object]) -> list[Future[object]]:
        def one(argument: object) -> object:
            self._barrier.wait(PATIENCE)
            return work(argument)

        return [self._threads.submit(one, argument) for argument in arguments]

    def do(self, work: Callable[[Any], object], arguments: Iterable[object]) -> None:
        for one in self.begin(work, arguments):
            one.result()


def save_all(store: StoreAdapter, results: Iterable[Result]) -> None:
    for result in results:
        store.save(result)


def process_all(store: StoreAdapter, results: Iterable[Result]) -> None:
    """Save them all, and let a worker derive the states."""
    save_all(store, results)
    store.process()


def state(store: StoreAdapter, control_number: str = NUMBER) -> PayoutState:
    found = store.state(control_number)
    assert found is not None
    return found


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
    waits = [("events", "due_at", "received_at"), ("quarantine", "due_at", "received_at")]
    waits += [("decisions", "due_at", "decided_at"), ("payouts", "act_due_at", "created_at")]
    database.query(
        *(
            f"UPDATE {store.tables[table]} SET {due} = {since} WHERE {due} IS NOT NULL"
            for table, due, since in waits
        )
    )


def shift(
    store: StoreAdapter, database: Database, table: str, column: str, hours: int, where: str = "1 = 1"
) -> None:
    """Move the times of a column, by hours."""
    later = {
        "sqlite": f"strftime('%Y-%m-%d %H:%M:%f000', {column}, '{hours} hours')",
        "postgresql": f"{column} + INTERVAL '{hours} hours'",
        "mysql": f"{column} + INTERVAL {hours} HOUR",
    }[database.url.partition(":")[0].partition("+")[0]]
    database.query(f"UPDATE {store.tables[table]} SET {column} = {later} WHERE {where}")
