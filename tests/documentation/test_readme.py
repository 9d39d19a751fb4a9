"""The READMEs' quick start works as it stands, and their links lead to files."""

from __future__ import annotations

import os
import re
import shutil
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
_CHECK = re.compile(r"^python -c .*$", re.MULTILINE)


@pytest.fixture(params=READMES, ids=lambda path: path.name)
def readme(request: pytest.FixtureRequest) -> str:
    path: Path = request.param
    return path.read_text("utf-8")


def settings(readme: str) -> dict[str, str]:
    others = {name: value for name, value in os.environ.items() if not name.startswith("SKYPAY_")}
    commands = f"{Path(sys.executable).parent}{os.pathsep}{others['PATH']}"
    return others | {"PYTHONPATH": str(ROOT), "PATH": commands} | dict(_EXPORT.findall(readme))


def test_quick_start_runs_with_the_settings_that_it_names(readme: str, tmp_path: Path) -> None:
    app, *session = _PYTHON.findall(readme)
    assert len(session) == readme.count("```python") - 1 > 0
    (tmp_path / "app.py").write_text(app, "utf-8")
    shutil.copy(ROOT / "docs" / "examples" / "sqlite_store.py", tmp_path)
    for command in (["-m", "flask", "--app", "app", "routes"], ["-c", "".join(session)]):
        subprocess.run(  # noqa: S603
            [sys.executable, *command], cwd=tmp_path, env=settings(readme), check=True, timeout=60
        )


@pytest.mark.heavy
def test_conformance_run_of_the_quick_start_ends_as_shown(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    (tmp_path / "app.py").write_text(_PYTHON.findall(readme)[0], "utf-8")
    shutil.copy(ROOT / "docs" / "examples" / "sqlite_store.py", tmp_path)
    (start,) = re.findall(r"^flask .*$", readme, re.MULTILINE)
    (check,) = re.findall(r"^skypay-payout conformance .*$", readme, re.MULTILINE)
    with Server(start, tmp_path, settings(readme)) as server:
        shown = subprocess.run(  # noqa: S602
            check.replace("http://127.0.0.1:8000/callback", server.url),
            shell=True,
            env=settings(readme),
            check=True,
            timeout=120,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
    assert f"```text\n{shown.stdout.splitlines()[-1]}\n```" in readme


@pytest.mark.skipif(sys.platform == "win32", reason="the line is for a POSIX shell")
def test_command_that_makes_and_checks_a_body_accepts_it(readme: str, tmp_path: Path) -> None:
    (command,) = _CHECK.findall(readme)
    shown = subprocess.run(  # noqa: S602
        command,
        shell=True,
        cwd=tmp_path,
        env=settings(readme),
        check=True,
        timeout=60,
        stdout=subprocess.PIPE,
    )
    assert b"SK99123456789" in shown.stdout


def test_every_link_of_the_readme_leads_to_a_file_of_the_repository(readme: str) -> None:
    links = _LINK.findall(readme)
    assert links
    assert [link for link in links if not (ROOT / link).is_file()] == []
