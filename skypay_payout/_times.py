"""SkyPay's clock: every time is in UTC+8 unless it has an offset of its own."""

import re
from datetime import datetime, timedelta, timezone

SKYPAY_ZONE = timezone(timedelta(hours=8))
"""UTC+8, in which SkyPay's documentation defines every time (point 5)."""

DEAL_TIME_PATTERN = (
    "[0-9]{4}-[0-9]{2}-[0-9]{2}[ T](?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}"
    "(?:[.,][0-9]{1,9})?(Z|[+-][0-9]{2}(?::?([0-9]{2}))?)?"
)

match_deal_time = re.compile(DEAL_TIME_PATTERN).fullmatch
"""Match a text of the accepted format: group 1 is its offset, group 2 the minutes of the offset."""


def in_skypay_zone(at: datetime) -> datetime:
    """Convert an aware time to UTC+8. Raises ``TypeError`` or ``ValueError`` if ``at`` names no instant."""
    if not isinstance(at, datetime):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"expected an aware datetime, got {type(at).__name__}")
    if at.utcoffset() is None:
        raise ValueError("expected an aware datetime, got a naive one: add its time zone")
    try:
        return at.astimezone(SKYPAY_ZONE)
    except OverflowError:
        pass
    raise ValueError("expected a time that UTC+8 has within the years 1 to 9999, got one beyond them")


def response_time(at: datetime) -> str:
    """Format as ``yyyy-MM-dd HH:mm:ss.SSSS``: four fractional digits, truncated, never rounded (point 6)."""
    return f"{at.date().isoformat()} {at.time().isoformat('microseconds')[:-2]}"
