"""Every Python code block of the site runs, page by page, beside the recipes, with the test kit's settings.

Every SQL code block runs on the SQLite store; the Python code after it has its text as ``sql``, and its
result as ``rows``.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sybil import Example, Sybil
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser

from skypay_payout.testing import AUTHENTICATION, ENCRYPTION_KEY, USER_NAME

DOCS = Path(__file__).parents[2] / "docs"


def run_sql(example: Example) -> None:
    sql = example.parsed
    with closing(sqlite3.connect("payouts.sqlite3")) as connection, connection:
        example.namespace.update(sql=sql, rows=connection.execute(sql).fetchall())


SITE = Sybil(parsers=[PythonCodeBlockParser(), CodeBlockParser("sql", run_sql)], path=str(DOCS))
PAGES = [
    page
    for page in DOCS.rglob("*.md")
    if "_build" not in page.parts and "```python" in page.read_text("utf-8")
]


@pytest.mark.parametrize("page", sorted(PAGES), ids=lambda page: str(page.relative_to(DOCS)))
def test_code_of_the_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(DOCS / "examples"))
    monkeypatch.setenv("SKYPAY_USER_NAME", USER_NAME)
    monkeypatch.setenv("SKYPAY_AUTHENTICATION", AUTHENTICATION)
    monkeypatch.setenv("SKYPAY_ENCRYPTION_KEY", ENCRYPTION_KEY)
    document = SITE.parse(page)
    document.namespace["__name__"] = "__main__"
    for example in document.examples():
        example.evaluate()
