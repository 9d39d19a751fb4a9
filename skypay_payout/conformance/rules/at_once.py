"""Many callbacks at the same time."""

from ..._pay_type import PayType
from ...testing import encode
from .._bodies import TOGETHER, Bodies
from .._rule import Deliveries, rule
from ._reasons import AT_ONCE, FORGED, LOST

_GROUPS = 24  # groups of copies: a race without a lock shows in one group of seven


@rule("together", AT_ONCE, LOST, how="together")
def _different(bodies: Bodies) -> Deliveries:
    """Different callbacks at the same time are acknowledged."""
    for number in range(TOGETHER):
        yield bodies.good(f"callback {number + 1} at once", list(PayType)[number % 6])


@rule("together-same", AT_ONCE, LOST, how="together")
def _copies(bodies: Bodies) -> Deliveries:
    """Copies of one callback at the same time are acknowledged."""
    for group in range(_GROUPS):
        text = encode(bodies.fields(PayType.PAYOUT))
        for number in range(TOGETHER):
            yield bodies.sent(f"copy {number + 1} at once, group {group + 1}", text)


@rule("together-payout", AT_ONCE, LOST, how="together")
def _one_payout(bodies: Bodies) -> Deliveries:
    """All statuses of one payout at the same time are acknowledged."""
    payout = bodies.number()
    for status in PayType:
        yield bodies.good(f"{status.name} of one payout at once", status, controlNumber=payout)


@rule("together-keys", AT_ONCE, LOST, how="together", needs="a second key")
def _several_keys(bodies: Bodies) -> Deliveries:
    """Callbacks under several keys at the same time are acknowledged."""
    for number in range(TOGETHER):
        key = number % len(bodies.keys)
        yield bodies.sent(f"a callback under key {key + 1} at once", bodies.fields(), key=key)


@rule("together-rejections", AT_ONCE, FORGED, how="together")
def _good_and_bad(bodies: Bodies) -> Deliveries:
    """Good callbacks and wrong secrets at the same time each get the right response."""
    for number in range(TOGETHER // 2):
        yield bodies.good(f"good callback {number + 1} at once")
        yield bodies.forged(f"wrong secret {number + 1} at once")
