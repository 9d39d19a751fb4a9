"""Apply a function in several processes: results in order, constant memory, no process left behind."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from threading import Thread
from typing import TypeVar, cast

from .terminal import UsageError

T = TypeVar("T")
R = TypeVar("R")


def in_order(function: Callable[[T], R], items: Iterable[T], jobs: int) -> Generator[R]:
    """Yield what ``map`` does, computed in ``jobs`` processes; read no more items ahead than keep them busy.

    Raises ``UsageError`` if a process cannot be started, or is killed, perhaps for lack of memory.
    """
    with ProcessPoolExecutor(jobs, get_context("spawn"), _start_worker) as pool:
        running: deque[Future[R]] = deque()
        try:
            for item in items:
                with _interrupts_held():
                    running.append(_submit(pool, function, item))
                if len(running) > 2 * jobs:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        except BrokenProcessPool:
            raise UsageError("a worker process was killed, so this is incomplete; try fewer --jobs") from None


def _submit(pool: ProcessPoolExecutor, function: Callable[[T], R], item: T) -> Future[R]:
    try:
        return pool.submit(function, item)
    except OSError as error:
        raise UsageError(f"cannot start the processes: {error.strerror}; try fewer --jobs") from None


def _start_worker() -> None:
    # Ctrl-C is for the parent to report. Where there are signal masks, this process never receives it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = cast("BaseProcess", parent_process())

    def end_with_parent() -> None:
        parent.join()
        os._exit(1)

    # A parent that is killed cannot end its workers.
    Thread(target=end_with_parent, daemon=True).start()


@contextmanager
def _interrupts_held() -> Generator[None]:
    """Start a process in here, and it does not receive Ctrl-C even while it starts."""
    with suppress(AttributeError):  # Windows has no signal masks
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        with suppress(AttributeError):
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
