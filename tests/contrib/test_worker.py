"""The loop that the workers of all stores share."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event, current_thread

import pytest

from skypay_payout import Anomaly, PayoutStatus, PayType
from skypay_payout.contrib import _worker
from skypay_payout.contrib._payouts import PayoutState, backoff
from skypay_payout.contrib._worker import work
from skypay_payout.contrib.sqlalchemy import Change, Store, run_worker
from tests.contrib.store.cases import NUMBER, number, received
from tests.support.databases import DatabaseServer, sqlite_database
from tests.support.servers import PATIENCE, wait_until


@pytest.fixture(autouse=True)
def signals(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(_worker, "PAUSE", 0.01)
    monkeypatch.setattr(_worker, "backoff", lambda _: timedelta(milliseconds=10))

    def fail(number: int, _: object) -> None:
        pytest.fail(f"the worker did not handle signal {number}")  # whose default would end pytest

    before = {each: signal.signal(each, fail) for each in (signal.SIGTERM, signal.SIGINT)}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


def test_rounds_are_repeated_through_failures_until_a_signal(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[str] = []

    def derive(stop: Callable[[], bool]) -> int:
        calls.append("derive")
        if calls.count("derive") == 1:
            raise ConnectionError("no database")
        if calls.count("derive") == 4:
            os.kill(os.getpid(), signal.SIGTERM)
        return calls.count("derive") % 2

    def act(stop: Callable[[], bool]) -> int:
        calls.append("act")
        return 0

    work(derive, act)
    assert calls.count("derive") >= 4
    assert "act" in calls
    assert "no database" in caplog.text
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL  # a second one would end a hook that hangs


def test_a_slow_round_does_not_delay_the_other_kind() -> None:
    derived: list[bool] = []

    def derive(stop: Callable[[], bool]) -> int:
        derived.append(True)
        return 1

    def act(stop: Callable[[], bool]) -> int:
        wait_until(lambda: len(derived) >= 5)  # it waits for the other one
        os.kill(os.getpid(), signal.SIGINT)
        return 0

    work(derive, act)
    assert len(derived) >= 5


def test_a_hook_that_ends_its_thread_ends_the_worker(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(
        RuntimeError, match="^a hook ended its thread, and with it the worker: start it again$"
    ):
        work(lambda _: sys.exit(current_thread().name), lambda _: 0)
    (record,) = caplog.records
    assert (record.levelname, record.message) == ("CRITICAL", "a hook ended its thread")
    assert caplog.text.endswith("SystemExit: skypay_payout\n")


def test_signals_are_left_alone_in_another_thread() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with ThreadPoolExecutor(1) as thread, pytest.raises(RuntimeError):
        thread.submit(work, lambda _: sys.exit(3)).result(PATIENCE)
    assert signal.getsignal(signal.SIGTERM) is before


def test_waits_after_failures_in_a_row_grow_to_half_a_minute_and_begin_anew(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    waits: list[float] = []
    outcomes: Iterator[BaseException | int] = iter([*[OSError()] * 7, 1, 1, 0, OSError(), SystemExit()])

    class Recorded(Event):
        def wait(self, timeout: float | None = None) -> bool:
            assert timeout is not None
            waits.append(timeout)
            return self.is_set()

    def act(stop: Callable[[], bool]) -> int:
        assert stop() is False
        outcome = next(outcomes)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    monkeypatch.setattr(_worker, "Event", Recorded)
    monkeypatch.setattr(_worker, "backoff", backoff)
    with pytest.raises(RuntimeError):
        work(act)
    assert waits == [1, 2, 4, 8, 16, 30, 30, _worker.PAUSE, 1]
    assert caplog.messages[:-1] == ["the store is not available: trying again"] * 8


def test_waits_after_failures_double_up_to_an_hour() -> None:
    assert [backoff(failures).total_seconds() for failures in (1, 2, 3, 12, 13, 10**9)] == [
        *(1, 2, 4, 2048),
        *(3600, 3600),
    ]


@pytest.mark.parametrize(
    "state", [PayoutState(), PayoutState(PayoutStatus.CONFLICTING, frozenset(Anomaly), 2, PayoutStatus.PAID)]
)
def test_a_state_that_was_stored_is_the_same(state: PayoutState) -> None:
    assert PayoutState.from_json(state.to_json()) == state


def test_a_worker_calls_its_hooks_until_it_is_asked_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(sqlite_database(tmp_path).url)
    store.save(received())
    store.process()
    store.save(received(PayType.PAYOUT))
    calls: list[str] = []
    stopped = True

    def once(*rounds: Callable[[Callable[[], bool]], int]) -> None:
        for each in rounds:
            each(lambda: stopped)

    monkeypatch.setattr("skypay_payout.contrib.sqlalchemy.work", once)
    hooks = (lambda change, _: calls.append(f"changed {change.id}"), lambda change: calls.append(change.id))
    run_worker(store, *hooks)
    assert calls == []
    stopped = False
    run_worker(store, *hooks)
    assert calls == [f"changed {NUMBER}/2", f"{NUMBER}/2"]
    store.close()


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_asked_to_end_stops_after_the_current_action(
    tmp_path: Path, asked: signal.Signals
) -> None:
    store = Store(sqlite_database(tmp_path).url)
    for count in range(3):
        store.save(received(controlNumber=number(count)))
    acted: list[str] = []

    def act(change: Change) -> None:
        acted.append(change.id)
        os.kill(os.getpid(), asked)
        wait_until(lambda: signal.getsignal(asked) is signal.SIG_DFL)

    run_worker(store, act=act)
    assert len(acted) == 1
    store.close()


@pytest.mark.heavy
def test_a_worker_goes_on_after_an_outage(postgres: DatabaseServer, caplog: pytest.LogCaptureFixture) -> None:
    store = Store(postgres.database().url)
    store.create_all()
    acted: list[str] = []

    def act(change: Change) -> None:
        acted.append(change.control_number)
        if len(acted) == 2:
            sys.exit()

    with ThreadPoolExecutor(1) as thread:
        worker = thread.submit(run_worker, store, act=act)
        store.save(received(controlNumber=number(1)))
        wait_until(lambda: acted == [number(1)])
        postgres.stop()
        postgres.start()
        wait_until(lambda: "trying again" in caplog.text)
        store.save(received(controlNumber=number(2)))
        with pytest.raises(RuntimeError, match="a hook ended its thread"):
            worker.result(PATIENCE)
    assert acted == [number(1), number(2)]
    store.close()
