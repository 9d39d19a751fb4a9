"""The command opens and seals captured bodies, and never shows a secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from skypay_payout import CallbackParser
from skypay_payout._command import main
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import AUTHENTICATION, CREDENTIALS, SAMPLE, body

KEY = "a key that nobody may see"


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SKYPAY_USER_NAME", raising=False)
    monkeypatch.delenv("SKYPAY_AUTHENTICATION", raising=False)
    monkeypatch.setenv("SKYPAY_ENCRYPTION_KEY", KEY)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "body.txt"


def decrypted(file: Path, text: bytes, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    file.write_bytes(BodyCipher(KEY).encrypt(text))
    assert main(["decrypt", str(file)]) == 0
    shown = capsys.readouterr().out
    members = json.loads(shown)
    assert isinstance(members, dict)
    return {**members, "shown": shown}


def test_a_captured_body_is_opened_with_its_secret_concealed(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    members = decrypted(file, SAMPLE, capsys)
    assert members["controlNumber"] == "SK99123456789"
    assert members["authentication"] == "[authentication]"
    assert AUTHENTICATION not in str(members)


def test_a_captured_reply_is_opened(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parser = CallbackParser(CREDENTIALS, cipher=BodyCipher(KEY))
    file.write_bytes(parser.reply(parser.parse(body(cipher=BodyCipher(KEY)))))
    assert main(["decrypt", str(file)]) == 0
    assert '\n  "responseCode": "1000",\n' in capsys.readouterr().out


def test_chinese_text_is_shown_as_such_and_control_characters_escaped(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    members = decrypted(file, body(failDescription="余额不足\x1b[31m\x9b"), capsys)
    assert '"failDescription": "余额不足\\u001b[31m\\u009b"' in str(members["shown"])


@pytest.mark.parametrize(
    "text",
    [
        b'{"authentication":"s3cret","data":{"Authentication":"s3cret","copy":["of s3cret!"],"s3cret":0}}',
        b'{"data":[{"authentication":"s3cret"}],"x":"s3cret"}',
        b'{"\\u0061uthentication":"s3\\u0063ret","copy":"s3cret"}',
        b'{"AUTHENTICATION":"s3cret"}',
        b'{"authentication":["s3cret"],"copy":"s3cret"}',
        b'{"authentication":{"is":["s3cret",null]},"copy":"s3cret"}',
        b'{"authentication":{"s3cret":1},"copy":"s3cret"}',
        b'\xef\xbb\xbf {"authentication":"s3cret",}',
    ],
)
def test_the_value_of_authentication_is_never_shown_wherever_it_is(
    file: Path, text: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "s3cret" not in str(decrypted(file, text, capsys))


def test_a_number_as_authentication_is_not_shown_either(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    members = decrypted(file, b'{"authentication":12345678,"copy":12345678,"text":"12345678"}', capsys)
    assert "12345678" not in str(members)


@pytest.mark.parametrize("nothing", ["", None])
def test_an_empty_authentication_conceals_nothing_else(
    file: Path, nothing: object, capsys: pytest.CaptureFixture[str]
) -> None:
    assert decrypted(file, body(authentication=nothing), capsys)["controlNumber"] == "SK99123456789"


def test_a_configured_secret_is_not_shown_wherever_it_stands(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SKYPAY_AUTHENTICATION", "old-s3cret, s3cret")
    shown = str(decrypted(file, b'{"auth":"s3cret","was":"old-s3cret","now":"its s3cret"}', capsys))
    assert "s3cret" not in shown
    assert '"was": "[authentication]"' in shown


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b'{"authentication":"s3cret"', "not JSON"),
        (b'{"authentication":"s3cret","authentication":"s3cret"}', "a member twice"),
        (b'["authentication","s3cret"]', "not an object"),
        (b'{"authentication":"s3cret\xff"}', "not UTF-8"),
    ],
)
def test_a_text_that_cannot_be_searched_for_the_secret_is_not_shown(
    file: Path, text: bytes, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(BodyCipher(KEY).encrypt(text))
    assert main(["decrypt", str(file)]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("refused: a key opens the body, but ")
    assert problem in shown.err
    assert "s3cret" not in shown.err


@pytest.mark.parametrize("text", [SAMPLE, b"", BodyCipher("another key").encrypt(SAMPLE)])
def test_a_body_that_no_key_opens_is_refused(
    file: Path, text: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(text)
    assert main(["decrypt", str(file)]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("refused: the body cannot be opened with any configured key")
    assert KEY not in shown.err


def test_a_body_is_sealed_with_the_newest_key(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SKYPAY_ENCRYPTION_KEY", f"an older key,{KEY}")
    file.write_bytes(SAMPLE)
    assert main(["encrypt", str(file)]) == 0
    sealed = capsys.readouterr().out
    assert sealed.encode() == BodyCipher(KEY).encrypt(SAMPLE) + b"\n"


def test_what_was_sealed_is_opened_again_with_its_line_end(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(body())
    assert main(["encrypt", str(file)]) == 0
    file.write_text(capsys.readouterr().out)
    assert main(["decrypt", str(file)]) == 0
    assert json.loads(capsys.readouterr().out) == {
        **json.loads(body()),
        "authentication": "[authentication]",
    }


@pytest.mark.parametrize("command", ["decrypt", "encrypt"])
def test_a_key_is_needed(
    file: Path, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SKYPAY_ENCRYPTION_KEY")
    assert main([command, str(file)]) == 2
    assert capsys.readouterr().err.startswith("skypay-payout: SKYPAY_ENCRYPTION_KEY is not set")


@pytest.mark.parametrize("command", ["decrypt", "encrypt"])
def test_a_file_that_is_no_single_body_is_not_read_whole(
    file: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with file.open("wb") as sparse:
        sparse.truncate(2**40)
    assert main([command, str(file)]) == 2
    assert capsys.readouterr().err.endswith(" has more than 1,048,576 bytes, so it is not one body\n")


def test_a_file_of_the_greatest_size_is_read(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(b"x" * 2**20)
    assert main(["encrypt", str(file)]) == 0
    sealed = capsys.readouterr().out
    assert BodyCipher(KEY).decrypt(sealed.strip()) == b"x" * 2**20
    file.write_bytes(b"x" * (2**20 + 1))
    assert main(["encrypt", str(file)]) == 2
