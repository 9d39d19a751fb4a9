"""Promise 3: act is called after the commit, at least once, with the current state, and it has an end."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from operator import attrgetter
from types import ModuleType

import pytest

from skypay_payout import PayoutStatus, PayType
from skypay_payout.contrib._payouts import MAX_ATTEMPTS, Change, PayoutState
from tests.contrib.adapters import StoreAdapter, opened
from tests.contrib.store.cases import (
    INVALID,
    NUMBER,
    Crowd,
    actions,
    changes,
    make_due,
    number,
    one_database,
    process_all,
    received,
    save_all,
    servers_only,
    shift,
)
from tests.support.databases import Database
from tests.support.servers import PATIENCE

pytestmark = pytest.mark.heavy


def fail(_: object) -> None:
    raise RuntimeError("the bank is closed")


def test_each_change_is_acted_on_once(store: StoreAdapter, database: Database) -> None:
    save_all(store, [received(), received(INVALID, controlNumber=number(1))])
    assert actions(store) == []
    raised = changes(store)
    database.query(f"UPDATE {store.tables['payouts']} SET act_due_at = '2020-01-01 00:00:00.000001'")
    by_id = attrgetter("id")
    assert sorted(actions(store), key=by_id) == sorted(raised, key=by_id)
    assert actions(store) == []
    assert database.query(f"SELECT act_attempts FROM {store.tables['payouts']}") == [(0,)] * 2


@one_database
def test_an_action_sees_the_current_state_and_all_that_it_has_not_seen(store: StoreAdapter) -> None:
    process_all(store, [received()])
    (first,) = actions(store)
    assert (first.before, first.after) == (PayoutState(), PayoutState(PayoutStatus.UPLOADED))
    for status in (PayType.PAYOUT, PayType.CANCEL):
        process_all(store, [received(status)])
    (second,) = actions(store)
    assert second.id == f"{NUMBER}/3"
    assert (second.before, second.after.status) == (first.after, PayoutStatus.CONFLICTING)
    assert [event.pay_type for event in second.events] == [PayType.PAYOUT, PayType.CANCEL]


def test_what_changes_while_it_is_acted_on_is_acted_on_next(
    store: StoreAdapter, library: str, database: Database
) -> None:
    process_all(store, [received()])
    seen: list[Change] = []

    def act(change: Change) -> None:
        seen.append(change)
        meanwhile(arrive, library, database)

    def arrive(other: StoreAdapter) -> None:
        other.save(received(PayType.PAYOUT))
        assert other.process() == 1
        assert other.dispatch(seen.append) == 0  # nobody acts on one payout at the same time

    assert store.dispatch(act) == 1
    assert database.query(f"SELECT act_attempts FROM {store.tables['payouts']}") == [(0,)]
    assert len(actions(store)) == 1
    assert [change.id for change in seen] == [f"{NUMBER}/1"]
    assert actions(store) == []


def meanwhile(work: Callable[[StoreAdapter], object], library: str, database: Database) -> None:
    """Do it in a thread and with a store of its own, as another worker would."""

    def do() -> None:
        with opened(library, database.url) as other:
            work(other)

    with ThreadPoolExecutor(1) as thread:
        thread.submit(do).result(PATIENCE)


def test_an_action_that_outlives_its_lease_leaves_the_record_to_whoever_acts_now(
    store: StoreAdapter, library: str, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    process_all(store, [received()])
    seen: list[Change] = []

    def act(change: Change) -> None:
        seen.append(change)
        make_due(store, database)
        meanwhile(lambda other: other.dispatch(seen.append), library, database)

    store.dispatch(act)
    assert [change.id for change in seen] == [f"{NUMBER}/1"] * 2
    assert caplog.messages == [f"{NUMBER}/1: acting took longer than 0:05:00, and may be done twice"]
    assert actions(store) == []


def test_a_failed_action_is_tried_again_later_and_the_round_goes_on(
    store: StoreAdapter, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    process_all(store, [received(controlNumber=number(count)) for count in range(3)])
    seen: list[Change] = []

    def act(change: Change) -> None:
        if change.control_number == number(0):
            fail(change)
        seen.append(change)

    assert store.dispatch(act) == 2
    assert caplog.messages == [
        f"{number(0)}/1: could not act on this change (attempt 1): RuntimeError('the bank is closed')"
    ]
    assert actions(store) == []
    make_due(store, database)
    (again,) = actions(store)
    assert again.id == f"{number(0)}/1"


def test_an_action_that_always_fails_waits_for_a_person(store: StoreAdapter, database: Database) -> None:
    process_all(store, [received()])
    with pytest.raises(ValueError, match=NUMBER):
        store.retry(NUMBER)
    for _ in range(MAX_ATTEMPTS):
        assert store.open_work()["failed_actions"] == 0
        assert store.dispatch(fail) == 0
        make_due(store, database)
    assert (store.open_work()["failed_actions"], store.open_work()["unprocessed"]) == (1, 0)
    assert actions(store) == []
    with pytest.raises(ValueError, match=number(1)):
        store.retry(number(1))
    store.retry(NUMBER)
    assert store.open_work()["failed_actions"] == 0
    assert database.query(f"SELECT act_attempts FROM {store.tables['payouts']}") == [(0,)]
    (change,) = actions(store)
    assert change.id == f"{NUMBER}/1"


@one_database
def test_a_change_that_is_not_acted_on_is_counted_after_some_minutes(
    store: StoreAdapter, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    process_all(store, [received()])
    assert store.open_work()["unprocessed"] == 0
    make_due(store, database)
    shift(store, database, "payouts", "act_due_at", hours=-1)  # the worker does something else
    assert store.open_work()["unprocessed"] == 1
    for _ in range(8):
        store.dispatch(fail)
        assert store.open_work()["unprocessed"] == 0
        make_due(store, database)
    caplog.clear()
    store.dispatch(fail)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    for _ in range(2):
        assert store.open_work()["unprocessed"] == 1
        make_due(store, database)
        shift(store, database, "payouts", "act_due_at", hours=-1)
    assert len(actions(store)) == 1
    assert store.open_work()["unprocessed"] == 0


def leave_one_attempt(store: StoreAdapter, database: Database) -> None:
    database.query(f"UPDATE {store.tables['payouts']} SET act_attempts = {MAX_ATTEMPTS - 1}")


@one_database
def test_a_new_change_of_a_payout_whose_action_failed_is_acted_on(
    store: StoreAdapter, database: Database
) -> None:
    process_all(store, [received()])
    leave_one_attempt(store, database)
    store.dispatch(fail)
    assert store.open_work()["failed_actions"] == 1
    process_all(store, [received(PayType.PAYOUT)])
    (change,) = actions(store)
    assert (change.before, change.after.status) == (PayoutState(), PayoutStatus.PAID)
    assert store.open_work()["failed_actions"] == 0


@one_database
def test_an_action_that_ends_its_worker_every_time_waits_for_a_person(
    store: StoreAdapter, database: Database
) -> None:
    class Killed(BaseException):
        pass

    def kill(_: object) -> None:
        raise Killed

    process_all(store, [received()])
    for attempt in range(2):
        if attempt:
            leave_one_attempt(store, database)
        with pytest.raises(Killed):
            store.dispatch(kill)
        assert actions(store) == []  # whoever has it may still be alive
        make_due(store, database)
    assert actions(store) == []
    assert (store.open_work()["failed_actions"], store.open_work()["unprocessed"]) == (1, 0)
    process_all(store, [received(PayType.PAYOUT)])
    assert len(actions(store)) == 1
    process_all(store, [received(controlNumber=number(each)) for each in range(2)])
    database.query(f"UPDATE {store.tables['payouts']} SET act_attempts = {MAX_ATTEMPTS} WHERE version = 1")
    assert actions(store) == []
    assert store.open_work()["failed_actions"] == 2


@one_database
def test_retries_do_not_stand_in_front_of_new_changes(store: StoreAdapter, database: Database) -> None:
    process_all(store, [received(controlNumber=number(count)) for count in range(5)])
    store.dispatch(fail)
    process_all(store, [received()])
    make_due(store, database)
    seen: list[str] = []
    store.dispatch(lambda change: seen.append(change.control_number))
    assert seen[0] == NUMBER


@one_database
def test_a_round_that_has_spent_its_time_on_retries_leaves_the_others_to_the_next(
    store: StoreAdapter, worker: ModuleType, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "RETRIES", -1)
    process_all(store, [received(controlNumber=number(each)) for each in range(3)])
    assert store.dispatch(fail) == 0
    assert database.query(f"SELECT act_attempts FROM {store.tables['payouts']}") == [(1,)] * 3
    rounds: list[int] = []
    for _ in range(4):
        make_due(store, database)
        rounds.append(store.dispatch(lambda _: None))
    assert rounds == [1, 1, 1, 0]


def test_what_is_due_first_is_done_first(store: StoreAdapter, database: Database) -> None:
    numbers = [number(count) for count in (2, 0, 1)]
    save_all(store, [received(controlNumber=each) for each in sorted(numbers)])
    seen: list[str] = []

    def see(change: Change, _: object = None) -> None:
        seen.append(change.control_number)

    for table, column, do in (("events", "due_at", store.process), ("payouts", "act_due_at", store.dispatch)):
        for hours, each in enumerate(numbers):
            shift(store, database, table, column, hours=hours - 5, where=f"control_number = '{each}'")
        assert do(see) == 3
    assert seen == numbers * 2


@one_database
def test_a_round_takes_what_was_due_when_it_began(store: StoreAdapter) -> None:
    process_all(store, [received(controlNumber=number(0))])
    seen: list[Change] = []

    def act(change: Change) -> None:
        seen.append(change)
        process_all(store, [received(controlNumber=number(len(seen)))])

    assert store.dispatch(act) == 1
    assert store.dispatch(act) == 1
    assert len(seen) == 2


def test_several_workers_share_the_work_and_do_nothing_twice(store: StoreAdapter) -> None:
    save_all(store, [received(controlNumber=number(count)) for count in range(24)])
    derived: list[str] = []
    acted: list[str] = []
    counts: list[int] = []
    with Crowd(3) as workers:
        workers.do(lambda _: counts.append(store.process(lambda *each: derived.append(each[0].id))), range(3))
        for _ in range(3):
            workers.do(lambda _: store.dispatch(lambda change: acted.append(change.id)), range(3))
    everything = [f"{number(count)}/1" for count in range(24)]
    assert sorted(derived) == sorted(acted) == everything
    assert sum(counts) == 24


@servers_only
@pytest.mark.usefixtures("small_batches")
def test_a_payout_that_somebody_has_locked_does_not_stop_the_others(
    store: StoreAdapter, library: str, database: Database
) -> None:
    process_all(store, [received(controlNumber=number(0))])
    save_all(store, [received(PayType.PAYOUT, controlNumber=number(count)) for count in range(5)])

    def work(other: StoreAdapter) -> None:
        assert other.process() == 4
        assert other.dispatch(lambda _: None) == 4

    assert store.process(lambda *_: meanwhile(work, library, database)) == 1
