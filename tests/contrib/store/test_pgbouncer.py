"""Every store behind PgBouncer in transaction mode, without a setting."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine

from skypay_payout import PayType
from tests.contrib.adapters import opened
from tests.contrib.store.cases import INVALID, Crowd, number, received
from tests.contrib.store.test_waits import assert_works
from tests.support.databases import Database, PgBouncer, Postgres

pytestmark = pytest.mark.heavy


@pytest.fixture
def bouncer(postgres: Postgres) -> Iterator[PgBouncer]:
    bouncer = PgBouncer(postgres, postgres.database())
    yield bouncer
    bouncer.stop()


def test_everything_works_behind_pgbouncer_in_transaction_mode(library: str, bouncer: PgBouncer) -> None:
    with opened(library, bouncer.url, new=True) as store, Crowd(6) as callers:

        def work(position: int) -> None:
            for count in range(8):  # psycopg would prepare a statement at its sixth execution
                store.save(received(PayType.PAYOUT, controlNumber=number(position * 8 + count)))
            store.process()

        callers.do(work, range(6))
        payouts = store.tables["payouts"]
        assert bouncer.database.query(f"SELECT count(*) FROM {payouts} WHERE status = 'PAID'") == [(48,)]
        assert_works(store, bouncer.database, events=49)


def test_time_limits_hold_behind_pgbouncer_and_stay_in_their_transactions(
    library: str, bouncer: PgBouncer
) -> None:
    with opened(library, bouncer.url, new=True) as store:
        store.save(received())
        engine = create_engine(bouncer.database.url)
        for result, table in ((received(), "events"), (received(INVALID), "quarantine")):
            with engine.connect() as connection:
                connection.exec_driver_sql(f"LOCK TABLE {store.tables[table]} IN ACCESS EXCLUSIVE MODE")
                with store.impatient(), pytest.raises(Exception, match="timeout"):
                    store.save(result)
        engine.dispose()
    assert Database(bouncer.url).query("SHOW lock_timeout") == [("0",)]
    assert Database(bouncer.url).query("SHOW statement_timeout") == [("0",)]
