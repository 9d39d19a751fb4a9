"""``skypay_payout.contrib.django`` for the suite of all stores."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread, current_thread
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import close_old_connections, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from skypay_payout import ErrorCode, FieldError, Result
from skypay_payout.contrib._payouts import Change, PayoutState
from tests.contrib import django_site
from tests.contrib.adapters import IMPATIENCE, Execute

# What needs settings, which django_site makes.
from skypay_payout.contrib.django import store, worker  # isort: skip
from skypay_payout.contrib.django.models import Payout, QuarantinedCallback  # isort: skip


class DjangoStore:
    tables = {  # noqa: RUF012
        "events": "skypay_payout_event",
        "quarantine": "skypay_payout_quarantinedcallback",
        "decisions": "skypay_payout_decision",
        "payouts": "skypay_payout_payout",
    }

    def __init__(self, url: str, new: bool) -> None:
        self.url = url
        self._connections: dict[BaseDatabaseWrapper, Thread] = {}
        self._step: Callable[[], None] | None = None
        connection_created.connect(self._opened)
        if new:
            django_site.use(django_site.options(url), "skypay_payout", alias="payouts")
        else:
            django_site.choose(django_site.options(url), "payouts")
        self._process = worker.process
        self.dispatch = worker.dispatch
        self._save = store.save
        for name in ("accept", "dismiss", "decide", "retry", "open_work", "prune"):
            setattr(self, name, getattr(store, name))

    def _opened(self, connection: BaseDatabaseWrapper, **_: object) -> None:
        self._connections[connection] = current_thread()
        self._watch(connection)

    def save(self, result: Result) -> None:
        close_old_connections()  # as at the begin of each request
        self._save(result)

    def process(self, on_change: Callable[[Change, Execute], object] | None = None) -> int:
        def execute(statement: str) -> list[tuple[Any, ...]]:
            with connections["payouts"].cursor() as cursor:
                cursor.execute(statement)
                return list(cursor.fetchall()) if cursor.description else []

        connections.close_all()  # as the worker does after each round
        return self._process(on_change and (lambda change: on_change(change, execute)))

    def quarantined(self) -> list[Any]:
        return [
            SimpleNamespace(
                digest=row.digest,
                control_number=row.control_number,
                payload=row.payload,
                errors=[FieldError(field, ErrorCode(code), text) for field, code, text in row.errors],
                received_at=row.received_at,
            )
            for row in store.rows(QuarantinedCallback).filter(resolved_at=None)
        ]

    def state(self, control_number: str) -> PayoutState | None:
        payout = store.rows(Payout).filter(pk=control_number, version__gt=0).first()
        return payout.state if payout else None

    @contextmanager
    def impatient(self) -> Iterator[None]:
        shorter = {"timeout": IMPATIENCE, "connect_timeout": 1, "read_timeout": 1}
        options = connections["payouts"].settings_dict["OPTIONS"]  # of all threads
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(store, "WAIT", IMPATIENCE)
            for name in options.keys() & shorter.keys():
                patch.setitem(options, name, shorter[name])
            yield

    def steps(self, step: Callable[[], None]) -> None:
        self._step = step
        for each in self._connections:
            self._watch(each)

    def _watch(self, connection: Any) -> None:
        if self._step is None:
            return
        step, commit = self._step, connection._commit

        def watched(execute: Any, *arguments: Any) -> Any:
            step()
            return execute(*arguments)

        connection.execute_wrappers[:] = [watched]
        if not hasattr(connection, "_watched"):
            connection._watched = True

            def committed() -> None:
                step()
                commit()

            connection._commit = committed

    def close(self) -> None:
        connection_created.disconnect(self._opened)
        for each, thread in self._connections.items():
            if not thread.is_alive():  # Django closes a thread's connections when a request or a round ends
                each.inc_thread_sharing()
                each.close()
        connections.close_all()


# As every program with Django must: a connection cannot be shared with a child.
os.register_at_fork(before=connections.close_all)


def make(url: str, new: bool) -> Any:
    return DjangoStore(url, new)
