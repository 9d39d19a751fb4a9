"""Each store keeps every event once and derives what became of each payout: through crashes and locks."""

from __future__ import annotations

import gc
import json
import logging
import os
import socket
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from threading import Barrier, Semaphore
from time import sleep
from typing import TypeAlias

import pytest
from sqlalchemy import NullPool, create_engine
from sqlalchemy.event import listen
from sqlalchemy.exc import OperationalError, SQLAlchemyError

import sqlalchemy_store
import sqlite_store
from skypay_payout import (
    Accepted,
    CallbackParser,
    PayoutCallback,
    PayoutHistory,
    PayoutStatus,
    PayType,
    Quarantined,
    Rejected,
)
from skypay_payout.testing import AUTHENTICATION, CREDENTIALS, SCENARIOS, body, out_of_order, redelivered
from tests.integration.killed import lines
from tests.support.databases import Database, DatabaseServer, sqlite_database
from tests.support.servers import PATIENCE, wait_until

# The drivers leave sockets open to servers that are gone.
pytestmark = [pytest.mark.heavy, pytest.mark.filterwarnings("ignore::ResourceWarning")]

Store: TypeAlias = "sqlite_store.Store | sqlalchemy_store.Store"
Processed: TypeAlias = "sqlite_store.Processed | sqlalchemy_store.Processed"
PARSER = CallbackParser(CREDENTIALS)
KILLED = Path(__file__).with_name("killed.py")


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """What is left open is collected here, not in another test."""
    yield
    gc.collect()


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    if request.param == "sqlite":
        return sqlite_database(tmp_path)
    server: DatabaseServer = request.getfixturevalue(request.param)
    return server.database()


@pytest.fixture
def server(request: pytest.FixtureRequest, database: Database) -> DatabaseServer:
    """The server of that database; the test is for servers only."""
    name = request.node.callspec.params["database"]
    server: DatabaseServer = request.getfixturevalue(name)
    return server


servers_only = pytest.mark.parametrize("database", ["postgres", "mariadb"], indirect=True)


def recipe(database: Database) -> tuple[str, str]:
    """The module of the store for that database, and what it is opened with."""
    path = database.url.removeprefix("sqlite:///")
    return ("sqlalchemy_store", database.url) if path == database.url else ("sqlite_store", path)


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    module, argument = recipe(database)
    if module == "sqlite_store":
        yield sqlite_store.Store(argument)
        return
    store = sqlalchemy_store.Store(argument)
    yield store
    close(store)


def close(store: sqlalchemy_store.Store) -> None:
    """End its threads and connections, as the end of a process would."""
    store._savers.shutdown()
    store._engine.dispose()


def received(*contents: bytes) -> list[Accepted | Quarantined | Rejected]:
    return [PARSER.receive(content) for content in contents]


def key_of(content: bytes) -> str:
    return PARSER.parse(content).idempotency_key


def save_all(store: Store, contents: Iterable[bytes]) -> None:
    for result in received(*contents):
        store.save(result)


def run(program: Path | str, *arguments: str, directory: Path | None = None) -> str:
    """What a program prints that imports the recipes; an error if it fails."""
    command = [program] if isinstance(program, Path) else ["-c", program]
    done = subprocess.run(  # noqa: S603
        [sys.executable, *command, *arguments],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": os.path.dirname(sqlite_store.__file__)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def number(count: int) -> str:
    return f"SK991{count:08}"


def payouts(database: Database) -> dict[object, object]:
    """The status of each payout."""
    return dict(database.query("SELECT control_number, status FROM skypay_payouts"))  # type: ignore[arg-type]


def check(database: Database) -> None:
    """Every event is processed once, one after the other, and the payouts have what their histories say."""
    rows = database.query(
        "SELECT control_number, position, previous, status, event FROM skypay_events "
        "ORDER BY control_number, position"
    )
    histories: dict[object, list[PayoutCallback]] = {}
    statuses: dict[object, object] = {}
    for control_number, position, previous, status, event in rows:
        events = histories.setdefault(control_number, [])
        events.append(PayoutCallback.from_dict(json.loads(str(event))))
        assert position == len(events)
        assert previous == statuses.get(control_number)
        assert status == PayoutHistory(events).status
        statuses[control_number] = status
    assert payouts(database) == statuses


def make_due(database: Database) -> None:
    """As if ``RETRY`` had passed for everything that your code did not finish."""
    database.query(
        "UPDATE skypay_events SET due_at = received_at WHERE done_at IS NULL AND due_at IS NOT NULL"
    )


def acted_on(store: Store) -> list[Processed]:
    handed_over: list[Processed] = []
    store.dispatch(handed_over.append)
    return handed_over


# What is saved


def test_accepted_and_quarantined_callbacks_are_kept_once_and_rejected_bodies_not_at_all(
    store: Store, database: Database
) -> None:
    contents = [body(), body(7), body(authentication="wrong"), b"garbage"]
    save_all(store, redelivered(contents, 3))
    assert database.events() == [key_of(body())]
    ((payload, control_number, errors, resolved),) = database.query(
        "SELECT payload, control_number, errors, resolved_at FROM skypay_quarantine"
    )
    assert json.loads(str(payload))["payType"] == "7"
    assert AUTHENTICATION not in f"{payload}{errors}"
    assert control_number == "SK99123456789"
    assert [field for field, _, _ in json.loads(str(errors))] == ["payType"]
    assert resolved is None


def test_different_content_under_one_key_is_kept_and_reported(
    store: Store, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    contents = [
        body(referenceNumber="MLA1"),
        body(referenceNumber="MLA2"),
        body(dealTime="2018-08-07T03:58:33Z"),
    ]
    save_all(store, redelivered(contents))
    assert database.events() == [key_of(body())] * 3
    assert store.process() == 3
    assert [record.getMessage() for record in caplog.records] == [
        f"{key_of(body())}: events with different content have this idempotency key"
    ]


def test_the_same_event_written_in_another_way_is_the_same_event(store: Store, database: Database) -> None:
    fields = json.loads(body(PayType.FAILURE, extra={"a": 1, "b": 2}))
    again = dict(reversed(fields.items())) | {"payType": 4, "dealTime": "2018-08-07T03:58:33.000Z"}
    again["extra"] = {"b": 2, "a": 1}
    save_all(store, [json.dumps(fields).encode(), json.dumps(again, indent=4).encode()])
    assert len(database.events()) == 1


def test_control_numbers_that_differ_in_case_are_two_payouts(store: Store, database: Database) -> None:
    save_all(
        store, [body(controlNumber="SKabc00000001"), body(PayType.CANCEL, controlNumber="SKABC00000001")]
    )
    assert store.process() == 2
    assert payouts(database) == {"SKabc00000001": "UPLOADED", "SKABC00000001": "CANCELLED"}


HOSTILE = "余额\0\r\n'\"\\%s :x 💸 \ud83d"


def test_a_text_that_a_database_cannot_hold_is_stored(store: Store, database: Database) -> None:
    texts = ["\0", "\ud83d", HOSTILE]
    for field in ("note", "failDescription", "referenceNumber", "controlNumber", "dealTime", "userName"):
        for text in texts:
            fields = json.loads(body(PayType.FAILURE)) | {field: text}
            store.save(PARSER.receive(json.dumps(fields).encode()))
        table = "event FROM skypay_events" if field == "note" else "payload FROM skypay_quarantine"
        stored = [json.loads(str(text))[field] for (text,) in database.query(f"SELECT {table}")]
        assert sorted(stored) == ([] if field == "userName" else sorted(texts))
        database.query("DELETE FROM skypay_quarantine")
    assert store.process() == 3
    assert {event.callback.extra["note"] for event in acted_on(store)} == {*texts}


@pytest.mark.parametrize("status", [PayType.UPLOAD, 7])
def test_the_largest_body_is_stored(store: Store, database: Database, status: int) -> None:
    table, column = ("skypay_quarantine", "payload") if status == 7 else ("skypay_events", "event")
    for character in ("\0", "é", "余", "💸", "\ud83d"):
        fields = json.loads(body(status)) | {"note": ""}
        text = json.dumps(fields, ensure_ascii=False).encode()
        size = len(json.dumps(character)) - 2 if character in "\0\ud83d" else len(character.encode())
        fields["note"] = character * ((65536 - len(text)) // size)
        content = json.dumps(fields, ensure_ascii=False).encode(errors="backslashreplace")
        assert 65530 < len(content) <= 65536
        store.save(PARSER.receive(content))
        ((stored,),) = database.query(f"SELECT {column} FROM {table}")
        assert json.loads(str(stored))["note"] == fields["note"]
        database.query(f"DELETE FROM {table}")


# The quarantine


def test_a_corrected_callback_is_stored_and_its_row_stays_closed(store: Store, database: Database) -> None:
    fields = {"note": "\ud83d", "payType": "2", "dealTime": "yesterday"}
    invalid = json.dumps(json.loads(body()) | fields).encode()
    save_all(store, [invalid])
    ((key, payload),) = store.quarantined()
    callback = PARSER.revalidate(payload | {"dealTime": "2018-08-08 09:00:00"})
    store.resolve(key, callback)
    save_all(store, [invalid])
    assert store.quarantined() == []
    assert store.process() == 1
    assert payouts(database) == {"SK99123456789": "PAID"}
    (processed,) = acted_on(store)
    assert processed.callback == callback
    with pytest.raises(KeyError):
        store.resolve(key, callback)
    with pytest.raises(KeyError):
        store.resolve("invalid/unknown", callback)
    assert len(database.query("SELECT 1 FROM skypay_quarantine WHERE resolved_at IS NOT NULL")) == 1


# The worker


@pytest.mark.parametrize(
    ("arrives", "at_once"), [(list, False), (list, True), (out_of_order, False), (redelivered, True)]
)
def test_the_worker_derives_the_status_of_each_scenario(
    store: Store, database: Database, arrives: Callable[[list[bytes]], list[bytes]], at_once: bool
) -> None:
    for scenario in SCENARIOS:
        for content in arrives(scenario.bodies()):
            save_all(store, [content])
            if not at_once:
                store.process()
    store.process()
    assert store.process() == 0
    check(database)
    for scenario in SCENARIOS:
        history = PayoutHistory(map(PARSER.parse, scenario.bodies()))
        ((*row,),) = database.query(
            "SELECT status, reference_number, fail_description FROM skypay_payouts "
            f"WHERE control_number = '{scenario.control_number}'"
        )
        assert row == [history.status, history.reference_number, history.fail_description]


def test_a_final_status_stays_and_what_is_dated_after_it_is_reported(
    store: Store, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    late = body(PayType.AMENDED_FAIL, dealTime="2018-08-09 00:00:00")
    save_all(store, [body(PayType.PAYOUT)])
    store.process()
    save_all(store, [late])
    store.process()
    assert payouts(database) == {"SK99123456789": "PAID"}
    assert [record.getMessage() for record in caplog.records] == [
        f"{key_of(late)}: dated after a final status"
    ]


def test_final_statuses_of_different_kinds_are_reported(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    save_all(store, [body(PayType.PAYOUT), body(PayType.CANCEL)])
    store.process()
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.ERROR, "SK99123456789: final statuses of different kinds: ask SkyPay what is true")
    ]


def test_changed_at_is_when_the_status_changed(store: Store, database: Database) -> None:
    def changed_at() -> object:
        store.process()
        ((time,),) = database.query("SELECT changed_at FROM skypay_payouts")
        return time

    save_all(store, [body()])
    uploaded = changed_at()
    save_all(store, [body(PayType.AMENDED_SUCCESS)])
    assert changed_at() == uploaded
    save_all(store, [body(PayType.PAYOUT)])
    assert changed_at() > uploaded  # type: ignore[operator]


def test_a_payout_that_cannot_be_processed_does_not_stop_the_others(
    store: Store, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    save_all(store, [body(controlNumber=number(count)) for count in range(3)])
    database.query(f"UPDATE skypay_events SET event = '{{}}' WHERE control_number = '{number(1)}'")
    assert store.process() == 2
    assert payouts(database) == {number(0): "UPLOADED", number(2): "UPLOADED"}
    assert [record.getMessage() for record in caplog.records] == [
        f"{number(1)}: the callbacks could not be processed"
    ]


def test_a_payout_without_unprocessed_events_is_left_alone(store: Store, database: Database) -> None:
    assert store.process_payout(number(1)) == 0
    assert payouts(database) == {}


def test_each_processed_event_is_handed_over_once_in_order(store: Store) -> None:
    save_all(store, [body(PayType.UPLOAD), body(PayType.AMENDED_FAIL)])
    assert acted_on(store) == []
    store.process()
    save_all(store, [body(PayType.PAYOUT), body(PayType.CANCEL)])
    store.process()
    got = [(one.callback.pay_type, one.previous, one.status) for one in acted_on(store)]
    first, second = (PayType.UPLOAD, PayType.AMENDED_FAIL), (PayType.PAYOUT, PayType.CANCEL)
    assert {pay_type for pay_type, _, _ in got[:2]} == {*first}
    assert {pay_type for pay_type, _, _ in got[2:]} == {*second}
    assert [status for _, _, status in got[:2]] == [PayoutStatus.UPLOADED] * 2
    assert got[-1][2] is PayoutStatus.CONFLICTING
    assert [before for _, before, _ in got] == [None, *(status for _, _, status in got[:-1])]
    assert acted_on(store) == []


def test_what_your_code_could_not_do_is_handed_over_again_before_what_follows_it(
    store: Store, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(processed: Processed) -> None:
        if processed.callback.control_number == number(1):
            raise RuntimeError("the bank is closed")

    save_all(store, [body(controlNumber=number(1)), body(controlNumber=number(2))])
    store.process()
    save_all(store, [body(PayType.PAYOUT, controlNumber=number(1))])
    store.process()
    assert store.dispatch(fail) == 1
    assert [record.getMessage() for record in caplog.records] == [
        f"{key_of(body(controlNumber=number(1)))}: could not act on this event"
    ]
    assert acted_on(store) == []
    make_due(database)
    assert [one.callback.pay_type for one in acted_on(store)] == [PayType.UPLOAD, PayType.PAYOUT]


# Races


def together(count: int, work: Callable[[int], object]) -> list[Future[object]]:
    """Do the work with each number at the same time, and wait for all of it."""
    barrier = Barrier(count)

    def one(position: int) -> object:
        barrier.wait(PATIENCE)
        return work(position)

    with ThreadPoolExecutor(count) as threads:
        return [threads.submit(one, position) for position in range(count)]


def test_deliveries_of_one_event_at_the_same_time_are_all_saved_once(
    store: Store, database: Database
) -> None:
    results = received(body(PayType.PAYOUT), body(7))
    for saved in together(40, lambda position: store.save(results[position % 2])):
        saved.result()
    assert database.events() == [key_of(body(PayType.PAYOUT))]
    assert len(database.quarantined()) == 1


def save_from_process(module: str, argument: str, first: int) -> None:
    store: Store = vars(__import__(module))["Store"](argument)
    for count in range(first, first + 60):
        save_all(
            store, [body(status, controlNumber=number(count % 20)) for status in (PayType(count % 6 + 1),)]
        )


def work_from_process(module: str, argument: str, log: str) -> None:
    store: Store = vars(__import__(module))["Store"](argument)

    def act(processed: Processed) -> None:
        with open(log, "a") as file:
            file.write(f"{processed.id}\n")

    while not Path(log).with_name("saved").exists() or store.process() or store.dispatch(act):
        sleep(0.01)
        store.process()
        store.dispatch(act)


def test_processes_that_save_and_work_at_the_same_time_process_each_event_once(
    database: Database, tmp_path: Path
) -> None:
    module, argument = recipe(database)
    log = tmp_path / "acted"
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    start = context.Process
    savers = [start(target=save_from_process, args=(module, argument, first)) for first in (0, 30)]
    workers = [start(target=work_from_process, args=(module, argument, str(log))) for _ in range(2)]
    for process in savers + workers:
        process.start()
    for process in savers:
        process.join()
    (tmp_path / "saved").touch()
    for process in workers:
        process.join()
    assert [process.exitcode for process in savers + workers] == [0] * 4
    assert len(database.events()) == 60
    check(database)
    assert set(Counter(lines(log)).values()) == {1}
    assert len(lines(log)) == 60


def test_many_processes_make_the_tables_at_the_same_time(database: Database) -> None:
    module, argument = recipe(database)
    program = f"""
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from {module} import Store
barrier = Barrier(4)
with ThreadPoolExecutor(4) as threads:
    print(len(list(threads.map(lambda _: barrier.wait() >= 0 and Store({argument!r}), range(4)))))
"""
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(run, [program] * 2)) == ["4\n"] * 2
    assert database.events() == database.quarantined() == []


def test_a_store_that_was_made_before_a_fork_works_after_it(database: Database) -> None:
    module, argument = recipe(database)
    program = f"""
import os
from {module} import Store
from skypay_payout import CallbackParser
from skypay_payout.testing import CREDENTIALS, body
store = Store({argument!r})
parser = CallbackParser(CREDENTIALS)
children = [os.fork() or store.save(parser.receive(body(status))) or os._exit(0) for status in (1, 2, 7)]
assert [os.waitpid(child, 0)[1] for child in children] == [0] * 3
"""
    run(program)
    assert len(database.events()) == 2
    assert len(database.quarantined()) == 1


# Crashes


@pytest.mark.parametrize(
    ("database", "stride"), [("sqlite", 1), ("postgres", 1), ("mariadb", 5)], indirect=["database"]
)
@pytest.mark.parametrize("what", ["save", "work"])
def test_a_process_killed_before_any_statement_loses_nothing_and_does_nothing_twice(
    store: Store, database: Database, tmp_path: Path, what: str, stride: int
) -> None:
    """PostgreSQL and MariaDB have one store, so that a sample is enough on one of them."""
    steps = int(run(KILLED, *recipe(database), what, str(stride), directory=tmp_path))
    assert steps > (12 if what == "save" else 20)
    numbers = [number(step) for step in range(1, steps + 1, stride)]
    keys = [
        key_of(body(status, controlNumber=one))
        for one in numbers
        for status in (PayType.PAYOUT, PayType.CANCEL)
    ]
    assert database.events() == sorted(keys)
    assert sorted(json.loads(str(payload))["controlNumber"] for payload in database.quarantined()) == numbers
    make_due(database)
    store.process()
    handed_over = [one.id for one in acted_on(store)]
    check(database)
    assert payouts(database) == dict.fromkeys(numbers, "CONFLICTING")
    acted = Counter(lines(tmp_path / "acted") + handed_over)
    assert acted.keys() == {digest for (digest,) in database.query("SELECT digest FROM skypay_events")}
    # Twice only where it was killed after your code ran and before that was noted.
    assert max(acted.values()) <= 2
    assert what == "work" or max(acted.values()) == 1


# Locks, and databases that do not respond

CALLBACKS = [body(PayType.PAYOUT), body(7)]


def try_to_save(store: Store, *contents: bytes) -> None:
    """Try it 24 times at once: not one may succeed, nor wait as long as many of them would one by one."""
    results = received(*contents)
    barrier = Barrier(24)

    def save(position: int) -> None:
        barrier.wait(PATIENCE)
        store.save(results[position % len(results)])

    with ThreadPoolExecutor(24) as threads:
        saving = [threads.submit(save, position) for position in range(24)]
        _, waiting = wait(saving, timeout=24)
    assert not waiting
    assert all(one.exception() for one in saving)


def assert_works(store: Store, database: Database) -> None:
    save_all(store, CALLBACKS)
    assert database.events() == [key_of(CALLBACKS[0])]
    assert len(database.quarantined()) == 1
    assert store.process() == 1
    assert len(acted_on(store)) == 1


@contextmanager
def held(database: Database, *statements: str) -> Iterator[None]:
    """Hold the locks that these statements take."""
    engine = create_engine(database.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        yield


@contextmanager
def row_lock(database: Database) -> Iterator[None]:
    """Another process is saving the same callbacks, and does not get on."""
    event, invalid = received(*CALLBACKS)
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as threads:
        commit, waiting = threading.Event(), Semaphore(0)

        def pause(*_: object) -> None:
            waiting.release()
            commit.wait(PATIENCE)

        engine = create_engine(database.url, poolclass=NullPool)
        listen(engine, "commit", pause)
        other = sqlalchemy_store.Store(database.url)
        patch.setattr(other, "_engine", engine)
        saved = [threads.submit(other._save, result) for result in (event, invalid)]
        try:
            assert waiting.acquire(timeout=PATIENCE)
            assert waiting.acquire(timeout=PATIENCE)
            yield
        finally:
            commit.set()
        for one in saved:
            one.result()
        close(other)


@contextmanager
def migration(database: Database) -> Iterator[None]:
    """A migration waits for a transaction that somebody left open, and everybody else waits behind it."""
    tables = ("skypay_events", "skypay_quarantine")
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


LOCKS: dict[str, Callable[[Database], AbstractContextManager[None]]] = {
    "sqlite exclusive": lambda database: held(database, "BEGIN EXCLUSIVE"),
    "sqlite immediate": lambda database: held(database, "BEGIN IMMEDIATE"),
    "postgres row": row_lock,
    "postgres table": lambda database: held(
        database, "BEGIN", "LOCK TABLE skypay_events, skypay_quarantine IN ACCESS EXCLUSIVE MODE"
    ),
    "mariadb row": row_lock,
    "mariadb table": lambda database: held(
        database, "LOCK TABLES skypay_events WRITE, skypay_quarantine WRITE"
    ),
    "postgres migration": migration,
    "mariadb migration": migration,
    "mariadb all": lambda database: held(database, "FLUSH TABLES WITH READ LOCK"),
}


@pytest.mark.parametrize(
    ("database", "lock"), [(name.split()[0], name) for name in LOCKS], indirect=["database"], ids=list(LOCKS)
)
def test_waits_for_a_lock_are_bounded_however_many_wait(store: Store, database: Database, lock: str) -> None:
    with LOCKS[lock](database):
        try_to_save(store, *CALLBACKS)
    assert_works(store, database)


@servers_only
def test_a_server_that_is_gone_is_an_error_until_it_is_back(
    store: Store, database: Database, server: DatabaseServer
) -> None:
    save_all(store, CALLBACKS)
    server.stop()
    try:
        try_to_save(store, *CALLBACKS)
    finally:
        server.start()
    assert_works(store, database)


@servers_only
def test_a_server_that_was_restarted_is_none(
    store: Store, database: Database, server: DatabaseServer
) -> None:
    save_all(store, CALLBACKS)
    server.stop()
    server.start()
    assert_works(store, database)


@servers_only
def test_waits_for_a_server_that_hangs_are_bounded(
    store: Store, database: Database, server: DatabaseServer
) -> None:
    save_all(store, [body(controlNumber=number(1))])
    assert store.process() == 1
    assert len(acted_on(store)) == 1
    database.query("DELETE FROM skypay_events")
    with server.frozen():
        try_to_save(store, *CALLBACKS)
    wait_until(partial(is_saved, store))
    assert_works(store, database)


def is_saved(store: Store) -> bool:
    try:
        save_all(store, CALLBACKS)
    except (TimeoutError, SQLAlchemyError):
        return False
    return True


@pytest.mark.parametrize("scheme", ["postgresql+psycopg", "mysql+pymysql"])
def test_a_store_is_not_opened_on_a_server_that_never_responds(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(OperationalError):
        sqlalchemy_store.Store(f"{scheme}://user@127.0.0.1:{listener.getsockname()[1]}/payouts")


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
def test_both_names_of_mariadb_mean_the_same(database: Database) -> None:
    store = sqlalchemy_store.Store(database.url.replace("mysql+", "mariadb+"))
    assert_works(store, database)
    ((collation,),) = database.query(
        "SELECT DISTINCT collation_name FROM information_schema.columns "
        "WHERE table_schema = DATABASE() AND collation_name IS NOT NULL"
    )
    assert collation == "utf8mb4_bin"
    close(store)


# SQLite's file


def test_nothing_is_saved_in_a_file_that_was_deleted(tmp_path: Path) -> None:
    path = tmp_path / "payouts.sqlite3"
    store = sqlite_store.Store(path)
    save_all(store, [body()])
    path.unlink()
    for content in CALLBACKS:
        with pytest.raises(OSError, match=str(path)):
            save_all(store, [content])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("replaced", [True, False])
def test_an_event_in_a_file_that_is_deleted_at_that_moment_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replaced: bool
) -> None:
    path = tmp_path / "payouts.sqlite3"
    store = sqlite_store.Store(path)
    insert = sqlite_store._insert_event

    def delete(connection: sqlite3.Connection, callback: PayoutCallback) -> None:
        insert(connection, callback)
        path.unlink()
        if replaced:
            sqlite_store.Store(path)

    monkeypatch.setattr(sqlite_store, "_insert_event", delete)
    with pytest.raises(OSError, match=str(path)):
        save_all(store, [body()])


def test_a_file_that_was_put_back_is_used_at_once(tmp_path: Path) -> None:
    path, backup = tmp_path / "payouts.sqlite3", tmp_path / "backup"
    store = sqlite_store.Store(path)
    save_all(store, [body()])
    path.rename(backup)
    with pytest.raises(OSError, match=str(path)):
        save_all(store, CALLBACKS)
    backup.rename(path)
    save_all(store, CALLBACKS)
    assert len(sqlite_database(tmp_path).events()) == 2
