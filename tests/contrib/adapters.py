"""The stores of all libraries behind one interface, for one suite of tests.

``make("sqlalchemy", url)`` and ``make("django", url)`` open a store; also in another process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from importlib import import_module
from typing import Any, Protocol

from skypay_payout import PayoutCallback, PayoutStatus, Result
from skypay_payout.contrib._payouts import Change, PayoutState

LIBRARIES = ["sqlalchemy", "django"]
IMPATIENCE = 0.6

Execute = Callable[[str], list[tuple[Any, ...]]]
"""Runs a statement in the transaction of the hook, and returns its rows."""


class StoreAdapter(Protocol):
    """A store, with its tables made."""

    url: str
    tables: dict[str, str]
    """The names of the tables: events, quarantine, decisions, payouts. Their columns are called the same."""

    def save(self, result: Result) -> None: ...
    def process(self, on_change: Callable[[Change, Execute], object] | None = None) -> int: ...
    def dispatch(self, act: Callable[[Change], object]) -> int: ...
    def accept(self, digest: str, callback: PayoutCallback, *, who: str) -> None: ...
    def dismiss(self, digest: str, *, who: str, why: str) -> None: ...
    def decide(self, control_number: str, status: PayoutStatus, *, who: str, why: str) -> None: ...
    def retry(self, control_number: str) -> None: ...
    def quarantined(self) -> list[Any]:
        """Objects with digest, control_number, payload, errors and received_at."""
        ...

    def state(self, control_number: str) -> PayoutState | None: ...
    def open_work(self) -> dict[str, int]: ...
    def prune(self, older_than: timedelta) -> int: ...

    def steps(self, step: Callable[[], None]) -> None:
        """Call ``step`` before each statement and each commit from now on."""
        ...

    def impatient(self) -> AbstractContextManager[None]:
        """Shorten the bounds of its waits to ``IMPATIENCE``: for tests in which nothing can succeed."""
        ...

    def close(self) -> None:
        """End its connections, as the end of a process would."""
        ...


def make(library: str, url: str, *, new: bool = False) -> StoreAdapter:
    """Open a store on the database; if it is new, make its tables."""
    adapter: StoreAdapter = import_module(f"tests.contrib.{library}_adapter").make(url, new)
    return adapter


@contextmanager
def opened(library: str, url: str, *, new: bool = False) -> Iterator[StoreAdapter]:
    """Open a store, and close it in the end."""
    store = make(library, url, new=new)
    try:
        yield store
    finally:
        store.close()
