"""The directive ``terminal``: what commands print when the site is built, shown as in a terminal.

Each line of its content is one command. With the option ``endpoint``, the Flask recipe, or the application
that it names, serves http://127.0.0.1:8000/callback meanwhile, with the account and the key of the test kit.
It listens on a free port; the address is put in and taken out again. Output is kept in ``_build/terminal``,
so that the site in the second language does not run the same commands again; ``make docs`` begins without it.
"""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from skypay_payout.testing import AUTHENTICATION, ENCRYPTION_KEY, USER_NAME

_HERE = Path(__file__).parent
_KEPT = _HERE.parent / "_build" / "terminal"
_APPLICATIONS = os.pathsep.join(map(str, (_HERE, _HERE.parent / "examples")))
_SHOWN_ADDRESS = "127.0.0.1:8000"
_SETTINGS = {
    "SKYPAY_USER_NAME": USER_NAME,
    "SKYPAY_AUTHENTICATION": AUTHENTICATION,
    "SKYPAY_ENCRYPTION_KEY": ENCRYPTION_KEY,
    "DATABASE_URL": "sqlite:///payouts.sqlite3",
}
_PLAIN_OUTPUT = {"COLUMNS": "80", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}


class Terminal(SphinxDirective):
    has_content = True
    option_spec = {"endpoint": directives.unchanged}  # noqa: RUF012  docutils declares it so

    def run(self) -> list[nodes.Node]:
        if self.env.app.builder.name == "gettext":  # output is not translated
            return []
        kept = _KEPT / sha256(self.block_text.encode()).hexdigest()
        if not kept.exists():
            _KEPT.mkdir(parents=True, exist_ok=True)
            kept.write_text(self._run_commands(), encoding="utf-8")
        text = kept.read_text(encoding="utf-8")
        block = nodes.literal_block(text, text, language="console")
        return [nodes.container("", block, classes=["terminal"])]

    def _run_commands(self) -> str:
        with TemporaryDirectory() as folder:
            if "endpoint" not in self.options:
                return self._session(folder, _SHOWN_ADDRESS)
            with _endpoint(self.options["endpoint"] or "flask_app", folder) as address:
                return self._session(folder, address)

    def _session(self, folder: str, address: str) -> str:
        return "\n".join(f"$ {line}\n{_output(line, folder, address)}" for line in self.content)


def _output(line: str, folder: str, address: str) -> str:
    program, *arguments = shlex.split(line.replace(_SHOWN_ADDRESS, address))
    if program != "skypay-payout":
        raise ValueError(f"expected a skypay-payout command, got {line!r}")
    shown = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "skypay_payout", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        encoding="utf-8",
        env=os.environ | _SETTINGS | _PLAIN_OUTPUT,
        timeout=120,
    )
    # 1: not everything is right, which may be what is to be shown.
    if shown.returncode > 1 or "Traceback" in shown.stdout:
        raise RuntimeError(shown.stdout)
    return shown.stdout.replace(address, _SHOWN_ADDRESS)


@contextmanager
def _endpoint(application: str, folder: str) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    server = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "waitress", "--listen", address, f"{application}:app"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | _SETTINGS | {"PYTHONPATH": _APPLICATIONS},
    )
    try:
        _wait(address, server)
        yield address
    finally:
        server.terminate()
        server.wait()


def _wait(address: str, server: subprocess.Popen[bytes]) -> None:
    host, port = address.split(":")
    deadline = time.monotonic() + 30
    while server.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the endpoint did not start")


def setup(app: Sphinx) -> dict[str, object]:
    app.add_directive("terminal", Terminal)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
