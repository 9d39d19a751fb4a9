"""``check`` says what becomes of one body: the callback, or every problem."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import pytest

from skypay_payout import CallbackParser, InvalidCallbackError, PayoutCallback
from skypay_payout._command import main
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import AUTHENTICATION, CREDENTIALS, SAMPLE, WRONG_AUTHENTICATION, body

pytestmark = pytest.mark.usefixtures("account")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "body.json"


def test_accepted_body_is_shown_as_callback(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(SAMPLE)
    assert main(["check", str(file)]) == 0
    assert capsys.readouterr().out == (
        "accepted\n"
        "  user_name         AppName@skypay\n"
        "  control_number    SK99123456789\n"
        "  pay_type          UPLOAD (1)\n"
        "  deal_time         2018-08-07 11:58:33+08:00\n"
        "  reference_number  MLA001041380755361119\n"
        "  idempotency_key   SK99123456789/1/2018-08-07T11:58:33.000000+08:00\n"
    )


def test_time_with_another_offset_is_shown_in_utc_8(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(body(dealTime="2018-08-07T11:58:33.5Z"))
    assert main(["check", str(file)]) == 0
    assert "  deal_time         2018-08-07 19:58:33.500000+08:00\n" in capsys.readouterr().out


def test_unknown_fields_are_shown(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(body(fee="1.5", payer={"name": "王小明"}))
    assert main(["check", str(file)]) == 0
    assert '  extra             {"fee": "1.5", "payer": {"name": "王小明"}}\n' in capsys.readouterr().out


def test_quarantined_body_is_shown_with_every_problem(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(body(9, controlNumber="SKY**12345678", dealTime="Tuesday"))
    assert main(["check", str(file)]) == 1
    shown = capsys.readouterr().out
    assert shown.startswith("quarantined\n")
    for problem in ("controlNumber: masked: ", "payType: unknown_status: ", "dealTime: invalid_format: "):
        assert f"\n  {problem}" in shown
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"[]", "not_an_object"),
        (body(authentication=WRONG_AUTHENTICATION), "authentication_failed"),
        (b" " * 65537, "too_large"),
        (b" " * 1_000_000, "too_large"),
    ],
)
def test_rejected_body_is_shown_with_its_code(
    file: Path, text: bytes, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(text)
    assert main(["check", str(file)]) == 1
    assert capsys.readouterr().out.startswith(f"rejected\n  {code}: ")


def test_several_files_are_checked_and_named(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = file.with_name("other\x1b")
    file.write_bytes(SAMPLE)
    other.write_bytes(b"[]")
    assert main(["check", str(file), str(other)]) == 1
    shown = capsys.readouterr().out
    assert shown.startswith(f"{file}: accepted\n  user_name ")
    assert f"\n{file.with_name('other')}\\u001b: rejected\n  not_an_object: " in shown
    assert main(["check", str(file), str(file)]) == 0
    capsys.readouterr()
    assert main(["check", "--json", str(other), str(file)]) == 1
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert [(one["file"], one["result"]) for one in (first, second)] == [
        (str(other), "rejected"),
        (str(file), "accepted"),
    ]


@pytest.mark.parametrize(
    ("text", "code", "diagnosis"),
    [
        (SAMPLE.decode().encode("utf-16"), "not_utf8", "UTF-16, as PowerShell's redirection writes it: save"),
        ("\ufeff{}".encode("utf-16-be"), "not_utf8", "UTF-16: save the bytes as they were received"),
        (gzip.compress(SAMPLE, mtime=0), "not_utf8", "compressed with gzip: decompress it first"),
    ],
)
def test_file_that_holds_no_body_as_it_was_received_is_told(
    file: Path, text: bytes, code: str, diagnosis: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(text)
    assert main(["check", str(file)]) == 1
    out, err = capsys.readouterr()
    assert out.startswith(f"rejected\n  {code}: ")
    assert f"skypay-payout: {file} is {diagnosis}" in err


def test_body_of_the_maximum_size_is_accepted(file: Path) -> None:
    file.write_bytes(SAMPLE.ljust(65536))
    assert main(["check", str(file)]) == 0


def test_large_file_is_not_read_beyond_the_maximum_size(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with file.open("wb") as sparse:
        sparse.truncate(2**40)
    assert main(["check", str(file)]) == 1
    assert "at most 65536 bytes (max_body_size), got more" in " ".join(capsys.readouterr().out.split())


def test_json_of_an_accepted_body_has_the_callback(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(body(4, dealTime="2018-08-07T11:58:33Z", fee=1))
    assert main(["check", "--json", str(file)]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown == {
        "result": "accepted",
        "idempotencyKey": "SK99123456789/4/2018-08-07T19:58:33.000000+08:00",
        "digest": CallbackParser(CREDENTIALS).parse(file.read_bytes()).digest,
        "callback": {
            "userName": "AppName@skypay",
            "action": "payoutQueuePayout",
            "controlNumber": "SK99123456789",
            "payType": 4,
            "dealTime": "2018-08-07T19:58:33.000000+08:00",
            "failDescription": "余额不足",
            "fee": 1,
        },
    }
    assert PayoutCallback.from_dict(shown["callback"]) == CallbackParser(CREDENTIALS).parse(file.read_bytes())


def test_json_of_a_quarantined_body_has_every_problem(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(body(9, dealTime="Tuesday"))
    assert main(["check", "--json", str(file)]) == 1
    with pytest.raises(InvalidCallbackError) as raised:
        CallbackParser(CREDENTIALS).parse(file.read_bytes())
    pay_type, deal_time = raised.value.errors
    assert json.loads(capsys.readouterr().out) == {
        "result": "quarantined",
        "code": "invalid_callback",
        "message": str(raised.value),
        "errors": [
            {"field": "payType", "code": "unknown_status", "message": pay_type.message},
            {"field": "dealTime", "code": "invalid_format", "message": deal_time.message},
        ],
        "controlNumber": "SK99123456789",
        "digest": raised.value.digest,
    }


def test_json_of_a_rejected_body_has_only_the_code_and_the_message(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(b"{")
    assert main(["check", "--json", str(file)]) == 1
    shown = json.loads(capsys.readouterr().out)
    assert shown.pop("message").startswith("expected JSON as SkyPay sends it, got ")
    assert shown == {"result": "rejected", "code": "not_json"}


HOSTILE = "\x1b[31m红\u202e\x7f\x9b\n\U000e0001 \u3000王 😀"
ESCAPED = "\\u001b[31m红\\u202e\\u007f\\u009b\\u000a\\udb40\\udc01 \u3000王 😀"


def test_control_characters_are_escaped(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(body(failDescription=HOSTILE))
    assert main(["check", str(file)]) == 0
    assert f"  fail_description  {ESCAPED}\n" in capsys.readouterr().out


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_no_control_character_reaches_the_terminal(
    file: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    text = json.dumps({HOSTILE: HOSTILE + "\udc00", "failDescription": HOSTILE})
    file.write_bytes(body()[:-1] + b"," + text.encode()[1:])
    assert main(["check", *options, str(file)]) == 0
    assert all(line.isprintable() for line in capsys.readouterr().out.replace("\u3000", " ").splitlines())


@pytest.mark.parametrize("options", [[], ["--json"], ["--lines"], ["--lines", "--json"]])
@pytest.mark.parametrize("text", [body(fee=AUTHENTICATION), body(dealTime=AUTHENTICATION), body()[:-1]])
def test_repeated_secret_is_never_shown(
    file: Path, text: bytes, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(text)
    main(["check", *options, str(file)])
    shown = capsys.readouterr()
    assert shown.out
    assert AUTHENTICATION not in shown.out + shown.err


@pytest.mark.parametrize("key", ["the old key", "the new key"])
def test_encrypted_body_is_accepted_under_every_key(
    file: Path, key: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SKYPAY_ENCRYPTION_KEY", "the old key, the new key")
    file.write_bytes(body(cipher=BodyCipher(key)))
    assert main(["check", str(file)]) == 0
    assert capsys.readouterr().err == ""


def test_missing_extra_is_reported_with_what_to_install(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SKYPAY_ENCRYPTION_KEY", "key")
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers", None)
    assert main(["check", str(file)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "pip install 'skypay-payout[encryption]'" in shown.err
    assert shown.err.count("\n") == 1
