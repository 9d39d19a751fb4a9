"""The READMEs' Python blocks run as they stand, and their links lead to files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

from skypay_payout.testing import AUTHENTICATION, ENCRYPTION_KEY, USER_NAME

ROOT = Path(__file__).parents[2]
READMES = sorted(ROOT.glob("README*.md"))
_LINK = re.compile(r"\]\(([^)]+)\)")


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
def test_every_python_block_of_the_readme_runs(
    readme: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "examples"))
    monkeypatch.setenv("SKYPAY_USER_NAME", USER_NAME)
    monkeypatch.setenv("SKYPAY_AUTHENTICATION", AUTHENTICATION)
    monkeypatch.setenv("SKYPAY_ENCRYPTION_KEY", ENCRYPTION_KEY)
    document = Sybil(parsers=[PythonCodeBlockParser()]).parse(readme)
    document.namespace["__name__"] = __name__  # Flask looks for its module
    blocks = list(document.examples())
    assert len(blocks) == readme.read_text("utf-8").count("```python") > 0
    for block in blocks:
        block.evaluate()


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
def test_every_link_of_the_readme_leads_to_a_file_of_the_repository(readme: Path) -> None:
    links = _LINK.findall(readme.read_text("utf-8"))
    assert links
    assert [link for link in links if not (ROOT / link).is_file()] == []
