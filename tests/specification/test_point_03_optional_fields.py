"""Point 3: failDescription and referenceNumber are optional; null, empty and absent all mean "not given"."""

from __future__ import annotations

import pytest

from skypay_payout import PayoutCallback, PayType
from skypay_payout.testing import encode, payload
from tests.support.callbacks import PARSER, outcome, with_fields

FIELDS = {"failDescription": "fail_description", "referenceNumber": "reference_number"}


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("status", PayType)
def test_null_and_empty_and_absent_are_all_not_given(name: str, status: PayType) -> None:
    without = {key: value for key, value in payload(status).items() if key not in FIELDS}
    callback = outcome(PARSER, encode(without))
    assert isinstance(callback, PayoutCallback)
    assert callback.fail_description is callback.reference_number is None
    assert outcome(PARSER, encode(without | {name: None})) == callback
    assert outcome(PARSER, encode(without | {name: ""})) == callback


@pytest.mark.parametrize(("name", "attribute"), FIELDS.items())
@pytest.mark.parametrize(
    "text", ["余额不足", " ", "null", "0", "x" * 10000, "line\nbreak\x01", "💸", "\ufeff"]
)
def test_what_is_given_is_kept_as_it_is(name: str, attribute: str, text: str) -> None:
    assert getattr(outcome(PARSER, with_fields({name: text})), attribute) == text
