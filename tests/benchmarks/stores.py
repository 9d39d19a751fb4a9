"""``python -m tests.benchmarks.stores``: what a store costs, with a database on disk, as ratios in JSON.

``--quick`` does a tenth of the work; ``sqlite``, ``postgres`` or ``mariadb`` measure one database only.
"""

from __future__ import annotations

import json
import logging
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import import_module
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from time import perf_counter, sleep
from typing import Any

from sqlalchemy import create_engine, insert, make_url

from skypay_payout import Accepted, CallbackParser, PayoutCallback, PayType
from skypay_payout.contrib.sqlalchemy import Change, Store, _tables
from skypay_payout.testing import CREDENTIALS, body
from tests.contrib.adapters import opened
from tests.support.databases import Database, MariaDB, Postgres, sqlite_database

PARSER = CallbackParser(CREDENTIALS)
SAMPLE = PARSER.parse(body(PayType.PAYOUT))
_numbers = count()


def number() -> str:
    return f"SK991{next(_numbers):08}"


def callback(**fields: Any) -> PayoutCallback:
    return PayoutCallback.from_dict({**SAMPLE.to_dict(), "controlNumber": number(), **fields})


def seconds(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def row(one: PayoutCallback, at: str) -> tuple[str, ...]:
    event = json.dumps(one.to_dict())
    return one.digest, one.idempotency_key, str(one.control_number), event, at, at


@contextmanager
def bare_driver(database: Database, table: str) -> Iterator[Callable[[tuple[str, ...]], None]]:
    """An INSERT and its commit, by the driver itself, on a connection that stays open."""
    url = make_url(database.url)
    columns = "(digest, idempotency_key, control_number, event, received_at, due_at)"
    statement = f"INSERT INTO {table} {columns} VALUES (%s, %s, %s, %s, %s, %s)"
    connection: Any
    match url.get_backend_name():
        case "sqlite":
            import sqlite3

            connection = sqlite3.connect(url.database or "")
            connection.execute("PRAGMA synchronous = FULL")
            statement = statement.replace("%s", "?")
        case "postgresql":
            import psycopg

            connection = psycopg.connect(f"host={url.query['host']} user=test dbname={url.database}")
        case _:
            socket = str(url.query["unix_socket"])
            connection = import_module("pymysql").connect(
                user="root", unix_socket=socket, database=url.database
            )

    def store(values: tuple[str, ...]) -> None:
        cursor = connection.cursor()
        cursor.execute(statement, values)
        connection.commit()

    try:
        yield store
    finally:
        connection.close()


def fill(database: Database, rows: list[tuple[str, ...]]) -> None:
    """Store many events at once, as if they had been saved."""
    engine = create_engine(database.url)
    with engine.begin() as connection:
        for start in range(0, len(rows), 1000):
            connection.execute(
                insert(_tables.EVENTS),
                [
                    dict(zip(_NAMES, values[:4], strict=True)) | {"received_at": _at(at), "due_at": _at(at)}
                    for at, values in enumerate(rows[start : start + 1000], start)
                ],
            )
    if database.url.startswith("postgres"):
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
    engine.dispose()


_NAMES = ("digest", "idempotency_key", "control_number", "event")


def _at(position: int) -> Any:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=position)


def saving(
    database: Database, save: Callable[[Accepted], object], events: int, table: str = "skypay_events"
) -> dict[str, float]:
    """The time of save against that of the bare driver, in turns."""
    # Made before, so that each follows upon the other without a pause: a disk is slower just after a flush.
    pairs = [(row(callback(), "2026-01-01 00:00:00"), Accepted(callback())) for _ in range(events)]
    bare, saved = [], []
    with bare_driver(database, table) as insert_bare:
        for one, other in pairs:
            bare.append(seconds(partial(insert_bare, one)))
            saved.append(seconds(partial(save, other)))
    middle = events // 2
    of_bare, of_save = sorted(bare)[middle], sorted(saved)[middle]
    return {"save": of_save / of_bare, "save_us": of_save * 1e6, "saved_per_second": events / sum(saved)}


def saving_with_django(database: Database, events: int) -> float:
    """The time of the app's save against that of the bare driver, on a connection that is kept."""
    with opened("django", database.url, new=True) as store:
        from skypay_payout.contrib.django.store import save  # models need settings

        return saving(database, save, events, store.tables["events"])["save"]


def processing(database: Database, store: Store, waiting: int, events: int) -> dict[str, float]:
    """The time of one event while so many wait: derived and acted on."""
    fill(database, [row(callback(), "") for _ in range(waiting)])
    left = count(1)

    def stop() -> bool:
        return next(left) > events * 2  # asked before each payout, and before each batch

    began = perf_counter()
    done = store.process(stop=stop)
    per_event = (perf_counter() - began) / done
    left = count(1)
    began = perf_counter()
    acted = store.dispatch(lambda _: None, stop=lambda: next(left) > min(events, done))
    per_action = (perf_counter() - began) / acted
    return {"process_us": per_event * 1e6, "act_us": per_action * 1e6}


def one_payout(database: Database, store: Store, events: int) -> float:
    """The time of one payout with so many unprocessed events."""
    same = number()
    fill(database, [row(callback(controlNumber=same, attempt=each), "") for each in range(events)])
    return seconds(store.process)


def failed_actions(database: Database, store: Store, failed: int, due: int) -> dict[str, float]:
    """The time of an action, and again with so many in front that failed and are due again."""

    def fail(_: Change) -> None:
        raise RuntimeError

    def acted() -> float:
        for _ in range(due):
            store.save(Accepted(callback()))
        store.process()
        left = count(1)
        return seconds(lambda: store.dispatch(lambda _: None, stop=lambda: next(left) > due)) / due

    alone = acted()
    fill(database, [row(callback(), "") for _ in range(failed)])
    store.process()
    logging.disable()
    store.dispatch(fail)
    logging.disable(logging.NOTSET)
    waiting = acted()
    database.query("UPDATE skypay_payouts SET act_due_at = created_at WHERE act_attempts > 0")
    in_front = acted()
    return {"failed_waiting": waiting / alone, "failed_in_front": in_front / alone}


def slow_action(store: Store, others: int, slow: float) -> dict[str, float]:
    """How long 1,000 payouts need to be derived and acted on by two workers, beside one slow action."""
    first = callback()
    store.save(Accepted(first))
    store.process()
    for _ in range(others):
        store.save(Accepted(callback()))

    def act(change: Change) -> None:
        if change.control_number == first.control_number:
            sleep(slow)

    began = perf_counter()
    worker = Thread(target=store.dispatch, args=(act,))
    worker.start()
    derived = seconds(store.process)
    done = store.dispatch(act)
    elapsed = perf_counter() - began
    worker.join()
    assert done == others
    return {"slow_derived_s": derived, "slow_acted_s": elapsed}


def measured(database: Callable[[], Database], scale: int) -> dict[str, float]:
    """Everything on one database; each part begins with an empty one.

    ``save`` and ``django_save`` are ratios to the bare driver. ``process`` and ``act`` are the time of one
    event with the most expensive number of waiting events, to that with the cheapest one; ``one_payout`` is
    the time of one of its 10,000 events to one of 1,000; ``failed_...`` is the time of an action behind
    10,000 that failed, to one without them. ``slow_...`` are seconds until all others are done beside an
    action that takes 10 s.
    """

    def part(work: Callable[[Database, Store], Any]) -> Any:
        place = database()
        store = Store(place.url)
        store.create_all()
        try:
            return work(place, store)
        finally:
            store.close()

    found: dict[str, float] = part(lambda place, store: saving(place, store.save, 2000 // scale))
    found["django_save"] = saving_with_django(database(), 2000 // scale)
    sizes = [size // scale for size in (1_000, 10_000, 200_000)]
    of_size = {
        size: part(lambda place, store: processing(place, store, size, 1000 // scale))  # noqa: B023
        for size in sizes
    }
    for name in ("process", "act"):
        times = [of_size[size][f"{name}_us"] for size in sizes]
        found |= {name: max(times) / min(times), f"{name}_us": times[-1]}
    small, large = 1_000 // scale, 10_000 // scale
    of_small, of_large = (
        part(lambda place, store: one_payout(place, store, events))  # noqa: B023
        for events in (small, large)
    )
    found |= {"one_payout": of_large / large / (of_small / small), "one_payout_s": of_large}
    found |= part(lambda place, store: failed_actions(place, store, 10_000 // scale, 500 // scale))
    found |= part(lambda _, store: slow_action(store, 1000 // scale, 10.0))
    return found


def main() -> None:
    """Measure, and print JSON."""
    parser = ArgumentParser("python -m tests.benchmarks.stores", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("databases", nargs="*", default=["sqlite", "postgres", "mariadb"])
    args = parser.parse_args()
    scale = 10 if args.quick else 1
    found: dict[str, Any] = {}
    for name in args.databases:
        print(name, file=sys.stderr, flush=True)
        if name == "sqlite":
            with TemporaryDirectory() as directory:

                def file(place: str = directory) -> Database:
                    path = Path(place, str(next(_numbers)))
                    path.mkdir()
                    return sqlite_database(path)

                found[name] = measured(file, scale)
        else:
            server = (Postgres if name == "postgres" else MariaDB)(durable=True)
            try:
                found[name] = measured(server.database, scale)
            finally:
                server.remove()
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
