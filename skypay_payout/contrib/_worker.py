"""The loop of a worker, for every store: derivation in one thread, actions in another, until SIGTERM."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from threading import Event, Thread, current_thread, main_thread
from types import FrameType

from ._payouts import PERSISTENT, backoff

log = logging.getLogger("skypay_payout.worker")

PAUSE = 1.0
"""Seconds between two rounds when there is nothing to do."""


def do_nothing(_: object) -> None:
    """Stand for a hook that is not configured."""


def log_failure(what: str, attempts: int, error: Exception) -> None:
    """Log the failure of a hook: a callback that came too early is worth a line, and only later an error."""
    is_persistent = attempts >= PERSISTENT
    level = logging.ERROR if is_persistent else logging.WARNING
    traceback = error if is_persistent or log.isEnabledFor(logging.DEBUG) else None
    log.log(level, "%s (attempt %d): %.300r", what, attempts, error, exc_info=traceback)


def work(*rounds: Callable[[Callable[[], bool]], int]) -> None:
    """Repeat each kind of round in a thread of its own, through failures, until SIGTERM or SIGINT.

    Raises ``RuntimeError`` if a hook ends its thread, as ``sys.exit`` does.

    A round gets a function that says whether to stop after the current payout, and returns how much it did.
    """
    stop, broken = Event(), Event()

    def repeat(round_: Callable[[Callable[[], bool]], int]) -> None:
        failures = 0
        try:
            while not stop.is_set():
                try:
                    done = round_(stop.is_set)
                    failures = 0
                except Exception:
                    failures += 1
                    log.exception("the store is not available: trying again")
                    stop.wait(min(backoff(failures).total_seconds(), 30))
                else:
                    if not done:
                        stop.wait(PAUSE)
        except BaseException:  # half a worker would look alive
            log.critical("a hook ended its thread", exc_info=True)
            broken.set()
            stop.set()

    threads = [Thread(target=repeat, args=(each,), name="skypay_payout") for each in rounds]

    def end(number: int, _: FrameType | None) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)  # a second one ends a process whose hook hangs

    if current_thread() is main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end)
    for thread in threads:
        thread.start()
    # Not one wait without an end: a signal's handler runs between two.
    while any(thread.is_alive() for thread in threads):
        for thread in threads:
            thread.join(PAUSE)
    if broken.is_set():
        raise RuntimeError("a hook ended its thread, and with it the worker: start it again")
