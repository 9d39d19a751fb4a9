"""Bodies of unauthenticated senders that are made to be expensive, each of the largest size."""

from __future__ import annotations

from collections.abc import Mapping

from skypay_payout.testing import SAMPLE, WRONG_AUTHENTICATION, payload

from .bodies import compact, grown

SIZE = 65_536
"""Bytes: the default ``max_body_size``."""

_START = compact(payload(authentication=WRONG_AUTHENTICATION))[:-1]


def _filled(start: bytes, part: bytes, end: bytes) -> bytes:
    """As many parts as there is room for, and white space."""
    room = SIZE - len(start) - len(end)
    return start + part * (room // len(part)) + b" " * (room % len(part)) + end


def _elements(part: bytes) -> bytes:
    return _filled(_START + b',"x":[', part + b",", b"0]}")


def _text(part: bytes) -> bytes:
    return _filled(_START + b',"x":"', part, b'"}')


def _fields(value: bytes) -> bytes:
    room, fields = SIZE - len(_START) - 1, list[bytes]()
    while (room := room - len(field := b',"%x":%b' % (len(fields), value))) >= 0:
        fields.append(field)
    return (_START + b"".join(fields)).ljust(SIZE - 1) + b"}"


EXPENSIVE: Mapping[str, bytes] = {
    "empty arrays": _elements(b"[]"),
    "empty objects": _elements(b"{}"),
    "objects of one field": _elements(b'{"a":0}'),
    "arrays 60 deep": _elements(b"[" * 60 + b"]" * 60),
    "objects 60 deep": _elements(b'{"a":' * 60 + b"0" + b"}" * 60),
    "objects 200 deep, without names": _elements(b'{"":' * 200 + b"0.1" + b"}" * 200),
    "digits": _elements(b"7"),
    "fractions": _elements(b".5".rjust(3, b"0")),
    "exponents": _elements(b"1e9"),
    "fractions that are hard to round": _elements(b"2.2250738585072011360574097967e-308"),
    "fractions of 800 digits": _elements(b"1." + b"7" * 800 + b"e-300"),
    "whole numbers of 4,300 digits": _elements(b"7" * 4300),
    "empty texts": _elements(b'""'),
    "literals": _elements(b"null"),
    "short fields": _fields(b"0"),
    "fields of fractions": _fields(b"2.22507385850720113e-308"),
    "fields of objects": _fields(b'{"a":0}'),
    "one field again and again": _filled(_START, b',"a":0', b"}"),
    "one text": _text(b"x"),
    "one text of escaped quotes": _text(b'\\"'),
    "one text of escapes and letters": _text(b"x\\n"),
    "one text of surrogate pairs": _text(b"\\ud83d\\ude00"),
    "one text of emoji": _text("😀".encode()),
    "commas and spaces": _filled(b"{", b",  ", b"}"),
    "a long user name": _filled(b'{"authentication":"","userName":"', b"a", b'"}'),
    "white space at the end": _filled(SAMPLE, b" ", b"!"),
    "a valid body, wrong secret": grown(SIZE, authentication=WRONG_AUTHENTICATION),
    "a valid body, not UTF-8 at the end": grown(SIZE)[:-3] + b'\xff"}',
}
"""By name; all of them are rejected."""
