"""The Django project on its real servers: gunicorn behind nginx, SQLite and PostgreSQL."""

from __future__ import annotations

import json
import re
import signal
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from sqlalchemy import NullPool, create_engine

from skypay_payout import CallbackParser, Credentials, PayType, conformance
from skypay_payout.conformance import Outcome, check_endpoint
from skypay_payout.conformance._rule import selected
from skypay_payout.conformance.rules import at_once
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import AUTHENTICATION, ENCRYPTION_KEY, USER_NAME, body
from tests.support.databases import DatabaseServer
from tests.support.servers import HTTP, Nginx, Server, free_port, wait_until

from .django_projects import Project
from .test_nginx import certificate, started
from .test_recipes import OF_THE_FRAMEWORK

# All that do not need PostgreSQL copy one file with the tables.
pytestmark = [pytest.mark.heavy, pytest.mark.xdist_group("test_django sqlite")]

DEADLINE = 15.0
"""Seconds within which even a request that has to wait for a lock is answered."""
CIPHER = BodyCipher(ENCRYPTION_KEY)
KEYS = ["an older key", ENCRYPTION_KEY]
SECRETS = ["an older secret", AUTHENTICATION]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def database_server(request: pytest.FixtureRequest) -> DatabaseServer | None:
    server: DatabaseServer | None = None if request.param == "sqlite" else request.getfixturevalue("postgres")
    return server


@pytest.fixture
def project(tmp_path: Path, database_server: DatabaseServer | None) -> Project:
    """A project for one test, whose server is one process: each imports Django."""
    project = Project(tmp_path, database_server)
    project.settings["GUNICORN_CMD_ARGS"] = "--workers 1"
    return project


class Endpoint(NamedTuple):
    """A project that runs, and a parser configured as it is, with two secrets and two keys."""

    project: Project
    server: Server
    parser: CallbackParser

    def body(self) -> bytes:
        return body(PayType.PAYOUT, cipher=self.parser.cipher)

    def deliver(self, status: int = PayType.PAYOUT, **fields: object) -> int:
        return deliver(self.server, status, self.parser.cipher, **fields)

    def wait_for_worker(self) -> None:
        wait_until(lambda: not self.project.has_open_work())


@pytest.fixture(scope="module")
def shared(
    tmp_path_factory: pytest.TempPathFactory, database_server: DatabaseServer | None
) -> Iterator[Endpoint]:
    """On SQLite bodies are encrypted, on PostgreSQL they are plain."""
    project = Project(tmp_path_factory.mktemp("django"), database_server)
    project.settings |= {
        "SKYPAY_AUTHENTICATION": ", ".join(SECRETS),
        "SKYPAY_ENCRYPTION_KEY": ", ".join(KEYS),
        "DJANGO_ALLOWED_HOSTS": "127.0.0.1,callback.partner.example",
    }
    cipher = BodyCipher(KEYS) if database_server is None else None
    if cipher is None:
        project.take_plain_bodies()
    with project.server as server:
        yield Endpoint(project, server, CallbackParser(Credentials(USER_NAME, SECRETS), cipher=cipher))


@pytest.fixture
def endpoint(shared: Endpoint) -> Endpoint:
    """As if it had just started: nothing is stored."""
    shared.project.empty()
    return shared


def deliver(
    server: Server, status: int = PayType.PAYOUT, cipher: BodyCipher | None = CIPHER, **fields: object
) -> int:
    """The HTTP status; 200 only with the acknowledgement. Fails if it takes longer than the deadline."""
    content = body(status, cipher=cipher, **fields)
    response = HTTP.post(
        server.url, content=content, headers={"Content-Type": "text/plain"}, timeout=DEADLINE
    )
    if response.status_code == 200:
        text = response.content if cipher is None else cipher.decrypt(response.content)
        assert json.loads(text)["responseCode"] == "1000"
    return response.status_code


def gunicorn_port(server: Server) -> int:
    return int(server.log().split("Listening at: http://127.0.0.1:")[1].split()[0])


@pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)
def test_it_passes_the_conformance_check(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = selected((*OF_THE_FRAMEWORK, "status", "quarantined*", "derived-status"))
    monkeypatch.setattr(conformance, "RULES", rules)  # or stored-* would deliver all
    monkeypatch.setattr(at_once, "_GROUPS", 4)
    commands = ["skypay_events", "skypay_quarantine", "skypay_status"]

    @cache
    def printed() -> list[list[dict[str, object]]]:
        endpoint.wait_for_worker()
        parts = endpoint.project.manage(*commands).split("\n\n")
        return [[json.loads(line) for line in part.splitlines()] for part in parts]

    with endpoint.project.worker():
        results = list(
            check_endpoint(
                endpoint.server.url,
                endpoint.parser,
                keys=KEYS,
                stored=lambda: printed()[0],
                quarantined=lambda: printed()[1],
                statuses=lambda: printed()[2],
            )
        )
    assert [one for one in results if one.outcome not in (Outcome.PASSED, Outcome.SKIPPED)] == []
    passed = {one.rule.id for one in results if one.outcome is Outcome.PASSED}
    assert passed >= {"sample", "stored-once", "stored-intact", "quarantined", "derived-status"}


@pytest.mark.parametrize("ends", [True, False], ids=["whole", "without end"])
def test_gunicorn_takes_chunked_requests_without_nginx_too(endpoint: Endpoint, ends: bool) -> None:
    content = endpoint.body()
    chunk = b"%x\r\n%b\r\n"
    chunks = chunk % (len(content), content) + (b"0\r\n\r\n" if ends else chunk % (2**17, b" " * 2**17))
    with socket.create_connection(("127.0.0.1", gunicorn_port(endpoint.server)), DEADLINE) as connection:
        head = b"POST /callback HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head + chunks)
        assert int(connection.recv(64).split()[1]) == (200 if ends else 413)


def test_half_sent_bodies_do_not_stop_it(endpoint: Endpoint) -> None:
    head = b"POST /callback HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{"
    with ExitStack() as stack:
        for _ in range(40):  # more than the endpoint has threads
            connection = socket.create_connection(("127.0.0.1", endpoint.server.port))
            stack.enter_context(connection).sendall(head)
        assert HTTP.post(endpoint.server.url, content=endpoint.body(), timeout=DEADLINE).status_code == 200


@pytest.mark.parametrize("excess", [0, 1])
def test_only_bodies_up_to_the_limit_are_accepted(endpoint: Endpoint, excess: int) -> None:
    # White space at the end of JSON, and newlines in Base64, make up the length.
    content = endpoint.body().ljust(endpoint.parser.max_body_size + excess, b"\n")
    assert HTTP.post(endpoint.server.url, content=content).status_code == (413 if excess else 200)


@pytest.mark.parametrize("database_server", ["postgres"], indirect=True)
def test_its_own_tests_and_those_of_the_app_pass_whatever_the_path_and_the_environment(
    project: Project,
) -> None:
    project.edit("partner/urls.py", 'path("callback"', 'path("skypay/payouts/"')
    project.settings["SKYPAY_PREFIXES"] = "ABCDE"
    del project.settings["SKYPAY_AUTHENTICATION"]
    options = [f"-pno:{plugin}" for plugin in ("anyio", "cacheprovider", "faker", "xdist")]
    app = "skypay_payout.contrib.django.tests"
    assert "11 passed" in project.run("-m", "pytest", "-q", *options, "loans/tests.py", "--pyargs", app)
    project.settings["DJANGO_SETTINGS_MODULE"] = "partner.test_settings"
    del project.settings["PGDATABASE"]  # and on SQLite, Django's default
    assert "Ran 11 tests" in project.manage(f"test loans {app}")


def test_the_migrations_are_complete_and_the_deployment_check_finds_no_error(tmp_path: Path) -> None:
    project = Project(tmp_path, None)
    printed = project.manage("makemigrations --check --dry-run", "check --deploy --fail-level ERROR")
    assert "No changes detected" in printed
    assert "skypay_payout" not in printed


def test_only_the_endpoint_needs_the_secrets(tmp_path: Path) -> None:
    project = Project(tmp_path, None)
    for name in ("SKYPAY_USER_NAME", "SKYPAY_AUTHENTICATION", "SKYPAY_ENCRYPTION_KEY"):
        del project.settings[name]
    project.manage("collectstatic --noinput", "migrate")
    with project.worker() as worker:
        wait_until(lambda: project.log("worker") == "" and has_handler(worker.pid))
        worker.terminate()
        assert worker.wait(60) == 0


def has_handler(process: int) -> bool:
    """Whether the process handles SIGTERM, which the worker does when it has begun."""
    status = Path(f"/proc/{process}/status").read_text()
    return bool(int(status.split("SigCgt:")[1].split()[0], 16) >> (signal.SIGTERM - 1) & 1)


@pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)
def test_only_allowed_host_names_reach_the_endpoint(endpoint: Endpoint) -> None:
    for host, status in (("callback.partner.example", 200), ("other.partner.example", 400)):
        response = HTTP.post(endpoint.server.url, content=endpoint.body(), headers={"Host": host})
        assert response.status_code == status
    assert response.headers["Content-Type"].startswith("text/html")


def test_the_admin_works_behind_its_nginx(tmp_path: Path) -> None:
    project = Project(tmp_path, None)
    (tmp_path / "django_project").symlink_to(project.directory)
    user = {"username": "operator", "password": "for tests only"}
    project.settings |= {
        "DJANGO_ALLOWED_HOSTS": "127.0.0.1,admin.partner.example",
        "DJANGO_SUPERUSER_USERNAME": user["username"],
        "DJANGO_SUPERUSER_PASSWORD": user["password"],
        "DJANGO_SUPERUSER_EMAIL": "operator@partner.example",
    }
    project.settings["GUNICORN_CMD_ARGS"] = "--workers 1"
    project.manage("createsuperuser --noinput", "collectstatic --noinput")
    file = certificate(tmp_path)
    trust = ssl.create_default_context(cafile=file)
    trust.check_hostname = False  # the address is of the loopback
    site = "https://admin.partner.example"
    with project.server as server, ExitStack() as stack:
        nginx = Nginx(tmp_path, gunicorn_port(server), file, documented="nginx_admin.conf")
        started(stack, nginx)
        browser = stack.enter_context(
            httpx.Client(
                base_url=f"https://127.0.0.1:{nginx.port}",
                headers={"Host": "admin.partner.example", "Origin": site, "Referer": f"{site}/admin/login/"},
                verify=trust,
                trust_env=False,
                timeout=DEADLINE,
            )
        )
        styles = re.findall(r'href="(/static/[^"]+\.css)"', browser.get("/admin/login/").text)
        assert styles
        assert {browser.get(style).status_code for style in styles} == {200}
        form = user | {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        assert browser.post("/admin/login/?next=/admin/", data=form).headers["Location"] == "/admin/"
        assert browser.get("/admin/skypay_payout/quarantinedcallback/").status_code == 200
        assert browser.post("/callback").status_code == 404


def lock_tables(project: Project, stack: ExitStack) -> None:
    """Keep everything else from writing until the stack ends."""
    connection = stack.enter_context(create_engine(project.database.url, poolclass=NullPool).connect())
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN EXCLUSIVE")
    else:
        connection.exec_driver_sql("LOCK TABLE skypay_payout_event, skypay_payout_quarantinedcallback")


def test_waiting_for_a_lock_ends_soon_and_acknowledges_nothing(endpoint: Endpoint) -> None:
    statuses = [PayType.PAYOUT, 7]
    with ExitStack() as stack, ThreadPoolExecutor(8) as senders:
        lock_tables(endpoint.project, stack)
        # Together: the waits of several requests must not add up.
        assert set(senders.map(endpoint.deliver, statuses * 4)) == {500}
        assert endpoint.deliver(authentication="wrong") == 403  # without the database
    assert [endpoint.deliver(status) for status in statuses] == [200, 200]


def test_without_a_database_nothing_is_acknowledged(
    endpoint: Endpoint, database_server: DatabaseServer | None
) -> None:
    assert endpoint.deliver() == 200
    with missing(endpoint.project, database_server):
        assert endpoint.deliver(PayType.CANCEL) == 500
    assert endpoint.deliver(PayType.CANCEL) == 200


@contextmanager
def missing(project: Project, server: DatabaseServer | None) -> Iterator[None]:
    """As long as its server is stopped; without one, its table has another name."""
    if server is None:
        project.database.query("ALTER TABLE skypay_payout_event RENAME TO elsewhere")
    else:
        server.stop()
    try:
        yield
    finally:
        if server is None:
            project.database.query("ALTER TABLE elsewhere RENAME TO skypay_payout_event")
        else:
            server.start()


@pytest.mark.parametrize("database_server", ["postgres"], indirect=True)
def test_a_silent_database_server_is_not_waited_for_long(project: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, and never says a word
        project.settings |= {"PGHOST": "127.0.0.1", "PGPORT": str(silent.getsockname()[1])}
        with project.server as server, ThreadPoolExecutor(8) as senders:
            assert set(senders.map(lambda _: deliver(server), range(8))) == {500}


@pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)
def test_a_worker_with_a_backlog_starves_no_callback_on_djangos_default_database(project: Project) -> None:
    project.append("partner/settings.py", f"DATABASES = {DEFAULT}")
    project.database.query("PRAGMA journal_mode = DELETE")
    project.empty()
    numbers = [f"SK991{number:08}" for number in range(60)]
    with project.server as server, ThreadPoolExecutor(8) as senders:

        def send(status: int, number: str) -> int:
            return deliver(server, status, controlNumber=number)

        assert set(senders.map(partial(send, PayType.UPLOAD), numbers)) == {200}
        with project.worker():
            assert set(senders.map(partial(send, PayType.PAYOUT), numbers)) == {200}
            wait_until(lambda: not project.has_open_work())
    assert project.database.query("SELECT DISTINCT status FROM skypay_payout_payout") == [("PAID",)]


DEFAULT = '{"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}'


def add_ledger(project: Project) -> None:
    """A table of the partner's own, which changes with the status, and a list of what was acted on."""
    project.database.query(
        "DROP TABLE IF EXISTS ledger", "CREATE TABLE ledger (control_number varchar(15), status varchar(20))"
    )
    project.hook(
        "SKYPAY_ON_CHANGE",
        "from django.db import connection; connection.cursor().execute('INSERT INTO ledger VALUES (%s, %s)', "
        "[change.control_number, change.after.status])",
    )
    # One text, or without buffers two workers mix their lines.
    project.hook("SKYPAY_ACT", "print(f'acted {change.id} {change.after.status}\\n', end='', flush=True)")


def test_two_workers_at_once_do_nothing_twice(endpoint: Endpoint) -> None:
    project = endpoint.project
    add_ledger(project)
    numbers = [f"SK991{number:08}" for number in range(20)]
    with project.worker(), project.worker():
        with ThreadPoolExecutor(8) as senders:
            for status in (PayType.UPLOAD, PayType.PAYOUT):
                send = partial(endpoint.deliver, status)
                sent = [senders.submit(send, controlNumber=number) for number in numbers]
                assert {one.result() for one in sent} == {200}
        endpoint.wait_for_worker()
    changes = project.database.query("SELECT control_number, status FROM ledger")
    assert len(changes) == len(set(changes))
    paid = {(number, "PAID") for number in numbers}
    assert {change for change in changes if change[1] == "PAID"} == paid
    acted = re.findall(r"acted (\S+) PAID", project.log("worker"))
    assert len(acted) == len(set(acted)) == len(numbers)


def test_a_worker_works_again_when_the_database_does(
    endpoint: Endpoint, database_server: DatabaseServer | None
) -> None:
    project = endpoint.project
    with project.worker() as worker:
        assert endpoint.deliver(PayType.UPLOAD) == 200
        endpoint.wait_for_worker()
        with missing(project, database_server):
            wait_until(lambda: "trying again" in project.log("worker"))
        assert endpoint.deliver(PayType.PAYOUT) == 200
        endpoint.wait_for_worker()
        assert worker.poll() is None
        worker.terminate()
        assert worker.wait(60) == 0


@pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)
def test_the_worker_serves_open_work_and_survives_a_port_that_is_taken(endpoint: Endpoint) -> None:
    project = endpoint.project
    project.hook("SKYPAY_ON_CHANGE", "raise RuntimeError('no loan yet')")
    port = free_port()
    options = "--metrics", str(port)
    url = f"http://127.0.0.1:{port}/metrics"
    with project.worker(*options) as first, project.worker(*options) as second:
        assert endpoint.deliver(7) == 200
        wait_until(lambda: answers(url) and 'kind="quarantined"} 1.0' in HTTP.get(url).text)
        wait_until(lambda: project.log("worker").count("no loan yet") > 0)
        assert (first.poll(), second.poll()) == (None, None)


def answers(url: str) -> bool:
    try:
        return HTTP.get(url).status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)
def test_sigterm_ends_the_worker_after_the_current_action(endpoint: Endpoint) -> None:
    project = endpoint.project
    project.hook(
        "SKYPAY_ACT", "import time; print('began', flush=True); time.sleep(0.5); print('ended', flush=True)"
    )
    for number in range(5):
        assert endpoint.deliver(controlNumber=f"SK991{number:08}") == 200
    with project.worker() as worker:
        wait_until(lambda: "began" in project.log("worker"))
        worker.terminate()
        assert worker.wait(60) == 0
    assert project.log("worker").count("began") == project.log("worker").count("ended") < 5
