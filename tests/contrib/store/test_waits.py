"""Promise 1 under pressure: one bound for the whole wait of save, and recovery within it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from threading import Event

import pytest
from sqlalchemy import NullPool, create_engine, make_url

from skypay_payout import PayType
from tests.contrib.adapters import IMPATIENCE, StoreAdapter, opened
from tests.contrib.store.cases import INVALID, Crowd, actions, number, received, save_all, servers_only
from tests.support.databases import Database, DatabaseServer
from tests.support.proxies import Proxy
from tests.support.servers import wait_until

# The drivers leave sockets open to servers that are gone.
pytestmark = [
    pytest.mark.heavy,
    pytest.mark.usefixtures("collected"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

RESULTS = [received(PayType.PAYOUT), received(INVALID)]
CALLERS = 12  # more than a store has connections
SLACK = 5.0
"""Seconds by which a busy machine may be late; without the bound, or if waits added up, it takes longer."""


def fail_to_save(store: StoreAdapter) -> None:
    """Try it many times at once: not one may succeed, nor wait longer than one alone."""
    with store.impatient(), Crowd(CALLERS) as callers:
        saving = callers.begin(store.save, RESULTS * (CALLERS // 2))
        _, waiting = wait(saving, timeout=IMPATIENCE + SLACK)
    assert not waiting
    assert all(one.exception() for one in saving)


def assert_works(store: StoreAdapter, database: Database, *, events: int = 1) -> None:
    save_all(store, RESULTS)
    assert len(database.query(f"SELECT 1 FROM {store.tables['events']}")) == events
    assert len(store.quarantined()) == 1
    assert store.process() == 1
    assert len(actions(store)) == events


@contextmanager
def held(database: Database, *statements: str) -> Iterator[None]:
    """Hold the locks that these statements take."""
    engine = create_engine(database.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        yield


@contextmanager
def row_lock(store: StoreAdapter, database: Database) -> Iterator[None]:
    """Another process is saving the same callbacks, and does not get on."""
    columns = "digest, idempotency_key, control_number, event, received_at"
    event = "'{digest}', 'a', 'b', '{{}}', CURRENT_TIMESTAMP"
    quarantined = "'{digest}', 'b', '{{}}', '[]', CURRENT_TIMESTAMP"
    digests = RESULTS[0].callback.digest, RESULTS[1].error.digest  # type: ignore[union-attr]
    with held(
        database,
        "BEGIN",
        f"INSERT INTO {store.tables['events']} ({columns}) VALUES ({event.format(digest=digests[0])})",
        f"INSERT INTO {store.tables['quarantine']} (digest, control_number, payload, errors, received_at) "
        f"VALUES ({quarantined.format(digest=digests[1])})",
    ):
        yield


@contextmanager
def migration(store: StoreAdapter, database: Database) -> Iterator[None]:
    """A migration waits for a transaction that somebody left open, and everybody else waits behind it."""
    tables = store.tables["events"], store.tables["quarantine"]
    waits = {
        "postgresql": "SELECT 1 FROM pg_locks WHERE NOT granted",
        "mysql": "SELECT 1 FROM information_schema.processlist WHERE state LIKE '%%table metadata lock'",
    }[database.url.partition("+")[0]]
    with ThreadPoolExecutor(2) as threads:
        with held(database, "BEGIN", *(f"SELECT * FROM {table}" for table in tables)):
            altered = [
                threads.submit(database.query, f"ALTER TABLE {table} ADD note INTEGER") for table in tables
            ]
            wait_until(lambda: len(database.query(waits)) == 2)
            yield
        for one in altered:
            one.result()


def tables(store: StoreAdapter) -> str:
    return f"{store.tables['events']}, {store.tables['quarantine']}"


LOCKS: dict[str, Callable[[StoreAdapter, Database], AbstractContextManager[None]]] = {
    "sqlite exclusive": lambda _, database: held(database, "BEGIN EXCLUSIVE"),
    "sqlite immediate": lambda _, database: held(database, "BEGIN IMMEDIATE"),
    "postgres row": row_lock,
    "postgres table": lambda store, database: held(
        database, "BEGIN", f"LOCK TABLE {tables(store)} IN ACCESS EXCLUSIVE MODE"
    ),
    "postgres migration": migration,
    "mariadb row": row_lock,
    "mariadb table": lambda store, database: held(
        database, f"LOCK TABLES {tables(store).replace(',', ' WRITE,')} WRITE"
    ),
    "mariadb migration": migration,
    "mariadb all": lambda _, database: held(database, "FLUSH TABLES WITH READ LOCK"),
}


@pytest.mark.parametrize(
    ("database", "lock"), [(name.split()[0], name) for name in LOCKS], indirect=["database"], ids=list(LOCKS)
)
def test_waits_for_a_lock_are_bounded_however_many_wait(
    store: StoreAdapter, database: Database, lock: str
) -> None:
    with LOCKS[lock](store, database):
        fail_to_save(store)
    wait_until(partial(is_saved, store))
    assert_works(store, database)


def is_saved(store: StoreAdapter) -> bool:
    try:
        with store.impatient():
            save_all(store, RESULTS)
    except Exception:
        return False
    return True


@servers_only
def test_a_server_that_is_gone_is_an_error_until_it_is_back(
    store: StoreAdapter, database: Database, server: DatabaseServer
) -> None:
    save_all(store, RESULTS)
    server.stop()
    try:
        fail_to_save(store)
        with pytest.raises(Exception, match=r".") as raised:
            store.process()
        assert raised.value is not None
    finally:
        server.start()
    assert_works(store, database)


@servers_only
def test_a_restart_of_the_server_is_no_error(
    store: StoreAdapter, database: Database, server: DatabaseServer
) -> None:
    results = [received(controlNumber=number(position)) for position in range(16)]
    with Crowd(8) as callers:
        callers.do(store.save, results[:8])  # as many connections
        server.stop()
        server.start()
        callers.do(store.save, results[8:])
    assert len(database.query(f"SELECT 1 FROM {store.tables['events']}")) == 16


@servers_only
def test_waits_for_a_server_that_hangs_are_bounded(
    store: StoreAdapter, database: Database, server: DatabaseServer
) -> None:
    save_all(store, [received(controlNumber=number(1))])
    with server.frozen():
        fail_to_save(store)
    wait_until(partial(is_saved, store))
    database.query(f"DELETE FROM {store.tables['events']} WHERE control_number = '{number(1)}'")
    assert_works(store, database)


@pytest.fixture
def proxy(server: DatabaseServer) -> Iterator[Proxy]:
    proxy = Proxy(server.socket())
    yield proxy
    proxy.close()


def through(proxy: Proxy, database: Database) -> str:
    """The URL of the database behind the proxy."""
    url = make_url(database.url)
    user = url.username or "test"
    return (
        url.set(username=user, host="127.0.0.1", port=proxy.port, query={})
        .render_as_string(hide_password=False)
    )  # fmt: skip


@servers_only
def test_silent_connections_are_replaced(library: str, database: Database, proxy: Proxy) -> None:
    """A NAT forgot them, but new ones work: nobody waits for long, and no save fails twice."""
    results = [received(controlNumber=number(position)) for position in range(16)]
    with opened(library, through(proxy, database)) as store, Crowd(8) as callers:
        callers.do(store.save, results[:8])
        proxy.silence()
        with store.impatient():
            _, waiting = wait(callers.begin(store.save, results[8:]), IMPATIENCE + SLACK)
        assert not waiting
        callers.do(store.save, results[8:])
        assert store.process() == 16


@servers_only
def test_a_network_that_is_cut_is_an_error_within_the_bound(
    library: str, database: Database, proxy: Proxy
) -> None:
    with opened(library, through(proxy, database)) as store:
        store.save(received(controlNumber=number(1)))
        proxy.all_silent = True
        proxy.silence()
        fail_to_save(store)
        proxy.all_silent = False
        wait_until(partial(is_saved, store))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_store_that_was_used_before_a_fork_works_after_it(store: StoreAdapter, database: Database) -> None:
    save_all(store, RESULTS)
    children = []
    for position in range(4):
        child = os.fork()
        if not child:
            try:
                save_all(store, [received(controlNumber=number(position)), received(INVALID, note=position)])
                store.process()
                os._exit(0)
            except BaseException:
                os._exit(1)
        children.append(child)
    save_all(store, [received(controlNumber=number(9))])
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4
    save_all(store, [received(controlNumber=number(10))])
    store.process()
    assert len(database.query(f"SELECT 1 FROM {store.tables['events']}")) == 7
    assert len(store.quarantined()) == 5


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_worker_with_a_backlog_leaves_savers_their_turn(
    store: StoreAdapter, library: str, database: Database
) -> None:
    """Without a pause after each transaction, every seventh save waited in vain."""
    save_all(store, [received(controlNumber=number(count)) for count in range(150)])
    done, saved = Event(), Event()

    def work() -> None:
        with opened(library, database.url) as worker:
            worker.process(lambda *_: saved.wait(0.02))
        done.set()

    with ThreadPoolExecutor(9) as threads:
        working = threads.submit(work)
        list(threads.map(store.save, [received(PayType.PAYOUT, controlNumber=number(n)) for n in range(60)]))
        assert not done.is_set()
        saved.set()
        working.result()


def test_a_payout_with_thousands_of_events_blocks_no_save(
    store: StoreAdapter, library: str, database: Database
) -> None:
    """Not one may fail. 2,000 events of one payout once held the lock for a minute."""
    save_all(store, [received(PayType.PAYOUT, attempt=count) for count in range(200)])
    with ThreadPoolExecutor(1) as thread, opened(library, database.url) as other:
        working = thread.submit(store.process)
        count = 0
        while not working.done() or not count:
            other.save(received(controlNumber=number(count)))
            count += 1
        assert working.result() >= 1  # what was saved meanwhile may be due too
