"""The metrics that Prometheus scrapes from a running endpoint, and its log."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from skypay_payout import CallbackParser, PayType
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import AUTHENTICATION, CREDENTIALS, ENCRYPTION_KEY, body, rejection_cases
from tests.support.databases import DatabaseServer
from tests.support.servers import EXAMPLES, HTTP, Server, free_port, wait_until

from .django_projects import Project

pytestmark = pytest.mark.heavy

OLD_KEY, NEW_KEY = "an older key", ENCRYPTION_KEY
OLD_SECRET, NEW_SECRET = "an older secret", AUTHENTICATION
CIPHER = BodyCipher([OLD_KEY, NEW_KEY])


class Monitored:
    """A project whose endpoint has two processes, and whose worker serves the metrics of all."""

    def __init__(self, project: Project, server: Server, port: int) -> None:
        self.project = project
        self.server = server
        self._url = f"http://127.0.0.1:{port}/metrics"

    def post(self, content: bytes) -> int:
        return HTTP.post(self.server.url, content=content).status_code

    def is_served(self) -> bool:
        try:
            return HTTP.get(self._url).status_code == 200
        except httpx.TransportError:
            return False

    def scrape(self) -> dict[str, float]:
        """The value of each sample, by its name and its labels."""
        response = HTTP.get(self._url).raise_for_status()
        return {
            " ".join([sample.name, *(f"{name}={value}" for name, value in sorted(sample.labels.items()))]): (
                sample.value
            )
            for family in text_string_to_metric_families(response.text)
            for sample in family.samples
        }

    def increase(self, before: dict[str, float]) -> dict[str, float]:
        """The counters that have changed since."""
        return {
            name: value - before[name]
            for name, value in self.scrape().items()
            if value != before.get(name) and "_total" in name
        }

    def open_work(self) -> dict[str, float]:
        return {name: value for name, value in self.scrape().items() if "open_work" in name}


@pytest.fixture(scope="module")
def monitored(tmp_path_factory: pytest.TempPathFactory, postgres: DatabaseServer) -> Iterator[Monitored]:
    directory = tmp_path_factory.mktemp("monitored")
    project = Project(directory, postgres)
    metrics = directory / "metrics"
    metrics.mkdir()
    project.settings |= {
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
        "SKYPAY_ENCRYPTION_KEY": f"{OLD_KEY}, {NEW_KEY}",
        "SKYPAY_AUTHENTICATION": f"{OLD_SECRET}, {NEW_SECRET}",
    }
    port = free_port()
    with project.server as server, project.worker(METRICS_PORT=str(port)):
        monitored = Monitored(project, server, port)
        wait_until(monitored.is_served)
        yield monitored


def test_results_are_counted_over_all_processes_by_kind_and_code(monitored: Monitored) -> None:
    before = monitored.scrape()
    for number in range(20):
        assert monitored.post(body(PayType.PAYOUT, controlNumber=f"SK991{number:08}", cipher=CIPHER)) == 200
    assert monitored.post(body(7, cipher=CIPHER)) == 200
    assert monitored.post(body(authentication="wrong", cipher=CIPHER)) == 403
    assert monitored.post(b"no Base64") == 400
    assert monitored.increase(before) == {
        "skypay_callbacks_total code= result=accepted": 20,
        "skypay_callbacks_total code=invalid_callback result=quarantined": 1,
        "skypay_callbacks_total code=authentication_failed result=rejected": 1,
        "skypay_callbacks_total code=decryption_failed result=rejected": 1,
        "skypay_credentials_total newest_key=True newest_secret=True": 21,
    }
    duration = "skypay_duration_seconds_count"
    assert monitored.scrape()[duration] - before[duration] == 23


def test_every_error_code_is_counted_from_0(monitored: Monitored) -> None:
    counted = {name for name in monitored.scrape() if name.startswith("skypay_callbacks_total")}
    parsers = [CallbackParser(CREDENTIALS), CallbackParser(CREDENTIALS, cipher=CIPHER)]
    codes = {case.code.value for parser in parsers for case in rejection_cases(parser)}
    rejected = {
        f"skypay_callbacks_total code={code} result=rejected" for code in codes - {"invalid_callback"}
    }
    assert counted - rejected == {
        "skypay_callbacks_total code= result=accepted",
        "skypay_callbacks_total code=invalid_callback result=quarantined",
    }
    assert rejected <= counted


@pytest.mark.parametrize(
    ("cipher", "secret", "labels"),
    [
        (BodyCipher(NEW_KEY), NEW_SECRET, "newest_key=True newest_secret=True"),
        (BodyCipher(OLD_KEY), NEW_SECRET, "newest_key=False newest_secret=True"),
        (BodyCipher(NEW_KEY), OLD_SECRET, "newest_key=True newest_secret=False"),
    ],
)
def test_old_keys_and_secrets_in_use_are_counted(
    monitored: Monitored, cipher: BodyCipher, secret: str, labels: str
) -> None:
    before = monitored.scrape()
    assert monitored.post(body(authentication=secret, cipher=cipher)) == 200
    assert monitored.increase(before)[f"skypay_credentials_total {labels}"] == 1


def test_open_work_comes_from_the_database(monitored: Monitored) -> None:
    before = monitored.open_work()
    payouts = [
        (PayType.UPLOAD,),
        (PayType.UPLOAD,),
        (PayType.PAYOUT, PayType.CANCEL),
        (PayType.PAYOUT,),
        (7,),
    ]
    for number, statuses in enumerate(payouts):
        for status in statuses:
            content = body(status, controlNumber=f"SK992{number:08}", cipher=CIPHER)
            assert monitored.post(content) == 200
    wait_until(lambda: not monitored.project.has_unprocessed_events())
    query = monitored.project.database.query
    query(
        "UPDATE payouts_payout SET created_at = now() - interval '25 hours' "
        "WHERE control_number LIKE 'SK992%%'"
    )
    query(
        "UPDATE payouts_event SET content = '{}', processed_at = NULL, "
        "received_at = now() - interval '1 hour' WHERE payout_id = 'SK99200000003'"
    )
    assert {name: value - before[name] for name, value in monitored.open_work().items()} == {
        "skypay_open_work kind=overdue": 2,
        "skypay_open_work kind=conflicting": 1,
        "skypay_open_work kind=quarantined": 1,
        "skypay_open_work kind=unprocessed": 1,
    }
    query("DELETE FROM payouts_event WHERE payout_id = 'SK99200000003'")


def test_counters_include_those_of_killed_processes(monitored: Monitored) -> None:
    before = monitored.scrape()
    assert monitored.post(body(cipher=CIPHER)) == 200
    pids = {int(number) for number in re.findall(r"Booting worker with pid: (\d+)", monitored.server.log())}
    assert len(pids) == 2
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: monitored.post(body(cipher=CIPHER)) == 200)
    assert monitored.increase(before)["skypay_callbacks_total code= result=accepted"] == 2


def test_failures_are_counted_and_open_work_is_absent_without_the_tables(monitored: Monitored) -> None:
    before = monitored.scrape()
    assert monitored.open_work()
    monitored.project.database.query("ALTER TABLE payouts_event RENAME TO elsewhere")
    try:
        assert monitored.post(body(cipher=CIPHER)) == 500
        assert monitored.increase(before) == {"skypay_failures_total": 1}
        assert not monitored.open_work()
    finally:
        monitored.project.database.query("ALTER TABLE elsewhere RENAME TO payouts_event")


def test_histories_that_need_a_look_are_counted(monitored: Monitored) -> None:
    before = monitored.scrape()
    number = "SK99300000001"
    for fields in (
        {"status": PayType.UPLOAD, "referenceNumber": "ML1"},
        {"status": PayType.UPLOAD, "referenceNumber": "ML2"},
        {"status": PayType.PAYOUT},
        {"status": PayType.AMENDED_FAIL, "dealTime": "2018-08-08 11:58:33"},
        {"status": PayType.CANCEL},
    ):
        assert monitored.post(body(controlNumber=number, cipher=CIPHER, **fields)) == 200

    def counted() -> set[str]:
        names = monitored.increase(before)
        return {name.removeprefix("skypay_histories_total problem=") for name in names if "histories" in name}

    wait_until(lambda: counted() == {"conflicting", "different_content", "after_final_status"})


def test_every_metric_of_the_alerts_is_scraped(monitored: Monitored) -> None:
    assert monitored.post(body(cipher=CIPHER)) == 200
    scraped = {name.split()[0] for name in monitored.scrape()}
    assert set(re.findall(r"\bskypay_\w+", (EXAMPLES / "alerts.yml").read_text())) <= scraped


def test_each_result_is_one_log_line_without_the_body(monitored: Monitored) -> None:
    for content in (
        body(PayType.PAYOUT, cipher=CIPHER),
        body(7, note="some text of the body", cipher=CIPHER),
        body(authentication="some text of the body", cipher=CIPHER),
        b"some text of the body" * 1000,
    ):
        monitored.post(content)
    log = monitored.server.log()
    assert "accepted: SK99123456789/2/2018-08-07T11:58:33.000000+08:00\n" in log
    assert re.search(r"^quarantined: .*SK99123456789", log, re.MULTILINE)
    assert re.search(r"^rejected: authentication_failed: ", log, re.MULTILINE)
    assert re.search(r"^rejected: decryption_failed: ", log, re.MULTILINE)
    assert "some text of the body" not in log
    assert max(map(len, log.splitlines())) < 600
    assert not any(secret in log for secret in (OLD_KEY, NEW_KEY, OLD_SECRET, NEW_SECRET))
