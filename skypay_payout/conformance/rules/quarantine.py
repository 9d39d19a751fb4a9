"""Callbacks that are authenticated but invalid: acknowledged, and kept for a person."""

from __future__ import annotations

from collections.abc import Iterator

from ...testing import encode
from .._bodies import Bodies
from .._rule import Delivery, rule
from ._reasons import ANY_STATUS, INVALID, QUARANTINE


@rule("invalid-action", INVALID, QUARANTINE)
def action(bodies: Bodies) -> Iterator[Delivery]:
    """An authenticated callback with an invalid action is acknowledged."""
    yield from bodies.bad("invalid-action")


@rule("invalid-control-number", INVALID, QUARANTINE)
def control_number(bodies: Bodies) -> Iterator[Delivery]:
    """An authenticated callback with an invalid controlNumber is acknowledged."""
    yield from bodies.bad("invalid-control-number")


@rule("invalid-pay-type", INVALID, QUARANTINE)
def pay_type(bodies: Bodies) -> Iterator[Delivery]:
    """An authenticated callback with an invalid payType is acknowledged."""
    yield from bodies.bad("invalid-pay-type")


@rule("invalid-deal-time", INVALID, QUARANTINE)
def deal_time(bodies: Bodies) -> Iterator[Delivery]:
    """An authenticated callback with an invalid dealTime is acknowledged."""
    yield from bodies.bad("invalid-deal-time")


@rule("invalid-fail-description", INVALID, QUARANTINE)
def fail_description(bodies: Bodies) -> Iterator[Delivery]:
    """An authenticated callback with an invalid failDescription is acknowledged."""
    yield from bodies.bad("invalid-fail-description")


@rule("invalid-reference-number", INVALID, QUARANTINE)
def reference_number(bodies: Bodies) -> Iterator[Delivery]:
    """An authenticated callback with an invalid referenceNumber is acknowledged."""
    yield from bodies.bad("invalid-reference-number")


@rule("invalid-several", INVALID, QUARANTINE)
def several(bodies: Bodies) -> Iterator[Delivery]:
    """An authenticated callback with several invalid fields is acknowledged."""
    yield from bodies.bad("invalid-several")


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
