"""``check --lines`` checks an archive of one body per line, in constant memory."""

from __future__ import annotations

import gzip
import io
import json
import os
import sys
import termios
import threading
import tracemalloc
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout, suppress
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skypay_payout import Accepted, CallbackParser, PayType
from skypay_payout._command import main
from skypay_payout._command.check import _lines
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import CREDENTIALS, ENCRYPTION_KEY, SAMPLE, bad_bodies, body

pytestmark = pytest.mark.usefixtures("account")

GOOD = [body(status, controlNumber=f"SK991{status:08}") for status in PayType]
PLAIN = CallbackParser(CREDENTIALS)
ENCRYPTED_SAMPLE = CallbackParser(CREDENTIALS, cipher=BodyCipher(ENCRYPTION_KEY))
INVALID = body(9, controlNumber="SKY**12345678", dealTime="Tuesday")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "archive"


def test_only_what_is_not_accepted_is_shown_and_then_the_counts(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(b"\n".join([*GOOD, b"{}", INVALID, GOOD[0], b"{"]))
    assert main(["check", "--lines", str(file)]) == 1
    shown, counts = capsys.readouterr().out.split("bodies: ")
    assert [line.split(" ")[:5] for line in shown.splitlines()] == [
        ["line", "7:", "rejected:", "authentication_failed:", "expected"],
        ["line", "8:", "quarantined:", "control", "number"],
        ["line", "8:", "quarantined:", "control", "number"],
        ["line", "8:", "quarantined:", "control", "number"],
        ["line", "10:", "rejected:", "not_json:", "expected"],
    ]
    assert [line.split() for line in counts.splitlines()] == [
        ["10", "(7", "accepted,", "1", "quarantined,", "2", "rejected)"],
        ["accepted,", "by", "status"],
        ["UPLOAD", "2"],
        *([status.name, "1"] for status in PayType if status is not PayType.UPLOAD),
        ["not", "accepted,", "by", "error", "code"],
        *([code, "1"] for code in ("not_json", "authentication_failed", "invalid_callback")),
        ["quarantined,", "by", "field", "and", "error", "code"],
        ["controlNumber:", "masked", "1"],
        ["dealTime:", "invalid_format", "1"],
        ["payType:", "unknown_status", "1"],
    ]


def test_quarantined_line_says_which_payout_it_is_about(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(body(9, controlNumber="SK99100000001") + b"\n" + INVALID)
    assert main(["check", "--lines", str(file)]) == 1
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first.startswith("line 1: quarantined: control number SK99100000001: payType: unknown_status: ")
    assert second.startswith("line 2: quarantined: control number unknown: controlNumber: masked: ")


def test_each_body_counts_under_one_code(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bodies = [bad.body for bad in bad_bodies(PLAIN) if b"\n" not in bad.body and bad.body.strip()]
    file.write_bytes(b"\n".join(bodies))
    assert main(["check", "--lines", "--json", str(file)]) == 1
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])["summary"]
    assert summary["bodies"] == len(bodies) == sum(summary["errors"].values())
    assert summary["errors"]["invalid_callback"] == summary["quarantined"] < sum(summary["fields"].values())


@pytest.mark.parametrize("parser", [PLAIN, ENCRYPTED_SAMPLE], ids=["plain", "encrypted"])
def test_code_is_what_receive_says(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, parser: CallbackParser
) -> None:
    if parser.cipher:
        monkeypatch.setenv("SKYPAY_ENCRYPTION_KEY", ENCRYPTION_KEY)
    bodies = [bad.body for bad in bad_bodies(parser) if b"\n" not in bad.body and bad.body.strip()]
    file.write_bytes(b"\r\n".join(bodies))
    assert main(["check", "--lines", "--json", str(file)]) == 1
    *shown, _ = map(json.loads, capsys.readouterr().out.splitlines())
    results = map(parser.receive, bodies)
    assert [one["code"] for one in shown] == [
        result.error.code for result in results if not isinstance(result, Accepted)
    ]


def test_several_archives_are_counted_together(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = file.with_name("other")
    file.write_bytes(GOOD[0] + b"\n{}\n")
    other.write_bytes(b"\n[]")
    assert main(["check", "--lines", str(file), str(other)]) == 1
    first, second, counts, *_ = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{file}: line 2: rejected: authentication_failed: ")
    assert second.startswith(f"{other}: line 2: rejected: not_an_object: ")
    assert counts == "bodies: 3 (1 accepted, 0 quarantined, 2 rejected)"
    assert main(["check", "--lines", "--json", str(file), str(other)]) == 1
    *shown, _ = map(json.loads, capsys.readouterr().out.splitlines())
    assert [(one["file"], one["line"]) for one in shown] == [(str(file), 1), (str(file), 2), (str(other), 2)]


@pytest.mark.parametrize(
    ("start", "diagnosis"),
    [
        ("\ufeff".encode("utf-16-le"), "UTF-16, as PowerShell's redirection writes it: save the bytes"),
        ("\ufeff".encode("utf-16-be"), "UTF-16: save the bytes as they were received"),
        (gzip.compress(b"")[:10], "compressed with gzip: decompress it first"),
    ],
    ids=["PowerShell", "UTF-16", "gzip"],
)
def test_archive_that_is_no_text_is_told_at_once(
    file: Path, capsys: pytest.CaptureFixture[str], start: bytes, diagnosis: str
) -> None:
    file.write_bytes(start + b"\n" * 9)
    assert main(["check", "--lines", str(file)]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert f"skypay-payout: {file} is {diagnosis}" in err


def test_archive_of_accepted_bodies_is_shown_as_counts_only(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(GOOD[1] + b"\n")
    assert main(["check", "--lines", str(file)]) == 0
    assert capsys.readouterr().out == (
        "bodies: 1 (1 accepted, 0 quarantined, 0 rejected)\n"
        "accepted, by status\n"
        "  PAYOUT                                      1\n"
    )


def test_blank_line_counts_as_a_line_but_not_as_a_body(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(b"\n \t\r\n\r\n" + GOOD[0] + b"\r\n\n[]\r\n\n")
    assert main(["check", "--lines", str(file)]) == 1
    shown = capsys.readouterr().out
    assert shown.startswith("line 6: rejected: not_an_object: ")
    assert "\nbodies: 2 (1 accepted, 0 quarantined, 1 rejected)\n" in shown


def test_empty_archive_has_no_bodies_and_nothing_wrong(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.touch()
    assert main(["check", "--lines", str(file)]) == 0
    assert capsys.readouterr().out == "bodies: 0 (0 accepted, 0 quarantined, 0 rejected)\n"


def test_json_has_an_object_for_each_body_and_then_the_summary(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(b"\n".join([GOOD[3], b"", INVALID, b"x", GOOD[3], INVALID, b"x"]))
    assert main(["check", "--lines", "--json", str(file)]) == 1
    good, invalid, malformed, *again, summary = map(json.loads, capsys.readouterr().out.splitlines())
    assert (good["line"], good["result"], good["callback"]["payType"]) == (1, "accepted", 4)
    assert (invalid["line"], invalid["result"], invalid["code"]) == (3, "quarantined", "invalid_callback")
    assert invalid["controlNumber"] is None
    assert [error["field"] for error in invalid["errors"]] == ["controlNumber", "payType", "dealTime"]
    assert (malformed["line"], malformed["result"], malformed["code"]) == (4, "rejected", "not_json")
    assert again == [good | {"line": 5}, invalid | {"line": 6}, malformed | {"line": 7}]
    assert summary == {
        "summary": {
            "bodies": 6,
            "accepted": 2,
            "quarantined": 2,
            "rejected": 2,
            "statuses": {"FAILURE": 2},
            "errors": {"not_json": 2, "invalid_callback": 2},
            "fields": {
                "controlNumber: masked": 2,
                "dealTime: invalid_format": 2,
                "payType: unknown_status": 2,
            },
        }
    }


def test_encrypted_lines_are_decrypted(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKYPAY_ENCRYPTION_KEY", "key")
    file.write_bytes(b"\r\n".join(BodyCipher("key").encrypt(one) for one in GOOD))
    assert main(["check", "--lines", str(file)]) == 0
    file.write_bytes(GOOD[0])
    assert main(["check", "--lines", str(file)]) == 1


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
@pytest.mark.parametrize(("size", "code"), [(65536, 0), (65537, 1)])
def test_line_of_the_maximum_size_is_accepted_and_a_longer_one_is_too_large(
    file: Path, size: int, code: int, end: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(b"\n" * 262_000 + SAMPLE.replace(b"\n", b" ").ljust(size) + end)
    assert main(["check", "--lines", str(file)]) == code
    rejection = "line 262001: rejected: too_large: expected at most 65536 bytes"
    assert (rejection in capsys.readouterr().out) == bool(code)


def test_gigantic_line_is_too_large_and_does_not_fill_the_memory(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with file.open("wb") as archive:
        archive.write(GOOD[0] + b"\n")
        archive.seek(100_000_000, os.SEEK_CUR)  # sparse: no disk is filled
        archive.write(b"x\n" + GOOD[1] + b"\n{}")
    peak = peak_memory(lambda: main(["check", "--lines", str(file)]))
    shown = capsys.readouterr().out
    assert [line.split()[:4] for line in shown.splitlines()[:3]] == [
        ["line", "2:", "rejected:", "too_large:"],
        ["line", "4:", "rejected:", "authentication_failed:"],
        ["bodies:", "4", "(2", "accepted,"],
    ]
    assert peak < 4_000_000


def test_many_lines_do_not_fill_the_memory(file: Path) -> None:
    with file.open("wb") as archive:
        archive.writelines([b"\n".join(one.ljust(10_000) for one in GOOD) + b"\n"] * 110)
    assert file.stat().st_size > 6_000_000
    assert peak_memory(lambda: main(["check", "--lines", str(file)])) < 4_000_000


def peak_memory(work: Callable[[], object]) -> int:
    """Measure the work, in bytes."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


class Pieces(io.RawIOBase):
    """Simulate a pipe: a stream that arrives in pieces."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self.pieces:
            return 0
        piece, self.pieces[0] = self.pieces[0][: len(buffer)], self.pieces[0][len(buffer) :]
        if not self.pieces[0]:
            del self.pieces[0]
        buffer[: len(piece)] = piece
        return len(piece)


@given(
    pieces=st.lists(st.text("ab\r\n", min_size=1).map(str.encode)),
    limit=st.integers(1, 5),
    buffer=st.integers(1, 12),
)
def test_lines_and_their_numbers_do_not_depend_on_how_an_archive_arrives(
    pieces: list[bytes], limit: int, buffer: int
) -> None:
    def taken(line: bytes) -> bytes | None:
        """Return the body, or None if it is too large."""
        return line if len(line) <= limit else None

    whole = b"".join(pieces)
    read: list[int] = []
    archive: Any = io.BufferedReader(Pieces(list(pieces)), buffer)
    found = [(number, taken(line)) for number, line in _lines(archive, limit, read.append) if line]
    split = [line.removesuffix(b"\r") for line in whole.split(b"\n")]
    assert found == [(at, taken(line)) for at, line in enumerate(split, 1) if line]
    assert sum(read) == len(whole)


def test_lines_of_a_pipe_are_checked_as_they_arrive(tmp_path: Path) -> None:
    fifo, output = tmp_path / "in", tmp_path / "out"
    os.mkfifo(fifo)
    os.mkfifo(output)
    seen: list[str] = []

    def other_end() -> None:
        with output.open() as shown:
            with fifo.open("wb", buffering=0) as archive:
                archive.write(b"{\n")
                seen.append(shown.readline())  # before the archive ends
                archive.write(b"[]\n")
                seen.append(shown.readline())
            shown.read()

    thread = threading.Thread(target=other_end)
    thread.start()
    with output.open("w") as stream, redirect_stdout(stream):
        assert main(["check", "--lines", str(fifo)]) == 1
    thread.join()
    assert [line.split()[:3] for line in seen] == [["line", "1:", "rejected:"], ["line", "2:", "rejected:"]]


def sent_to_terminal(argv: list[str]) -> str:
    """Return what the command sends to a terminal that is its standard error."""
    resource_tracker.ensure_running()  # or tqdm may start it, and it would keep the terminal open
    controller, terminal = os.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    with open(terminal, "w") as stream, redirect_stderr(stream):
        main(argv)
    text = b""
    with suppress(OSError):  # Linux reports the end of a terminal so
        while piece := os.read(controller, 4096):
            text += piece
    os.close(controller)
    return text.decode()


def test_progress_is_shown_only_on_a_terminal(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(GOOD[0] + b"\n" + INVALID)
    assert "0%" in sent_to_terminal(["check", "--lines", str(file)])
    shown = capsys.readouterr().out
    assert shown.startswith("line 2: quarantined: control number unknown: controlNumber: masked: ")
    assert "bodies: 2 (1 accepted, 1 quarantined, 0 rejected)" in shown
    assert "0%" not in shown


def test_missing_tqdm_is_reported_with_what_to_install(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    file.write_bytes(GOOD[0])
    hint = "skypay-payout: for a progress bar: pip install 'skypay-payout[command]'\r\n"
    assert sent_to_terminal(["check", "--lines", str(file)]).endswith(hint)


def test_without_a_terminal_there_is_neither_progress_nor_a_hint(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    file.write_bytes(GOOD[0])
    assert main(["check", "--lines", str(file)]) == 0
    assert "progress" not in capsys.readouterr().err
