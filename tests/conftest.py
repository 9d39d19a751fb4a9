"""What several files of tests share."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, settings

from skypay_payout.testing import AUTHENTICATION, USER_NAME

if TYPE_CHECKING:
    from tests.support.databases import DatabaseServer

# No test depends on the clock. Where it only matters that a test fails, nobody looks for a small example.
settings.register_profile("patient", deadline=None, max_examples=25)
settings.register_profile("thorough", deadline=None, max_examples=2000)
settings.register_profile("unshrunk", deadline=None, phases=[Phase.explicit, Phase.generate])
settings.load_profile("patient")

# A shell that runs the tests in the background has them ignore it, and some of them send it.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """Leave the modules and the tests alone whenever garbage is collected, which some tests do."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have one worker run the tests that share a server or the wheel: others would have to make one too."""
    for item in items:
        if isinstance(item, pytest.Function):
            parameters: dict[str, object] = item.callspec.params if hasattr(item, "callspec") else {}
            names = ("endpoint", "database", "database_server", "site")
            shared = [parameters[name] for name in names if name in parameters]
            expensive = {"postgres", "mariadb", "wheel"} & {*shared, *item.fixturenames}
            if expensive:
                item.add_marker(pytest.mark.xdist_group(expensive.pop()))
            elif shared and "database" not in parameters:
                item.add_marker(pytest.mark.xdist_group(f"{item.path.stem} {shared[0]}"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[DatabaseServer]:
    """A real PostgreSQL server of the tests' own."""
    from tests.support.databases import Postgres

    server = Postgres()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def mariadb() -> Iterator[DatabaseServer]:
    """A real MariaDB server of the tests' own."""
    from tests.support.databases import MariaDB

    server = MariaDB()
    yield server
    server.remove()


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample's account in the environment, as the command wants it; bodies are plain."""
    monkeypatch.setenv("SKYPAY_USER_NAME", USER_NAME)
    monkeypatch.setenv("SKYPAY_AUTHENTICATION", AUTHENTICATION)
    monkeypatch.delenv("SKYPAY_ENCRYPTION_KEY", raising=False)
    monkeypatch.delenv("SKYPAY_PREFIXES", raising=False)
