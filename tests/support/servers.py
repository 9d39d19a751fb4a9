"""Real servers for tests: recipes over loopback HTTP."""

from __future__ import annotations

import ast
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from random import SystemRandom

import httpx
import pytest

from skypay_payout.testing import AUTHENTICATION, USER_NAME

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
PATIENCE = 60.0
"""Seconds until a server that does not start counts as broken."""
# Without the header httpx reuses a connection that another thread is closing, whatever its limits say.
HTTP = httpx.Client(
    trust_env=False,
    timeout=PATIENCE,
    headers={"Connection": "close"},
    limits=httpx.Limits(max_connections=None),
)
"""Sends each request on a connection of its own, from any thread."""


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    # Not bind's own choice: until the server listens there, a connection of another test could get the same
    # port. Linux gives those ports from 32768 on.
    while True:
        port = SystemRandom().randrange(10000, 32768)
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


def wait_until(ready: Callable[[], bool]) -> None:
    """Return as soon as ``ready()`` is true."""
    end = time.monotonic() + PATIENCE
    while not ready():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.02)


def installed(program: str | None, package: str) -> str:
    """The program; skips the test, or fails it in CI, where its Debian package is not installed."""
    if program is not None:
        return program
    reason = f"{package} is not installed (Debian: apt-get install {package})"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


class Nginx:
    """A documented configuration of nginx, on the loopback; without a certificate no TLS."""

    def __init__(
        self,
        directory: Path,
        backend_port: int,
        certificate: Path | None = None,
        *,
        documented: str = "nginx.conf",
    ) -> None:
        self.port = free_port()
        self._program = installed(shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin"), "nginx")
        self._directory = directory / "nginx"
        self._directory.mkdir()
        self._process: subprocess.Popen[str] | None = None
        site = (EXAMPLES / documented).read_text().replace(" /srv/", f" {directory}/")
        for setting, ours in {
            "listen": f"127.0.0.1:{self.port}{' ssl' if certificate else ''}",
            "allow": "127.0.0.1",
            "proxy_pass": f"http://127.0.0.1:{backend_port}",
            "ssl_certificate": f"{certificate}",
            "ssl_certificate_key": f"{certificate}",
        }.items():
            site, count = re.subn(rf"^( *{setting}) .+;$", rf"\1 {ours};", site, flags=re.MULTILINE)
            assert count == 1, setting
        if certificate is None:
            site = "".join(line for line in site.splitlines(keepends=True) if "ssl_" not in line)
        (self._directory / "site.conf").write_text(site)
        temporary = "".join(
            f"{kind}_temp_path {self._directory}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (self._directory / "nginx.conf").write_text(
            f"{'user root;' if os.geteuid() == 0 else ''}\n"
            f"daemon off;\npid {self._directory}/pid;\nevents {{}}\n"
            f"http {{\naccess_log off;\n{temporary}include {self._directory}/site.conf;\n}}\n"
        )

    def _run(self, *arguments: str) -> subprocess.Popen[str]:
        log = self._directory / "log"
        return subprocess.Popen(  # noqa: S603
            [self._program, "-e", log, "-c", self._directory / "nginx.conf", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def check(self) -> str:
        """What ``nginx -t`` says of the configuration."""
        return self._run("-t").communicate()[0]

    def start(self) -> None:
        """Start it if it does not run; it listens a moment later."""
        self._process = self._process or self._run()

    def kill(self) -> None:
        """End it with its workers."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.communicate()
            self._process = None


class Server:
    """A program of this environment that serves HTTP, with all its workers, at another port than 8000.

    Gunicorn is served behind nginx, as its documentation and the recipes' ask.
    """

    def __init__(self, command: str, directory: Path, settings: Mapping[str, str]) -> None:
        port = free_port()
        self._nginx = Nginx(directory, port) if command.startswith("gunicorn ") else None
        self.port = port if self._nginx is None else self._nginx.port
        self.url = f"http://127.0.0.1:{self.port}/callback"
        program, *arguments = command.replace("8000", str(port)).split()
        self._command = [str(Path(sys.executable).with_name(program)), *arguments]
        self._directory = directory
        self._log = directory / "server.log"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PG", "SKYPAY_"))},
            "SKYPAY_USER_NAME": USER_NAME,
            "SKYPAY_AUTHENTICATION": AUTHENTICATION,
            **settings,
        }

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, and return when it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                self._command,
                cwd=self._directory,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        if self._nginx is not None:
            self._nginx.start()
        try:
            wait_until(self._answers)
        except TimeoutError:
            self.kill()
            raise AssertionError(self.log()) from None
        except BaseException:
            self.kill()
            raise

    def _answers(self) -> bool:
        assert self._process.poll() is None, self.log()
        try:
            # nginx answers all but POST itself, and POST with 502 while there is nobody behind it.
            return HTTP.post(self.url, content=b"{}").status_code != 502
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """End it and its workers as ``kill -9`` does, and return when they are gone."""
        if self._nginx is not None:
            self._nginx.kill()
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def peak_memory(self) -> int:
        """The most bytes of memory that it and its workers have had, each at its own time."""
        pattern = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)
        peaks = [
            pattern.search(process.joinpath("status").read_text())
            for process in Path("/proc").glob("[0-9]*")
            if self._is_ours(int(process.name))
        ]
        return sum(int(peak[1]) * 1024 for peak in peaks if peak)

    def _is_ours(self, pid: int) -> bool:
        try:
            return os.getpgid(pid) == self._process.pid
        except ProcessLookupError:
            return False

    def log(self) -> str:
        """What it has printed."""
        return self._log.read_text(errors="replace")


def copy_examples(directory: Path) -> None:
    """Put the recipes and the stores where a user would: in one directory."""
    for example in EXAMPLES.glob("*.py"):
        shutil.copy(example, directory)


def take_plain_bodies(directory: Path) -> None:
    """Change the one call of each recipe that its users change where bodies are plain JSON."""
    for recipe in directory.glob("*.py"):
        text = recipe.read_text()
        recipe.write_text(
            text.replace("CallbackParser.from_environ()", "CallbackParser.from_environ(plain=True)")
        )


def documented_commands(recipe: Path) -> list[str]:
    """The commands that a recipe's own text gives to run it."""
    text = ast.get_docstring(ast.parse(recipe.read_text())) or ""
    return [line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ ")]
