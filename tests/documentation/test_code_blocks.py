"""Every Python code block of the site runs, page by page, and prints the text block that follows it.

They run with the test kit's settings. SQL runs on the SQLite store of the page.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from sybil import Document, Example, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.myst import CodeBlockParser

from skypay_payout.testing import AUTHENTICATION, ENCRYPTION_KEY, USER_NAME

DOCS = Path(__file__).parents[2] / "docs"


def run_python(example: Example) -> None:
    printed = StringIO()
    with redirect_stdout(printed):
        PythonEvaluator()(example)
    example.namespace["printed"] = printed.getvalue()


def compare_text(example: Example) -> None:
    assert example.namespace.pop("printed") == example.parsed, "run it, and show what it prints"


def run_sql(example: Example) -> None:
    with closing(sqlite3.connect("payouts.sqlite3")) as connection:
        example.namespace["rows"] = connection.execute(example.parsed).fetchall()


SITE = Sybil(
    parsers=[
        CodeBlockParser("python", run_python),
        CodeBlockParser("text", compare_text),
        CodeBlockParser("sql", run_sql),
    ],
    path=str(DOCS),
)
# What these show of a Django project is in the example project, which has tests of its own.
OF_DJANGO = {"django.md", "index.md"}
PAGES = [
    page
    for page in DOCS.glob("*.md")
    if page.name not in OF_DJANGO and "```python" in page.read_text("utf-8")
]


@pytest.mark.parametrize("page", sorted(PAGES), ids=lambda page: page.name)
def test_code_of_the_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SKYPAY_USER_NAME", USER_NAME)
    monkeypatch.setenv("SKYPAY_AUTHENTICATION", AUTHENTICATION)
    monkeypatch.setenv("SKYPAY_ENCRYPTION_KEY", ENCRYPTION_KEY)
    monkeypatch.setattr("skypay_payout.contrib.prometheus.start_http_server", lambda *_: None)
    document: Document = SITE.parse(page)
    for example in document.examples():
        example.evaluate()
