"""The Django project of the documentation, in a directory and on a database of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache, cached_property
from importlib.util import cache_from_source
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import make_url

from skypay_payout.testing import AUTHENTICATION, ENCRYPTION_KEY, USER_NAME
from tests.support.databases import Database, DatabaseServer
from tests.support.servers import EXAMPLES, Server

GUNICORN = "gunicorn --bind 127.0.0.1:8000"
MANAGE = """
import os, sys
from django.core.management import execute_from_command_line
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "partner.settings")
for command in sys.argv[1:]:
    execute_from_command_line(["manage.py", *command.split()])
    print()
"""
WORKER = """
import runpy
from skypay_payout.contrib import _worker
_worker.PAUSE = 0.05  # not a second between two rounds
runpy.run_path("manage.py", run_name="__main__")
"""


class Project:
    """A copy of the project, as a user puts it together, with the tables made."""

    def __init__(
        self, directory: Path, postgres: DatabaseServer | None, *, is_template: bool = False
    ) -> None:
        self.directory = directory / "project"
        shutil.copytree(
            EXAMPLES / "django_project",
            self.directory,
            ignore=shutil.ignore_patterns("__pycache__", "*.sqlite3"),
        )
        self.settings = {
            "DJANGO_SECRET_KEY": "for tests only",
            "SKYPAY_USER_NAME": USER_NAME,
            "SKYPAY_AUTHENTICATION": AUTHENTICATION,
            "SKYPAY_ENCRYPTION_KEY": ENCRYPTION_KEY,
        }
        name, content = ("", b"") if is_template else _tables(postgres)
        if postgres is None:
            file = self.directory / "db.sqlite3"
            file.write_bytes(content)
            self.database = Database(f"sqlite:///{file}")
        else:
            self.database = postgres.database(f"TEMPLATE {name or 'template1'}")
            url = make_url(self.database.url)
            self.settings |= {
                "PGHOST": str(url.query["host"]),
                "PGUSER": str(url.username),
                "PGDATABASE": str(url.database),
            }

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text that is there once."""
        path = self.directory / file
        text = path.read_text()
        assert text.count(old) == 1, text
        path.write_text(text.replace(old, new))
        # Python takes a file of the same size and second for the one that it has compiled.
        Path(cache_from_source(path)).unlink(missing_ok=True)

    def take_plain_bodies(self) -> None:
        """Make the one change that the settings name."""
        self.edit("partner/settings.py", "# SKYPAY_PLAIN = True", "SKYPAY_PLAIN = True")
        del self.settings["SKYPAY_ENCRYPTION_KEY"]

    @cached_property
    def server(self) -> Server:
        """Gunicorn behind nginx; ``start`` it, as often as you like."""
        return Server(GUNICORN, self.directory, self.settings)

    @property
    def environment(self) -> dict[str, str]:
        ours = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PG", "SKYPAY_", "SLIPCOVER_"))
        }
        return ours | self.settings

    def _start(self, *arguments: str, **options: Any) -> subprocess.Popen[Any]:
        """Start Python in the project's directory."""
        command = [sys.executable, *arguments]
        return subprocess.Popen(command, cwd=self.directory, env=self.environment, **options)  # noqa: S603

    def run(self, *arguments: str) -> str:
        """Run Python with the arguments in the project's directory, and return what it prints."""
        run = self._start(*arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        printed: str = run.communicate()[0]
        assert run.returncode == 0, printed
        return printed

    def manage(self, *commands: str) -> str:
        """What management commands print in one process, with an empty line after each."""
        return self.run("-c", MANAGE, *commands)

    @contextmanager
    def worker(self, *options: str) -> Generator[subprocess.Popen[bytes]]:
        """The management command, running; it is killed in the end."""
        with open(self.directory / "worker.log", "ab") as log:
            process = self._start(
                *("-c", WORKER, "skypay_worker", *options), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def hook(self, setting: str, lines: str) -> None:
        """Have the setting name a hook of these lines, in which ``change`` is the change."""
        path = self.directory / f"{setting.lower()}.py"
        path.write_text(f"def hook(change):\n    {lines}\n")
        Path(cache_from_source(path)).unlink(missing_ok=True)  # see edit
        line = f'{setting} = "{setting.lower()}.hook"'
        if line not in (self.directory / "partner/settings.py").read_text():
            self.append("partner/settings.py", line)

    def empty(self) -> None:
        """As if nothing had happened yet; hooks do nothing."""
        tables = ["event", "quarantinedcallback", "decision", "payout"]
        self.database.query(*(f"DELETE FROM skypay_payout_{table}" for table in tables))
        for setting in ("SKYPAY_ON_CHANGE", "SKYPAY_ACT"):
            self.hook(setting, "pass")
        (self.directory / "worker.log").unlink(missing_ok=True)

    def log(self, name: str) -> str:
        """What that process has printed."""
        return (self.directory / f"{name}.log").read_text()

    def append(self, file: str, line: str) -> None:
        """Add a line at the end of a file."""
        with open(self.directory / file, "a") as text:
            text.write(f"\n{line}\n")

    def has_open_work(self) -> bool:
        """Whether something waits for the worker."""
        columns = [("skypay_payout_event", "due_at"), ("skypay_payout_payout", "act_due_at")]
        counts = [
            self.database.query(f"SELECT count(*) FROM {table} WHERE {column} IS NOT NULL")
            for table, column in columns
        ]
        return counts != [[(0,)], [(0,)]]


@cache
def _tables(postgres: DatabaseServer | None) -> tuple[str, bytes]:
    """Make the tables once, for all projects to copy: the name of a database, or the content of a file."""
    with TemporaryDirectory() as directory:
        project = Project(Path(directory), postgres, is_template=True)
        project.manage("migrate")
        if postgres is not None:
            return project.settings["PGDATABASE"], b""
        return "", (project.directory / "db.sqlite3").read_bytes()
