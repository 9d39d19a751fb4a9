"""SkyPay's clock is UTC+8 (points 5 and 6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from skypay_payout._times import SKYPAY_ZONE, in_skypay_zone, match_deal_time

NOON = datetime(2018, 8, 7, 12, tzinfo=SKYPAY_ZONE)


class Naive(datetime):
    def utcoffset(self) -> timedelta | None:
        return None


def test_an_aware_time_is_converted_to_utc_plus_8() -> None:
    converted = in_skypay_zone(datetime(2018, 8, 7, 4, tzinfo=UTC))
    assert converted == NOON
    assert converted.tzinfo is SKYPAY_ZONE
    assert in_skypay_zone(NOON) is NOON


EXPECTED = "expected an aware datetime, got "
BEYOND = "expected a time that UTC+8 has within the years 1 to 9999, got one beyond them"


@pytest.mark.parametrize(
    ("at", "error", "message"),
    [
        (datetime(2018, 8, 7), ValueError, f"{EXPECTED}a naive one: add its time zone"),
        (Naive(2018, 6, 18, tzinfo=SKYPAY_ZONE), ValueError, f"{EXPECTED}a naive one: add its time zone"),
        *((it, TypeError, EXPECTED + type(it).__name__) for it in (None, 0, "2018-08-07", NOON.date())),
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-5))), ValueError, BEYOND),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=9))), ValueError, BEYOND),
    ],
)
def test_what_names_no_instant_in_utc_plus_8_is_an_error_without_context(
    at: datetime, error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as caught:
        in_skypay_zone(at)
    assert (type(caught.value), str(caught.value), caught.value.__context__) == (error, message, None)


@pytest.mark.parametrize(
    ("text", "offset", "minutes"),
    [
        ("2018-08-07 11:58:33", None, None),
        ("2018-08-07T11:58:33.5Z", "Z", None),
        ("2018-08-07T11:58:33,123456789+08", "+08", None),
        ("2018-08-07 11:58:33-0730", "-0730", "30"),
        ("2018-08-07 11:58:33-07:30", "-07:30", "30"),
    ],
)
def test_the_pattern_of_a_deal_time_tells_its_offset(
    text: str, offset: str | None, minutes: str | None
) -> None:
    match = match_deal_time(text)
    assert match is not None
    assert match.groups() == (offset, minutes)
