"""Each recipe as it is documented: endpoints on their servers, worker, units, container."""

from __future__ import annotations

import ast
import json
import os
import re
import runpy
import shlex
import shutil
import socket
import sqlite3
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest

from skypay_payout import CallbackParser, Credentials, PayType, conformance
from skypay_payout.conformance import Outcome, check_endpoint
from skypay_payout.conformance._rule import selected
from skypay_payout.conformance.rules import at_once
from skypay_payout.contrib.sqlalchemy import Store
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import AUTHENTICATION, CREDENTIALS, ENCRYPTION_KEY, USER_NAME, body
from tests.support import lambda_gateway
from tests.support.databases import Database, sqlite_database
from tests.support.servers import (
    EXAMPLES,
    HTTP,
    PATIENCE,
    Server,
    copy_examples,
    documented_commands,
    installed,
    take_plain_bodies,
    wait_until,
)

pytestmark = pytest.mark.heavy

RECIPES = sorted(EXAMPLES.glob("*_app.py"))
SERVERS = [command for recipe in RECIPES for command in documented_commands(recipe)]
LAMBDA = "python lambda_gateway.py 8000"
OF_THE_FRAMEWORK = (
    *("sample", "redelivered*", "overtaken", "text-[cn]*", "base64-lines", "content-type", "chunked"),
    *("header-names", "one-connection*", "together*", "oversize", "empty-body", "secret-wrong", "not-json"),
    *("invalid-pay-type", "good-after-rejection", "response-time", "stored-*"),
)
"""The rules that depend on how a recipe reads, stores and responds. ``receive`` decides the others: the quick
start is tried with all."""
MAX_BODY_SIZE = 65536
MANY = 8
"""More requests than the recipes' servers have threads."""


class Endpoint:
    """A recipe that runs, and what it stores in."""

    def __init__(
        self, directory: Path, server: Server, database: Database, cipher: BodyCipher | None
    ) -> None:
        self.directory = directory
        self.server = server
        self.database = database
        self.cipher = cipher

    def sent(self, text: bytes) -> bytes:
        """The text as this endpoint expects it: encrypted, or as it is."""
        return text if self.cipher is None else self.cipher.encrypt(text)

    def post(
        self, text: bytes, path: str = "", content_type: str = "text/plain", method: str = "POST"
    ) -> httpx.Response:
        """Send a body as SkyPay does."""
        url = httpx.URL(self.server.url).join(path)
        return HTTP.request(method, url, content=self.sent(text), headers={"Content-Type": content_type})

    def post_chunked(self, content: bytes) -> httpx.Response:
        """Send a body in chunks, without its length."""
        pieces = (content[start : start + 1000] for start in range(0, len(content), 1000))
        return HTTP.post(self.server.url, content=pieces, headers={"Content-Type": "text/plain"})

    def is_acknowledgement(self, response: httpx.Response) -> bool:
        """Whether the response is the acknowledgement, in the form that SkyPay expects of this endpoint."""
        if response.status_code != 200 or not response.headers["Content-Type"].startswith("text/plain"):
            return False
        return self.acknowledges(response.content)

    def acknowledges(self, content: bytes) -> bool:
        text = content if self.cipher is None else self.cipher.decrypt(content)
        return bool(json.loads(text)["responseCode"] == "1000")

    def connect(self, data: bytes) -> socket.socket:
        """Send these bytes on a connection of their own."""
        connection = socket.create_connection(("127.0.0.1", self.server.port), PATIENCE)
        connection.sendall(data)
        return connection

    def logs(self, text: str, start: int) -> bool:
        """Whether the log has this text, from this place on."""
        return text in self.server.log()[start:]

    def stored_callbacks(self) -> list[dict[str, object]]:
        """Each stored event in the form of ``PayoutCallback.to_dict``."""
        return [json.loads(str(event)) for (event,) in self.database.query("SELECT event FROM skypay_events")]


SECRETS = ["an older secret", AUTHENTICATION]
KEYS = ["an older key", ENCRYPTION_KEY]


def plain(command: str) -> str:
    """Name an endpoint that takes plain bodies; all others take encrypted ones."""
    return f"plain {command}"


@pytest.fixture(scope="module", params=[*SERVERS, LAMBDA, plain(SERVERS[0])])
def endpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    command = request.param.removeprefix(plain(""))
    cipher = BodyCipher(KEYS) if command == request.param else None
    directory = tmp_path_factory.mktemp("recipe")
    copy_examples(directory)
    if command == LAMBDA:
        shutil.copy(lambda_gateway.__file__, directory)
    database = sqlite_database(directory)
    settings = {**database.settings, "SKYPAY_AUTHENTICATION": ", ".join(SECRETS)}
    if cipher is None:
        take_plain_bodies(directory)
    else:
        settings["SKYPAY_ENCRYPTION_KEY"] = ", ".join(KEYS)
    with Server(command, directory, settings) as server:
        yield Endpoint(directory, server, database, cipher)


on_real_servers = pytest.mark.parametrize("endpoint", [*SERVERS, plain(SERVERS[0])], indirect=True)


def head(framing: str) -> bytes:
    """The head of a request of that framing, without the line that ends it."""
    lines = ("POST /callback HTTP/1.1", "Host: localhost", "Content-Type: text/plain", framing)
    return "".join(f"{line}\r\n" for line in lines).encode()


def counted(content: bytes) -> bytes:
    return head(f"Content-Length: {len(content)}") + b"\r\n" + content


def chunked(content: bytes) -> bytes:
    return head("Transfer-Encoding: chunked") + b"\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(content), content)


def lines_of_code(recipe: Path) -> int:
    """Logical lines: without comments, docstrings and the line breaks of long ones."""
    with recipe.open("rb") as file:
        lines = sum(token.type == tokenize.NEWLINE for token in tokenize.tokenize(file.readline))
    nodes = ast.walk(ast.parse(recipe.read_text()))
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    return lines - sum(isinstance(node, documented) and bool(ast.get_docstring(node)) for node in nodes)


@pytest.mark.parametrize("recipe", sorted(EXAMPLES.glob("*.py")), ids=lambda recipe: recipe.stem)
def test_a_recipe_is_short(recipe: Path) -> None:
    longest = {"worker": 10, "celery_queue": 40}
    assert lines_of_code(recipe) <= longest.get(recipe.stem, 25)


@pytest.mark.parametrize("endpoint", [*SERVERS, LAMBDA], indirect=True)
def test_a_recipe_passes_the_conformance_check(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conformance, "RULES", selected(OF_THE_FRAMEWORK))  # or stored-* would deliver all
    monkeypatch.setattr(at_once, "_GROUPS", 4)  # each server races in the same store
    parser = CallbackParser(Credentials(USER_NAME, SECRETS), cipher=endpoint.cipher)
    url, stored = endpoint.server.url, endpoint.stored_callbacks
    results = list(check_endpoint(url, parser, keys=KEYS, stored=stored))
    assert [one for one in results if one.outcome not in (Outcome.PASSED, Outcome.SKIPPED)] == []
    passed = {one.rule.id for one in results if one.outcome is Outcome.PASSED}
    assert passed >= {"sample", "redelivered", "oversize", "secret-wrong", "stored-once", "stored-intact"}


def test_the_log_names_what_was_rejected_or_quarantined_and_no_secret(endpoint: Endpoint) -> None:
    before = len(endpoint.server.log())
    endpoint.post(body(authentication="a guessed secret"))
    endpoint.post(b"{" * 16)
    endpoint.post(body(7, controlNumber="SK991000000007"))
    log = endpoint.server.log()[before:]
    assert log.count("rejected: authentication_failed: ") == 1
    assert log.count("rejected: not_json: ") == 1
    (quarantined,) = (line for line in log.splitlines() if "SK991000000007" in line)
    assert "payType" in quarantined
    assert [secret for secret in (*SECRETS, *KEYS, "a guessed secret") if secret in log] == []


@on_real_servers
def test_a_body_that_pretends_to_be_compressed_is_read_as_it_is(endpoint: Endpoint) -> None:
    headers = {"Content-Type": "text/plain", "Content-Encoding": "gzip"}
    assert HTTP.post(endpoint.server.url, content=b"garbage", headers=headers).status_code == 400


def of_exactly(size: int, endpoint: Endpoint) -> bytes:
    """A valid callback that is this long as it is sent; encrypted, a multiple of 64."""
    # Base64 makes 4 bytes of 3, and padding adds at least one to the text.
    text_size = size if endpoint.cipher is None else size // 4 * 3 - 1
    sent = endpoint.sent(body(PayType.PAYOUT, note="x" * (text_size - len(body(PayType.PAYOUT, note="")))))
    assert len(sent) == size
    return sent


@on_real_servers
def test_a_body_of_the_largest_size_is_accepted_and_one_byte_more_is_rejected(endpoint: Endpoint) -> None:
    largest = of_exactly(MAX_BODY_SIZE, endpoint)
    # White space: whoever cuts it off has a valid body.
    larger = largest + b"\n"
    for response in (HTTP.post(endpoint.server.url, content=largest), endpoint.post_chunked(largest)):
        assert endpoint.is_acknowledgement(response)
    for response in (HTTP.post(endpoint.server.url, content=larger), endpoint.post_chunked(larger)):
        assert response.status_code == 413


@on_real_servers
@pytest.mark.parametrize(
    ("method", "path"),
    [
        *((method, "/callback") for method in ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE")),
        *(("POST", path) for path in ("/", "/callback/", "/callback/x", "/Callback", "/callbacks")),
        *(("GET", path) for path in ("/", "/docs", "/openapi.json", "/schema", "/static/x")),
    ],
)
def test_only_post_to_the_exact_path_is_answered(endpoint: Endpoint, method: str, path: str) -> None:
    before, logged = endpoint.database.events(), len(endpoint.server.log())
    event = body(PayType.FAILURE, controlNumber="SK991000000004")
    assert endpoint.post(event, path, method=method).status_code in (404, 405)
    assert endpoint.database.events() == before
    assert not endpoint.logs("Traceback", logged)


@on_real_servers
def test_half_sent_requests_do_not_stop_an_endpoint(endpoint: Endpoint) -> None:
    content = endpoint.sent(body())
    halves = [head("Accept: */*"), counted(content)[:-1], chunked(content)[:-8], chunked(content)[:-5]]
    with ExitStack() as stack:
        for half in halves * MANY:
            stack.enter_context(endpoint.connect(half))
        assert endpoint.is_acknowledgement(endpoint.post(body()))


@on_real_servers
def test_a_sender_that_disconnects_midway_changes_nothing_for_the_next(endpoint: Endpoint) -> None:
    before, logged = endpoint.database.events(), len(endpoint.server.log())
    event = body(PayType.PAYOUT, controlNumber="SK991000000005")
    content = endpoint.sent(event)
    for half in (counted(content)[:-1], chunked(content)[:-8], chunked(content)[:-5]):
        for _ in range(MANY):
            endpoint.connect(half).close()
    assert endpoint.is_acknowledgement(endpoint.post(body()))
    assert not endpoint.logs("Traceback", logged)
    assert [key for key in endpoint.database.events() if "SK991000000005" in str(key)] == []
    for _ in range(MANY):
        endpoint.connect(counted(content)).close()
    assert endpoint.is_acknowledgement(endpoint.post(event))
    stored = [key for key in endpoint.database.events() if key not in before]
    assert stored.count("SK991000000005/2/2018-08-07T11:58:33.000000+08:00") == 1


@on_real_servers
def test_several_requests_on_one_connection_are_answered_one_by_one(endpoint: Endpoint) -> None:
    connection = HTTPConnection("127.0.0.1", endpoint.server.port, timeout=PATIENCE)
    used = set[int]()
    for text, status in ((body(), 200), (b"garbage", 400), (body(), 200)):
        connection.request("POST", "/callback", endpoint.sent(text))
        assert connection.sock is not None
        used.add(connection.sock.getsockname()[1])
        response = connection.getresponse()
        content = response.read()
        assert response.status == status
        assert status != 200 or endpoint.acknowledges(content)
    connection.close()
    assert len(used) == 1


@on_real_servers
def test_pipelined_requests_are_all_answered(endpoint: Endpoint) -> None:
    content = endpoint.sent(body())
    last = counted(content).replace(b"Host:", b"Connection: close\r\nHost:")
    with endpoint.connect(counted(content) + last) as connection, connection.makefile("rb") as stream:
        received = stream.read()
    assert received.count(b"HTTP/1.1 200 ") == 2


@on_real_servers
@pytest.mark.parametrize(
    ("start", "piece"),
    [
        pytest.param(head("Content-Length: 10000000000") + b"\r\n", b"x" * 2**15, id="counted"),
        pytest.param(
            head("Transfer-Encoding: chunked") + b"\r\n", b"8000\r\n%b\r\n" % (b"x" * 2**15), id="chunked"
        ),
    ],
)
def test_a_body_without_end_is_rejected_before_it_has_come_and_does_not_fill_the_memory(
    endpoint: Endpoint, start: bytes, piece: bytes
) -> None:
    before = endpoint.server.peak_memory()
    pieces = 2**11
    with endpoint.connect(start) as connection:
        connection.settimeout(2)  # a server may stop reading
        with suppress(TimeoutError, ConnectionError):
            for _ in range(pieces):
                connection.sendall(piece)
    assert endpoint.server.peak_memory() - before < pieces * len(piece) / 4
    with endpoint.connect(start + piece * 4) as connection:
        assert int(connection.recv(64).split()[1]) == 413


def test_what_could_not_be_stored_is_not_acknowledged_until_it_is(endpoint: Endpoint) -> None:
    event = body(PayType.PAYOUT, controlNumber="SK991000000002")
    for table, text in (("skypay_events", event), ("skypay_quarantine", body(8))):
        logged = len(endpoint.server.log())
        endpoint.database.query(f"ALTER TABLE {table} RENAME TO elsewhere")
        assert endpoint.post(text).status_code >= 500
        endpoint.database.query(f"ALTER TABLE elsewhere RENAME TO {table}")
        wait_until(partial(endpoint.logs, table, logged))
        assert endpoint.is_acknowledgement(endpoint.post(text))
    assert "SK991000000002/2/2018-08-07T11:58:33.000000+08:00" in endpoint.database.events()


@on_real_servers
def test_a_store_that_waits_does_not_stop_other_requests(endpoint: Endpoint) -> None:
    database = sqlite3.connect(endpoint.directory / "payouts.sqlite3", isolation_level=None)
    with closing(database), ThreadPoolExecutor(1) as sender:
        database.execute("BEGIN IMMEDIATE")
        waiting = sender.submit(endpoint.post, body(PayType.CANCEL, controlNumber="SK991000000006"))
        assert endpoint.post(b"garbage").status_code == 400
        assert not waiting.done()
        database.execute("ROLLBACK")
        assert endpoint.is_acknowledgement(waiting.result())


@pytest.mark.parametrize("endpoint", [LAMBDA], indirect=True)
@pytest.mark.parametrize("path", ["/rest-api", "/function-url", "/test-event"])
@pytest.mark.parametrize("content_type", ["text/plain", "application/octet-stream"])
def test_lambda_takes_both_versions_of_the_event_and_one_without_isbase64encoded(
    endpoint: Endpoint, path: str, content_type: str
) -> None:
    assert endpoint.is_acknowledgement(endpoint.post(body(), path, content_type))
    assert endpoint.post(body(authentication="wrong"), path, content_type).status_code == 403
    assert HTTP.post(httpx.URL(endpoint.server.url).join(path)).status_code == 400


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.stem)
def test_a_recipe_without_a_key_cannot_be_loaded_instead_of_taking_plain_bodies(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SKYPAY_ENCRYPTION_KEY", raising=False)
    settings = {"SKYPAY_USER_NAME": USER_NAME, "SKYPAY_AUTHENTICATION": AUTHENTICATION}
    for name, value in {**settings, **sqlite_database(tmp_path).settings}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=r"^SKYPAY_ENCRYPTION_KEY: "):
        runpy.run_path(str(recipe))


def test_the_worker_acts_on_each_change_with_no_secret_of_skypays_until_sigterm(tmp_path: Path) -> None:
    copy_examples(tmp_path)
    database = sqlite_database(tmp_path)
    Store(database.url).save(CallbackParser(CREDENTIALS).receive(body(PayType.PAYOUT)))
    (command,) = documented_commands(EXAMPLES / "worker.py")
    with (tmp_path / "log").open("wb") as log:
        worker = subprocess.Popen(  # noqa: S603
            [str(Path(sys.executable).with_name("python")), *command.split()[1:]],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], **database.settings},
            stderr=log,
        )
    try:
        wait_until(lambda: "SK99123456789/1: PAID" in (tmp_path / "log").read_text())
        worker.terminate()
        assert worker.wait(PATIENCE) == 0
    finally:
        worker.kill()
        worker.wait()


FLASK, WORKER = (documented_commands(EXAMPLES / f"{name}.py")[0] for name in ("flask_app", "worker"))


@pytest.mark.parametrize(("unit", "command"), [("skypay-endpoint", FLASK), ("skypay-worker", WORKER)])
def test_a_unit_is_valid_for_systemd_and_runs_the_command_of_the_recipe(
    unit: str, command: str, tmp_path: Path
) -> None:
    text = (EXAMPLES / f"{unit}.service").read_text().replace("\\\n", "")
    started = re.findall(r"^ExecStart=/srv/skypay/\.venv/bin/(.*)$", text, re.MULTILINE)
    assert [one.split() for one in started] == [command.split()]
    program = installed(shutil.which("systemd-analyze"), "systemd")
    programs = Path(sys.executable).parent
    (tmp_path / f"{unit}.service").write_text(text.replace("/srv/skypay/.venv/bin", str(programs)))
    verify = [program, "verify", "--recursive-errors=no", str(tmp_path / f"{unit}.service")]
    done = subprocess.run(verify, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # noqa: S603
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_has_the_recipes_and_starts_the_command_of_the_recipe_outside_of_the_loopback() -> None:
    lines = (EXAMPLES / "Dockerfile").read_text().replace("\\\n", "").splitlines()
    instructions = dict(line.split(maxsplit=1) for line in lines if line and not line.startswith("#"))
    assert json.loads(instructions["CMD"]) == FLASK.replace("127.0.0.1", "0.0.0.0").split()  # noqa: S104
    *copied, _ = instructions["COPY"].split()
    assert copied == ["flask_app.py", WORKER.split()[1]]
    assert f"skypay {WORKER}" in " ".join(lines)
    needed = shlex.split(instructions["RUN"])
    assert {"skypay-payout[encryption,sqlalchemy]", "flask", "waitress"} <= set(needed)
    assert instructions["USER"] != "root"
