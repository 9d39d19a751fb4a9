"""Read a response in two steps: whether it acknowledges, and then everything that is wrong with it.

Nothing here delivers, so that the test kit uses it too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from attrs import frozen

from .._acknowledgement import acknowledge
from .._formatting import quoted
from .._times import SKYPAY_ZONE
from ._misreading import aes_keys, decrypted, explain, says_1000
from ._response_time import kind, off_by, time_of
from ._strict_json import strict_object

if TYPE_CHECKING:
    from ..encryption import BodyCipher

_FIXED = acknowledge().to_dict()
_ADVICE = {
    404: " (is the path right?)",
    405: " (does the path take POST?)",
    415: " (SkyPay's content type is text/plain)",
} | dict.fromkeys(range(300, 400), " (SkyPay is not known to follow redirects: give the final URL)")


@frozen
class Reading:
    """What a response to a good callback says."""

    failure: str = ""
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
        failure = "" if str(code) == "1000" else f"expected responseCode 1000, got {quoted(code)}"
    except ValueError as error:
        failure = f"expected one JSON object, got {quoted(text.decode(errors='replace'))}: {error}"
    wrong = wrong and f"expected a response encrypted with the key of the callback, got {wrong}"
    if failure and not says_1000(text):
        return Reading(wrong or failure)
    return _checked(text, wrong)


def _decrypted(
    body: bytes, own: bytes, others: tuple[bytes, ...], issued: tuple[str, ...]
) -> tuple[bytes, str]:
    for key, how in ((own, ""), *((other, "one under another key") for other in others if other != own)):
        text = decrypted(body, key)
        # A wrong key yields valid padding once in 250 times, and then what is no UTF-8.
        if text is not None and (says_1000(text) or text.decode(errors="ignore").encode() == text):
            return text, how
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
            yield f"{name}: expected {quoted(expected)}, got {quoted(value)}{kind(value)}"
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
    if reading.failure:
        return [reading.failure]
    found = [*filter(None, [reading.key]), *reading.form]
    if reading.time is not None:
        at = time_of(reading.time)
        began = sent or datetime.now(SKYPAY_ZONE)
        found += [at if isinstance(at, str) else off_by(at, began, seconds)]
    return [*filter(None, found)]
