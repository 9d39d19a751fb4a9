"""What the check itself promises: its results, its limits, and what it looks at besides single responses."""

from __future__ import annotations

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from datetime import datetime
from hashlib import sha1
from itertools import count
from threading import Event, Lock
from time import sleep
from typing import Any

import pytest

from skypay_payout import CallbackParser, ControlNumber, Credentials, PayoutCallback
from skypay_payout._results import Accepted
from skypay_payout._times import SKYPAY_ZONE
from skypay_payout.conformance import (
    RULES,
    Consequence,
    Outcome,
    Result,
    Rule,
    _delivery,
    _run,
    check_endpoint,
)
from skypay_payout.conformance._bodies import NEEDS, TOGETHER, Bodies
from skypay_payout.conformance._http import Request, Response, Unreachable
from skypay_payout.conformance.rules import clock
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import AUTHENTICATION, ENCRYPTION_KEY, USER_NAME, WRONG_AUTHENTICATION
from tests.conformance.served import (
    ENCRYPTED,
    OLDER_SECRET,
    PLAIN,
    Answer,
    Encrypted,
    Endpoint,
    Fields,
    Received,
    Rejected,
    direct,
    served,
)

LENIENT = ("not-finite", "too-deep")
"""Python reads 1e999, and nests deeper than the parser."""


def variant(**steps: Any) -> Endpoint:
    made: Endpoint = type("Variant", (Endpoint,), steps)()
    return made


def checked(endpoint: Callable[[Received], Answer | None], *only: str, **options: Any) -> dict[str, Result]:
    with served(endpoint) as server:
        results = check_endpoint(server.url, PLAIN, only=only, **options)
        return {result.id: result for result in results}


def failed(results: dict[str, Result]) -> set[str]:
    return {name for name, result in results.items() if result.outcome is Outcome.FAILED}


# Results


def test_every_rule_has_a_result_and_a_right_endpoint_passes() -> None:
    with served(Encrypted()) as server:
        results = list(check_endpoint(server.url, ENCRYPTED))
    assert sorted(result.id for result in results) == sorted(rule.id for rule in RULES)
    order = [rule.id for rule in RULES if rule.how != "observing"]
    assert [result.id for result in results][: len(order)] == order
    others = {result.id: result.outcome for result in results if result.outcome is not Outcome.PASSED}
    stored = {rule.id for rule in RULES if rule.section == "stored"}
    lenient = dict.fromkeys(LENIENT, Outcome.WARNING)
    assert others == dict.fromkeys(stored, Outcome.SKIPPED) | lenient


def test_ids_are_unique_and_fit_a_command_line() -> None:
    ids = [rule.id for rule in RULES]
    assert len(ids) >= 111
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", name) for name in ids)


def test_every_rule_names_the_specification_and_why_it_matters() -> None:
    for rule in RULES:
        assert re.search("point|section 3.2|encrypted|expire|exchange|callback", rule.point)
        assert rule.why.endswith(".")
        assert re.match(r"[A-Za-z].*[^.]$", rule.rule)


def test_a_failure_names_the_delivery_what_was_sent_and_what_came() -> None:
    endpoint = variant(store=lambda self, fields: 1 / (fields["payType"] != "3"))
    result = checked(endpoint, "status", "after")["status"]
    assert result.outcome is Outcome.FAILED
    assert result.message == "CANCEL: expected status 200, got 500"
    (problem,) = result.problems
    assert problem.consequence is result.consequence is Consequence.LOST
    assert '"authentication": "[redacted]"' in problem.sent
    assert '"payType": "3"' in problem.sent
    assert problem.received == "500 "
    assert problem.request
    assert AUTHENTICATION.encode() in problem.request.body
    assert AUTHENTICATION not in repr(result)


def test_the_first_problem_is_the_message_and_all_are_there() -> None:
    endpoint = variant(right_secret=lambda self, secret: True)
    result = checked(endpoint, "secret-near")["secret-near"]
    assert len(result.problems) > 30
    assert result.message == f"{result.problems[0]}; and {len(result.problems) - 1} more"


def test_a_number_as_response_code_is_one_warning() -> None:
    number = {"responseCode": 1000}
    endpoint = variant(acknowledgement=lambda self, f: Endpoint.acknowledgement(self, f) | number)
    results = checked(endpoint, "status", "secret-wrong", "response-code", "acknowledgement-form")
    others = {name: one.outcome for name, one in results.items() if one.outcome is not Outcome.PASSED}
    assert others == {"response-code": Outcome.WARNING}
    assert re.search(r"got the number 1000 \(in \d+ acknowledgements\)", results["response-code"].message)


def test_a_malformed_acknowledgement_is_neither_a_loss_nor_a_rejection() -> None:
    endpoint = variant(written=lambda self, fields: b"Notice: in line 7\n" + json.dumps(fields).encode())
    only = ("status", "forged-redelivery", "acknowledgement-form", "stored-rejected")

    def stored() -> Iterable[dict[str, object]]:
        results = map(PLAIN.receive, map(json.dumps, endpoint.stored.values()))
        return [result.callback.to_dict() for result in results if isinstance(result, Accepted)]

    with direct(endpoint) as server:
        results = {one.id: one for one in check_endpoint(server.url, PLAIN, only=only, stored=stored)}
    assert failed(results) == {"acknowledgement-form"}
    assert "Expecting value: line 1 column 1" in results["acknowledgement-form"].message


def test_a_fault_that_depends_on_the_time_fails_the_rules_of_the_clock_alone() -> None:
    calls = count()
    endpoint = variant(response_time=lambda self: "soon" if next(calls) % 3 else Endpoint.response_time(self))
    results = checked(endpoint, "status", "after", "chunked", "response-*", "acknowledgement-form")
    assert failed(results) == {"response-time-form"}


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        (-8 * 3600, r"it is 8 h early \(UTC\)"),
        (3600, "it is 1 h late"),
        (-600, r"it is 600 s early; are both clocks set\?"),
        (600, r"it is 600 s late; are both clocks set\?"),
    ],
)
def test_a_wrong_time_is_told_with_how_far_it_is_off(told: float, problem: str) -> None:
    def response_time(self: Endpoint) -> str:
        at = datetime.fromtimestamp(datetime.now().timestamp() + told, SKYPAY_ZONE)
        return f"{at:%Y-%m-%d %H:%M:%S.%f}"[:-2]

    message = checked(variant(response_time=response_time), "response-time")["response-time"].message
    assert re.search(f"responseTime: expected the present in UTC\\+8, .+{problem}$", message)


def test_a_clock_that_stands_still_is_told_with_two_times() -> None:
    told = f"{datetime.now(SKYPAY_ZONE):%Y-%m-%d %H:%M:%S.%f}"[:-2]
    message = checked(variant(response_time=lambda self: told), "response-time")["response-time"].message
    times = f"{told[11:]} and {told[11:]}"
    assert re.search(
        rf"expected two responses \d.\d+ s apart to differ by as much, got {times}: read", message
    )


def test_where_no_time_can_be_read_only_its_form_fails() -> None:
    results = checked(variant(response_time=lambda self: "soon"), "response-*")
    assert failed(results) == {"response-time-form"}


def test_a_fraction_that_is_always_0_is_told() -> None:
    results = checked(
        variant(response_time=lambda self: f"{self.now():%Y-%m-%d %H:%M:%S}.0000"), "response-*"
    )
    assert failed(results) == {"response-time-digits"}
    message = results["response-time-digits"].message
    assert "expected the fraction of the second, got .0000 in each of" in message


def test_a_response_that_holds_a_short_secret_is_not_shown() -> None:
    parser = CallbackParser(Credentials(USER_NAME, "abc"))
    endpoint = variant(secrets=("abc",), written=lambda self, fields: b"xabcx")
    with served(endpoint) as server:
        (result,) = check_endpoint(server.url, parser, only=["sample"])
    assert result.outcome is Outcome.FAILED
    assert "abc" not in f"{result.message}{[problem.received for problem in result.problems]}"


# Consequences


def test_a_response_that_does_not_come_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_delivery, "DEADLINE", 0.2)
    ended = Event()
    endpoint = variant(reject=lambda self, _: None if ended.wait(60) else Answer(500))
    result = checked(endpoint, "not-an-object")["not-an-object"]
    ended.set()
    assert result.consequence is Consequence.UNANSWERED


def test_the_worst_consequence_is_that_of_the_result() -> None:
    calls = count()
    endpoint = variant(reject=lambda self, _: Answer(200 if next(calls) % 2 else 500))
    assert checked(endpoint, "not-utf8")["not-utf8"].consequence is Consequence.ACKNOWLEDGED


# Secrets

AES = sha1(sha1(ENCRYPTION_KEY.encode()).digest()).digest()[:16]


@pytest.mark.parametrize(
    "shown",
    [
        AES.hex(),
        AES.hex().upper(),
        AES.hex(" "),
        AES.hex(":"),
        b64encode(AES).decode(),
        urlsafe_b64encode(AES).decode().rstrip("="),
        str(list(AES)),
        str([byte - 256 if byte > 127 else byte for byte in AES]),
    ],
)
def test_the_derived_key_is_a_leak_and_where_it_stands_is_told(shown: str) -> None:
    def answered(request: Received) -> Answer | None:
        answer = Encrypted()(request)
        return answer and Answer(answer.status, answer.body, (("X-Debug", shown),))

    with served(answered) as server:
        (result,) = check_endpoint(server.url, ENCRYPTED, only="leaks")
    assert result.consequence is Consequence.LEAKED
    assert "the header X-Debug of the response repeats the authentication secret or a key" in result.message


def test_the_name_of_the_account_and_what_a_stranger_sent_are_no_secrets() -> None:
    told = f"no {USER_NAME}, {WRONG_AUTHENTICATION}".encode()
    endpoint = variant(reject=lambda self, status: Answer(status, told))
    assert checked(endpoint, "leaks", "secret-*", "account-*")["leaks"].outcome is Outcome.PASSED


# What is selected


def test_only_what_is_selected_is_tried() -> None:
    assert list(checked(Endpoint(), "status", "json-s*")) == ["status", "json-spacing"]


def test_what_no_rule_is_called_is_an_error() -> None:
    with pytest.raises(ValueError, match="expected the name of a rule, got 'status-x'"):
        next(check_endpoint("http://127.0.0.1:1/", PLAIN, only=["status-x"]))


def test_the_payout_that_is_asked_for_is_that_of_every_callback() -> None:
    number = ControlNumber("SKY99000000001")
    results = checked(Endpoint(), "status", "control-number-*", "older-*", control_number=number)
    assert {result.id for result in results.values() if result.outcome is Outcome.FAILED} == set()
    assert results["control-number-lengths"].message == "it needs payouts of its own"
    callbacks = accepted(Bodies(PLAIN, number), RULES)
    assert len(callbacks) > 200
    others = {callback.control_number for callback in callbacks} - {number}
    assert others == set()


def accepted(bodies: Bodies, rules: Iterable[Rule]) -> list[PayoutCallback]:
    """The callbacks that the parser accepts of what the rules deliver."""
    callbacks = list[PayoutCallback]()
    for rule in rules:
        if rule.how != "observing" and NEEDS[rule.needs](bodies):
            for delivery in rule.made(bodies):
                result = PLAIN.receive(delivery.request.body)
                if isinstance(result, Accepted):
                    callbacks.append(result.callback)
    return callbacks


def test_every_callback_is_an_event_of_its_own_unless_it_is_redelivered() -> None:
    kinds = ("status", "after", "text-", "json-", "unknown-", "deal-time-iso")
    callbacks = accepted(Bodies(PLAIN), [rule for rule in RULES if rule.id.startswith(kinds)])
    events = [callback.idempotency_key for callback in callbacks]
    assert len(events) > 150
    assert len(events) == len(set(events))


def test_endpoints_that_lose_zeros_acknowledge_the_callbacks_of_other_rules(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("skypay_payout.testing._payouts.randbelow", lambda _: 0)
    numbers = [json.loads(probe.text)["controlNumber"] for probe in Bodies(PLAIN).probes()]
    assert {len(number) for number in numbers} == {13, 14, 15}
    assert [number for number in numbers if number[5] == "0"] == []


# What cannot be tried


def test_where_nobody_is_there_is_nothing_to_check() -> None:
    with served(Endpoint()) as server:
        pass
    with pytest.raises(ConnectionError, match="cannot connect"):
        next(check_endpoint(server.url, PLAIN))


def test_an_endpoint_that_goes_away_ends_the_check_with_the_callback_that_ended_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_run, "_RESTART", 0.0)
    with served(Endpoint()) as server:
        results = check_endpoint(server.url, PLAIN, only=["sample", "status", "json-*"])
        first = next(results)
    *left, last = list(results)
    assert first.outcome is Outcome.PASSED
    assert [(result.id, result.outcome) for result in left] == [("status", Outcome.INCONCLUSIVE)]
    assert (last.id, last.outcome) == ("alive", Outcome.FAILED)
    assert re.fullmatch(r"cannot connect to 127.0.0.1:\d+: .+, since sample, the sample", last.message)


def test_an_endpoint_that_is_started_again_is_checked_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_run, "sleep", lambda _: None)
    real, calls = _delivery.Client.deliver, count()

    def deliver(self: _delivery.Client, requests: list[Request], **how: bool) -> list[Response]:
        return [Unreachable("gone")] * len(requests) if next(calls) == 2 else real(self, requests, **how)

    monkeypatch.setattr(_delivery.Client, "deliver", deliver)
    assert checked(Endpoint(), "status")["status"].outcome is Outcome.PASSED


def test_where_nothing_is_acknowledged_one_diagnosis_ends_the_check() -> None:
    endpoint = variant(authenticated=lambda self, fields: False)
    with served(endpoint) as server:
        (result,) = check_endpoint(server.url, PLAIN, only=["sample", "secret-wrong", "response-time"])
        assert len(server.requests) < 20
    assert (result.id, result.outcome) == ("any-acknowledged", Outcome.FAILED)
    assert re.search(
        "nothing was acknowledged: expected status 200, got 403. Check the path of the URL; that the "
        "endpoint knows the account 'AppName@skypay' and the same secret; and that it uses no key",
        result.message,
    )


def test_an_older_secret_or_key_that_works_is_told() -> None:
    result = checked(variant(secrets=(OLDER_SECRET,)), "status")["any-acknowledged"]
    assert result.message.endswith("Secret 1 of 2 is acknowledged: the newest is missing")
    with served(type("Old", (Encrypted,), {"keys": Encrypted.keys[:1]})()) as server:
        (result,) = check_endpoint(server.url, ENCRYPTED, only="status")
    assert result.message.endswith("Key 1 of 2 is acknowledged: the newest is missing")


def test_the_hint_tells_how_the_key_is_derived() -> None:
    with served(Endpoint()) as server:
        results = {one.id: one for one in check_endpoint(server.url, ENCRYPTED, only="empty-body")}
    assert "16 bytes of SHA-1 of SHA-1 of its UTF-8 bytes" in results["any-acknowledged"].message
    assert ENCRYPTION_KEY not in results["any-acknowledged"].message


@pytest.mark.parametrize("status", [400, 403])
def test_the_hint_names_the_host_header_where_every_response_is_400(status: int) -> None:
    endpoint = variant(authenticated=lambda self, fields: False, reject=lambda self, code: Answer(status))
    message = checked(endpoint, "sample", "any-acknowledged")["any-acknowledged"].message
    assert ("add the host of the URL to ALLOWED_HOSTS" in message) is (status == 400)


def test_a_chunked_request_that_is_read_as_empty_is_explained() -> None:
    def counting(request: Received) -> Answer | None:
        return Endpoint()(request) if request.headers["Content-Length"] else Answer(400)

    result = checked(counting, "chunked")["chunked"]
    assert result.outcome is Outcome.FAILED
    assert "no Content-Length" in result.rule.why
    assert "use the view of skypay_payout.contrib.django" in result.rule.why


LIMITED = "got status 429, a rate limit, which says nothing about the callback: try a pause in between"


@pytest.mark.parametrize("rule", ["secret-wrong", "sample"])
def test_a_rate_limit_is_neither_a_rejection_nor_a_loss(rule: str) -> None:
    calls = count()

    def limited(request: Received) -> Answer | None:
        return Endpoint()(request) if next(calls) == 0 else Answer(429)

    result = checked(limited, rule)[rule]
    assert (result.outcome, result.message) == (Outcome.INCONCLUSIVE, LIMITED)


def test_a_rate_limit_from_the_start_is_inconclusive() -> None:
    result = checked(lambda _: Answer(429), "status")["any-acknowledged"]
    assert result.outcome is Outcome.INCONCLUSIVE


def test_retry_after_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = list[float]()
    monkeypatch.setattr(_run, "sleep", waits.append)
    calls = count()

    def limited(request: Received) -> Answer | None:
        return Answer(429, headers=(("Retry-After", "7"),)) if next(calls) % 4 == 1 else Endpoint()(request)

    assert checked(limited, "status")["status"].outcome is Outcome.PASSED
    assert waits.count(7) > 1


@pytest.mark.parametrize("seconds", ["7", "0"])
def test_retry_after_is_followed_within_limits(seconds: str, monkeypatch: pytest.MonkeyPatch) -> None:
    waits = list[float]()
    monkeypatch.setattr(_run, "sleep", waits.append)
    calls = count()

    def limited(request: Received) -> Answer | None:
        first = next(calls) == 0
        return Endpoint()(request) if first else Answer(429, headers=(("Retry-After", seconds),))

    assert checked(limited, "status")["status"].outcome is Outcome.INCONCLUSIVE
    assert sum(waits) < _run.PATIENCE


def test_a_pause_comes_before_each_delivery(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses = list[float]()
    monkeypatch.setattr(_run, "sleep", pauses.append)
    endpoint = Endpoint()
    with served(endpoint) as server:
        list(check_endpoint(server.url, PLAIN, only=["status", "deal-time-documented"], pause=1.5))
        assert pauses == [1.5] * len(server.requests)


class Counting(Endpoint):
    """Counts the callbacks that it works on at the same time."""

    most_at_once = 0

    def __init__(self) -> None:
        super().__init__()
        self.lock, self.working = Lock(), 0

    def store(self, fields: Fields) -> None:
        with self.lock:
            self.working += 1
            self.most_at_once = max(self.most_at_once, self.working)
        sleep(0.02)
        with self.lock:
            self.working -= 1


def test_callbacks_whose_order_does_not_matter_go_out_together() -> None:
    endpoint = Counting()
    checked(endpoint, "deal-time-documented")
    assert 1 < endpoint.most_at_once <= TOGETHER


def test_with_a_pause_one_callback_goes_out_after_the_other() -> None:
    endpoint = Counting()
    checked(endpoint, "deal-time-documented", pause=0.001)
    assert endpoint.most_at_once == 1


def test_callbacks_whose_order_matters_go_out_one_after_the_other() -> None:
    endpoint = Counting()
    checked(endpoint, "overtaken", "good-after-rejection")
    assert endpoint.most_at_once == 1


def test_an_endpoint_that_is_slow_with_several_gets_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_run, "_QUICK", 0.0)
    endpoint = Counting()
    with served(endpoint) as server:
        results = check_endpoint(server.url, PLAIN, only=["deal-time-documented", "deal-time-iso"])
        next(results)
        assert endpoint.most_at_once > 1  # it was tried once
        endpoint.most_at_once = 0
        next(results)
    assert endpoint.most_at_once == 1


def test_what_fails_with_several_at_once_fails_only_the_rules_about_that() -> None:
    class OneAtATime(Counting):
        def store(self, fields: Fields) -> None:
            super().store(fields)
            if self.most_at_once > 1:
                self.most_at_once = 0
                raise Rejected(503)

    results = checked(OneAtATime(), "deal-time-documented", "text-quotes", "secret-near", "together")
    assert failed(results) == {"together"}


def test_chunked_requests_are_skipped_where_http_1_0_is_spoken() -> None:
    def old(request: Received) -> Answer | None:
        answer = Endpoint()(request)
        return answer and Answer(answer.status, answer.body, version="HTTP/1.0")

    result = checked(old, "chunked")["chunked"]
    assert (result.outcome, result.message) == (
        Outcome.SKIPPED,
        "the server speaks HTTP/1.0, which has no chunked requests",
    )


def test_where_nothing_is_rotated_the_cases_of_a_rotation_are_skipped() -> None:
    parser = CallbackParser(Credentials(USER_NAME, AUTHENTICATION), cipher=BodyCipher(ENCRYPTION_KEY))
    with served(Encrypted()) as server:
        results = list(check_endpoint(server.url, parser, only=["older-*", "together-keys"]))
    assert {result.id: result.message for result in results} == {
        "older-secret": "it needs a second secret",
        "older-key": "it needs a second key",
        "older-key-padding": "it needs a second key",
        "together-keys": "it needs a second key",
    }


# Slow endpoints


def test_a_late_response_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "SECONDS", 0.2)

    def store(self: Endpoint, fields: Fields) -> None:
        if fields["payType"] == "3":
            sleep(0.3)

    results = checked(variant(store=store), "status", "in-time")
    assert results["status"].outcome is Outcome.PASSED
    late = results["in-time"]
    assert late.outcome is Outcome.FAILED
    expected = r"status, CANCEL: expected each response within 0 s, the slowest took 0\.\d s"
    assert re.fullmatch(expected, late.message)


def test_an_endpoint_that_always_hangs_ends_the_check_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_delivery, "DEADLINE", 0.2)
    monkeypatch.setattr(_run, "SECONDS", 0.1)
    monkeypatch.setattr(_run, "PATIENCE", 1.0)
    ended = Event()

    def hanging(request: Received) -> Answer | None:
        ended.wait(60)
        return None

    with served(hanging) as server:
        results = list(check_endpoint(server.url, PLAIN))
        assert len(server.requests) < 20
        ended.set()
    (result,) = results
    assert result.outcome is Outcome.FAILED
    assert "nothing was acknowledged: no response within 0 s" in result.message


def test_an_endpoint_that_hangs_later_leaves_the_other_rules_untried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_delivery, "DEADLINE", 0.2)
    monkeypatch.setattr(_run, "SECONDS", 0.1)
    monkeypatch.setattr(clock, "SECONDS", 0.1)
    monkeypatch.setattr(_run, "PATIENCE", 1.0)
    ended, calls = Event(), count()

    def hanging(request: Received) -> Answer | None:
        return Endpoint()(request) if next(calls) == 0 else Answer(400 + ended.wait(60))

    with served(hanging) as server:
        results = list(check_endpoint(server.url, PLAIN))
        assert len(server.requests) < 40
        ended.set()
    untried = {one.id: one.outcome for one in results if one.message.startswith("not completed")}
    assert len(untried) > 50
    assert {*untried.values()} == {Outcome.INCONCLUSIVE}
    assert untried.keys() >= {"secret-wrong", "together", "response-time"}
    assert next(one for one in results if one.id == "in-time").outcome is Outcome.FAILED


def test_a_case_that_is_not_tried_to_its_end_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_run, "SECONDS", 0.05)
    monkeypatch.setattr(_run, "PATIENCE", 0.3)
    endpoint = variant(store=lambda self, fields: sleep(0.1))
    result = checked(endpoint, "pay-type-number")["pay-type-number"]
    assert result.outcome is Outcome.INCONCLUSIVE
    assert result.message.startswith("not completed")


def test_a_case_that_failed_stays_failed_if_it_is_not_tried_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_run, "SECONDS", 0.05)
    monkeypatch.setattr(_run, "PATIENCE", 0.3)
    calls = count()

    def hanging(self: Endpoint, fields: Fields, key: object) -> Answer | None:
        if next(calls) == 0:
            return Endpoint.acknowledge(self, fields, None)
        sleep(0.1)
        return None

    result = checked(variant(acknowledge=hanging), "pay-type-number")["pay-type-number"]
    assert result.outcome is Outcome.FAILED
    assert "payType 1, UPLOAD: the connection was closed" in result.message


def test_the_limits_keep_a_check_within_two_minutes() -> None:
    bodies = Bodies(PLAIN)
    over_one = [len(list(case.made(bodies))) for case in RULES if case.how == "over one connection"]
    assert _run.PATIENCE + max(over_one) * _delivery.DEADLINE <= 120
    assert _run.SECONDS < _delivery.DEADLINE


def test_a_secret_that_looks_wrong_is_not_taken_for_a_wrong_one() -> None:
    parser = CallbackParser(Credentials("Other@skypay", WRONG_AUTHENTICATION))
    endpoint = variant(user_name="Other@skypay", secrets=(WRONG_AUTHENTICATION,))
    with served(endpoint) as server:
        results = list(check_endpoint(server.url, parser, only=["secret-wrong", "account-wrong"]))
    assert [result.outcome for result in results] == [Outcome.PASSED] * 2


# The clock


@pytest.mark.parametrize(
    ("now", "unseen"),
    [
        ("2026-11-23 00:59:00", ""),
        ("2026-11-23 01:00:00", "a 12-hour clock, which shows from 13:00 to 00:59"),
        ("2026-11-23 12:59:00", "a 12-hour clock, which shows from 13:00 to 00:59"),
        ("2026-11-23 13:00:00", ""),
        ("2026-11-23 13:09:00", ""),
        ("2026-11-23 13:10:00", "the month in place of the minutes"),
        ("2026-11-23 13:12:59", "the month in place of the minutes"),
        (
            "2026-01-23 09:01:00",
            "a 12-hour clock, which shows from 13:00 to 00:59 or the month in place of the",
        ),
    ],
)
def test_what_a_run_cannot_see_is_said(now: str, unseen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> Clock:  # noqa: ARG003
            return cls.fromisoformat(now)

    monkeypatch.setattr(clock, "datetime", Clock)
    result = checked(Endpoint(), "response-time")["response-time"]
    assert result.outcome is Outcome.PASSED
    if unseen:
        assert f"{now[11:16]} in UTC+8, a run cannot detect {unseen}" in result.message
    else:
        assert result.message == ""
