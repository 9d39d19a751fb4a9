"""How ``contrib.sqlalchemy`` prepares, bounds, tries and shuts connections; without a server."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from time import monotonic, tzset
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock, call

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError, InvalidatePoolError

from skypay_payout.contrib.sqlalchemy import _database
from skypay_payout.contrib.sqlalchemy._database import Database
from tests.support.servers import wait_until

NOW = 100.0
DEADLOCKS = [
    SimpleNamespace(sqlstate="40P01"),
    SimpleNamespace(sqlstate="40001"),
    Exception(1213, "Deadlock"),
]
OTHERS = [None, SimpleNamespace(sqlstate="55P03"), Exception(1205, "Lock wait timeout"), Exception()]


@pytest.fixture
def sqlite(tmp_path: Path) -> Database:
    (tmp_path / "file").touch()
    return Database(f"sqlite:///{tmp_path}/file")


@pytest.fixture
def postgresql() -> Database:
    return Database("postgresql+psycopg://user@127.0.0.1:1/x")


@pytest.fixture
def mysql() -> Database:
    return Database("mysql+pymysql://user@127.0.0.1:1/x")


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_database, "monotonic", lambda: NOW)


@pytest.mark.parametrize(
    ("error", "lost", "attempts"),
    [
        *((error, False, 3) for error in DEADLOCKS),
        *((error, False, 1) for error in OTHERS),
        (OTHERS[1], True, 3),
    ],
)
def test_work_is_tried_three_times_in_one_bound_if_the_connection_was_lost_or_in_a_deadlock(
    sqlite: Database, error: Any, lost: bool, attempts: int
) -> None:
    deadlines: list[float] = []

    def fail(_: object) -> None:
        deadlines.append(_database._deadline.get())
        raise DBAPIError("", {}, error, connection_invalidated=lost)

    with pytest.raises(DBAPIError):
        sqlite.attempt(fail)
    assert len(deadlines) == attempts
    assert len(set(deadlines)) == 1


@pytest.mark.usefixtures("frozen")
def test_work_is_not_tried_again_when_the_time_is_over(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_database, "WAIT", 0)
    work = Mock(side_effect=DBAPIError("", {}, DEADLOCKS[0]))  # type: ignore[arg-type]
    with pytest.raises(DBAPIError):
        sqlite.attempt(work)
    work.assert_called_once()


@pytest.mark.parametrize("begin", [True, False])
def test_work_begins_a_transaction_unless_it_needs_none(sqlite: Database, begin: bool) -> None:
    def work(connection: Any) -> object:
        return connection.connection.dbapi_connection.in_transaction

    assert sqlite.attempt(work, begin=begin) is begin


@pytest.mark.parametrize(("seconds", "statement", "lock"), [(60, 54000, 4500), (1, 900, 900), (-1, 1, 1)])
def test_postgresql_gets_begin_and_limits_with_the_first_statement(
    postgresql: Database, seconds: float, statement: int, lock: int
) -> None:
    connection: Any = SimpleNamespace(info={})
    postgresql._begin(connection, seconds, begin=True)
    begin = (
        f"BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = {statement}; "
        f"SET LOCAL idle_in_transaction_session_timeout = {statement}; SET LOCAL lock_timeout = {lock}; "
    )
    for expected in (f"{begin}SELECT 1", "SELECT 1"):
        assert _database._with_begin(connection, None, "SELECT 1", (2,)) == (expected, (2,))


def test_other_databases_begin_with_a_statement_of_its_own(sqlite: Database, mysql: Database) -> None:
    plain = {"execution_options": {"no_parameters": True}}
    connection = Mock()
    mysql._begin(connection, 5, begin=True)
    assert connection.mock_calls == [call.exec_driver_sql("START TRANSACTION", **plain)]
    connection = Mock()
    sqlite._begin(connection, 5, begin=True)
    connection.connection.cursor().execute.assert_called_once_with("PRAGMA busy_timeout = 4500")
    connection.exec_driver_sql.assert_called_once_with("BEGIN IMMEDIATE", **plain)


def executed(database: Database, answer: str = "on") -> list[str]:
    """The statements that prepare a new connection."""
    connection = Mock()
    cursor = Mock()
    cursor.fetchall.return_value = [(answer,)]
    connection.cursor.return_value.__enter__ = Mock(return_value=cursor)
    connection.cursor.return_value.__exit__ = Mock(return_value=None)
    database._connected(connection, SimpleNamespace(info={}))
    assert (connection.cursor_factory is psycopg.ClientCursor) == (database.kind == "postgresql")
    return [one.args[0] for each in (connection, cursor) for one in each.execute.call_args_list]


def test_a_new_connection_is_prepared(sqlite: Database, postgresql: Database, mysql: Database) -> None:
    assert executed(sqlite) == [
        *("PRAGMA busy_timeout = 4500", "PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL")
    ]
    for database, session, ask in (
        (postgresql, (), "SHOW synchronous_commit"),
        (mysql, _database._MARIADB_SESSION, "SELECT @@innodb_flush_log_at_trx_commit"),
    ):
        assert executed(database) == [*session, ask]
        assert executed(database) == [*session], "asked once"


def test_however_many_need_a_connection_gets_one_and_some_are_kept(sqlite: Database) -> None:
    with ExitStack() as all_at_once:
        for _ in range(20):
            all_at_once.enter_context(sqlite.reading())
    assert sqlite._engine.pool.checkedin() == _database.CONNECTIONS  # type: ignore[attr-defined]


def test_a_connection_that_is_made_too_late_is_an_error_and_closed(
    mysql: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, threads, made = threading.Event(), list[threading.Thread](), Mock()

    def connect(**options: object) -> Mock:
        assert options.items() >= _database._CONNECT["mysql"].items()
        threads.append(threading.current_thread())
        go_on.wait()
        return made

    monkeypatch.setattr(mysql._engine.dialect, "connect", connect)
    with (
        pytest.raises(TimeoutError, match="^the database did not take the connection in time$"),
        mysql.transaction(0.01),
    ):
        pass
    go_on.set()
    (thread,) = threads
    assert (thread.name, thread.daemon) == ("skypay_payout connect", True)
    thread.join()
    made.close.assert_called_once_with()


def test_what_a_new_connection_is_asked_first_is_bounded(
    mysql: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    watchdog, dialect = Mock(), Mock()
    monkeypatch.setattr(mysql._own, "watchdog", watchdog)
    _database._deadline.set(deadline := monotonic() + 60)
    connection = mysql._connect(dialect, None, [], {})
    assert connection is dialect.connect.return_value
    watchdog.watch.assert_called_once_with(connection, deadline)


def test_an_error_while_connecting_is_raised_as_it_is(
    mysql: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = Mock(side_effect=OSError("no route"))
    monkeypatch.setattr(mysql._engine.dialect, "connect", connect)
    with pytest.raises(OSError, match="no route"), mysql.transaction():
        pass
    connect.assert_called_once()  # not again without a bound


@pytest.mark.usefixtures("frozen")
@pytest.mark.parametrize(
    ("used", "deadline", "bound"),
    [(None, 105.0, None), (99.0, 105.0, None), (98.9, 105.0, 101.0), (98.9, 100.5, 100.5)],
)
@pytest.mark.parametrize("works", [True, False])
def test_a_connection_that_was_idle_is_tried_for_a_second(
    mysql: Database,
    monkeypatch: pytest.MonkeyPatch,
    used: float | None,
    deadline: float,
    bound: float | None,
    works: bool,
) -> None:
    connection, watchdog = Mock(), Mock()
    ping = Mock(side_effect=None if works else OSError)
    monkeypatch.setattr(mysql._own, "watchdog", watchdog)
    monkeypatch.setattr(mysql._engine.dialect, "do_ping", ping)
    _database._deadline.set(deadline)
    record = SimpleNamespace(info={} if used is None else {"used": used})
    if bound is None or works:
        mysql._checkout(connection, record, None)
    else:
        with pytest.raises(InvalidatePoolError):
            mysql._checkout(connection, record, None)
    expected = [call.watch(connection, bound), call.release(connection)]
    assert watchdog.mock_calls == (expected if bound else [])
    assert ping.mock_calls == ([call(connection)] if bound else [])
    mysql._checkin(None, record)
    assert record.info == {"used": NOW}


def test_connections_past_their_deadlines_are_shut_by_one_thread() -> None:
    watchdog = _database._Watchdog()
    pairs = [socket.socketpair() for _ in range(2)]
    connections = [pairs[0][0], SimpleNamespace(_sock=pairs[1][0])]  # PyMySQL's has no fileno
    late, others = object(), threading.enumerate()
    for connection in (late, *connections):
        watchdog.watch(connection, monotonic() + (60 if connection is late else 0))
    (thread,) = set(threading.enumerate()).difference(others)
    assert (thread.name, thread.daemon) == ("skypay_payout watchdog", True)
    for ours, theirs in pairs:
        theirs.settimeout(60)
        assert theirs.recv(1) == b""
        assert ours.fileno() > 0, "the driver closes it"
        ours.close()
        theirs.close()
    wait_until(lambda: len(watchdog._watched) == 1)
    assert [watchdog.release(each) for each in (*connections, late)] == [False, False, True]


@pytest.fixture
def manila(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Manila")
        tzset()
        yield
    tzset()


@pytest.mark.usefixtures("manila")
def test_times_have_the_zone_that_a_database_does_not_keep(sqlite: Database) -> None:
    noon = datetime(2018, 8, 7, 12, tzinfo=UTC)
    for time in (noon, noon.replace(tzinfo=None), noon.astimezone(timezone(timedelta(hours=8)))):
        assert (_database.utc(time), _database.utc(time).tzinfo) == (noon, UTC)
    assert sqlite.now(Mock()).tzinfo is UTC


def test_a_database_that_was_not_used_has_nothing_to_leave_to_a_parent_process(sqlite: Database) -> None:
    _database._after_fork()
    assert sqlite.attempt(lambda _: True)
