"""Every store on every database."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from importlib import import_module
from types import ModuleType

import pytest

from skypay_payout.contrib._payouts import backoff
from tests.contrib import django_adapter, sqlalchemy_adapter  # noqa: F401  before garbage is frozen
from tests.contrib.adapters import StoreAdapter, make, opened
from tests.support.databases import Database, DatabaseServer, SQLite

MODULES = {"sqlalchemy": "sqlalchemy", "django": "django.worker"}


@pytest.fixture
def collected() -> Iterator[None]:
    """Connections that are left open are collected here, not in another test."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def sqlite() -> Iterator[SQLite]:
    """Files in the place of a server."""
    files = SQLite()
    yield files
    files.remove()


@cache
def with_tables(library: str, server: SQLite | DatabaseServer) -> Database:
    """A database for tests to copy."""
    database = server.database()
    make(library, database.url, new=True).close()
    return database


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def database(request: pytest.FixtureRequest, library: str) -> Database:
    server: SQLite | DatabaseServer = request.getfixturevalue(request.param)
    return server.copy(with_tables(library, server))


@pytest.fixture
def server(request: pytest.FixtureRequest, database: Database) -> DatabaseServer:
    """The server of that database; the test is for servers only."""
    server: DatabaseServer = request.getfixturevalue(request.node.callspec.params["database"])
    return server


@pytest.fixture(params=MODULES)
def library(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def worker(library: str) -> ModuleType:
    """The module that does the rounds of a worker."""
    return import_module(f"skypay_payout.contrib.{MODULES[library]}")


@pytest.fixture
def small_batches(worker: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are read one by one."""
    monkeypatch.setattr(worker, "BATCH" if hasattr(worker, "BATCH") else "_BATCH", 1)


@pytest.fixture
def store(
    library: str, worker: ModuleType, database: Database, monkeypatch: pytest.MonkeyPatch
) -> Iterator[StoreAdapter]:
    """A new store. What fails is tried again after half an hour: never in the test, however slow it is."""
    late = timedelta(minutes=30)
    monkeypatch.setattr(worker, "backoff", lambda failures: max(backoff(failures), late))
    with opened(library, database.url) as store:
        yield store
