"""The JSON Schemas and the parser agree on any fields, the documented exceptions aside."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import jsonschema_rs
from hypothesis import assume, example, given
from hypothesis import strategies as st

from skypay_payout import (
    ErrorCode,
    InvalidCallbackError,
    MalformedBodyError,
    PayoutCallback,
    acknowledge,
    schema,
)
from skypay_payout._control_number import CONTROL_NUMBER_PATTERN
from skypay_payout._times import DEAL_TIME_PATTERN
from skypay_payout.testing import encode, payload
from tests.support.callbacks import PARSER, outcome

CALLBACK = jsonschema_rs.Draft202012Validator(schema.callback())
ACKNOWLEDGEMENT = jsonschema_rs.Draft202012Validator(schema.acknowledgement())

BEYOND_A_SCHEMA = {ErrorCode.INVALID_DATETIME}
"""No schema knows the calendar."""

ABSENT = object()
json_values: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers(-12, 12) | st.floats(-9, 9) | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)


def near(pattern: str) -> st.SearchStrategy[object]:
    """Draw texts of the pattern, and the same with one character changed, added or lost."""
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


optional_texts = mostly(st.text(max_size=60), st.none(), st.sampled_from(["\0", "a\0", "\0b"]))
fields: dict[str, st.SearchStrategy[object]] = {
    "userName": wrong_or_absent("", "u" * 51),
    "authentication": wrong_or_absent("", "a" * 51),
    "action": mostly(st.sampled_from(["", "payoutqueuepayout", "payoutQueuePayout"])),
    "controlNumber": mostly(near(CONTROL_NUMBER_PATTERN)),
    "payType": mostly(
        st.integers(0, 9), st.integers(0, 9).map(str), st.sampled_from(["01", " 1", "\uff11", "1\n"])
    ),
    "dealTime": mostly(near(DEAL_TIME_PATTERN), st.datetimes().map(str)),
    "failDescription": optional_texts,
    "referenceNumber": optional_texts,
    "addedLater": json_values,
}
change = st.one_of([st.fixed_dictionaries({name: values}) for name, values in fields.items()])


@st.composite
def payloads(draw: st.DrawFn) -> dict[str, object]:
    """Draw the sample's fields with one or two of them changed or lost."""
    changed = payload() | draw(change) | draw(change)
    return {name: value for name, value in changed.items() if value is not ABSENT}


@given(payloads())
@example(payload())
@example(payload(failDescription=None, referenceNumber=None))
@example(payload(failDescription="", referenceNumber=""))
def test_the_schema_allows_what_the_parser_accepts_and_nothing_else(sent: dict[str, object]) -> None:
    assume(type(sent.get("payType")) is not float)
    result = outcome(PARSER, encode(sent))
    assert not isinstance(result, MalformedBodyError)
    if isinstance(result, InvalidCallbackError):
        assume({error.code for error in result.errors} - BEYOND_A_SCHEMA)
    assert CALLBACK.is_valid(sent) is isinstance(result, PayoutCallback)


times = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31))
offsets = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(times, offsets)
def test_every_acknowledgement_fits_its_schema(time: datetime, zone: timezone) -> None:
    assert ACKNOWLEDGEMENT.is_valid(json.loads(acknowledge(time.replace(tzinfo=zone)).to_json()))
