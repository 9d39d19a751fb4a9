"""Each store keeps each event once: delivered at the same time, repeated, and through crashes."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Barrier

import httpx
import pytest

from servers import HTTP, Database, Postgres, Server, copy_examples, sqlite_database, use_postgres, wait_until
from skypay_payout import CallbackParser, PayType
from skypay_payout.testing import CREDENTIALS, USER_NAME, body

pytestmark = pytest.mark.heavy

COMMAND = "uvicorn fastapi_app:app --port 8000"


class Recipe:
    """A recipe in a directory of its own, and what it stores in."""

    def __init__(self, directory: Path, database: Database) -> None:
        self.directory = directory
        self.database = database

    def server(self, command: str = COMMAND) -> Server:
        return Server(command, self.directory, self.database.settings)


@pytest.fixture(params=["sqlite", "postgres"])
def recipe(request: pytest.FixtureRequest, tmp_path: Path) -> Recipe:
    copy_examples(tmp_path)
    if request.param == "sqlite":
        return Recipe(tmp_path, sqlite_database(tmp_path))
    use_postgres(tmp_path / "fastapi_app.py")
    postgres: Postgres = request.getfixturevalue("postgres")
    return Recipe(tmp_path, postgres.database())


def delivered(server: Server, content: bytes) -> bool:
    """Whether a delivery was acknowledged."""
    try:
        response = HTTP.post(server.url, content=content)
    except httpx.TransportError:
        return False
    return response.status_code == 200 and response.json()["responseCode"] == "1000"


def key_of(content: bytes) -> str:
    return CallbackParser(CREDENTIALS).parse(content).idempotency_key


def events(count: int) -> list[bytes]:
    return [body(PayType.PAYOUT, controlNumber=f"SK991{number:08}") for number in range(count)]


def test_50_deliveries_of_one_event_at_the_same_time_are_acknowledged_and_stored_once(recipe: Recipe) -> None:
    event, invalid = body(PayType.PAYOUT), body(7)
    together = Barrier(50)

    def deliver(content: bytes) -> bool:
        together.wait()
        return delivered(server, content)

    with recipe.server(f"{COMMAND} --workers 2") as server, ThreadPoolExecutor(50) as senders:
        assert all(senders.map(deliver, [event] * 50)), server.log()
        assert all(senders.map(deliver, [invalid] * 50)), server.log()
    assert recipe.database.events() == [key_of(event)]
    assert len(recipe.database.set_aside()) == 1


def test_events_that_differ_in_payout_status_or_time_are_all_stored(recipe: Recipe) -> None:
    contents = [
        *(body(status) for status in PayType),
        body(controlNumber="SK991234567890"),
        body(dealTime="2018-08-07 11:58:34"),
        body(dealTime="2018-08-07 11:58:33.000001"),
    ]
    with recipe.server() as server:
        assert all(delivered(server, content) for content in contents)
        assert delivered(server, body(dealTime="2018-08-07T03:58:33Z", referenceNumber="the same event"))
    assert recipe.database.events() == sorted(map(key_of, contents))


def test_every_text_that_a_callback_can_hold_is_kept_as_it_came(recipe: Recipe) -> None:
    text = "余额不足\0\r\n'\"\\💸 " + "x" * 30000
    extra = {"note": text, "half": "\ud83d", "number": 10**30, "many": [None, True, 1.5, {"\0": text}]}
    with recipe.server() as server:
        assert delivered(server, body(PayType.FAILURE, failDescription=text, referenceNumber="\0"))
        assert delivered(server, json.dumps(json.loads(body(PayType.CANCEL)) | extra).encode())
        assert delivered(server, json.dumps(json.loads(body(7)) | extra).encode())
    rows = recipe.database.query("SELECT pay_type, details FROM callbacks ORDER BY pay_type")
    assert recipe.database.query("SELECT DISTINCT user_name FROM callbacks") == [(USER_NAME,)]
    cancel, failure = ((status, json.loads(str(details))) for status, details in rows)
    assert cancel == (3, {"failDescription": None, "referenceNumber": None, "extra": extra})
    assert failure == (4, {"failDescription": text, "referenceNumber": "\0", "extra": {}})
    (payload,) = recipe.database.set_aside()
    assert json.loads(str(payload)).items() >= extra.items()


CRASH = """
import os, signal
from fastapi_app import app, store

def crash():
    if not os.path.exists("crashed"):
        open("crashed", "x").close()
        os.kill(os.getpid(), signal.SIGKILL)

def {name}(received, {name}=store.{name}):
    {before}
    {name}(received)
    {after}

store.{name} = {name}
"""


@pytest.mark.parametrize(("name", "content"), [("keep", body(PayType.PAYOUT)), ("set_aside", body(7))])
@pytest.mark.parametrize(
    ("before", "after", "stored"),
    [("crash()", "", 0), ("", "crash()", 1)],
    ids=["before storing", "before replying"],
)
def test_a_crash_loses_nothing_and_doubles_nothing(
    recipe: Recipe, name: str, content: bytes, before: str, after: str, stored: int
) -> None:
    crashing = CRASH.format(name=name, before=before, after=after)
    (recipe.directory / "crashing_app.py").write_text(crashing)

    def rows() -> int:
        return len(recipe.database.events()) + len(recipe.database.set_aside())

    with recipe.server(COMMAND.replace("fastapi_app", "crashing_app")) as server:
        assert not delivered(server, content)
        assert server.wait_for_its_end() == -9
        assert rows() == stored
        server.start()
        assert delivered(server, content)
        assert delivered(server, content)
    assert rows() == 1


def test_a_server_killed_again_and_again_keeps_each_event_once(recipe: Recipe) -> None:
    contents = events(90)
    acknowledged: list[bytes] = []

    def send_until_acknowledged(content: bytes) -> None:
        wait_until(partial(delivered, server, content))
        acknowledged.append(content)

    def are_acknowledged(count: int) -> bool:
        return len(acknowledged) >= count

    with recipe.server() as server, ThreadPoolExecutor(4) as senders:
        sending = [senders.submit(send_until_acknowledged, content) for content in contents]
        for count in (20, 50):
            wait_until(partial(are_acknowledged, count))
            server.kill()
            assert set(map(key_of, acknowledged)) <= set(recipe.database.events())
            server.start()
        for one in sending:
            one.result()
    assert recipe.database.events() == sorted(map(key_of, contents))


TOGETHER = """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from {store} import Store

together = Barrier(8)
with ThreadPoolExecutor(8) as workers:
    print(len(list(workers.map(lambda _: together.wait() >= 0 and Store(), range(8)))))
"""


def test_many_workers_make_the_tables_at_the_same_time(recipe: Recipe) -> None:
    store = "postgres_store" if recipe.database.settings else "sqlite_store"
    program = [sys.executable, "-c", TOGETHER.format(store=store)]
    processes = [
        subprocess.Popen(  # noqa: S603
            program, cwd=recipe.directory, env=recipe.server().environment, stdout=subprocess.PIPE
        )
        for _ in range(2)
    ]
    assert [process.communicate()[0].strip() for process in processes] == [b"8", b"8"]
    assert recipe.database.events() == recipe.database.set_aside() == []


def test_a_postgresql_that_stops_delays_acknowledgements_but_loses_nothing(
    postgres: Postgres, tmp_path: Path
) -> None:
    copy_examples(tmp_path)
    use_postgres(tmp_path / "fastapi_app.py")
    database = postgres.database()
    contents = events(3)
    with Server(COMMAND, tmp_path, database.settings) as server:
        assert delivered(server, contents[0])
        postgres.stop()
        postgres.start()
        assert delivered(server, contents[1])
        postgres.stop()
        try:
            assert not delivered(server, contents[2])
        finally:
            postgres.start()
        wait_until(partial(delivered, server, contents[2]))
    assert database.events() == sorted(map(key_of, contents))
