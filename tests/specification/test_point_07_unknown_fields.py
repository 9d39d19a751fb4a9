"""Point 7: unknown fields are kept."""

from __future__ import annotations

import pytest

from skypay_payout import InvalidCallbackError, PayoutCallback
from skypay_payout.testing import body
from tests.support.callbacks import PARSER, outcome, with_fields

EXTRA: dict[str, object] = {
    "z": [1, 2.5, None, True, {"a": "b"}],
    "a": "余额",
    "PayType": 9,
    "paytype": 9,
    "": "a field without a name",
    "half \ud800": ["\udfff"],
    "zero\0": "\0",
}


def test_unknown_fields_are_kept_in_their_order_with_their_values() -> None:
    callback = outcome(PARSER, with_fields(EXTRA))
    assert isinstance(callback, PayoutCallback)
    assert list(callback.extra.items()) == list(EXTRA.items())
    assert repr(callback.extra) == repr(EXTRA)


def test_known_fields_are_not_kept_twice() -> None:
    callback = outcome(PARSER, body(failDescription="", referenceNumber=None, x=1))
    assert isinstance(callback, PayoutCallback)
    assert callback.extra == {"x": 1}
    plain = outcome(PARSER, body())
    assert isinstance(plain, PayoutCallback)
    assert plain.extra == {}


@pytest.mark.parametrize("name", ["Authentication", "authentication ", "USERNAME", "action2"])
def test_a_name_in_another_spelling_is_unknown(name: str) -> None:
    callback = outcome(PARSER, with_fields({name: "x"}))
    assert isinstance(callback, PayoutCallback)
    assert callback.extra == {name: "x"}


def test_unknown_fields_are_kept_in_quarantine_too() -> None:
    error = outcome(PARSER, with_fields({"payType": 7, **EXTRA}))
    assert isinstance(error, InvalidCallbackError)
    assert {name: error.payload[name] for name in EXTRA} == EXTRA
