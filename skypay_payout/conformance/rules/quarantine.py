"""Callbacks that are authenticated but invalid: acknowledged, and kept for a person."""

from .._bodies import Bodies, without
from .._rule import Deliveries, catalogue, rule
from ._reasons import ANY_STATUS, INVALID, LOST

QUARANTINE = f"No redelivery can fix it: quarantine it for a person and acknowledge. {LOST}"

for _id, _what in (
    *(("invalid-action", "an invalid action"), ("invalid-control-number", "an invalid controlNumber")),
    *(("invalid-pay-type", "an invalid payType"), ("invalid-deal-time", "an invalid dealTime")),
    ("invalid-fail-description", "an invalid failDescription"),
    ("invalid-reference-number", "an invalid referenceNumber"),
    ("invalid-several", "several invalid fields"),
):
    catalogue("quarantine", (_id, f"An authentic callback with {_what} is acknowledged", INVALID, QUARANTINE))


@rule("unknown-status", ANY_STATUS, QUARANTINE)
def _unknown_status(bodies: Bodies) -> Deliveries:
    """A status that SkyPay has not defined yet is acknowledged."""
    for status in (7, 8, 0, 99):
        yield bodies.good(f'payType "{status}"', status)
        yield bodies.good(f"payType {status}", status, payType=status)


@rule("invalid-redelivered", INVALID, QUARANTINE, how="in turn")
def _redelivered(bodies: Bodies) -> Deliveries:
    """A redelivery of an invalid callback is acknowledged."""
    fields = without(bodies.fields(), "controlNumber")
    for number in ("first", "second"):
        yield bodies.sent(f"the {number} delivery", fields)
