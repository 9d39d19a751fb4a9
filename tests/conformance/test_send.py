"""``send`` plays SkyPay: the endpoint receives what is asked for, and its response is shown and verified."""

from __future__ import annotations

import json
import re
import socket
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import datetime
from html import escape
from itertools import chain, repeat

import pytest

from skypay_payout import Accepted, CallbackParser, Credentials, PayoutCallback, PayType
from skypay_payout._command import main
from skypay_payout._times import SKYPAY_ZONE
from skypay_payout.testing import (
    AUTHENTICATION,
    ENCRYPTION_KEY,
    SCENARIOS,
    USER_NAME,
    WRONG_AUTHENTICATION,
    Scenario,
)
from tests.conformance.served import (
    ENCRYPTED,
    OLDER_KEY,
    PLAIN,
    SECRETS,
    Answer,
    Encrypted,
    Received,
    Server,
    served,
)
from tests.conformance.served import Endpoint as Right


class Endpoint:
    """A right endpoint, until another answer is set."""

    def __init__(self) -> None:
        self.parser = PLAIN
        self.right: Callable[[Received], Answer | None] = Right()
        self.answers: Iterator[Answer | None] | None = None
        self.bodies: list[bytes] = []
        self.server: Server

    def __call__(self, request: Received) -> Answer | None:
        self.bodies.append(request.body)
        return self.right(request) if self.answers is None else next(self.answers)

    def answer(self, body: bytes, status: int = 200) -> None:
        """Answer this from now on."""
        self.answers = repeat(Answer(status, body))

    def received(self) -> list[PayoutCallback]:
        """Every callback so far."""
        return [self.parser.parse(body) for body in self.bodies]


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    monkeypatch.setenv("SKYPAY_USER_NAME", USER_NAME)
    monkeypatch.setenv("SKYPAY_AUTHENTICATION", ",".join(SECRETS))
    monkeypatch.delenv("SKYPAY_ENCRYPTION_KEY", raising=False)
    monkeypatch.delenv("SKYPAY_PREFIXES", raising=False)
    endpoint = Endpoint()
    with served(endpoint) as endpoint.server:
        yield endpoint


@pytest.fixture
def encrypted(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Endpoint:
    monkeypatch.setenv("SKYPAY_ENCRYPTION_KEY", f"{OLDER_KEY},{ENCRYPTION_KEY}")
    endpoint.parser, endpoint.right = ENCRYPTED, Encrypted()
    return endpoint


def send(endpoint: Endpoint, *arguments: str) -> int:
    return main(["send", endpoint.server.url, *arguments])


# What is sent


def test_without_more_arguments_an_upload_is_sent(endpoint: Endpoint) -> None:
    assert send(endpoint) == 0
    (callback,) = endpoint.received()
    assert callback.pay_type is PayType.UPLOAD


@pytest.mark.parametrize("arguments", [[], ["--scenario", "paid"]])
def test_every_run_is_about_a_payout_of_its_own_which_is_shown(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    for _ in range(3):
        assert send(endpoint, *arguments) == 0
    numbers = {callback.control_number for callback in endpoint.received()}
    assert len(numbers) == 3
    assert {number.prefix for number in numbers} == {"SK991"}
    shown = capsys.readouterr().out
    assert all(f"\n  controlNumber     {number}\n" in shown for number in numbers)


@pytest.mark.parametrize("arguments", [[], ["--scenario", "paid"], ["--status", "cancel"]])
def test_a_control_number_has_a_prefix_of_the_settings(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("SKYPAY_PREFIXES", "SKY99,SKY98")
    assert send(endpoint, *arguments) == 0
    assert {callback.control_number.prefix for callback in endpoint.received()} == {"SKY98"}


def test_prefixes_that_are_not_set_are_told_on_standard_error(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = "SKYPAY_PREFIXES is not set: if the endpoint has prefixes, acknowledged may mean quarantined"
    assert send(endpoint) == 0
    assert f"skypay-payout: {notice}\n" in capsys.readouterr().err
    monkeypatch.setenv("SKYPAY_PREFIXES", "SKY99")
    assert send(endpoint) == 0
    assert notice not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--status", "7"], "payType: unknown_status: expected 1 to 6, got '7'"),
        (["--control-number", "SKY9812345678"], "controlNumber: unexpected_prefix: "),
    ],
)
def test_a_callback_that_is_to_be_quarantined_says_why(
    endpoint: Endpoint,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    problem: str,
) -> None:
    monkeypatch.setenv("SKYPAY_PREFIXES", "SKY99")
    assert send(endpoint, *arguments) == 0
    out = capsys.readouterr().out
    assert f" to be quarantined: {problem}" in " ".join(out.split())
    assert out.endswith("\nacknowledged\n\n")
    assert send(endpoint) == 0
    assert "quarantined" not in capsys.readouterr().out


@pytest.mark.parametrize("status", PayType)
def test_any_status_is_sent_by_its_name_or_number(endpoint: Endpoint, status: PayType) -> None:
    assert send(endpoint, "--status", status.name.lower().replace("_", "-")) == 0
    assert send(endpoint, "--status", f"{status:d}") == 0
    assert [callback.pay_type for callback in endpoint.received()] == [status, status]


def test_a_callback_is_of_this_moment_so_that_it_is_no_redelivery(endpoint: Endpoint) -> None:
    start = datetime.now(SKYPAY_ZONE).replace(microsecond=0)
    assert send(endpoint) == 0
    assert start <= endpoint.received()[0].deal_time <= datetime.now(SKYPAY_ZONE)


def test_a_callback_can_be_of_a_payout_that_the_endpoint_knows(endpoint: Endpoint) -> None:
    assert send(endpoint, "--control-number", "SKY99000000001") == 0
    assert send(endpoint, "--scenario", "failed", "--control-number", "SKY99000000001") == 0
    assert [callback.control_number for callback in endpoint.received()] == ["SKY99000000001"] * 3


def test_a_callback_is_repeated_as_often_as_asked_for(endpoint: Endpoint) -> None:
    assert send(endpoint, "--repeat", "3") == 0
    assert len(endpoint.bodies) == 3
    assert len(set(endpoint.bodies)) == 1


def test_repeated_callbacks_are_sent_as_they_are_made(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    class Enough(Exception):
        pass

    def answers() -> Iterator[Answer]:
        yield Answer(200, b"")
        yield Answer(200, b"")
        endpoint.server.socket.close()
        yield Answer(200, b"")

    endpoint.answers = answers()
    tracemalloc.start()
    assert send(endpoint, "--scenario", "paid", "--repeat", "100000") == 2
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20_000_000
    out, err = capsys.readouterr()
    assert "callback 3 of 300000, plain" in out
    assert "cannot connect" in err


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_scenario_is_sent_and_ends_at_this_moment(endpoint: Endpoint, scenario: Scenario) -> None:
    start = datetime.now(SKYPAY_ZONE).replace(microsecond=0)
    assert send(endpoint, "--scenario", scenario.name) == 0
    sent = [json.loads(body) for body in endpoint.bodies]
    assert [int(fields["payType"]) for fields in sent] == list(scenario.statuses)
    last = datetime.fromisoformat(f"{sent[-1]['dealTime']}+08:00")
    assert start <= last <= datetime.now(SKYPAY_ZONE)


def test_a_scenario_comes_repeated_and_out_of_order(endpoint: Endpoint) -> None:
    assert send(endpoint, "--scenario", "cancelled", "--out-of-order", "--repeat", "2") == 0
    cancel, upload = PayType.CANCEL, PayType.UPLOAD
    assert [callback.pay_type for callback in endpoint.received()] == [cancel, cancel, upload, upload]


def test_with_a_key_the_body_is_encrypted_with_the_newest(
    encrypted: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    assert send(encrypted, "--status", "failure") == 0
    result = ENCRYPTED.receive(encrypted.bodies[0])
    assert isinstance(result, Accepted)
    assert (result.callback.pay_type, result.used_newest_key) == (PayType.FAILURE, True)
    out = capsys.readouterr().out
    assert "callback 1 of 1, encrypted" in out
    assert '"responseCode": "1000"' in out


@pytest.mark.parametrize("arguments", [[], ["--scenario", "failed"]])
def test_the_account_in_the_settings_is_played(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("SKYPAY_USER_NAME", "Other@skypay")
    endpoint.right = type("Other", (Right,), {"user_name": "Other@skypay"})()
    endpoint.parser = CallbackParser(Credentials("Other@skypay", SECRETS))
    assert send(endpoint, *arguments) == 0
    assert {callback.user_name for callback in endpoint.received()} == {"Other@skypay"}


# What is shown


def test_request_and_response_are_shown_with_the_secret_redacted(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    assert send(endpoint, "--scenario", "failed") == 0
    out, err = capsys.readouterr()
    times = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
    assert re.fullmatch(
        r"""callback 1 of 2, plain
  userName          AppName@skypay
  action            payoutQueuePayout
  authentication    \[redacted\]
  controlNumber     SK991\d{9}
  payType           1
  dealTime          TIME
  referenceNumber   MLA001041380755361119
status 200 in \d+\.\d\d\d s
  {"responseTime": "TIME\.\d{4}", "responseCode": "1000", "responseDescription": "Success"}
acknowledged

callback 2 of 2, plain
  userName          AppName@skypay
  action            payoutQueuePayout
  authentication    \[redacted\]
  controlNumber     SK991\d{9}
  payType           4
  dealTime          TIME
  failDescription   余额不足
status 200 in \d+\.\d\d\d s
  {"responseTime": "TIME\.\d{4}", "responseCode": "1000", "responseDescription": "Success"}
acknowledged

""".replace("TIME", times),
        out,
    )
    assert err == (
        "skypay-payout: SKYPAY_ENCRYPTION_KEY is not set: bodies are taken as plain JSON\n"
        "skypay-payout: SKYPAY_PREFIXES is not set: if the endpoint has prefixes, acknowledged may mean "
        "quarantined\n"
    )


@pytest.mark.parametrize("secret", [AUTHENTICATION, 'a "30AC21B2" \\ and a 余额', "余额", "xyzzy!"])
def test_a_response_that_repeats_a_secret_in_any_form_is_not_shown(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], secret: str
) -> None:
    monkeypatch.setenv("SKYPAY_AUTHENTICATION", f"the oldest,{AUTHENTICATION},{secret}")
    endpoint.answer(b"could not handle " + json.dumps({"got": escape(secret)}).encode(), 500)
    assert send(endpoint) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "could not handle" not in out
    assert "WRONG the response repeats the authentication secret or a key, so it is not shown" in out


def test_a_response_that_repeats_a_key_is_not_shown(
    encrypted: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    encrypted.answer(f"wrong key {OLDER_KEY}".encode(), 400)
    assert send(encrypted) == 1
    assert "wrong key" not in capsys.readouterr().out


def test_a_secret_in_a_header_is_told(endpoint: Endpoint, capsys: pytest.CaptureFixture[str]) -> None:
    endpoint.answers = iter([Answer(403, b"hello", (("X-Got", AUTHENTICATION),))])
    assert send(endpoint, "--wrong-secret") == 1
    assert "hello" not in capsys.readouterr().out


def test_what_a_terminal_would_obey_is_escaped_and_what_is_long_is_cut(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint.answer(b"\x1b[2J" + b"x" * 2000)
    assert send(endpoint) == 1
    out = capsys.readouterr().out
    assert f"  \\u001b[2J{'x' * 996} ... (2004 characters)\n" in out
    assert "\x1b" not in out


def test_a_response_is_shown_whole_up_to_1000_characters(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint.answer(b"x" * 1000)
    assert send(endpoint) == 1
    assert f"\n  {'x' * 1000}\n" in capsys.readouterr().out


@pytest.mark.parametrize("key", ["", ENCRYPTION_KEY])
def test_a_response_that_is_no_text_is_shown_as_far_as_it_is(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    if key:
        monkeypatch.setenv("SKYPAY_ENCRYPTION_KEY", key)
    endpoint.answer(b"gr\xfc\xdfe")
    assert send(endpoint) == 1
    assert "gr\ufffd\ufffde" in capsys.readouterr().out


# How it is verified


def test_a_wrong_secret_has_to_be_rejected(endpoint: Endpoint, capsys: pytest.CaptureFixture[str]) -> None:
    assert send(endpoint, "--wrong-secret") == 0
    assert send(endpoint, "--scenario", "paid", "--wrong-secret") == 0
    out = capsys.readouterr().out
    assert out.count("status 403 in ") == 4
    assert out.endswith("\nrejected, as it must be\n\n")
    assert "acknowledged" not in out
    assert all(WRONG_AUTHENTICATION.encode() in body for body in endpoint.bodies)


def test_a_wrong_secret_that_is_acknowledged_is_wrong(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint.answer(b'{"responseCode":"1000"}')
    assert send(endpoint, "--wrong-secret") == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "WRONG expected a status from 400 to 499, got 200 with responseCode 1000: it was" in out


@pytest.mark.parametrize("arguments", [[], ["--wrong-secret"]])
@pytest.mark.parametrize(
    ("headers", "wait"), [((), ""), ((("Retry-After", "30"),), " (Retry-After: 30)")], ids=["", "Retry-After"]
)
def test_a_rate_limit_says_nothing_about_the_callback(
    endpoint: Endpoint,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    headers: tuple[tuple[str, str], ...],
    wait: str,
) -> None:
    endpoint.answers = repeat(Answer(429, b"slow down", headers))
    assert send(endpoint, *arguments) == 1
    out = capsys.readouterr().out
    assert "  slow down\n" in out
    assert "--pause" not in out
    assert " ".join(out.split()).endswith(
        f"WRONG got status 429, a rate limit, which says nothing about the callback: try it later{wait}"
    )


def test_no_response_is_wrong_and_the_next_callback_is_sent_all_the_same(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint.answers = repeat(None)
    assert send(endpoint, "--repeat", "2") == 1
    assert capsys.readouterr().out.count("WRONG\n  the connection was closed") == 2
    assert len(endpoint.bodies) == 2


def test_one_wrong_response_among_right_ones_is_wrong(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    right = Right()
    wrong: Iterator[Answer | None] = chain([Answer(200, b"OK")], repeat(None))
    endpoint.right = lambda request: next(wrong) if len(endpoint.bodies) == 1 else right(request)
    assert send(endpoint, "--repeat", "2") == 1
    assert capsys.readouterr().out.endswith("\nacknowledged\n\n")


# Wrong use


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--status", "paid"],
            "expected one of upload, payout, cancel, failure, amended-success, amended-fail, or",
        ),
        (["--status", "1234567890"], "or a number, got 1234567890"),
        (["--status", "１"], "or a number, got １"),
        (["--scenario", "long"], "invalid choice: 'long'"),
        (["--status", "payout", "--scenario", "paid"], "not allowed with argument"),
        (["--status", "upload", "--scenario", "paid"], "not allowed with argument"),
        (["--stat", "upload"], "unrecognized arguments: --stat"),
        (["--pause", "1"], "unrecognized arguments: --pause"),
        (["--repeat", "0"], "expected a number from 1 to 100000, got 0"),
        (["--repeat", "often"], "expected a number from 1 to 100000, got often"),
        (["--repeat", "100001"], "expected a number from 1 to 100000, got 100001"),
        (["--repeat", "9" * 5000], "expected a number from 1 to 100000, got 9999"),
        (["--repeat", "²"], "expected a number from 1 to 100000, got ²"),
        (["--out-of-order"], ": --out-of-order is for several callbacks: add --scenario\n"),
        (["--control-number", "SKY**12345678"], "got 'SKY**12345678'"),
    ],
)
def test_wrong_arguments_are_told(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert send(endpoint, *arguments) == 2
    assert message in capsys.readouterr().err
    assert not endpoint.bodies


def test_an_endpoint_that_does_not_listen_is_named_with_the_reason(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as nobody:  # bound, so that no other program listens there, but not listening
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        assert main(["send", f"http://127.0.0.1:{port}/callback"]) == 2
    assert f"cannot connect to 127.0.0.1:{port}: Connection refused\n" in capsys.readouterr().err
