"""Bodies that are no callback."""

from attrs import evolve

from ...testing import encode
from .._bodies import Bodies
from .._rule import Deliveries, catalogue, rule
from ._reasons import ENCRYPTION, FORGED, STATE, UNKNOWN

TWO_PAYOUTS = "Two parsers can read two different payouts, and the secret of one may authenticate the other."
NOT_STORABLE = f"What cannot be written as JSON cannot be stored as JSON. {UNKNOWN}"
CHANGED = "Who checks only the last byte of a padding takes a body that was changed for one of SkyPay."
NO_CRASH = "An unexpected body must not crash the endpoint."
ONLY_JSON = "point 1: nothing else that is not JSON is tolerated"
ONE_OBJECT = "point 9: one JSON object in UTF-8"
DUPLICATE = "point 8: a duplicate field"
LARGE = "point 9: larger than the limit"
OVERSIZE = 10 * 1024 * 1024  # bytes that no endpoint should take: servers limit bodies to 8 MiB

catalogue(
    "not a callback",
    ("not-json", "A body that is not JSON is rejected", ONLY_JSON, UNKNOWN),
    ("other-commas", "Superfluous or missing commas, except the sample's, are rejected", ONLY_JSON, UNKNOWN),
    ("cut-short", "A body that is cut short is rejected", ONE_OBJECT, UNKNOWN),
    ("trailing-text", "Text after the object is rejected", ONE_OBJECT, UNKNOWN),
    ("not-an-object", "JSON that is not an object is rejected", ONE_OBJECT, UNKNOWN),
    ("not-utf8", "A body that is not UTF-8 is rejected", ONE_OBJECT, UNKNOWN),
    ("empty-body", "An empty body is rejected", ONE_OBJECT, UNKNOWN),
    ("duplicate-secret", "A duplicate authentication field is rejected", DUPLICATE, TWO_PAYOUTS),
    ("duplicate-field", "A duplicate field is rejected", DUPLICATE, TWO_PAYOUTS),
    ("not-finite", "A number that is not finite is rejected", ONLY_JSON, NOT_STORABLE),
    ("too-deep", "A body that is nested too deep is rejected", LARGE, f"{NO_CRASH} A limit keeps it cheap."),
    ("plain-json", "Plain JSON is rejected where bodies are encrypted", ENCRYPTION, FORGED),
    ("wrong-padding", "A body whose padding is not PKCS#7 is rejected", ENCRYPTION, CHANGED),
    ("other-key", "A body encrypted with another key is rejected", ENCRYPTION, FORGED),
    ("not-base64", "A body that is not Base64 is rejected", ENCRYPTION, NO_CRASH),
    ("broken-blocks", "A body with missing or incomplete AES blocks is rejected", ENCRYPTION, NO_CRASH),
)


@rule("oversize", LARGE, "Anyone can fill the memory and the disk.")
def _oversize(bodies: Bodies) -> Deliveries:
    """A body larger than 10 MiB is rejected."""
    text = encode(bodies.fields()) + b" " * OVERSIZE  # a reader that cuts it finds a whole callback
    yield bodies.bad("a body larger than 10 MiB", text, "rejected or closed")


@rule("good-after-rejection", STATE, "One bad body, which anyone can send, loses callbacks.", how="in turn")
def _good_after_rejection(bodies: Bodies) -> Deliveries:
    """A good callback after each kind of rejection is acknowledged."""
    kinds = "secret-wrong secret-type account-wrong empty-body not-json not-an-object not-utf8 cut-short"
    more = "duplicate-field too-deep plain-json not-base64 broken-blocks other-key"
    bad = [one for kind in f"{kinds} {more}".split() for one in [*bodies.catalogue(kind)][:1]]
    for one in (*bad, *[bodies.forged("a wrong secret")] * 3, next(_oversize(bodies))):
        yield evolve(one, expected="anything", key=None)
        yield bodies.good(f"a good callback after {one.what}")
