"""Bodies of unauthenticated senders that are made to be expensive, each of a given size.

Those of many parts have as many as are not too complex, which is found by trying, so that the list stays
sharp when the limits change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from skypay_payout import CallbackParser, ErrorCode, Rejected
from skypay_payout.testing import CREDENTIALS, SAMPLE, WRONG_AUTHENTICATION, payload

from ..support.hostile import REJECTED
from .bodies import compact, grown

Maker: TypeAlias = "Callable[[int], bytes]"
"""Makes the body of that many bytes."""

_START = compact(payload(authentication=WRONG_AUTHENTICATION))[:-1]
_VALUE = _START + b',"x":'


def _filled(start: bytes, part: bytes, end: bytes = b"") -> Maker:
    """As often ``part`` as there is room for, and spaces."""

    def make(size: int) -> bytes:
        room = size - len(start) - len(end)
        return start + part * (room // len(part)) + b" " * (room % len(part)) + end

    return make


def _too_complex(body: bytes) -> bool:
    result = CallbackParser(CREDENTIALS, max_body_size=len(body)).receive(body)
    return isinstance(result, Rejected) and result.error.code is ErrorCode.TOO_COMPLEX


def _densest(start: bytes, parts: Callable[[int], bytes], end: bytes) -> Maker:
    """As many parts as are not too complex, and a text in the place of ``@``."""

    def make(size: int) -> bytes:
        def body(number: int) -> bytes:
            body = start + parts(number) + end
            return body.replace(b'"@"', b'"' + b"x" * (size - len(body) + 1) + b'"')

        least, most = 0, size
        while most - least > 1:  # by bisection, since more parts are never less complex
            middle = (least + most) // 2
            if len(body(middle)) > size or _too_complex(body(middle)):
                most = middle
            else:
                least = middle
        return body(least)

    return make


def _elements(part: bytes) -> Maker:
    return _densest(_VALUE + b"[", lambda number: (part + b",") * number, b'0],"y":"@"}')


def _fields(value: bytes, before: bytes = b"") -> Maker:
    def fields(number: int) -> bytes:
        return b"".join(b'"%d":%b,' % (name, value) for name in range(number))

    return _densest(_START + before + b",", fields, b'"y":"@"}')


def _numbers(digits: int, start: bytes = b"", end: bytes = b"") -> Maker:
    """Numbers of so many digits, so placed that no block of 400 bytes is all digits if that can be."""

    def make(size: int) -> bytes:
        before = _VALUE + b"["
        if size > 2048:
            before += b" " * (-len(before) % 400)
        length = min(digits, size - len(before) - 5)
        part = (start + b"7" * (length - len(start) - len(end)) + end).rjust(length + 1) + b","
        return _filled(before, part, b"0]}")(size)

    return make


HOSTILE: Mapping[str, Maker] = {
    "empty arrays": _elements(b"[]"),
    "empty objects": _elements(b"{}"),
    "arrays 60 deep": _elements(b"[" * 60 + b"]" * 60),
    "objects 60 deep": _elements(b'{"a":' * 60 + b"0" + b"}" * 60),
    "objects 60 deep, escaped names": _elements(b'{"\\u0061\\u0062\\u0063\\u0064":' * 60 + b"0" + b"}" * 60),
    "objects of one field": _elements(b'{"a":0}'),
    "digits": _elements(b"7"),
    "fractions": _elements(b"0.5"),
    "exponents": _elements(b"1e9"),
    "fractions of 32 digits": _elements(b"0." + b"7" * 32),
    "fractions that are hard to round": _elements(b"2.2250738585072011360574097967e-308"),
    "whole numbers of 34 digits": _elements(b"7" * 34),
    "empty texts": _elements(b'""'),
    "short texts of escapes": _elements(b'"\\u4f59"'),
    "texts of escapes": _elements(b'"' + b"x\\n" * 9 + b'"'),
    "literals": _elements(b"null"),
    "short fields": _fields(b"0"),
    "fields of fractions": _fields(b"2.22507385850720113e-308"),
    "fields of texts of escapes": _fields(b'"' + b"x\\n" * 8 + b'"'),
    "fields of mixed characters": _fields('"aé余😀é余"'.encode()),
    "fields of one escape": _fields(b'"xxxxxxxxxxxxxxx\\n"'),
    "fields of short texts beside an emoji": _fields(b'"' + b"x" * 23 + b'"', b',"e":"\xf0\x9f\x98\x80"'),
    "one field again and again": _densest(_START + b",", lambda number: b'"a":0,' * number, b'"y":"@"}'),
    **{f"whole numbers of {digits:,} digits": _numbers(digits) for digits in (390, 798, 4300)},
    **{f"fractions of {digits:,} digits": _numbers(digits, b"0.") for digits in (390, 798)},
    "fractions of 798 digits and an exponent": _numbers(798, b"1.", b"e-300"),
    "one text": _filled(_VALUE + b'"', b"x", b'"}'),
    "one text of escaped quotes": _filled(_VALUE + b'"', b'\\"', b'"}'),
    "one text of escapes and letters": _filled(_VALUE + b'"', b"x\\n", b'"}'),
    "one text of surrogate pairs": _filled(_VALUE + b'"', b"\\ud83d\\ude00", b'"}'),
    "one text of Chinese": _filled(_VALUE + b'"', "余".encode(), b'"}'),
    "one text of emoji": _filled(_VALUE + b'"', "😀".encode(), b'"}'),
    "a long user name": _filled(b'{"authentication":"","userName":"', b"a", b'"}'),
    "white space at the start": _filled(b"", b" \t\r\n", _START + b"}"),
    "white space at the end": _filled(SAMPLE, b" ", b"!"),
    "an honest body, wrong secret": lambda size: grown(size, authentication=WRONG_AUTHENTICATION),
    "an honest body, wrong secret and an emoji": lambda size: grown(
        size, authentication=WRONG_AUTHENTICATION, channel="😀"
    ),
    "an honest body, cut short": lambda size: grown(size + 1)[:-1],
    "an honest body, one field twice": lambda size: grown(size - 14)[:-1] + b',"payType":"2"}',
    "an honest body, not UTF-8 at the end": lambda size: grown(size)[:-3] + b'\xff"}',
    **REJECTED,
}
"""By name; all of them are rejected, whether or not they are JSON."""
