"""``check --jobs`` checks an archive in several processes, and shows the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from errno import EAGAIN
from itertools import count
from multiprocessing import active_children, get_start_method
from pathlib import Path
from queue import Queue
from threading import Event
from types import SimpleNamespace

import pytest

from skypay_payout import PayType
from skypay_payout._command import jobs, main
from skypay_payout._command.jobs import in_order
from skypay_payout._command.terminal import BUFFER, UsageError
from skypay_payout.testing import body

pytestmark = pytest.mark.usefixtures("account")

LINES = b"".join(body(status).ljust(2000) + b"\n" for status in PayType) * 100


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_output_does_not_depend_on_the_number_of_processes(
    tmp_path: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "archive"
    file.write_bytes(LINES + b"{}\n" + LINES + b"[]\n" + body(7))
    assert main(["check", "--lines", *options, str(file)]) == 1
    expected = capsys.readouterr()
    assert main(["check", "--lines", "--jobs", "2", *options, str(file)]) == 1
    assert capsys.readouterr() == expected


def test_one_job_starts_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "in_order", None)
    file = tmp_path / "archive"
    file.write_bytes(body())
    assert main(["check", "--lines", str(file)]) == 0


@pytest.mark.parametrize("processes", [1, 2])
def test_no_more_is_read_ahead_than_keeps_the_processes_busy(processes: int) -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in count():
            taken.append(item)
            yield item

    results = in_order(abs, items(), processes)
    for expected in range(10):
        assert next(results) == expected
        assert len(taken) == expected + 2 * processes + 1
    results.close()


def test_ctrl_c_is_received_again_once_the_processes_are_started() -> None:
    assert list(in_order(abs, [-1], 1)) == [1]
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_killed_process_is_reported_in_one_line() -> None:
    with pytest.raises(UsageError) as raised:
        list(in_order(os._exit, [3], 1))
    assert str(raised.value) == "a worker process was killed, so this is incomplete; try fewer --jobs"


def test_process_that_cannot_be_started_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise BlockingIOError(EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(ProcessPoolExecutor, "submit", fail)
    with pytest.raises(UsageError) as raised:
        list(in_order(abs, [-1], 1))
    assert str(raised.value) == (
        "cannot start the processes: Resource temporarily unavailable; try fewer --jobs"
    )


def test_as_many_processes_start_as_were_asked_for() -> None:
    processes = (os.cpu_count() or 1) + 1
    results = in_order(abs, range(100), processes)
    next(results)
    assert len(active_children()) == processes
    results.close()


def test_processes_that_cannot_be_started_are_reported_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "archive"
    file.write_bytes(b"\n" * BUFFER * 16)
    command = [sys.executable, "-m", "skypay_payout", "check", "--lines", "--jobs", "16", str(file)]
    few_files = ["/bin/sh", "-c", 'ulimit -n 16 && exec "$@"', "sh", *command]
    done = subprocess.run(few_files, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[1:] == [
        "skypay-payout: cannot start the processes: Too many open files; try fewer --jobs"
    ]


def started(_: object) -> tuple[str, bool]:
    return get_start_method(), signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_process_is_spawned_and_leaves_ctrl_c_to_its_parent() -> None:
    assert list(in_order(started, [None], 1)) == [("spawn", True)]


def test_process_ends_when_its_parent_does(monkeypatch: pytest.MonkeyPatch) -> None:
    parent_over, ended = Event(), Queue[int]()
    monkeypatch.setattr(jobs, "parent_process", lambda: SimpleNamespace(join=parent_over.wait))
    monkeypatch.setattr("os._exit", ended.put)
    heard, others = signal.getsignal(signal.SIGINT), set(threading.enumerate())
    try:
        jobs._start_worker()  # pyright: ignore[reportPrivateUsage]
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, heard)
    (waiting,) = set(threading.enumerate()) - others
    assert waiting.daemon
    assert ended.empty()
    parent_over.set()
    waiting.join()
    assert ended.get_nowait() == 1


@pytest.fixture
def busy() -> Iterator[subprocess.Popen[bytes]]:
    """Run the command on an archive that does not end, in a process group of its own."""
    command = [sys.executable, "-m", "skypay_payout", "check", "--lines", "--jobs", "2", "-"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True) as process:  # noqa: S603
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"{}\n" + LINES)
        process.stdin.flush()
        assert process.stdout.readline().startswith(b"line 1: rejected: authentication_failed: ")
        assert process.stderr is not None
        assert process.stderr.readline().endswith(b"bodies are taken as plain JSON\n")
        yield process
        process.kill()


def test_ctrl_c_ends_all_processes_with_one_line(busy: subprocess.Popen[bytes]) -> None:
    os.killpg(busy.pid, signal.SIGINT)
    assert busy.stderr is not None
    assert busy.stderr.read() == b"skypay-payout: interrupted\n"
    assert busy.wait() == 130


def test_no_process_outlives_a_killed_command(busy: subprocess.Popen[bytes]) -> None:
    busy.kill()
    assert busy.stderr is not None
    busy.stderr.read()  # ends when the last process that could write there has ended
    assert busy.wait() == -signal.SIGKILL
