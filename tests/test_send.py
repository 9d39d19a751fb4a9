"""``send`` plays SkyPay: the endpoint receives what is asked for, and its reply is shown and judged."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import Lock

import pytest

from endpoints import Answer, Server, right, served
from skypay_payout import CallbackParser, Credentials, PayoutCallback, PayType
from skypay_payout._command import main
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import AUTHENTICATION, ENCRYPTION_KEY, USER_NAME, WRONG_AUTHENTICATION
from skypay_payout._times import SKYPAY_ZONE

SECRETS = ["an older secret", AUTHENTICATION]
PLAIN = CallbackParser(Credentials(USER_NAME, SECRETS))
ENCRYPTED = CallbackParser(
    Credentials(USER_NAME, SECRETS), cipher=BodyCipher(["an older key", ENCRYPTION_KEY])
)


class Endpoint:
    """A right endpoint, until another answer is set."""

    def __init__(self) -> None:
        self.parser = PLAIN
        self.answer: Answer | None = (0, b"")
        self.bodies: list[bytes] = []
        self.server: Server
        self._lock = Lock()

    def __call__(self, body: bytes) -> Answer | None:
        with self._lock:
            self.bodies.append(body)
        return right(self.parser, body) if self.answer == (0, b"") else self.answer

    def received(self) -> list[PayoutCallback]:
        """Every callback so far."""
        return [self.parser.parse(body) for body in self.bodies]


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    monkeypatch.setenv("SKYPAY_USER_NAME", USER_NAME)
    monkeypatch.setenv("SKYPAY_AUTHENTICATION", ",".join(SECRETS))
    endpoint = Endpoint()
    with served(endpoint) as endpoint.server:
        yield endpoint


def send(endpoint: Endpoint, *arguments: str) -> int:
    return main(["send", endpoint.server.url, *arguments])


# What is sent.


def test_without_more_arguments_an_upload_is_sent(endpoint: Endpoint) -> None:
    assert send(endpoint) == 0
    (callback,) = endpoint.received()
    assert (callback.pay_type, callback.control_number) == (PayType.UPLOAD, "SK99123456789")


@pytest.mark.parametrize("status", PayType)
def test_any_status_is_sent_by_its_name_or_number(endpoint: Endpoint, status: PayType) -> None:
    assert send(endpoint, "--status", status.name.lower().replace("_", "-")) == 0
    assert send(endpoint, "--status", f"{status:d}") == 0
    assert [callback.pay_type for callback in endpoint.received()] == [status, status]


def test_a_status_of_the_future_is_sent_by_its_number(endpoint: Endpoint) -> None:
    assert send(endpoint, "--status", "7") == 0
    assert b'"payType": "7"' in endpoint.bodies[0]


def test_a_callback_is_of_this_moment_so_that_it_is_no_repetition(endpoint: Endpoint) -> None:
    start = datetime.now(SKYPAY_ZONE).replace(microsecond=0)
    assert send(endpoint) == 0
    assert start <= endpoint.received()[0].deal_time <= datetime.now(SKYPAY_ZONE)


def test_a_callback_can_be_of_a_payout_that_the_endpoint_knows(endpoint: Endpoint) -> None:
    assert send(endpoint, "--control-number", "SKY99000000001") == 0
    assert send(endpoint, "--life", "failed", "--control-number", "SKY99000000001") == 0
    assert [callback.control_number for callback in endpoint.received()] == ["SKY99000000001"] * 3


def test_a_callback_is_repeated_as_often_as_asked_for(endpoint: Endpoint) -> None:
    assert send(endpoint, "--repeat", "3") == 0
    assert len(endpoint.bodies) == 3
    assert len(set(endpoint.bodies)) == 1


def test_a_whole_life_is_sent_up_to_this_moment(endpoint: Endpoint) -> None:
    start = datetime.now(SKYPAY_ZONE).replace(microsecond=0)
    assert send(endpoint, "--life", "paid") == 0
    upload, amended, payout = endpoint.received()
    assert [upload.pay_type, amended.pay_type, payout.pay_type] == [
        PayType.UPLOAD,
        PayType.AMENDED_SUCCESS,
        PayType.PAYOUT,
    ]
    assert upload.deal_time + timedelta(hours=2) == payout.deal_time
    assert start <= payout.deal_time <= datetime.now(SKYPAY_ZONE)


def test_a_life_comes_repeated_and_out_of_order(endpoint: Endpoint) -> None:
    assert send(endpoint, "--life", "cancelled", "--out-of-order", "--repeat", "2") == 0
    cancel, upload = PayType.CANCEL, PayType.UPLOAD
    assert [callback.pay_type for callback in endpoint.received()] == [cancel, cancel, upload, upload]


def test_with_a_key_the_body_is_encrypted_with_the_newest(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SKYPAY_ENCRYPTION_KEY", f"an older key,{ENCRYPTION_KEY}")
    endpoint.parser = ENCRYPTED
    assert send(endpoint, "--status", "failure") == 0
    (callback,) = endpoint.received()
    assert (callback.pay_type, callback.key_index) == (PayType.FAILURE, -1)
    out = capsys.readouterr().out
    assert "callback 1 of 1, encrypted" in out
    assert '"responseCode":"1000"' in out


@pytest.mark.parametrize("arguments", [[], ["--life", "failed"]])
def test_the_account_in_the_settings_is_played(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("SKYPAY_USER_NAME", "Other@skypay")
    endpoint.parser = CallbackParser(Credentials("Other@skypay", SECRETS))
    assert send(endpoint, *arguments) == 0
    assert {callback.user_name for callback in endpoint.received()} == {"Other@skypay"}


# What is shown.


def test_request_and_reply_are_shown_with_the_secret_concealed(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    assert send(endpoint, "--life", "failed") == 0
    out, err = capsys.readouterr()
    times = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
    assert re.fullmatch(
        r"""callback 1 of 2, plain
  userName          AppName@skypay
  action            payoutQueuePayout
  authentication    \[authentication\]
  controlNumber     SK99100000002
  payType           1
  dealTime          TIME
  referenceNumber   MLA001041380755361119
answered 200 in \d+\.\d\d\d s
  {"responseTime":"TIME\.\d{4}","responseCode":"1000","responseDescription":"Success"}
acknowledged

callback 2 of 2, plain
  userName          AppName@skypay
  action            payoutQueuePayout
  authentication    \[authentication\]
  controlNumber     SK99100000002
  payType           4
  dealTime          TIME
  failDescription   余额不足
answered 200 in \d+\.\d\d\d s
  {"responseTime":"TIME\.\d{4}","responseCode":"1000","responseDescription":"Success"}
acknowledged

""".replace("TIME", times),
        out,
    )
    assert not err


@pytest.mark.parametrize(
    "secret", [AUTHENTICATION, 'a "30AC21B2" \\ and a 余额', '"30AC21B2"', "余额", f"1 {AUTHENTICATION}"]
)
@pytest.mark.parametrize("escaped", [True, False])
def test_a_secret_that_the_endpoint_echoes_is_concealed(
    endpoint: Endpoint,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    secret: str,
    escaped: bool,
) -> None:
    monkeypatch.setenv("SKYPAY_AUTHENTICATION", f"the oldest,{AUTHENTICATION},{secret}")
    endpoint.parser = CallbackParser(Credentials(USER_NAME, secret))
    assert send(endpoint) == 0
    echo = json.dumps(json.loads(endpoint.bodies[0]), ensure_ascii=escaped)
    endpoint.answer = (500, f"could not handle {echo}".encode())
    assert send(endpoint) == 1
    out = capsys.readouterr().out
    assert "could not handle" in out
    assert '"authentication": "[authentication]"' in out
    assert not re.search("30AC21B2|余额", out)


def test_what_a_terminal_would_obey_is_escaped_and_what_is_long_is_cut(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint.answer = (200, b"\x1b[2J" + b"x" * 2000)
    assert send(endpoint) == 1
    out = capsys.readouterr().out
    assert f"  \\u001b[2J{'x' * 996} ... (2004 characters)\n" in out
    assert "\x1b" not in out


def test_a_reply_is_shown_whole_up_to_1000_characters(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint.answer = (200, b"x" * 1000)
    assert send(endpoint) == 1
    assert f"\n  {'x' * 1000}\n" in capsys.readouterr().out


@pytest.mark.parametrize("key", ["", ENCRYPTION_KEY])
def test_a_reply_that_is_no_text_is_shown_as_far_as_it_is(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    if key:
        monkeypatch.setenv("SKYPAY_ENCRYPTION_KEY", key)
    endpoint.answer = (200, b"gr\xfc\xdfe")
    assert send(endpoint) == 1
    assert "gr\ufffd\ufffde" in capsys.readouterr().out


# How it is judged.


def test_a_wrong_secret_has_to_be_refused(endpoint: Endpoint, capsys: pytest.CaptureFixture[str]) -> None:
    assert send(endpoint, "--wrong-secret") == 0
    assert send(endpoint, "--life", "paid", "--wrong-secret") == 0
    assert capsys.readouterr().out.count("answered 401 in ") == 4
    assert all(WRONG_AUTHENTICATION.encode() in body for body in endpoint.bodies)


def test_what_is_refused_as_it_must_be_is_told(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    assert send(endpoint, "--wrong-secret") == 0
    out = capsys.readouterr().out
    assert out.endswith("\nrefused, as it must be\n\n")
    assert "acknowledged" not in out


def test_a_wrong_secret_that_is_acknowledged_is_wrong(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint.answer = (200, b'{"responseCode":"1000"}')
    assert send(endpoint, "--wrong-secret") == 1
    assert "WRONG\n  answered 200 with responseCode 1000, so it was acknowledged" in capsys.readouterr().out


def test_a_reply_that_is_not_the_acknowledgement_is_wrong(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint.answer = (200, b'{"responseCode":1000}')
    assert send(endpoint) == 1
    assert (
        "WRONG\n  responseTime is missing; responseCode is 1000; expected '1000';\n"
        "    responseDescription is missing\n"
    ) in capsys.readouterr().out


def test_no_reply_is_wrong_and_the_next_callback_is_sent_all_the_same(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint.answer = None
    assert send(endpoint, "--repeat", "2") == 1
    assert capsys.readouterr().out.count("WRONG\n  the connection was cut off") == 2
    assert len(endpoint.bodies) == 2


def test_one_wrong_reply_among_right_ones_is_wrong(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    replies = iter([(200, b"OK"), (0, b"")])

    class Wavering(Endpoint):
        def __call__(self, body: bytes) -> Answer | None:
            self.answer = next(replies)
            return super().__call__(body)

    endpoint.server.answering = Wavering()
    assert send(endpoint, "--repeat", "2") == 1
    assert capsys.readouterr().out.endswith("\nacknowledged\n\n")


# Wrong use.


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--status", "paid"],
            "paid is no status; expected one of upload, payout, cancel, failure, amended-su",
        ),
        (["--status", "1234567890"], "1234567890 is no status"),
        (["--life", "long"], "invalid choice: 'long'"),
        (["--status", "payout", "--life", "paid"], "not allowed with argument"),
        (["--repeat", "0"], "0 is not a number of times, from 1 upwards"),
        (["--repeat", "often"], "often is not a number of times"),
        (["--out-of-order"], ": --out-of-order is for several callbacks; add --life\n"),
        (["--control-number", "SKY**12345678"], "looks masked"),
    ],
)
def test_wrong_arguments_are_told(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert send(endpoint, *arguments) == 2
    assert message in capsys.readouterr().err
    assert not endpoint.bodies


def test_a_url_that_is_none_is_told(endpoint: Endpoint, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["send", "127.0.0.1:8000"]) == 2
    assert "the URL is not one of HTTP" in capsys.readouterr().err
    assert not endpoint.bodies


def test_that_nobody_is_there_is_told(endpoint: Endpoint, capsys: pytest.CaptureFixture[str]) -> None:
    endpoint.server.stop()
    assert send(endpoint) == 2
    assert "skypay-payout: cannot connect: " in capsys.readouterr().err


def test_the_extra_that_is_missing_is_told(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    monkeypatch.delitem(sys.modules, "skypay_payout._delivery", raising=False)
    assert send(endpoint) == 2
    assert "pip install 'skypay-payout[http]'" in capsys.readouterr().err
