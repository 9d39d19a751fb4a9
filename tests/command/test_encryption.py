"""``decrypt`` and ``encrypt`` show and make captured bodies, and never show a secret."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from skypay_payout import CallbackParser
from skypay_payout._command import main
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import CREDENTIALS, SAMPLE, body

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
    fields = json.loads(shown)
    assert isinstance(fields, dict)
    return {**fields, "shown": shown}


def test_captured_response_is_decrypted(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parser = CallbackParser(CREDENTIALS, cipher=BodyCipher(KEY))
    file.write_bytes(parser.receive(body(cipher=BodyCipher(KEY))).respond().body)
    assert main(["decrypt", str(file)]) == 0
    assert '\n  "responseCode": "1000",\n' in capsys.readouterr().out


def test_chinese_text_is_shown_unescaped_and_control_characters_escaped(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fields = decrypted(file, body(failDescription="余额不足\x1b[31m\x9b"), capsys)
    assert '"failDescription": "余额不足\\u001b[31m\\u009b"' in str(fields["shown"])


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
def test_value_of_authentication_is_redacted_at_any_depth(
    file: Path, text: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "s3cret" not in str(decrypted(file, text, capsys))


def test_number_as_authentication_is_redacted(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fields = decrypted(file, b'{"authentication":12345678,"copy":12345678,"text":"12345678"}', capsys)
    assert "12345678" not in str(fields)


@pytest.mark.parametrize("nothing", ["", None])
def test_empty_authentication_redacts_nothing_else(
    file: Path, nothing: object, capsys: pytest.CaptureFixture[str]
) -> None:
    assert decrypted(file, body(authentication=nothing), capsys)["controlNumber"] == "SK99123456789"


def test_configured_secret_is_redacted_in_every_field(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SKYPAY_AUTHENTICATION", "old-s3cret, s3cret")
    shown = str(decrypted(file, b'{"auth":"s3cret","was":"old-s3cret","now":"its s3cret"}', capsys))
    assert "s3cret" not in shown
    assert '"was": "[redacted]"' in shown


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b'{"authentication":"s3cret"', "not_json"),
        (b'{"authentication":"s3cret","authentication":"s3cret"}', "duplicate_field"),
        (b'["authentication","s3cret"]', "not_an_object"),
        (b'{"authentication":"s3cret\xff"}', "not_utf8"),
        (b'{"authentication":"s3cret","x":' + b"[" * 64 + b"]" * 64 + b"}", "too_deep"),
    ],
)
def test_text_that_cannot_be_searched_for_the_secret_is_not_shown(
    file: Path, text: bytes, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(BodyCipher(KEY).encrypt(text))
    assert main(["decrypt", str(file)]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"skypay-payout: rejected: {code}: expected ")
    assert "(a key decrypts it, but it is not shown, since it may contain the secret)" in shown.err
    assert "s3cret" not in shown.err


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (SAMPLE, "not_base64"),
        (b"", "empty_body"),
        (BodyCipher("another key").encrypt(SAMPLE), "decryption_failed"),
    ],
)
def test_body_that_no_key_decrypts_is_rejected(
    file: Path, text: bytes, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(text)
    assert main(["decrypt", str(file)]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"skypay-payout: rejected: {code}: expected ")
    assert "a key decrypts it" not in shown.err
    assert KEY not in shown.err


def test_body_is_encrypted_with_the_newest_key(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SKYPAY_ENCRYPTION_KEY", f"an older key,{KEY}")
    file.write_bytes(SAMPLE)
    assert main(["encrypt", str(file)]) == 0
    encrypted = capsys.readouterr().out
    assert encrypted.encode() == BodyCipher(KEY).encrypt(SAMPLE) + b"\n"


def test_round_trip_keeps_every_field_and_redacts_the_secret(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(body())
    assert main(["encrypt", str(file)]) == 0
    file.write_text(capsys.readouterr().out)
    assert main(["decrypt", str(file)]) == 0
    assert json.loads(capsys.readouterr().out) == {**json.loads(body()), "authentication": "[redacted]"}


@pytest.mark.parametrize("command", ["decrypt", "encrypt"])
def test_key_is_required(
    file: Path, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SKYPAY_ENCRYPTION_KEY")
    assert main([command, str(file)]) == 2
    assert capsys.readouterr().err.startswith(
        "skypay-payout: SKYPAY_ENCRYPTION_KEY: expected a key, got none"
    )


def test_empty_secret_is_a_usage_error(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SKYPAY_AUTHENTICATION", "")
    assert main(["decrypt", str(file)]) == 2
    assert capsys.readouterr().err.startswith("skypay-payout: SKYPAY_AUTHENTICATION: expected one value")


@pytest.mark.parametrize("command", ["decrypt", "encrypt"])
def test_missing_extra_is_reported_with_what_to_install(
    file: Path, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers", None)
    monkeypatch.delitem(sys.modules, "skypay_payout.encryption")
    assert main([command, str(file)]) == 2
    assert "pip install 'skypay-payout[encryption]'" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["decrypt", "encrypt"])
def test_file_larger_than_any_body_is_not_read_whole(
    file: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with file.open("wb") as sparse:
        sparse.truncate(2**40)
    assert main([command, str(file)]) == 2
    assert capsys.readouterr().err.endswith(": expected one body, got more than 1,048,576 bytes\n")


def test_file_of_the_maximum_size_is_read(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = b"{}".ljust(2**20)
    file.write_bytes(text)
    assert main(["encrypt", str(file)]) == 0
    encrypted = capsys.readouterr().out
    assert BodyCipher(KEY).decrypt(encrypted.strip()) == text
    file.write_bytes(b"x" * (2**20 + 1))
    assert main(["encrypt", str(file)]) == 2
