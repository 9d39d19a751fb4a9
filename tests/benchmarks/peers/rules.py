"""What pydantic has no constraint for, as plain Python at its fastest."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from enum import IntEnum
from hmac import compare_digest

from . import AUTHENTICATION, USER_NAME

MAX_BODY_SIZE = 65536
CONTROL_NUMBER = "^[A-Za-z0-9]{5}[0-9]{8,10}"
DEAL_TIME = (
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T](?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}"
    "(?:[.,][0-9]{1,9})?(?:Z|[+-][0-9]{2}(?::?[0-5][0-9])?)?"
)
"""Both without an anchor at the end, which Python's and Rust's expressions write differently."""

_ZONE = timezone(timedelta(hours=8))
_DOCUMENTED_LENGTH = len("yyyy-MM-dd HH:mm:ss")
_USER_NAME = USER_NAME.encode()
_AUTHENTICATION = AUTHENTICATION.encode()


class PayType(IntEnum):
    """The statuses."""

    UPLOAD = 1
    PAYOUT = 2
    CANCEL = 3
    FAILURE = 4
    AMENDED_SUCCESS = 5
    AMENDED_FAIL = 6


PAY_TYPES = {key: status for status in PayType for key in (status.value, str(status.value))}


def deal_time(text: str) -> datetime:
    """The instant that a text of the form ``DEAL_TIME`` names, in UTC+8. Raises ``ValueError``."""
    if len(text) == _DOCUMENTED_LENGTH:
        time = datetime.fromisoformat(f"{text}+08:00")
    else:
        time = datetime.fromisoformat(text)
        time = time.replace(tzinfo=_ZONE) if time.tzinfo is None else time.astimezone(_ZONE)
    if not 1 < time.year < 9999:
        raise ValueError("no such time")
    return time


def given(text: str | None) -> str | None:
    """The text, or None if it says nothing. Raises ``ValueError`` if a database cannot store it."""
    if text and "\0" in text:
        raise ValueError("U+0000")
    return text or None


def check_size(body: bytes) -> None:
    """Raises ``ValueError`` for a body above the limit."""
    if len(body) > MAX_BODY_SIZE:
        raise ValueError("too large")


def authenticate(user_name: str, authentication: str) -> None:
    """Compares both in constant time. Raises ``ValueError`` if one is wrong."""
    # As bytes: compare_digest takes no text that is not ASCII.
    if not (
        compare_digest(user_name.encode(), _USER_NAME)
        & compare_digest(authentication.encode(), _AUTHENTICATION)
    ):
        raise ValueError("authentication_failed")
