"""Every store behind PgBouncer in transaction mode, without a setting."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import create_engine

from skypay_payout import PayType
from tests.contrib.adapters import opened
from tests.contrib.store.cases import number, received
from tests.contrib.store.test_waits import assert_works
from tests.support.databases import Database, PgBouncer, Postgres
from tests.support.servers import PATIENCE

pytestmark = [pytest.mark.heavy, pytest.mark.filterwarnings("ignore::ResourceWarning")]


@pytest.fixture
def bouncer(postgres: Postgres) -> Iterator[tuple[PgBouncer, Database]]:
    database = postgres.database()
    bouncer = PgBouncer(postgres, database)
    yield bouncer, database
    bouncer.stop()


def test_everything_works_behind_pgbouncer_in_transaction_mode(
    library: str, bouncer: tuple[PgBouncer, Database]
) -> None:
    proxy, database = bouncer
    together = Barrier(12)
    with opened(library, proxy.url) as store:

        def work(position: int) -> None:
            together.wait(PATIENCE)
            for count in range(8):  # psycopg would prepare a statement at its sixth execution
                store.save(received(PayType.PAYOUT, controlNumber=number(position * 8 + count)))
            store.process()

        with ThreadPoolExecutor(12) as threads:
            list(threads.map(work, range(12)))
        payouts = store.tables["payouts"]
        assert database.query(f"SELECT count(*) FROM {payouts} WHERE status = 'PAID'") == [(96,)]
        assert_works(store, database, events=97)


def test_time_limits_hold_behind_pgbouncer_and_stay_in_their_transactions(
    library: str, bouncer: tuple[PgBouncer, Database]
) -> None:
    proxy, database = bouncer
    with opened(library, proxy.url) as store:
        store.save(received())
        engine = create_engine(database.url)
        with engine.connect() as connection:
            connection.exec_driver_sql(f"LOCK TABLE {store.tables['events']} IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(Exception, match="timeout"):
                store.save(received())
        engine.dispose()
    assert Database(proxy.url).query("SHOW lock_timeout") == [("0",)]
    assert Database(proxy.url).query("SHOW statement_timeout") == [("0",)]
