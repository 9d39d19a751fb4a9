"""Encryption and HTTP."""

from itertools import count, product
from textwrap import wrap
from typing import Any

from attrs import evolve

from ..._pay_type import PayType
from ...testing import encode
from .._bodies import Bodies
from .._http import Request
from .._rule import Deliveries, Delivery, rule
from ._reasons import ENCRYPTION, EXCHANGE, LOST


@rule("base64-lines", ENCRYPTION, LOST)
def base64_lines(bodies: Bodies) -> Deliveries:
    """Base64 wrapped in lines is acknowledged."""
    bodies.needs_keys()
    for what, width, newline, last in (
        ("76 characters, CRLF", 76, "\r\n", ""),
        ("76 characters, CRLF, also at the end", 76, "\r\n", "\r\n"),
        ("76 characters, LF", 76, "\n", ""),
        ("64 characters, LF, also at the end", 64, "\n", "\n"),
        ("61 characters, LF", 61, "\n", ""),
        ("4 characters, LF", 4, "\n", ""),
        ("one line with LF at its end", 10**6, "\n", "\n"),
        ("one line with CRLF at its end", 10**6, "\r\n", "\r\n"),
    ):
        good = bodies.good(what, PayType.FAILURE)
        yield _requested(good, body=(newline.join(wrap(good.request.body.decode(), width)) + last).encode())


@rule("base64-surroundings", "point 9: a byte order mark and white space are tolerated", LOST)
def base64_surroundings(bodies: Bodies) -> Deliveries:
    """Base64 with a byte order mark before it or white space around it is acknowledged."""
    bodies.needs_keys()
    for what, before, behind in (
        ("a byte order mark", b"\xef\xbb\xbf", b""),
        ("spaces", b"  ", b"  "),
        ("line breaks", b"\r\n", b"\n\n"),
    ):
        good = bodies.good(what)
        yield _requested(good, body=before + good.request.body + behind)


@rule("base64-alphabet", ENCRYPTION, LOST)
def base64_alphabet(bodies: Bodies) -> Deliveries:
    """Every character of Base64 is decoded."""
    bodies.needs_keys()
    for ending, special in product((b"==", b"=", b""), (b"+", b"/")):
        what, fields = f"a {special.decode()}, and {len(ending)} = at the end", bodies.fields()
        made = (bodies.sent(what, fields | {"remark": "x" * number}) for number in count())
        bodies_of = ((one, one.request.body) for one in made)
        yield next(one for one, body in bodies_of if special in body and body.rstrip(b"=") + ending == body)


@rule("padding", ENCRYPTION, LOST)
def padding(bodies: Bodies) -> Deliveries:
    """Every length of padding is decrypted."""
    bodies.needs_keys()
    for size in range(1, 17):
        fields = bodies.fields(remark="")
        fields["remark"] = "x" * ((-size - len(encode(fields))) % 16)
        yield bodies.sent(f"{size} bytes of padding", fields)


@rule("content-type", EXCHANGE, LOST)
def content_types(bodies: Bodies) -> Deliveries:
    """A charset in the content type is acknowledged."""
    charset = "text/plain; charset=utf-8"
    for content_type in (charset, "text/plain;charset=UTF-8", 'text/plain; charset="utf-8"', "Text/Plain"):
        yield _requested(bodies.good(content_type, PayType.FAILURE), content_type=content_type)


@rule(
    "chunked",
    EXCHANGE,
    "It has no Content-Length, so some servers read an empty body. Django under WSGI does: "
    f"use the view of skypay_payout.contrib.django, or a server that reads them. {LOST}",
)
def chunked(bodies: Bodies) -> Deliveries:
    """A chunked request is acknowledged."""
    for status in (PayType.UPLOAD, PayType.FAILURE):
        yield _requested(bodies.good(status.name, status, failDescription="余额不足" * 300), chunked=True)


@rule("get", EXCHANGE, "Whoever opens the URL gets the acknowledgement of a callback.")
def get(bodies: Bodies) -> Deliveries:  # noqa: ARG001
    """A GET is not acknowledged."""
    yield Delivery("a GET without a body", Request(b"", method="GET"), "unacknowledged")


@rule("header-names", EXCHANGE, LOST)
def header_names(bodies: Bodies) -> Deliveries:
    """Header names in capitals are acknowledged."""
    yield _requested(bodies.good("header names in capitals"), shouted=True)


@rule("one-connection", EXCHANGE, LOST, how="over one connection")
def one_connection(bodies: Bodies) -> Deliveries:
    """Callbacks over one connection are acknowledged."""
    for number in ("first", "second", "third"):
        yield bodies.good(f"the {number} callback")


@rule("one-connection-after-rejection", EXCHANGE, LOST, how="over one connection")
def one_connection_after_rejection(bodies: Bodies) -> Deliveries:
    """Good and bad callbacks over one connection each get the right response."""
    yield bodies.good("the first callback")
    yield bodies.forged("a wrong secret after it")
    yield bodies.good("a good callback after a wrong secret")
    yield evolve(bodies.bad("no JSON", b"payout" * 50), expected="anything")
    yield bodies.good("a good callback after no JSON")


def _requested(delivery: Delivery, **changes: Any) -> Delivery:
    return evolve(delivery, request=evolve(delivery.request, **changes))
