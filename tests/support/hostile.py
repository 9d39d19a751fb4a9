"""Bodies made to be expensive: each of about the size that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from skypay_payout._json import max_items
from skypay_payout.testing import AUTHENTICATION, body

GOOD = body()

Maker: TypeAlias = "Callable[[int], bytes]"


def items(part: bytes, size: int) -> float:
    """Count the items of a part of a body of that size, as ``max_items`` defines them."""
    plain = sum(part.count(item) for item in (b"{", b"[", b","))
    return plain + part.count(b"{") + part.count(b"\\") / 7 if size > 512 else plain


def _with(field: Maker) -> Maker:
    """Add a field to a callback of the right account, so that it is not rejected before it is looked at."""
    return lambda size: GOOD[:-1] + b"," + field(size - len(GOOD) - 1) + b"}"


def _repeated(start: bytes, part: bytes, end: bytes = b"") -> Maker:
    return lambda size: start + part * ((size - len(start) - len(end)) // len(part)) + end


def _fields(name: str, value: str) -> Maker:
    def make(size: int) -> bytes:
        one = len(f'"{name}00000":{value},')
        return ",".join(f'"{name}{number:05}":{value}' for number in range(size // one)).encode()

    return make


def _replaced(name: str, value: Maker) -> Maker:
    text = body(**{name: "%"})  # type: ignore[arg-type]
    return lambda size: text.replace(b'"%"', value(size - len(text)))


def _dense(part: bytes) -> Maker:
    """Fill an array with as many of the part as the limit allows, and the rest with a text."""

    def make(size: int) -> bytes:
        room = max_items(size) - items(GOOD, size) - 4
        start = GOOD[:-1] + b',"x":[0'
        count = min(int(room / items(part, size)), (size - len(start) - 10) // len(part))
        start += part * count + b'],"y":"'
        return start + b"y" * (size - len(start) - 2) + b'"}'

    return make


def _unauthenticated(make: Maker) -> Maker:
    return lambda size: make(size).replace(AUTHENTICATION.encode(), b"31" + AUTHENTICATION.encode()[2:], 1)


ACCEPTED: dict[str, Maker] = {
    "a long text": _with(_repeated(b'"x":"', b"a", b'"')),
    "a long escaped text": _with(_repeated(b'"x":"', b"\\u4f59", b'"')),
    "as many escapes as allowed": _with(_repeated(b'"x":"', b"\\naaaaa", b'"')),
    "a long name": _with(_repeated(b'"', b"a", b'":1')),
    "as many numbers as allowed": _dense(b",1"),
    "as many fractions as allowed": _dense(b",0.1234567890123"),
    "as many exponents as allowed": _dense(b",1.7976931348623157e308"),
    "as many long numbers as allowed": _dense(b",1234567890123456789012345"),
    "as many arrays as allowed": _dense(b",[]"),
    "as many objects as allowed": _dense(b",{}"),
    "as many fields as allowed": _dense(b',{"a":1,"b":2,"c":3,"d":4}'),
    "as many deep arrays as allowed": _dense(b"," + b"[" * 12 + b"]" * 12),
    "as many texts as allowed": _dense(b',"\\u0041"'),
    "honest extra fields": _with(_fields("extraField", '"the value of an honest field"')),
    "the secret many times": _with(_repeated(b'"x":"', AUTHENTICATION.encode(), b'"')),
    "the secret in many names": _with(_fields(AUTHENTICATION, "1")),
}
"""Callbacks that are accepted."""

INVALID: dict[str, Maker] = {
    "a long action": _replaced("action", _repeated(b'"', b"a", b'"')),
    "a long control number": _replaced("controlNumber", _repeated(b'"SK991', b"1x", b'"')),
    "a long mask": _replaced("controlNumber", _repeated(b'"SK991', b"*", b'"')),
    "a long status": _replaced("payType", _repeated(b'"', b"1 ", b'"')),
    "a status of many digits": _replaced("payType", lambda _: b"1" * 500),
    "a long fraction of a second": _replaced("dealTime", _repeated(b'"2018-08-07 11:58:33.', b"1 ", b'"')),
    "a long offset": _replaced("dealTime", _repeated(b'"2018-08-07 11:58:33+', b"0:", b'"')),
    "a long year": _replaced("dealTime", _repeated(b'"', b"2-", b'"')),
    "a long text as the time": _replaced("dealTime", _repeated(b'["', b"a", b'"]')),
    "an object as the reason": _replaced("failDescription", _repeated(b'{"a":"', b"a", b'"}')),
    "half a surrogate pair at the end": _replaced("referenceNumber", _repeated(b'"', b"a", b'\\ud800"')),
    "everything": lambda size: (
        _replaced("action", _repeated(b'["', b"a", b'"]'))(size)
        .replace(b'"payType"', b'"PayType"')
        .replace(b'"dealTime"', b'"DealTime"')
    ),
}
"""Sent by the right account, but invalid."""

REJECTED: dict[str, Maker] = {
    "opening brackets": _repeated(b"", b"["),
    "arrays in arrays": lambda size: b"[" * (size // 2) + b"]" * (size // 2),
    "objects in objects": _repeated(b"", b'{"a":'),
    "commas": _repeated(b'{"a":1', b",", b"}"),
    "commas in an array": _repeated(b'{"a":[1', b",", b"]}"),
    "commas among white space": _repeated(b'{"a":1', b" , ", b"}"),
    "short fields": lambda size: b"{" + _fields("a", "1")(size - 2) + b"}",
    "an array of numbers": _repeated(b'{"a":[0', b",0", b"]}"),
    "an array of arrays": _repeated(b'{"a":[[]', b",[]", b"]}"),
    "an array of objects": _repeated(b'{"a":[{}', b",{}", b"]}"),
    "deep arrays again and again": _repeated(b'{"a":[1', b"," + b"[" * 60 + b"]" * 60, b"]}"),
    "a duplicate field at the end": lambda size: b'{"a":"' + b"a" * (size - 15) + b'","a":1}',
    "closing braces": _repeated(b"{", b"}"),
    "colons": _repeated(b'{"a"', b":", b"}"),
    "quotes": _repeated(b"{", b'"', b"}"),
    "backslashes": _repeated(b'{"', b"\\", b'":1}'),
    "digits": _repeated(b'{"a":', b"7", b"}"),
    "many numbers just below the limit": _repeated(b'{"a":[0', b"," + b"7" * 500, b"]}"),
    "digits after the point": _repeated(b'{"a":0.', b"7", b"}"),
    "digits of the exponent": _repeated(b'{"a":1e', b"7", b"}"),
    "minus signs": _repeated(b"{", b"-", b"}"),
    "white space": _repeated(b"", b" \t\r\n"),
    "lines": _repeated(b"{", b"\n", b"!"),
    "white space before the last comma": _repeated(b'{"a":1', b" ", b",}"),
    "white space behind the last comma": _repeated(b'{"a":1,', b" ", b"}"),
    "byte order marks": _repeated(b"", b"\xef\xbb\xbf", b"{}"),
    "zeros": _repeated(b"", b"\0"),
    "0xFF": _repeated(b"", b"\xff"),
    "a truncated character at the end": _repeated(b'{"', b"a", b"\xe4"),
    "a string without an end": _repeated(b'{"a":"', b"a"),
    "a long secret": _repeated(b'{"userName":"AppName@skypay","authentication":"', b"a", b'"}'),
    "a callback cut short in a text": _repeated(GOOD[: GOOD.index(b"MLA")], b"a"),
    "a callback and white space": _repeated(GOOD[:-1], b" "),
    "Base64": _repeated(b"", b"QUJD"),
    "lines of Base64": _repeated(b"", b"QUJD\r\n"),
    "line breaks": _repeated(b"", b"\r\n"),
    **{f"another's secret, and {name}": _unauthenticated(make) for name, make in ACCEPTED.items()},
}
"""Of unauthenticated senders."""

BODIES = ACCEPTED | INVALID | REJECTED
