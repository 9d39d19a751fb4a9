"""JSON as it may be written."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ..._pay_type import PayType
from ...testing import encode
from .._bodies import Bodies
from .._rule import Delivery, rule
from ._reasons import JSON, LOST


@rule("json-order", JSON, LOST)
def order(bodies: Bodies) -> Iterator[Delivery]:
    """Fields in any order are acknowledged."""
    for number in range(8):
        names = list(bodies.fields())
        names = names[number % len(names) :] + names[: number % len(names)]
        fields = bodies.fields(remark="x")
        if number == 7:
            names = sorted(fields, reverse=True)
        ordered = {name: fields[name] for name in (*names, *fields)}
        yield bodies.acknowledged(f"{next(iter(ordered))} first", encode(ordered))
    yield bodies.acknowledged("in reverse", encode(dict(reversed(bodies.fields().items()))))
    fields = bodies.fields(PayType.PAYOUT)
    yield bodies.acknowledged("unknown fields first", encode({"a": [{"b": "}"}]} | fields))


@rule("json-spacing", JSON, LOST)
def spacing(bodies: Bodies) -> Iterator[Delivery]:
    """JSON with any spacing is acknowledged."""

    def text(indent: int | str | None = None, separators: tuple[str, str] | None = None) -> str:
        return json.dumps(bodies.fields(), indent=indent, separators=separators)

    for what, spaced in {
        "none": text(separators=(",", ":")),
        "an indent of 4": text(indent=4),
        "tabs and CRLF": text(indent="\t").replace("\n", "\r\n"),
        "spaces around every sign": text(separators=(" , ", " : ")),
        "a line break at the end": text() + "\n",
        "CRLF around it": f"\r\n{text()}\r\n",
        "spaces before it": f"   {text()}",
        "40 spaces at the end": text() + " " * 40,
    }.items():
        yield bodies.acknowledged(what, spaced.encode())


@rule("json-escapes", JSON, LOST)
def escapes(bodies: Bodies) -> Iterator[Delivery]:
    """JSON with any escapes is acknowledged."""

    def letters(text: str, form: str) -> str:
        return "".join(f"\\u{ord(char):{form}}" for char in text)

    for what, form in (("values as \\u escapes", "04x"), ("values as \\U escapes in capitals", "04X")):
        texts = (f'"{name}":"{letters(str(value), form)}"' for name, value in bodies.fields().items())
        yield bodies.acknowledged(what, f"{{{','.join(texts)}}}".encode())
    fields = bodies.fields()
    names = (f'"{letters(name, "04x")}":{json.dumps(value)}' for name, value in fields.items())
    yield bodies.acknowledged("names as \\u escapes", f"{{{','.join(names)}}}".encode())
    failed = bodies.fields(PayType.FAILURE, failDescription="a/b")
    yield bodies.acknowledged("an escaped slash", encode(failed).replace(b"a/b", rb"a\/b"))
    for what, ascii_only in (("as escapes", True), ("as they are", False)):
        failed = bodies.fields(PayType.FAILURE, failDescription='余额不足 😀 \b\f\n\r\t"\\')
        text = json.dumps(failed, ensure_ascii=ascii_only).encode()
        yield bodies.acknowledged(f"Chinese and emoji {what}", text)


@rule("json-comma", JSON, LOST)
def comma(bodies: Bodies) -> Iterator[Delivery]:
    """The sample's comma before the last brace is tolerated with any spacing."""
    ends = {"nothing": b"", "a space": b" ", "a line break": b"\n", "CRLF and a tab": b"\r\n\t"}
    for what, end in ends.items():
        text = encode(bodies.fields())[:-1] + b"," + end + b"}"
        yield bodies.acknowledged(f"{what} between comma and brace", text)


@rule("byte-order-mark", "point 9: a byte order mark is tolerated", LOST)
def byte_order_mark(bodies: Bodies) -> Iterator[Delivery]:
    """A byte order mark before the JSON is tolerated."""
    for status in (PayType.UPLOAD, PayType.FAILURE):
        yield bodies.acknowledged(status.name, b"\xef\xbb\xbf" + encode(bodies.fields(status)))
