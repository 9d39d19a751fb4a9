"""The loop that the workers of all stores share."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import Event, Thread, current_thread

import pytest

from skypay_payout import Anomaly, PayoutStatus
from skypay_payout.contrib import _worker
from skypay_payout.contrib._payouts import PayoutState, backoff
from skypay_payout.contrib._worker import work
from tests.support.servers import PATIENCE


@pytest.fixture(autouse=True)
def signals(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(_worker, "PAUSE", 0.01)
    monkeypatch.setattr(_worker, "backoff", lambda _: timedelta(milliseconds=1))
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


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
        while len(derived) < 5:  # it waits for the other one
            pass
        os.kill(os.getpid(), signal.SIGINT)
        return 0

    work(derive, act)
    assert len(derived) >= 5


def test_a_hook_that_ends_its_thread_ends_the_worker(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(RuntimeError, match="^a hook ended its thread, and with it the worker: start it again$"):
        work(lambda _: sys.exit(current_thread().name), lambda _: 0)
    (record,) = caplog.records
    assert (record.levelname, record.message) == ("CRITICAL", "a hook ended its thread")
    assert caplog.text.endswith("SystemExit: skypay_payout\n")


def test_signals_are_left_alone_in_another_thread() -> None:
    before = signal.getsignal(signal.SIGTERM)
    ended: list[BaseException] = []

    def run() -> None:
        try:
            work(lambda _: sys.exit(3))
        except RuntimeError as error:
            ended.append(error)

    thread = Thread(target=run)
    thread.start()
    thread.join(PATIENCE)
    assert len(ended) == 1
    assert signal.getsignal(signal.SIGTERM) is before


def test_waits_after_failures_in_a_row_grow_to_half_a_minute_and_begin_anew(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    waits: list[float] = []
    outcomes = iter([*[OSError()] * 7, 1, 0, OSError(), SystemExit()])

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
    "state",
    [PayoutState(), PayoutState(PayoutStatus.CONFLICTING, frozenset(Anomaly), 2, PayoutStatus.PAID)],
)
def test_a_state_that_was_stored_is_the_same(state: PayoutState) -> None:
    assert PayoutState.from_json(state.to_json()) == state
