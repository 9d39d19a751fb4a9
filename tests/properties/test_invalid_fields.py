"""Each field that is invalid in each way is named, and no other."""

from __future__ import annotations

import re
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skypay_payout import CallbackParser, Credentials, ErrorCode, InvalidCallbackError, PayoutCallback
from skypay_payout.testing._bad_fields import INVALID_FIELDS
from tests.properties.generated import (
    GOOD,
    SECRET,
    USER_NAME,
    Json,
    characters,
    checked,
    numbers,
    texts,
    values,
    written,
)

not_texts: st.SearchStrategy[Json] = st.one_of(
    st.none(),
    st.booleans(),
    numbers,
    st.lists(values, max_size=2),
    st.dictionaries(texts, values, max_size=2),
)
unstorable = st.sampled_from(["\ud800", "\udfff", "a\udc00b", "\udc00\ud800", "\0", "a\0b"])
not_ascii_digits = st.sampled_from("٣３²Ⅷ५")


def of_the_catalogue(field: str, code: ErrorCode) -> st.SearchStrategy[Json]:
    """What the test kit has of this kind, too."""
    return st.sampled_from([cast(Json, value) for value in INVALID_FIELDS[field][code].values()])


INVALID: dict[tuple[str, ErrorCode], st.SearchStrategy[Json]] = {
    ("action", ErrorCode.INVALID_TYPE): not_texts,
    ("action", ErrorCode.EMPTY): st.just(""),
    ("action", ErrorCode.TOO_LONG): st.text(characters, min_size=51),
    ("action", ErrorCode.UNEXPECTED_ACTION): st.one_of(
        st.text(characters, min_size=1, max_size=50).filter(lambda text: text != "payoutQueuePayout"),
        of_the_catalogue("action", ErrorCode.UNEXPECTED_ACTION),
    ),
    ("controlNumber", ErrorCode.INVALID_TYPE): not_texts,
    ("controlNumber", ErrorCode.EMPTY): st.just(""),
    ("controlNumber", ErrorCode.MASKED): st.tuples(texts, texts).map("*".join),
    ("controlNumber", ErrorCode.TOO_LONG): st.one_of(
        st.from_regex("[A-Za-z0-9]{5}[0-9]{11,20}", fullmatch=True),
        st.text(characters, min_size=16).filter(lambda text: "*" not in text),
    ),
    ("controlNumber", ErrorCode.INVALID_FORMAT): st.one_of(
        st.from_regex("[A-Za-z0-9]{5}[0-9]{0,7}", fullmatch=True),
        st.from_regex("[A-Za-z0-9]{4}[^A-Za-z0-9*§][0-9]{8,10}", fullmatch=True),
        st.from_regex("[A-Za-z0-9]{5}[0-9]{8,9}[^0-9*§]", fullmatch=True),
        st.from_regex("[^A-Za-z0-9*§][A-Za-z0-9]{5}[0-9]{8,9}", fullmatch=True),
        not_ascii_digits.map(lambda digit: "SK9912345678" + digit),
        not_ascii_digits.map(lambda digit: digit + "K9912345678"),
    ),
    ("controlNumber", ErrorCode.UNEXPECTED_PREFIX): st.from_regex(
        "([A-RT-Za-z0-9][A-Za-z0-9]{4}|SK99[02-9])[0-9]{8,10}", fullmatch=True
    ),
    ("payType", ErrorCode.INVALID_TYPE): st.one_of(
        st.none(),
        st.booleans(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.lists(values, max_size=2),
        st.dictionaries(texts, values, max_size=2),
    ),
    ("payType", ErrorCode.EMPTY): st.just(""),
    ("payType", ErrorCode.UNKNOWN_STATUS): st.one_of(
        st.integers(max_value=0),
        st.integers(min_value=7),
        st.text(characters, min_size=1).filter(lambda text: text not in "123456"),
        of_the_catalogue("payType", ErrorCode.UNKNOWN_STATUS),
    ),
    ("dealTime", ErrorCode.INVALID_TYPE): not_texts,
    ("dealTime", ErrorCode.EMPTY): st.just(""),
    ("dealTime", ErrorCode.INVALID_FORMAT): st.one_of(
        st.text(characters, min_size=1).filter(
            lambda text: not re.match("[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]", text)
        ),
        of_the_catalogue("dealTime", ErrorCode.INVALID_FORMAT),
    ),
    ("dealTime", ErrorCode.INVALID_DATETIME): st.one_of(
        st.dates().map(lambda day: f"{day} 11:60:33"),
        st.dates().map(lambda day: f"{day} 11:58:60"),
        st.dates().map(lambda day: f"{day.year:04}-02-30T11:58:33Z"),
        of_the_catalogue("dealTime", ErrorCode.INVALID_DATETIME),
    ),
    ("failDescription", ErrorCode.INVALID_TYPE): not_texts.filter(lambda value: value is not None),
    ("failDescription", ErrorCode.INVALID_TEXT): unstorable,
    ("referenceNumber", ErrorCode.INVALID_TYPE): not_texts.filter(lambda value: value is not None),
    ("referenceNumber", ErrorCode.INVALID_TEXT): unstorable,
}

REQUIRED = ("action", "controlNumber", "payType", "dealTime")
OWN = CallbackParser(Credentials(USER_NAME, SECRET, prefixes=["SK991"]))


@pytest.mark.parametrize(("name", "code"), INVALID, ids=str)
@given(data=st.data())
@settings(max_examples=30)
def test_an_invalid_field_is_named_and_no_other(data: st.DataObject, name: str, code: ErrorCode) -> None:
    error = checked(OWN, written(GOOD | {name: data.draw(INVALID[name, code])}))
    assert isinstance(error, InvalidCallbackError)
    assert [(one.field, one.code) for one in error.errors] == [(name, code)]


@given(st.data(), st.sets(st.sampled_from(REQUIRED)), st.sets(st.sampled_from(list(INVALID))))
def test_all_invalid_and_missing_fields_are_named_at_once_in_order(
    data: st.DataObject, missing: set[str], invalid: set[tuple[str, ErrorCode]]
) -> None:
    fields = dict(GOOD)
    expected: dict[str, ErrorCode] = {}
    for name, code in invalid:
        fields[name] = data.draw(INVALID[name, code])
        expected[name] = code
    for name in missing:
        del fields[name]
        expected[name] = ErrorCode.MISSING
    result = checked(OWN, written(fields))
    if expected:
        assert isinstance(result, InvalidCallbackError)
        assert [(error.field, error.code) for error in result.errors] == [
            (name, expected[name]) for name in GOOD if name in expected
        ]
        del fields["authentication"]
        assert result.payload == fields
    else:
        assert isinstance(result, PayoutCallback)
