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

DJANGO = "Django under WSGI does: use the view of skypay_payout.contrib.django, or a server that reads them."
CHUNKED = f"It has no Content-Length, so some servers read an empty body. {DJANGO} {LOST}"


@rule("base64-lines", ENCRYPTION, LOST, needs="a key")
def _base64_lines(bodies: Bodies) -> Deliveries:
    """Base64 wrapped in lines is acknowledged."""
    for width, newline, end in (
        *((76, "\r\n", ""), (76, "\r\n", "\r\n"), (76, "\n", ""), (64, "\n", "\n"), (61, "\n", "")),
        *((4, "\n", ""), (10**6, "\n", "\n"), (10**6, "\r\n", "\r\n")),
    ):
        good = bodies.good(f"lines of {width} characters, {newline!r}, {end!r} at the end", PayType.FAILURE)
        lines = newline.join(wrap(good.request.body.decode(), width)) + end
        yield _requested(good, body=lines.encode())


@rule("base64-surroundings", "point 9: a byte order mark and white space are tolerated", LOST, needs="a key")
def _base64_surroundings(bodies: Bodies) -> Deliveries:
    """Base64 with a byte order mark before it or white space around it is acknowledged."""
    for before, behind in ((b"\xef\xbb\xbf", b""), (b"  ", b"  "), (b"\r\n", b"\n\n")):
        good = bodies.good(f"{before!r} before it, {behind!r} behind it")
        yield _requested(good, body=before + good.request.body + behind)


@rule("base64-alphabet", ENCRYPTION, LOST, needs="a key")
def _base64_alphabet(bodies: Bodies) -> Deliveries:
    """Every character of Base64 is decoded."""
    for end, special in product((b"==", b"=", b""), (b"+", b"/")):
        what, fields = f"a {special.decode()}, and {len(end)} = at the end", bodies.fields()
        made = (bodies.sent(what, fields | {"remark": "x" * number}) for number in count())
        texts = ((one, one.request.body) for one in made)
        yield next(one for one, text in texts if special in text and text == text.rstrip(b"=") + end)


@rule("padding", ENCRYPTION, LOST, needs="a key")
def _padding(bodies: Bodies) -> Deliveries:
    """Every length of padding is decrypted."""
    for size in range(1, 17):
        fields = bodies.fields(remark="")
        fields["remark"] = "x" * ((-size - len(encode(fields))) % 16)
        yield bodies.sent(f"{size} bytes of padding", fields)


@rule("content-type", EXCHANGE, LOST)
def _content_types(bodies: Bodies) -> Deliveries:
    """A charset in the content type is acknowledged."""
    charset = "text/plain; charset=utf-8"
    for content_type in (charset, "text/plain;charset=UTF-8", 'text/plain; charset="utf-8"', "Text/Plain"):
        yield _requested(bodies.good(content_type, PayType.FAILURE), content_type=content_type)


@rule("chunked", EXCHANGE, CHUNKED)
def _chunked(bodies: Bodies) -> Deliveries:
    """A chunked request is acknowledged."""
    for status in (PayType.UPLOAD, PayType.FAILURE):
        yield _requested(bodies.good(status.name, status, failDescription="余额不足" * 300), chunked=True)


@rule("get", EXCHANGE, "Whoever opens the URL gets the acknowledgement of a callback.")
def _get(_: Bodies) -> Deliveries:
    """A GET is not acknowledged."""
    yield Delivery("a GET without a body", Request(b"", method="GET"), "unacknowledged")


@rule("header-names", EXCHANGE, LOST)
def _header_names(bodies: Bodies) -> Deliveries:
    """Header names in capitals are acknowledged."""
    yield _requested(bodies.good("header names in capitals"), shouted=True)


@rule("one-connection", EXCHANGE, LOST, how="over one connection")
def _one_connection(bodies: Bodies) -> Deliveries:
    """Callbacks over one connection each get the right response, also after a rejection."""
    for number in ("first", "second"):
        yield bodies.good(f"the {number} callback")
    yield bodies.forged("a wrong secret after them")
    yield bodies.good("a good callback after a wrong secret")
    yield bodies.bad("no JSON", b"payout" * 50, "anything")
    yield bodies.good("a good callback after no JSON")


def _requested(delivery: Delivery, **changes: Any) -> Delivery:
    return evolve(delivery, request=evolve(delivery.request, **changes))
