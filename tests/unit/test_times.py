"""SkyPay's clock is UTC+8."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from skypay_payout._times import SKYPAY_ZONE, in_skypay_zone, match_deal_time, response_time

NOON = datetime(2018, 8, 7, 12, tzinfo=SKYPAY_ZONE)


def test_an_aware_time_is_converted_to_utc_plus_8() -> None:
    converted = in_skypay_zone(datetime(2018, 8, 7, 4, tzinfo=UTC))
    assert converted == NOON
    assert converted.tzinfo is SKYPAY_ZONE
    assert in_skypay_zone(NOON) is NOON


def test_a_naive_time_names_no_instant() -> None:
    with pytest.raises(ValueError, match=r"got a naive one: add its time zone$"):
        in_skypay_zone(datetime(2018, 8, 7))


def test_a_time_of_another_class_is_asked_whether_it_is_aware() -> None:
    class Naive(datetime):
        def utcoffset(self) -> timedelta | None:
            return None

    with pytest.raises(ValueError, match="naive"):
        in_skypay_zone(Naive(2018, 6, 18, tzinfo=SKYPAY_ZONE))


@pytest.mark.parametrize("value", [None, 0, "2018-08-07", NOON.date()])
def test_what_is_not_a_datetime_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError, match=f"^expected an aware datetime, got {type(value).__name__}$"):
        in_skypay_zone(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "at",
    [
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-5))),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=9))),
    ],
)
def test_a_time_that_utc_plus_8_has_not_within_the_calendar_is_an_error_without_context(at: datetime) -> None:
    with pytest.raises(
        ValueError, match="^expected a time that UTC[+]8 has within the years 1 to 9999, got one beyond them$"
    ) as caught:
        in_skypay_zone(at)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("microsecond", "fraction"),
    [(0, "0000"), (99, "0000"), (100, "0001"), (521199, "5211"), (999999, "9999")],
)
def test_a_response_time_has_four_digits_truncated(microsecond: int, fraction: str) -> None:
    at = NOON.replace(second=59, microsecond=microsecond)
    assert response_time(at) == f"2018-08-07 12:00:59.{fraction}"


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
