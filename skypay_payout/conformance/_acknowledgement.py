"""Read a response in two steps: whether it acknowledges, and then everything that is wrong with it.

Nothing here delivers, so that the test kit uses it too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

from attrs import frozen

from .._acknowledgement import acknowledge
from .._formatting import quoted
from .._times import SKYPAY_ZONE
from ._misreading import aes_keys, decrypted, explain, says_1000

if TYPE_CHECKING:
    from ..encryption import BodyCipher

CLOCKS_DIFFER = timedelta(minutes=1)
"""How far responseTime may be from the time here: clocks differ, but no two zones are this close."""

_FIXED = acknowledge().to_dict()
_is_response_time = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{4}", re.ASCII).fullmatch
_ADVICE = {
    404: " (is the path right?)",
    405: " (does the path take POST?)",
    415: " (SkyPay's content type is text/plain)",
} | dict.fromkeys(range(300, 400), " (SkyPay is not known to follow redirects: give the final URL)")


@frozen
class Reading:
    """What a response to a good callback says."""

    refusal: str = ""
    """Why it does not acknowledge; ``""`` if it does: status 200 and responseCode 1000."""
    key: str = ""
    """By which it is not encrypted with the key of the callback."""
    form: tuple[str, ...] = ()
    """In what the fields, or the JSON around them, are not as they should be."""
    code_is_number: bool = False
    """The specification's table says int, its sample shows a string."""
    time: object = None
    """The value of responseTime, whatever it is."""


def read(
    status: int,
    body: bytes,
    key: bytes | None = None,
    *,
    encoding: str = "",
    others: Iterable[bytes] = (),
    issued: Iterable[str] = (),
) -> Reading:
    """Read a response. ``key`` encrypted the callback; ``others`` are all AES keys, ``issued`` texts."""
    if status != 200:
        return Reading(f"expected status 200, got {status}{_ADVICE.get(status, '')}")
    if encoding.lower() not in ("", "identity"):
        asked = "expected no Content-Encoding, since none was asked for"
        return Reading(f"{asked}, got {quoted(encoding)}: switch compression off")
    text, wrong = body, ""
    if key is not None:
        text, wrong = _decrypted(body, key, tuple(others), tuple(issued))
    try:
        code = strict_object(text).get("responseCode", "none")
        refusal = "" if str(code) == "1000" else f"expected responseCode 1000, got {quoted(code)}"
    except ValueError as error:
        refusal = f"expected one JSON object, got {quoted(text.decode(errors='replace'))}: {error}"
    wrong = wrong and f"expected a response encrypted with the key of the callback, got {wrong}"
    if refusal and not says_1000(text):
        return Reading(wrong or refusal)
    return _checked(text, wrong)


def _decrypted(
    body: bytes, own: bytes, others: tuple[bytes, ...], issued: tuple[str, ...]
) -> tuple[bytes, str]:
    text = decrypted(body, own)
    if text is not None:
        return text, ""
    for other in others:
        text = decrypted(body, other)
        if text is not None and other != own:
            return text, "one under another key"
    if says_1000(body):
        return body, "one in plain JSON"
    how = explain(body, (own, *others), issued)
    return body, how or f"{quoted(body.decode(errors='replace'))}, which no key decrypts"


def _checked(text: bytes, key: str) -> Reading:
    try:
        fields = strict_object(text)
    except ValueError as error:
        got = f"expected one JSON object, got {quoted(text.decode(errors='replace'))}: {error}"
        return Reading(key=key, form=(got,))
    time, code = fields.get("responseTime"), fields.get("responseCode")
    is_number = type(code) is int and code == 1000
    wrong = tuple(_wrong_fields(fields | {"responseCode": "1000"} if is_number else fields))
    return Reading(key=key, form=wrong, code_is_number=is_number, time=time)


def _wrong_fields(fields: dict[str, object]) -> Iterator[str]:
    for name, expected in _FIXED.items():
        value = fields.get(name)
        if value is None:
            yield f"expected {name}, got {'null' if name in fields else 'none'}"
        elif name != "responseTime" and value != expected:
            yield f"{name}: expected {quoted(expected)}, got {quoted(value)}{_kind(value)}"
    if more := fields.keys() - _FIXED.keys():
        names = ", ".join(map(quoted, sorted(more)))
        yield f"expected the three fields and no others, got {names} too"


def problems(
    status: int,
    body: bytes,
    cipher: BodyCipher | None = None,
    *,
    sent: datetime | None = None,
    seconds: float = 0.0,
) -> list[str]:
    """Return everything by which a response is not the acknowledgement; nothing if it is.

    ``cipher`` encrypted the callback, at ``sent`` (default: now), and the response took ``seconds``.
    """
    keys = aes_keys(cipher)
    reading = read(status, body, keys[-1] if keys else None, others=keys)
    if reading.refusal:
        return [reading.refusal]
    found = [*filter(None, [reading.key]), *reading.form]
    if reading.time is not None:
        at = time_of(reading.time)
        began = sent or datetime.now(SKYPAY_ZONE)
        found += [at if isinstance(at, str) else off_by(at, began, seconds)]
    return [*filter(None, found)]


def time_of(value: object) -> datetime | str:
    """Return the instant that a responseTime names, or by which it does not have its form (point 6)."""
    if isinstance(value, str) and _is_response_time(value):
        with suppress(ValueError):
            return datetime.fromisoformat(f"{value[:-5]}+08:00") + timedelta(seconds=int(value[-4:]) / 10000)
    return f"responseTime: expected yyyy-MM-dd HH:mm:ss.SSSS, got {quoted(value)}{_kind(value)}"


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


def _kind(value: object) -> str:
    return "" if isinstance(value, str) else " (a string is expected)"


def strict_object(text: bytes) -> dict[str, object]:
    """Return the one JSON object that the text holds; whatever reads responses may tolerate nothing.

    Raises ``ValueError`` that says what is wrong and where.
    """
    try:
        value: object = json.loads(text.decode(), object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        problem = f"not JSON at line {error.lineno}, column {error.colno}: {error.msg}"
    except UnicodeDecodeError as error:
        problem = f"not UTF-8 at byte {error.start}"
    except _DuplicateField as error:
        problem = f"the field {quoted(error.args[0])} is there twice"
    except (RecursionError, ValueError):
        problem = "nested too deep, or a number of too many digits"
    else:
        if isinstance(value, dict):
            return cast("dict[str, object]", value)
        problem = "another JSON value"
    raise ValueError(problem)


class _DuplicateField(Exception):
    pass


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(dict(pairs)) < len(pairs):
        names = [name for name, _ in pairs]
        raise _DuplicateField(next(name for name in names if names.count(name) > 1))
    return dict(pairs)
