"""SkyPay's clock is UTC+8 (points 5 and 6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from skypay_payout._times import SKYPAY_ZONE, in_skypay_zone

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
