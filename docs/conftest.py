"""Every Python code block of the site runs as a test, beside the recipes and with the test kit's settings.

Every SQL code block runs on the SQLite store; the Python code after it has its text as ``sql``, and its
result as ``rows``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sybil import Example, Sybil
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser

from skypay_payout.testing import AUTHENTICATION, ENCRYPTION_KEY, USER_NAME

# The Django project has tests of its own, with its own settings: tests/integration runs them.
collect_ignore = ["conf.py", "_ext", "examples"]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("page"))
        patch.syspath_prepend(str(Path(__file__).parent / "examples"))
        patch.setenv("SKYPAY_USER_NAME", USER_NAME)
        patch.setenv("SKYPAY_AUTHENTICATION", AUTHENTICATION)
        patch.setenv("SKYPAY_ENCRYPTION_KEY", ENCRYPTION_KEY)
        yield


def run_sql(example: Example) -> None:
    sql = example.parsed
    with closing(sqlite3.connect("payouts.sqlite3")) as connection, connection:
        example.namespace.update(sql=sql, rows=connection.execute(sql).fetchall())


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), CodeBlockParser("sql", run_sql)],
    pattern="**/*.md",
    fixtures=["settings"],
).pytest()
