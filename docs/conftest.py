"""Every Python code block of the site runs as a test, beside the recipes and with the test kit's settings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.myst import PythonCodeBlockParser

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


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser()], pattern="**/*.md", fixtures=["settings"]
).pytest()
