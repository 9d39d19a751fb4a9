"""Encryption and HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, product
from textwrap import wrap

from attrs import evolve

from ..._pay_type import PayType
from ...testing import WRONG_AUTHENTICATION, encode
from .._bodies import Bodies
from .._http import Request
from .._rule import Delivery, rule
from ._reasons import ENCRYPTION, EXCHANGE, LOST


@rule("base64-lines", ENCRYPTION, LOST)
def base64_lines(bodies: Bodies) -> Iterator[Delivery]:
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
        delivery = bodies.good(what, PayType.FAILURE)
        wrapped = newline.join(wrap(delivery.request.body.decode(), width)) + last
        yield evolve(delivery, request=Request(wrapped.encode()))


@rule("base64-surroundings", "point 9: a byte order mark and white space are tolerated", LOST)
def base64_surroundings(bodies: Bodies) -> Iterator[Delivery]:
    """Base64 with a byte order mark before it or white space around it is acknowledged."""
    bodies.needs_keys()
    around = {
        "a byte order mark": (b"\xef\xbb\xbf", b""),
        "spaces": (b"  ", b"  "),
        "line breaks": (b"\r\n", b"\n\n"),
    }
    for what, (before, behind) in around.items():
        delivery = bodies.good(what)
        yield evolve(delivery, request=Request(before + delivery.request.body + behind))


@rule("base64-alphabet", ENCRYPTION, LOST)
def base64_alphabet(bodies: Bodies) -> Iterator[Delivery]:
    """Every character of Base64 is decoded."""
    bodies.needs_keys()
    for ending, special in product((b"==", b"=", b""), (b"+", b"/")):
        texts = (encode(bodies.fields(remark="x" * number)) for number in count())
        text = next(text for text in texts if _is_written(bodies.encrypted(text), special, ending))
        yield bodies.acknowledged(f"a {special.decode()}, and {len(ending)} = at the end", text)


def _is_written(body: bytes, special: bytes, ending: bytes) -> bool:
    return special in body and body[len(body.rstrip(b"=")) :] == ending


@rule("padding", ENCRYPTION, LOST)
def padding(bodies: Bodies) -> Iterator[Delivery]:
    """Every length of padding is decrypted."""
    bodies.needs_keys()
    for size in range(1, 17):
        fields = bodies.fields(remark="")
        remark = "x" * ((-size - len(encode(fields))) % 16)
        yield bodies.acknowledged(f"{size} bytes of padding", encode(fields | {"remark": remark}))


@rule("content-type", EXCHANGE, LOST)
def content_types(bodies: Bodies) -> Iterator[Delivery]:
    """A charset in the content type is acknowledged."""
    charset = "text/plain; charset=utf-8"
    for content_type in (charset, "text/plain;charset=UTF-8", 'text/plain; charset="utf-8"', "Text/Plain"):
        delivery = bodies.good(content_type, PayType.FAILURE)
        yield evolve(delivery, request=evolve(delivery.request, content_type=content_type))


@rule(
    "chunked",
    EXCHANGE,
    "It has no Content-Length, so some servers read an empty body. Django under WSGI does: "
    f"use the view of skypay_payout.contrib.django, or a server that reads them. {LOST}",
)
def chunked(bodies: Bodies) -> Iterator[Delivery]:
    """A chunked request is acknowledged."""
    for status in (PayType.UPLOAD, PayType.FAILURE):
        delivery = bodies.good(status.name, status, failDescription="余额不足" * 300)
        yield evolve(delivery, request=evolve(delivery.request, chunked=True))


@rule("get", EXCHANGE, "Whoever opens the URL gets the acknowledgement of a callback.")
def get(bodies: Bodies) -> Iterator[Delivery]:
    """A GET is not acknowledged."""
    delivery = evolve(bodies.raw("a GET without a body", b""), expected="unacknowledged")
    yield evolve(delivery, request=Request(b"", method="GET"))


@rule("header-names", EXCHANGE, LOST)
def header_names(bodies: Bodies) -> Iterator[Delivery]:
    """Header names in capitals are acknowledged."""
    delivery = bodies.good("header names in capitals")
    yield evolve(delivery, request=evolve(delivery.request, shouted=True))


@rule("one-connection", EXCHANGE, LOST, how="over one connection")
def one_connection(bodies: Bodies) -> Iterator[Delivery]:
    """Callbacks over one connection are acknowledged."""
    for number in ("first", "second", "third"):
        yield bodies.good(f"the {number} callback")


@rule("one-connection-after-rejection", EXCHANGE, LOST, how="over one connection")
def one_connection_after_rejection(bodies: Bodies) -> Iterator[Delivery]:
    """Good and bad callbacks over one connection each get the right response."""
    yield bodies.good("the first callback")
    yield bodies.wrong("a wrong secret after it", authentication=bodies.other(WRONG_AUTHENTICATION))
    yield bodies.good("a good callback after a wrong secret")
    yield evolve(bodies.rejected("no JSON", b"payout" * 50), expected="anything")
    yield bodies.good("a good callback after no JSON")
