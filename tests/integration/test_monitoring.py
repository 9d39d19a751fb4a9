"""The metrics that Prometheus scrapes from a running endpoint of two processes, and from its worker."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from skypay_payout import PayType
from skypay_payout.contrib import prometheus
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import ENCRYPTION_KEY, body
from tests.contrib.test_prometheus import scrape
from tests.support.databases import Database, sqlite_database
from tests.support.servers import HTTP, Server, free_port, wait_until

pytestmark = [pytest.mark.heavy, pytest.mark.xdist_group("monitored")]

CIPHER = BodyCipher(ENCRYPTION_KEY)
ENDPOINT = """
import os
from flask import Flask, Response, request
from skypay_payout import CallbackParser
from skypay_payout.contrib.prometheus import measure, serve_endpoint
from skypay_payout.contrib.sqlalchemy import Store

parser = CallbackParser.from_environ()
store = Store(os.environ["DATABASE_URL"])
app = Flask(__name__)
serve_endpoint(int(os.environ["METRICS_PORT"]))

@app.post("/callback")
def payout_callback():
    with measure() as observed:
        result = parser.receive(request.get_data())
        store.save(result)
        observed(result)
    response = result.respond()
    return Response(response.body, response.status, content_type=response.content_type)
"""
WORKER = """
import os, sys
from skypay_payout.contrib.prometheus import serve
from skypay_payout.contrib.sqlalchemy import Store, run_worker

store = Store(os.environ["DATABASE_URL"])
serve(store.open_work, int(sys.argv[1]))
run_worker(store)
"""


class Monitored(NamedTuple):
    """An endpoint with two processes, its worker, and their ports for Prometheus."""

    server: Server
    port: int
    worker: Server
    database: Database
    metrics: Path

    def post(self, content: bytes) -> int:
        return HTTP.post(self.server.url, content=content).status_code

    def pids(self, number: int) -> list[int]:
        """Those of the endpoint's processes, ended ones included, when there were so many."""
        booted = partial(re.findall, r"Booting worker with pid: (\d+)")
        wait_until(lambda: len(booted(self.server.log())) >= number)
        return list(map(int, booted(self.server.log())))

    def is_served(self) -> bool:
        try:
            return bool(scrape(self.port))
        except httpx.TransportError:
            return False

    def increase(self, before: dict[str, float]) -> dict[str, float]:
        """The counters that have grown since."""
        after = scrape(self.port)
        return {
            name: after[name] - before[name]
            for name in after
            if after[name] != before[name] and "_total" in name
        }


@pytest.fixture(scope="module")
def monitored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Monitored]:
    endpoint, worker = tmp_path_factory.mktemp("endpoint"), tmp_path_factory.mktemp("worker")
    (endpoint / "monitored_app.py").write_text(ENDPOINT)
    (worker / "monitored_worker.py").write_text(WORKER)
    database, metrics, port = sqlite_database(endpoint), endpoint / "metrics", free_port()
    settings = {
        **database.settings,
        "SKYPAY_ENCRYPTION_KEY": ENCRYPTION_KEY,
        "METRICS_PORT": str(port),
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
    }
    gunicorn = Server(
        "gunicorn --workers 2 --threads 2 --bind 127.0.0.1:8000 monitored_app:app", endpoint, settings
    )
    with gunicorn, Server("python monitored_worker.py 8000", worker, database.settings) as serving:
        monitored = Monitored(gunicorn, port, serving, database, metrics)
        wait_until(monitored.is_served)
        yield monitored


def test_results_are_counted_over_all_processes(monitored: Monitored) -> None:
    before = scrape(monitored.port)
    for number in range(20):
        assert monitored.post(body(PayType.PAYOUT, controlNumber=f"SK991{number:08}", cipher=CIPHER)) == 200
    assert monitored.post(body(7, cipher=CIPHER)) == 200
    assert monitored.post(body(authentication="wrong", cipher=CIPHER)) == 403
    assert monitored.post(b"no Base64") == 400
    assert monitored.increase(before) == {
        "skypay_callbacks_total  accepted": 20,
        "skypay_callbacks_total invalid_callback quarantined": 1,
        "skypay_callbacks_total authentication_failed rejected": 1,
        "skypay_callbacks_total not_base64 rejected": 1,
        "skypay_credentials_total True True": 21,
    }


def test_killed_processes_stay_counted_another_one_serves_and_no_files_pile_up(monitored: Monitored) -> None:
    before = scrape(monitored.port)
    assert monitored.post(body(cipher=CIPHER)) == 200
    for killed in (0, 2):
        for pid in monitored.pids(killed + 2)[killed:]:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: monitored.post(body(cipher=CIPHER)) == 200)
    wait_until(monitored.is_served)
    assert monitored.increase(before)["skypay_callbacks_total  accepted"] == 3
    assert len(list(monitored.metrics.iterdir())) <= 2


def test_a_failing_store_is_a_failure_and_open_work_is_absent(monitored: Monitored) -> None:
    before = scrape(monitored.port)
    assert any("open_work" in name for name in scrape(monitored.worker.port))
    monitored.database.query("ALTER TABLE skypay_events RENAME COLUMN received_at TO elsewhere")
    try:
        assert monitored.post(body(cipher=CIPHER)) == 500
        assert monitored.increase(before) == {"skypay_failures_total": 1}
        assert scrape(monitored.worker.port) == {}
    finally:
        monitored.database.query("ALTER TABLE skypay_events RENAME COLUMN elsewhere TO received_at")


def test_the_worker_serves_open_work_and_every_metric_of_the_alerts_and_the_dashboard_exists(
    monitored: Monitored,
) -> None:
    for status in (PayType.PAYOUT, PayType.CANCEL):
        assert monitored.post(body(status, controlNumber="SK99200000001", cipher=CIPHER)) == 200

    def open_work(kind: str) -> float:
        return scrape(monitored.worker.port).get(f"skypay_open_work {kind}", 0)

    wait_until(lambda: open_work("conflicting") == 1)
    exist = {name.split()[0] for port in (monitored.port, monitored.worker.port) for name in scrape(port)}
    package = Path(prometheus.__file__).parent
    jobs = {"skypay_endpoint", "skypay_worker", "skypay_payout"}
    for file in (package / "alerts.yml", package / "dashboard.json"):
        assert set(re.findall(r"\bskypay_\w+", file.read_text())) - jobs <= exist
