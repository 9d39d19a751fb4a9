"""The command checks one body: the callback, or every problem."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from skypay_payout._command import main
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import AUTHENTICATION, SAMPLE, body

pytestmark = pytest.mark.usefixtures("account")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "body.json"


def test_a_good_body_is_accepted_and_the_callback_shown(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
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


def test_a_time_in_another_zone_is_shown_in_utc_8_with_its_zone(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(body(dealTime="2018-08-07T11:58:33.5Z"))
    assert main(["check", str(file)]) == 0
    assert "  deal_time         2018-08-07 19:58:33.500000+08:00\n" in capsys.readouterr().out


def test_members_that_nobody_knows_are_shown(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(body(fee="1.5", payer={"name": "王小明"}))
    assert main(["check", str(file)]) == 0
    assert '  extra             {"fee": "1.5", "payer": {"name": "王小明"}}\n' in capsys.readouterr().out


def test_every_problem_of_a_refused_body_is_shown(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(body(9, controlNumber="SKY**12345678", dealTime="Tuesday"))
    assert main(["check", str(file)]) == 1
    shown = capsys.readouterr().out
    assert shown.startswith("refused\n")
    for problem in ("controlNumber: masked: ", "payType: unknown_status: ", "dealTime: wrong_format: "):
        assert f"\n  {problem}" in shown
    assert max(map(len, shown.splitlines())) < 80


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", "not_json"),
        (b"[]", "not_an_object"),
        (b"\xff", "not_utf8"),
        (b'{"a":1,"a":2}', "member_twice"),
        (SAMPLE.replace(b"30AC", b"30ac"), "unauthenticated"),
        (b" " * 65537, "too_large"),
        (b" " * 1_000_000, "too_large"),
    ],
)
def test_a_body_that_is_no_callback_is_refused_with_its_code(
    file: Path, text: bytes, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(text)
    assert main(["check", str(file)]) == 1
    assert capsys.readouterr().out.startswith(f"refused\n  {code}: ")


def test_a_body_of_the_greatest_size_is_accepted(file: Path) -> None:
    file.write_bytes(SAMPLE.ljust(65536))
    assert main(["check", str(file)]) == 0


def test_no_more_of_a_body_is_read_than_shows_that_it_is_too_large(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with file.open("wb") as sparse:
        sparse.truncate(2**40)
    assert main(["check", str(file)]) == 1
    assert "the body has more than 65536 bytes; expected at most 65536" in capsys.readouterr().out


def test_for_machines_the_callback_is_one_json_object(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(body(4, dealTime="2018-08-07T11:58:33Z", fee=1))
    assert main(["check", "--json", str(file)]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "accepted": True,
        "callback": {
            "userName": "AppName@skypay",
            "controlNumber": "SK99123456789",
            "payType": 4,
            "status": "FAILURE",
            "dealTime": "2018-08-07T19:58:33+08:00",
            "failDescription": "余额不足",
            "referenceNumber": None,
            "extra": {"fee": 1},
            "idempotencyKey": "SK99123456789/4/2018-08-07T19:58:33.000000+08:00",
        },
    }


def test_for_machines_every_problem_is_in_one_json_object(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(body(9, controlNumber="SKY**12345678"))
    assert main(["check", "--json", str(file)]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["accepted"], told["code"]) == (False, "invalid")
    assert [(error["field"], error["code"]) for error in told["errors"]] == [
        ("controlNumber", "masked"),
        ("payType", "unknown_status"),
    ]
    assert all(error["message"] in told["message"] for error in told["errors"])


def test_for_machines_a_malformed_body_has_a_code_and_no_field(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(b"{")
    assert main(["check", "--json", str(file)]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["accepted"], told["code"], told["errors"]) == (False, "not_json", [])


HOSTILE = "\x1b[31m红\u202e\x7f\x9b\n\U000e0001 \u3000王 😀"
ESCAPED = "\\u001b[31m红\\u202e\\u007f\\u009b\\u000a\\udb40\\udc01 \u3000王 😀"


def test_what_a_terminal_would_obey_is_shown_escaped(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
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
def test_a_repeated_secret_is_never_shown(
    file: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for text in (body(fee=AUTHENTICATION), body(dealTime=AUTHENTICATION), body()[:-1]):
        file.write_bytes(text)
        main(["check", *options, str(file)])
        shown = capsys.readouterr()
        assert shown.out
        assert AUTHENTICATION not in shown.out + shown.err


def test_an_encrypted_body_is_opened_by_each_key(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKYPAY_ENCRYPTION_KEY", "the old key, the new key")
    for key in ("the old key", "the new key"):
        file.write_bytes(body(cipher=BodyCipher(key)))
        assert main(["check", str(file)]) == 0


def test_a_plain_body_is_refused_where_bodies_are_encrypted(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SKYPAY_ENCRYPTION_KEY", "key")
    file.write_bytes(SAMPLE)
    assert main(["check", str(file)]) == 1
    assert capsys.readouterr().out.startswith("refused\n  undecryptable: ")


def test_the_old_and_the_new_secret_are_both_accepted(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKYPAY_AUTHENTICATION", f"the old one, {AUTHENTICATION}")
    for secret in ("the old one", AUTHENTICATION):
        file.write_bytes(body(authentication=secret))
        assert main(["check", str(file)]) == 0


def test_without_the_extra_it_says_what_to_install(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SKYPAY_ENCRYPTION_KEY", "key")
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers", None)
    monkeypatch.delitem(sys.modules, "skypay_payout.encryption")
    assert main(["check", str(file)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "pip install 'skypay-payout[encryption]'" in shown.err
    assert shown.err.count("\n") == 1
