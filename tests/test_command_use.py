"""The command called wrongly, stopped, or cut off: one clear line, and never a traceback."""

from __future__ import annotations

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

HELP = Path(__file__).with_name("data") / "help.txt"
COMMAND = [sys.executable, "-m", "skypay_payout"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "sample.json"
    file.write_bytes(SAMPLE)
    return file


def refusal(argv: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that wrong use is answered with."""
    assert main(argv) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("skypay-payout: ")
    assert shown.err.count("\n") == 1
    assert AUTHENTICATION not in shown.err
    return shown.err.removeprefix("skypay-payout: ").removesuffix("\n")


def test_the_installed_command_is_this_one() -> None:
    (script,) = entry_points(group="console_scripts", name="skypay-payout")
    assert script.load() is main


def test_the_help_is_word_for_word(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("", "demo", "check", "decrypt", "encrypt", "send", "conformance"):
        assert main([*name.split(), "--help"]) == 0
    # Where a line is broken is argparse's matter.
    assert capsys.readouterr().out.split() == HELP.read_text("utf-8").split()


def test_help_names_every_setting_and_fits_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    for name in ("SKYPAY_USER_NAME", "SKYPAY_AUTHENTICATION", "SKYPAY_ENCRYPTION_KEY"):
        assert f"\n  {name} " in shown
    assert max(map(len, shown.splitlines())) < 80


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["chek"],
        ["check"],
        ["check", "--lines", "--jobs", "0", "-"],
        ["check", "--lines", "--jobs", "-1", "-"],
    ],
)
def test_wrong_arguments_are_wrong_use(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv) == 2
    assert "error: " in capsys.readouterr().err


def test_the_number_of_processes_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--lines", "--jobs", "none", "-"]) == 2
    assert ": none is not a number of processes, from 1 upwards\n" in capsys.readouterr().err


def test_jobs_are_for_archives(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = refusal(["check", "--jobs", "2", str(file)], capsys)
    assert told == "--jobs is for archives; add --lines if FILE has one body a line"


@pytest.mark.parametrize("options", [[], ["--lines"]])
def test_a_missing_file_and_a_directory_are_wrong_use(
    file: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    missing = str(file.parent / "no\x1b[31m")
    assert refusal(["check", *options, missing], capsys) == (
        f"cannot open {file.parent}/no\\u001b[31m: No such file or directory"
    )
    assert refusal(["check", *options, str(file.parent)], capsys).endswith(": Is a directory")


@pytest.mark.parametrize("name", ["SKYPAY_USER_NAME", "SKYPAY_AUTHENTICATION"])
def test_a_setting_that_is_not_there_is_named(
    file: Path, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(name)
    assert refusal(["check", str(file)], capsys).startswith(f"{name} is not set")


@pytest.mark.parametrize("name", ["SKYPAY_USER_NAME", "SKYPAY_AUTHENTICATION", "SKYPAY_ENCRYPTION_KEY"])
@pytest.mark.parametrize("nothing", ["", " "])
def test_an_empty_setting_is_named(
    file: Path, name: str, nothing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, nothing)
    assert refusal(["check", str(file)], capsys).startswith(f"{name} is empty")


@pytest.mark.parametrize("name", ["SKYPAY_AUTHENTICATION", "SKYPAY_ENCRYPTION_KEY"])
def test_a_setting_with_an_empty_part_is_named(
    file: Path, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, f"{AUTHENTICATION},")
    assert refusal(["check", str(file)], capsys).startswith(f"{name} has nothing ")


def test_a_secret_that_is_too_long_is_wrong_use_and_not_shown(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SKYPAY_AUTHENTICATION", AUTHENTICATION * 2)
    message = refusal(["check", str(file)], capsys)
    assert "SKYPAY_AUTHENTICATION" in message
    assert "not 72" in message


@pytest.mark.parametrize("argv", [["demo"], ["--help"], ["check", "--lines", "--json", "-"]])
def test_a_closed_pipe_is_told_in_one_line(
    argv: list[str], file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        assert main([str(file) if one == "-" else one for one in argv]) == 141
    assert capsys.readouterr().err == "skypay-payout: the output was closed before everything was written\n"


def test_an_output_that_takes_nothing_is_told_in_one_line(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with file.open() as unwritable:
        monkeypatch.setattr(sys, "stdout", unwritable)
        assert main(["demo"]) == 2
    assert capsys.readouterr().err == "skypay-payout: cannot read or write: not writable\n"


def test_ctrl_c_is_told_in_one_line(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
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
    assert capsys.readouterr().err == "skypay-payout: interrupted\n"


def test_without_any_output_the_exit_status_tells(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["check", str(file)]) == 0


class Broken(StringIO):
    """An output that is no file and takes nothing."""

    def write(self, text: str) -> int:
        raise OSError("no space")


def test_where_nothing_can_be_told_the_exit_status_tells(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", Broken())
    assert main(["check", str(file)]) == 2
    assert capsys.readouterr().err == "skypay-payout: cannot read or write: no space\n"
    monkeypatch.setattr(sys, "stderr", Broken())
    assert main(["check", str(file)]) == 2


def test_an_error_without_any_output_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> int:
        raise OSError("no space")

    monkeypatch.setattr(command, "_run", fail)
    monkeypatch.setattr(sys, "stdout", None)
    assert main([]) == 2
    assert capsys.readouterr().err == "skypay-payout: cannot read or write: no space\n"


def test_standard_input_is_read_in_a_pipe() -> None:
    run = subprocess.run([*COMMAND, "check", "-"], input=SAMPLE, capture_output=True, check=True)  # noqa: S603
    assert b"SK99123456789" in run.stdout
    assert run.stderr == b""


def test_a_real_pipe_that_is_closed_ends_the_command_at_once(file: Path) -> None:
    file.write_bytes((body() + b"\n") * 20_000)
    with subprocess.Popen(  # noqa: S603
        [*COMMAND, "check", "--lines", "--json", str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b'{"line": 1, "accepted": true')
        process.stdout.close()
        assert process.stderr.read() == (
            b"skypay-payout: the output was closed before everything was written\n"
        )
        assert process.wait() == 141


def test_closed_standard_streams_are_no_traceback() -> None:
    def run(shell: str) -> tuple[int, bytes]:
        done = subprocess.run(["/bin/sh", "-c", shell, "sh", *COMMAND], capture_output=True, check=False)  # noqa: S603
        return done.returncode, done.stderr

    assert run('"$@" check - <&-') == (2, b"skypay-payout: cannot open -: Bad file descriptor\n")
    assert run('"$@" demo >&-') == (0, b"")
    assert run('"$@" check --lines /no/such/file 2>&-')[0] == 2
    assert run('"$@" check --lines - 2>&- </dev/null')[0] == 0


def test_an_output_that_takes_ascii_alone_is_shown_the_rest_escaped(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_bytes(body(4))
    shown = BytesIO()
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(shown, encoding="ascii"))
    assert main(["check", str(file)]) == 0
    assert b"  fail_description  \\u4f59\\u989d\\u4e0d\\u8db3" in shown.getvalue().splitlines()


def test_text_that_the_output_cannot_encode_is_shown_escaped(file: Path) -> None:
    file.write_bytes(body(4))
    run = subprocess.run(  # noqa: S603
        [*COMMAND, "check", str(file)],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
    )
    assert b"  fail_description  \\u4f59\\u989d\\u4e0d\\u8db3" in run.stdout.splitlines()


def test_chinese_text_is_shown_as_such_in_the_locale_of_a_bare_machine(file: Path) -> None:
    file.write_bytes(body(4))
    bare = {
        name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON"))
    }
    run = subprocess.run(  # noqa: S603
        [*COMMAND, "check", str(file)], env=bare | {"LC_ALL": "C"}, capture_output=True, check=True
    )
    assert "  fail_description  余额不足" in run.stdout.decode().splitlines()


def test_the_library_is_imported_without_the_command() -> None:
    program = "import sys, skypay_payout; sys.exit(any('command' in name for name in sys.modules))"
    subprocess.run([sys.executable, "-c", program], check=True)  # noqa: S603


def test_python_m_runs_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["skypay_payout", "demo"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(Path(skypay_payout.__file__).with_name("__main__.py")), run_name="__main__")
    assert ended.value.code == 0
    assert "SK99123456789" in capsys.readouterr().out


def test_a_worker_that_imports_the_main_module_again_runs_no_command() -> None:
    runpy.run_path(str(Path(skypay_payout.__file__).with_name("__main__.py")), run_name="__mp_main__")
