"""Promises 2 and 4: a worker derives each payout's state, and people act on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from unittest import mock

import pytest

from skypay_payout import Accepted, Anomaly, PayoutHistory, PayoutStatus, PayType, Quarantined
from skypay_payout.contrib._payouts import Change, PayoutState
from skypay_payout.testing import SCENARIOS, out_of_order, redelivered
from tests.contrib.adapters import Execute, StoreAdapter
from tests.contrib.store.cases import (
    INVALID,
    NUMBER,
    PARSER,
    actions,
    changes,
    make_due,
    number,
    one_database,
    process_all,
    received,
    save_all,
    shift,
    state,
)
from tests.support.databases import Database

pytestmark = pytest.mark.heavy

NOTHING = PayoutState()
CONFLICT = [received(PayType.PAYOUT), received(PayType.CANCEL)]


@pytest.mark.parametrize(
    ("database", "arrives", "at_once"),
    [
        ("sqlite", list, False),
        ("sqlite", out_of_order, False),
        ("sqlite", redelivered, True),
        ("postgres", list, True),
        ("mariadb", list, True),
    ],
    indirect=["database"],
)
def test_the_state_is_that_of_the_history(
    store: StoreAdapter, database: Database, arrives: Callable[[list[bytes]], list[bytes]], at_once: bool
) -> None:
    for scenario in SCENARIOS:
        for content in arrives(scenario.bodies()):
            store.save(PARSER.receive(content))
            if not at_once:
                store.process()
    store.process()
    assert store.process() == 0
    for scenario in SCENARIOS:
        results = [PARSER.receive(content) for content in scenario.bodies()]
        history = PayoutHistory(result.callback for result in results if isinstance(result, Accepted))
        quarantined = sum(isinstance(result, Quarantined) for result in results)
        expected = PayoutState(scenario.status, history.anomalies, quarantined)
        assert state(store, scenario.control_number) == expected
        ((*texts,),) = database.query(
            f"SELECT reference_number, fail_description FROM {store.tables['payouts']} "
            f"WHERE control_number = '{scenario.control_number}'"
        )
        assert [json.loads(str(text)) for text in texts] == [
            history.reference_number,
            history.fail_description,
        ]


@one_database
def test_a_change_has_the_new_events_and_the_states_before_and_after(store: StoreAdapter) -> None:
    save_all(store, [received(), received(PayType.AMENDED_FAIL)])
    (first,) = changes(store)
    assert (first.id, first.control_number, first.before) == (f"{NUMBER}/1", NUMBER, NOTHING)
    assert first.after == PayoutState(PayoutStatus.UPLOADED)
    assert {event.pay_type for event in first.events} == {PayType.UPLOAD, PayType.AMENDED_FAIL}
    save_all(store, CONFLICT)
    (second,) = changes(store)
    assert (second.id, second.before) == (f"{NUMBER}/2", first.after)
    assert second.after.status is PayoutStatus.CONFLICTING
    assert Anomaly.CONFLICTING_STATUSES in second.after.anomalies
    assert changes(store) == []
    process_all(store, [received(controlNumber=number(1))])
    store.save(received(PayType.AMENDED_FAIL, controlNumber=number(1)))
    (third,) = changes(store)
    assert (third.before, len(third.events)) == (third.after, 1)


@one_database
def test_a_quarantine_and_its_resolution_are_changes(store: StoreAdapter, database: Database) -> None:
    save_all(store, [received(PayType.PAYOUT), received(INVALID)])
    (change,) = changes(store)
    assert (change.after.status, change.after.quarantined) == ("PAID", 1)
    (row,) = store.quarantined()
    store.dismiss(row.digest, who="余", why="a test of SkyPay's")
    assert store.quarantined() == []
    (change,) = changes(store)
    assert (change.before.quarantined, change.after.quarantined, change.events) == (1, 0, ())
    ((resolution, *texts),) = database.query(f"SELECT resolution, who, why FROM {store.tables['quarantine']}")
    assert [resolution, *map(json.loads, map(str, texts))] == ["dismissed", "余", "a test of SkyPay's"]
    store.save(received(INVALID))
    assert store.quarantined() == changes(store) == []


@one_database
def test_a_payout_without_an_event_has_a_state_if_a_case_is_open_when_it_is_processed(
    store: StoreAdapter,
) -> None:
    save_all(store, [received(INVALID), received(INVALID, controlNumber=number(1))])
    (resolved,) = (row for row in store.quarantined() if row.control_number == number(1))
    store.dismiss(resolved.digest, who="me", why="a test of SkyPay's")
    (change,) = changes(store)
    assert (change.before, change.after) == (NOTHING, PayoutState(quarantined=1))
    assert state(store) == change.after
    assert store.state(number(1)) is None


@one_database
def test_a_quarantined_callback_without_a_control_number_waits_for_a_person_only(
    store: StoreAdapter, database: Database
) -> None:
    store.save(received(controlNumber="SKY**12345678"))
    assert changes(store) == []
    (row,) = store.quarantined()
    assert row.control_number is None
    store.accept(row.digest, PARSER.revalidate({**row.payload, "controlNumber": NUMBER}), who="me")
    (change,) = changes(store)
    assert change.after == PayoutState(PayoutStatus.UPLOADED)
    assert store.open_work()["quarantined"] == 0


def test_an_accepted_correction_is_an_event_and_what_is_resolved_stays_so(
    store: StoreAdapter, database: Database
) -> None:
    process_all(store, [received(INVALID)])
    (row,) = store.quarantined()
    corrected = PARSER.revalidate({**row.payload, "payType": "2"})
    store.accept(row.digest, corrected, who="Łukasz")
    (change,) = changes(store)
    assert change.events == (corrected,)
    assert change.after == PayoutState(PayoutStatus.PAID)
    ((resolution, who),) = database.query(f"SELECT resolution, who FROM {store.tables['quarantine']}")
    assert (resolution, json.loads(str(who))) == ("accepted", "Łukasz")
    with pytest.raises(ValueError, match=row.digest):
        store.accept(row.digest, corrected, who="me")
    for digest in (row.digest, "unknown"):
        with pytest.raises(ValueError, match=digest):
            store.dismiss(digest, who="me", why="")


@one_database
def test_a_correction_for_another_payout_is_refused_and_leaves_all_open(
    store: StoreAdapter, database: Database
) -> None:
    store.save(received(INVALID))
    (row,) = store.quarantined()
    other = PARSER.revalidate({**row.payload, "payType": "2", "controlNumber": number(5)})
    hint = "correct the payload that was quarantined, and not another one"
    with pytest.raises(ValueError, match=f"{number(5)}(: {hint})?$"):
        store.accept(row.digest, other, who="me")
    assert [each.digest for each in store.quarantined()] == [row.digest]
    assert database.query(f"SELECT 1 FROM {store.tables['events']}") == []


def test_a_decision_holds_until_a_later_event_contradicts_it(store: StoreAdapter, database: Database) -> None:
    process_all(store, CONFLICT)
    assert store.open_work()["conflicting"] == 1
    store.decide(NUMBER, PayoutStatus.PAID, who="me", why="SkyPay says so")
    (change,) = changes(store)
    assert (change.after.status, change.after.decision) == ("CONFLICTING", "PAID")
    assert store.open_work()["conflicting"] == 0
    store.save(received(PayType.PAYOUT, note="again"))
    store.save(received(PayType.AMENDED_FAIL))
    (change,) = changes(store)
    assert change.after.decision == "PAID"
    store.save(received(PayType.CANCEL, note="again"))
    (change,) = changes(store)
    assert (change.before.decision, change.after.decision) == ("PAID", None)
    assert store.open_work()["conflicting"] == 1
    ((ended,),) = database.query(f"SELECT ended_at FROM {store.tables['decisions']}")
    assert ended is not None
    store.decide(NUMBER, PayoutStatus.CANCELLED, who="me", why="they corrected it")
    (change,) = changes(store)
    assert change.after.decision == "CANCELLED"


@one_database
def test_a_person_may_decide_again(store: StoreAdapter, database: Database) -> None:
    ended = f"SELECT status, ended_at FROM {store.tables['decisions']} WHERE ended_at IS NOT NULL ORDER BY id"
    save_all(store, CONFLICT)
    save_all(
        store, [received(status, controlNumber=number(1)) for status in (PayType.PAYOUT, PayType.CANCEL)]
    )
    store.decide(number(1), PayoutStatus.FAILED, who="me", why="another payout")
    store.decide(NUMBER, PayoutStatus.PAID, who="me", why="a slip of the mouse")
    store.decide(NUMBER, PayoutStatus.FAILED, who="me", why="another one")
    first = database.query(ended)
    store.decide(NUMBER, PayoutStatus.CANCELLED, who="me", why="SkyPay says so")
    assert database.query(ended)[:1] == first
    assert {change.after.decision for change in changes(store)} == {"CANCELLED", "FAILED"}
    assert [status for status, _ in database.query(ended)] == ["PAID", "FAILED"]
    assert database.query(f"SELECT 1 FROM {store.tables['decisions']} WHERE due_at IS NOT NULL") == []
    texts = database.query(f"SELECT who, why FROM {store.tables['decisions']} ORDER BY id DESC")
    assert [json.loads(str(text)) for text in texts[0]] == ["me", "SkyPay says so"]


@one_database
def test_only_a_final_status_of_a_conflicting_payout_can_be_decided(store: StoreAdapter) -> None:
    save_all(store, [*CONFLICT, received(PayType.PAYOUT, controlNumber=number(1))])
    for control_number, status, error in (
        (NUMBER, PayoutStatus.UPLOADED, "PAID, CANCELLED or FAILED"),
        (NUMBER, PayoutStatus.CONFLICTING, "PAID, CANCELLED or FAILED"),
        (number(1), PayoutStatus.PAID, number(1)),
        (number(2), PayoutStatus.PAID, number(2)),
    ):
        with pytest.raises(ValueError, match=error):
            store.decide(control_number, status, who="me", why="")


# The hook


def test_the_hook_is_part_of_the_transaction(store: StoreAdapter, database: Database) -> None:
    database.query("CREATE TABLE loans (number VARCHAR(20), status VARCHAR(20))")
    save_all(store, [received(PayType.PAYOUT, controlNumber=number(count)) for count in range(3)])

    def hook(change: Change, execute: Execute) -> None:
        execute(f"INSERT INTO loans VALUES ('{change.control_number}', '{change.after.status}')")
        if change.control_number == number(1) and fails:
            execute("INSERT INTO nowhere VALUES (1)")  # which the database rejects

    fails = True
    assert store.process(hook) == 2
    numbers = database.query("SELECT number FROM loans ORDER BY number")
    assert numbers == [(number(0),), (number(2),)]
    assert store.state(number(1)) is None
    fails = False
    assert store.process(hook) == 0  # it is not its turn yet
    make_due(store, database)
    assert store.process(hook) == 1
    assert len(database.query("SELECT number FROM loans")) == 3
    assert state(store, number(1)).status is PayoutStatus.PAID


@one_database
def test_payouts_whose_hook_fails_do_not_stand_in_front_of_others(
    store: StoreAdapter, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    count = 12
    save_all(store, [received(INVALID), *(received(controlNumber=number(each)) for each in range(count))])
    calls: list[str] = []

    def hook(change: Change, _: object) -> None:
        calls.append(change.control_number)
        if int(change.control_number[-3:]) < count - 5:
            raise RuntimeError("closed")

    assert store.process(hook) == 6
    assert sorted(calls) == [*(number(each) for each in range(count)), NUMBER]
    assert "closed" in caplog.text
    waits = database.query(f"SELECT failures FROM {store.tables['payouts']} WHERE failures > 0")
    assert waits == [(1,)] * (count - 5)
    assert store.process(hook) == 0


@one_database
def test_a_failing_hook_is_tried_again_for_ever_and_counted(
    store: StoreAdapter, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    store.save(received())

    def hook(*_: object) -> None:
        raise LookupError("no such\nloan")

    for failures in (*range(1, 12), 101):
        database.query(f"UPDATE {store.tables['payouts']} SET failures = {failures - 1}")
        make_due(store, database)
        assert store.process(hook) == 0
        assert database.query(f"SELECT failures FROM {store.tables['payouts']}") == [(failures,)]
    assert caplog.messages == [
        f"{NUMBER}: this payout could not be processed yet (attempt {count}): LookupError('no such\\nloan')"
        for count in (*range(1, 12), 101)
    ]
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 8 + ["ERROR"] * 4
    assert caplog.text.count("Traceback") == 4
    assert store.open_work()["unprocessed"] == 0
    shift(store, database, "events", "received_at", hours=-1)
    assert store.open_work()["unprocessed"] == 1
    make_due(store, database)
    assert len(changes(store)) == 1
    assert store.open_work()["unprocessed"] == 0
    assert database.query(f"SELECT failures FROM {store.tables['payouts']}") == [(0,)]


def test_what_a_clock_that_was_ahead_set_is_due_now(store: StoreAdapter, database: Database) -> None:
    save_all(store, [received(), received(INVALID, controlNumber=number(1))])
    for table in ("events", "quarantine"):
        shift(store, database, table, "due_at", hours=3)
    assert store.open_work()["unprocessed"] == 2
    assert store.process() == 2
    shift(store, database, "payouts", "act_due_at", hours=3)
    assert len(actions(store)) == 2


@one_database
def test_many_new_events_of_one_payout_cost_one_derivation(store: StoreAdapter) -> None:
    save_all(store, [received(PayType.PAYOUT, attempt=count) for count in range(100)])
    init = PayoutHistory.__init__
    with mock.patch.object(PayoutHistory, "__init__", autospec=True, side_effect=init) as made:
        (change,) = changes(store)
    assert len(change.events) == 100
    assert made.call_count == 1
    assert change.after == PayoutState(PayoutStatus.PAID, frozenset({Anomaly.DIFFERENT_CONTENT}))


@one_database
def test_what_cannot_be_read_does_not_stop_the_others(store: StoreAdapter, database: Database) -> None:
    save_all(store, [received(controlNumber=number(count)) for count in range(3)])
    database.query(f"UPDATE {store.tables['events']} SET event = '{{}}' WHERE control_number = '{number(1)}'")
    assert store.process() == 2


# Open work and retention


def test_an_uploaded_payout_is_overdue_after_a_day(store: StoreAdapter, database: Database) -> None:
    paid = [received(PayType.PAYOUT, controlNumber=number(each)) for each in range(2)]
    process_all(store, [received(INVALID)])
    shift(store, database, "payouts", "changed_at", hours=-25)
    process_all(store, [received(), *paid])
    assert store.open_work()["overdue"] == 0
    shift(store, database, "payouts", "changed_at", hours=-25)
    process_all(store, [received(PayType.AMENDED_FAIL)])  # changes no status
    counted = {kind: count for kind, count in store.open_work().items() if count}
    assert counted == {"overdue": 1, "quarantined": 1}


def test_settled_payouts_are_pruned_and_nothing_else(store: StoreAdapter, database: Database) -> None:
    settled, uploaded, quarantined, conflicting, new, not_acted_on = map(number, range(6))
    save_all(
        store,
        [
            *(received(PayType.PAYOUT, controlNumber=each) for each in (settled, quarantined, new)),
            *(received(INVALID, controlNumber=each) for each in (settled, quarantined)),
            received(PayType.UPLOAD, controlNumber=uploaded),
            *(received(status, controlNumber=conflicting) for status in (PayType.PAYOUT, PayType.CANCEL)),
        ],
    )
    (row,) = (row for row in store.quarantined() if row.control_number == settled)
    store.dismiss(row.digest, who="me", why="")
    store.process()
    actions(store)
    process_all(store, [received(PayType.PAYOUT, controlNumber=not_acted_on)])
    for table, column in (
        ("events", "received_at"),
        ("quarantine", "received_at"),
        ("payouts", "changed_at"),
    ):
        assert store.prune(timedelta(days=90)) == 0
        shift(store, database, table, column, hours=-24 * 91)
    store.save(received(PayType.CANCEL, controlNumber=new))
    assert store.prune(timedelta(days=92)) == 0
    assert store.prune(timedelta(days=90)) == 1
    assert store.state(settled) is None
    assert all(store.state(number(each)) is not None for each in range(1, 6))
    for table in ("events", "quarantine"):
        rows = database.query(f"SELECT DISTINCT control_number FROM {store.tables[table]}")
        assert (settled,) not in rows
    assert len(store.quarantined()) == 1
    with pytest.raises(ValueError, match="^expected an age, got a negative one$"):
        store.prune(timedelta(days=-1))


@one_database
def test_a_settled_payout_with_anything_new_or_a_failed_action_is_not_pruned(
    store: StoreAdapter, database: Database
) -> None:
    payouts = [received(PayType.PAYOUT, controlNumber=number(count)) for count in range(6)]
    process_all(store, [*payouts, received(PayType.CANCEL, controlNumber=number(4))])
    store.decide(number(4), PayoutStatus.PAID, who="me", why="SkyPay says so")
    store.process()
    actions(store)
    store.save(received(PayType.CANCEL, controlNumber=number(1)))
    for table, column in (("payouts", "changed_at"), ("events", "received_at"), ("decisions", "decided_at")):
        shift(store, database, table, column, hours=-24 * 91)
    store.save(received(controlNumber=number(2)))  # which changes no status
    database.query(f"UPDATE {store.tables['events']} SET due_at = NULL WHERE control_number = '{number(2)}'")
    failed = f"UPDATE {store.tables['payouts']} SET act_failed_at = changed_at WHERE control_number = "
    database.query(f"{failed}'{number(3)}'")
    store.decide(number(4), PayoutStatus.CANCELLED, who="me", why="they corrected it")
    assert store.prune(timedelta(days=90)) == 2
    left = database.query(f"SELECT control_number, failures FROM {store.tables['payouts']} ORDER BY 1")
    assert left == [(number(count), 0) for count in range(1, 5)]


@one_database
def test_quarantined_callbacks_are_pruned_with_their_payout_or_when_they_are_resolved_without_one(
    store: StoreAdapter, database: Database
) -> None:
    process_all(store, [received(), received(INVALID), received(controlNumber="SKY**12345678")])
    shift(store, database, "quarantine", "received_at", hours=-24 * 91)
    store.prune(timedelta(days=90))
    assert len(store.quarantined()) == 2
    for row in store.quarantined():
        store.dismiss(row.digest, who="me", why="")
    store.process()
    store.prune(timedelta(days=90))
    kept = f"SELECT control_number FROM {store.tables['quarantine']} ORDER BY 1"
    assert database.query(kept) == [(None,), (NUMBER,)]
    shift(store, database, "quarantine", "resolved_at", hours=-24 * 91)
    store.prune(timedelta(days=90))
    assert database.query(kept) == [(NUMBER,)]


@one_database
def test_a_quarantined_callback_is_unprocessed_some_minutes_after_its_arrival_or_resolution(
    store: StoreAdapter, database: Database
) -> None:
    store.save(received(INVALID))
    assert store.open_work()["unprocessed"] == 0
    shift(store, database, "quarantine", "received_at", hours=-1)
    assert (store.open_work()["unprocessed"], store.open_work()["quarantined"]) == (1, 1)
    store.dismiss(store.quarantined()[0].digest, who="me", why="")
    assert (store.open_work()["unprocessed"], store.open_work()["quarantined"]) == (0, 0)
    shift(store, database, "quarantine", "resolved_at", hours=-1)
    assert store.open_work()["unprocessed"] == 1
    assert store.process() == 1
