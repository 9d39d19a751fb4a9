"""Read a response in two steps: whether it acknowledges, and then everything that is wrong with it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import cast

from attrs import frozen

from .._acknowledgement import acknowledge
from .._formatting import quoted
from .._json import MAX_DEPTH
from ._misreading import decrypted, explain, says_1000

CLOCKS_DIFFER = timedelta(minutes=1)
"""How far responseTime may be from the time here: clocks differ, but no two zones are this close."""
_FIXED = acknowledge().to_dict()
_ADVICE = {
    404: " (is the path right?)",
    405: " (does the path take POST?)",
    415: " (SkyPay's content type is text/plain)",
} | dict.fromkeys(range(300, 400), " (SkyPay is not known to follow redirects: give the final URL)")
_is_response_time = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{4}", re.ASCII).fullmatch


@frozen
class Reading:
    """What a response to a good callback says."""

    failure: str = ""  # why it does not acknowledge; "" if it does: status 200 and responseCode 1000
    key: str = ""  # by which it is not encrypted with the key of the callback
    form: tuple[str, ...] = ()  # in what the fields, or the JSON around them, are not as they should be
    code_is_number: bool = False  # the specification's table says int, its sample shows a string
    time: datetime | str | None = None  # the instant of responseTime, or by which it has another form


def read(
    status: int,
    body: bytes,
    keys: tuple[bytes, ...] = (),
    *,
    issued: tuple[str, ...] = (),
    encoding: str = "",
) -> Reading:
    """Read a response. The first of the AES keys encrypted the callback; ``issued`` are keys as texts."""
    if status != 200:
        return Reading(f"expected status 200, got {status}{_ADVICE.get(status, '')}")
    if encoding.lower() not in ("", "identity"):
        asked = "expected no Content-Encoding, since none was asked for"
        return Reading(f"{asked}, got {quoted(encoding)}: switch compression off")
    text, wrong = _decrypted(body, keys, issued) if keys else (body, "")
    wrong = wrong and f"expected a response encrypted with the key of the callback, got {wrong}"
    try:
        fields = _strict_object(text)
    except ValueError as error:
        shown = quoted(text.decode(errors="replace"))
        problem = f"expected one JSON object, got {shown}: {error}"
        return Reading(key=wrong, form=(problem,)) if says_1000(text) else Reading(wrong or problem)
    code, time = fields.get("responseCode", "none"), fields.get("responseTime")
    if str(code) != "1000" and not says_1000(text):
        return Reading(wrong or f"expected responseCode 1000, got {quoted(code)}")
    is_number = type(code) is int and code == 1000
    form = tuple(_wrong_fields(fields | {"responseCode": "1000"} if is_number else fields))
    return Reading("", wrong, form, is_number, None if time is None else _instant(time))


def _decrypted(body: bytes, keys: tuple[bytes, ...], issued: tuple[str, ...]) -> tuple[bytes, str]:
    for key in keys:
        text = decrypted(body, key)
        # A wrong key yields valid padding once in 250 times, and then what is no UTF-8.
        if text is not None and (says_1000(text) or text.decode(errors="ignore").encode() == text):
            return text, "" if key == keys[0] else "one under another key"
    if says_1000(body):
        return body, "one in plain JSON"
    how = explain(body, keys, issued)
    return body, how or f"{quoted(body.decode(errors='replace'))}, which no key decrypts"


def _strict_object(text: bytes) -> dict[str, object]:
    """Return the one JSON object, without any tolerance: nobody knows how SkyPay reads responses."""
    if text.count(b"[") + text.count(b"{") > MAX_DEPTH:  # Python 3.14 reads any depth
        raise ValueError("nested too deep")
    value: object = json.loads(text.decode(), object_pairs_hook=_once)
    if not isinstance(value, dict):
        raise ValueError("another JSON value")
    return cast("dict[str, object]", value)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict[str, object]()
    for name, value in pairs:
        if name in fields:
            raise ValueError(f"the field {quoted(name)} is there twice")
        fields[name] = value
    return fields


def _wrong_fields(fields: dict[str, object]) -> Iterator[str]:
    for name, expected in _FIXED.items():
        value = fields.get(name)
        if value is None:
            yield f"expected {name}, got {'null' if name in fields else 'none'}"
        elif name != "responseTime" and value != expected:
            yield f"{name}: expected {quoted(expected)}, got {_shown(value)}"
    if more := fields.keys() - _FIXED.keys():
        names = ", ".join(map(quoted, sorted(more)))
        yield f"expected the three fields and no others, got {names} too"


def _shown(value: object) -> str:
    return quoted(value) + ("" if isinstance(value, str) else " (a string is expected)")


def _instant(value: object) -> datetime | str:
    """Point 6."""
    if isinstance(value, str) and _is_response_time(value):
        with suppress(ValueError):
            return datetime.fromisoformat(f"{value[:-5]}+08:00") + timedelta(seconds=int(value[-4:]) / 10000)
    return f"responseTime: expected yyyy-MM-dd HH:mm:ss.SSSS, got {_shown(value)}"


def off_by(time: datetime, sent: datetime, seconds: float = 0.0) -> str:
    """Say by how much a responseTime is not the present; ``""`` if it is."""
    late = time - sent
    if -CLOCKS_DIFFER < late < CLOCKS_DIFFER + timedelta(seconds=seconds):
        return ""
    hours = round(late / timedelta(hours=1))
    direction = "early" if late < timedelta() else "late"
    if hours and abs(late - timedelta(hours=hours)) < CLOCKS_DIFFER:
        much = f"it is {abs(hours)} h {direction}{' (UTC)' if hours == -8 else ''}"
    else:
        much = f"it is {abs(late.total_seconds()):.0f} s {direction}; are both clocks set?"
    here, there = (f"{moment:%Y-%m-%d %H:%M}" for moment in (sent, time))
    return f"responseTime: expected the present in UTC+8, {here}, got {there}: {much}"


def not_acknowledged(reading: Reading, sent: datetime, seconds: float = 0.0) -> str:
    """Say everything by which a response is not the acknowledgement; ``""`` if it is."""
    time = reading.time if isinstance(reading.time, str | None) else off_by(reading.time, sent, seconds)
    return "; ".join(filter(None, (reading.failure, reading.key, *reading.form, time)))


def not_rejected(status: int, texts: Iterable[bytes]) -> str:
    """Say why a response is no rejection, which neither its status nor its text may deny; ``""`` if it is."""
    got = f"expected a status from 400 to 499, got {status}"
    if any(map(says_1000, texts)):
        return f"{got} with responseCode 1000: it was acknowledged"
    if status == 429:
        return f"{got}, a rate limit, which says nothing about the callback"
    return "" if 400 <= status < 500 else got
