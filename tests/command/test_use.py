"""Wrong use, interruption and closed streams give one clear line, and never a traceback."""

from __future__ import annotations

import importlib
import os
import runpy
import signal
import subprocess
import sys
import threading
from contextlib import redirect_stdout
from importlib.metadata import entry_points
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import pytest

import skypay_payout
from skypay_payout import _command as command
from skypay_payout._command import main
from skypay_payout.testing import AUTHENTICATION, SAMPLE, body

pytestmark = pytest.mark.usefixtures("account")

HELP = Path(__file__).parents[1] / "data" / "help.txt"
COMMAND = [sys.executable, "-m", "skypay_payout"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "sample.json"
    file.write_bytes(SAMPLE)
    return file


PLAIN = "skypay-payout: SKYPAY_ENCRYPTION_KEY is not set: bodies are taken as plain JSON\n"


def usage_error(argv: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Return the one line that wrong use gives."""
    assert main(argv) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    error = shown.err.removeprefix(PLAIN)
    assert error.startswith("skypay-payout: ")
    assert error.count("\n") == 1
    assert AUTHENTICATION not in error
    return error.removeprefix("skypay-payout: ").removesuffix("\n")


def test_installed_command_is_this_one() -> None:
    (script,) = entry_points(group="console_scripts", name="skypay-payout")
    assert script.load() is main


def test_version_is_that_of_the_library(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"skypay-payout {skypay_payout.__version__}\n"


def test_help_is_word_for_word(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("", "demo", "check", "decrypt", "encrypt", "send", "conformance"):
        assert main([*name.split(), "--help"]) == 0
    # argparse decides where lines break.
    assert capsys.readouterr().out.split() == HELP.read_text("utf-8").split()


def test_help_names_every_setting_and_fits_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    for name in ("SKYPAY_USER_NAME", "SKYPAY_AUTHENTICATION", "SKYPAY_ENCRYPTION_KEY", "SKYPAY_PREFIXES"):
        assert f"\n  {name} " in shown
    assert max(map(len, shown.splitlines())) < 80


@pytest.mark.parametrize(
    "argv",
    [[], ["chek"], ["check"], ["check", "--lines", "--jobs", "2", "-"], ["check", "--line", "-"], ["--vers"]],
)
def test_wrong_arguments_are_usage_errors(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv) == 2
    assert "error: " in capsys.readouterr().err


@pytest.mark.parametrize("options", [[], ["--lines"]])
def test_missing_file_and_directory_are_usage_errors(
    file: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    missing = str(file.parent / "no\x1b[31m")
    assert usage_error(["check", *options, missing], capsys) == (
        f"cannot open {file.parent}/no\\u001b[31m: No such file or directory"
    )
    assert usage_error(["check", *options, str(file.parent)], capsys).endswith(": Is a directory")


@pytest.mark.parametrize("name", ["SKYPAY_USER_NAME", "SKYPAY_AUTHENTICATION"])
def test_missing_setting_is_named(
    file: Path, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(name)
    assert usage_error(["check", str(file)], capsys).startswith(f"{name}: expected text, got none")


@pytest.mark.parametrize("argv", [["demo"], ["--help"], ["check", "--lines", "--json", "-"]])
def test_closed_pipe_is_reported_in_one_line(
    argv: list[str], file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        assert main([str(file) if one == "-" else one for one in argv]) == 141
    shown = capsys.readouterr().err.removeprefix(PLAIN)
    assert shown == "skypay-payout: the output was closed before everything was written\n"


def test_unwritable_output_is_reported_in_one_line(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with file.open() as unwritable:
        monkeypatch.setattr(sys, "stdout", unwritable)
        assert main(["demo"]) == 2
    assert capsys.readouterr().err == "skypay-payout: cannot read or write: not writable\n"


def test_ctrl_c_is_reported_in_one_line(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive, output = file.with_name("archive"), file.with_name("output")
    os.mkfifo(archive)
    os.mkfifo(output)
    done = threading.Event()

    def interrupt() -> None:
        with output.open() as shown, archive.open("wb", buffering=0) as written:
            written.write(b"{}\n")
            assert shown.readline().startswith("line 1: ")
            os.kill(os.getpid(), signal.SIGINT)
            done.wait()

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with output.open("w") as stream, redirect_stdout(stream):
            assert main(["check", "--lines", str(archive)]) == 130
    finally:
        done.set()
        thread.join()
    assert capsys.readouterr().err == f"{PLAIN}skypay-payout: interrupted\n"


def test_exit_status_is_right_without_any_output(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["check", str(file)]) == 0


def test_exit_status_is_right_without_standard_error(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    assert main(["check", str(file.parent / "missing")]) == 2
    assert capsys.readouterr().out == ""


class Broken(StringIO):
    """Simulate an output that is no file and takes nothing."""

    def write(self, text: str) -> int:
        raise OSError("no space")


def test_exit_status_is_right_where_nothing_can_be_written(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", Broken())
    assert main(["check", str(file)]) == 2
    assert capsys.readouterr().err == f"{PLAIN}skypay-payout: cannot read or write: no space\n"
    monkeypatch.setattr(sys, "stderr", Broken())
    assert main(["check", str(file)]) == 2


def test_error_without_any_output_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> int:
        raise OSError("no space")

    monkeypatch.setattr(command, "_run", fail)
    monkeypatch.setattr(sys, "stdout", None)
    assert main([]) == 2
    assert capsys.readouterr().err == "skypay-payout: cannot read or write: no space\n"


def test_standard_input_can_be_a_pipe() -> None:
    run = subprocess.run([*COMMAND, "check", "-"], input=SAMPLE, capture_output=True, check=True)  # noqa: S603
    assert b"SK99123456789" in run.stdout
    assert run.stderr == PLAIN.encode()


def test_real_pipe_that_is_closed_ends_the_command_at_once(file: Path) -> None:
    file.write_bytes((body() + b"\n") * 20_000)
    with subprocess.Popen(  # noqa: S603
        [*COMMAND, "check", "--lines", "--json", str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b'{"line": 1, "result": "accepted"')
        process.stdout.close()
        closed = "skypay-payout: the output was closed before everything was written\n"
        assert process.stderr.read() == (PLAIN + closed).encode()
        assert process.wait() == 141


def test_closed_standard_streams_give_no_traceback() -> None:
    def run(shell: str) -> tuple[int, str, str]:
        command = ["/bin/sh", "-c", shell, "sh", *COMMAND]
        done = subprocess.run(command, capture_output=True, check=False, text=True)  # noqa: S603
        return done.returncode, done.stdout, done.stderr

    no_input = "skypay-payout: cannot open -: Bad file descriptor\n"
    assert run('"$@" check - <&-') == (2, "", PLAIN + no_input)
    assert run('"$@" demo >&-') == (0, "", "")
    assert run('"$@" check --lines /no/such/file 2>&-') == (2, "", "")
    empty = "bodies: 0 (0 accepted, 0 quarantined, 0 rejected)\n"
    assert run('"$@" check --lines - 2>&- </dev/null') == (0, empty, "")


def test_ascii_output_gets_other_characters_escaped(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_bytes(body(4))
    shown = BytesIO()
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(shown, encoding="ascii"))
    assert main(["check", str(file)]) == 0
    assert b"  fail_description  \\u4f59\\u989d\\u4e0d\\u8db3" in shown.getvalue().splitlines()


def test_chinese_text_is_shown_unescaped_in_the_c_locale(file: Path) -> None:
    file.write_bytes(body(4))
    bare = {
        name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON"))
    }
    run = subprocess.run(  # noqa: S603
        [*COMMAND, "check", str(file)], env=bare | {"LC_ALL": "C"}, capture_output=True, check=True
    )
    assert "  fail_description  余额不足" in run.stdout.decode().splitlines()


def test_python_m_runs_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["skypay_payout", "demo"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(Path(skypay_payout.__file__).with_name("__main__.py")), run_name="__main__")
    assert ended.value.code == 0
    assert "SK99123456789" in capsys.readouterr().out


def test_import_of_the_main_module_runs_no_command() -> None:
    importlib.import_module("skypay_payout.__main__")
