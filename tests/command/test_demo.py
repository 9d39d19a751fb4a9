"""``demo`` shows the library at work without any settings."""

from __future__ import annotations

import json
import sys
from itertools import takewhile

import pytest

from skypay_payout import CallbackParser, PayType
from skypay_payout._command import main
from skypay_payout._command.terminal import filled
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import AUTHENTICATION, CREDENTIALS, ENCRYPTION_KEY


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    for name in ("SKYPAY_USER_NAME", "SKYPAY_AUTHENTICATION", "SKYPAY_ENCRYPTION_KEY", "SKYPAY_PREFIXES"):
        monkeypatch.delenv(name, raising=False)
    assert main(["demo"]) == 0
    output = capsys.readouterr()
    assert output.err == ""
    return output.out


def section(shown: str, title: str) -> str:
    (found,) = [part for part in shown.split("\n\n") if part.startswith(title)]
    return found


def value(section: str, name: str) -> str:
    """Return what is shown behind the name, over all its lines."""
    lines = section.splitlines()
    (start,) = [at for at, line in enumerate(lines) if line.startswith(f"  {name} ")]
    more = takewhile(lambda line: line.startswith(" " * 20), lines[start + 1 :])
    return lines[start][20:] + "".join(line.strip() for line in more)


def acknowledgement(section: str) -> str:
    """Return the body of the response, which must be 200."""
    status, _, text = value(section, "response").partition(" ")
    assert status == "200"
    return text


def test_published_sample_is_shown_typed_and_acknowledged(shown: str) -> None:
    sample = section(shown, "The published sample")
    assert value(sample, "control_number") == "SK99123456789"
    assert value(sample, "pay_type") == "UPLOAD (1)"
    assert value(sample, "deal_time") == "2018-08-07 11:58:33+08:00"
    assert value(sample, "reference_number") == "MLA001041380755361119"
    fields = json.loads(acknowledgement(sample))
    assert list(fields) == ["responseTime", "responseCode", "responseDescription"]
    assert (fields["responseCode"], fields["responseDescription"]) == ("1000", "Success")


@pytest.mark.parametrize("status", PayType)
def test_every_status_is_shown_and_acknowledged(shown: str, status: PayType) -> None:
    one = section(shown, f"A callback of status {status.name}\n")
    assert value(one, "control_number") == f"SK991{status:08}"
    assert value(one, "pay_type") == f"{status.name} ({status:d})"
    assert json.loads(acknowledgement(one))["responseCode"] == "1000"


def test_chinese_text_is_shown_as_such(shown: str) -> None:
    assert value(section(shown, "A callback of status FAILURE"), "fail_description") == "余额不足"


def test_quarantined_callback_is_shown_with_every_problem_and_acknowledged(shown: str) -> None:
    quarantined = section(shown, "A quarantined callback")
    for problem in ("controlNumber: masked: ", "payType: unknown_status: ", "dealTime: invalid_datetime: "):
        assert f"\n  {problem}expected " in quarantined
    assert json.loads(acknowledgement(quarantined))["responseCode"] == "1000"


def test_rejected_body_is_shown_and_not_acknowledged(shown: str) -> None:
    rejected = section(shown, "A rejected body")
    assert "\n  authentication_failed: expected " in rejected
    assert value(rejected, "response") == "403"


def test_encrypted_body_is_decrypted_and_its_response_encrypted(shown: str) -> None:
    encrypted = section(shown, "An encrypted body")
    cipher = BodyCipher(ENCRYPTION_KEY)
    callback = CallbackParser(CREDENTIALS, cipher=cipher).parse(value(encrypted, "body"))
    assert callback.pay_type is PayType.PAYOUT
    assert value(encrypted, "pay_type") == "PAYOUT (2)"
    assert json.loads(cipher.decrypt(acknowledgement(encrypted)))["responseCode"] == "1000"


def test_missing_extra_is_reported_with_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers", None)
    assert main(["demo"]) == 0
    shown = capsys.readouterr().out
    assert "pip install 'skypay-payout[encryption]'" in section(shown, "An encrypted body")


def test_neither_the_secret_nor_a_key_is_shown(shown: str) -> None:
    joined = "".join(shown.split())
    assert AUTHENTICATION not in joined
    assert ENCRYPTION_KEY not in joined


def test_it_fits_a_terminal_of_80_columns(shown: str) -> None:
    assert max(map(len, shown.splitlines())) <= 80


def test_response_is_shown_on_two_lines(shown: str) -> None:
    time, rest = section(shown, "The published sample").splitlines()[-2:]
    assert time.startswith('  response          200 {"responseTime":"')
    assert time.endswith('",')
    assert rest == " " * 20 + '"responseCode":"1000","responseDescription":"Success"}'


def test_problem_fills_the_lines_of_a_terminal() -> None:
    lines = filled("a " * 100).splitlines()
    assert [len(line) for line in lines] == [79, 79, 49]
    assert [len(line) - len(line.lstrip()) for line in lines] == [2, 4, 4]
