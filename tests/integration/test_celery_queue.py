"""The Celery recipe loses no change, whatever becomes of RabbitMQ."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from threading import Thread

import pytest

from skypay_payout import CallbackParser, PayType
from skypay_payout.contrib.sqlalchemy import Store
from skypay_payout.testing import CREDENTIALS, body
from tests.support.servers import copy_examples, documented_commands, free_port, installed, wait_until

pytestmark = [pytest.mark.heavy, pytest.mark.xdist_group("rabbitmq")]

PARSER = CallbackParser(CREDENTIALS)
PUBLISH = b"\x00\x3c\x00\x28"
"""How the frame of AMQP begins that publishes a message."""


def started(command: list[str], directory: Path, **settings: str) -> subprocess.Popen[bytes]:
    """Start a program whose output goes to a file ``log``."""
    with (directory / "log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603
            command,
            cwd=directory,
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def killed(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class RabbitMQ:
    """A broker of the tests' own, which loses nothing that it has confirmed when it is killed."""

    def __init__(self, directory: Path) -> None:
        path = f"/usr/lib/rabbitmq/bin:{os.environ['PATH']}"  # Debian's in PATH changes the user
        self._program = installed(shutil.which("rabbitmq-server", path=path), "rabbitmq-server")
        self._directory = directory
        self.port = free_port()
        names = free_port()
        self._settings = {
            "HOME": str(directory),
            "RABBITMQ_NODENAME": "skypay@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(directory / "data"),
            "RABBITMQ_LOG_BASE": str(directory / "logs"),
            "RABBITMQ_PID_FILE": str(directory / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(directory / "plugins"),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(names),
        }
        # Erlang would start its directory of names itself, and leave it running.
        self._names = started(["epmd", "-port", str(names), "-address", "127.0.0.1"], directory)
        self.start()

    def url(self, port: int) -> str:
        return f"amqp://guest:guest@127.0.0.1:{port}//"

    def start(self) -> None:
        """Start it, and return when it takes connections."""
        self._process = started([self._program], self._directory, **self._settings)
        wait_until(self._answers)

    def _answers(self) -> bool:
        assert self._process.poll() is None, (self._directory / "log").read_text()
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as connection:
            connection.sendall(b"AMQP\x00\x00\x09\x01")
            return bool(connection.recv(1))
        return False

    def kill(self) -> None:
        killed(self._process)

    def remove(self) -> None:
        killed(self._process)
        killed(self._names)


class Proxy:
    """A network before the broker, which is silent from a frame on that begins like this."""

    def __init__(self, broker: RabbitMQ) -> None:
        self._broker = broker
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.silent_from: bytes | None = None
        Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # it is closed
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._broker.port))
            except OSError:
                client.close()
                continue
            for pair in ((client, server), (server, client)):
                Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        passes = True
        with source, target:
            with suppress(OSError):
                while data := source.recv(65536):
                    passes = passes and (self.silent_from is None or self.silent_from not in data)
                    if passes:
                        target.sendall(data)
            # A thread that still receives would keep the connection open, and the broker its consumer.
            for end in (source, target):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.close()


class Queue:
    """The recipe in a directory of its own, and the programs that its text names."""

    def __init__(self, directory: Path, broker: str) -> None:
        self.directory = directory
        self._settings = {
            "CELERY_BROKER_URL": broker,
            "DATABASE_URL": f"sqlite:///{directory}/payouts.sqlite3",
        }
        copy_examples(directory)
        self.store = Store(self._settings["DATABASE_URL"])
        self._programs: list[subprocess.Popen[bytes]] = []

    def start(self, number: int) -> None:
        """Start one of the documented commands: the worker of the store, or Celery's."""
        program, *arguments = documented_commands(self.directory / "celery_queue.py")[number].split()
        if program == "celery":
            arguments += ["--concurrency", "1", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
        command = [str(Path(sys.executable).with_name(program)), *arguments]
        self._programs.append(started(command, self.directory, **self._settings))

    def run(self, program: str) -> str:
        """What a program prints."""
        with (self.directory / "log").open("ab") as log:
            return subprocess.run(  # noqa: S603
                [sys.executable, "-c", program],
                cwd=self.directory,
                env={**os.environ, **self._settings},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            ).stdout

    def enqueued(self) -> int:
        """How many changes count as enqueued in the store."""
        with closing(sqlite3.connect(self.directory / "payouts.sqlite3")) as connection:
            (count,) = connection.execute(
                "SELECT count(*) FROM skypay_payouts WHERE acted_version > 0"
            ).fetchone()
        return int(count)

    def log(self) -> str:
        return (self.directory / "log").read_text()

    def stop(self) -> None:
        for program in self._programs:
            killed(program)
        self.store.close()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMQ]:
    broker = RabbitMQ(tmp_path_factory.mktemp("rabbitmq"))
    yield broker
    broker.remove()


@pytest.fixture
def proxy(broker: RabbitMQ) -> Iterator[Proxy]:
    proxy = Proxy(broker)
    yield proxy
    proxy.close()


@pytest.fixture
def queue(tmp_path: Path, broker: RabbitMQ, proxy: Proxy) -> Iterator[Queue]:
    queue = Queue(tmp_path, broker.url(proxy.port))
    yield queue
    queue.stop()


DISPATCH = """
import os, celery_queue
store = celery_queue.Store(os.environ["DATABASE_URL"])
store.process()
print(store.dispatch(celery_queue.act))
"""


def test_each_change_arrives_at_celery_with_the_documented_commands(queue: Queue) -> None:
    for number in (1, 2):
        queue.store.save(PARSER.receive(body(PayType.PAYOUT, controlNumber=f"SK99{number}00000001")))
    queue.start(0)
    queue.start(1)
    wait_until(lambda: "SK99100000001/1: PAID" in queue.log() and "SK99200000001/1: PAID" in queue.log())


def test_a_silent_broker_blocks_nothing_for_ever_and_the_change_is_enqueued_later(
    queue: Queue, proxy: Proxy
) -> None:
    queue.store.save(PARSER.receive(body(controlNumber="SK99300000001")))
    proxy.silent_from = PUBLISH
    queue.run(DISPATCH)
    assert "could not act on this change" in queue.log()
    proxy.silent_from = None
    queue.start(0)
    queue.start(1)
    wait_until(lambda: "SK99300000001/1: UPLOADED" in queue.log())


def test_changes_wait_in_the_store_while_the_broker_is_down_and_none_that_was_enqueued_gets_lost(
    queue: Queue, broker: RabbitMQ
) -> None:
    numbers = [f"SK994{number:08}" for number in range(100)]
    for number in numbers:
        queue.store.save(PARSER.receive(body(controlNumber=number)))
    queue.start(0)
    wait_until(lambda: queue.enqueued() > 5)
    broker.kill()
    wait_until(lambda: "could not act on this change" in queue.log())
    broker.start()
    queue.start(1)
    wait_until(lambda: all(f"{number}/1: UPLOADED" in queue.log() for number in numbers))
