"""The READMEs' quick start works as it stands, and their links lead to files."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.servers import Server

ROOT = Path(__file__).parents[2]
READMES = sorted(ROOT.glob("README*.md"))
_LINK = re.compile(r"\]\(([^)]+)\)")
_PYTHON = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
_EXPORT = re.compile(r"^export (\w+)='(.*)'$", re.MULTILINE)


@pytest.fixture(params=READMES, ids=lambda path: path.name)
def readme(request: pytest.FixtureRequest) -> str:
    path: Path = request.param
    return path.read_text("utf-8")


def settings(readme: str) -> dict[str, str]:
    others = {name: value for name, value in os.environ.items() if not name.startswith("SKYPAY_")}
    commands = f"{Path(sys.executable).parent}{os.pathsep}{others['PATH']}"
    return others | {"PYTHONPATH": str(ROOT), "PATH": commands} | dict(_EXPORT.findall(readme))


@pytest.mark.heavy
@pytest.mark.parametrize("readme", READMES[:1], indirect=True, ids=["README.md"])
def test_quick_start_passes_the_conformance_check(readme: str, tmp_path: Path) -> None:
    """The translation has the same code."""
    (app,) = _PYTHON.findall(readme)
    (tmp_path / "app.py").write_text(app, "utf-8")
    (start,) = re.findall(r"^flask .*$", readme, re.MULTILINE)
    (check,) = re.findall(r"^skypay-payout conformance .*$", readme, re.MULTILINE)
    with Server(start, tmp_path, settings(readme)) as server:
        shown = subprocess.run(  # noqa: S602
            check.replace("http://127.0.0.1:8000/callback", server.url),
            shell=True,
            cwd=tmp_path,
            env=settings(readme),
            check=True,
            timeout=120,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
    assert " 0 failed" in shown.stdout.splitlines()[-1]
    assert " 0 inconclusive" in shown.stdout.splitlines()[-1]


def test_every_link_of_the_readme_leads_to_a_file_of_the_repository(readme: str) -> None:
    links = _LINK.findall(readme)
    assert links
    assert [link for link in links if not (ROOT / link).is_file()] == []
