"""Promise 1: each callback is stored once, or saving it raises within the bound."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from skypay_payout import PayoutStatus, PayType
from skypay_payout.contrib._payouts import PayoutState
from skypay_payout.testing import AUTHENTICATION, body
from tests.contrib.adapters import StoreAdapter
from tests.contrib.store.cases import (
    INVALID,
    NUMBER,
    PARSER,
    Crowd,
    number,
    one_database,
    received,
    save_all,
    servers_only,
    shift,
    state,
)
from tests.support.databases import Database
from tests.support.servers import PATIENCE

pytestmark = pytest.mark.heavy


def test_callbacks_are_stored_once_and_rejected_bodies_not_at_all(
    store: StoreAdapter, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    results = [received(), received(INVALID), received(authentication="wrong"), PARSER.receive(b"garbage")]
    save_all(store, results * 3)
    assert [record.getMessage().split(": ")[0] for record in caplog.records].count("quarantined") == 1
    assert database.query(f"SELECT digest, idempotency_key FROM {store.tables['events']}") == [
        (PARSER.parse(body()).digest, PARSER.parse(body()).idempotency_key)
    ]
    (row,) = store.quarantined()
    assert row.control_number == NUMBER
    assert row.payload["payType"] == "7"
    assert [error.field for error in row.errors] == ["payType"]
    assert row.errors[0].message.startswith("expected 1 to 6")
    assert row.received_at.utcoffset().total_seconds() == 0
    stored = database.query(f"SELECT payload, errors FROM {store.tables['quarantine']}")
    assert AUTHENTICATION not in str(stored)
    assert store.open_work()["unprocessed"] == 0, "received now, by the clock of the database"


@one_database
def test_each_rejected_body_is_logged_in_a_short_line_and_a_quarantined_callback_once(
    store: StoreAdapter, caplog: pytest.LogCaptureFixture
) -> None:
    bodies = [body(), body(INVALID), body(authentication="guessed"), b"x" * 65537, b"\n" * 5000]
    save_all(store, [PARSER.receive(content) for content in bodies * 2])
    assert [(record.levelname, record.getMessage().split(": ")[0]) for record in caplog.records] == [
        ("ERROR", "quarantined"),
        *[("WARNING", "rejected")] * 6,
    ]
    lines = [record.getMessage() for record in caplog.records]
    assert all(line.isprintable() and len(line) < 600 for line in lines)
    assert "rejected: authentication_failed: expected" in caplog.text
    assert "payType: expected 1 to 6" in caplog.text
    assert [secret for secret in (AUTHENTICATION, "guessed") if secret in caplog.text] == []


def test_events_are_the_same_if_their_content_is_however_it_is_written(
    store: StoreAdapter, database: Database
) -> None:
    fields = json.loads(body(PayType.FAILURE, extra={"a": 1, "b": 2}))
    again = dict(reversed(fields.items())) | {"payType": 4, "dealTime": "2018-08-07T03:58:33.000Z"}
    again["extra"] = {"b": 2, "a": 1}
    other = fields | {"referenceNumber": "MLA2"}  # under the same idempotency key
    save_all(store, [PARSER.receive(json.dumps(each, indent=4)) for each in (fields, again, other)])
    assert len(database.query(f"SELECT 1 FROM {store.tables['events']}")) == 2


def test_control_numbers_that_differ_in_case_are_two_payouts(store: StoreAdapter) -> None:
    save_all(
        store,
        [
            received(controlNumber="SKabc00000001"),
            received(PayType.CANCEL, controlNumber="SKABC00000001"),
            received(INVALID, controlNumber="SKABc00000001"),
        ],
    )
    assert store.process() == 3
    states = {name: store.state(name) for name in ("SKabc00000001", "SKABC00000001", "SKABc00000001")}
    assert [state and state.status for state in states.values()] == ["UPLOADED", "CANCELLED", None]


HOSTILE = "余额\0\r\n'\"\\%s :x 💸 \ud83d"


def test_texts_that_a_database_rejects_are_stored(store: StoreAdapter, database: Database) -> None:
    fields = ["note", "failDescription", "referenceNumber", "controlNumber", "dealTime"]
    hostile = [(field, text) for field in fields for text in ("\0", "\ud83d", HOSTILE)]
    valid = json.loads(body(PayType.FAILURE))
    for field, text in [*hostile, ("userName", HOSTILE)]:
        store.save(PARSER.receive(json.dumps(valid | {field: text})))
    events, quarantined = (
        [json.loads(str(text)) for (text,) in database.query(f"SELECT {column} FROM {store.tables[table]}")]
        for table, column in (("events", "event"), ("quarantine", "payload"))
    )
    found = [("note", row["note"]) for row in events]
    found += [
        (field, row[field]) for row in quarantined for field in fields if row.get(field) != valid.get(field)
    ]
    assert sorted(found) == sorted(hostile)
    store.process()


@pytest.mark.parametrize(("status", "character"), [(PayType.FAILURE, "é"), (INVALID, "💸")])
def test_the_largest_body_is_stored_and_processed(
    store: StoreAdapter, database: Database, status: int, character: str
) -> None:
    fields = json.loads(body(status)) | {"failDescription": ""}
    text = json.dumps(fields, ensure_ascii=False).encode()
    fields["failDescription"] = character * ((65536 - len(text)) // len(character.encode()))
    content = json.dumps(fields, ensure_ascii=False).encode()
    assert 65530 < len(content) <= 65536
    store.save(PARSER.receive(content))
    assert store.process() == 1
    if status == INVALID:
        (row,) = store.quarantined()
        assert row.payload["failDescription"] == fields["failDescription"]
    else:
        ((stored,),) = database.query(f"SELECT fail_description FROM {store.tables['payouts']}")
        assert json.loads(str(stored)) == fields["failDescription"]


def test_deliveries_of_one_event_at_the_same_time_are_all_saved_once(
    store: StoreAdapter, database: Database
) -> None:
    with Crowd(20) as senders:
        senders.do(store.save, [received(PayType.PAYOUT), received(INVALID)] * 10)
    assert len(database.query(f"SELECT 1 FROM {store.tables['events']}")) == 1
    assert len(store.quarantined()) == 1


@servers_only
def test_a_payout_that_a_worker_holds_blocks_no_save(store: StoreAdapter) -> None:
    save_all(store, [received(), received(INVALID)])

    def redeliver(*_: object) -> None:
        save_all(store, [received(), received(INVALID), received(PayType.PAYOUT)])

    with ThreadPoolExecutor(1) as other:
        assert store.process(lambda *_: other.submit(redeliver).result(PATIENCE)) == 1
    assert state(store) == PayoutState(PayoutStatus.UPLOADED, quarantined=1)
    assert store.process() == 1  # what arrived meanwhile
    assert state(store) == PayoutState(PayoutStatus.PAID, quarantined=1)


@pytest.mark.usefixtures("small_batches")
def test_many_payouts_are_kept_apart_also_if_they_are_due_at_the_same_time(
    store: StoreAdapter, database: Database
) -> None:
    save_all(store, [received(PayType(count % 6 + 1), controlNumber=number(count)) for count in range(9)])
    database.query(f"UPDATE {store.tables['events']} SET due_at = '2020-01-01 00:00:00.000001'")
    store.save(received(controlNumber=number(9)))
    shift(store, database, "events", "due_at", hours=1, where=f"control_number = '{number(9)}'")
    assert store.process() == 9
    assert store.process() == 0
    assert state(store, number(1)).status == "PAID"
    assert store.state(number(999)) is None
