"""Every store on every database."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from skypay_payout.contrib._payouts import backoff
from tests.contrib.adapters import LIBRARIES, StoreAdapter, make
from tests.support.databases import Database, DatabaseServer, sqlite_database


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """What is left open is collected here, not in another test."""
    yield
    gc.collect()


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    if request.param == "sqlite":
        return sqlite_database(tmp_path)
    server: DatabaseServer = request.getfixturevalue(request.param)
    return server.database()


@pytest.fixture
def server(request: pytest.FixtureRequest, database: Database) -> DatabaseServer:
    """The server of that database; the test is for servers only."""
    server: DatabaseServer = request.getfixturevalue(request.node.callspec.params["database"])
    return server


@pytest.fixture(params=LIBRARIES)
def library(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def store(library: str, database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[StoreAdapter]:
    """A new store. What fails is tried again after half an hour: never in the test, however slow it is."""
    store = make(library, database.url)
    worker = {"sqlalchemy": "sqlalchemy", "django": "django.worker"}[library]
    monkeypatch.setattr(
        f"skypay_payout.contrib.{worker}.backoff",
        lambda failures: max(backoff(failures), timedelta(minutes=30)),
    )
    yield store
    store.close()
