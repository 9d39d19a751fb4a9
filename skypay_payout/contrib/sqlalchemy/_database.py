"""Connections on which no wait is longer than its bound, whatever the server and the network do."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from importlib import import_module
from threading import Condition, Thread
from time import monotonic, sleep
from typing import Any, TypeVar
from urllib.parse import quote
from weakref import WeakSet

from sqlalchemy import URL, Connection, Engine, create_engine, func, make_url, select
from sqlalchemy.engine import Dialect
from sqlalchemy.event import listen
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidatePoolError

from .._payouts import WAIT

log = logging.getLogger("skypay_payout.store")

T = TypeVar("T")

_deadline: ContextVar[float] = ContextVar("skypay_payout.deadline")
"""Of the transaction that is being begun, for the connection that it may need."""

DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgresql+psycopg": "postgresql",
    "mysql+pymysql": "mysql",
    "mariadb+pymysql": "mysql",
}
CLOCK = {"postgresql": func.clock_timestamp(), "mysql": func.utc_timestamp(6)}
_FORMS = "sqlite:///file, postgresql+psycopg://…, mariadb+pymysql://… or mysql+pymysql://…"
CONNECTIONS = 8
"""Callers of ``save`` that use a connection at the same time; others stand in line, within the same bound."""
WORK = 60.0
"""Seconds that a transaction of the worker takes at most, with the hook in it."""
_PING_AFTER = 1.0
"""Seconds without use after which a connection is tried first, for a second at most."""

# Unless they are set, these waits last for hours. None of them is a startup parameter, for PgBouncer.
_CONNECT: dict[str, dict[str, Any]] = {
    "sqlite": {"check_same_thread": False},
    "postgresql": {
        "connect_timeout": int(WAIT),
        "tcp_user_timeout": int(WAIT * 1000),
        "keepalives_idle": int(WAIT),
        "keepalives_interval": 1,
        "keepalives_count": 3,
    },
    "mysql": {"charset": "utf8mb4", "connect_timeout": int(WAIT)},
}

_MARIADB_SESSION = (
    # lock_wait_timeout is for locks of whole tables. TRADITIONAL: nothing is cut off silently.
    f"SET SESSION lock_wait_timeout={int(WAIT)}, innodb_lock_wait_timeout={int(WAIT)}",
    f"SET SESSION sql_mode='TRADITIONAL' /*M! , idle_transaction_timeout={int(WORK)} */",  # MySQL has none
    # What other transactions have committed shows as soon as their locks are free.
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
)


def checked(url: str | URL) -> URL:
    """Return the URL with an absolute path. No message shows it, since there is a password in it."""
    try:
        url = make_url(url)
    except (ArgumentError, ValueError):
        raise ValueError(f"expected a URL such as {_FORMS}, got another text") from None
    if url.drivername not in DRIVERS:
        raise ValueError(f"expected a URL of the form {_FORMS}, got one that begins with {url.drivername}://")
    if DRIVERS[url.drivername] != "sqlite":
        return url
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise ValueError("expected sqlite:/// and the path of a file, got none: what is stored must stay")
    return url.set(database=os.path.abspath(url.database))


class _Watchdog:
    """Shut the sockets of connections that are past their deadlines: no driver bounds all of its waits."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._watched: dict[int, tuple[float, Any]] = {}
        self._wakes_at: float | None = None

    def watch(self, connection: Any, deadline: float) -> None:
        with self._changed:
            self._watched[id(connection)] = deadline, connection
            if self._wakes_at is None:
                self._wakes_at = deadline
                Thread(target=self._run, name="skypay_payout watchdog", daemon=True).start()
            elif deadline < self._wakes_at:
                self._changed.notify()

    def release(self, connection: Any) -> bool:
        """Return whether it has not been shut."""
        with self._changed:  # not while it is being shut: the socket may be another one afterwards
            return self._watched.pop(id(connection), None) is not None

    def _run(self) -> None:
        with self._changed:
            while self._watched:
                now = monotonic()
                for key, (deadline, connection) in list(self._watched.items()):
                    if deadline <= now:
                        del self._watched[key]
                        _shut(connection)
                self._wakes_at = min((at for at, _ in self._watched.values()), default=now)
                self._changed.wait(self._wakes_at - now)
            self._wakes_at = None


def _shut(connection: Any) -> None:
    with suppress(Exception):  # it may have been closed in the meantime
        number = connection.fileno() if hasattr(connection, "fileno") else connection._sock.fileno()
        its_socket = socket.socket(fileno=number)
        try:
            its_socket.shutdown(socket.SHUT_RDWR)
        finally:
            its_socket.detach()


def _with_begin(
    connection: Connection, _cursor: Any, statement: str, parameters: Any, *_: object
) -> tuple[str, Any]:
    """Begin in the message of the first statement: a message of its own would cost as much as that."""
    return connection.info.pop("begin", "") + statement, parameters


def _to_last_result(_connection: Connection, cursor: Any, *_: object) -> None:
    while cursor.nextset():
        pass


class _Own:
    """What belongs to one process: connections, locks and threads."""

    def __init__(self, engine: Engine, free: int) -> None:
        self.engine = engine
        self.watchdog = _Watchdog()
        self.line = Condition()
        self.free = free


class Database:
    """One database, used from any thread, before and after a fork."""

    def __init__(self, url: str | URL | Engine) -> None:
        self.url = checked(url.url if isinstance(url, Engine) else url)
        self.kind = DRIVERS[self.url.drivername]
        self.path = self.url.database or ""
        self._theirs = url if isinstance(url, Engine) else None
        self._asked = False
        _databases.add(self)

    @property
    def _own(self) -> _Own:
        # Made when it is needed: gevent replaces locks after it has imported a preloaded program.
        if "own" not in self.__dict__:
            # Those who save in one SQLite file wait for each other anyway; here they do it in order.
            own = _Own(self._make_engine(), 1 if self.kind == "sqlite" else CONNECTIONS)
            self.__dict__.setdefault("own", own)
        made: _Own = self.__dict__["own"]
        return made

    @property
    def _engine(self) -> Engine:
        return self._own.engine

    def _make_engine(self) -> Engine:
        engine = create_engine(
            self.url,
            pool_size=CONNECTIONS,
            max_overflow=-1,  # callers wait for their turn before, within their own bound
            pool_reset_on_return=None,
            isolation_level="AUTOCOMMIT",  # transactions begin with the statement in _begin
            hide_parameters=True,
            connect_args=_CONNECT[self.kind],
        )
        listen(engine, "do_connect", self._connect)
        listen(engine, "connect", self._connected)
        listen(engine, "checkout", self._checkout)
        listen(engine, "checkin", self._checkin)
        if self.kind == "postgresql":
            listen(engine, "before_cursor_execute", _with_begin, retval=True)
            listen(engine, "after_cursor_execute", _to_last_result)
        return engine

    def close(self) -> None:
        """Close all idle connections."""
        if "own" in self.__dict__:
            self._own.engine.dispose()

    def _forget(self) -> None:
        """Leave to the parent process what is its own; not collected, or its connections might be closed."""
        self._left = self.__dict__.pop("own", None)

    @contextmanager
    def turn(self, deadline: float) -> Generator[None]:
        """Wait for a turn to use a connection. Raises ``TimeoutError``."""
        own = self._own
        with own.line:
            if not own.line.wait_for(lambda: own.free, max(deadline - monotonic(), 0)):
                raise TimeoutError("the database was busy with others, until the time was over")
            own.free -= 1
        try:
            yield
        finally:
            with own.line:
                own.free += 1
                own.line.notify()

    @contextmanager
    def transaction(
        self, seconds: float = WAIT, *, deadline: float | None = None, begin: bool = True
    ) -> Generator[Connection]:
        """Commit at the end, or roll back. Without ``begin`` each statement is a transaction of its own."""
        deadline = monotonic() + seconds if deadline is None else deadline
        _deadline.set(deadline)
        with self._engine.connect() as connection:
            driver = connection.connection.dbapi_connection
            self._own.watchdog.watch(driver, deadline)
            try:
                self._begin(connection, deadline - monotonic(), begin=begin)
                yield connection
                connection.commit()
                if self.kind == "sqlite" and connection.info["file"] != self._file():
                    raise OSError(f"{self.path} was deleted or replaced while it was in use")
            except BaseException:
                with suppress(DBAPIError):  # the first error says more
                    connection.rollback()
                raise
            finally:
                if not self._own.watchdog.release(driver):
                    connection.invalidate()  # too late, though it succeeded: the next one gets another

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """Connect for statements that need no common transaction: in SQLite it would lock the database."""
        with self.transaction(begin=False) as connection:
            yield connection

    def attempt(self, work: Callable[[Connection], T], *, begin: bool = True) -> T:
        """Do the work in a transaction, and again if its connection was lost, or in a deadlock."""
        deadline = monotonic() + WAIT
        attempts = 0
        with self.turn(deadline):
            while True:
                try:
                    with self.transaction(deadline=deadline, begin=begin) as connection:
                        return work(connection)
                except DBAPIError as error:
                    attempts += 1
                    lost = error.connection_invalidated or _is_deadlock(error.orig)
                    if attempts == 3 or not lost or monotonic() >= deadline:
                        raise

    def _begin(self, connection: Connection, seconds: float, *, begin: bool) -> None:
        milliseconds = max(int(seconds * 900), 1)  # so that the server's own error arrives in time
        if self.kind == "postgresql":
            limits = {
                "statement_timeout": milliseconds,
                # Or the row locks of a client that vanished would stay.
                "idle_in_transaction_session_timeout": milliseconds,
                "lock_timeout": min(milliseconds, int(WAIT * 900)),
            }
            statements = [f"SET LOCAL {name} = {limit}" for name, limit in limits.items()]
            connection.info["begin"] = "; ".join(["BEGIN ISOLATION LEVEL READ COMMITTED", *statements, ""])
            return
        if self.kind == "sqlite":
            connection.connection.cursor().execute(f"PRAGMA busy_timeout = {milliseconds}")
        if begin:
            statement = "BEGIN IMMEDIATE" if self.kind == "sqlite" else "START TRANSACTION"
            connection.exec_driver_sql(statement, execution_options={"no_parameters": True})

    def clock(self) -> Any:
        """Return the time of the database's clock as SQL; SQLite's is this machine's."""
        if self.kind == "sqlite":
            return datetime.now(UTC)
        return CLOCK[self.kind]

    def now(self, connection: Connection) -> datetime:
        """Return the time of the database's clock."""
        clock = self.clock()
        return clock if isinstance(clock, datetime) else utc(connection.execute(select(clock)).scalar_one())

    @contextmanager
    def courtesy(self) -> Generator[None]:
        """Pause as long as the work took: savers that wait for SQLite's lock poll it, and need a gap."""
        began = monotonic()
        yield
        if self.kind == "sqlite":
            sleep(max(monotonic() - began, 0.001))

    # Connections

    def _connect(self, dialect: Dialect, _: object, args: list[Any], options: dict[str, Any]) -> Any:
        if self.kind == "sqlite":
            # Never a new file: what was stored in one that is gone would seem to be stored.
            return dialect.connect(f"file:{quote(args[0])}?mode=rw", **options, uri=True)
        # In a thread, since nothing bounds the time that a resolver takes.
        deadline = _deadline.get()
        made: Future[Any] = Future()

        def make() -> None:
            try:
                made.set_result(
                    dialect.connect(*args, **options) if self._theirs is None else _detached(self._theirs)
                )
            except BaseException as error:
                made.set_exception(error)

        Thread(target=make, name="skypay_payout connect", daemon=True).start()
        try:
            connection = made.result(max(deadline - monotonic(), 0))
        except TimeoutError:
            made.add_done_callback(lambda late: late.exception() or late.result().close())
            raise TimeoutError("the database did not take the connection in time") from None
        self._own.watchdog.watch(connection, deadline)  # what SQLAlchemy asks it first is bounded too
        return connection

    def _connected(self, connection: Any, record: Any) -> None:
        if self.kind == "sqlite":
            record.info["file"] = self._file()
            # WAL: readers and the one writer do not wait for each other. FULL: committed is on the disk.
            connection.execute(f"PRAGMA busy_timeout = {int(WAIT * 900)}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            return
        with connection.cursor() as cursor:
            if self.kind == "postgresql":
                # Values are written into the text: it may be several statements then, and none is prepared,
                # which the next server behind PgBouncer would not know.
                connection.cursor_factory = import_module("psycopg").ClientCursor
                ask, unsafe = "SHOW synchronous_commit", "off"
            else:
                for statement in _MARIADB_SESSION:
                    cursor.execute(statement)
                ask, unsafe = "SELECT @@innodb_flush_log_at_trx_commit", "0"
            if not self._asked:
                cursor.execute(ask)
                ((value, *_),) = cursor.fetchall()
                self._asked = True
                if str(value) == unsafe:
                    log.warning("%s is %s: the server may lose what was acknowledged", ask.split()[1], unsafe)

    def _checkout(self, connection: Any, record: Any, _: object) -> None:
        if self.kind == "sqlite":
            if record.info["file"] != self._file():
                raise InvalidatePoolError
        elif "used" in record.info and monotonic() > record.info["used"] + _PING_AFTER:
            # A proxy may have forgotten it, and nobody would ever answer; new ones may work.
            self._own.watchdog.watch(connection, min(monotonic() + 1, _deadline.get()))
            try:
                self._engine.dialect.do_ping(connection)
            except Exception:
                raise InvalidatePoolError from None
            finally:
                self._own.watchdog.release(connection)

    def _checkin(self, _: object, record: Any) -> None:
        record.info["used"] = monotonic()

    def _file(self) -> tuple[int, int] | None:
        with suppress(FileNotFoundError):
            found = os.stat(self.path)
            return found.st_dev, found.st_ino
        return None


def _detached(engine: Engine) -> Any:
    """Return one of their connections, which their pool then knows nothing of."""
    connection = engine.raw_connection()
    driver = connection.dbapi_connection
    connection.detach()
    return driver


def _is_deadlock(error: BaseException | None) -> bool:
    return getattr(error, "sqlstate", None) in ("40P01", "40001") or getattr(error, "args", (0,))[:1] == (
        1213,
    )


def utc(time: datetime) -> datetime:
    """Return the time with its zone, which not every database keeps."""
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


_databases: WeakSet[Database] = WeakSet()


def _before_fork() -> None:
    for database in list(_databases):
        database.close()


def _after_fork() -> None:
    for database in list(_databases):
        database._forget()  # pyright: ignore[reportPrivateUsage]


# Windows has no fork.
getattr(os, "register_at_fork", dict)(before=_before_fork, after_in_child=_after_fork)
