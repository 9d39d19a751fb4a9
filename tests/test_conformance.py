"""The conformance check passes a right endpoint, and names every rule that a wrong one breaks."""

from __future__ import annotations

import json
import re
import sys
from base64 import b64decode
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from io import StringIO
from itertools import repeat
from pathlib import Path
from threading import Event
from time import sleep
from typing import TypeAlias
from xml.etree import ElementTree

import pytest

from endpoints import Answer, Server, right, served
from skypay_payout import (
    AuthenticationError,
    CallbackError,
    CallbackParser,
    ControlNumber,
    Credentials,
    DecryptionError,
    ErrorCode,
    InvalidCallbackError,
    MalformedBodyError,
    acknowledge,
    conformance,
    delivery,
)
from skypay_payout._command import main
from skypay_payout.conformance import check_endpoint
from skypay_payout._delivery import Unreachable
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import AUTHENTICATION, ENCRYPTION_KEY, USER_NAME, WRONG_AUTHENTICATION
from skypay_payout._times import SKYPAY_ZONE

SECRETS = ["an older secret", AUTHENTICATION]
KEYS = ["an older key", ENCRYPTION_KEY]
PLAIN = CallbackParser(Credentials(USER_NAME, SECRETS))
ENCRYPTED = CallbackParser(Credentials(USER_NAME, SECRETS), cipher=BodyCipher(KEYS))

ACKNOWLEDGED = [
    "the published sample is acknowledged",
    "UPLOAD is acknowledged",
    "PAYOUT is acknowledged",
    "CANCEL is acknowledged",
    "FAILURE is acknowledged",
    "AMENDED_SUCCESS is acknowledged",
    "AMENDED_FAIL is acknowledged",
    "payType as a number is acknowledged",
    "a body with a byte order mark is acknowledged",
    "members that are not given are acknowledged",
    "unknown members are acknowledged",
    "an unknown status is acknowledged",
    "a callback that is authenticated but invalid is acknowledged",
    "a repeated callback is acknowledged",
    "a payout before its upload is acknowledged",
    "Base64 in lines is acknowledged",
    "an older secret is acknowledged",
    "a callback under an older key is acknowledged under that key",
]
REFUSED = [
    "a wrong secret is refused",
    "a missing secret is refused",
    "another account is refused",
    "an empty body is refused",
    "a body that is no JSON is refused",
    "a body that is no object is refused",
    "a body that is not UTF-8 is refused",
    "a body cut short is refused",
    "a body with a member twice is refused",
    "a body beyond 1 MiB is refused",
    "plain JSON is refused",
    "a body that is no Base64 is refused",
    "half a block is refused",
    "a body under another key is refused",
]
IN_TIME = "every reply comes within 5 s"
WHERE_ENCRYPTED = {ACKNOWLEDGED[15], ACKNOWLEDGED[17], *REFUSED[10:]}


def failed(server: Server, parser: CallbackParser) -> dict[str, str]:
    return {result.name: result.problem for result in check_endpoint(server.url, parser) if result.problem}


# A right endpoint.


@pytest.mark.parametrize("parser", [PLAIN, ENCRYPTED], ids=["plain", "encrypted"])
def test_a_right_endpoint_passes_every_case(parser: CallbackParser) -> None:
    with served(lambda body: right(parser, body)) as server:
        results = list(check_endpoint(server.url, parser))
    assert [result.name for result in results] == [*ACKNOWLEDGED, *REFUSED, IN_TIME]
    assert [result for result in results if result.problem] == []
    skipped = {result.name: result.skipped for result in results if result.skipped}
    assert skipped == ({} if parser.cipher else dict.fromkeys(WHERE_ENCRYPTED, "bodies are plain"))


def test_where_nothing_is_being_changed_the_cases_of_a_change_are_skipped() -> None:
    parser = CallbackParser(Credentials(USER_NAME, AUTHENTICATION), cipher=BodyCipher(ENCRYPTION_KEY))
    with served(lambda body: right(parser, body)) as server:
        skipped = {one.name: one.skipped for one in check_endpoint(server.url, parser) if one.skipped}
    assert skipped == {
        "an older secret is acknowledged": "only one secret is configured",
        "a callback under an older key is acknowledged under that key": "only one key is configured",
    }


def test_the_account_of_the_parser_is_played_in_the_sample_too() -> None:
    parser = CallbackParser(Credentials("余额@skypay", 'a "secret"'))
    with served(lambda body: right(parser, body)) as server:
        assert failed(server, parser) == {}


def test_every_callback_tells_of_the_payout_that_is_asked_for() -> None:
    numbers: set[object] = set()

    def answering(body: bytes) -> Answer:
        with suppress(CallbackError):
            numbers.add(PLAIN.parse(body).control_number)
        return right(PLAIN, body)

    with served(answering) as server:
        number = ControlNumber("SKY99000000001")
        results = check_endpoint(server.url, PLAIN, control_number=number)
        assert not any(result.problem for result in results)
    assert numbers == {number}


def test_every_callback_is_an_event_of_its_own_unless_it_is_repeated_on_purpose() -> None:
    events: list[str] = []

    def answering(body: bytes) -> Answer:
        with suppress(CallbackError):
            events.append(PLAIN.parse(body).idempotency_key)
        return right(PLAIN, body)

    with served(answering) as server:
        assert failed(server, PLAIN) == {}
    assert len(events) - len(set(events)) == 2


def test_callbacks_come_as_skypay_sends_them_each_over_a_connection_of_its_own() -> None:
    with served(lambda body: right(PLAIN, body)) as server:
        assert failed(server, PLAIN) == {}
    connections, content_types = zip(*server.requests, strict=True)
    assert len(set(connections)) == len(connections)
    assert set(content_types) == {"text/plain"}


def test_an_endpoint_may_cut_off_a_body_beyond_every_limit() -> None:
    with served(lambda body: right(PLAIN, body) if len(body) < 65536 else None) as server:
        assert failed(server, PLAIN) == {}


# Wrong endpoints: each breaks one rule.

Right: TypeAlias = "tuple[int, bytes]"
Wrong: TypeAlias = "Callable[[bytes, Right], Answer | None]"
"""What a wrong endpoint answers to a body, of which it knows the right answer too."""

ACK: Right = (200, acknowledge().to_json())
CRASH: Right = (500, b"")


def error_of(parser: CallbackParser, body: bytes) -> CallbackError | None:
    try:
        parser.parse(body)
    except CallbackError as error:
        return error
    return None


def on(pattern: bytes, answer: Answer | None) -> Wrong:
    """This answer to bodies in which the pattern is found, the right one to others."""
    return lambda body, right: answer if re.search(pattern, body) else right


def on_error(answer: Answer, *kinds: type[CallbackError] | ErrorCode) -> Wrong:
    """This answer to bodies that are bad in this way, the right one to others."""

    def answering(body: bytes, right: Right) -> Answer:
        error = error_of(PLAIN, body)
        return answer if error and (type(error) in kinds or error.code in kinds) else right

    return answering


def on_good(answer: Answer) -> Wrong:
    """This answer instead of every acknowledgement."""
    return lambda _, right: answer if right[0] == 200 else right


def replying(**changes: object) -> Wrong:
    """These members in every acknowledgement."""
    return on_good((200, json.dumps(acknowledge().to_dict() | changes).encode()))


def only(parser: CallbackParser) -> Wrong:
    """Knows no more secrets and keys than this parser."""
    return lambda body, _: right(parser, body)


def strict_json(body: bytes, right: Right) -> Answer:
    try:
        json.loads(body)
    except ValueError:
        return 400, b""
    return right


def without_secret(body: bytes, right: Right) -> Answer:
    return ACK if b"userName" in body and b"authentication" not in body else right


def no_repeats() -> Wrong:
    seen: set[bytes] = set()

    def answering(body: bytes, right: Right) -> Answer:
        if body in seen:
            return 409, b""
        seen.add(body)
        return right

    return answering


def no_step_back() -> Wrong:
    latest = datetime(1, 1, 1, tzinfo=UTC)

    def answering(body: bytes, right: Right) -> Answer:
        nonlocal latest
        if error_of(PLAIN, body):
            return right
        time = PLAIN.parse(body).deal_time
        if time < latest:
            return 409, b""
        latest = time
        return right

    return answering


def told(zone: timezone = SKYPAY_ZONE, form: str = "%Y-%m-%d %H:%M:%S.0000", **off: float) -> Wrong:
    """The time of every acknowledgement in another zone or form, or off by this much."""
    return replying(responseTime=(datetime.now(zone) + timedelta(**off)).strftime(form))


FULL = frozenset(ACKNOWLEDGED) - WHERE_ENCRYPTED
STRANGER = frozenset(REFUSED[:3])
UPLOADS = FULL - {
    "PAYOUT is acknowledged",
    "CANCEL is acknowledged",
    "FAILURE is acknowledged",
    "AMENDED_SUCCESS is acknowledged",
    "AMENDED_FAIL is acknowledged",
    "payType as a number is acknowledged",
    "an unknown status is acknowledged",
    "a repeated callback is acknowledged",
}
INVALID = frozenset({ACKNOWLEDGED[11], ACKNOWLEDGED[12]})

WRONG: dict[str, tuple[Wrong, Collection[str], str]] = {
    # One status, one form or one order is not acknowledged.
    "crashes on an upload": (
        lambda body, right: CRASH if right[0] == 200 and re.search(b'"payType": ?"1"', body) else right,
        UPLOADS,
        "answered 500; expected 200",
    ),
    "crashes on a payout": (
        on(b'"payType": "2"', CRASH),
        {
            "PAYOUT is acknowledged",
            "a repeated callback is acknowledged",
            "a payout before its upload is acknowledged",
        },
        "answered 500; expected 200",
    ),
    "crashes on a cancellation": (on(b'"payType": "3"', CRASH), {"CANCEL is acknowledged"}, "answered 500"),
    "crashes on a failure": (on(b'"payType": "4"', CRASH), {"FAILURE is acknowledged"}, "answered 500"),
    "crashes on an amendment": (
        on(b'"payType": "5"', CRASH),
        {"AMENDED_SUCCESS is acknowledged"},
        "answered 500; expected 200",
    ),
    "crashes on a failed amendment": (
        on(b'"payType": "6"', CRASH),
        {"AMENDED_FAIL is acknowledged"},
        "answered 500; expected 200",
    ),
    "closes the connection on a cancellation": (
        on(b'"payType": "3"', None),
        {"CANCEL is acknowledged"},
        "the connection was cut off",
    ),
    "takes payType as text only": (
        on(b'"payType": 1', (400, b"")),
        {"payType as a number is acknowledged"},
        "answered 400; expected 200",
    ),
    "takes strict JSON only": (strict_json, {"the published sample is acknowledged"}, "answered 400"),
    "takes no byte order mark": (
        on(b"^\xef\xbb\xbf", (400, b"")),
        {"a body with a byte order mark is acknowledged"},
        "answered 400",
    ),
    "wants a failDescription, if it comes, to say something": (
        on(b'"failDescription": (""|null)', (400, b"")),
        {"members that are not given are acknowledged"},
        "delivery 1: answered 400; expected 200; delivery 2: answered 400; expected 200",
    ),
    "refuses unknown members": (
        on(b'"fee"', (400, b"")),
        {"unknown members are acknowledged"},
        "answered 400",
    ),
    "refuses an unknown status": (
        on(b'"payType": "7"', (400, b"")),
        {"an unknown status is acknowledged"},
        "answered 400",
    ),
    "refuses what is authenticated but invalid": (
        on_error((400, b""), InvalidCallbackError),
        INVALID,
        "answered 400; expected 200",
    ),
    "refuses what it has already": (
        no_repeats(),
        {"a repeated callback is acknowledged"},
        "delivery 2: answered 409; expected 200; delivery 3: answered 409; expected 200",
    ),
    "refuses what is older than what it has": (
        no_step_back(),
        {"a payout before its upload is acknowledged"},
        "delivery 2: answered 409; expected 200",
    ),
    "knows the newest secret only": (
        only(CallbackParser(Credentials(USER_NAME, AUTHENTICATION))),
        {"an older secret is acknowledged"},
        "answered 401; expected 200",
    ),
    # The acknowledgement has another form.
    "answers 201": (on_good((201, ACK[1])), FULL, "answered 201; expected 200"),
    "answers with a redirect": (on_good((307, b"")), FULL, "answered 307; expected 200"),
    "answers nothing": (on_good((200, b"")), FULL, "the reply is no JSON object but ''"),
    "answers OK": (on_good((200, b"OK")), FULL, "the reply is no JSON object but 'OK'"),
    "answers an array": (on_good((200, b"[1000]")), FULL, "the reply is no JSON object but '[1000]'"),
    "answers something deep": (on_good((200, b"[" * 60000)), FULL, "no JSON object but '[[[["),
    "answers in UTF-16": (
        on_good((200, ACK[1].decode().encode("utf-16"))),
        FULL,
        "the reply is no JSON object",
    ),
    "answers with a byte order mark": (
        on_good((200, b"\xef\xbb\xbf" + ACK[1])),
        FULL,
        "the reply is no JSON object",
    ),
    "answers a member twice": (
        on_good((200, ACK[1][:-1] + b',"responseCode":"1000"}')),
        FULL,
        "the reply is no JSON object",
    ),
    "answers without end": (
        lambda _, right: (200, repeat(b"x" * 8192)) if right[0] == 200 else right,
        FULL,
        "the reply is no JSON object but 'xxx",
    ),
    "answers 1000 as a number": (replying(responseCode=1000), FULL, "responseCode is 1000; expected '1000'"),
    "answers another code": (replying(responseCode="9999"), FULL, "responseCode is '9999'; expected"),
    "answers another description": (
        replying(responseDescription="OK"),
        FULL,
        "responseDescription is 'OK'; expected 'Success'",
    ),
    "answers without a description": (
        on_good((200, json.dumps({**acknowledge().to_dict(), "responseDescription": None}).encode())),
        FULL,
        "responseDescription is missing",
    ),
    "answers a member of its own": (replying(id=7), FULL, "the reply holds 'id' too"),
    "answers a time that is no text": (replying(responseTime=1529315530), FULL, "responseTime is 1529315530"),
    "answers the time in UTC": (told(UTC), FULL, "expected the present in UTC+8"),
    "answers a time of yesterday": (told(days=-1), FULL, "expected the present in UTC+8"),
    "answers a time ten minutes ahead": (told(minutes=10), FULL, "expected the present in UTC+8"),
    "answers the time as ISO 8601 has it": (told(form="%Y-%m-%dT%H:%M:%S.0000"), FULL, "expected the form"),
    "answers three fractional digits": (told(form="%Y-%m-%d %H:%M:%S.000"), FULL, "expected the form"),
    "answers a time in no calendar": (told(form="%Y-02-30 %H:%M:%S.0000"), FULL, "expected the form"),
    # What must be refused is not.
    "takes any secret": (
        on(WRONG_AUTHENTICATION.encode(), ACK),
        {"a wrong secret is refused"},
        "answered 200 with responseCode 1000, so it was acknowledged; expected 4xx",
    ),
    "needs no secret": (without_secret, {"a missing secret is refused"}, "so it was acknowledged"),
    "takes any account": (on(b"Other@skypay", ACK), {"another account is refused"}, "so it was acknowledged"),
    "takes nothing": (on(b"^$", ACK), {"an empty body is refused"}, "so it was acknowledged"),
    "takes garbage": (on(b"^payout$", ACK), {"a body that is no JSON is refused"}, "so it was acknowledged"),
    "takes an array": (on(rb"^\[", ACK), {"a body that is no object is refused"}, "so it was acknowledged"),
    "takes Latin-1": (
        on_error(ACK, ErrorCode.NOT_UTF8),
        {"a body that is not UTF-8 is refused"},
        "so it was acknowledged",
    ),
    "takes half a body": (
        on(rb"^\{[^}]*$", ACK),
        {"a body cut short is refused"},
        "so it was acknowledged",
    ),
    "takes a member twice": (
        on_error(ACK, ErrorCode.MEMBER_TWICE),
        {"a body with a member twice is refused"},
        "so it was acknowledged",
    ),
    "takes any size": (
        on_error(ACK, ErrorCode.TOO_LARGE),
        {"a body beyond 1 MiB is refused"},
        "so it was acknowledged",
    ),
    "crashes on a stranger": (
        on_error(CRASH, AuthenticationError),
        STRANGER,
        "answered 500; expected a refusal, 400 to 499",
    ),
    "crashes on what is malformed": (
        on_error(CRASH, MalformedBodyError),
        REFUSED[3:10],
        "answered 500; expected a refusal, 400 to 499",
    ),
    "closes the connection on a stranger": (
        on(WRONG_AUTHENTICATION.encode(), None),
        {"a wrong secret is refused"},
        "the connection was cut off",
    ),
    "answers 200 to a stranger": (
        on_error((200, b""), AuthenticationError),
        STRANGER,
        "answered 200; expected a refusal, 400 to 499",
    ),
    "answers 401 with an acknowledgement": (
        on_error((401, ACK[1]), AuthenticationError),
        STRANGER,
        "answered 401 with responseCode 1000, so it was acknowledged",
    ),
    "answers 401 with an acknowledgement as a number": (
        on_error((401, b'{"responseCode":1000}'), AuthenticationError),
        STRANGER,
        "answered 401 with responseCode 1000, so it was acknowledged",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_endpoint_is_caught_that(name: str) -> None:
    wrong, cases, problem = WRONG[name]
    with served(lambda body: wrong(body, right(PLAIN, body))) as server:
        found = failed(server, PLAIN)
    assert found.keys() == set(cases)
    assert [told for told in found.values() if problem not in told] == []


def test_every_case_has_an_endpoint_that_fails_it_alone() -> None:
    alone = {
        case
        for _, cases, _ in (*WRONG.values(), *WRONG_WHERE_ENCRYPTED.values())
        for case in cases
        if len(cases) == 1
    }
    never_alone = {
        "UPLOAD is acknowledged",  # what most other cases send
        "PAYOUT is acknowledged",  # what is repeated, and out of order
        "a callback that is authenticated but invalid is acknowledged",
    }
    assert {*ACKNOWLEDGED, *REFUSED} - alone == never_alone


# Wrong endpoints where bodies are encrypted.


def under_the_newest_key(_: bytes, right: Right) -> Answer:
    return (200, BodyCipher(KEYS).encrypt(ACK[1])) if right[0] == 200 else right


def takes_plain(body: bytes, right: Right) -> Answer:
    return right if error_of(PLAIN, body) else ACK


def crashes_on_a_strange_key(body: bytes, right: Right) -> Answer:
    """Lets what the cipher's library raises for it fly."""
    with suppress(ValueError):
        blocks = len(b64decode(body, validate=True)) / 16
        try:
            ENCRYPTED.cipher[-1].decrypt(body)
        except DecryptionError:
            return CRASH if right[0] == 400 and blocks.is_integer() else right
    return right


def crashes_on_half_a_block(body: bytes, right: Right) -> Answer:
    try:
        return CRASH if len(b64decode(body, validate=True)) % 16 else right
    except ValueError:
        return right


WRONG_WHERE_ENCRYPTED: dict[str, tuple[Wrong, Collection[str], str]] = {
    "takes Base64 on one line only": (
        on(b"\r\n", (400, b"")),
        {"Base64 in lines is acknowledged"},
        "answered 400; expected 200",
    ),
    "knows the newest key only": (
        only(CallbackParser(PLAIN.credentials, cipher=BodyCipher(ENCRYPTION_KEY))),
        {"a callback under an older key is acknowledged under that key"},
        "answered 400; expected 200",
    ),
    "answers under the newest key always": (
        under_the_newest_key,
        {"a callback under an older key is acknowledged under that key"},
        "the reply is under another key; expected it encrypted with the key that sealed the callback",
    ),
    "answers plain": (
        on_good(ACK),
        ACKNOWLEDGED,
        "the reply is plain JSON; expected it encrypted with the key that sealed the callback",
    ),
    "answers under a strange key": (
        on_good((200, BodyCipher("a strange key").encrypt(ACK[1]))),
        ACKNOWLEDGED,
        "the key that sealed the callback does not open the reply, '",
    ),
    "answers another code, encrypted": (
        on_good((200, BodyCipher(ENCRYPTION_KEY).encrypt(b'{"responseCode":"9999"}'))),
        ACKNOWLEDGED,
        "",
    ),
    "takes plain JSON": (takes_plain, {"plain JSON is refused"}, "so it was acknowledged"),
    "takes plain JSON, and answers encrypted": (
        lambda body, right: (200, BodyCipher(KEYS).encrypt(ACK[1])) if body.startswith(b"{") else right,
        {"plain JSON is refused"},
        "so it was acknowledged",
    ),
    "crashes on what is no Base64": (
        on(b"^%", CRASH),
        {"a body that is no Base64 is refused"},
        "answered 500; expected a refusal",
    ),
    "crashes on half a block": (
        crashes_on_half_a_block,
        {"half a block is refused"},
        "answered 500; expected a refusal",
    ),
    "crashes on a strange key": (
        crashes_on_a_strange_key,
        {"a body under another key is refused"},
        "answered 500; expected a refusal",
    ),
}


@pytest.mark.parametrize("name", WRONG_WHERE_ENCRYPTED)
def test_where_bodies_are_encrypted_an_endpoint_is_caught_that(name: str) -> None:
    wrong, cases, problem = WRONG_WHERE_ENCRYPTED[name]
    with served(lambda body: wrong(body, right(ENCRYPTED, body))) as server:
        found = failed(server, ENCRYPTED)
    assert found.keys() == set(cases)
    assert [told for told in found.values() if problem not in told] == []


# Endpoints that are slow, or gone.


def test_an_endpoint_is_caught_that_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conformance, "SECONDS", 0.1)

    def answering(body: bytes) -> Answer:
        if b'"payType": "3"' in body:
            sleep(0.2)
        return right(PLAIN, body)

    with served(answering) as server:
        *cases, last = check_endpoint(server.url, PLAIN)
    assert [one.name for one in cases if one.problem] == []
    assert last.name == "every reply comes within 0 s"
    slowest = max(cases, key=lambda one: one.seconds)
    assert last.seconds == slowest.seconds
    assert last.problem == f"the slowest took {slowest.seconds:.1f} s, where {slowest.name}"


@pytest.mark.parametrize("drips", [False, True], ids=["at all", "to its end"])
def test_an_endpoint_is_caught_that_does_not_answer(monkeypatch: pytest.MonkeyPatch, drips: bool) -> None:
    monkeypatch.setattr(delivery, "PATIENCE", 1.0)
    end = Event()

    def drops() -> Iterator[bytes]:
        for _ in range(100):
            if end.wait(0.1):
                break
            yield b" "

    def answering(body: bytes) -> Answer:
        if b'"payType": "3"' not in body and len(body) <= 65536:
            return right(PLAIN, body)
        if drips:
            return 200, drops()
        end.wait()
        return ACK

    with served(answering) as server:
        found = failed(server, PLAIN)
        end.set()
    assert found["CANCEL is acknowledged"] == "no reply within 1 s"
    assert found["a body beyond 1 MiB is refused"] == "no reply within 1 s"


def test_an_endpoint_is_caught_that_a_callback_kills() -> None:
    with served(lambda body: right(PLAIN, body)) as server:
        results = check_endpoint(server.url, PLAIN)
        first = next(results)
        server.stop()
        cases = list(results)
    assert not first.problem
    assert [first.name, *(one.name for one in cases)] == [*ACKNOWLEDGED, *REFUSED, IN_TIME]
    assert all(one.problem.startswith("cannot connect") for one in cases[:-1] if not one.skipped)
    assert not cases[-1].problem


def test_where_nobody_is_there_is_nothing_to_check() -> None:
    with served(lambda body: right(PLAIN, body)) as server:
        server.stop()
        with pytest.raises(Unreachable, match="cannot connect"):
            next(check_endpoint(server.url, PLAIN))


@pytest.mark.parametrize(
    "url",
    [
        "callback",
        "ftp://127.0.0.1/callback",
        "http://127.0.0.1:port/",
        "http://",
        "http:///callback",
        "http://xn--/",
        "",
    ],
)
def test_a_url_that_is_none_is_wrong_use(url: str) -> None:
    with pytest.raises(ValueError, match="the URL is"):
        next(check_endpoint(url, PLAIN))


# Nothing leaks.


@pytest.mark.parametrize("secret", [AUTHENTICATION, 'a "30AC21B2" \\ and\na 余额'])
@pytest.mark.parametrize("status", [200, 401])
def test_a_secret_that_an_endpoint_echoes_is_in_no_problem(secret: str, status: int) -> None:
    parser = CallbackParser(Credentials(USER_NAME, secret))
    echoes = [
        secret,
        f"no: {secret}",
        f"no: {json.dumps(secret)}",
        f"no: {json.dumps(secret, ensure_ascii=False)}",
        json.dumps({"responseTime": secret, "responseCode": json.dumps(secret), secret: 1}),
    ]
    for echo in echoes:
        answer = (status, echo.encode())
        with served(lambda _: answer) as server:  # noqa: B023  it is served no longer than the loop
            problems = "".join(failed(server, parser).values())
        assert problems
        assert not re.search("30AC21B2|余额|4f59", problems)


# The command.


@pytest.fixture
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKYPAY_USER_NAME", USER_NAME)
    monkeypatch.setenv("SKYPAY_AUTHENTICATION", ",".join(SECRETS))
    monkeypatch.setenv("SKYPAY_ENCRYPTION_KEY", ",".join(KEYS))


@pytest.mark.usefixtures("_settings")
class TestTheCommand:
    def test_prints_a_table_that_fits_a_terminal(self, capsys: pytest.CaptureFixture[str]) -> None:
        with served(lambda body: right(ENCRYPTED, body)) as server:
            assert main(["conformance", server.url]) == 0
        out, err = capsys.readouterr()
        lines = out.splitlines()
        assert re.fullmatch(r"passed   UPLOAD is acknowledged {39}  +\d+\.\d\d s", lines[1])
        assert lines[-1] == "33 cases: 33 passed, 0 failed, 0 skipped"
        assert max(map(len, lines)) <= 80
        assert not err

    def test_says_what_is_wrong_and_ends_with_1(self, capsys: pytest.CaptureFixture[str]) -> None:
        wrong, _, problem = WRONG_WHERE_ENCRYPTED["takes plain JSON"]
        with served(lambda body: wrong(body, right(ENCRYPTED, body))) as server:
            assert main(["conformance", server.url]) == 1
        out = capsys.readouterr().out
        assert re.search(rf"^FAILED   plain JSON is refused .+\n  answered 200 with .+{problem}", out, re.M)
        assert out.endswith("33 cases: 32 passed, 1 failed, 0 skipped\n")

    def test_tells_of_the_payout_that_is_asked_for(self) -> None:
        numbers: set[str] = set()

        def answering(body: bytes) -> Answer:
            with suppress(CallbackError):
                numbers.add(ENCRYPTED.parse(body).control_number)
            return right(ENCRYPTED, body)

        with served(answering) as server:
            assert main(["conformance", server.url, "--control-number", "SKY99000000001"]) == 0
        assert numbers == {"SKY99000000001"}

    def test_shows_each_result_as_soon_as_it_is_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Shown(StringIO):
            flushed = 0

            def flush(self) -> None:
                self.flushed += 1

        shown = Shown()
        monkeypatch.setattr(sys, "stdout", shown)
        with served(lambda body: right(ENCRYPTED, body)) as server:
            assert main(["conformance", server.url]) == 0
        assert shown.flushed >= len(ACKNOWLEDGED)

    def test_says_what_was_not_tried(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("SKYPAY_ENCRYPTION_KEY")
        with served(lambda body: right(PLAIN, body)) as server:
            assert main(["conformance", server.url]) == 0
        out = capsys.readouterr().out
        assert "skipped  half a block is refused\n  bodies are plain\n" in out
        assert out.endswith("33 cases: 27 passed, 0 failed, 6 skipped\n")

    def test_prints_json_lines_for_machines(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("SKYPAY_ENCRYPTION_KEY")
        wrong, cases, problem = WRONG["takes any secret"]
        with served(lambda body: wrong(body, right(PLAIN, body))) as server:
            assert main(["conformance", server.url, "--json"]) == 1
        *results, last = map(json.loads, capsys.readouterr().out.splitlines())
        assert last == {"summary": {"cases": 33, "passed": 26, "failed": 1, "skipped": 6}}
        assert [one["case"] for one in results] == [*ACKNOWLEDGED, *REFUSED, IN_TIME]
        assert [(one["case"], one["why"]) for one in results if one["outcome"] == "failed"] == [
            (*cases, problem)
        ]
        assert all(isinstance(one["seconds"], float) for one in results)
        assert all(one["seconds"] == round(one["seconds"], 3) for one in results)

    def test_writes_junit_xml_for_ci(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SKYPAY_ENCRYPTION_KEY", ENCRYPTION_KEY)
        parser = CallbackParser(PLAIN.credentials, cipher=BodyCipher(ENCRYPTION_KEY))
        wrong, _, problem = WRONG_WHERE_ENCRYPTED["takes plain JSON"]
        with served(lambda body: wrong(body, right(parser, body))) as server:
            assert main(["conformance", server.url, "--junit", str(tmp_path / "junit.xml")]) == 1
        text = (tmp_path / "junit.xml").read_bytes()
        assert text.startswith(b"<?xml version='1.0' encoding='utf-8'?>\n<testsuites ")
        root = ElementTree.fromstring(text)  # noqa: S314  written here
        (suite,) = root
        totals = {"tests": "33", "failures": "1", "errors": "0", "skipped": "1"}
        assert root.attrib == totals
        assert (suite.tag, suite.attrib) == ("testsuite", {"name": "skypay-payout conformance"} | totals)
        for case in suite:
            assert (case.tag, case.get("classname")) == ("testcase", "conformance")
            assert re.fullmatch(r"\d+\.\d{3}", case.get("time", ""))
        assert [case.get("name") for case in suite] == [*ACKNOWLEDGED, *REFUSED, IN_TIME]
        (failure,) = suite.iter("failure")
        assert problem in failure.get("message", "")
        (skipped,) = suite.iter("skipped")
        assert skipped.get("message") == "only one key is configured"

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["callback"], "the URL is not one of HTTP; expected http://... or https://..."),
            (["http://127.0.0.1:1/callback", "--control-number", "SKY**12345678"], "looks masked"),
        ],
    )
    def test_says_what_was_used_wrongly(
        self, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
    ) -> None:
        assert main(["conformance", *arguments]) == 2
        assert message in capsys.readouterr().err

    def test_says_where_nobody_is(self, capsys: pytest.CaptureFixture[str]) -> None:
        with served(lambda body: right(ENCRYPTED, body)) as server:
            server.stop()
            assert main(["conformance", server.url]) == 2
        assert "cannot connect" in capsys.readouterr().err

    def test_says_what_cannot_be_written(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        with served(lambda body: right(ENCRYPTED, body)) as server:
            assert main(["conformance", server.url, "--junit", str(tmp_path)]) == 2
        assert f"cannot write {tmp_path}: " in capsys.readouterr().err

    def test_says_which_extra_is_missing(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "httpx", None)
        for module in ("skypay_payout._delivery", "skypay_payout.conformance"):
            monkeypatch.delitem(sys.modules, module, raising=False)
        assert main(["conformance", "http://127.0.0.1:1/callback"]) == 2
        assert capsys.readouterr().err == (
            "skypay-payout: delivering callbacks needs the extra 'http': pip install 'skypay-payout[http]'\n"
        )
