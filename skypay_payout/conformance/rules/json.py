"""JSON as it may be written."""

import json

from ..._pay_type import PayType
from ...testing import encode
from .._bodies import Bodies
from .._rule import Deliveries, rule
from ._reasons import JSON, LOST


@rule("json-order", JSON, LOST)
def _order(bodies: Bodies) -> Deliveries:
    """Fields in any order are acknowledged."""
    names = list(bodies.fields(remark="x"))
    rotated = [names[first:] + names[:first] for first in range(len(names))]
    for order in (*rotated, names[::-1], sorted(names), sorted(names, reverse=True)):
        yield bodies.sent(", ".join(order), dict.fromkeys(order) | bodies.fields(remark="x"))
    yield bodies.sent("unknown fields first", {"a": [{"b": "}"}]} | bodies.fields(PayType.PAYOUT))


@rule("json-spacing", JSON, LOST)
def _spacing(bodies: Bodies) -> Deliveries:
    """JSON with any spacing is acknowledged."""
    for indent, separators in ((None, (",", ":")), (4, None), ("\t", (",\r", ": ")), (None, (" , ", " : "))):
        text = json.dumps(bodies.fields(), indent=indent, separators=separators)
        yield bodies.sent(f"an indent of {indent!r}, the separators {separators}", text.encode())
    for before, behind in (("", "\n"), ("\r\n", "\r\n"), ("   ", ""), ("", " " * 40)):
        text = f"{before}{json.dumps(bodies.fields())}{behind}"
        yield bodies.sent(f"{before!r} before it, {behind!r} behind it", text.encode())


@rule("json-escapes", JSON, LOST)
def _escapes(bodies: Bodies) -> Deliveries:
    """JSON with any escapes is acknowledged."""
    for names, values in (("", "04x"), ("", "04X"), ("04x", "")):
        fields = bodies.fields().items()
        pairs = (f'"{_escaped(name, names)}":"{_escaped(str(value), values)}"' for name, value in fields)
        what = f"names {names or 'as they are'}, values {values or 'as they are'}"
        yield bodies.sent(what, f"{{{','.join(pairs)}}}".encode())
    slash = encode(bodies.fields(PayType.FAILURE, failDescription="a/b"))
    yield bodies.sent("an escaped slash", slash.replace(b"a/b", rb"a\/b"))
    for what, ascii_only in (("as escapes", True), ("as they are", False)):
        failed = bodies.fields(PayType.FAILURE, failDescription='余额不足 😀 \b\f\n\r\t"\\')
        yield bodies.sent(f"Chinese and emoji {what}", json.dumps(failed, ensure_ascii=ascii_only).encode())


def _escaped(text: str, form: str) -> str:
    return "".join(f"\\u{ord(char):{form}}" for char in text) if form else text


@rule("json-comma", JSON, LOST)
def _comma(bodies: Bodies) -> Deliveries:
    """The sample's comma before the last brace is tolerated with any spacing."""
    for space in ("", " ", "\n", "\r\n\t"):
        text = encode(bodies.fields())[:-1] + f",{space}}}".encode()
        yield bodies.sent(f"{space!r} between comma and brace", text)


@rule("byte-order-mark", "point 9: a byte order mark is tolerated", LOST)
def _byte_order_mark(bodies: Bodies) -> Deliveries:
    """A byte order mark before the JSON is tolerated."""
    for status in (PayType.UPLOAD, PayType.FAILURE):
        yield bodies.sent(status.name, b"\xef\xbb\xbf" + encode(bodies.fields(status)))
