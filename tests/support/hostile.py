"""Bodies of unauthenticated senders, made to be expensive: each of about the size that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from skypay_payout.testing import body

GOOD = body()

Maker: TypeAlias = "Callable[[int], bytes]"


def _repeated(start: bytes, part: bytes, end: bytes = b"") -> Maker:
    return lambda size: start + part * ((size - len(start) - len(end)) // len(part)) + end


def _fields(size: int) -> bytes:
    return b"{" + b",".join(b'"a%05d":1' % number for number in range(size // 11)) + b"}"


REJECTED: dict[str, Maker] = {
    "opening brackets": _repeated(b"", b"["),
    "arrays in arrays": lambda size: b"[" * (size // 2) + b"]" * (size // 2),
    "objects in objects": _repeated(b"", b'{"a":'),
    "commas": _repeated(b'{"a":1', b",", b"}"),
    "commas among white space": _repeated(b'{"a":1', b" , ", b"}"),
    "short fields": _fields,
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
}
