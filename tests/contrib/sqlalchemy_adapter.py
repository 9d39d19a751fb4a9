"""``skypay_payout.contrib.sqlalchemy`` for the suite of all stores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.event import listen

from skypay_payout.contrib.sqlalchemy import Change, Store, _database
from tests.contrib.adapters import IMPATIENCE, Execute


class SQLAlchemyStore:
    tables = {name: f"skypay_{name}" for name in ("events", "quarantine", "decisions", "payouts")}  # noqa: RUF012

    def __init__(self, url: str, new: bool = False) -> None:
        self.url = url
        self._store = Store(url)
        if new:
            self._store.create_all()
        for name in (
            "save", "dispatch", "accept", "dismiss", "decide", "retry", "quarantined", "state", "open_work",
            "prune", "close",
        ):  # fmt: skip
            setattr(self, name, getattr(self._store, name))

    def process(self, on_change: Callable[[Change, Execute], object] | None = None) -> int:
        if on_change is None:
            return self._store.process()

        def hook(change: Change, connection: Connection) -> None:
            def execute(statement: str) -> list[tuple[Any, ...]]:
                cursor = connection.exec_driver_sql(statement)
                return [tuple(row) for row in cursor] if cursor.returns_rows else []

            on_change(change, execute)

        return self._store.process(hook)

    @contextmanager
    def impatient(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_database, "WAIT", IMPATIENCE)
            yield

    def steps(self, step: Callable[[], None]) -> None:
        engine = self._store._database._engine
        listen(engine, "before_cursor_execute", lambda *_: step())
        listen(engine, "commit", lambda *_: step())


def make(url: str, new: bool) -> Any:
    return SQLAlchemyStore(url, new)
