"""The JSON Schemas say what the parser does, both ways, the documented exceptions aside."""

from __future__ import annotations

import importlib.util
import json
from datetime import datetime, timedelta, timezone

import jsonschema_rs
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from skypay_payout import CallbackError, CallbackParser, ErrorCode, InvalidCallbackError, acknowledge, schema
from skypay_payout._control_number import CONTROL_NUMBER_PATTERN
from skypay_payout.testing import CREDENTIALS, payload
from skypay_payout._times import DEAL_TIME_PATTERN

PARSER = CallbackParser(CREDENTIALS)
CALLBACK = jsonschema_rs.Draft202012Validator(dict(schema.CALLBACK))
ACKNOWLEDGEMENT = jsonschema_rs.Draft202012Validator(dict(schema.ACKNOWLEDGEMENT))

BEYOND_A_SCHEMA = {ErrorCode.NO_SUCH_TIME}
"""No schema knows the calendar."""

ABSENT = object()
json_values: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers(-12, 12) | st.floats(-9, 9) | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)


def near(pattern: str) -> st.SearchStrategy[object]:
    """Texts of the pattern, and the same with one character changed, added or lost."""
    texts = st.from_regex(pattern, fullmatch=True)
    character = st.sampled_from("0129aZ*-+:. T\n\uff11é") | st.just("")
    nearly = st.tuples(texts, st.integers(0, 30), st.integers(0, 1), character).map(
        lambda drawn: drawn[0][: drawn[1]] + drawn[3] + drawn[0][drawn[1] + drawn[2] :]
    )
    return st.one_of(texts, nearly)


def wrong_or_absent(*wrong: object) -> st.SearchStrategy[object]:
    return st.sampled_from([*wrong, 1, None, [], ABSENT])


def mostly(*likely: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.one_of(*likely, *likely, json_values, st.just(ABSENT))


members: dict[str, st.SearchStrategy[object]] = {
    "userName": wrong_or_absent("", "u" * 51),
    "authentication": wrong_or_absent("", "a" * 51),
    "action": mostly(st.sampled_from(["", "payoutqueuepayout", "payoutQueuePayout"])),
    "controlNumber": mostly(near(CONTROL_NUMBER_PATTERN)),
    "payType": mostly(
        st.integers(0, 9), st.integers(0, 9).map(str), st.sampled_from(["01", " 1", "\uff11", "1\n"])
    ),
    "dealTime": mostly(near(DEAL_TIME_PATTERN), st.datetimes().map(str)),
    "failDescription": mostly(st.text(max_size=60), st.none()),
    "referenceNumber": mostly(st.text(max_size=60), st.none()),
    "addedLater": json_values,
}
change = st.one_of([st.fixed_dictionaries({name: values}) for name, values in members.items()])


@st.composite
def payloads(draw: st.DrawFn) -> dict[str, object]:
    """The sample's members with one or two of them changed or lost."""
    changed = payload() | draw(change) | draw(change)
    return {name: value for name, value in changed.items() if value is not ABSENT}


def refusal(body: dict[str, object]) -> CallbackError | None:
    try:
        PARSER.parse(body)
    except CallbackError as error:
        return error
    return None


@given(payloads())
@example(payload())
@example(payload(failDescription=None, referenceNumber=None))
@example(payload(failDescription="", referenceNumber=""))
def test_the_schema_accepts_what_the_parser_accepts_and_refuses_what_it_refuses(
    body: dict[str, object],
) -> None:
    assume(type(body.get("payType")) is not float)
    error = refusal(body)
    if isinstance(error, InvalidCallbackError):
        assume({wrong.code for wrong in error.errors} - BEYOND_A_SCHEMA)
    assert CALLBACK.is_valid(body) is (error is None)


@pytest.mark.parametrize("missing", [name for name in payload() if name != "referenceNumber"])
def test_both_want_every_required_member(missing: str) -> None:
    body = payload()
    del body[missing]
    assert refusal(body) is not None
    assert not CALLBACK.is_valid(body)


@pytest.mark.parametrize(
    "beyond",
    [
        pytest.param({"dealTime": "2023-02-29 00:00:00"}, id="a calendar"),
        pytest.param({"dealTime": "0001-01-01T00:00:00"}, id="the first year"),
        pytest.param({"payType": 1.0}, id="1.0, which JSON Schema takes for 1"),
        pytest.param({"authentication": "another"}, id="the secret"),
        pytest.param({"userName": "Another@skypay"}, id="the account"),
    ],
)
def test_the_parser_refuses_what_no_schema_can_see(beyond: dict[str, object]) -> None:
    body = payload() | beyond
    assert CALLBACK.is_valid(body)
    assert refusal(body) is not None


def test_the_schemas_are_valid_schemas_and_plain_json() -> None:
    for one in (schema.CALLBACK, schema.ACKNOWLEDGEMENT):
        jsonschema_rs.meta.validate(dict(one))
        assert json.loads(json.dumps(one)) == one


times = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31))
offsets = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(times, offsets)
def test_every_acknowledgement_fits_its_schema(time: datetime, zone: timezone) -> None:
    assert ACKNOWLEDGEMENT.is_valid(json.loads(acknowledge(time.replace(tzinfo=zone)).to_json()))


@pytest.mark.parametrize(
    "changed",
    [
        {"responseCode": 1000},
        {"responseCode": "1001"},
        {"responseDescription": "success"},
        {"responseTime": "2018-06-18 17:52:10.521"},
        {"responseTime": "2018-06-18T17:52:10.5211"},
        {"responseTime": "2018-06-18 24:00:00.0000"},
        {"more": "1"},
    ],
)
def test_no_other_answer_fits_the_acknowledgement(changed: dict[str, object]) -> None:
    answer = acknowledge().to_dict()
    assert ACKNOWLEDGEMENT.is_valid(answer)
    assert not ACKNOWLEDGEMENT.is_valid(answer | changed)


def test_each_member_says_what_it_is_in_words_and_rules() -> None:
    # Loaded anew, since the rules are put together on import, where no mutant is seen otherwise.
    found = importlib.util.find_spec("skypay_payout._fields")
    assert found is not None
    assert found.loader is not None
    wire = importlib.util.module_from_spec(found)
    found.loader.exec_module(wire)
    not_given = "null and the empty string mean: not given."
    assert {member.name: member.schema for member in wire.MEMBERS} == {
        "userName": {
            "description": "The account that SkyPay issued, AppName@skypay.",
            "type": "string",
            "minLength": 1,
            "maxLength": 50,
        },
        "action": {"description": "Which of SkyPay's callbacks this is.", "const": "payoutQueuePayout"},
        "controlNumber": {
            "description": "Which payout: five characters issued to the partner, then 8 to 10 digits.",
            "type": "string",
            "pattern": "^[A-Za-z0-9]{5}[0-9]{8,10}$",
            "examples": ["SK99123456789"],
        },
        "payType": {
            "description": "What happened: 1 UPLOAD, 2 PAYOUT, 3 CANCEL, 4 FAILURE, 5 AMENDED_SUCCESS, "
            "6 AMENDED_FAIL.",
            "enum": [1, "1", 2, "2", 3, "3", 4, "4", 5, "5", 6, "6"],
        },
        "dealTime": {
            "description": "When it happened: yyyy-MM-dd HH:mm:ss, "
            "in UTC+8 unless it has an offset of its own.",
            "type": "string",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T](?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}"
            "(?:[.,][0-9]{1,9})?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)?$",
            "examples": ["2018-08-07 11:58:33"],
        },
        "failDescription": {
            "description": f"Why the payment failed. {not_given}",
            "type": ["string", "null"],
        },
        "referenceNumber": {
            "description": f"The ML channel's reference, sent with payType 1 and 5. {not_given}",
            "type": ["string", "null"],
        },
    }
