"""Point 8: a duplicate field in one object makes the body malformed."""

from __future__ import annotations

import pytest

from skypay_payout import ErrorCode, PayoutCallback
from skypay_payout.testing import AUTHENTICATION, body
from tests.support.callbacks import PARSER, malformed, outcome, with_fields

GOOD = body().decode()


@pytest.mark.parametrize(
    "text",
    [
        GOOD[:-1] + ',"payType":"3"}',
        GOOD[:-1] + ',"payType":"1"}',
        GOOD[:-1] + ',"pay\\u0054ype":"3"}',
        GOOD[:-1] + ',"authentication":"x"}',
        GOOD[:-1] + f',"authentication":"{AUTHENTICATION}"}}',
        GOOD[:-1] + ',"userName":"AppName@skypay"}',
        GOOD[:-1] + ',"x":[{"y":1,"y":1}]}',
    ],
)
def test_a_field_twice_in_one_object_is_rejected(text: str) -> None:
    assert malformed(text) is malformed(text.encode()) is ErrorCode.DUPLICATE_FIELD


def test_the_same_name_in_two_objects_is_no_duplicate() -> None:
    callback = outcome(PARSER, body(a={"x": 1}, b=[{"x": 2}, {"x": 3}], c={"authentication": "x"}))
    assert isinstance(callback, PayoutCallback)
    assert callback.extra == {"a": {"x": 1}, "b": [{"x": 2}, {"x": 3}], "c": {"authentication": "x"}}


def test_names_that_only_look_alike_are_not_the_same() -> None:
    callback = outcome(PARSER, with_fields({"e\u0301": 1, "\u00e9": 2, "\u00c9": 3}))
    assert isinstance(callback, PayoutCallback)
    assert len(callback.extra) == 3
