"""A function applied in several processes: results in order, memory flat, no process left behind."""

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
    """What ``map`` gives, worked out by so many processes; no more items are read ahead than keep them busy.

    Raises ``UsageError`` if a process is killed, perhaps for want of memory.
    """
    with ProcessPoolExecutor(jobs, get_context("spawn"), _start_worker) as pool:
        running: deque[Future[R]] = deque()
        try:
            for item in items:
                with _interrupts_held():
                    running.append(pool.submit(function, item))
                if len(running) > 2 * jobs:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        except BrokenProcessPool:
            raise UsageError("a worker process was killed, so this is incomplete; try fewer --jobs") from None


def _start_worker() -> None:
    # Ctrl-C is for the parent to report. Where there are signal masks this process does not hear it anyway.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = cast("BaseProcess", parent_process())

    def end_with_parent() -> None:
        parent.join()
        os._exit(1)

    # A parent that is killed cannot end its workers.
    Thread(target=end_with_parent, daemon=True).start()


@contextmanager
def _interrupts_held() -> Generator[None]:
    """A process that is started in here does not hear Ctrl-C even while it starts."""
    with suppress(AttributeError):  # Windows has no signal masks
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        with suppress(AttributeError):
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
