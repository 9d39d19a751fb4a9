"""The Celery recipe loses no change, whatever becomes of RabbitMQ."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from skypay_payout import CallbackParser
from skypay_payout.contrib.sqlalchemy import Store
from skypay_payout.testing import CREDENTIALS, body
from tests.support.databases import sqlite_database
from tests.support.proxies import Proxy
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


class Queue:
    """The recipe in a directory of its own, and the programs that its text names."""

    def __init__(self, directory: Path, broker: str) -> None:
        self.directory = directory
        self._database = sqlite_database(directory)
        self._settings = {"CELERY_BROKER_URL": broker, **self._database.settings}
        copy_examples(directory)
        recipe = directory / "celery_queue.py"
        recipe.write_text(recipe.read_text().replace("TIMEOUT = 3", "TIMEOUT = 1"))
        self.store = Store(self._database.url)
        self._programs: list[subprocess.Popen[bytes]] = []

    def start(self, number: int) -> None:
        """Start one of the documented commands: the worker of the store, or Celery's."""
        program, *arguments = documented_commands(self.directory / "celery_queue.py")[number].split()
        if program == "celery":
            arguments += ["--concurrency", "1", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
        command = [str(Path(sys.executable).with_name(program)), *arguments]
        self._programs.append(started(command, self.directory, **self._settings))

    def enqueued(self) -> int:
        """How many changes count as enqueued in the store."""
        return len(self._database.query("SELECT 1 FROM skypay_payouts WHERE acted_version > 0"))

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
    proxy = Proxy(broker.port)
    yield proxy
    proxy.close()


@pytest.fixture
def queue(tmp_path: Path, broker: RabbitMQ, proxy: Proxy) -> Iterator[Queue]:
    queue = Queue(tmp_path, broker.url(proxy.port))
    yield queue
    queue.stop()


def test_a_silent_broker_blocks_nothing_for_ever_and_the_change_is_enqueued_later(
    queue: Queue, proxy: Proxy
) -> None:
    queue.store.save(PARSER.receive(body(controlNumber="SK99300000001")))
    proxy.silent_from = PUBLISH
    queue.start(0)
    wait_until(lambda: "could not act on this change" in queue.log())
    proxy.silent_from = None
    queue.start(1)
    wait_until(lambda: "SK99300000001/1: UPLOADED" in queue.log())


def test_each_change_arrives_though_the_broker_was_down_and_killed(queue: Queue, broker: RabbitMQ) -> None:
    """They wait in the store meanwhile, and none that was enqueued gets lost."""
    numbers = [f"SK994{number:08}" for number in range(30)]
    for number in numbers:
        queue.store.save(PARSER.receive(body(controlNumber=number)))
    queue.start(0)
    wait_until(lambda: queue.enqueued() > 5)
    broker.kill()
    wait_until(lambda: "could not act on this change" in queue.log())
    broker.start()
    queue.start(1)
    wait_until(lambda: all(f"{number}/1: UPLOADED" in queue.log() for number in numbers))
