"""Real database servers for tests: PostgreSQL and MariaDB, each in a directory of its own, on a Unix socket.

A session of tests (with pytest-xdist each worker) starts its own, and each test gets a database of its own.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from sqlalchemy import NullPool, create_engine, make_url
from sqlalchemy.exc import OperationalError

from tests.support.servers import free_port, installed, wait_until


class Database:
    """What a recipe stores in, and what is stored there."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.settings = {"DATABASE_URL": url}
        self._engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")

    def query(self, *statements: str) -> list[tuple[object, ...]]:
        """The rows that the last statement gives, on a connection of its own."""
        with self._engine.connect() as connection:
            cursors = [connection.exec_driver_sql(statement) for statement in statements]
            return [tuple(row) for row in cursors[-1]] if cursors[-1].returns_rows else []

    def events(self) -> list[object]:
        """The idempotency key of each stored event."""
        return [key for (key,) in self.query("SELECT idempotency_key FROM skypay_events ORDER BY 1")]

    def quarantined(self) -> list[object]:
        """Each quarantined payload, as JSON."""
        return [payload for (payload,) in self.query("SELECT payload FROM skypay_quarantine ORDER BY 1")]


def sqlite_database(directory: Path) -> Database:
    """The file that ``sqlite_store`` makes in a server that was started in that directory."""
    return Database(f"sqlite:///{directory}/payouts.sqlite3")


def _directory(name: str, *, in_memory: bool = True) -> Path:
    """A new directory, in memory if there is room: a disk takes thrice the time."""
    memory = "/dev/shm"  # noqa: S108
    with suppress(OSError):
        in_memory = in_memory and shutil.disk_usage(memory).free > 4 << 30
    # Not pytest's directory: the servers do not run as root, nobody may not enter what is root's, and the
    # path of a socket is short.
    return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=memory if in_memory else None))


class SQLite:
    """Files of the tests' own, in the place of a server."""

    def __init__(self) -> None:
        self._numbers = count()
        self.directory = _directory("sqlite")

    def database(self) -> Database:
        """A new database, whose file is not made yet."""
        return Database(f"sqlite:///{self.directory}/{next(self._numbers)}.sqlite3")

    def copy(self, database: Database) -> Database:
        """A new database with the tables of that one, to which nobody is connected."""
        copy = self.database()
        shutil.copy(*(each.url.removeprefix("sqlite:///") for each in (database, copy)))
        return copy

    def remove(self) -> None:
        """Remove the files."""
        shutil.rmtree(self.directory)


class DatabaseServer:
    """A server of the tests' own; ``start`` and ``stop`` may be called again and again."""

    name: str
    package: str
    stop_signal: signal.Signals
    strategy = ""

    def __init__(self, *, durable: bool = False) -> None:
        """``durable``: with everything on the disk, to measure; no test cuts the power."""
        self._durable = durable
        self._numbers = count()
        self.directory = _directory(self.name, in_memory=not durable)
        self._user: str | None = None
        if os.geteuid() == 0:
            self._user = "nobody"
            shutil.chown(self.directory, self._user)
        try:
            with self._run(self._install_command()) as install:
                assert install.wait() == 0, self._log()
            self.start()
        except BaseException:
            shutil.rmtree(self.directory)
            raise

    def _program(self, name: str) -> str:
        """One of the server's programs: Debian does not put all of them into the path."""
        versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: int(place.parent.name))
        path = [os.environ["PATH"], "/usr/sbin", *map(str, versions[-1:])]
        return installed(shutil.which(name, path=os.pathsep.join(path)), self.package)

    def _install_command(self) -> Sequence[str | Path]:
        raise NotImplementedError

    def _start_command(self) -> Sequence[str | Path]:
        raise NotImplementedError

    def _url(self, database: str) -> str:
        raise NotImplementedError

    def socket(self) -> Path:
        """Where the server listens."""
        raise NotImplementedError

    def _run(self, command: Sequence[str | Path]) -> subprocess.Popen[bytes]:
        with open(self.directory / "log", "ab") as log:
            return subprocess.Popen(  # noqa: S603
                command,
                cwd=self.directory,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=self._user,
                extra_groups=None if self._user is None else [],
            )

    def _log(self) -> str:
        return Path(self.directory, "log").read_text(errors="replace")

    def start(self) -> None:
        """Start it, and return when it responds."""
        self.socket().unlink(missing_ok=True)
        self._process = self._run(self._start_command())
        try:
            wait_until(self._responds)
        except BaseException:
            self.stop()
            raise

    def _responds(self) -> bool:
        assert self._process.poll() is None, self._log()
        if not self.socket().exists():  # PyMySQL would leave its own open
            return False
        try:
            self._administer("SELECT 1")
        except OperationalError:
            return False
        return True

    def _administer(self, *statements: str) -> None:
        Database(self._url(self.name)).query(*statements)

    def stop(self) -> None:
        """Stop it at once, without an orderly shutdown, and return when it is gone."""
        if self._process.poll() is None:
            self._process.send_signal(self.stop_signal)
            self._process.wait()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop it from doing anything, while its kernel goes on to take what is sent to it."""
        main = self._process.pid
        os.kill(main, signal.SIGSTOP)
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        processes = [main, *map(int, children)]
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in reversed(processes):  # the main one last, or it clears away those that ended
                os.kill(process, signal.SIGCONT)

    def remove(self) -> None:
        """Stop it and remove its files."""
        self.stop()
        shutil.rmtree(self.directory)

    def database(self, options: str = "") -> Database:
        """A new database, which is empty without options."""
        database = f"test_{next(self._numbers)}"
        self._administer(f"CREATE DATABASE {database} {options} {self.strategy}")
        return Database(self._url(database))

    def copy(self, database: Database) -> Database:
        """A new database with the tables of that one, to which nobody is connected."""
        return self.database(f"TEMPLATE {make_url(database.url).database}")


class Postgres(DatabaseServer):
    name = "postgres"
    package = "postgresql"
    stop_signal = signal.SIGQUIT  # its children end too
    strategy = "STRATEGY FILE_COPY"

    def _install_command(self) -> Sequence[str | Path]:
        options = ["--auth=trust", "--username=test", "--encoding=UTF8", "--no-locale", "--no-sync"]
        return [self._program("initdb"), "-D", "data", *options]

    def _start_command(self) -> Sequence[str | Path]:
        # What a killed program wrote stays written: only a power cut would need fsync.
        # Of its other kind of shared memory, a server that is killed leaves files in /dev/shm.
        settings = ["listen_addresses=", "shared_buffers=16MB", "dynamic_shared_memory_type=mmap"]
        if not self._durable:
            settings += ["fsync=off", "full_page_writes=off"]
        options = [f"-c{setting}" for setting in settings]
        return [self._program("postgres"), "-D", "data", "-k", self.directory, *options]

    def _url(self, database: str) -> str:
        return f"postgresql+psycopg://test@/{database}?host={self.directory}"

    def socket(self) -> Path:
        return self.directory / ".s.PGSQL.5432"


class MariaDB(DatabaseServer):
    name = "mysql"
    package = "mariadb-server"
    stop_signal = signal.SIGKILL

    def _install_command(self) -> Sequence[str | Path]:
        options = ["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"]
        data = f"--datadir={self.directory}/data"
        temporary = f"--tmpdir={self.directory}"  # two of them in one directory disturb each other
        return [self._program("mariadb-install-db"), "--no-defaults", data, temporary, *options]

    def _start_command(self) -> Sequence[str | Path]:
        # A collation that takes upper and lower case for the same, as most installations have it.
        collation = ["--character-set-server=utf8mb4", "--collation-server=utf8mb4_general_ci"]
        small = ["--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M", "--performance-schema=OFF"]
        flush = f"--innodb-flush-log-at-trx-commit={1 if self._durable else 2}"
        unsafe = [flush, "--skip-networking", f"--socket={self.socket()}"]
        data = f"--datadir={self.directory}/data"
        temporary = f"--tmpdir={self.directory}"
        return [self._program("mariadbd"), "--no-defaults", data, temporary, *collation, *small, *unsafe]

    def _url(self, database: str) -> str:
        # PyMySQL would read the system's certificates at each connection, which takes longer than the tests.
        return f"mysql+pymysql://root@/{database}?ssl_disabled=true&unix_socket={self.socket()}"

    def copy(self, database: Database) -> Database:
        copy = self.database()
        old, new = (make_url(each.url).database for each in (database, copy))
        tables = [name for (name,) in database.query("SHOW TABLES")]
        self._administer(*(f"CREATE TABLE {new}.{name} LIKE {old}.{name}" for name in tables))
        return copy

    def socket(self) -> Path:
        return self.directory / "socket"


class PgBouncer:
    """PgBouncer in front of a PostgreSQL database, which gives a connection away after each transaction."""

    def __init__(self, server: Postgres, database: Database) -> None:
        program = installed(shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin"), "pgbouncer")
        self.port = free_port()
        self.database = database
        name = str(make_url(database.url).database)
        configuration = server.directory / f"{name}.ini"
        configuration.write_text(
            f"[databases]\n{name} = host={server.directory} user=test\n[pgbouncer]\npool_mode = transaction\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {self.port}\nunix_socket_dir =\nauth_type = any\n"
            "default_pool_size = 3\nmax_client_conn = 200\nserver_round_robin = 1\n"
        )
        self._process = server._run([program, configuration])
        self.url = f"postgresql+psycopg://test@127.0.0.1:{self.port}/{name}"
        try:
            wait_until(self._responds)
        except BaseException:
            self.stop()
            raise

    def _responds(self) -> bool:
        assert self._process.poll() is None
        try:
            Database(self.url).query("SELECT 1")
        except OperationalError:
            return False
        return True

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
