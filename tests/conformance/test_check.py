"""What the check itself promises: its results, its limits, and what it looks at besides single responses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from itertools import count
from threading import Event, Lock
from time import sleep
from typing import Any

import pytest

from skypay_payout import CallbackParser, ControlNumber, Credentials, PayoutCallback, conformance
from skypay_payout._results import Accepted
from skypay_payout._times import SKYPAY_ZONE
from skypay_payout.conformance import Outcome, Result, _delivery, check_endpoint
from skypay_payout.conformance._bodies import TOGETHER, Bodies, Case, Skip
from skypay_payout.conformance._cases import CASES, RULES
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import AUTHENTICATION, ENCRYPTION_KEY, USER_NAME, WRONG_AUTHENTICATION
from tests.conformance.served import (
    OLDER_KEY,
    OLDER_SECRET,
    Answer,
    Encrypted,
    Endpoint,
    Fields,
    Received,
    Rejected,
    served,
)

ACCOUNT = Credentials(USER_NAME, (OLDER_SECRET, AUTHENTICATION))
PLAIN = CallbackParser(ACCOUNT)
ENCRYPTED = CallbackParser(ACCOUNT, cipher=BodyCipher((OLDER_KEY, ENCRYPTION_KEY)))


def variant(**steps: Any) -> Endpoint:
    made: Endpoint = type("Variant", (Endpoint,), steps)()
    return made


def checked(endpoint: Callable[[Received], Answer | None], *only: str, **options: Any) -> dict[str, Result]:
    with served(endpoint) as server:
        return {result.id: result for result in check_endpoint(server.url, PLAIN, only=only, **options)}


# Results


def test_every_rule_has_a_result_in_the_order_of_the_list_and_a_right_endpoint_passes() -> None:
    with served(Encrypted()) as server:
        results = list(check_endpoint(server.url, ENCRYPTED))
    assert [result.id for result in results] == [rule.id for rule in RULES]
    for rule, result in zip(RULES, results, strict=True):
        assert (result.rule, result.point, result.why) == (rule.rule, rule.point, rule.why)
    others = {result.id: result.outcome for result in results if result.outcome is not Outcome.PASSED}
    assert others == dict.fromkeys(
        ("stored-once", "stored-intact", "stored-time", "stored-rejected"), Outcome.SKIPPED
    )


def test_ids_are_unique_and_fit_a_command_line() -> None:
    ids = [rule.id for rule in RULES]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", name) for name in ids)


def test_every_rule_names_the_specification_and_why_it_matters() -> None:
    for rule in RULES:
        assert re.search("point|section 3.2|encrypted|expire|exchange|callback", rule.point)
        assert rule.why.endswith(".")
        assert rule.rule[0] != " "


def test_a_failure_names_the_delivery_and_what_came() -> None:
    endpoint = variant(store=lambda self, fields: 1 / (fields["payType"] != "3"))
    result = checked(endpoint, "status-cancel", "after-cancel")["after-cancel"]
    assert result.message.startswith(
        "CANCEL as the first callback: expected status 200, got 500; CANCEL after"
    )
    assert result.outcome is Outcome.FAILED


def test_more_problems_than_three_are_counted() -> None:
    endpoint = variant(right_secret=lambda self, secret: True)
    message = checked(endpoint, "secret-near")["secret-near"].message
    assert message.count("it was acknowledged") == 3
    assert re.search(r"; and \d+ more$", message)


def test_bad_json_is_told_with_its_position() -> None:
    endpoint = variant(written=lambda self, fields: b'{"responseCode": "1000",\n "responseTime" 1}')
    message = checked(endpoint, "sample")["sample"].message
    assert message.startswith('expected one JSON object, got \'{"responseCode"')
    assert message.endswith("not JSON at line 2, column 17: Expecting ':' delimiter")


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
        return (
            f"{datetime.fromtimestamp(datetime.now().timestamp() + told, SKYPAY_ZONE):%Y-%m-%d %H:%M:%S.%f}"[
                :-2
            ]
        )

    message = checked(variant(response_time=response_time), "sample")["sample"].message
    assert re.search(f"responseTime: expected the present in UTC\\+8, .+{problem}$", message)


def test_a_response_that_holds_a_short_secret_is_not_shown_either() -> None:
    parser = CallbackParser(Credentials(USER_NAME, "abc"))
    endpoint = variant(secrets=("abc",), written=lambda self, fields: b"xabcx")
    with served(endpoint) as server:
        (result, *_) = check_endpoint(server.url, parser, only=["sample"])
    assert result.outcome is Outcome.FAILED
    assert "abc" not in result.message


# What is selected


def test_only_what_is_selected_is_tried() -> None:
    assert list(checked(Endpoint(), "status-upload", "status-p*")) == ["status-upload", "status-payout"]


def test_what_no_case_is_called_is_an_error() -> None:
    with pytest.raises(ValueError, match="expected the name of a case, got 'status-x'"):
        next(check_endpoint("http://127.0.0.1:1/", PLAIN, only=["status-x"]))


def test_the_payout_that_is_asked_for_is_that_of_every_callback() -> None:
    number = ControlNumber("SKY99000000001")
    results = checked(Endpoint(), "status-*", "control-number-*", "older-*", control_number=number)
    assert {result.id for result in results.values() if result.outcome is Outcome.FAILED} == set()
    assert results["control-number-lengths"].message == "--control-number names one payout"
    callbacks = accepted(Bodies(PLAIN, number), CASES)
    assert len(callbacks) > 200
    assert {callback.control_number for callback in callbacks} == {number}


def accepted(bodies: Bodies, cases: Iterable[Case]) -> list[PayoutCallback]:
    """The callbacks that the parser accepts of what the cases deliver."""
    callbacks = list[PayoutCallback]()
    for case in cases:
        with suppress(Skip):
            for delivery in case.deliveries(bodies):
                result = PLAIN.receive(delivery.request.body)
                if isinstance(result, Accepted):
                    callbacks.append(result.callback)
    return callbacks


def test_every_callback_is_an_event_of_its_own_unless_it_is_redelivered() -> None:
    kinds = ("status-", "after-", "text-", "json-", "unknown-", "deal-time-iso")
    callbacks = accepted(Bodies(PLAIN, None), [case for case in CASES if case.id.startswith(kinds)])
    events = [callback.idempotency_key for callback in callbacks]
    assert len(events) > 150
    assert len(events) == len(set(events))


# What cannot be tried


def test_where_nobody_is_there_is_nothing_to_check() -> None:
    with served(Endpoint()) as server:
        pass
    with pytest.raises(ConnectionError, match="cannot connect"):
        next(check_endpoint(server.url, PLAIN))


def test_an_endpoint_that_goes_away_fails_what_is_left() -> None:
    with served(Endpoint()) as server:
        results = check_endpoint(server.url, PLAIN, only=["sample", "status-*"])
        first = next(results)
    left = list(results)
    assert first.outcome is Outcome.PASSED
    assert len(left) == 6
    assert all(result.message.startswith("cannot connect") for result in left)


def test_where_nothing_is_acknowledged_one_hint_says_so_and_rejections_are_inconclusive() -> None:
    endpoint = variant(authenticated=lambda self, fields: False)
    results = checked(endpoint, "sample", "secret-wrong", "not-json", "response-time", "any-acknowledged")
    assert results["sample"].outcome is Outcome.FAILED
    assert results["response-time"].outcome is Outcome.SKIPPED
    assert results["secret-wrong"].outcome is Outcome.INCONCLUSIVE
    assert results["not-json"].message == "nothing was acknowledged, so a rejection proves nothing"
    hint = results["any-acknowledged"]
    assert hint.outcome is Outcome.FAILED
    assert re.search(
        "Check the path of the URL; that the endpoint knows the account 'AppName@skypay' and the same "
        "secret; and that it uses no key",
        hint.message,
    )


def test_the_hint_tells_how_the_key_is_derived() -> None:
    with served(Endpoint()) as server:
        results = {result.id: result for result in check_endpoint(server.url, ENCRYPTED, only=["empty-body"])}
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
    assert "no Content-Length" in result.why
    assert "wsgi.py of the Django recipe" in result.why


def test_a_rejection_is_conclusive_where_only_rejections_are_tried() -> None:
    assert checked(Endpoint(), "secret-*")["secret-wrong"].outcome is Outcome.PASSED


def test_a_rate_limit_is_no_rejection() -> None:
    endpoint = variant(reject=lambda self, status: Answer(429))
    result = checked(endpoint, "secret-wrong")["secret-wrong"]
    assert result.outcome is Outcome.INCONCLUSIVE
    assert result.message == (
        "got status 429, which is a rate limit and not a rejection: try a pause between deliveries"
    )


def test_a_rate_limit_is_no_acknowledgement() -> None:
    calls = count()

    def limited(request: Received) -> Answer | None:
        return Endpoint()(request) if next(calls) == 0 else Answer(429)

    result = checked(limited, "sample")["sample"]
    assert result.outcome is Outcome.FAILED
    assert result.message == "expected status 200, got 429 (a rate limit: try --pause)"


def test_a_pause_comes_before_each_delivery(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses = list[float]()
    monkeypatch.setattr(conformance, "sleep", pauses.append)
    endpoint = Endpoint()
    with served(endpoint) as server:
        list(check_endpoint(server.url, PLAIN, only=["status-*", "deal-time-documented"], pause=1.5))
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
    checked(endpoint, "after-upload", "overtaken", "good-after-rejection")
    assert endpoint.most_at_once == 1


def test_an_endpoint_that_is_slow_with_several_gets_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conformance, "_QUICK", 0.0)
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
    failed = {name for name, result in results.items() if result.outcome is not Outcome.PASSED}
    assert failed == {"together"}


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
        "older-secret": "only one secret is configured",
        "older-key": "only one key is configured",
        "older-key-padding": "only one key is configured",
        "together-keys": "only one key is configured",
    }


# Slow endpoints


def test_a_late_response_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conformance, "SECONDS", 0.2)

    def store(self: Endpoint, fields: Fields) -> None:
        if fields["payType"] == "3":
            sleep(0.3)

    results = checked(variant(store=store), "status-cancel", "in-time")
    assert results["status-cancel"].outcome is Outcome.PASSED
    late = results["in-time"]
    assert late.outcome is Outcome.FAILED
    assert re.fullmatch(r"the slowest took \d\.\d s, where CANCEL is acknowledged", late.message)
    assert late.seconds == results["status-cancel"].seconds


def test_an_endpoint_that_always_hangs_ends_the_check_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_delivery, "DEADLINE", 0.2)
    monkeypatch.setattr(conformance, "SECONDS", 0.1)
    monkeypatch.setattr(conformance, "PATIENCE", 1.0)
    ended = Event()

    def hanging(request: Received) -> Answer | None:
        ended.wait(60)
        return None

    with served(hanging) as server:
        results = list(check_endpoint(server.url, PLAIN))
        assert len(server.requests) < 20
        ended.set()
    tried = [result for result in results if "no response within" in result.message]
    assert 0 < len(tried) < 10
    assert {result.outcome for result in tried} == {Outcome.FAILED}
    untried = [result for result in results if result.message.startswith("not completed")]
    assert len(untried) > 50
    assert {result.outcome for result in untried} == {Outcome.INCONCLUSIVE}
    late = next(result for result in results if result.id == "in-time")
    assert late.outcome is Outcome.FAILED
    assert {result.id for result in untried} >= {"secret-wrong", "together", "response-time"}


def test_a_case_that_is_not_tried_to_its_end_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conformance, "SECONDS", 0.05)
    monkeypatch.setattr(conformance, "PATIENCE", 0.3)
    endpoint = variant(store=lambda self, fields: sleep(0.1))
    result = checked(endpoint, "pay-type-number")["pay-type-number"]
    assert result.outcome is Outcome.INCONCLUSIVE
    assert result.message.startswith("not completed")


def test_a_case_that_failed_stays_failed_if_it_is_not_tried_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(conformance, "SECONDS", 0.05)
    monkeypatch.setattr(conformance, "PATIENCE", 0.3)
    endpoint = variant(acknowledge=lambda self, fields, key: sleep(0.1))
    result = checked(endpoint, "pay-type-number")["pay-type-number"]
    assert result.outcome is Outcome.FAILED
    assert "payType 1: the connection was closed" in result.message


def test_the_limits_keep_a_check_within_two_minutes() -> None:
    bodies = Bodies(PLAIN, None)
    over_one = [len(list(case.deliveries(bodies))) for case in CASES if case.how == "over one connection"]
    assert conformance.PATIENCE + max(over_one) * _delivery.DEADLINE <= 120
    assert conformance.SECONDS < _delivery.DEADLINE


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

    monkeypatch.setattr(conformance, "datetime", Clock)
    result = checked(Endpoint(), "response-time")["response-time"]
    assert result.outcome is Outcome.PASSED
    if unseen:
        assert f"{now[11:16]} in UTC+8, a run cannot detect {unseen}" in result.message
    else:
        assert result.message == ""


# What is stored


def stored(endpoint: Endpoint, change: Callable[[list[dict[str, object]]], object]) -> dict[str, Result]:
    """The results of a store that holds what was acknowledged, changed in some way."""

    def records() -> Iterable[Mapping[str, object]]:
        found = dict[str, PayoutCallback]()
        for fields in endpoint.stored.values():
            result = PLAIN.receive(json.dumps(fields).encode())
            if isinstance(result, Accepted):
                found.setdefault(result.callback.idempotency_key, result.callback)
        events = [callback.to_dict() for callback in found.values()]
        change(events)
        return events

    results = checked(
        endpoint,
        "status-*",
        "text-chinese",
        "secret-wrong",
        "not-json",
        "invalid-action",
        "redelivered-*",
        "stored-*",
        stored=records,
    )
    return {name: result for name, result in results.items() if name.startswith("stored")}


def outcomes(results: Mapping[str, Result]) -> dict[str, str]:
    return {name.partition("-")[2]: str(result.outcome) for name, result in results.items()}


PASSED = dict.fromkeys(("once", "intact", "time", "rejected"), "passed")


def test_a_store_that_holds_each_event_once_passes() -> None:
    assert outcomes(stored(Endpoint(), lambda events: None)) == PASSED


def test_an_event_that_is_lost_is_told() -> None:
    results = stored(Endpoint(), lambda events: events.pop())
    assert outcomes(results) == PASSED | {"once": "failed"}
    assert re.fullmatch(r"SK991\d+/.+ is not stored", results["stored-once"].message)


def test_an_event_that_is_stored_twice_is_told() -> None:
    results = stored(Endpoint(), lambda events: events.append(events[0]))
    assert outcomes(results) == PASSED | {"once": "failed"}
    assert results["stored-once"].message.endswith("is stored 2 times")


def test_a_store_may_keep_a_redelivery_that_differs_or_not() -> None:
    endpoint = Endpoint()
    changed = {"redelivered-changed", "stored-once", "stored-intact"}

    def records() -> Iterable[Mapping[str, object]]:
        events = [PLAIN.parse(json.dumps(fields)).to_dict() for fields in endpoint.stored.values()]
        unique = {json.dumps(event, sort_keys=True): event for event in events}
        return list(unique.values())

    results = checked(endpoint, *changed, stored=records)
    assert {result.outcome for result in results.values()} == {Outcome.PASSED}


def test_chinese_that_is_damaged_is_told() -> None:
    def damage(events: list[dict[str, object]]) -> None:
        for event in events:
            if "failDescription" in event:
                event["failDescription"] = "????"

    results = stored(Endpoint(), damage)
    assert outcomes(results) == PASSED | {"intact": "failed"}
    assert "expected failDescription '余额不足', got '????'" in results["stored-intact"].message


def test_a_time_that_is_stored_as_utc_is_told() -> None:
    def shift(events: list[dict[str, object]]) -> None:
        for event in events:
            event["dealTime"] = str(event["dealTime"]).replace("+08:00", "+00:00")

    results = stored(Endpoint(), shift)
    assert outcomes(results) == PASSED | {"time": "failed"}
    assert "is stored +8 h off" in results["stored-time"].message


def test_a_rejected_callback_that_is_stored_is_told() -> None:
    class Eager(Endpoint):
        """Stores first."""

        def authenticated(self, fields: Fields) -> bool:
            right = fields | {"userName": USER_NAME, "authentication": AUTHENTICATION}
            self.stored[json.dumps(fields)] = right
            return super().authenticated(fields)

    results = stored(Eager(), lambda events: None)
    assert outcomes(results) == PASSED | {"rejected": "failed"}
    assert "was rejected, but is stored" in results["stored-rejected"].message


def test_events_of_other_runs_do_not_matter() -> None:
    other = PLAIN.parse(json.dumps(dict(PLAIN_PAYLOAD)))
    assert outcomes(stored(Endpoint(), lambda events: events.append(other.to_dict()))) == PASSED


PLAIN_PAYLOAD = {
    "userName": USER_NAME,
    "action": "payoutQueuePayout",
    "authentication": AUTHENTICATION,
    "controlNumber": "SK99000000000",
    "payType": 1,
    "dealTime": "2020-01-01 00:00:00",
}


def test_what_is_not_in_the_form_of_to_dict_is_told() -> None:
    results = stored(Endpoint(), lambda events: events.insert(0, {"payType": "paid"}))
    assert outcomes(results) == dict.fromkeys(PASSED, "failed")
    assert results["stored-once"].message.startswith("stored event 1 is not in the form of to_dict(): ")


def test_where_nothing_was_acknowledged_nothing_can_be_stored() -> None:
    results = checked(variant(right_secret=lambda self, secret: False), "sample", "stored-*", stored=list)
    assert {results[name].message for name in results if name.startswith("stored")} == {
        "nothing was acknowledged"
    }
