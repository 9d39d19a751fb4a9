"""What is counted of callbacks, over all processes of an endpoint, and how it is served."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import takewhile
from pathlib import Path
from threading import enumerate as threads
from time import sleep
from wsgiref.simple_server import WSGIServer

import httpx
import prometheus_client
import pytest
from prometheus_client.parser import text_string_to_metric_families

from skypay_payout import CallbackParser, Credentials, ErrorCode
from skypay_payout.contrib import prometheus
from skypay_payout.contrib.prometheus import measure, serve, serve_endpoint
from skypay_payout.contrib.prometheus._counts import Counts
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import CREDENTIALS, USER_NAME, body
from tests.support.servers import HTTP, free_port, wait_until

PARSER = CallbackParser(CREDENTIALS)
DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"


@pytest.fixture(autouse=True)
def counters(monkeypatch: pytest.MonkeyPatch) -> Counts:
    """Begin each test at 0."""
    monkeypatch.delenv(DIRECTORY, raising=False)
    counters = Counts(prometheus._counters.totals())
    monkeypatch.setattr(prometheus, "_counters", counters)
    return counters


@pytest.fixture
def directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv(DIRECTORY, str(tmp_path / "metrics"))
    return tmp_path / "metrics"


def scrape(port: int) -> dict[str, float]:
    """What is served at a port: the value of each sample, by its name and its labels."""
    text = HTTP.get(f"http://127.0.0.1:{port}/metrics").raise_for_status().text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {" ".join([sample.name, *sample.labels.values()]): sample.value for sample in samples}


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], dict[str, float]]]:
    """Scrapes what this process serves, which ends with the test."""
    servers: list[WSGIServer] = []

    def start(*arguments: object) -> None:
        assert arguments[1] == "127.0.0.1"
        server, _ = prometheus_client.start_http_server(*arguments)  # type: ignore[arg-type]
        servers.append(server)

    monkeypatch.setattr(prometheus, "start_http_server", start)

    yield scrape
    for server in servers:
        server.shutdown()
        server.server_close()


def counted(counters: Counts) -> dict[str, float]:
    """What is not 0, apart from times."""
    return {
        name: value
        for name, value in counters.totals().items()
        if value and not name.startswith(("duration", "seconds"))
    }


def receive(content: bytes, parser: CallbackParser = PARSER) -> None:
    with measure() as observed:
        observed(parser.receive(content))


def test_results_are_counted_by_kind_and_code(counters: Counts) -> None:
    for content in (body(), body(), body(7), body(authentication="wrong"), b"{"):
        receive(content)
    assert counted(counters) == {
        "callbacks accepted ": 2,
        "callbacks quarantined invalid_callback": 1,
        "callbacks rejected authentication_failed": 1,
        "callbacks rejected not_json": 1,
        "credentials True True": 3,
    }


@pytest.mark.parametrize("raised", [OSError, KeyboardInterrupt, type("TimeLimit", (BaseException,), {})])
@pytest.mark.parametrize("stored", [False, True])
def test_whatever_is_raised_is_a_failure_and_no_result_even_after_the_result_was_observed(
    counters: Counts, raised: type[BaseException], stored: bool
) -> None:
    def handle() -> None:
        with measure() as observed:
            if stored:
                observed(PARSER.receive(body()))
            raise raised

    with pytest.raises(raised):
        handle()
    assert counted(counters) == {"failures": 1}


def test_what_is_not_observed_is_not_counted(counters: Counts) -> None:
    with measure():
        pass
    assert not any(counters.totals().values())


def test_every_code_that_a_body_gets_is_counted_from_0(counters: Counts) -> None:
    of_bodies = takewhile(lambda code: code is not ErrorCode.INVALID_CALLBACK, ErrorCode)
    assert {f"callbacks rejected {code}" for code in of_bodies} < counters.totals().keys()


@pytest.mark.parametrize("secret", ["old", "new"])
@pytest.mark.parametrize("key", ["an old key", "a new key"])
def test_old_keys_and_secrets_in_use_are_counted(counters: Counts, key: str, secret: str) -> None:
    cipher = BodyCipher(["an old key", "a new key"])
    parser = CallbackParser(Credentials(USER_NAME, ["old", "new"]), cipher=cipher)
    receive(body(authentication=secret, cipher=BodyCipher(key)), parser)
    assert counted(counters)[f"credentials {key == 'a new key'} {secret == 'new'}"] == 1


def test_an_endpoint_serves_what_was_measured(served: Callable[[int], dict[str, float]]) -> None:
    port = free_port()
    serve_endpoint(port)
    before = served(port)
    receive(body())
    with pytest.raises(OSError, match="full"), measure():
        raise OSError("full")
    after = served(port)
    grown = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    assert 0 < grown.pop("skypay_duration_seconds_sum") < 60
    assert {name: value for name, value in grown.items() if "_bucket" not in name} == {
        "skypay_callbacks_total  accepted": 1,
        "skypay_credentials_total True True": 1,
        "skypay_failures_total": 1,
        "skypay_duration_seconds_count": 2,
    }
    assert "skypay_open_work" not in str(after)


def test_a_duration_is_in_each_bucket_from_its_own_on(
    served: Callable[[int], dict[str, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([0.0, 0.5])
    monkeypatch.setattr(prometheus, "perf_counter", lambda: next(times))
    receive(body())
    port = free_port()
    serve_endpoint(port)
    buckets = {name.split()[1]: value for name, value in served(port).items() if "_bucket" in name}
    assert [bound for bound, count in buckets.items() if count] == [
        "0.5",
        "1.0",
        "2.5",
        "5.0",
        "10.0",
        "+Inf",
    ]
    assert set(buckets.values()) == {0, 1}


def test_a_worker_serves_open_work_and_nothing_while_that_cannot_be_counted(
    served: Callable[[int], dict[str, float]], caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    answers = iter([{"quarantined": 2, "overdue": 0}])
    serve(lambda: next(answers), port)  # raises at the second call
    assert served(port) == {"skypay_open_work quarantined": 2, "skypay_open_work overdue": 0}
    assert served(port) == {}
    assert caplog.messages == ["open work could not be counted"]


def test_metrics_have_the_names_and_labels_of_the_alert_rules_and_a_help_text(counters: Counts) -> None:
    found = [*prometheus._Endpoint().collect(), *prometheus._OpenWork(lambda: {"quarantined": 1}).collect()]
    assert {
        each.name: (each.documentation, sorted({label for one in each.samples for label in one.labels}))
        for each in found
    } == {
        "skypay_callbacks": ("Callbacks by result and error code", ["code", "result"]),
        "skypay_credentials": (
            "Authenticated callbacks by use of the newest key and secret",
            ["newest_key", "newest_secret"],
        ),
        "skypay_failures": ("Callbacks that were not acknowledged because of an exception", []),
        "skypay_duration_seconds": ("Time to handle a callback", ["le"]),
        "skypay_open_work": ("What waits for a person or for the worker", ["kind"]),
    }


def test_a_port_that_is_taken_is_logged_and_served_when_it_is_free(
    served: Callable[[int], dict[str, float]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        sleep(seconds)

    monkeypatch.setattr(prometheus, "_RETRY", 0.01)
    monkeypatch.setattr(prometheus, "sleep", pause)
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        serve(lambda: {"quarantined": 1}, port)
        assert {each.daemon for each in threads() if each.name == "skypay_payout metrics"} == {True}
        wait_until(lambda: len(pauses) > 1)
    assert [record.getMessage().split(":")[0] for record in caplog.records] == [
        "metrics are not served at 127.0.0.1"
    ]
    assert caplog.records[0].levelname == "WARNING"

    def is_served() -> bool:
        try:
            return served(port) == {"skypay_open_work quarantined": 1}
        except httpx.TransportError:
            return False

    wait_until(is_served)


def test_a_port_that_another_process_of_the_endpoint_has_is_no_warning(
    directory: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", prometheus.__name__)
    with socket.create_server(("127.0.0.1", port := free_port())):
        serve_endpoint(port)
        monkeypatch.delenv(DIRECTORY)
        serve_endpoint(port)
    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING"]
    taken = f"metrics are not served at 127.0.0.1:{port} before that is free: [Errno "
    assert all(message.startswith(taken) for message in caplog.messages)


def files(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def process(program: str) -> str:
    """What a process prints that counts one, and then runs the program."""
    count = "import os\nfrom skypay_payout.contrib.prometheus._counts import Counts\n"
    count += 'counts = Counts(["a", "b"])\ncounts.add({"a": 1})\n'
    done = subprocess.run([sys.executable, "-c", count + program], stdout=subprocess.PIPE, text=True)  # noqa: S603
    assert done.returncode in (0, -9)
    return done.stdout


def test_what_ended_and_killed_processes_counted_stays_in_one_file(directory: Path) -> None:
    process("")
    process("os.kill(os.getpid(), 9)")
    counts = Counts(["a", "b"])
    assert counts.totals() == {"a": 2, "b": 0}
    counts.add({"a": 0.5, "b": 3.25})  # which has a line feed among its bytes
    assert counts.totals() == {"a": 2.5, "b": 3.25}
    assert files(directory) == ["skypay-0.counts"]


def test_the_directory_is_made_if_need_be_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "made" / "metrics"
    monkeypatch.setenv(DIRECTORY, str(directory))
    Counts(["a"]).add({"a": 1})
    paths = [directory, directory / "skypay-0.counts"]
    assert [path.stat().st_mode & 0o777 for path in paths] == [0o700, 0o600]


def test_a_file_is_taken_over_however_long_the_names_are(directory: Path) -> None:
    name = "a" * 99
    for count in (1, 2):
        counts = Counts([name])
        counts.add({name: 1})
        assert counts.totals() == {name: count}
        assert counts._file is not None
        counts._file.close()  # and with it the lock, as at its end


def test_processes_that_live_at_one_time_have_a_file_each(directory: Path) -> None:
    counts = Counts(["a", "b"])
    counts.add({"a": 1})
    process("")
    assert counts.totals() == {"a": 2, "b": 0}
    assert files(directory) == ["skypay-0.counts", "skypay-1.counts"]


def test_a_forked_process_counts_for_itself_and_leaves_the_file_to_its_parent(directory: Path) -> None:
    forked = """
pid = os.fork()
counts.add({"b": 1})
if pid:
    os.waitpid(pid, 0)
    counts.add({"a": 1})
    print(counts.totals())
"""
    assert process(forked) == "{'a': 2.0, 'b': 2.0}\n"
    assert files(directory) == ["skypay-0.counts", "skypay-1.counts"]


def test_a_child_begins_without_the_numbers_and_the_file_of_its_parent(directory: Path) -> None:
    counts = Counts(["a"])
    for _ in range(2):
        counts._after_fork()
        assert (list(counts._values), counts._file) == ([0], None)
        counts.add({"a": 1})
    assert counts.totals() == {"a": 2}


def test_who_clears_the_directory_blinds_no_running_process(directory: Path) -> None:
    counts, other = Counts(["a"]), Counts(["a"])
    counts.add({"a": 1})
    other.add({"a": 5})
    shutil.rmtree(directory)
    assert counts.totals() == {"a": 0}
    counts.add({"a": 1})
    assert counts.totals() == {"a": 1}
    other.add({"a": 1})
    assert counts.totals() == other.totals() == {"a": 2}


def test_without_a_directory_a_process_counts_for_itself() -> None:
    counts = Counts(["a"])
    counts.add({"a": 1})
    assert counts.totals() == {"a": 1}
    assert Counts(["a"]).totals() == {"a": 0}


def test_a_directory_that_cannot_be_used_costs_no_callback_and_is_logged(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    directory.touch()
    counts = Counts(["a"])
    counts.add({"a": 1})
    assert counts.totals() == {"a": 1}
    assert caplog.messages[0].startswith(f"metrics cannot be written to {directory}: ")
    directory.unlink()
    counts.add({"a": 1})
    assert counts.totals() == Counts(["a"]).totals() == {"a": 2}


def test_a_full_disk_costs_no_callback_and_the_next_one_counts_both(
    directory: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> int:
        raise OSError("no space left")

    counts = Counts(["a"])
    counts.add({"a": 1})
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        counts.add({"a": 1})
    assert "no space left" in caplog.text
    counts.add({"a": 1})
    assert Counts(["a"]).totals() == {"a": 3}


def test_another_version_of_the_library_keeps_its_own_file_and_its_numbers(directory: Path) -> None:
    old = Counts(["a", "old"])
    old.add({"a": 1, "old": 1})
    content = (directory / "skypay-0.counts").read_bytes()
    assert old._file is not None
    old._file.close()  # and with it the lock, as at its end
    new = Counts(["a", "new"])
    new.add({"a": 1, "new": 1})
    assert new.totals() == {"a": 2, "new": 1}
    assert (directory / "skypay-0.counts").read_bytes() == content


@pytest.mark.parametrize("content", [b"", b'["a"', b'["a"]\n\0\0', b"\0" * 5000, b'["a", "b"]\n' + b"\0" * 8])
def test_a_file_that_is_incomplete_counts_nothing_and_is_written_anew(
    directory: Path, content: bytes
) -> None:
    directory.mkdir()
    (directory / "skypay-0.counts").write_bytes(content)
    counts = Counts(["a"])
    assert counts.totals() == {"a": 0}
    counts.add({"a": 1})
    assert counts.totals() == {"a": 1}
    assert files(directory) == ["skypay-0.counts"]


def test_a_file_that_goes_while_it_is_listed_counts_nothing_and_hides_no_other(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Counts(["a"]).add({"a": 1})
    (directory / "skypay-1.counts").symlink_to("gone")
    monkeypatch.setattr(Path, "glob", lambda self, _: sorted(self.iterdir(), reverse=True))
    assert Counts(["a"]).totals() == {"a": 1}


def test_a_process_that_has_closed_all_its_files_begins_a_new_one(directory: Path) -> None:
    counts = Counts(["a"])
    counts.add({"a": 1})
    assert counts._file is not None
    os.close(counts._file.descriptor)  # as a program does that becomes a daemon
    counts.add({"a": 1})
    assert counts.totals() == {"a": 2}


def test_nothing_is_written_to_a_file_that_has_got_the_number_of_a_closed_one(
    directory: Path, tmp_path: Path
) -> None:
    counts = Counts(["a"])
    counts.add({"a": 1})
    assert counts._file is not None
    number = counts._file.descriptor
    os.close(number)
    with open(tmp_path / "theirs", "wb") as theirs:
        assert theirs.fileno() == number
        counts.add({"a": 1})
    assert (tmp_path / "theirs").read_bytes() == b""
    assert counts.totals() == {"a": 2}
