"""The READMEs' Python blocks run as they stand, with the functions that they leave to the reader."""

from __future__ import annotations

from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

from skypay_payout import PayoutCallback
from skypay_payout.testing import AUTHENTICATION, ENCRYPTION_KEY, USER_NAME

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("readme", sorted(ROOT.glob("README*.md")), ids=lambda path: path.name)
def test_every_python_block_of_the_readme_runs(readme: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKYPAY_USER_NAME", USER_NAME)
    monkeypatch.setenv("SKYPAY_AUTHENTICATION", AUTHENTICATION)
    monkeypatch.setenv("SKYPAY_ENCRYPTION_KEY", ENCRYPTION_KEY)
    stored: dict[str, PayoutCallback] = {}
    document = Sybil(parsers=[PythonCodeBlockParser()]).parse(readme)
    document.namespace.update(stored=stored, store_once=stored.setdefault, set_aside=print, log=print)
    blocks = list(document.examples())
    assert len(blocks) == readme.read_text("utf-8").count("```python")
    for block in blocks:
        block.evaluate()
    assert len(stored) == 1
