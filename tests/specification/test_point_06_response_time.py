"""Point 6: responseTime is UTC+8 with exactly four fractional digits, truncated and never rounded up."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from skypay_payout import acknowledge
from skypay_payout.testing import SAMPLE
from tests.support.callbacks import PARSER, UTC8

PUBLISHED = datetime(2018, 6, 18, 17, 52, 10, 521100, tzinfo=UTC8)


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (PUBLISHED, "2018-06-18 17:52:10.5211"),
        (PUBLISHED.replace(microsecond=0), "2018-06-18 17:52:10.0000"),
        (PUBLISHED.replace(microsecond=99), "2018-06-18 17:52:10.0000"),
        (PUBLISHED.replace(microsecond=100), "2018-06-18 17:52:10.0001"),
        (PUBLISHED.replace(microsecond=521199), "2018-06-18 17:52:10.5211"),
        (PUBLISHED.replace(second=59, microsecond=999999), "2018-06-18 17:52:59.9999"),
        (datetime(2018, 12, 31, 15, 59, 59, 999999, UTC), "2018-12-31 23:59:59.9999"),
        (datetime(2018, 12, 31, 23, 30, tzinfo=UTC), "2019-01-01 07:30:00.0000"),
        (datetime(2018, 6, 18, 2, 52, 10, tzinfo=timezone(timedelta(hours=-7))), "2018-06-18 17:52:10.0000"),
        (datetime(987, 1, 2, 3, 4, 5, 60000, tzinfo=UTC8), "0987-01-02 03:04:05.0600"),
    ],
)
def test_the_response_time_is_utc_plus_8_with_four_digits_truncated(at: datetime, text: str) -> None:
    assert acknowledge(at).to_dict()["responseTime"] == text
    assert json.loads(PARSER.receive(SAMPLE).respond(at).body)["responseTime"] == text


def test_the_response_time_of_now_has_the_same_format() -> None:
    time = json.loads(PARSER.receive(SAMPLE).respond().body)["responseTime"]
    assert re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{4}", time)
