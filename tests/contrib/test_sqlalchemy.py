"""What is peculiar to ``skypay_payout.contrib.sqlalchemy``; the suite of all stores tests the rest."""

from __future__ import annotations

import json
import re
import sqlite3
import sys
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import monotonic
from unittest.mock import Mock

import pytest
from sqlalchemy import Connection, Index, create_engine, event, make_url
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateIndex

from skypay_payout import PayoutStatus, PayType
from skypay_payout._command import main
from skypay_payout.contrib import sqlalchemy as contrib
from skypay_payout.contrib._payouts import MAX_ATTEMPTS, MAX_BACKOFF, OVERDUE, UNPROCESSED
from skypay_payout.contrib.sqlalchemy import Store, _database, metadata
from skypay_payout.testing import body
from tests.contrib.sqlalchemy_adapter import SQLAlchemyStore
from tests.contrib.store.cases import INVALID, NUMBER, PARSER, Crowd, number, received, save_all
from tests.contrib.store.test_waits import assert_works
from tests.support.databases import Database, DatabaseServer, sqlite_database
from tests.support.servers import wait_until

pytestmark = [pytest.mark.heavy, pytest.mark.filterwarnings("ignore::ResourceWarning")]

PASSWORD = "a-password-that-nobody-may-see"
RESULTS = [received(PayType.PAYOUT), received(INVALID)]


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return sqlite_database(tmp_path)


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    store = Store(database.url)
    yield store
    store.close()


# URLs


WITHOUT_A_DRIVER = ["postgres", "postgresql", "mysql", "mariadb", "mysql+mysqldb", "oracle"]


@pytest.mark.parametrize(
    ("url", "error"),
    [
        *(
            (f"{scheme}://user:{PASSWORD}@localhost/x", rf"begins with {scheme}:")
            for scheme in WITHOUT_A_DRIVER
        ),
        (f"user:{PASSWORD}@localhost", "expected a URL"),
        (f"postgresql+psycopg://user:{PASSWORD}@h:port/x", "expected a URL"),
        *(
            (url, "expected sqlite:/// and the path of a file, got none: what is stored must stay")
            for url in ("sqlite://", "sqlite:///:memory:", "sqlite:///file:x?uri=true")
        ),
    ],
)
def test_a_url_that_cannot_be_used_is_an_error_without_the_password(url: str, error: str) -> None:
    with pytest.raises(ValueError, match=re.escape(error)) as raised:
        Store(url)
    assert str(raised.value).startswith("expected ")
    assert PASSWORD not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("scheme", ["postgresql+psycopg", "mariadb+pymysql", "mysql+pymysql"])
def test_nothing_is_opened_before_it_is_needed_and_no_error_shows_the_password(scheme: str) -> None:
    store = Store(f"{scheme}://user:{PASSWORD}@127.0.0.1:1/payouts")
    with pytest.raises(OperationalError) as raised:
        store.save(RESULTS[0])
    assert PASSWORD not in "".join(traceback.format_exception(raised.value))


def test_no_error_shows_what_was_stored(store: Store, database: Database) -> None:
    database.query("DROP TABLE skypay_events")
    with pytest.raises(DBAPIError) as raised:
        store.save(RESULTS[0])
    assert NUMBER not in str(raised.value)


# Tables


@pytest.mark.parametrize("scheme", ["mysql", "mariadb"])
def test_both_names_of_mariadb_make_the_same_tables(mariadb: DatabaseServer, scheme: str) -> None:
    database = mariadb.database()
    adapter = SQLAlchemyStore(database.url.replace("mysql+", f"{scheme}+"), new=True)
    assert_works(adapter, database)  # type: ignore[arg-type]
    assert database.query(
        "SELECT DISTINCT collation_name FROM information_schema.columns "
        "WHERE table_schema = DATABASE() AND collation_name IS NOT NULL"
    ) == [("utf8mb4_bin",)]
    types = database.query(
        "SELECT DISTINCT data_type, datetime_precision FROM information_schema.columns "
        "WHERE table_schema = DATABASE() AND data_type LIKE '%%text' OR table_schema = DATABASE() AND "
        "data_type = 'datetime'"
    )
    assert sorted(types, key=str) == [("datetime", 6), ("mediumtext", None)]
    adapter._store.close()


def test_a_database_that_is_not_in_utf_8_stores_and_processes_everything(postgres: DatabaseServer) -> None:
    database = postgres.database("ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    store = Store(database.url)
    store.create_all()
    save_all(store, [received(PayType.FAILURE, failDescription="余额不足"), received(PayType.PAYOUT)])  # type: ignore[arg-type]
    store.decide(NUMBER, PayoutStatus.PAID, who="小王", why="余")
    assert store.process() == 1
    state = store.state(NUMBER)
    assert state is not None
    assert state.decision == "PAID"
    store.close()


def test_what_is_read_in_parts_is_complete_and_in_order(
    postgres: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for size in ("_PART", "_BATCH"):
        monkeypatch.setattr(contrib, size, 1)
    store = Store(postgres.database().url)
    store.create_all()
    numbers = [number(count) for count in range(3)]
    save_all(store, [received(PayType.PAYOUT, controlNumber=each) for each in reversed(numbers)])  # type: ignore[arg-type]
    assert store.process() == store.dispatch(lambda _: None) == 3
    assert sorted(each.control_number for each in store.events()) == numbers
    assert [each for each, _ in store.states()] == numbers
    assert store.prune(timedelta()) == 3
    store.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgres", "mariadb"])
def test_many_make_the_tables_at_the_same_time(
    request: pytest.FixtureRequest, database: Database, kind: str
) -> None:
    if kind != "sqlite":
        database = request.getfixturevalue(kind).database()

    def make(_: int) -> None:
        store = Store(database.url)
        store.create_all()
        store.close()

    with Crowd(8) as makers:
        makers.do(make, range(8))
    store = SQLAlchemyStore(database.url)
    assert_works(store, database)  # type: ignore[arg-type]
    store._store.close()


def test_tables_that_cannot_be_made_are_an_error_after_ten_attempts(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail = Mock(side_effect=OperationalError("", {}, Exception()))
    monkeypatch.setattr(store._database, "transaction", fail)
    with pytest.raises(OperationalError):
        store.create_all()
    assert fail.call_count == 10
    (deadline,) = {each.kwargs["deadline"] for each in fail.mock_calls}
    assert 0 < deadline - monotonic() <= _database.WORK


@pytest.mark.parametrize("url", ["postgresql+psycopg://", "sqlite://"])
def test_each_query_for_open_work_has_an_index_of_what_is_open(url: str) -> None:
    statements = {
        str(CreateIndex(index).compile(dialect=create_engine(url).dialect))
        for table in metadata.sorted_tables
        for index in table.indexes
        if isinstance(index, Index)
    }
    for table in ("events", "quarantine", "decisions"):
        expected = f"CREATE INDEX skypay_{table}_due ON skypay_{table} (due_at) WHERE due_at IS NOT NULL"
        assert expected in statements


# Engines and hooks


def test_an_engine_connects_as_its_owner_said(postgres: DatabaseServer) -> None:
    database = postgres.database()
    options = {"application_name": "partner"}
    engine = create_engine(database.url, pool_size=1, max_overflow=0, connect_args=options)
    store = Store(engine)
    store.create_all()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(store.save, RESULTS * 4))
    names = database.query(
        "SELECT DISTINCT application_name FROM pg_stat_activity WHERE query LIKE 'COMMIT%%'"
    )
    assert names == [("partner",)]
    assert store.process() == 1
    store.close()
    engine.dispose()


def test_a_session_of_the_hook_is_part_of_the_transaction(store: Store, database: Database) -> None:
    database.query("CREATE TABLE loans (number VARCHAR(20))")
    store.save(RESULTS[0])
    fails = True

    def hook(change: object, connection: object) -> None:
        with Session(bind=connection) as session:  # type: ignore[arg-type]
            session.connection().exec_driver_sql("INSERT INTO loans VALUES ('x')")
            session.commit()
        if fails:
            raise RuntimeError

    assert store.process(hook) == 0
    assert database.query("SELECT * FROM loans") == []
    database.query("UPDATE skypay_events SET due_at = received_at")
    fails = False
    assert store.process(hook) == 1
    assert database.query("SELECT * FROM loans") == [("x",)]


def test_a_hook_waits_for_a_lock_no_longer_than_save_does(postgres: DatabaseServer) -> None:
    store = Store(postgres.database().url)
    store.create_all()
    store.save(RESULTS[0])
    limits: list[object] = []

    def hook(_: object, connection: Connection) -> None:
        limits.append(connection.exec_driver_sql("SHOW lock_timeout").scalar())

    assert store.process(hook) == 1
    assert limits == ["4500ms"]
    with store._database.transaction() as connection:
        assert connection.connection.dbapi_connection.autocommit, "the driver begins nothing"  # type: ignore[union-attr]
    store.close()


def test_a_connection_that_was_idle_and_answers_is_used_again(
    mariadb: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_database, "_PING_AFTER", -1)
    store = Store(mariadb.database().url)
    store.create_all()
    connections = set[object]()

    def hook(_: object, connection: Connection) -> None:
        connections.add(connection.exec_driver_sql("SELECT connection_id()").scalar())

    for result in RESULTS:
        store.save(result)
        assert store.process(hook) == 1
    assert len(connections) == 1
    store.close()


# Settings of the server that lose what was acknowledged


@pytest.mark.parametrize(
    ("kind", "setting", "change"),
    [
        ("postgres", "synchronous_commit is off", "ALTER DATABASE {} SET synchronous_commit = off"),
        ("mariadb", "@@innodb_flush_log_at_trx_commit is 0", "SET GLOBAL innodb_flush_log_at_trx_commit = 0"),
    ],
)
def test_an_unsafe_setting_is_a_warning(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture, kind: str, setting: str, change: str
) -> None:
    database = request.getfixturevalue(kind).database()
    Store(database.url).create_all()
    assert caplog.text == ""
    try:
        database.query(change.format(make_url(database.url).database))
        Store(database.url).create_all()
        assert caplog.messages == [f"{setting}: the server may lose what was acknowledged"]
    finally:
        if kind == "mariadb":
            database.query("SET GLOBAL innodb_flush_log_at_trx_commit = 2")


def test_a_connection_that_was_not_used_for_a_while_is_tried_first(
    postgres: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_database, "_PING_AFTER", 0)
    database = postgres.database()
    store = Store(database.url)
    store.create_all()
    store.save(RESULTS[0])
    name = make_url(database.url).database
    postgres._administer(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    assert len(list(store.events())) == 1
    store.close()


# SQLite's file


def test_sqlite_is_durable_and_readers_do_not_wait(store: Store, database: Database) -> None:
    with store._database.transaction() as connection:
        values = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")
        ]
    assert values == ["wal", 2]


def test_a_store_is_opened_while_another_process_writes(store: Store, database: Database) -> None:
    other = sqlite3.connect(database.url.removeprefix("sqlite:///"))
    other.execute("BEGIN IMMEDIATE")
    Store(database.url).close()
    other.close()


def test_a_relative_path_is_that_of_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = Store("sqlite:///payouts #1?.sqlite3".replace("?", "%3F"))
    monkeypatch.chdir("/")
    store.save(RESULTS[0])
    assert len(list(store.events())) == 1
    store.close()


def test_a_file_that_is_no_database_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database" * 1000)
    with pytest.raises(DatabaseError, match="not a database"):
        Store(f"sqlite:///{tmp_path}/text")


def test_a_process_that_was_forked_leaves_connections_to_its_parent(store: Store) -> None:
    store.save(RESULTS[0])
    engine = store._database._engine
    _database._after_fork()
    store.save(RESULTS[0])
    assert store._database._engine is not engine


def test_a_connection_that_was_too_late_is_not_used_again(store: Store) -> None:
    database = store._database
    with database.transaction(0.01) as connection:
        late = connection.connection.dbapi_connection
        wait_until(lambda: not database._own.watchdog._watched)
    with database.transaction() as connection:
        assert connection.connection.dbapi_connection is not late


def test_nothing_is_saved_in_a_file_that_was_deleted(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "payouts.sqlite3"
    store.save(RESULTS[0])
    path.rename(tmp_path / "backup")
    for result in RESULTS:
        with pytest.raises(OperationalError, match="unable to open"):
            store.save(result)
    assert not path.exists()
    (tmp_path / "backup").rename(path)
    save_all(store, RESULTS)  # type: ignore[arg-type]
    assert len(list(store.events())) == len(store.quarantined()) == 1


@pytest.mark.parametrize("replaced", [True, False])
def test_an_event_in_a_file_that_is_deleted_at_that_moment_is_an_error(
    store: Store, tmp_path: Path, replaced: bool
) -> None:
    path = tmp_path / "payouts.sqlite3"
    store.save(RESULTS[0])

    def delete(*_: object) -> None:
        if path.exists() and not done:
            path.rename(tmp_path / "gone")
            done.append(True)
            if replaced:
                Store(f"sqlite:///{path}").close()

    done: list[bool] = []
    event.listen(store._database._engine, "before_cursor_execute", delete)
    with pytest.raises(OSError, match=str(path)):
        store.save(received(PayType.CANCEL))


def test_a_backup_of_a_database_in_use_is_complete(store: Store, database: Database, tmp_path: Path) -> None:
    save_all(store, [received(controlNumber=number(count)) for count in range(50)])  # type: ignore[arg-type]
    copy = tmp_path / "copy.sqlite3"
    store.backup(copy)
    assert len(list(store.events())) == 50
    other = Store(f"sqlite:///{copy}")
    assert len(list(other.events())) == 50
    other.close()
    with pytest.raises(FileExistsError):
        store.backup(copy)
    store.close()
    Path(database.url.removeprefix("sqlite:///")).write_bytes(b"overwritten" * 1000)
    with pytest.raises(sqlite3.DatabaseError):
        store.backup(tmp_path / "incomplete")
    assert not (tmp_path / "incomplete").exists()
    server = Store("postgresql+psycopg://user@localhost/payouts")
    with pytest.raises(
        ValueError, match="^expected a SQLite database: use the server's own tool, such as pg_dump$"
    ):
        server.backup(copy)
    server.close()


def test_a_payout_that_changes_while_others_are_pruned_stays(
    store: Store, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save(received(PayType.PAYOUT))
    store.process()
    store.dispatch(lambda _: None)
    courtesy = store._database.courtesy

    def meanwhile() -> AbstractContextManager[None]:
        database.query("UPDATE skypay_payouts SET quarantined = 1")
        return courtesy()

    monkeypatch.setattr(store._database, "courtesy", meanwhile)
    assert store.prune(timedelta()) == 0
    assert store.state(NUMBER) is not None


def test_what_is_exactly_as_old_as_a_limit_is_not_older(
    store: Store, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = now = datetime(2026, 1, 1, tzinfo=UTC)
    monkeypatch.setattr(store._database, "clock", lambda: now)
    paid = received(PayType.PAYOUT, controlNumber=number(1))
    save_all(store, [received(), paid, received(INVALID, controlNumber="SKY**12345678")])  # type: ignore[arg-type]
    now = saved - 2 * MAX_BACKOFF
    assert store.open_work()["unprocessed"] == 0
    now = saved + UNPROCESSED
    assert store.open_work()["unprocessed"] == 0
    store.dismiss(store.quarantined()[0].digest, who="me", why="")
    assert store.process() == 2
    now += UNPROCESSED
    assert store.open_work()["unprocessed"] == 0
    assert store.dispatch(lambda _: None) == 2
    now += OVERDUE - UNPROCESSED
    assert store.open_work()["overdue"] == 0
    assert store.prune(OVERDUE) == 0
    assert database.query("SELECT count(*) FROM skypay_quarantine") == [(1,)]
    store.save(received(controlNumber=number(1)))  # which changes no status
    assert store.process() == store.dispatch(lambda _: None) == 1
    assert store.prune(timedelta()) == 0


def test_a_round_ends_after_the_current_payout(store: Store) -> None:
    save_all(store, [received(controlNumber=number(count)) for count in range(3)])  # type: ignore[arg-type]
    asked = iter([False, False])
    assert store.process(stop=lambda: next(asked, True)) == 1
    assert store.process() == 2


# The command


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    def run(url: str, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setenv("DATABASE_URL", url)
        status = main(["store", *arguments])
        return (status, *capsys.readouterr())

    return run


@pytest.mark.usefixtures("account")
def test_people_work_with_the_command(
    store: Store, database: Database, tmp_path: Path, command: Callable[..., tuple[int, str, str]]
) -> None:
    run = partial(command, database.url)
    file = tmp_path / "corrected.json"
    assert run("init")[0] == 0
    save_all(store, [*RESULTS, received(PayType.CANCEL)])  # type: ignore[arg-type]
    events = [json.loads(line) for line in run("events")[1].splitlines()]
    assert PARSER.parse(body(PayType.PAYOUT)).to_dict() in events
    (row,) = [json.loads(line) for line in run("quarantine")[1].splitlines()]
    assert row["controlNumber"] == NUMBER
    assert row["errors"][0]["code"] == "unknown_status"
    store.process()
    (state,) = [json.loads(line) for line in run("status")[1].splitlines()]
    assert run("status", NUMBER) == (0, json.dumps(state) + "\n", "")
    assert [json.loads(line)["payType"] for line in run("events", NUMBER)[1].splitlines()] == [2, 3]
    for show in ("status", "events"):
        status, output, error = run(show, number(9))
        assert (status, output, number(9) in error) == (1, "", True)
    assert state == {
        "controlNumber": NUMBER,
        "status": "CONFLICTING",
        "anomalies": ["conflicting_statuses"],
        "quarantined": 1,
        "decision": None,
    }
    assert run("decide", NUMBER, "PAID", "--who", "me", "--why", "asked")[0] == 0

    def accept(text: str) -> tuple[int, str, str]:
        file.write_text(text)
        return run("accept", row["digest"], str(file), "--who", "me")

    assert accept(json.dumps(row["payload"])[:-1] + ', "payType": "2"}')[0] == 2  # a field twice
    assert accept("[" * 60_000)[0] == 2
    assert "the payload alone" in accept(json.dumps(row))[2]
    status, _, error = accept(json.dumps(row["payload"]))
    assert (status, "payType: unknown_status" in error) == (2, True)
    assert accept(json.dumps({**row["payload"], "payType": "2"}))[0] == 0
    status, _, error = run("dismiss", row["digest"], "--who", "me", "--why", "late")
    assert (status, "resolved already" in error) == (2, True)
    store.process()
    database.query(f"UPDATE skypay_payouts SET act_attempts = {MAX_ATTEMPTS - 1}")
    store.dispatch(lambda _: 1 / 0)
    assert run("retry", NUMBER)[0] == 0
    status, _, error = run("retry", NUMBER)
    assert (status, "whose action failed" in error) == (2, True)
    assert run("backup", str(tmp_path / "copy"))[0] == 0
    assert run("prune", "--older-than", "90")[1] == "0\n"
    assert run("prune", "--older-than", "-1")[0] == 2


def test_the_command_shows_no_password(
    postgres: DatabaseServer, command: Callable[..., tuple[int, str, str]]
) -> None:
    for url in (
        f"postgres://user:{PASSWORD}@localhost/x",
        f"postgresql+psycopg://user:{PASSWORD}@127.0.0.1:1/x",
    ):
        status, output, error = command(url, "events")
        assert (status, output) == (2, "")
        assert PASSWORD not in error
        assert error.count("\n") == 1
    assert "DATABASE_URL" in command("", "events")[2]
    assert "store init" in command(postgres.database().url, "events")[2]


def test_the_command_makes_no_database_but_with_init(
    tmp_path: Path, command: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    status, _, error = command("sqlite:///file", "status")
    assert (status, f"{tmp_path}/file, which does not exist" in error) == (2, True)
    assert list(tmp_path.iterdir()) == []
    assert command("sqlite:///file", "init") == (0, "", "")
    assert command("sqlite:///file", "status") == (0, "", "")


def test_the_command_says_what_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, command: Callable[..., tuple[int, str, str]]
) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy.exc", None)
    assert "pip install 'skypay-payout[sqlalchemy]'" in command("sqlite:///x", "events")[2]
