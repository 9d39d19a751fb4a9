"""Each recipe, on its real server, stores each event once before it acknowledges it, and refuses the rest."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from databases import Database, DatabaseServer, sqlite_database
from servers import EXAMPLES, HTTP, Server, copy_examples, documented_commands
from skypay_payout import CallbackParser, Credentials, PayType
from skypay_payout.conformance import check_endpoint
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import AUTHENTICATION, ENCRYPTION_KEY, USER_NAME, body

pytestmark = pytest.mark.heavy

SERVERS = [command for recipe in sorted(EXAMPLES.glob("*_app.py")) for command in documented_commands(recipe)]
LAMBDA = "python lambda_gateway.py 8000"


class Endpoint:
    """A recipe that runs, and what it stores in."""

    def __init__(self, server: Server, database: Database, cipher: BodyCipher | None) -> None:
        self.server = server
        self.database = database
        self.cipher = cipher

    def post(self, text: bytes, path: str = "", content_type: str = "text/plain") -> httpx.Response:
        """Send a body as SkyPay does, sealed if this endpoint expects it."""
        content = text if self.cipher is None else self.cipher.encrypt(text)
        url = httpx.URL(self.server.url).join(path)
        return HTTP.post(url, content=content, headers={"Content-Type": content_type})

    def is_acknowledgement(self, response: httpx.Response) -> bool:
        """Whether the response is the fixed answer, in the form that SkyPay expects of this endpoint."""
        if response.status_code != 200 or not response.headers["Content-Type"].startswith("text/plain"):
            return False
        answer = response.content if self.cipher is None else self.cipher.decrypt(response.content)
        return bool(json.loads(answer)["responseCode"] == "1000")


SECRETS = ["an older secret", AUTHENTICATION]
KEYS = ["an older key", ENCRYPTION_KEY]


@pytest.fixture(scope="module", params=["plain", "encrypted"])
def cipher(request: pytest.FixtureRequest) -> BodyCipher | None:
    return BodyCipher(KEYS) if request.param == "encrypted" else None


@pytest.fixture(scope="module", params=[*SERVERS, LAMBDA])
def endpoint(
    request: pytest.FixtureRequest, cipher: BodyCipher | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Endpoint]:
    directory = tmp_path_factory.mktemp("recipe")
    copy_examples(directory)
    if request.param == LAMBDA:
        postgres: DatabaseServer = request.getfixturevalue("postgres")
        database = postgres.database()
        gateway = Path(__file__).with_name("lambda_gateway.py")
        (directory / gateway.name).write_bytes(gateway.read_bytes())
    else:
        database = sqlite_database(directory)
    settings = {**database.settings, "SKYPAY_AUTHENTICATION": ", ".join(SECRETS)}
    if cipher is not None:
        settings["SKYPAY_ENCRYPTION_KEY"] = ", ".join(KEYS)
    with Server(request.param, directory, settings) as server:
        yield Endpoint(server, database, cipher)


def test_a_recipe_passes_the_conformance_check(endpoint: Endpoint) -> None:
    parser = CallbackParser(Credentials(USER_NAME, SECRETS), cipher=endpoint.cipher)
    results = list(check_endpoint(endpoint.server.url, parser))
    assert [result for result in results if result.problem] == []
    assert len([result for result in results if result.skipped]) == (0 if endpoint.cipher else 6)


def test_each_status_is_acknowledged_and_stored_once_however_often_it_comes(endpoint: Endpoint) -> None:
    before = endpoint.database.events()
    for _ in range(3):
        for status in PayType:
            assert endpoint.is_acknowledgement(endpoint.post(body(status, controlNumber="SK991000000001")))
    stored = [key for key in endpoint.database.events() if key not in before]
    assert stored == [f"SK991000000001/{status:d}/2018-08-07T11:58:33.000000+08:00" for status in PayType]


def test_what_is_authenticated_but_invalid_is_acknowledged_and_set_aside_once(endpoint: Endpoint) -> None:
    unknown = body(7, note="status of the future")
    assert endpoint.is_acknowledgement(endpoint.post(unknown))
    assert endpoint.is_acknowledgement(endpoint.post(unknown))
    payloads = [json.loads(str(payload)) for payload in endpoint.database.quarantined()]
    assert [payload["payType"] for payload in payloads if "note" in payload] == ["7"]
    assert AUTHENTICATION not in str(payloads)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        pytest.param(body(authentication="wrong"), 401, id="wrong secret"),
        pytest.param(body(payType="9", userName="Other@skypay"), 401, id="wrong account and status"),
        pytest.param(b"", 400, id="empty"),
        pytest.param(b"garbage", 400, id="garbage"),
        pytest.param(b"\xff\xfe", 400, id="not text"),
        pytest.param(body(note="x" * 65536), 413, id="too large"),
        pytest.param(body(note="x" * 2**20), 413, id="far too large"),
    ],
)
def test_a_stranger_is_refused_without_a_word_and_nothing_is_stored(
    endpoint: Endpoint, text: bytes, status: int
) -> None:
    before = endpoint.database.events(), endpoint.database.quarantined()
    response = endpoint.post(text)
    assert response.status_code == status
    assert AUTHENTICATION not in response.text
    if status != 413:
        assert not response.content
    assert (endpoint.database.events(), endpoint.database.quarantined()) == before


def test_the_log_names_the_code_of_each_refusal_and_what_was_set_aside_but_no_secret(
    endpoint: Endpoint,
) -> None:
    before = len(endpoint.server.log())
    endpoint.post(body(authentication="a stranger's secret"))
    endpoint.post(b"garbage")
    endpoint.post(body(7))
    log = endpoint.server.log()
    garbage = "undecryptable" if endpoint.cipher else "not_json"
    for line in ("refused: unauthenticated: ", f"refused: {garbage}: ", "set aside: payType: "):
        assert log.count(line, before) == 1
    assert [secret for secret in (*SECRETS, *KEYS, "a stranger's secret") if secret in log] == []


@pytest.mark.parametrize("endpoint", SERVERS, indirect=True)
@pytest.mark.parametrize(
    "start",
    [
        pytest.param(b"Content-Length: 10000000000\r\n\r\n" + b"x" * 2**17, id="counted"),
        pytest.param(
            b"Transfer-Encoding: chunked\r\n\r\n" + b"8000\r\n%b\r\n" % (b"x" * 2**15) * 4, id="chunked"
        ),
    ],
)
def test_a_body_without_end_is_refused_before_it_has_come(endpoint: Endpoint, start: bytes) -> None:
    head = b"POST /callback HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
    with socket.create_connection(("127.0.0.1", endpoint.server.port), timeout=30) as connection:
        connection.sendall(head + start)
        status = int(connection.recv(64).split()[1])
    assert status in ((413,) if b"Length" in start else (400, 413))


def test_what_could_not_be_stored_is_not_acknowledged_until_it_is(endpoint: Endpoint) -> None:
    event = body(PayType.PAYOUT, controlNumber="SK991000000002")
    for table, text in (("skypay_events", event), ("skypay_quarantine", body(8))):
        endpoint.database.query(f"ALTER TABLE {table} RENAME TO elsewhere")
        assert endpoint.post(text).status_code >= 500
        endpoint.database.query(f"ALTER TABLE elsewhere RENAME TO {table}")
        assert endpoint.is_acknowledgement(endpoint.post(text))
    assert "SK991000000002/2/2018-08-07T11:58:33.000000+08:00" in endpoint.database.events()


@pytest.mark.parametrize("endpoint", [LAMBDA], indirect=True)
@pytest.mark.parametrize("path", ["/rest-api", "/function-url"])
@pytest.mark.parametrize("content_type", ["text/plain", "application/octet-stream"])
def test_lambda_takes_both_versions_of_the_event_as_text_and_as_base64(
    endpoint: Endpoint, path: str, content_type: str
) -> None:
    assert endpoint.is_acknowledgement(endpoint.post(body(), path, content_type))
    assert endpoint.post(body(authentication="wrong"), path, content_type).status_code == 401
    assert HTTP.post(httpx.URL(endpoint.server.url).join(path)).status_code == 400


@pytest.mark.parametrize("recipe", sorted(EXAMPLES.glob("*_app.py")), ids=lambda recipe: recipe.stem)
def test_a_recipe_with_an_empty_key_does_not_start_instead_of_taking_plain_bodies(
    recipe: Path, tmp_path: Path
) -> None:
    copy_examples(tmp_path)
    with pytest.raises(AssertionError, match="a key is empty"):
        Server(documented_commands(recipe)[0], tmp_path, {"SKYPAY_ENCRYPTION_KEY": ""}).start()
