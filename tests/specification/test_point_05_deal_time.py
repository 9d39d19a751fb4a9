"""Point 5: dealTime is in UTC+8 unless it has an offset of its own, and names an instant that exists.

What ``bad_bodies`` has of other forms and times does not stand here again.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from skypay_payout import ErrorCode, PayoutCallback
from tests.support.callbacks import PARSER, UTC8, field_errors, outcome, with_fields


def code_of(value: object) -> ErrorCode:
    ((name, code),) = field_errors(with_fields({"dealTime": value}))
    assert name == "dealTime"
    return code


NOON = datetime(2018, 8, 7, 11, 58, 33, tzinfo=UTC8)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        pytest.param("2018-08-07 11:58:33", NOON, id="the documented form"),
        pytest.param("2018-08-07T11:58:33", NOON, id="a T"),
        pytest.param("2018-08-07 11:58:33.5", NOON.replace(microsecond=500000), id="tenths"),
        pytest.param("2018-08-07T11:58:33.123", NOON.replace(microsecond=123000), id="Java's milliseconds"),
        pytest.param(
            "2018-08-07T11:58:33.1234567", NOON.replace(microsecond=123456), id=".NET's 100 ns, truncated"
        ),
        pytest.param(
            "2018-08-07T11:58:33.999999999", NOON.replace(microsecond=999999), id="Java's ns, truncated"
        ),
        pytest.param("2018-08-07 11:58:33,25", NOON.replace(microsecond=250000), id="a decimal comma"),
        pytest.param("2018-08-07T03:58:33Z", NOON, id="UTC"),
        pytest.param("2018-08-07 03:58:33Z", NOON, id="UTC behind a space"),
        pytest.param("2018-08-07T11:58:33+08:00", NOON, id="an offset"),
        pytest.param("2018-08-07T11:58:33+0800", NOON, id="an offset without a colon"),
        pytest.param("2018-08-07T11:58:33+08", NOON, id="an offset of hours"),
        pytest.param("2018-08-06T20:58:33-07:00", NOON, id="an offset to the west"),
        pytest.param("2018-08-07T17:28:33+13:30", NOON, id="an offset with minutes"),
        pytest.param("2018-08-08T03:57:33+23:59", NOON, id="the longest offset"),
        pytest.param("2018-08-07T03:58:33.000+00:00", NOON, id="a fraction and an offset"),
        pytest.param("2020-02-29 00:00:00", datetime(2020, 2, 29, tzinfo=UTC8), id="a leap day"),
        pytest.param(
            "2018-08-07 23:59:59", NOON.replace(hour=23, minute=59, second=59), id="the last second"
        ),
        pytest.param(
            "0002-01-01 00:00:00", datetime(2, 1, 1, tzinfo=UTC8), id="the first year that is accepted"
        ),
        pytest.param(
            "9998-12-31 23:59:59",
            datetime(9998, 12, 31, 23, 59, 59, tzinfo=UTC8),
            id="the last year that is accepted",
        ),
    ],
)
def test_a_time_is_an_instant_in_utc_plus_8(text: str, time: datetime) -> None:
    callback = outcome(PARSER, with_fields({"dealTime": text}))
    assert isinstance(callback, PayoutCallback)
    assert callback.deal_time == time
    assert callback.deal_time.utcoffset() == timedelta(hours=8)


@pytest.mark.parametrize(
    "text",
    [
        *["2018-W32-2", "2018-219T11:58:33", "20180807T115833.123", "2018-08-07T11", "2018-08-07_11:58:33"],
        *["2018-08-07  11:58:33", "2018-08-07t11:58:33", "2018-08-07T11:58:33z", "2018-08-07 11:58:33 "],
        *["2018-08-07 11:58:33.", "2018-08-07 11:58:33.1234567890", "2018-08-07 11:58:33 +08:00"],
        *["2018-08-07T11:58:33+8", "2018-08-07T11:58:33+08:00:00", "2018-08-07 11:58:3３"],
    ],
)
def test_a_text_of_another_format_is_invalid(text: str) -> None:
    assert code_of(text) is ErrorCode.INVALID_FORMAT


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("2018-08-07T11:58:33+0775", id="an offset of 75 minutes"),
        pytest.param("2018-08-07T11:58:33.5-07:99", id="an offset of 99 minutes"),
        pytest.param("2018-02-30T00:00:00Z", id="no such day, in the other form"),
        pytest.param("0001-01-01T00:00:00Z", id=".NET's empty date in UTC"),
        pytest.param("0001-01-01T00:00:00+14:00", id="before the calendar, in UTC+8"),
        pytest.param("9999-12-31T23:59:59-08:00", id="after the calendar, in UTC+8"),
    ],
)
def test_a_time_that_does_not_exist_is_invalid(text: str) -> None:
    assert code_of(text) is ErrorCode.INVALID_DATETIME
