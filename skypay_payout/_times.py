"""SkyPay's clock: every time is UTC+8 unless it says otherwise."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from ._errors import ErrorCode, WrongValue, no_string, quoted

SKYPAY_ZONE = timezone(timedelta(hours=8))
"""UTC+8, in which SkyPay's documentation defines every time (point 5)."""

DOCUMENTED_PATTERN = "[0-9]{4}-[0-9]{2}-[0-9]{2}[ T](?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}"
_BEYOND = "(?:[.,][0-9]{1,9})?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)?"
DEAL_TIME_PATTERN = DOCUMENTED_PATTERN + _BEYOND

_is_documented = re.compile(DOCUMENTED_PATTERN).fullmatch
_has_form = re.compile(DEAL_TIME_PATTERN).fullmatch


def read_deal_time(text: object, _: object = None) -> datetime:
    """The instant that a ``dealTime`` names, aware and in UTC+8, truncated to the microsecond (point 5).

    Raises ``WrongValue`` for anything but a string, for a text of another form, and for a time that no
    calendar has. The first and the last year of the calendar are refused too: .NET sends year 1 for "no
    time", and a time at the edge cannot be told in every zone.
    """
    if not isinstance(text, str):
        raise no_string(text)
    if _is_documented(text):
        time = documented_time(text)
    elif _has_form(text):
        time = _iso_8601_time(text)
    else:
        raise WrongValue(
            ErrorCode.WRONG_FORMAT if text else ErrorCode.EMPTY,
            f"{quoted(text)} is not a time; expected yyyy-MM-dd HH:mm:ss (UTC+8), or the same with a T, "
            f"fractional seconds or an ISO 8601 offset",
        )
    if time is None:
        raise WrongValue(
            ErrorCode.NO_SUCH_TIME, f"{quoted(text)} is in no calendar; expected a time that exists"
        )
    return time


def documented_time(text: str) -> datetime | None:
    """The instant that a text of the form ``DOCUMENTED_PATTERN`` names, or None if no calendar has it."""
    try:
        # An offset in the text costs a sixth of what .replace(tzinfo=...) does.
        return _if_in_calendar(datetime.fromisoformat(f"{text}+08:00"))
    except ValueError:
        return None


def _iso_8601_time(text: str) -> datetime | None:
    from dateutil.parser import isoparse  # the documented form never needs it, and it is slow to import

    try:
        time = isoparse(text)
        return _if_in_calendar(
            time.replace(tzinfo=SKYPAY_ZONE) if time.tzinfo is None else time.astimezone(SKYPAY_ZONE)
        )
    except (ValueError, OverflowError):
        return None


def _if_in_calendar(time: datetime) -> datetime | None:
    return time if 1 < time.year < 9999 else None


def in_skypay_zone(at: datetime) -> datetime:
    """The same instant, told in UTC+8. Raises ``TypeError`` or ``ValueError`` where ``at`` names none."""
    if type(at) is datetime and at.tzinfo is SKYPAY_ZONE:
        return at
    if not isinstance(at, datetime):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"a time is an aware datetime, not {type(at).__name__}")
    if at.utcoffset() is None:
        raise ValueError("a naive datetime names no instant; give it a zone: datetime.now(timezone.utc)")
    try:
        return at.astimezone(SKYPAY_ZONE)
    except OverflowError:
        pass
    raise ValueError("the time cannot be told in UTC+8; give one inside the calendar's years 1 to 9999")


def response_time(at: datetime) -> str:
    """``yyyy-MM-dd HH:mm:ss.SSSS``: four fractional digits, truncated, never rounded up (point 6)."""
    return f"{at.date().isoformat()} {at.time().isoformat('microseconds')[:-2]}"
