"""The library itself knows nothing of ``contrib``, of databases or of the network."""

from __future__ import annotations

import json
import subprocess
import sys
from pkgutil import iter_modules

import pytest

from skypay_payout import contrib


def loaded(program: str) -> set[str]:
    """The modules that a fresh interpreter has after the program."""
    program += "\nimport json, sys\nprint(json.dumps(list(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)  # noqa: S603
    return set(json.loads(run.stdout))


def test_import_and_use_of_the_core_load_nothing_of_contrib_no_database_and_no_socket() -> None:
    used = """
import skypay_payout
from skypay_payout import CallbackParser, PayoutHistory
from skypay_payout.testing import CREDENTIALS, SAMPLE
result = CallbackParser(CREDENTIALS).receive(SAMPLE)
PayoutHistory([result.callback]), result.respond(), result.callback.digest
"""
    modules = loaded(used) - loaded("")
    assert "skypay_payout" in modules
    assert not {module for module in modules if module.startswith("skypay_payout.contrib")}
    databases = {
        "sqlite3",
        "_sqlite3",
        "sqlalchemy",
        "django",
        "psycopg",
        "pymysql",
        "MySQLdb",
        "prometheus_client",
    }
    assert not {module.partition(".")[0] for module in modules} & (databases | {"socket", "ssl"})


PARTS = {module.name for module in iter_modules(contrib.__path__) if not module.name.startswith("_")}


@pytest.mark.parametrize("part", sorted(PARTS))
def test_each_part_of_contrib_loads_no_other_one(part: str) -> None:
    modules = loaded(f"import skypay_payout.contrib.{part}")
    assert not {f"skypay_payout.contrib.{other}" for other in PARTS - {part}} & modules
