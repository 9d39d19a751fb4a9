"""Callbacks of a sender who is not authenticated."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve

from ..._pay_type import PayType
from ...testing import WRONG_AUTHENTICATION, encode
from .._bodies import Bodies
from .._rule import Delivery, Fields, catalogue, rule
from ._reasons import ACCOUNT, FORGED, SECRET, STATE

catalogue(
    __name__,
    SECRET,
    FORGED,
    {
        "secret-wrong": "A wrong or missing secret is rejected, whatever the status",
        "secret-near": "A secret that is nearly right is rejected",
        "secret-type": "A secret of another JSON type is rejected",
    },
)
catalogue(
    __name__,
    ACCOUNT,
    FORGED,
    {
        "account-wrong": "A wrong or missing account is rejected, whatever the status",
        "account-near": "An account that is nearly right is rejected",
        "account-type": "An account of another JSON type is rejected",
    },
)
catalogue(
    __name__,
    SECRET,
    "Unauthenticated senders can fill the quarantine, and learn what is valid.",
    {"authenticated-first": "An invalid callback with a wrong secret is rejected"},
)


@rule("name-case-forged", SECRET, f"Decoders of Go and C# ignore the case of names unless told. {FORGED}")
def forged_by_case(bodies: Bodies) -> Iterator[Delivery]:
    """A wrong secret is rejected even if the right one stands under a name in another case."""
    right, wrong = bodies.secrets[-1], bodies.other(WRONG_AUTHENTICATION)
    for name in ("Authentication", "AUTHENTICATION"):
        fields = bodies.fields(authentication=wrong)
        yield bodies.rejected(f"the secret as {name} behind a wrong one", fields | {name: right})
        yield bodies.rejected(f"the secret as {name} before a wrong one", {name: right} | fields)
        yield bodies.rejected(f"the secret as {name} alone", _without(bodies.fields()) | {name: right})


@rule("forged-redelivery", SECRET, FORGED, how="in turn")
def forged_redelivery(bodies: Bodies) -> Iterator[Delivery]:
    """A known callback with a wrong secret is rejected."""
    for status in (PayType.UPLOAD, PayType.PAYOUT):
        fields = bodies.fields(status)
        yield bodies.acknowledged(f"{status.name}", encode(fields))
        wrong = fields | {"authentication": bodies.other(WRONG_AUTHENTICATION)}
        yield bodies.rejected(f"the same {status.name} with a wrong secret", wrong)
        yield bodies.rejected(f"the same {status.name} without a secret", _without(fields))


@rule(
    "good-after-forgery",
    STATE,
    "Anyone who finds the URL can make a genuine callback be lost.",
    how="in turn",
)
def good_after_forgery(bodies: Bodies) -> Iterator[Delivery]:
    """A callback is acknowledged even after a forged copy of it."""
    for status in (PayType.UPLOAD, PayType.PAYOUT):
        fields = bodies.fields(status)
        forged = fields | {"authentication": bodies.other(WRONG_AUTHENTICATION)}
        yield evolve(bodies.rejected(f"a forged {status.name}", forged), expected="anything")
        yield bodies.acknowledged(f"{status.name} after a forged copy of it", encode(fields))


def _without(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if name != "authentication"}
