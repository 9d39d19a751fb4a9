"""The Dask recipe counts what ``check --lines`` counts, in two processes and on a cluster."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from skypay_payout import CallbackParser, PayType
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import (
    AUTHENTICATION,
    CREDENTIALS,
    ENCRYPTION_KEY,
    USER_NAME,
    body,
    rejection_cases,
)
from tests.support.servers import EXAMPLES, wait_until

pytestmark = [pytest.mark.heavy, pytest.mark.xdist_group("test_dask")]  # they share an archive

SETTINGS = {
    **os.environ,
    "SKYPAY_USER_NAME": USER_NAME,
    "SKYPAY_AUTHENTICATION": AUTHENTICATION,
    "SKYPAY_ENCRYPTION_KEY": ENCRYPTION_KEY,
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write every status, every rejection case, empty lines and both line ends, in more than one block."""
    cipher = BodyCipher(ENCRYPTION_KEY)
    good = [body(status, cipher=cipher) for status in PayType for _ in range(status)]
    good.append(body(note="x" * 48880, cipher=cipher))
    assert len(good[-1]) == 65536  # as large as may be
    rejected = [
        case.body for case in rejection_cases(CallbackParser(CREDENTIALS, cipher=cipher)) if case.body
    ]
    lines = [b"", *good, b" ", *rejected, *(line + b"\r" for line in good), b"\r"]
    path = tmp_path_factory.mktemp("archive") / "bodies.txt"
    path.write_bytes(b"\n".join(lines * 40))
    assert path.stat().st_size > 4 * 2**20
    return path


@pytest.fixture(scope="module")
def counts_of_check(archive: Path) -> dict[str, int]:
    check = [sys.executable, "-m", "skypay_payout", "check", "--lines", "--json", str(archive)]
    lines = subprocess.run(check, env=SETTINGS, capture_output=True, check=False).stdout.splitlines()  # noqa: S603
    summary = json.loads(lines[-1])["summary"]
    return {**summary["statuses"], **summary["errors"]}


def counts_of_dask(archive: Path, **settings: str) -> dict[str, int]:
    recipe = [sys.executable, str(EXAMPLES / "dask_archive.py"), str(archive)]
    done = subprocess.run(recipe, env=SETTINGS | settings, capture_output=True, check=True, text=True)  # noqa: S603
    counts: dict[str, int] = json.loads(done.stdout)
    return counts


@contextmanager
def running(log: Path, program: str, *options: str) -> Iterator[None]:
    """Run a program of Dask's, which listens on the loopback interface only."""
    command = [sys.executable, "-m", "dask", program, "--host", "127.0.0.1", "--no-dashboard", *options]
    with (
        log.open("ab") as output,
        subprocess.Popen(command, cwd=log.parent, stdout=output, stderr=output) as process,  # noqa: S603
    ):
        try:
            yield
        finally:
            process.terminate()


def test_two_processes_count_the_same(archive: Path, counts_of_check: dict[str, int]) -> None:
    assert counts_of_check["AMENDED_FAIL"] == 6 * 2 * 40
    assert counts_of_dask(archive) == counts_of_check


def test_cluster_of_separate_workers_counts_the_same(
    archive: Path, counts_of_check: dict[str, int], tmp_path: Path
) -> None:
    log, scheduler = tmp_path / "log", tmp_path / "scheduler.json"
    with ExitStack() as cluster:
        cluster.enter_context(running(log, "scheduler", "--port", "0", "--scheduler-file", str(scheduler)))
        wait_until(lambda: scheduler.exists() and scheduler.read_text().endswith("}"))
        address = json.loads(scheduler.read_text())["address"]
        for _ in range(2):
            cluster.enter_context(running(log, "worker", address, "--nthreads", "1", "--no-nanny"))
        wait_until(lambda: log.read_text().count("Registered to") == 2)
        assert counts_of_dask(archive, DASK_SCHEDULER_ADDRESS=address) == counts_of_check
