"""responseTime: its form, and how far it is from the present (point 6)."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, timedelta

from .._formatting import quoted

CLOCKS_DIFFER = timedelta(minutes=1)
"""How far responseTime may be from the time here: clocks differ, but no two zones are this close."""

_is_response_time = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{4}", re.ASCII).fullmatch


def time_of(value: object) -> datetime | str:
    """Return the instant that a responseTime names, or by which it does not have its form (point 6)."""
    if isinstance(value, str) and _is_response_time(value):
        with suppress(ValueError):
            return datetime.fromisoformat(f"{value[:-5]}+08:00") + timedelta(seconds=int(value[-4:]) / 10000)
    return f"responseTime: expected yyyy-MM-dd HH:mm:ss.SSSS, got {quoted(value)}{kind(value)}"


def off_by(time: datetime, sent: datetime, seconds: float) -> str:
    """Say by how much a responseTime is not the present; ``""`` if it is."""
    late = time - sent
    if -CLOCKS_DIFFER < late < CLOCKS_DIFFER + timedelta(seconds=seconds):
        return ""
    hours = round(late / timedelta(hours=1))
    if hours and abs(late - timedelta(hours=hours)) < CLOCKS_DIFFER:
        zone = " (UTC)" if hours == -8 else ""
        much = f"it is {abs(hours)} h {'early' if hours < 0 else 'late'}{zone}"
    else:
        direction = "early" if late < timedelta() else "late"
        much = f"it is {abs(late.total_seconds()):.0f} s {direction}; are both clocks set?"
    here, there = (f"{moment:%Y-%m-%d %H:%M}" for moment in (sent, time))
    return f"responseTime: expected the present in UTC+8, {here}, got {there}: {much}"


def kind(value: object) -> str:
    """Return what to say of a value that is no text."""
    return "" if isinstance(value, str) else " (a string is expected)"
