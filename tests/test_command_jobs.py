"""The command checks an archive in several processes, and what it shows is the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
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
from skypay_payout._command.terminal import WrongUse
from skypay_payout.testing import body

pytestmark = pytest.mark.usefixtures("account")

LINES = b"".join(body(status) + b"\n" for status in PayType) * 1000


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_several_processes_show_what_one_shows_in_the_same_order(
    tmp_path: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "archive"
    file.write_bytes(LINES + b"{}\n" + LINES + b"[]\n" + body(7))
    assert main(["check", "--lines", *options, str(file)]) == 1
    expected = capsys.readouterr()
    assert main(["check", "--lines", "--jobs", "2", *options, str(file)]) == 1
    assert capsys.readouterr() == expected


def test_one_process_needs_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_ctrl_c_is_heard_again_once_the_processes_are_started() -> None:
    assert list(in_order(abs, [-1], 1)) == [1]
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_a_killed_process_is_told_in_one_line() -> None:
    with pytest.raises(WrongUse) as told:
        list(in_order(os._exit, [3], 1))
    assert str(told.value) == "a worker process was killed, so this is incomplete; try fewer --jobs"


def test_there_are_as_many_processes_as_were_asked_for() -> None:
    processes = (os.cpu_count() or 1) + 1
    results = in_order(abs, range(100), processes)
    next(results)
    assert len(active_children()) == processes
    results.close()


def started(_: object) -> tuple[str, bool]:
    return get_start_method(), signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_a_process_is_a_fresh_one_that_leaves_ctrl_c_to_its_parent() -> None:
    assert list(in_order(started, [None], 1)) == [("spawn", True)]


def test_a_process_ends_when_its_parent_does(monkeypatch: pytest.MonkeyPatch) -> None:
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
    """The command in the middle of an archive that does not end, in a process group of its own."""
    command = [sys.executable, "-m", "skypay_payout", "check", "--lines", "--jobs", "2", "-"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True) as process:  # noqa: S603
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"{}\n" + LINES)
        process.stdin.flush()
        assert process.stdout.readline().startswith(b"line 1: unauthenticated: ")
        yield process
        process.kill()


def test_ctrl_c_ends_all_processes_with_one_line(busy: subprocess.Popen[bytes]) -> None:
    os.killpg(busy.pid, signal.SIGINT)
    assert busy.stderr is not None
    assert busy.stderr.read() == b"skypay-payout: interrupted\n"
    assert busy.wait() == 130


def test_no_process_outlives_a_command_that_is_killed(busy: subprocess.Popen[bytes]) -> None:
    busy.kill()
    assert busy.stderr is not None
    busy.stderr.read()  # ends when the last process that could write there has ended
    assert busy.wait() == -signal.SIGKILL
