"""What the check looks for in a store, a quarantine and the derived statuses, once a run is over."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from unicodedata import normalize

import pytest

from skypay_payout import ControlNumber, PayoutHistory, conformance
from skypay_payout._results import Accepted, Quarantined
from skypay_payout.conformance import Consequence, Outcome, Result, _ledger, check_endpoint
from skypay_payout.conformance._rule import selected
from skypay_payout.conformance.rules import stored as rules
from skypay_payout.testing import AUTHENTICATION, USER_NAME, body
from tests.conformance.served import PLAIN, Endpoint, direct

SOME = (
    *("status", "text-chinese", "secret-wrong", "not-json", "redelivered*", "different-content"),
    *("deal-time-iso", "invalid-deal-time", "invalid-pay-type", "invalid-control-number"),
)
Record = dict[str, Any]
Change = Callable[[list[Record]], object]


def events(endpoint: Endpoint) -> list[Record]:
    """The stored events as the library reads them."""
    results = map(PLAIN.receive, map(json.dumps, endpoint.stored.values()))
    found = {one.callback.digest: one.callback for one in results if isinstance(one, Accepted)}
    return [callback.to_dict() for callback in found.values()]


def quarantine(endpoint: Endpoint) -> list[Record]:
    results = map(PLAIN.receive, map(json.dumps, endpoint.stored.values()))
    return [{"payload": dict(one.error.payload)} for one in results if isinstance(one, Quarantined)]


def statuses(endpoint: Endpoint) -> list[Record]:
    payouts = defaultdict[str, list[Any]](list)
    for fields in endpoint.stored.values():
        result = PLAIN.receive(json.dumps(fields))
        if isinstance(result, Accepted):
            payouts[result.callback.control_number].append(result.callback)
    return [
        {"controlNumber": number, "status": PayoutHistory(callbacks).status}
        for number, callbacks in payouts.items()
    ]


def checked(
    change: Change = lambda records: None,
    *only: str,
    option: str = "stored",
    made: Callable[[Endpoint], list[Record]] = events,
    **options: Any,
) -> dict[str, Result]:
    """The results of the rules about the store, by name, unless they passed or were skipped."""
    endpoint = Endpoint()
    sources: dict[str, Any] = {option: lambda: records()}

    def records() -> Iterable[Mapping[str, object]]:
        found = made(endpoint)
        change(found)
        return found

    with direct(endpoint) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(conformance, "RULES", selected((*(only or SOME), *STORED)))  # all would take long
        results = list(check_endpoint(server.url, PLAIN, only=STORED, **sources, **options))
        assert {result.id for result in results} <= set(STORED)
        return {
            result.id: result for result in results if result.outcome not in (Outcome.PASSED, Outcome.SKIPPED)
        }


STORED = (
    *("stored-form", "stored-once", "stored-intact", "stored-time", "stored-rejected", "stored-invalid"),
    *("stored-first", "stored-different", "quarantined", "quarantined-valid", "derived-status"),
)


def only(
    results: dict[str, Result], name: str, consequence: Consequence, outcome: Outcome = Outcome.FAILED
) -> str:
    """The message of the only rule that did not pass."""
    (result,) = results.values()
    assert (result.id, result.outcome, result.consequence) == (name, outcome, consequence)
    return result.message


def test_a_store_that_holds_each_event_once_passes() -> None:
    assert checked() == {}


def test_an_event_that_is_lost_is_told_with_the_rule_that_sent_it() -> None:
    message = only(checked(lambda records: records.pop(0)), "stored-once", Consequence.LOST)
    assert re.fullmatch(r"any-acknowledged, UPLOAD: SK991\d+/.+ was acknowledged, but is not stored", message)


def test_an_event_that_is_stored_twice_is_told() -> None:
    results = checked(lambda records: records.append(records[0]))
    message = only(results, "stored-once", Consequence.STORED_WRONG)
    assert message.endswith("is stored 2 times, in equal lines")


def test_the_forms_in_which_an_event_is_stored_several_times_are_told() -> None:
    def add(records: list[Record]) -> None:
        records.append({**records[0], "failDescription": None, "payType": str(records[0]["payType"])})

    message = only(checked(add), "stored-once", Consequence.STORED_WRONG)
    assert message.endswith('is stored 2 times, with failDescription null, payType "1", payType 1')


def test_a_key_of_duplicates_without_the_time_is_named() -> None:
    def forget(records: list[Record]) -> None:
        records[:] = {(one["controlNumber"], one["payType"]): one for one in reversed(records)}.values()

    result = checked(forget, "after", "amended-twice")["stored-once"]
    message = (
        "is not stored: the endpoint seems to take callbacks with equal controlNumber and payType for one"
    )
    assert len(result.problems) > 1
    assert all(message in problem.message for problem in result.problems)


def test_a_store_may_keep_one_or_all_forms_of_a_redelivery() -> None:
    def keep_one(records: list[Record]) -> None:
        seen = {(one["controlNumber"], one["payType"], one["dealTime"]): one for one in records}
        records[:] = seen.values()

    assert checked(lambda _: None, "redelivered-changed") == {}
    assert checked(keep_one, "redelivered-changed") == {}


def test_a_second_content_that_is_dropped_is_told() -> None:
    def drop(records: list[Record]) -> None:
        records[:] = [one for one in records if "another text" not in one.values()]

    message = only(checked(drop), "stored-different", Consequence.STORED_WRONG)
    assert "arrived with two contents, but one is stored" in message


def test_a_second_content_is_missed_even_if_only_an_unknown_field_differs() -> None:
    def drop(records: list[Record]) -> None:
        records[:] = [one for one in records if one.get("an unknown field") != "another text"]

    message = only(checked(drop), "stored-different", Consequence.STORED_WRONG)
    assert message.startswith("different-content, PAYOUT with one text in an unknown field: ")


def test_an_underscore_in_a_prefix_is_not_stored() -> None:
    def made(endpoint: Endpoint) -> list[Record]:
        numbers = [one for one in endpoint.stored.values() if "SK_" in str(one.get("controlNumber"))]
        return numbers + events(endpoint)

    message = only(checked(made=made), "stored-invalid", Consequence.MISTAKEN)
    assert re.search(
        r"controlNumber with an underscore in its prefix: .+ stored as the event of 'SK_", message
    )


def test_chinese_that_is_damaged_is_told() -> None:
    def damage(records: list[Record]) -> None:
        for record in records:
            record["failDescription"] = "????" if record.get("failDescription") else None

    message = only(checked(damage, "text-chinese"), "stored-intact", Consequence.STORED_WRONG)
    assert re.search('\'failDescription\': expected ".+", got "[?]{4}"', message)


def test_an_unknown_field_that_is_dropped_is_told_even_if_it_is_null() -> None:
    def drop(records: list[Record]) -> None:
        for record in records:
            for name in [name for name, value in record.items() if value is None]:
                del record[name]

    message = only(checked(drop, "unknown-fields"), "stored-intact", Consequence.STORED_WRONG)
    assert "'amount': expected null, got none" in message


def test_a_lone_surrogate_in_an_unknown_field_may_be_replaced() -> None:
    def replace(records: list[Record]) -> None:
        text = json.dumps(records, ensure_ascii=False)
        records[:] = json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))

    assert checked(replace, "unknown-names", "text-lone-surrogate") == {}


def test_a_field_that_every_event_has_in_common_may_be_left_out() -> None:
    def leave_out(records: list[Record]) -> None:
        for record in records:
            del record["userName"], record["action"]

    assert checked(leave_out) == {}


@pytest.mark.parametrize(
    ("stored", "off"),
    [("2018-08-07T11:58:33+00:00", r"\+8 h"), ("2018-08-07T11:59:33+08:00", r"\+60.000000 s")],
)
def test_a_time_that_is_stored_otherwise_is_told_with_how_far_it_is_off(stored: str, off: str) -> None:
    def shift(records: list[Record]) -> None:
        for record in records:
            if record["dealTime"].startswith("2018-08-07T11:58:33"):
                record["dealTime"] = stored

    message = only(checked(shift, "sample"), "stored-time", Consequence.STORED_WRONG)
    assert re.search(f"^sample, the sample: SK991.+ is stored {off} off, at ", message)


def test_times_that_are_kept_to_milliseconds_are_a_warning() -> None:
    def cut(records: list[Record]) -> None:
        for record in records:
            record["dealTime"] = re.sub(r"(\.\d{3})\d+", r"\1", record["dealTime"])

    message = only(checked(cut), "stored-time", Consequence.STORED_WRONG, Outcome.WARNING)
    assert "is stored -0.000" in message


def test_times_that_are_kept_to_seconds_are_told() -> None:
    def cut(records: list[Record]) -> None:
        for record in records:
            record["dealTime"] = re.sub(r"\.\d+", "", record["dealTime"])

    assert only(checked(cut), "stored-time", Consequence.STORED_WRONG)


def test_a_rejected_callback_that_is_stored_is_told() -> None:
    class Eager(Endpoint):
        """Stores first."""

        def authenticated(self, fields: dict[str, Any]) -> bool:
            right = {"userName": USER_NAME, "authentication": AUTHENTICATION}
            self.stored[json.dumps(fields)] = fields | right
            return super().authenticated(fields)

    endpoint = Eager()
    with direct(endpoint) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(conformance, "RULES", selected(["secret-wrong", "stored-rejected"]))
        (result,) = check_endpoint(server.url, PLAIN, only="stored-rejected", stored=lambda: events(endpoint))
    assert result.consequence is Consequence.ACKNOWLEDGED
    told = list(map(str, result.problems))  # in the order in which they were stored
    wrong = "secret-wrong, UPLOAD with authentication wrong: SK991.+ had to be rejected, but is stored"
    assert any(re.fullmatch(wrong, one) for one in told)


COERCED: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "now for a weekday": ("dealTime", lambda value: "2026-01-01 00:00:00" if value == "Tuesday" else None),
    "a day of March for one of February": (
        "dealTime",
        lambda value: "2018-03-02 11:58:33" if "02-30" in str(value) else None,
    ),
    "a number for what begins with one": ("payType", lambda value: 2 if value == "2abc" else None),
    "FAILURE for an unknown status": ("payType", lambda value: 4 if value == 7 else None),
    "a trimmed number": (
        "controlNumber",
        lambda value: value.strip() if str(value).startswith(" ") else None,
    ),
    "a number of normal digits": (
        "controlNumber",
        lambda value: normalize("NFKC", value) if isinstance(value, str) and not value.isascii() else None,
    ),
}


@pytest.mark.parametrize("name", COERCED)
def test_an_invalid_callback_is_not_stored_with(name: str) -> None:
    field, coerced = COERCED[name]

    def made(endpoint: Endpoint) -> list[Record]:
        records = events(endpoint)
        for fields in endpoint.stored.values():
            if isinstance(PLAIN.receive(json.dumps(fields)), Quarantined) and (
                value := coerced(fields.get(field))
            ):
                records.append(PLAIN.parse(json.dumps(fields | {field: value})).to_dict())
        return records

    results = checked(made=made)
    failed = {name: one for name, one in results.items() if one.outcome is Outcome.FAILED}
    message = only(failed, "stored-invalid", Consequence.MISTAKEN)
    assert re.search(r"invalid-.+: it is invalid, but stored as the event of 'SK.+' with payType", message)


def test_year_1_as_a_time_is_a_warning() -> None:
    def made(endpoint: Endpoint) -> list[Record]:
        year_1 = [one for one in endpoint.stored.values() if str(one.get("dealTime")).startswith("0001")]
        return year_1 + events(endpoint)

    assert only(checked(made=made), "stored-invalid", Consequence.MISTAKEN, Outcome.WARNING)


def test_a_line_that_cannot_be_read_fails_one_rule_and_hides_nothing() -> None:
    def damage(records: list[Record]) -> None:
        records.pop(0)
        records.insert(3, {"payType": "paid"})

    results = checked(damage)
    assert results.keys() == {"stored-form", "stored-once"}
    assert results["stored-form"].message.startswith("line 4 is not in the form of to_dict(): ")


def test_events_of_other_runs_do_not_matter() -> None:
    other = PLAIN.parse(body(controlNumber="SK99999999999", dealTime="2020-01-01 00:00:00")).to_dict()
    assert checked(lambda records: records.append(other)) == {}


def test_with_one_payout_the_store_is_checked_too() -> None:
    number = ControlNumber("SK99100000001")
    assert checked(lambda _: None, "status", "redelivered", control_number=number) == {}
    lost = checked(lambda records: records.pop(), "status", "redelivered", control_number=number)
    assert only(lost, "stored-once", Consequence.LOST)


@pytest.mark.parametrize("option", ["stored", "quarantined", "statuses"])
def test_a_command_that_fails_is_inconclusive(option: str) -> None:
    def broken(records: list[Record]) -> None:
        raise ValueError("no such command")

    results = checked(broken, "status", option=option)
    assert results
    told = {(one.outcome, one.message) for one in results.values()}
    assert told == {(Outcome.INCONCLUSIVE, "no such command")}


def test_what_is_stored_after_the_acknowledgement_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = list[float]()
    monkeypatch.setattr(_ledger, "sleep", waits.append)

    def later(records: list[Record]) -> None:
        if not waits:
            del records[-1]

    results = checked(later, "status")
    assert only(results, "stored-first", Consequence.LOST).endswith(
        "it was acknowledged first, and stored later"
    )
    assert waits == [_ledger.LATER]


# The quarantine


def test_a_quarantine_that_holds_every_invalid_callback_passes() -> None:
    assert checked(option="quarantined", made=quarantine) == {}


def test_a_payload_may_be_a_text() -> None:
    def as_text(records: list[Record]) -> None:
        for record in records:
            record["payload"] = json.dumps(record["payload"])

    assert checked(as_text, option="quarantined", made=quarantine) == {}


def test_an_invalid_callback_that_is_lost_is_told() -> None:
    results = checked(lambda records: records.pop(0), option="quarantined", made=quarantine)
    message = only(results, "quarantined", Consequence.MISTAKEN)
    assert re.fullmatch(r"invalid-.+: it was acknowledged, but is not quarantined \(.+\)", message)


def test_a_quarantine_may_keep_more_than_the_fields() -> None:
    def more(records: list[Record]) -> None:
        for record in records:
            record["payload"]["reason"] = "invalid"

    assert checked(more, option="quarantined", made=quarantine) == {}


@pytest.mark.parametrize(
    ("option", "needed", "made"),
    [("quarantined", "payload", quarantine), ("statuses", "controlNumber and status", statuses)],
)
def test_a_line_of_another_form_is_told_alone(
    option: str, needed: str, made: Callable[[Endpoint], list[Record]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "sleep", lambda _: None)

    def more(records: list[Record]) -> None:
        records += [{"id": 1}, {"id": 2}]

    (result,) = checked(more, option=option, made=made).values()
    assert [one.message.partition(", got")[0] for one in result.problems] == [
        f"expected of --{option} lines of JSON, objects with {needed}"
    ]
    assert "got an object in line " in result.message


def test_a_quarantine_without_any_payload_is_told_once() -> None:
    def made(endpoint: Endpoint) -> list[Record]:
        return [{"body": json.dumps(fields)} for fields in endpoint.stored.values()]

    result = checked(option="quarantined", made=made)["quarantined"]
    assert len(result.problems) == 1
    assert "objects with payload, got an object in line 1" in result.message


def test_a_valid_callback_in_the_quarantine_is_told() -> None:
    def made(endpoint: Endpoint) -> list[Record]:
        return [*quarantine(endpoint), {"payload": events(endpoint)[1]}]

    message = only(checked(option="quarantined", made=made), "quarantined-valid", Consequence.LOST)
    assert "is valid, but quarantined" in message


# Statuses


def test_statuses_that_follow_from_all_callbacks_pass() -> None:
    scenarios = ("after", "overtaken", "same-second", "together-payout")
    assert checked(lambda _: None, *scenarios, option="statuses", made=statuses) == {}


def test_a_status_that_does_not_follow_is_told_with_what_arrived(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "sleep", lambda _: None)

    def last_wins(records: list[Record]) -> None:
        for record in records:
            record["status"] = "PAID" if record["status"] == "CONFLICTING" else record["status"]

    results = checked(last_wins, "after", option="statuses", made=statuses)
    message = only(results, "derived-status", Consequence.STORED_WRONG)
    assert re.search(r"SK991\d+ with PAYOUT, .*CANCEL.*: expected CONFLICTING, got PAID", message)


def test_a_worker_has_time_to_derive_the_statuses(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = list[float]()
    monkeypatch.setattr(rules, "sleep", waits.append)

    def later(records: list[Record]) -> None:
        if len(waits) < 3:
            records.clear()

    assert checked(later, "status", option="statuses", made=statuses) == {}
    assert waits == [1, 1, 1]
