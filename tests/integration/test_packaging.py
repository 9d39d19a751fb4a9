"""The package as its users install and import it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from email import message_from_bytes
from importlib.metadata import metadata, requires
from itertools import chain
from pathlib import Path
from venv import EnvBuilder

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import skypay_payout
from skypay_payout.testing import AUTHENTICATION, SAMPLE, USER_NAME

ROOT = Path(__file__).parents[2]


def run(*command: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def imported(program: str) -> set[str]:
    """Return the modules that a fresh interpreter has loaded after the program."""
    return set(
        json.loads(
            run(sys.executable, "-c", f"{program}\nimport json, sys\nprint(json.dumps(list(sys.modules)))")
        )
    )


def test_metadata_is_what_the_index_shows() -> None:
    about = metadata("skypay-payout")
    assert about["Version"] == skypay_payout.__version__
    assert about["License-Expression"] == "MIT"
    assert about["Requires-Python"] == ">=3.11"
    assert about["Description-Content-Type"] == "text/markdown"
    assert about["Maintainer"] == "The skypay-payout maintainers"
    assert "Development Status :: 4 - Beta" in (about.get_all("Classifier") or [])
    assert {"Documentation", "Source", "Changelog"} <= {
        url.split(",")[0] for url in about.get_all("Project-URL") or []
    }


def test_core_needs_three_packages_and_no_more() -> None:
    core = [need for need in requires("skypay-payout") or [] if "extra ==" not in need]
    assert sorted(need.split(">")[0] for need in core) == ["attrs", "cattrs", "python-dateutil"]


def test_import_and_use_of_the_core_open_no_socket_and_load_no_extra() -> None:
    program = (
        "from skypay_payout import CallbackParser, Credentials\n"
        f"parser = CallbackParser(Credentials({USER_NAME!r}, {AUTHENTICATION!r}))\n"
        f"assert parser.receive({SAMPLE!r}).respond().status == 200"
    )
    loaded = imported(program) - imported("")
    roots = {name.partition(".")[0] for name in loaded}
    assert "skypay_payout" in loaded
    assert not roots & {
        "socket",
        "ssl",
        "http",
        "asyncio",
        "multiprocessing",
        "cryptography",
        "tqdm",
        "dateutil",
    }
    assert not roots & {"httpx", "hypothesis", "pytest", "fastapi", "flask", "django", "aiohttp", "litestar"}
    ours = {name for name in loaded if name.startswith("skypay_payout.")}
    assert not {
        name
        for name in ours
        if name.split(".")[1] in ("_command", "conformance", "contrib", "schema", "testing")
    }


def test_dateutil_is_loaded_only_for_an_offset_that_fromisoformat_misreads() -> None:
    program = """
from skypay_payout import CallbackParser
from skypay_payout.testing import CREDENTIALS, SAMPLE, body
parser = CallbackParser(CREDENTIALS)
parser.receive(SAMPLE)
parser.receive(body(dealTime="2018-08-07T11:58:33.123456789+05:30"))
"""
    assert "dateutil" not in imported(program)
    assert "dateutil" in imported(program + 'parser.receive(body(dealTime="2018-08-07T11:58:33+07:60"))')


def test_constraints_pin_every_requirement_of_the_project() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    project, groups = pyproject["project"], pyproject["dependency-groups"]
    needed = [*pyproject["build-system"]["requires"], *project["dependencies"]]
    needed += chain(*project["optional-dependencies"].values())
    needed += [one for one in chain(*groups.values()) if isinstance(one, str)]
    lines = [line for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if line[0] != "#"]
    pins: dict[str, list[str]] = {}
    for line in lines:
        pin = Requirement(line)
        pins.setdefault(canonicalize_name(pin.name), []).append(str(pin.specifier).removeprefix("=="))
    unmet = [
        str(need)
        for need in map(Requirement, needed)
        if not all(map(need.specifier.contains, pins.get(canonicalize_name(need.name), ["0"])))
    ]
    assert unmet == [], "run make lock"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT)
    return next(out.glob("*.whl"))


def test_wheel_has_the_package_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {
        "skypay_payout",
        f"skypay_payout-{skypay_payout.__version__}.dist-info",
    }
    contrib = "skypay_payout/contrib"
    assert {
        "skypay_payout/py.typed",
        f"{contrib}/django/migrations/0001_initial.py",
        f"{contrib}/prometheus/alerts.yml",
        f"{contrib}/prometheus/dashboard.json",
    } <= {*names}


def test_links_in_the_description_are_absolute(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        description = message_from_bytes(archive.read(name)).get_payload(decode=True)
    assert isinstance(description, bytes)
    link = re.compile(r"\]\(([^)]+)\)")
    links = link.findall(description.decode())
    assert len(links) == len(link.findall((ROOT / "README.md").read_text("utf-8"))) > 0
    assert [link for link in links if not link.startswith("https://")] == []


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the interpreter of an environment with the wheel and what it installs."""
    home = tmp_path_factory.mktemp("env")
    EnvBuilder().create(home)
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    run(*pip(python), "install", "-q", wheel)
    return python


def pip(python: Path) -> list[str | Path]:
    return [sys.executable, "-m", "pip", "--python", python]


def test_wheel_installs_what_the_core_needs_and_no_extra(installed: Path) -> None:
    have = {
        package["name"].lower().replace("_", "-")
        for package in json.loads(run(*pip(installed), "list", "--format=json"))
    }
    assert {"skypay-payout", "attrs", "cattrs", "python-dateutil"} <= have
    theirs = {"six", "tzdata", "typing-extensions"}
    assert have <= {"skypay-payout", "attrs", "cattrs", "python-dateutil"} | theirs
    assert (
        run(installed, "-c", "import skypay_payout; print(skypay_payout.PayType(1).name)").strip() == "UPLOAD"
    )
    shown = run(installed, "-m", "skypay_payout", "demo")
    assert "SK99123456789" in shown
    assert '"responseCode":"1000"' in shown


def test_the_installed_package_is_typed_throughout(installed: Path, wheel: Path, tmp_path: Path) -> None:
    run(*pip(installed), "install", "-q", f"{wheel}[encryption,http]")
    # Told by the environment's PATH: --verifytypes looks at no --pythonpath.
    inside = {**os.environ, "PATH": f"{installed.parent}{os.pathsep}{os.environ['PATH']}"}
    verify = ["--verifytypes", "skypay_payout", "--ignoreexternal"]
    (django,) = installed.parent.parent.glob("lib/python*/site-packages/skypay_payout/contrib/django")
    django.rename(tmp_path / "django")  # Django is typed for mypy only, by a plugin
    verified = run(sys.executable, "-m", "pyright", *verify, cwd=tmp_path, env=inside)
    assert "Type completeness score: 100%" in verified
