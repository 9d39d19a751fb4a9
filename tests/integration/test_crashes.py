"""An endpoint and a worker on real servers and databases: killed again and again, or while one is locked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Barrier

import httpx
import pytest
from sqlalchemy import NullPool, create_engine

from skypay_payout import CallbackParser, PayType
from skypay_payout.testing import CREDENTIALS, body
from tests.support.databases import Database, DatabaseServer, sqlite_database
from tests.support.servers import HTTP, PATIENCE, Server, copy_examples, take_plain_bodies, wait_until

pytestmark = pytest.mark.heavy

PARSER = CallbackParser(CREDENTIALS)


class Site:
    """The FastAPI recipe with two processes, the worker, and what they store in."""

    def __init__(self, directory: Path, database: Database) -> None:
        self.directory = directory
        self.database = database
        self.server = Server("uvicorn fastapi_app:app --port 8000 --workers 2", directory, database.settings)
        self._worker: subprocess.Popen[bytes] | None = None

    def post(self, content: bytes) -> int:
        """The status of the response; 0 if there was none."""
        try:
            return HTTP.post(self.server.url, content=content).status_code
        except httpx.TransportError:
            return 0

    def acknowledges(self, content: bytes) -> bool:
        return self.post(content) == 200

    def start_worker(self) -> None:
        """Start the worker, or start it again."""
        with (self.directory / "worker.log").open("ab") as log:
            self._worker = subprocess.Popen(
                [sys.executable, "payout_worker.py"],
                cwd=self.directory,
                env={**os.environ, **self.database.settings},
                stdout=log,
                stderr=log,
            )

    def stop_worker(self, how: signal.Signals) -> int:
        """Send it a signal. Returns its exit status."""
        assert self._worker is not None
        self._worker.send_signal(how)
        return self._worker.wait(PATIENCE)

    def worker_log(self) -> str:
        return (self.directory / "worker.log").read_text()

    def stop(self) -> None:
        self.server.kill()
        if self._worker is not None and self._worker.poll() is None:
            self.stop_worker(signal.SIGKILL)


@pytest.fixture(scope="module", params=["sqlite", "postgres", "mariadb"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("site")
    copy_examples(directory)
    take_plain_bodies(directory)
    if request.param == "sqlite":
        database = sqlite_database(directory)
    else:
        databases: DatabaseServer = request.getfixturevalue(request.param)
        database = databases.database()
        for recipe in ("fastapi_app.py", "payout_worker.py"):
            text = (directory / recipe).read_text()
            assert text.count("\nfrom sqlite_store import ") == 1
            (directory / recipe).write_text(text.replace("from sqlite_store", "from sqlalchemy_store"))
    site = Site(directory, database)
    try:
        site.server.start()
        yield site
    finally:
        site.stop()


def event(number: int) -> bytes:
    return body(PayType.PAYOUT, controlNumber=f"SK991{number:08}")


def key_of(content: bytes) -> str:
    return PARSER.parse(content).idempotency_key


def test_50_deliveries_of_one_event_at_the_same_time_are_acknowledged_and_stored_once(site: Site) -> None:
    together = Barrier(50)

    def deliver(content: bytes) -> int:
        together.wait(PATIENCE)
        return site.post(content)

    with ThreadPoolExecutor(50) as senders:
        assert list(senders.map(deliver, [event(1)] * 50)) == [200] * 50, site.server.log()
        assert list(senders.map(deliver, [body(7)] * 50)) == [200] * 50, site.server.log()
    assert site.database.events().count(key_of(event(1))) == 1
    assert len(site.database.quarantined()) == 1


@pytest.mark.parametrize("site", ["postgres"], indirect=True)
def test_an_endpoint_and_a_worker_that_are_killed_again_and_again_process_each_event_once(site: Site) -> None:
    contents = [event(number) for number in range(100, 160)]
    acknowledged: list[bytes] = []

    def send_until_acknowledged(content: bytes) -> None:
        wait_until(partial(site.acknowledges, content))
        acknowledged.append(content)

    with ThreadPoolExecutor(4) as senders:
        site.start_worker()
        sending = [senders.submit(send_until_acknowledged, content) for content in contents]
        for count in (15, 35):
            wait_until(lambda: len(acknowledged) >= count)  # noqa: B023
            site.server.kill()
            assert site.stop_worker(signal.SIGKILL) == -9
            assert {*map(key_of, acknowledged)} <= {*site.database.events()}
            site.start_worker()
            site.server.start()
        for one in sending:
            one.result()
    # What a killed worker had begun would be due again after a minute.
    site.database.query("UPDATE skypay_events SET due_at = received_at WHERE done_at IS NULL")
    wait_until(lambda: not site.database.query("SELECT 1 FROM skypay_events WHERE done_at IS NULL"))
    assert site.stop_worker(signal.SIGTERM) == 0
    assert {*map(key_of, contents)} <= {*site.database.events()}
    assert site.database.query("SELECT DISTINCT position, previous, status FROM skypay_events") == [
        (1, None, "PAID")
    ]
    assert all(f"{key_of(content)}: now PAID" in site.worker_log() for content in contents)


def test_a_locked_database_is_a_5xx_and_the_worker_goes_on_after_it(site: Site) -> None:
    statements = {
        "sqlite": ["BEGIN EXCLUSIVE"],
        "postgresql": ["BEGIN", "LOCK TABLE skypay_events IN ACCESS EXCLUSIVE MODE"],
        "mysql": ["LOCK TABLES skypay_events WRITE"],
    }[site.database.url.partition(":")[0].partition("+")[0]]
    assert site.acknowledges(event(200))
    site.start_worker()
    engine = create_engine(site.database.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        with ThreadPoolExecutor(8) as senders:
            assert set(senders.map(site.post, map(event, range(201, 209)))) <= {500, 503}
        wait_until(lambda: "trying again" in site.worker_log())
    assert site.acknowledges(event(201))
    keys = [key_of(event(200)), key_of(event(201))]
    wait_until(lambda: all(f"{key}: now PAID" in site.worker_log() for key in keys))
    assert site.stop_worker(signal.SIGTERM) == 0
    assert {*keys} <= {*site.database.events()}
