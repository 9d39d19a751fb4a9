"""The Celery recipe hands over each processed event as JSON, and takes it back as a typed callback."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from skypay_payout import CallbackParser, PayType
from skypay_payout.testing import CANCELLED_AND_PAID, CREDENTIALS, PAID, SCENARIOS, body
from sqlite_store import Store
from tests.support.servers import copy_examples, free_port, wait_until

pytestmark = pytest.mark.heavy

PARSER = CallbackParser(CREDENTIALS)
# A broker of files, and what only a test needs of the recipe.
CONFIGURED = """
import celery_queue, os, signal
from celery_queue import app

app.conf.broker_transport_options = {
    "data_folder_in": "messages", "data_folder_out": "messages", "control_folder": "control",
}
{more}
"""
KEEP = """
from_dict = celery_queue.PayoutCallback.from_dict

def kept(event):
    callback = from_dict(event)
    with open("received", "a") as file:
        file.write(celery_queue.json.dumps(callback.to_dict(), sort_keys=True))
    return callback

celery_queue.PayoutCallback.from_dict = kept
"""
KILL_ONCE = """
from_dict = celery_queue.PayoutCallback.from_dict

def killed_once(event):
    if not os.path.exists("killed"):
        open("killed", "x").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return from_dict(event)

celery_queue.PayoutCallback.from_dict = killed_once
"""


class Queue:
    """The recipe in a directory of its own: a store, a broker of files, and the programs that use them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.broker = "filesystem://"
        copy_examples(directory)
        (directory / "messages").mkdir()
        self.configure()
        self._programs: list[subprocess.Popen[bytes]] = []

    def configure(self, more: str = "") -> None:
        """Write the module that the programs run."""
        (self.directory / "configured.py").write_text(CONFIGURED.replace("{more}", more))

    def run(self, program: str) -> str:
        """What a program prints."""
        with self._start(
            "-c", f"from configured import celery_queue\n{program}", stdout=subprocess.PIPE
        ) as done:
            output, _ = done.communicate()
        assert done.returncode == 0, self.log()
        return output.decode()

    def _start(self, *arguments: str, stdout: int | None = None) -> subprocess.Popen[bytes]:
        settings = {"CELERY_BROKER_URL": self.broker, "PYTHONPATH": str(self.directory)}
        with (self.directory / "log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603
                [sys.executable, *arguments],
                cwd=self.directory,
                env={**os.environ, **settings},
                stdin=subprocess.DEVNULL,
                stdout=log if stdout is None else stdout,
                stderr=log,
                start_new_session=True,
            )

    def start_worker(self) -> None:
        """Start the documented worker."""
        options = ["--concurrency", "2", "--without-gossip", "--without-mingle", "--loglevel", "INFO"]
        self._programs.append(self._start("-m", "celery", "-A", "configured", "worker", *options))

    def start_relay(self) -> None:
        """Start the documented relay."""
        relay = "from configured import celery_queue\ncelery_queue.payout_worker.main(celery_queue.enqueue)"
        self._programs.append(self._start("-c", relay))

    def stop(self) -> None:
        """Kill all that was started."""
        for program in self._programs:
            os.killpg(program.pid, signal.SIGKILL)
            program.wait()

    def log(self) -> str:
        return (self.directory / "log").read_text(errors="replace")

    def save(self, contents: Iterable[bytes]) -> None:
        """Save what the endpoint receives."""
        store = Store(self.directory / "payouts.sqlite3")
        for content in contents:
            store.save(PARSER.receive(content))

    def query(self, file: str, statement: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.directory / file)) as connection:
            return connection.execute(statement).fetchall()

    def bookings(self) -> list[tuple[object, ...]]:
        if not (self.directory / "bookings.sqlite3").exists():
            return []
        try:
            return self.query("bookings.sqlite3", "SELECT control_number, status FROM bookings ORDER BY 1, 2")
        except sqlite3.OperationalError:
            return []  # the table is being made

    def messages(self) -> list[Path]:
        return list((self.directory / "messages").iterdir())


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    queue = Queue(tmp_path)
    yield queue
    queue.stop()


ENQUEUE = """
from sqlite_store import Store
store = Store()
store.process()
print(store.dispatch(celery_queue.enqueue))
"""


def is_idle(queue: Queue) -> bool:
    """Whether every event was enqueued, and every message taken."""
    open_events = queue.query("payouts.sqlite3", "SELECT 1 FROM skypay_events WHERE done_at IS NULL")
    return not open_events and not queue.messages()


def test_each_change_of_a_status_is_booked_once(queue: Queue) -> None:
    queue.save(content for scenario in SCENARIOS for content in scenario.bodies())
    queue.start_relay()
    queue.start_worker()
    wait_until(lambda: len(queue.bookings()) >= 11)
    wait_until(lambda: is_idle(queue))
    bookings = queue.bookings()
    assert [status for number, status in bookings if number == PAID.control_number] == ["PAID", "UPLOADED"]
    assert [status for number, status in bookings if number == CANCELLED_AND_PAID.control_number] == [
        "CANCELLED",
        "CONFLICTING",
        "UPLOADED",
    ]
    assert len(bookings) == 11


def test_nothing_is_enqueued_before_it_is_committed_and_processed(queue: Queue) -> None:
    queue.save([body()])
    assert queue.messages() == []
    queue.run("from sqlite_store import Store\nStore().process()")
    assert queue.messages() == []
    assert queue.run(ENQUEUE) == "1\n"
    assert len(queue.messages()) == 1


def test_the_callback_that_arrives_is_the_one_that_was_received(queue: Queue) -> None:
    extra = {
        "text": "余额不足\0\ud83d💸",
        "number": 10**30,
        "many": [None, True, 1.0, {"\0": "x"}],
        "typed": {"__type__": "decimal", "__value__": "1.5"},
        "broken": {"__type__": "datetime", "__value__": "no time"},
    }
    content = json.dumps(json.loads(body(PayType.FAILURE)) | extra).encode()
    queue.save([content])
    assert queue.run(ENQUEUE) == "1\n"
    queue.configure(KEEP)
    queue.start_worker()
    wait_until(lambda: len(queue.bookings()) == 1)
    received = (queue.directory / "received").read_text()
    assert received == json.dumps(PARSER.parse(content).to_dict(), sort_keys=True)


def test_an_event_that_is_enqueued_again_is_booked_once(queue: Queue) -> None:
    queue.save([body(), body(controlNumber="SK99100000001")])
    enqueue = "lambda one: [celery_queue.enqueue(one) for _ in range(3)]"
    three_times = ENQUEUE.replace("celery_queue.enqueue", enqueue)
    assert queue.run(three_times) == "2\n"
    assert len(queue.messages()) == 6
    queue.start_worker()
    wait_until(lambda: queue.log().count("succeeded") == 6)
    assert len(queue.bookings()) == 2


def test_a_message_whose_worker_was_killed_is_done_again(queue: Queue) -> None:
    queue.save([body()])
    assert queue.run(ENQUEUE) == "1\n"
    queue.configure(KILL_ONCE)
    queue.start_worker()
    wait_until(lambda: len(queue.bookings()) == 1)
    assert (queue.directory / "killed").exists()


def test_a_poison_message_is_rejected_and_does_not_stop_the_others(queue: Queue) -> None:
    event = json.dumps(PARSER.parse(body()).to_dict())
    poison = [("1", "{}", None, "PAID"), ("2", "no JSON", None, "PAID"), ("3", "[]", None, "PAID")]
    poison.append(("4", event, None, "REFUNDED"))
    queue.run(f"for arguments in {poison!r}: celery_queue.handle.apply_async(arguments)")
    queue.save([body()])
    assert queue.run(ENQUEUE) == "1\n"
    queue.start_worker()
    wait_until(lambda: len(queue.bookings()) == 1 and queue.log().count("rejected message") == 4)
    wait_until(lambda: not queue.messages())
    assert len(queue.bookings()) == 1


def test_events_wait_in_the_store_while_the_broker_is_down(queue: Queue) -> None:
    queue.save([body()])
    queue.broker = f"amqp://127.0.0.1:{free_port()}"
    assert queue.run(ENQUEUE) == "0\n"
    queue.broker = "filesystem://"
    assert queue.run(ENQUEUE) == "0\n"
    assert queue.messages() == []
    with closing(sqlite3.connect(queue.directory / "payouts.sqlite3")) as connection, connection:
        connection.execute("UPDATE skypay_events SET due_at = 0")
    assert queue.run(ENQUEUE) == "1\n"
    assert len(queue.messages()) == 1
