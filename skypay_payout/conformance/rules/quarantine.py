"""Callbacks that are authenticated but invalid: acknowledged, and kept for a person."""

from __future__ import annotations

from collections.abc import Iterator

from ...testing import encode
from .._bodies import Bodies
from .._rule import Delivery, catalogue, rule
from ._reasons import ANY_STATUS, INVALID, QUARANTINE

catalogue(
    __name__,
    INVALID,
    QUARANTINE,
    {
        "invalid-action": "An authentic callback with an invalid action is acknowledged",
        "invalid-control-number": "An authentic callback with an invalid controlNumber is acknowledged",
        "invalid-pay-type": "An authentic callback with an invalid payType is acknowledged",
        "invalid-deal-time": "An authentic callback with an invalid dealTime is acknowledged",
        "invalid-fail-description": "An authentic callback with an invalid failDescription is acknowledged",
        "invalid-reference-number": "An authentic callback with an invalid referenceNumber is acknowledged",
        "invalid-several": "An authentic callback with several invalid fields is acknowledged",
    },
)


@rule("unknown-status", ANY_STATUS, QUARANTINE)
def unknown_status(bodies: Bodies) -> Iterator[Delivery]:
    """A status that SkyPay has not defined yet is acknowledged."""
    for status in (7, 8, 0, 99):
        yield bodies.good(f'payType "{status}"', status)
        yield bodies.good(f"payType {status}", status, payType=status)


@rule("invalid-redelivered", INVALID, QUARANTINE, how="in turn")
def redelivered(bodies: Bodies) -> Iterator[Delivery]:
    """A redelivery of an invalid callback is acknowledged."""
    text = encode({name: value for name, value in bodies.fields().items() if name != "controlNumber"})
    for number in ("first", "second"):
        yield bodies.acknowledged(f"the {number} delivery", text)
