"""Bodies that are no callback."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve

from ...testing import WRONG_AUTHENTICATION, encode
from .._bodies import Bodies
from .._outcome import Consequence
from .._rule import Delivery, catalogue, rule
from ._reasons import DUPLICATE, ENCRYPTION, FORGED, NO_CRASH, ONE_OBJECT, ONLY_JSON, STATE, UNKNOWN_SENDER

OVERSIZE = 10 * 1024 * 1024
"""Bytes of a body that no endpoint should take: a real one has a few hundred, and servers limit to 8 MiB."""
_HARMLESS = (Consequence.ACKNOWLEDGED,)


catalogue(
    __name__,
    ONLY_JSON,
    UNKNOWN_SENDER,
    {
        "not-json": "A body that is not JSON is rejected",
        "other-commas": "Superfluous or missing commas, except the sample's, are rejected",
    },
)
catalogue(
    __name__,
    ONE_OBJECT,
    UNKNOWN_SENDER,
    {
        "cut-short": "A body that is cut short is rejected",
        "trailing-text": "Text after the object is rejected",
        "not-an-object": "JSON that is not an object is rejected",
        "not-utf8": "A body that is not UTF-8 is rejected",
        "empty-body": "An empty body is rejected",
    },
)
catalogue(
    __name__,
    DUPLICATE,
    "Two parsers can read two different payouts, and the secret of one may authenticate the other.",
    {
        "duplicate-secret": "A duplicate authentication field is rejected",
        "duplicate-field": "A duplicate field is rejected",
    },
)
catalogue(
    __name__,
    ENCRYPTION,
    FORGED,
    {
        "plain-json": "Plain JSON is rejected where bodies are encrypted",
        "other-key": "A body encrypted with another key is rejected",
    },
)
catalogue(
    __name__,
    ENCRYPTION,
    NO_CRASH,
    {"broken-blocks": "A body with missing or incomplete AES blocks is rejected"},
)


@rule("not-finite", ONLY_JSON, f"What cannot be written as JSON cannot be stored as JSON. {UNKNOWN_SENDER}")
def not_finite(bodies: Bodies) -> Iterator[Delivery]:
    """A number that is not finite is rejected."""
    for delivery in bodies.bad("not-finite"):  # 1e999 is written as JSON, so acknowledging it is no proof
        yield evolve(delivery, lenient=_HARMLESS if b"1e999" in delivery.text else ())


@rule("too-deep", "point 9: larger than the limit", f"{NO_CRASH} A limit on nesting keeps it cheap.")
def too_deep(bodies: Bodies) -> Iterator[Delivery]:
    """A body that is nested too deep is rejected."""
    for delivery in bodies.bad("too-deep"):  # an endpoint may have a limit of its own, or none
        crash = () if len(delivery.text) < 10**4 else (Consequence.CRASHED,)
        yield evolve(delivery, lenient=_HARMLESS + crash)


@rule("oversize", "point 9: larger than the limit", "Anyone can fill the memory and the disk.")
def oversize(bodies: Bodies) -> Iterator[Delivery]:
    """A body larger than 10 MiB is rejected."""
    text = encode(bodies.fields()) + b" " * OVERSIZE  # a reader that cuts it finds a whole callback
    large = bodies.rejected("a body larger than 10 MiB", text)
    yield evolve(large, may_close=True)


@rule("not-base64", ENCRYPTION, NO_CRASH)
def not_base64(bodies: Bodies) -> Iterator[Delivery]:
    """A body that is not Base64 is rejected."""
    bodies.needs_keys()
    for delivery in bodies.bad("not-base64"):
        yield evolve(
            delivery, lenient=_HARMLESS if "a space" in delivery.what else ()
        )  # as in a line that was wrapped


_KINDS = (
    *("secret-wrong", "secret-type", "account-wrong", "empty-body", "not-json", "not-an-object", "not-utf8"),
    *("cut-short", "duplicate-field", "too-deep", "plain-json", "not-base64", "broken-blocks", "other-key"),
)


@rule(
    "good-after-rejection",
    STATE,
    "One bad body, which anyone can send, makes genuine callbacks be lost.",
    how="in turn",
)
def good_after_rejection(bodies: Bodies) -> Iterator[Delivery]:
    """A good callback after each kind of rejection is acknowledged."""
    bad = [next(bodies.bad(kind), None) for kind in _KINDS]
    wrong = bodies.wrong("a wrong secret", authentication=bodies.other(WRONG_AUTHENTICATION))
    for one in (*filter(None, bad), *[wrong] * 3, next(oversize(bodies))):
        yield evolve(one, expected="anything", may_close=True)
        yield bodies.good(f"a good callback after {one.what}")
