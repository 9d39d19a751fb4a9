"""Bodies that are no callback."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve

from ...testing import WRONG_AUTHENTICATION
from .._bodies import Bodies
from .._rule import Consequence, Delivery, rule
from ._reasons import DUPLICATE, ENCRYPTION, FORGED, NO_CRASH, ONE_OBJECT, ONLY_JSON, STATE, UNKNOWN_SENDER

OVERSIZE = 10 * 1024 * 1024
"""Bytes of a body that no endpoint should take: a real one has a few hundred, and servers limit to 8 MiB."""
_HARMLESS = (Consequence.ACKNOWLEDGED,)
_TWO_READERS = "Two parsers can read two different payouts, and the secret of one may authenticate the other."


@rule("not-json", ONLY_JSON, UNKNOWN_SENDER)
def not_json(bodies: Bodies) -> Iterator[Delivery]:
    """A body that is not JSON is rejected."""
    yield from bodies.bad("not-json")


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


@rule("other-commas", ONLY_JSON, UNKNOWN_SENDER)
def other_commas(bodies: Bodies) -> Iterator[Delivery]:
    """Superfluous or missing commas, except the sample's, are rejected."""
    yield from bodies.bad("other-commas")


@rule("cut-short", ONE_OBJECT, UNKNOWN_SENDER)
def cut_short(bodies: Bodies) -> Iterator[Delivery]:
    """A body that is cut short is rejected."""
    yield from bodies.bad("cut-short")


@rule("trailing-text", ONE_OBJECT, UNKNOWN_SENDER)
def trailing_text(bodies: Bodies) -> Iterator[Delivery]:
    """Text after the object is rejected."""
    yield from bodies.bad("trailing-text")


@rule("not-an-object", ONE_OBJECT, UNKNOWN_SENDER)
def not_an_object(bodies: Bodies) -> Iterator[Delivery]:
    """JSON that is not an object is rejected."""
    yield from bodies.bad("not-an-object")


@rule("not-utf8", ONE_OBJECT, UNKNOWN_SENDER)
def not_utf8(bodies: Bodies) -> Iterator[Delivery]:
    """A body that is not UTF-8 is rejected."""
    yield from bodies.bad("not-utf8")


@rule("empty-body", ONE_OBJECT, UNKNOWN_SENDER)
def empty_body(bodies: Bodies) -> Iterator[Delivery]:
    """An empty body is rejected."""
    yield from bodies.bad("empty-body")


@rule("duplicate-secret", DUPLICATE, _TWO_READERS)
def duplicate_secret(bodies: Bodies) -> Iterator[Delivery]:
    """A duplicate authentication field is rejected."""
    yield from bodies.bad("duplicate-secret")


@rule("duplicate-field", DUPLICATE, _TWO_READERS)
def duplicate_field(bodies: Bodies) -> Iterator[Delivery]:
    """A duplicate field is rejected."""
    yield from bodies.bad("duplicate-field")


@rule("oversize", "point 9: larger than the limit", "Anyone can fill the memory and the disk.")
def oversize(bodies: Bodies) -> Iterator[Delivery]:
    """A body larger than 10 MiB is rejected."""
    large = bodies.wrong("a body larger than 10 MiB", note="x" * OVERSIZE)
    yield evolve(large, may_close=True)


@rule("plain-json", ENCRYPTION, "A forgotten setting must not let plain JSON through.")
def plain_json(bodies: Bodies) -> Iterator[Delivery]:
    """Plain JSON is rejected where bodies are encrypted."""
    bodies.needs_keys()
    yield from bodies.bad("plain-json")


@rule("not-base64", ENCRYPTION, NO_CRASH)
def not_base64(bodies: Bodies) -> Iterator[Delivery]:
    """A body that is not Base64 is rejected."""
    bodies.needs_keys()
    for delivery in bodies.bad("not-base64"):
        yield evolve(
            delivery, lenient=_HARMLESS if "a space" in delivery.what else ()
        )  # as in a line that was wrapped


@rule("broken-blocks", ENCRYPTION, NO_CRASH)
def broken_blocks(bodies: Bodies) -> Iterator[Delivery]:
    """A body with missing or incomplete AES blocks is rejected."""
    bodies.needs_keys()
    yield from bodies.bad("broken-blocks")


@rule("other-key", ENCRYPTION, FORGED)
def other_key(bodies: Bodies) -> Iterator[Delivery]:
    """A body encrypted with another key is rejected."""
    bodies.needs_keys()
    yield from bodies.bad("other-key")


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
